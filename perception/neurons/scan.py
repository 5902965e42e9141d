"""One scan over all steps for every neuron with a leaky membrane, its backward pass written by hand.

    h[t] = decay * v[t-1] + gain * x[t]       computed in at least float32, rounded once to the type of x
    s[t] = 1 if h[t] >= threshold else 0
    v[t] = h[t] (1 - s[t])                    hard reset, to zero
    v[t] = h[t] - threshold * s[t]            soft reset

Only ``h`` is kept for the backward pass (the native tier keeps ``x`` in its place and computes ``h`` once more);
spikes are compared once more. With ``g = surrogate(h - threshold)``,

    dL/dh[t] = dL/ds[t] g[t] + dL/dv[t] r[t],    dL/dv[t-1] = decay * dL/dh[t],    dL/dx[t] = gain * dL/dh[t]

where ``r = dv/dh`` is ``1 - s`` (hard) or 1 (soft) if the reset is held constant, and ``1 - s - h g`` or
``1 - threshold g`` if not. A threshold may learn too: ``dL/dthreshold = -sum(dL/ds g)``, in which ``dL/ds`` goes
through the reset as well if that is not held constant, less ``sum(dL/dv s)`` for a soft reset.

Three tiers compute this and agree in every spike: eager (plain tensor operations, any
device), native (:mod:`.native_scan`, one pass over the memory on a CPU, without any compiler) and compiled
(:mod:`.compiled_scan`, one kernel on a GPU; on a CPU that has no C++ compiler, eager takes its place). PyTorch sees
them as one operator (:mod:`.scan_operator`). A fourth, recorded, lets autograd record the eager steps one by one: slow,
but with derivatives of every order and direction; it steps in where forward-mode derivatives are asked for.

References:
    Fang et al., "SpikingJelly: An open-source machine learning infrastructure platform for spike-based intelligence",
    Science Advances 2023 (multi-step neurons with a hand-written backward pass).
"""

from typing import Any

import torch
from torch import Tensor
from torch._C._functorch import TransformType
from torch._functorch.pyfunctorch import retrieve_all_functorch_interpreters
from torch.autograd import forward_ad
from torch.nn import Parameter
from torch.utils._python_dispatch import is_in_torch_dispatch_mode

from .eager_scan import eager_forward
from .scan_operator import backward_operator, scan_operator
from .scan_rule import Arriving, Number, Numbers, Scanned, ScanRule, Tier
from .scan_tiers import ScanSettings, check_tier, is_native, run_backward, run_forward, summed
from .scan_transforms import OperatorInTransforms
from .surrogates import SURROGATES


def leaky_scan(
    current: Tensor,
    rule: ScanRule,
    *,
    decay: Number,
    gain: Number = 1.0,
    initial: Tensor | None = None,
    tier: Tier = "auto",
    record: bool = True,
) -> Scanned:
    """Runs neurons of one kind through all steps.

    Args:
        current: ``x``, ``[T, B, ...]``.
        rule: Threshold, surrogate and reset.
        decay: What is left of a membrane after a step; a tensor of no axes if it is learned, or one with the axes of a
            row ``[B, ...]``, each as long or 1, such as ``[1, C, 1, 1]`` for one a channel. So are gain and threshold.
        gain: Factor of the current, not zero.
        initial: Membrane before the first step, ``[B, ...]``; zero if left out.
        tier: Who computes; ``auto`` takes native on a CPU, compiled on a GPU with Triton and eager elsewhere.
        record: Whether the membranes are wanted, the last one included; a pass over the memory is saved without.

    Raises:
        NeuronError: if the tier is unknown or cannot compute with such a current.
    """
    check_tier(tier)
    numbers = Numbers(decay, gain, rule.threshold)
    if initial is not None and initial.dtype != current.dtype:
        initial = initial.to(current.dtype)
    given = [tensor for tensor in (current, initial, *numbers) if isinstance(tensor, Tensor)]
    transforms = _transforms(given)
    if tier == "recorded" or TransformType.Jvp in transforms:
        return eager_forward(current, rule, numbers, initial, record)
    named = bool(rule.surrogate.shape) and rule.surrogate.name in SURROGATES
    name, shape = (rule.surrogate.name, rule.surrogate.shape) if named else ("", ())
    settings = ScanSettings(name, list(shape), rule.reset, rule.detach_reset, tier)
    learning = torch.is_grad_enabled() and any(tensor.requires_grad for tensor in given)
    slopes = None if named or not torch.is_grad_enabled() else _slopes(current, rule, numbers, initial, settings)
    keep = record or (learning and not _computes_again(current, tier))
    if not transforms and _is_plain(given):
        spikes, membranes, final = _Direct.apply(current, *numbers, initial, slopes, settings, keep)
    else:
        run: Any = OperatorInTransforms.apply if TransformType.Grad in transforms else scan_operator
        spikes, membranes, final = run(current, *map(_tensor, numbers), initial, slopes, *settings, keep)
    return Scanned(spikes, membranes, final[0] if keep else final)


