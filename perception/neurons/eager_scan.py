"""The scan in plain tensor operations that autograd can record: on any device, with any surrogate, of any order."""

from typing import cast

import torch
from torch import Tensor

from .scan_rule import Arriving, Gradients, Number, Numbers, Scanned, ScanRule
from .surrogates import spike


def eager_forward(current: Tensor, rule: ScanRule, numbers: Numbers, initial: Tensor | None, record: bool) -> Scanned:
    """The scan forwards, a few kernels a step; see :mod:`.scan` for the equations.

    Args:
        current: ``[T, B, ...]``.
        rule: Of which the threshold is left to ``numbers``.
        numbers: Those that are rows in at least float32.
        initial: Membrane before the first step, ``[B, ...]``.
        record: Whether the membranes are wanted.
    """
    spikes: list[Tensor] = []  # not list[Tensor](), which torch.compile does not follow
    membranes: list[Tensor] = []
    carry = initial
    for driving in current.unbind(0):
        membrane = membrane_after(driving, numbers.decay, numbers.gain, carry)
        fired = spike(_wide(membrane) - numbers.threshold, rule.surrogate)
        spikes.append(fired.to(current.dtype))
        if record:
            membranes.append(membrane)
        carry = after_reset(membrane, fired, numbers.threshold, rule)
    recorded = torch.stack(membranes) if record else current.new_empty((0, *current.shape[1:]))
    return Scanned(torch.stack(spikes), recorded, cast(Tensor, carry))


def eager_backward(
    arriving: Arriving,
    membranes: Tensor,
    rule: ScanRule,
    numbers: Numbers,
    initial: Tensor | None,
    slopes: Tensor | None,
    learned: bool,
) -> Gradients:
    """The scan backwards, step by step from the last.

    Args:
        arriving: What the loss's gradient is by what the scan gave.
        membranes: Of the forward scan, ``[T, B, ...]``.
        rule: As in the forward scan.
        numbers: As in the forward scan.
        initial: As in the forward scan.
        slopes: Derivatives of the surrogate, ``[T, B, ...]``, in place of the rule's.
        learned: Whether the gradients by decay, gain and threshold are wanted.
    """
    wide = torch.promote_types(membranes.dtype, torch.float32)
    none = torch.zeros_like(membranes[0], dtype=wide)
    by_current: list[Tensor] = []
    carry = none if arriving.final is None else arriving.final.to(wide)
    leaked = driven = barred = none
    fired = _fired(membranes[-1], numbers.threshold, rule)
    for step in range(len(membranes) - 1, -1, -1):
        membrane = membranes[step].to(wide)
        slope = rule.surrogate.derivative(membrane - numbers.threshold) if slopes is None else slopes[step]
        by_membrane = _through_reset(carry, membrane, fired, slope, numbers.threshold, rule)
        if learned:
            barred = barred + _threshold_in_reset(carry, membrane, fired, slope, numbers.threshold, rule)
        if arriving.spikes is not None:
            sent = arriving.spikes[step].to(wide) * slope
            by_membrane, barred = by_membrane + sent, barred - sent
        if arriving.membranes is not None:
            by_membrane = by_membrane + arriving.membranes[step].to(wide)
        if learned:
            driven, before = driven + by_membrane * membrane, initial
            if step:
                fired = _fired(membranes[step - 1], numbers.threshold, rule)
                before = after_reset(membranes[step - 1], fired, numbers.threshold, rule)
            leaked = leaked if before is None else leaked + by_membrane * before
        elif step:
            fired = _fired(membranes[step - 1], numbers.threshold, rule)
        by_current.append((by_membrane * numbers.gain).to(membranes.dtype))
        carry = by_membrane * numbers.decay
    by_gain = (driven - numbers.decay * leaked) / numbers.gain if learned else none
    return Gradients(torch.stack(by_current[::-1]), carry.to(membranes.dtype), leaked, by_gain, barred)


def membrane_after(driving: Tensor, decay: Number, gain: Number, carry: Tensor | None) -> Tensor:
    """``decay v + gain x`` of one step, in at least float32 and rounded once."""
    membrane = _wide(driving) * gain
    if carry is not None:
        membrane = _wide(carry) * decay + membrane
    return membrane.to(driving.dtype)


def after_reset(membrane: Tensor, fired: Tensor, threshold: Number, rule: ScanRule) -> Tensor:
    """The membrane of one step once those that fired are reset, with the gradient that the rule asks for."""
    wide = _wide(membrane)
    if rule.reset == "hard":
        kept = wide.masked_fill(fired > 0, 0) if rule.detach_reset else wide * (1 - fired)
    else:
        kept = torch.where(fired > 0, wide - threshold, wide) if rule.detach_reset else wide - threshold * fired
    return kept.to(membrane.dtype)


def _fired(membrane: Tensor, threshold: Number, rule: ScanRule) -> Tensor:
    """Zeros and ones; where the reset holds them constant, so do gradients of gradients."""
    fired = spike(_wide(membrane) - threshold, rule.surrogate)
    return fired.detach() if rule.detach_reset else fired


def _through_reset(
    carry: Tensor, membrane: Tensor, fired: Tensor, slope: Tensor, threshold: Number, rule: ScanRule
) -> Tensor:
    """``dL/dv dv/dh`` of one step, ``carry`` being ``dL/dv`` and ``slope`` the surrogate's."""
    if rule.detach_reset:
        return carry if rule.reset == "soft" else carry.masked_fill(fired > 0, 0)
    return carry * (1 - slope * threshold if rule.reset == "soft" else (1 - fired) - membrane * slope)


def _threshold_in_reset(
    carry: Tensor, membrane: Tensor, fired: Tensor, slope: Tensor, threshold: Number, rule: ScanRule
) -> Tensor:
    """``dL/dv dv/dthreshold`` of one step."""
    by_threshold = -fired if rule.reset == "soft" else torch.zeros_like(fired)
    if not rule.detach_reset:
        by_threshold = by_threshold + slope * (threshold if rule.reset == "soft" else membrane)
    return carry * by_threshold


def _wide(tensor: Tensor) -> Tensor:
    return tensor.to(torch.promote_types(tensor.dtype, torch.float32))
