"""Who computes a scan: the choice of a tier by device, type and what the machine has, and the call of it.

Tiers are given tensors without gaps, whatever the order of their axes in memory.
"""

import os
from functools import cache
from importlib.util import find_spec
from math import prod
from shutil import which
from typing import NamedTuple

import torch
from torch import Tensor

from .compiled_scan import compiled_backward, compiled_forward
from .eager_scan import eager_backward, eager_forward
from .layer import NeuronError
from .native_scan import TYPES, native_backward, native_forward
from .scan_rule import Arriving, Gradients, Number, Numbers, Reset, Scanned, ScanRule, Tier
from .storage_order import inverse, storage_order
from .surrogates import SURROGATES, Surrogate

FORWARD = {"eager": eager_forward, "native": native_forward, "compiled": compiled_forward}
BACKWARD = {"eager": eager_backward, "native": native_backward, "compiled": compiled_backward}
TIERS = (*FORWARD, "recorded")
_WORTH_A_CALL = 2048  # elements; fewer take longer to be asked for than to be computed by plain operations


class ScanSettings(NamedTuple):
    """What a scan is told besides tensors, in words that a graph of operators can hold.

    Args:
        surrogate: Name of the surrogate; empty for a function, whose slopes are given.
        shape: The numbers that fix it.
        reset: ``hard`` or ``soft``.
        detach_reset: Whether the gradient holds the reset's spike constant.
        tier: Who computes.
    """

    surrogate: str
    shape: list[float]
    reset: Reset
    detach_reset: bool
    tier: Tier

    def rule(self, threshold: Number) -> ScanRule:
        """As the tiers are told it."""
        return ScanRule(threshold, surrogate_of(self.surrogate, tuple(self.shape)), self.reset, self.detach_reset)


def run_forward(
    current: Tensor, numbers: Numbers, initial: Tensor | None, settings: ScanSettings, record: bool
) -> Scanned:
    """The scan by the tier that is asked for; see :func:`.eager_scan.eager_forward`."""
    tier = _for_rows(choose_tier(current, settings.tier), current, numbers)
    ordered, order = _ordered(current, numbers)
    numbers = _plain(numbers, current, order)
    found = FORWARD[tier](ordered, settings.rule(numbers.threshold), numbers, _row_in(initial, order), record)
    if not record:
        nothing = current.new_empty((0, *current.shape[1:]))
        return Scanned(_back(found.spikes, order, current), nothing, nothing.clone())
    parts = found.spikes, found.membranes, found.final[None]
    return Scanned(*(_back(part, order, current) for part in parts))


def run_backward(
    arriving: Arriving,
    kept: Tensor,
    numbers: Numbers,
    initial: Tensor | None,
    slopes: Tensor | None,
    settings: ScanSettings,
    driven: bool,
    learned: bool,
) -> Gradients:
    """Its backward pass; see :func:`.eager_scan.eager_backward`.

    Args:
        arriving: What the loss's gradient is by what :func:`run_forward` gave.
        kept: The currents, if ``driven``, else the membranes.
        numbers: As in the forward scan.
        initial: As in the forward scan.
        slopes: Derivatives of a surrogate without a name, ``[T, B, ...]``.
        settings: As in the forward scan.
        driven: What is kept.
        learned: Whether the gradients by the three numbers are wanted.
    """
    tier = _for_rows(choose_tier(kept, settings.tier), kept, numbers)
    ordered, order = _ordered(kept, numbers)
    numbers = _plain(numbers, kept, order)
    rule, start = settings.rule(numbers.threshold), _row_in(initial, order)
    steps, heights, final = (_in(tensor, order) for tensor in arriving)
    arriving = Arriving(steps, heights, None if final is None else final[0])
    if driven and tier != "native":
        ordered = FORWARD[tier](ordered, rule, numbers, start, True).membranes
    found = BACKWARD[tier](arriving, ordered, rule, numbers, start, _in(slopes, order), learned)
    by_initial = kept.new_empty((0, *kept.shape[1:]))
    if initial is not None:
        by_initial = _back(found.initial[None], order, kept)
    rows = [row[None].permute(inverse(order))[0] if row.ndim else row for row in found[2:]]
    return Gradients(_back(found.current, order, kept), by_initial, *rows)


