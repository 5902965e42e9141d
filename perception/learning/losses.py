"""Losses of spiking networks: on the logits of every step, on firing rates, and on auxiliary heads.

References:
    Deng et al., "Temporal Efficient Training of Spiking Neural Network via Gradient Re-weighting", ICLR 2022; Deng et
    al., "Surrogate Module Learning: Reduce the Gradient Error Accumulation in Training Spiking Neural Networks", ICML
    2023, whose heads, constants and temperature are those of the authors' code.
"""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional


def temporal_loss(logits: Tensor, labels: Tensor, *, weight: float = 1e-3, level: float = 1.0) -> Tensor:
    """TET: cross-entropy of every step, averaged, and a pull of all logits towards a level.

    ``(1 - weight) mean_t CE(o[t], y) + weight MSE(o, level)``. A net trained so can be run for other numbers of steps.

    Args:
        logits: ``[T, B, K]``.
        labels: Indices of the right values, ``[B]``.
        weight: Share of the pull.
        level: What it pulls to; the threshold, usually.

    Example:
        >>> sure = torch.tensor([[[9.0, 0.0]], [[0.0, 9.0]]])  # two steps that contradict each other
        >>> round(temporal_loss(sure, torch.tensor([0]), weight=0.0).item(), 3)
        4.5
    """
    steps = len(logits)
    entropy = functional.cross_entropy(logits.flatten(0, 1), labels.repeat(steps))
    return (1 - weight) * entropy + weight * (logits - level).square().mean()


def rate_penalty(spikes: Tensor, *, floor: float = 0.01, ceiling: float = 0.5) -> Tensor:
    """How far each channel's firing rate lies outside a band: mean of ``relu(floor - r)^2 + relu(r - ceiling)^2``.

    Args:
        spikes: ``[T, B, C, ...]``.
        floor: Least rate that costs nothing, spikes a neuron and step.
        ceiling: Greatest rate that costs nothing.

    Example:
        >>> spikes = torch.tensor([[[0.0, 1.0]], [[0.0, 1.0]]])  # one channel silent, one that fires at every step
        >>> round(rate_penalty(spikes, floor=0.1, ceiling=0.5).item(), 4)  # (0.1^2 + 0.5^2) / 2
        0.13
    """
    rates = spikes.transpose(0, 2).flatten(1).mean(dim=1) if spikes.ndim > 2 else spikes.mean().reshape(1)
    return (functional.relu(floor - rates).square() + functional.relu(rates - ceiling).square()).mean()


class SurrogateHead(nn.Module):
    """SML: a small real-valued classifier on the mean spikes of an inner layer, for training only.

    Its gradient reaches the inner layer without passing through later spikes. Three convolutions (7, 5 and 3 wide, the
    first two of stride 2) with batch norm and leaky ReLU, pooling to 2 x 2, two linear layers.

    Args:
        channels: Maps of the layer that is tapped.
        classes: Number of values, ``K``.
        width: Maps of the convolutions.
        hidden: Units between the linear layers.

    Example:
        >>> SurrogateHead(channels=3, classes=10, width=4, hidden=8)(torch.zeros(5, 2, 3, 16, 16)).shape
        torch.Size([2, 10])
    """

    def __init__(self, channels: int, classes: int, *, width: int = 256, hidden: int = 512) -> None:
        super().__init__()
        rows: list[nn.Module] = []
        if channels > width:
            rows += [nn.Conv2d(channels, width, 1, bias=False)]
            channels = width
        for kernel, stride in ((7, 2), (5, 2), (3, 1)):
            rows += [nn.Conv2d(channels, width, kernel, stride, kernel // 2, bias=False)]
            rows += [nn.BatchNorm2d(width), nn.LeakyReLU()]
            channels = width
        rows += [nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Linear(4 * width, hidden)]
        rows += [nn.BatchNorm1d(hidden), nn.LeakyReLU(), nn.Linear(hidden, classes)]
        self.layers = nn.Sequential(*rows)

    def forward(self, spikes: Tensor) -> Tensor:
        """Logits ``[B, K]`` from spikes ``[T, B, C, H, W]``."""
        return self.layers(spikes.mean(dim=0))


def surrogate_module_loss(
    logits: Tensor,
    heads: Sequence[Tensor],
    labels: Tensor,
    *,
    share: float = 0.5,
    agreement: float = 0.9,
    temperature: float = 3.0,
) -> Tensor:
    """SML: cross-entropies of the network and its heads, and divergences between them in both directions.

    ``(1 - l) (CE(y) + a sum_i CE(y_i)) / (1 + N a) + l / (2 N) sum_i (KL(y_i || y) + KL(y || y_i))``, the second
    argument of each divergence held constant.

    Args:
        logits: Of the network, ``[B, K]``.
        heads: Logits of its ``N`` heads, ``[B, K]`` each, at least one.
        labels: Indices of the right values, ``[B]``.
        share: ``a``.
        agreement: ``l``.
        temperature: Of the softmax in the divergences.

    Example:
        >>> logits, labels = torch.tensor([[2.0, 0.0], [0.0, 2.0]]), torch.tensor([0, 1])
        >>> agreeing = surrogate_module_loss(logits, [logits], labels)
        >>> bool(agreeing < surrogate_module_loss(logits, [-logits], labels))
        True
    """
    entropy = functional.cross_entropy(logits, labels)
    entropy = entropy + share * torch.stack([functional.cross_entropy(head, labels) for head in heads]).sum()
    divergences = [_divergence(head, logits, temperature) + _divergence(logits, head, temperature) for head in heads]
    together = torch.stack(divergences).mean() / 2
    return (1 - agreement) * entropy / (1 + len(heads) * share) + agreement * together


def _divergence(learning: Tensor, teaching: Tensor, temperature: float) -> Tensor:
    """``sum_k q_k log(q_k / p_k)`` with ``q`` the constant teacher, averaged over the batch."""
    return functional.kl_div(
        (learning / temperature).log_softmax(dim=1),
        (teaching.detach() / temperature).log_softmax(dim=1),
        reduction="batchmean",
        log_target=True,
    )


LOSSES: dict[str, Callable[..., Tensor]] = {
    "tet": temporal_loss,
    "sml": surrogate_module_loss,
    "rate_band": rate_penalty,
}
"""Losses by the names that the field knows them by."""
