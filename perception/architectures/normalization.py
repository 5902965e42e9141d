"""Batch normalisation of currents ``[T, B, C, ...]`` that knows of the time axis and of the threshold.

References:
    Zheng et al., "Going Deeper With Directly-Trained Larger Spiking Neural Networks", AAAI 2021 (tdBN); Duan et al.,
    "Temporal Effective Batch Normalization in Spiking Neural Networks", NeurIPS 2022 (TEBN).
"""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.modules.batchnorm import _BatchNorm  # pyright: ignore[reportPrivateUsage] - the base of all of them

from ..neurons import NeuronError


class ThresholdBatchNorm(nn.Module):
    """tdBN: every channel over all steps, pictures and places at once, scaled to ``scale * threshold`` at first.

    A membrane then starts with currents of mean 0 and standard deviation ``scale * threshold``, so that about a
    sixth of the neurons fires at once: neither silence nor saturation.

    Args:
        channels: ``C``.
        threshold: Of the neurons behind it.
        scale: 1, or ``1 / sqrt(2)`` for each of two branches that are added.
        momentum: Share of a batch in the running mean and variance.
        epsilon: Added to the variance.

    Example:
        >>> norm = ThresholdBatchNorm(2, threshold=0.5)
        >>> currents = torch.randn(4, 8, 2, 6, 6, generator=torch.Generator().manual_seed(0)) * 7 + 3
        >>> round(norm(currents).std().item(), 2)
        0.5
    """

    def __init__(
        self,
        channels: int,
        *,
        threshold: float = 1.0,
        scale: float = 1.0,
        momentum: float = 0.1,
        epsilon: float = 1e-5,
    ) -> None:
        super().__init__()
        self.momentum: float | None = momentum
        self.epsilon = epsilon
        self.weight = nn.Parameter(torch.full((channels,), scale * threshold))
        self.bias = nn.Parameter(torch.zeros(channels))
        self.mean: Tensor
        self.variance: Tensor
        self.register_buffer("mean", torch.zeros(channels))
        self.register_buffer("variance", torch.ones(channels))

    def forward(self, current: Tensor) -> Tensor:
        """Normalised currents, ``[T, B, C, ...]`` like those given."""
        if current.ndim < 3 or current.shape[2] != len(self.weight):
            raise NeuronError(f"currents [T, B, {len(self.weight)}, ...] are needed, got {tuple(current.shape)}")
        normal = functional.batch_norm(
            current.flatten(0, 1),
            self.mean,
            self.variance,
            self.weight,
            self.bias,
            self.training,
            self.momentum or 0.0,
            self.epsilon,
        )
        return normal.unflatten(0, current.shape[:2])

    def extra_repr(self) -> str:
        """The number of channels, for the printed form of a model."""
        return str(len(self.weight))


class TemporalBatchNorm(ThresholdBatchNorm):
    """TEBN: statistics shared by all steps, then a learned factor for each step, 1 at first.

    Args:
        channels: ``C``.
        steps: ``T``; currents of another number of steps are refused.
        threshold: Of the neurons behind it.
        scale: As for tdBN.
        momentum: As for tdBN.
        epsilon: As for tdBN.
    """

    def __init__(
        self,
        channels: int,
        steps: int,
        *,
        threshold: float = 1.0,
        scale: float = 1.0,
        momentum: float = 0.1,
        epsilon: float = 1e-5,
    ) -> None:
        super().__init__(channels, threshold=threshold, scale=scale, momentum=momentum, epsilon=epsilon)
        self.step_weight = nn.Parameter(torch.ones(steps))

    def forward(self, current: Tensor) -> Tensor:
        """Normalised currents, ``[T, B, C, ...]`` like those given."""
        if len(current) != len(self.step_weight):
            raise NeuronError(f"built for {len(self.step_weight)} steps, got {len(current)}; build another")
        return super().forward(current) * self.step_weight.reshape(-1, *[1] * (current.ndim - 1))


@torch.no_grad()
def settle_norms(network: nn.Module, *runs: Callable[[], object]) -> None:
    """Gives batch norms the statistics of some runs, each run counting alike; without any, hardly a neuron fires.

    Args:
        network: Norms that are in evaluation, such as those of a trained network, stay as they are.
        runs: Each lets it look at some pictures.

    Example:
        >>> norm = nn.BatchNorm1d(1)
        >>> settle_norms(norm, lambda: norm(torch.tensor([[0.0], [2.0]])), lambda: norm(torch.tensor([[3.0], [5.0]])))
        >>> norm.running_mean
        tensor([2.5000])
    """
    norms = [layer for layer in network.modules() if isinstance(layer, _BatchNorm | ThresholdBatchNorm)]
    fresh = [norm for norm in norms if norm.training]
    before = [norm.momentum for norm in fresh]
    try:
        for number, run in enumerate(runs if fresh else (), start=1):
            for norm in fresh:
                norm.momentum = 1 / number
            run()
    finally:
        for norm, momentum in zip(fresh, before, strict=True):
            norm.momentum = momentum


NORMS: dict[str, Callable[[int, int], nn.Module]] = {
    "tdbn": lambda channels, _: ThresholdBatchNorm(channels),
    "tebn": lambda channels, steps: TemporalBatchNorm(channels, steps),
}
"""Makes a norm of a name for so many channels and steps."""
