"""The scan as one kernel made by ``torch.compile``: the choice on a GPU; the first call of each shape waits for it."""

from collections.abc import Callable
from functools import lru_cache
from typing import cast

import torch
from torch import Tensor

from .eager_scan import after_reset, gradient_by_membrane, membrane_after
from .scan_rule import Arriving, Gradients, Scanned, ScanRule


def compiled_forward(
    current: Tensor, rule: ScanRule, decay: float, gain: float, initial: Tensor | None, record: bool
) -> Scanned:
    """As :func:`.eager_scan.eager_forward`."""
    spikes, membranes, final = _forward(rule, record)(current, *_numbers(current, decay, gain), initial)
    return Scanned(spikes, membranes, final)


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
    numbers = _numbers(membranes, decay, gain)
    return Gradients(*_backward(rule, learned)(*arriving, membranes, *numbers, initial))


def _numbers(like: Tensor, decay: float, gain: float) -> tuple[Tensor, Tensor]:
    """As tensors, so that a learned decay does not mean another kernel every step."""
    wide = torch.promote_types(like.dtype, torch.float32)
    return tuple(torch.tensor(number, dtype=wide, device=like.device) for number in (decay, gain))  # pyright: ignore[reportReturnType]


@lru_cache(maxsize=64)
def _forward(rule: ScanRule, record: bool) -> Callable[..., tuple[Tensor, Tensor, Tensor]]:
    def run(current: Tensor, decay: Tensor, gain: Tensor, initial: Tensor | None) -> tuple[Tensor, Tensor, Tensor]:
        spikes, membranes, carry = list[Tensor](), list[Tensor](), initial
        for driving in current.unbind(0):
            membranes.append(membrane_after(driving, decay, gain, carry))
            fired = membranes[-1] >= rule.threshold
            spikes.append(fired.to(current.dtype))
            carry = after_reset(membranes[-1], fired, rule)
        return torch.stack(spikes), torch.stack(membranes) if record else current[:0], cast(Tensor, carry)

    return torch.compile(run, dynamic=False, options={"emulate_precision_casts": True})  # bfloat16 rounds each step


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
        found, leaked, driven = list[Tensor](), torch.zeros_like(decay), torch.zeros_like(decay)
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

    return torch.compile(run, dynamic=False, options={"emulate_precision_casts": True})  # bfloat16 rounds each step