def summed(row: Tensor, number: Tensor) -> Tensor:
    """The gradient by a number, of its shape and type, from a row of those of each neuron."""
    return row.sum_to_size(number.shape).to(number)


@cache
def surrogate_of(name: str, shape: tuple[float, ...]) -> Surrogate:
    """The surrogate of a name and its numbers, always the same object; one that is never asked for no name."""
    return SURROGATES[name or "straight_through"](*(shape if name not in ("", "straight_through") else ()))


def check_tier(tier: str) -> None:
    """Refuses a name that is no tier's."""
    if tier != "auto" and tier not in TIERS:
        raise NeuronError(f"unknown tier {tier!r}; use auto, {', '.join(TIERS)}")


def choose_tier(current: Tensor, tier: Tier) -> Tier:
    """The tier that will compute; if the choice is free, native on a CPU and compiled on a GPU that knows Triton."""
    check_tier(tier)
    native = is_native(current)
    if tier == "auto":
        return "native" if native else "compiled" if current.is_cuda and _has_triton() else "eager"
    if tier == "native" and not native:
        raise NeuronError(f"the native tier takes {TYPES} on a CPU, got {current.dtype} on {current.device}; use auto")
    if tier == "compiled" and current.device.type == "cpu" and not _has_compiler():
        return "eager"
    return tier


def is_native(current: Tensor) -> bool:
    """Whether the native tier takes such a current."""
    return current.device.type == "cpu" and current.dtype in TYPES


def _plain(numbers: Numbers, current: Tensor, order: list[int]) -> Numbers:
    """Numbers to compute with: floats, or tensors where they are one for each neuron or lie on another device."""

    def plain(number: Number) -> Number:
        if not isinstance(number, Tensor):
            return number
        if number.ndim:
            rows = number.to(torch.promote_types(current.dtype, torch.float32))
            return rows.unsqueeze(0).permute(order).contiguous()[0]
        return float(number) if number.device.type == "cpu" else number

    return Numbers(*(plain(number) for number in numbers))


def _rows(numbers: Numbers) -> list[Tensor]:
    return [number for number in numbers if isinstance(number, Tensor) and number.ndim]


def _differing(numbers: Numbers) -> list[int]:
    """The axes of a current ``[T, B, ...]`` along which numbers differ."""
    shape = torch.broadcast_shapes(*(number.shape for number in _rows(numbers)))
    return [axis + 1 for axis, size in enumerate(shape) if size > 1]


def _for_rows(tier: Tier, current: Tensor, numbers: Numbers) -> Tier:
    """The tier, where numbers are rows: native goes through the neurons that share theirs in one call."""
    if tier != "native" or not _rows(numbers):
        return tier
    groups = prod(current.shape[axis] for axis in _differing(numbers))
    return "native" if current.numel() >= _WORTH_A_CALL * groups else "eager"


def _ordered(current: Tensor, numbers: Numbers) -> tuple[Tensor, list[int]]:
    """A current without gaps, the axes along which numbers differ first, and the order of its axes."""
    order, first = storage_order(current), _differing(numbers) if _rows(numbers) else []
    order = [0, *first, *(axis for axis in order[1:] if axis not in first)]
    return current.permute(order).contiguous(), order


def _in(tensor: Tensor | None, order: list[int]) -> Tensor | None:
    """In another order of axes; none for what was not recorded."""
    return None if tensor is None or not len(tensor) else tensor.permute(order).contiguous()


def _row_in(row: Tensor | None, order: list[int]) -> Tensor | None:
    return None if row is None else row.unsqueeze(0).permute(order).contiguous()[0]


def _back(tensor: Tensor, order: list[int], current: Tensor) -> Tensor:
    """In the current's order of axes and memory; where that is the same, a fresh tensor, which becomes ``.grad``."""
    there = storage_order(current)
    found = tensor if order == sorted(order) else tensor.permute(inverse(order))
    return found if order == there else found.permute(there).contiguous().permute(inverse(there))


@cache
def _has_triton() -> bool:
    return find_spec("triton") is not None


@cache
def _has_compiler() -> bool:
    """Whether ``torch.compile`` finds what it needs on a CPU."""
    return any(which(name) for name in (os.environ.get("CXX", "g++"), "clang++"))
