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
    """
    flat = pictures.flatten(1).to(torch.float32)
    ranks = flat.argsort(dim=1, descending=True, stable=True).argsort(dim=1)
    lit = (flat > 0).sum(dim=1, keepdim=True)
    bin_of = torch.where(flat > 0, ranks * bins // lit.clamp(min=1), bins)
    return bin_of.reshape(pictures.shape)


def convergence(weights: Tensor) -> float:
    """Mean of ``w (1 - w)``: 0.25 when undecided, 0 when every synapse is on or off; below 0.01 learning may stop."""
    return float((weights * (1 - weights)).mean())


def plasticity_step(weights: Tensor, picture_latencies: Tensor, rule: PlasticityRule, *, stride: int = 1) -> Tensor:
    """New weights after one picture.

    Args:
        weights: Kernels in [0, 1], ``[F, C, k, k]``.
        picture_latencies: Result of :func:`latencies` for one picture, ``[C, H, W]``.
        rule: Constants.
        stride: Step of the window.

    Returns:
        Kernels in [0, 1], ``[F, C, k, k]``; maps that did not win keep theirs.
    """
    size = weights.shape[-1]
    times = torch.arange(rule.bins).reshape(-1, 1, 1, 1)
    fired = (picture_latencies[None] <= times).to(torch.float32)  # [bins, C, H, W], cumulative
    membranes = functional.conv2d(fired, weights, stride=stride)  # [bins, F, H', W']
    reached = membranes >= rule.threshold
    first = torch.where(reached.any(dim=0), reached.to(torch.int8).argmax(dim=0), rule.bins)  # [F, H', W']
    at_first = membranes.gather(0, first.clamp(max=rule.bins - 1)[None])[0]
    largest = float(at_first.max()) + 1
    rank = torch.where(first < rule.bins, first * -largest + at_first, -torch.inf)  # earliest, then highest membrane
    weights = weights.clone()
    for _ in range(rule.winners):
        best = int(rank.argmax())
        winner, row, column = (int(i) for i in torch.unravel_index(torch.tensor(best), rank.shape))
        if rank[winner, row, column] == -torch.inf:
            break
        top, left = row * stride, column * stride
        window = picture_latencies[:, top : top + size, left : left + size]
        rate = torch.where(window <= first[winner, row, column], rule.potentiation, -rule.depression)
        kernel = weights[winner]
        weights[winner] = (kernel + rate * kernel * (1 - kernel)).clamp(0, 1)
        rank[winner] = -torch.inf
        rank[
            :,
            max(0, row - rule.radius) : row + rule.radius + 1,
            max(0, column - rule.radius) : column + rule.radius + 1,
        ] = -torch.inf
    return weights


def learn_kernels(
    pictures: Tensor,
    shape: tuple[int, int, int, int],
    generator: torch.Generator,
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
    """
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
    """
    flat = kernels.flatten(1)
    centred = flat - flat.mean(dim=1, keepdim=True)
    size = centred.square().mean(dim=1, keepdim=True).sqrt()
    scaled = centred * (2 / flat.shape[1]) ** 0.5 / size.clamp(min=1e-6)
    return scaled.reshape(kernels.shape)
