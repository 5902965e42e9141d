"""Spike trains that are made, not recorded: classes that differ in when spikes come, never in how many."""

from math import pi

import torch
from torch import Tensor

from logic.randomness import Seed, to_generator

from .dataset import DatasetError

_WAVES = 3  # of a smooth curve


def make_spike_trains(
    samples: int,
    *,
    classes: int = 4,
    channels: int = 40,
    steps: int = 50,
    jitter: float = 0.5,
    generator: Seed,
    shapes: Seed = 0,
) -> tuple[Tensor, Tensor]:
    """Spike trains ``[M, T, N]`` and their classes ``[M]``: a stand-in for recordings such as those of SHD.

    Each class is a smooth random curve: a hidden number between 0 and 1 says for each channel at which step its one
    spike comes. Counts of spikes tell nothing, so that a network must remember when they came.

    Args:
        samples: ``M``.
        classes: How many.
        channels: ``N``; SHD has 700.
        steps: ``T``.
        jitter: Standard deviation of a spike's time, in steps.
        generator: Source of the hidden numbers, the labels and the jitter.
        shapes: Source of the curves: the same seed makes the same classes.

    Raises:
        DatasetError: if a number makes no sense.

    Example:
        >>> trains, labels = make_spike_trains(100, generator=1)
        >>> trains.shape, labels.shape, trains.sum(1).unique().tolist()
        (torch.Size([100, 50, 40]), torch.Size([100]), [1.0])

    References:
        Zenke and Vogels, "The Remarkable Robustness of Surrogate Gradient Learning for Instilling Complex Function in
        Spiking Neural Networks", Neural Computation 2021 (smooth random manifolds); Cramer et al., "The Heidelberg
        Spiking Data Sets for the Systematic Evaluation of Spiking Neural Networks", TNNLS 2022 (SHD).
    """
    if min(samples, classes, channels, steps) < 1 or jitter < 0:
        raise DatasetError(
            f"samples, classes, channels and steps must be at least 1 and jitter 0 or more, got {samples}, {classes}, "
            f"{channels}, {steps} and {jitter}"
        )
    source, curves = to_generator(generator), to_generator(shapes)
    heights = torch.rand(classes, channels, _WAVES, generator=curves) / torch.arange(1, _WAVES + 1)
    phases = torch.rand(classes, channels, _WAVES, generator=curves)
    labels = torch.randint(classes, (samples,), generator=source)
    hidden = torch.rand(samples, 1, 1, generator=source)
    waves = torch.sin(2 * pi * (hidden * torch.arange(1, _WAVES + 1) / 2 + phases[labels]))
    height = (heights[labels] * waves).sum(2)
    when = (height / heights[labels].sum(2) + 1) / 2 * (steps - 1)
    when = (when + jitter * torch.randn(samples, channels, generator=source)).round().long().clamp(0, steps - 1)
    trains = torch.zeros(samples, steps, channels)
    trains[torch.arange(samples)[:, None], when, torch.arange(channels)] = 1.0
    return trains, labels
