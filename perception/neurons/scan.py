"""One scan over all steps for every neuron with a leaky membrane, its backward pass written by hand.

    h[t] = decay * v[t-1] + gain * x[t]       computed in at least float32, rounded once to the type of x
    s[t] = 1 if h[t] >= threshold else 0
    v[t] = h[t] (1 - s[t])                    hard reset, to zero
    v[t] = h[t] - threshold * s[t]            soft reset

Only ``h`` is kept for the backward pass; spikes are compared once more. With ``g = surrogate(h - threshold)``,

    dL/dh[t] = dL/ds[t] g[t] + dL/dv[t] r[t],    dL/dv[t-1] = decay * dL/dh[t],    dL/dx[t] = gain * dL/dh[t]

where ``r = dv/dh`` is ``1 - s`` (hard) or 1 (soft) if the reset is held constant, and ``1 - s - h g`` or
``1 - threshold g`` if not. Three tiers compute this and agree in every spike: eager (plain tensor operations, any
device), native (:mod:`.native_scan`, one pass over the memory on a CPU) and compiled (``torch.compile``).

References:
    Fang et al., "SpikingJelly: An open-source machine learning infrastructure platform for spike-based intelligence",
    Science Advances 2023 (multi-step neurons with a hand-written backward pass).
"""

from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import torch
from torch import Tensor

from ..surrogates import Surrogate

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
    """Spikes and membranes before the reset ``[T, B, ...]``, and the membrane after the last step ``[B, ...]``."""

    spikes: Tensor
    membranes: Tensor
    final: Tensor


class Gradients(NamedTuple):
    """By the current ``[T, B, ...]``, by the first membrane ``[B, ...]``, by decay and by gain (one number each)."""

    current: Tensor
    initial: Tensor
    decay: Tensor
    gain: Tensor


def leaky_scan(
    current: Tensor,
    rule: ScanRule,
    *,
    decay: float | Tensor,
    gain: float | Tensor = 1.0,
    initial: Tensor | None = None,
    tier: Tier = "auto",
) -> Scanned:
    """Runs neurons of one kind through all steps.

    Args:
        current: ``x``, ``[T, B, ...]``.
        rule: Threshold, surrogate and reset.
        decay: What is left of a membrane after a step; a tensor of no axes if it is learned.
        gain: Factor of the current; as above.
        initial: Membrane before the first step, ``[B, ...]``; zero if left out.
        tier: Who computes; ``auto`` takes the fastest that is at hand and never waits for a compiler.
    """
    spikes, membranes, final = _LeakyScan.apply(current, decay, gain, initial, rule, tier)
    return Scanned(spikes, membranes, final)


class _LeakyScan(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        current: Tensor,
        decay: float | Tensor,
        gain: float | Tensor,
        initial: Tensor | None,
        rule: ScanRule,
        tier: Tier,
    ) -> tuple[Tensor, Tensor, Tensor]:
        ctx.set_materialize_grads(False)
        ctx.rule, ctx.tier = rule, tier
        ctx.decay, ctx.gain = float(decay), float(gain)
        scanned = eager_forward(current, rule, ctx.decay, ctx.gain, initial)
        ctx.save_for_backward(scanned.membranes, initial)
        return tuple(scanned)  # pyright: ignore[reportReturnType]

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor | None) -> tuple[Tensor | None, ...]:
        membranes, initial = ctx.saved_tensors
        found = eager_backward(gradients, membranes, initial, ctx.rule, ctx.decay, ctx.gain)
        wanted = ctx.needs_input_grad
        return (
            *(value if need else None for value, need in zip(_in_order(found), wanted[:4], strict=True)),
            None,
            None,
        )


def _in_order(found: Gradients) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    return found.current, found.decay, found.gain, found.initial


def eager_forward(current: Tensor, rule: ScanRule, decay: float, gain: float, initial: Tensor | None) -> Scanned:
    """The scan in plain tensor operations."""
    wide = torch.promote_types(current.dtype, torch.float32)
    spikes, membranes = torch.empty_like(current), torch.empty_like(current)
    carry = initial
    for step in range(len(current)):
        driven = current[step].to(wide) * gain
        membrane = driven if carry is None else carry.to(wide) * decay + driven
        membranes[step] = membrane
        spikes[step] = fired = membranes[step] >= rule.threshold
        carry = after_reset(membranes[step], fired, rule)
    return Scanned(spikes, membranes, torch.zeros_like(current[0]) if carry is None else carry)


def after_reset(membrane: Tensor, fired: Tensor, rule: ScanRule) -> Tensor:
    """Membrane after the reset of those that fired."""
    rest = torch.zeros((), dtype=membrane.dtype, device=membrane.device)
    return torch.where(fired, membrane - rule.threshold if rule.reset == "soft" else rest, membrane)


def eager_backward(
    gradients: tuple[Tensor | None, ...],
    membranes: Tensor,
    initial: Tensor | None,
    rule: ScanRule,
    decay: float,
    gain: float,
) -> Gradients:
    """The scan backwards in plain tensor operations.

    Args:
        gradients: By the spikes, the membranes and the final membrane; none where nothing depends on them.
        membranes: Of the forward scan.
        initial: As in the forward scan.
        rule: As in the forward scan.
        decay: As in the forward scan.
        gain: As in the forward scan.
    """
    by_spikes, by_membranes, by_final = gradients
    wide = torch.promote_types(membranes.dtype, torch.float32)
    by_current = torch.empty_like(membranes)
    carry = torch.zeros_like(membranes[0], dtype=wide) if by_final is None else by_final.to(wide)
    by_decay = by_gain = torch.zeros((), dtype=wide, device=membranes.device)
    for step in range(len(membranes) - 1, -1, -1):
        membrane = membranes[step].to(wide)
        slope = rule.surrogate.derivative(membrane - rule.threshold)
        kept = 1.0 if rule.reset == "soft" else 1 - (membranes[step] >= rule.threshold).to(wide)
        if not rule.detach_reset:
            kept = kept - (rule.threshold if rule.reset == "soft" else membrane) * slope
        by_membrane = carry * kept
        if by_spikes is not None:
            by_membrane = by_membrane + by_spikes[step].to(wide) * slope
        if by_membranes is not None:
            by_membrane = by_membrane + by_membranes[step].to(wide)
        before = initial if step == 0 else after_reset(membranes[step - 1], membranes[step - 1] >= rule.threshold, rule)
        leaked = (by_membrane * before.to(wide)).sum() if before is not None else 0.0
        by_decay = by_decay + leaked
        by_gain = by_gain + ((by_membrane * membrane).sum() - decay * leaked) / gain
        by_current[step] = by_membrane * gain
        carry = by_membrane * decay
    return Gradients(by_current, carry.to(membranes.dtype), by_decay, by_gain)
