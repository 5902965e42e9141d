"""The scan as one kernel made by ``torch.compile`` (Triton on a GPU): one each for a rule, a type and a ``T``.

Kernels see ``[T, N]`` in the order of memory, ``N`` left open, so that layers of all sizes and batches share them. The
first call waits some seconds for the compiler, which keeps what it made on disk for the next process.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import TypeVar, cast

import torch
from torch import Tensor

from .eager_scan import after_reset, gradient_by_membrane, membrane_after
from .scan_rule import Arriving, Gradients, Scanned, ScanRule
from .storage_order import in_storage_order, inverse

Found = TypeVar("Found")


def compiled_forward(
    current: Tensor, rule: ScanRule, decay: float, gain: float, initial: Tensor | None, record: bool
) -> Scanned:
    """As :func:`.eager_scan.eager_forward`."""
    ordered, order = in_storage_order(current)
    back = inverse(order)
    start = None if initial is None else _row(initial, order)
    found = _forward(rule, record)(ordered.flatten(1), *_numbers(current, decay, gain), start)
    spikes, membranes, final = (part.reshape(-1, *ordered.shape[1:]).permute(back) for part in found)
    return Scanned(spikes, membranes, final[0])


def compiled_backward(
    arriving: Arriving,
    membranes: Tensor,
    rule: ScanRule,
    decay: float,
    gain: float,
    initial: Tensor | None,
    learned: bool,
) -> Gradients:
    """As :func:`.eager_scan.eager_backward`."""
    ordered, order = in_storage_order(membranes)
    back = inverse(order)
    by_spikes, by_membranes = (
        None if gradient is None else gradient.permute(order).reshape(len(gradient), -1)
        for gradient in (arriving.spikes, arriving.membranes)
    )
    by_final, start = (None if row is None else _row(row, order) for row in (arriving.final, initial))
    numbers = _numbers(membranes, decay, gain)
    by_current, by_initial, by_decay, by_gain = _backward(rule, learned)(
        by_spikes, by_membranes, by_final, ordered.flatten(1), *numbers, start
    )
    by_current, by_initial = (part.reshape(-1, *ordered.shape[1:]).permute(back) for part in (by_current, by_initial))
    return Gradients(by_current, by_initial[0], by_decay, by_gain)


def _row(tensor: Tensor, order: list[int]) -> Tensor:
    """A tensor without the time axis, ``[N]`` in the order of memory."""
    return tensor.unsqueeze(0).permute(order).reshape(-1)


def _numbers(like: Tensor, decay: float, gain: float) -> tuple[Tensor, Tensor]:
    """As tensors, so that a learned decay does not mean another kernel every step; filled there, not sent."""
    wide = torch.promote_types(like.dtype, torch.float32)
    return tuple(torch.full((), number, dtype=wide, device=like.device) for number in (decay, gain))  # pyright: ignore[reportReturnType]


@lru_cache(maxsize=64)
def _forward(rule: ScanRule, record: bool) -> Callable[..., tuple[Tensor, Tensor, Tensor]]:
    def run(current: Tensor, decay: Tensor, gain: Tensor, initial: Tensor | None) -> tuple[Tensor, Tensor, Tensor]:
        spikes: list[Tensor] = []
        membranes: list[Tensor] = []  # not list[Tensor](), which would break the graph in two
        carry = initial
        for driving in current.unbind(0):
            membranes.append(membrane_after(driving, decay, gain, carry))
            fired = membranes[-1] >= rule.threshold
            spikes.append(fired.to(current.dtype))
            carry = after_reset(membranes[-1], fired, rule)
        return torch.stack(spikes), torch.stack(membranes) if record else current[:0], cast(Tensor, carry)

    return _compiled(run)


@lru_cache(maxsize=64)
def _backward(rule: ScanRule, learned: bool) -> Callable[..., tuple[Tensor, Tensor, Tensor, Tensor]]:
    def run(
        by_spikes: Tensor | None,
        by_membranes: Tensor | None,
        by_final: Tensor | None,
        membranes: Tensor,
        decay: Tensor,
        gain: Tensor,
        initial: Tensor | None,
    ) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        arriving = Arriving(by_spikes, by_membranes, by_final)
        carry = torch.zeros_like(membranes[0], dtype=decay.dtype) if by_final is None else by_final.to(decay.dtype)
        found: list[Tensor] = []
        leaked, driven = torch.zeros_like(decay), torch.zeros_like(decay)
        for step in range(len(membranes) - 1, -1, -1):
            by_membrane = gradient_by_membrane(arriving, membranes, step, carry, rule)
            if learned:
                driven = driven + (by_membrane * membranes[step]).sum()
                if step:
                    before = after_reset(membranes[step - 1], membranes[step - 1] >= rule.threshold, rule)
                    leaked = leaked + (by_membrane * before).sum()
                elif initial is not None:
                    leaked = leaked + (by_membrane * initial).sum()
            found.append((by_membrane * gain).to(membranes.dtype))
            carry = by_membrane * decay
        by_gain = (driven - decay * leaked) / gain
        return torch.stack(found[::-1]), carry.to(membranes.dtype), leaked, by_gain

    return _compiled(run)


def _compiled(run: Callable[..., Found]) -> Callable[..., Found]:
    return torch.compile(run, dynamic=True, options={"emulate_precision_casts": True})  # bfloat16 rounds each step
