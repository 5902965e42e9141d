"""One scan over all steps for every neuron with a leaky membrane, its backward pass written by hand.

    h[t] = decay * v[t-1] + gain * x[t]       computed in at least float32, rounded once to the type of x
    s[t] = 1 if h[t] >= threshold else 0
    v[t] = h[t] (1 - s[t])                    hard reset, to zero
    v[t] = h[t] - threshold * s[t]            soft reset

Only ``h`` is kept for the backward pass (the native tier keeps ``x`` in its place and computes ``h`` once more);
spikes are compared once more. With ``g = surrogate(h - threshold)``,

    dL/dh[t] = dL/ds[t] g[t] + dL/dv[t] r[t],    dL/dv[t-1] = decay * dL/dh[t],    dL/dx[t] = gain * dL/dh[t]

where ``r = dv/dh`` is ``1 - s`` (hard) or 1 (soft) if the reset is held constant, and ``1 - s - h g`` or
``1 - threshold g`` if not. Three tiers compute this and agree in every spike: eager (plain tensor operations, any
device), native (:mod:`.native_scan`, one pass over the memory on a CPU, without any compiler) and compiled
(:mod:`.compiled_scan`, one kernel on a GPU; on a CPU that has no C++ compiler, eager takes its place).

References:
    Fang et al., "SpikingJelly: An open-source machine learning infrastructure platform for spike-based intelligence",
    Science Advances 2023 (multi-step neurons with a hand-written backward pass).
"""

import os
from functools import cache
from importlib.util import find_spec
from shutil import which
from typing import Any

import torch
from torch import Tensor

from .compiled_scan import compiled_backward, compiled_forward
from .eager_scan import eager_backward, eager_forward
from .layer import NeuronError
from .native_scan import TYPES, native_backward, native_forward
from .scan_rule import Arriving, Scanned, ScanRule, Tier

FORWARD = {"eager": eager_forward, "native": native_forward, "compiled": compiled_forward}
BACKWARD = {"eager": eager_backward, "native": native_backward, "compiled": compiled_backward}


def leaky_scan(
    current: Tensor,
    rule: ScanRule,
    *,
    decay: float | Tensor,
    gain: float | Tensor = 1.0,
    initial: Tensor | None = None,
    tier: Tier = "auto",
    record: bool = True,
) -> Scanned:
    """Runs neurons of one kind through all steps.

    Args:
        current: ``x``, ``[T, B, ...]``.
        rule: Threshold, surrogate and reset.
        decay: What is left of a membrane after a step; a tensor of no axes if it is learned.
        gain: Factor of the current, not zero; as above.
        initial: Membrane before the first step, ``[B, ...]``; zero if left out.
        tier: Who computes; ``auto`` takes native on a CPU, compiled on a GPU with Triton and eager elsewhere.
        record: Whether the membranes are wanted, the last one included; a pass over the memory is saved without.

    Raises:
        NeuronError: if the tier is unknown or cannot compute with such a current.
    """
    tier = choose_tier(current, tier)
    spikes, membranes, final = _LeakyScan.apply(current, decay, gain, initial, rule, tier, record)
    return Scanned(spikes, membranes, final)


def choose_tier(current: Tensor, tier: Tier) -> Tier:
    """The tier that will compute; if the choice is free, native on a CPU and compiled on a GPU that knows Triton."""
    native = current.device.type == "cpu" and current.dtype in TYPES
    if tier == "auto":
        return "native" if native else "compiled" if current.is_cuda and _has_triton() else "eager"
    if tier not in FORWARD:
        raise NeuronError(f"unknown tier {tier!r}; use auto, {', '.join(FORWARD)}")
    if tier == "native" and not native:
        raise NeuronError(f"the native tier takes {TYPES} on a CPU, got {current.dtype} on {current.device}; use auto")
    if tier == "compiled" and current.device.type == "cpu" and not _has_compiler():
        return "eager"
    return tier


@cache
def _has_triton() -> bool:
    return find_spec("triton") is not None


@cache
def _has_compiler() -> bool:
    """Whether ``torch.compile`` finds what it needs on a CPU."""
    return any(which(name) for name in (os.environ.get("CXX", "g++"), "clang++"))


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
        record: bool,
    ) -> tuple[Tensor, Tensor, Tensor]:
        ctx.set_materialize_grads(False)
        ctx.rule, ctx.tier = rule, tier
        ctx.decay, ctx.gain = float(decay), float(gain)
        again = tier == "native"  # which computes the membranes once more, from the current
        keep = record or (not again and any(ctx.needs_input_grad))
        scanned = FORWARD[tier](current, rule, ctx.decay, ctx.gain, initial, keep)
        ctx.save_for_backward(current if again else scanned.membranes, initial)
        return tuple(scanned)  # pyright: ignore[reportReturnType]

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor | None) -> tuple[Tensor | None, ...]:
        kept, initial = ctx.saved_tensors
        wants_current, wants_decay, wants_gain, wants_initial = ctx.needs_input_grad[:4]
        found = BACKWARD[ctx.tier](
            Arriving(*gradients), kept, ctx.rule, ctx.decay, ctx.gain, initial, wants_decay or wants_gain
        )
        return (
            found.current if wants_current else None,
            found.decay if wants_decay else None,
            found.gain if wants_gain else None,
            found.initial if wants_initial else None,
            None,
            None,
            None,
        )
