"""What a scan is told and what it gives; shared by its tiers."""

from dataclasses import dataclass
from typing import Literal, NamedTuple

from torch import Tensor

from .surrogates import Surrogate

Reset = Literal["hard", "soft"]
Tier = Literal["auto", "eager", "native", "compiled", "recorded"]


Number = float | Tensor
"""One for all neurons, a tensor of no axes if it is learned, or one that spreads over a row ``[B, ...]``."""


@dataclass(frozen=True)
class ScanRule:
    """What does not change from step to step.

    Args:
        threshold: The neuron fires when its membrane is at or above it; positive.
        surrogate: Stand-in derivative of a spike.
        reset: ``hard``, to zero, or ``soft``, by the threshold.
        detach_reset: Whether the gradient holds the reset's spike constant.
    """

    threshold: Number
    surrogate: Surrogate
    reset: Reset = "hard"
    detach_reset: bool = True


class Numbers(NamedTuple):
    """What a step is computed with, each one for all neurons or a row that spreads over ``[B, ...]``.

    Args:
        decay: What is left of a membrane after a step.
        gain: Factor of the current.
        threshold: Of firing.
    """

    decay: Number
    gain: Number
    threshold: Number


class Scanned(NamedTuple):
    """Spikes and membranes before the reset ``[T, B, ...]``, and the membrane after the last step ``[B, ...]``.

    Without ``record`` the membranes are empty, ``[0, B, ...]``, and so may be the last one.
    """

    spikes: Tensor
    membranes: Tensor
    final: Tensor


class Arriving(NamedTuple):
    """Gradients by the three tensors of :class:`Scanned`; none where nothing depends on them."""

    spikes: Tensor | None
    membranes: Tensor | None
    final: Tensor | None


class Gradients(NamedTuple):
    """By the current ``[T, B, ...]``, by the first membrane ``[B, ...]``, and by decay, gain and threshold.

    The last three are rows ``[B, ...]``, to be summed over the neurons that share a number, or have been summed over
    all. Where they are not wanted, they are zero; without a first membrane, its gradient may be empty.
    """

    current: Tensor
    initial: Tensor
    decay: Tensor
    gain: Tensor
    threshold: Tensor