class _Direct(torch.autograd.Function):
    """The operator without the way through PyTorch's dispatcher, which takes longer than a small layer's scan."""

    @staticmethod
    def forward(
        ctx: Any,
        current: Tensor,
        decay: Number,
        gain: Number,
        threshold: Number,
        initial: Tensor | None,
        slopes: Tensor | None,
        settings: ScanSettings,
        record: bool,
    ) -> tuple[Tensor, Tensor, Tensor]:
        numbers = Numbers(decay, gain, threshold)
        scanned = run_forward(current, numbers, initial, settings, record)
        ctx.set_materialize_grads(False)
        ctx.driven = not record or _computes_again(current, settings.tier)
        ctx.numbers = [None if isinstance(number, Tensor) else number for number in numbers]
        learned = (number if isinstance(number, Tensor) else None for number in numbers)
        ctx.save_for_backward(current if ctx.driven else scanned.membranes, initial, slopes, *learned)
        ctx.settings = settings
        return tuple(scanned)  # pyright: ignore[reportReturnType]

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor | None) -> tuple[Tensor | None, ...]:
        kept, initial, slopes, *learned = ctx.saved_tensors
        numbers = Numbers(
            *(plain if tensor is None else tensor for plain, tensor in zip(ctx.numbers, learned, strict=True))
        )
        wanted, driven = ctx.needs_input_grad, ctx.driven
        learns = any(wanted[1:4])
        if torch.is_grad_enabled():  # a gradient of this gradient may be asked for
            tensors = (kept, *map(_tensor, numbers), initial, slopes)
            by_current, by_initial, *by_numbers = backward_operator(*gradients, *tensors, *ctx.settings, driven, learns)
        else:
            arriving = Arriving(*gradients)
            found = run_backward(arriving, kept, numbers, initial, slopes, ctx.settings, driven, learns)
            by_current, by_initial = found.current, found.initial
            by_numbers = [
                summed(row, number) if want and isinstance(number, Tensor) else None
                for row, number, want in zip(found[2:], numbers, wanted[1:4], strict=True)
            ]
        chosen = (by if want else None for by, want in zip((by_current, *by_numbers), wanted[:4], strict=True))
        return (*chosen, by_initial[0] if wanted[4] else None, None, None, None)


def _slopes(
    current: Tensor, rule: ScanRule, numbers: Numbers, initial: Tensor | None, settings: ScanSettings
) -> Tensor:
    """The derivative of a surrogate that the operator does not know by name, ``[T, B, ...]``."""
    with torch.no_grad():
        _, membranes, _ = scan_operator(current, *map(_tensor, numbers), initial, None, *settings, True)
        wide = torch.promote_types(current.dtype, torch.float32)
        return rule.surrogate.derivative(membranes.to(wide) - rule.threshold)


def _computes_again(current: Tensor, tier: Tier) -> bool:
    """Whether the backward pass computes the membranes once more, so that none need be kept."""
    return tier in ("auto", "native") and is_native(current)


def _tensor(number: Number) -> Tensor:
    return number if isinstance(number, Tensor) else torch.tensor(number, dtype=torch.float64, device="cpu")


def _transforms(given: list[Tensor]) -> set[TransformType]:
    """Those of ``torch.func`` that are at work; forward-mode derivatives outside of it count too."""
    if torch.compiler.is_compiling():
        return set()
    found = {transform.key() for transform in retrieve_all_functorch_interpreters()}
    dual = any(forward_ad.unpack_dual(tensor).tangent is not None for tensor in given)
    return found | {TransformType.Jvp} if dual else found


def _is_plain(given: list[Tensor]) -> bool:
    """Whether nobody traces or stands between: these are tensors with numbers in them."""
    if torch.compiler.is_compiling() or is_in_torch_dispatch_mode():
        return False
    return all(type(tensor) in (Tensor, Parameter) for tensor in given)
