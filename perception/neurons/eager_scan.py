"""The scan in plain tensor operations: on any device, with any surrogate."""

from typing import cast

import torch
from torch import Tensor

from .scan_rule import Arriving, Gradients, Scanned, ScanRule


def eager_forward(
    current: Tensor, rule: ScanRule, decay: float, gain: float, initial: Tensor | None, record: bool
) -> Scanned:
    """The scan forwards, a few kernels a step; see :mod:`.scan` for the equations."""
    spikes = torch.empty_like(current)
    membranes = torch.empty_like(current) if record else current[:0].detach()
    carry = initial
    for step in range(len(current)):
        membrane = membrane_after(current[step], decay, gain, carry)
        fired = membrane >= rule.threshold
        spikes[step] = fired
        if record:
            membranes[step] = membrane
        carry = after_reset(membrane, fired, rule)
    return Scanned(spikes, membranes, cast(Tensor, carry))


def eager_backward(
    arriving: Arriving,
    membranes: Tensor,
    rule: ScanRule,
    decay: float,
    gain: float,
    initial: Tensor | None,
    learned: bool,
) -> Gradients:
    """The scan backwards, step by step from the last.

    Args:
        arriving: What the loss's gradient is by what the scan gave.
        membranes: Of the forward scan, ``[T, B, ...]``.
        rule: As in the forward scan.
        decay: As in the forward scan.
        gain: As in the forward scan.
        initial: As in the forward scan.
        learned: Whether the gradients by decay and gain are wanted.
    """
    wide = torch.promote_types(membranes.dtype, torch.float32)
    by_current = torch.empty_like(membranes)
    carry = torch.zeros_like(membranes[0], dtype=wide) if arriving.final is None else arriving.final.to(wide)
    leaked = driven = torch.zeros((), dtype=wide, device=membranes.device)
    for step in range(len(membranes) - 1, -1, -1):
        by_membrane = gradient_by_membrane(arriving, membranes, step, carry, rule)
        if learned:
            driven = driven + (by_membrane * membranes[step]).sum()
            before = (
                initial if step == 0 else after_reset(membranes[step - 1], membranes[step - 1] >= rule.threshold, rule)
            )
            leaked = leaked if before is None else leaked + (by_membrane * before).sum()
        by_current[step] = by_membrane * gain
        carry = by_membrane * decay
    return Gradients(by_current, carry.to(membranes.dtype), leaked, (driven - decay * leaked) / gain)


def membrane_after(driving: Tensor, decay: float | Tensor, gain: float | Tensor, carry: Tensor | None) -> Tensor:
    """``decay v + gain x`` of one step, in at least float32 and rounded once."""
    wide = torch.promote_types(driving.dtype, torch.float32)
    membrane = driving.to(wide) * gain
    if carry is not None:
        membrane = carry.to(wide) * decay + membrane
    return membrane.to(driving.dtype)


def after_reset(membrane: Tensor, fired: Tensor, rule: ScanRule) -> Tensor:
    """The membrane of one step once those that fired are reset."""
    if rule.reset == "soft":
        return torch.where(fired, membrane - rule.threshold, membrane)
    return membrane.masked_fill(fired, 0)


def gradient_by_membrane(arriving: Arriving, membranes: Tensor, step: int, carry: Tensor, rule: ScanRule) -> Tensor:
    """``dL/dh`` of one step, ``carry`` being ``dL/dv`` as later steps give it."""
    membrane = membranes[step].to(carry.dtype)
    slope = rule.surrogate.derivative(membrane - rule.threshold)
    if rule.detach_reset:
        gradient = carry if rule.reset == "soft" else carry.masked_fill(membrane >= rule.threshold, 0)
    elif rule.reset == "soft":
        gradient = carry * (1 - slope * rule.threshold)
    else:
        gradient = carry * ((membrane < rule.threshold).to(carry.dtype) - membrane * slope)
    if arriving.spikes is not None:
        gradient = gradient + arriving.spikes[step].to(carry.dtype) * slope
    if arriving.membranes is not None:
        gradient = gradient + arriving.membranes[step].to(carry.dtype)
    return gradient
