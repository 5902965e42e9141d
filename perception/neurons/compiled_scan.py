"""The scan as one kernel made by ``torch.compile`` (Triton on a GPU): one each for a rule, a type and a ``T``.

Kernels see ``[T, N]`` in the order of memory, ``N`` left open, so that layers of all sizes and batches share them. The
first call waits some seconds for the compiler, which keeps what it made on disk for the next process.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import TypeVar, cast

import torch
from torch import Tensor

from .eager_scan import after_reset, eager_backward, membrane_after
from .scan_rule import Arriving, Gradients, Number, Numbers, Reset, Scanned, ScanRule
from .surrogates import Surrogate, arctan

Found = TypeVar("Found")


def compiled_forward(
    current: Tensor, rule: ScanRule, numbers: Numbers, initial: Tensor | None, record: bool
) -> Scanned:
    """As :func:`.eager_scan.eager_forward`, for tensors without gaps."""
    start = None if initial is None else initial.reshape(-1)
    found = _forward(rule.reset, record)(current.flatten(1), *_spread(numbers, current), start)
    spikes, membranes, final = (part.reshape(-1, *current.shape[1:]) for part in found)
    return Scanned(spikes, membranes, final[0])


def compiled_backward(
    arriving: Arriving,
    membranes: Tensor,
    rule: ScanRule,
    numbers: Numbers,
    initial: Tensor | None,
    slopes: Tensor | None,
    learned: bool,
) -> Gradients:
    """As :func:`.eager_scan.eager_backward`, for tensors without gaps."""
    by_spikes, by_membranes, slopes = (
        None if gradient is None else gradient.flatten(1) for gradient in (arriving.spikes, arriving.membranes, slopes)
    )
    by_final, start = (None if row is None else row.reshape(-1) for row in (arriving.final, initial))
    run = _backward(rule.surrogate, rule.reset, rule.detach_reset, learned)
    spread = _spread(numbers, membranes)
    found = run(by_spikes, by_membranes, by_final, membranes.flatten(1), *spread, start, slopes)
    by_current, *rows = (part if not part.ndim else part.reshape(-1, *membranes.shape[1:]) for part in found)
    return Gradients(by_current, *(row[0] if row.ndim else row for row in rows))


def _spread(numbers: Numbers, current: Tensor) -> list[Tensor]:
    """As tensors, ``[N]`` if they are rows, so that a learned one does not mean another kernel every step."""
    wide = torch.promote_types(current.dtype, torch.float32)

    def spread(number: Number) -> Tensor:
        if not isinstance(number, Tensor):
            return torch.full((), number, dtype=wide, device=current.device)  # filled there, not sent
        return number.expand(current.shape[1:]).reshape(-1) if number.ndim else number.to(current.device, wide)

    return [spread(number) for number in numbers]


@lru_cache(maxsize=64)
def _forward(reset: Reset, record: bool) -> Callable[..., tuple[Tensor, Tensor, Tensor]]:
    rule = ScanRule(1.0, arctan(), reset)  # of which only the reset is read

    def run(
        current: Tensor, decay: Tensor, gain: Tensor, threshold: Tensor, initial: Tensor | None
    ) -> tuple[Tensor, Tensor, Tensor]:
        spikes: list[Tensor] = []
        membranes: list[Tensor] = []  # not list[Tensor](), which would break the graph in two
        carry = initial
        for driving in current.unbind(0):
            membranes.append(membrane_after(driving, decay, gain, carry))
            fired = (membranes[-1].to(decay.dtype) >= threshold).to(decay.dtype)
            spikes.append(fired.to(current.dtype))
            carry = after_reset(membranes[-1], fired, threshold, rule)
        return torch.stack(spikes), torch.stack(membranes) if record else current[:0], cast(Tensor, carry)

    return _compiled(run)


@lru_cache(maxsize=64)
def _backward(surrogate: Surrogate, reset: Reset, detach: bool, learned: bool) -> Callable[..., tuple[Tensor, ...]]:
    rule = ScanRule(1.0, surrogate, reset, detach)  # whose threshold is not read

    def run(
        by_spikes: Tensor | None,
        by_membranes: Tensor | None,
        by_final: Tensor | None,
        membranes: Tensor,
        decay: Tensor,
        gain: Tensor,
        threshold: Tensor,
        initial: Tensor | None,
        slopes: Tensor | None,
    ) -> tuple[Tensor, ...]:
        numbers, arriving = (decay, gain, threshold), Arriving(by_spikes, by_membranes, by_final)
        found = eager_backward(arriving, membranes, rule, Numbers(*numbers), initial, slopes, learned)
        if not learned:
            return found.current, found.initial, *(found.initial.new_zeros(()) for _ in numbers)
        sums = (row if number.ndim else row.sum() for row, number in zip(found[2:], numbers, strict=True))
        return found.current, found.initial, *sums

    return _compiled(run)


def _compiled(run: Callable[..., Found]) -> Callable[..., Found]:
    return torch.compile(run, dynamic=True, options={"emulate_precision_casts": True})  # bfloat16 rounds each step
