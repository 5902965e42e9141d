"""What a scan is told and what it gives; shared by its tiers."""

from dataclasses import dataclass
from typing import Literal, NamedTuple

from torch import Tensor

from .surrogates import Surrogate

Reset = Literal["hard", "soft"]
Tier = Literal["auto", "eager", "native", "compiled"]


@dataclass(frozen=True)
class ScanRule:
    """What does not change from step to step.

    Args:
        threshold: The neuron fires when its membrane is at or above it.
        surrogate: Stand-in derivative of a spike.
        reset: ``hard``, to zero, or ``soft``, by the threshold.
        detach_reset: Whether the gradient holds the reset's spike constant.
    """

    threshold: float
    surrogate: Surrogate
    reset: Reset = "hard"
    detach_reset: bool = True


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
    """By the current ``[T, B, ...]``, by the first membrane ``[B, ...]``, by decay and by gain (one number each).

    Without ``learned``, the last two are zero; without a first membrane, its gradient may be empty.
    """

    current: Tensor
    initial: Tensor
    decay: Tensor
    gain: Tensor
