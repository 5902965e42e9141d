"""Learning without labels: convolutional kernels by spike-timing-dependent plasticity.

Each patch of a picture becomes one spike per pixel, the brightest first. The map whose membrane reaches the threshold
first wins the patch and alone learns: synapses that fired up to then grow, all others shrink, each by a rate times
``w (1 - w)``, so weights stay between 0 and 1 and drift to either end.

References:
    Kheradpisheh, Ganjtabesh, Thorpe and Masquelier, "STDP-based spiking deep convolutional neural networks for object
    recognition", Neural Networks 99, 2018.
"""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from logic.randomness import Seed, to_generator


@dataclass(frozen=True)
class PlasticityRule:
    """Constants of the rule.

    Args:
        potentiation: Rate ``a+`` for synapses that fired no later than the neuron.
        depression: Rate ``a-`` (positive) for all other synapses.
        threshold: Membrane at which a map fires, in units of one full-weight spike.
        bins: Number of time steps of the latency code.
        winners: Maps that may learn from one picture.
        radius: A winner keeps all maps from winning within this many positions of it.
    """

    potentiation: float = 0.1
    depression: float = 0.075
    threshold: float = 4.0
    bins: int = 10
    winners: int = 16
    radius: int = 1


def latencies(pictures: Tensor, bins: int) -> Tensor:
    """The step at which each pixel fires: the brightest in bin 0, black pixels never (bin ``bins``).

    The bins of a picture hold equal numbers of its pixels that are not black.

    Args:
        pictures: ``[B, C, H, W]``.
        bins: Number of steps.

    Returns:
        Integers from 0 to ``bins``, same shape.

    Example:
        >>> latencies(torch.tensor([[[[0.0, 0.2], [0.9, 0.5]]]]), bins=3).flatten().tolist()
        [3, 2, 0, 1]
    """
    flat = pictures.flatten(1).to(torch.float32)
    ranks = flat.argsort(dim=1, descending=True, stable=True).argsort(dim=1)
    lit = (flat > 0).sum(dim=1, keepdim=True)
    bin_of = torch.where(flat > 0, ranks * bins // lit.clamp(min=1), bins)
    return bin_of.reshape(pictures.shape)


def convergence(weights: Tensor) -> float:
    """Mean of ``w (1 - w)``: 0.25 when undecided, 0 when every synapse is on or off; below 0.01 learning may stop.

    Example:
        >>> convergence(torch.tensor([0.5])), convergence(torch.tensor([0.0, 1.0]))
        (0.25, 0.0)
    """
    return float((weights * (1 - weights)).mean())


@dataclass(frozen=True, eq=False)
class FirstSpikes:
    """When each neuron of a layer first reaches its threshold.

    Args:
        steps: Step of the first spike, the number of steps where there is none, ``[B, F, H, W]``.
        membranes: Membrane at that step, or at the last one, ``[B, F, H, W]``.
    """

    steps: Tensor
    membranes: Tensor


def first_spikes(
    weights: Tensor, input_latencies: Tensor, threshold: float, bins: int, *, stride: int = 1
) -> FirstSpikes:
    """First spikes of integrate-and-fire maps whose inputs fire once each.

    Args:
        weights: Kernels, ``[F, C, k, k]``.
        input_latencies: Step of each input's spike, ``bins`` for none, ``[B, C, H, W]``.
        threshold: Membrane at which a map fires.
        bins: Number of steps.
        stride: Step of the window.
    """
    times = torch.arange(bins).reshape(-1, 1, 1, 1, 1)
    fired = (input_latencies[None] <= times).to(torch.float32)  # [bins, B, C, H, W], cumulative
    membranes = functional.conv2d(fired.flatten(0, 1), weights, stride=stride).unflatten(0, (bins, -1))
    reached = membranes >= threshold
    steps = torch.where(reached.any(dim=0), reached.to(torch.int8).argmax(dim=0), bins)
    return FirstSpikes(steps, membranes.gather(0, steps.clamp(max=bins - 1)[None])[0])


def choose_winners(first: FirstSpikes, bins: int, winners: int, radius: int) -> list[tuple[int, int, int]]:
    """The neurons of one picture that may learn: the earliest, then the highest membrane, each map at most once.

    A winner keeps its own map from winning again, and all maps from winning within ``radius`` positions of it.

    Args:
        first: First spikes of one picture, ``B = 1``.
        bins: Number of steps.
        winners: Neurons chosen at most.
        radius: In positions.

    Returns:
        Map, row and column of each.
    """
    steps, membranes = first.steps[0], first.membranes[0]
    largest = float(membranes.abs().max()) * 2 + 1
    rank = torch.where(steps < bins, steps * -largest + membranes, -torch.inf)
    chosen: list[tuple[int, int, int]] = []
    for _ in range(winners):
        best = int(rank.argmax())
        winner, row, column = (int(i) for i in torch.unravel_index(torch.tensor(best), rank.shape))
        if rank[winner, row, column] == -torch.inf:
            break
        chosen.append((winner, row, column))
        rank[winner] = -torch.inf
        rank[:, max(0, row - radius) : row + radius + 1, max(0, column - radius) : column + radius + 1] = -torch.inf
    return chosen


def learn_at(
    weights: Tensor,
    input_latencies: Tensor,
    place: tuple[int, int, int],
    step: int,
    *,
    potentiation: float,
    depression: float,
    stride: int = 1,
) -> Tensor:
    """Weights after the neuron at ``place`` has learned: ``a w (1 - w)``, ``a`` by whether the synapse fired in time.

    Args:
        weights: Kernels in [0, 1], ``[F, C, k, k]``.
        input_latencies: Of one picture, ``[C, H, W]``.
        place: Map, row and column.
        step: When the neuron fired.
        potentiation: Rate for synapses that fired no later; negative for the opposite rule.
        depression: Rate for all others, taken off; negative for the opposite rule.
        stride: Step of the window.
    """
    winner, row, column = place
    size = weights.shape[-1]
    top, left = row * stride, column * stride
    window = input_latencies[:, top : top + size, left : left + size]
    rate = torch.where(window <= step, potentiation, -depression)
    weights = weights.clone()
    weights[winner] = (weights[winner] + rate * weights[winner] * (1 - weights[winner])).clamp(0, 1)
    return weights


def plasticity_step(weights: Tensor, picture_latencies: Tensor, rule: PlasticityRule, *, stride: int = 1) -> Tensor:
    """New weights after one picture.

    Args:
        weights: Kernels in [0, 1], ``[F, C, k, k]``.
        picture_latencies: Result of :func:`latencies` for one picture, ``[C, H, W]``.
        rule: Constants.
        stride: Step of the window.

    Returns:
        Kernels in [0, 1], ``[F, C, k, k]``; maps that did not win keep theirs.

    Example:
        >>> times = torch.tensor([[[0, 3], [0, 3]]])  # the left column spikes at once, the right one never
        >>> weights = plasticity_step(torch.full((1, 1, 2, 2), 0.5), times, PlasticityRule(threshold=0.9, bins=3))
        >>> (weights > 0.5).flatten().tolist()
        [True, False, True, False]
    """
    first = first_spikes(weights, picture_latencies[None], rule.threshold, rule.bins, stride=stride)
    for winner, row, column in choose_winners(first, rule.bins, rule.winners, rule.radius):
        weights = learn_at(
            weights,
            picture_latencies,
            (winner, row, column),
            int(first.steps[0, winner, row, column]),
            potentiation=rule.potentiation,
            depression=rule.depression,
            stride=stride,
        )
    return weights


def learn_kernels(
    pictures: Tensor,
    shape: tuple[int, int, int, int],
    generator: Seed,
    rule: PlasticityRule | None = None,
    *,
    stride: int = 1,
    stop: float = 0.01,
) -> Tensor:
    """Kernels learned from pictures, each shown once in random order, until they have converged.

    Args:
        pictures: ``[M, C, H, W]``.
        shape: Shape of the kernels, ``(F, C, k, k)``.
        generator: Source of the first weights, normal around 0.8 (all maps respond at first), and of the order.
        rule: Constants.
        stride: Step of the window.
        stop: Learning ends when :func:`convergence` falls below this.

    Returns:
        Kernels in [0, 1], ``[F, C, k, k]``.

    Example:
        >>> pictures = torch.rand(6, 1, 8, 8, generator=torch.Generator().manual_seed(0))
        >>> kernels = learn_kernels(pictures, (4, 1, 3, 3), 0)
        >>> kernels.shape, bool(((kernels >= 0) & (kernels <= 1)).all())
        (torch.Size([4, 1, 3, 3]), True)
    """
    generator = to_generator(generator)
    rule = rule or PlasticityRule()
    weights = torch.empty(shape).normal_(0.8, 0.05, generator=generator).clamp(0, 1)
    order = torch.randperm(len(pictures), generator=generator)
    for picture in latencies(pictures[order], rule.bins):
        weights = plasticity_step(weights, picture, rule, stride=stride)
        if convergence(weights) < stop:
            break
    return weights


def to_initial_layer(kernels: Tensor) -> Tensor:
    """Kernels from [0, 1] mapped to first-layer weights of zero mean and Kaiming variance.

    Each kernel has its mean taken off, so even light excites nothing, and is then scaled to mean square
    ``2 / fan_in``, what random initial weights have: what STDP has learned is the pattern, not the size.

    Args:
        kernels: ``[F, C, k, k]``; a kernel of equal weights, which has learned no pattern, becomes zero.

    Returns:
        ``[F, C, k, k]``.

    Example:
        >>> layer = to_initial_layer(torch.tensor([[[[0.0, 1.0], [0.0, 1.0]]]]))
        >>> layer.sum().item(), round(layer.square().mean().item(), 4)  # 2 / fan_in
        (0.0, 0.5)
    """
    flat = kernels.flatten(1)
    centred = flat - flat.mean(dim=1, keepdim=True)
    size = centred.square().mean(dim=1, keepdim=True).sqrt()
    scaled = centred * (2 / flat.shape[1]) ** 0.5 / size
    return torch.where(size > 1e-4, scaled, 0.0).reshape(kernels.shape)
