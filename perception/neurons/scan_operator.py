"""The scan as an operator of PyTorch, ``neurosym::leaky_scan``: one node to compilers, exporters and transforms.

To autograd, ``torch.compile``, ``torch.export`` and ``torch.func`` (:mod:`.scan_transforms`) the scan is what ``aten``
operators are: its outputs' shapes are known without running it, and its gradients are operators too. Its backward pass,
``neurosym::leaky_scan_backward``, is differentiated by replaying it in plain operations, for gradients of gradients.

``decay``, ``gain`` and ``threshold`` have no axes or those of a row ``[B, ...]``, each as long or 1.
"""

from typing import Any, cast

import torch
from torch import Tensor
from torch.func import vjp
from torch.library import custom_op

from .eager_scan import eager_backward, eager_forward
from .layer import NeuronError
from .scan_rule import Arriving, Gradients, Numbers, Reset, Tier
from .scan_tiers import ScanSettings, choose_tier, run_backward, run_forward, summed
from .storage_order import inverse, storage_order


@custom_op("neurosym::leaky_scan", mutates_args=())
def scan_operator(
    current: Tensor,
    decay: Tensor,
    gain: Tensor,
    threshold: Tensor,
    initial: Tensor | None,
    slopes: Tensor | None,
    surrogate: str,
    shape: list[float],
    reset: str,
    detach_reset: bool,
    tier: str,
    record: bool,
) -> tuple[Tensor, Tensor, Tensor]:
    """Spikes and membranes ``[T, B, ...]``, and the last membrane ``[1, B, ...]``; both ``[0, B, ...]`` if not wanted.

    Args:
        current: ``[T, B, ...]``.
        decay: What is left of a membrane after a step.
        gain: Factor of the current.
        threshold: Of firing.
        initial: Membrane before the first step, ``[B, ...]``.
        slopes: Derivatives of a surrogate that has no name, ``[T, B, ...]``; what the gradient takes.
        surrogate: Name of the surrogate, empty if slopes are given.
        shape: The numbers that fix it.
        reset: ``hard`` or ``soft``.
        detach_reset: Whether the gradient holds the reset's spike constant.
        tier: Who computes.
        record: Whether membranes are wanted.
    """
    settings = _settings(surrogate, shape, reset, detach_reset, tier)
    return run_forward(current, Numbers(decay, gain, threshold), initial, settings, record)


@custom_op("neurosym::leaky_scan_backward", mutates_args=())
def backward_operator(
    by_spikes: Tensor | None,
    by_membranes: Tensor | None,
    by_final: Tensor | None,
    kept: Tensor,
    decay: Tensor,
    gain: Tensor,
    threshold: Tensor,
    initial: Tensor | None,
    slopes: Tensor | None,
    surrogate: str,
    shape: list[float],
    reset: str,
    detach_reset: bool,
    tier: str,
    driven: bool,
    learned: bool,
) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
    """Gradients by current, first membrane (``[1, B, ...]``, or ``[0, B, ...]`` of none), decay, gain and threshold.

    Args:
        by_spikes: What the loss's gradient is by the spikes, ``[T, B, ...]``; so are the next two.
        by_membranes: By the membranes.
        by_final: By the last membrane, ``[1, B, ...]``.
        kept: The currents, if ``driven``, else the membranes.
        decay: As in the forward scan; so are all up to ``tier``.
        gain: Factor of the current.
        threshold: Of firing.
        initial: Membrane before the first step.
        slopes: Derivatives of a surrogate without a name.
        surrogate: Name of the surrogate.
        shape: The numbers that fix it.
        reset: ``hard`` or ``soft``.
        detach_reset: Whether the reset's spike is held constant.
        tier: Who computes.
        driven: Whether ``kept`` is the currents.
        learned: Whether the gradients by the three numbers are wanted; zero if not.
    """
    arriving, numbers = Arriving(by_spikes, by_membranes, by_final), Numbers(decay, gain, threshold)
    settings = _settings(surrogate, shape, reset, detach_reset, tier)
    found = run_backward(arriving, kept, numbers, initial, slopes, settings, driven, learned)
    return found.current, found.initial, *_by_numbers(found, (decay, gain, threshold), learned)


def _settings(surrogate: str, shape: list[float], reset: str, detach_reset: bool, tier: str) -> ScanSettings:
    return ScanSettings(surrogate, shape, cast(Reset, reset), detach_reset, cast(Tier, tier))


def _by_numbers(
    found: Gradients, numbers: tuple[Tensor, Tensor, Tensor], learned: bool
) -> tuple[Tensor, Tensor, Tensor]:
    decay, gain, threshold = numbers
    if not learned:
        return torch.zeros_like(decay), torch.zeros_like(gain), torch.zeros_like(threshold)
    return summed(found.decay, decay), summed(found.gain, gain), summed(found.threshold, threshold)


@scan_operator.register_fake
def _(current: Tensor, *rest: Any) -> tuple[Tensor, Tensor, Tensor]:
    *_, record = rest
    spikes = _laid_out(current)
    if record:
        return spikes, torch.empty_like(spikes), _laid_out(current[:1])
    nothing = current.new_empty((0, *current.shape[1:]))
    return spikes, nothing, torch.empty_like(nothing)


@backward_operator.register_fake
def _(
    by_spikes: Tensor | None,
    by_membranes: Tensor | None,
    by_final: Tensor | None,
    kept: Tensor,
    decay: Tensor,
    gain: Tensor,
    threshold: Tensor,
    initial: Tensor | None,
    *rest: Any,
) -> tuple[Tensor, ...]:
    by_initial = kept.new_empty((0, *kept.shape[1:])) if initial is None else _laid_out(kept[:1])
    return _laid_out(kept), by_initial, *(torch.empty_like(number) for number in (decay, gain, threshold))


def _laid_out(current: Tensor) -> Tensor:
    """An empty tensor as the tiers give them: the steps outermost, the rest in the current's order of memory."""
    order = storage_order(current)
    return torch.empty_like(current.permute(order).contiguous()).permute(inverse(order))


def save_forward(ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor, Tensor, Tensor]) -> None:
    """Keeps what the backward pass needs."""
    current, *numbers_and_rows = inputs[:6]
    ctx.set_materialize_grads(False)
    ctx.settings = inputs[6:11]
    tier = inputs[10]
    ctx.driven = not len(output[1]) or choose_tier(current, tier) == "native"  # which computes membranes once more
    ctx.save_for_backward(current if ctx.driven else output[1], *numbers_and_rows)


def backward(ctx: Any, *arriving: Tensor | None, run: Any = backward_operator) -> tuple[Tensor | None, ...]:
    """Gradients by what :func:`scan_operator` was given; ``run`` is :func:`backward_operator`, or stands for it."""
    wanted = ctx.needs_input_grad
    kept, *numbers_and_rows = ctx.saved_tensors
    learned = any(wanted[1:4])
    found = run(*arriving, kept, *numbers_and_rows, *ctx.settings, ctx.driven, learned)
    by_initial = found[1][0] if wanted[4] else None
    return (found[0] if wanted[0] else None, *(found[2 + n] if wanted[1 + n] else None for n in range(3)), by_initial,
            *[None] * 7)  # fmt: skip


scan_operator.register_autograd(backward, setup_context=save_forward)


def save_backward(ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor, ...]) -> None:
    """Keeps what the backward pass of the backward pass needs."""
    ctx.settings = inputs[9:]
    ctx.save_for_backward(*inputs[:9])


def backward_again(ctx: Any, *arriving: Tensor | None) -> tuple[Tensor | None, ...]:
    """The derivative of :func:`backward_operator`: that of the same steps in operations that autograd knows."""
    *tensors, slopes = ctx.saved_tensors
    settings, driven = ScanSettings(*ctx.settings[:5]), ctx.settings[5]
    if slopes is not None:
        raise NeuronError(
            "a gradient of a gradient needs the derivative of the surrogate, which is not known of a function; "
            "give the neurons a named surrogate, or tier='recorded'"
        )
    given = [place for place, tensor in enumerate(tensors) if tensor is not None]

    def again(*present: Tensor) -> tuple[Tensor, ...]:
        filled = dict(zip(given, present, strict=True))
        spikes, membranes, final, kept, decay, gain, threshold, initial = (cast(Any, filled.get(n)) for n in range(8))
        numbers = Numbers(decay, gain, threshold)
        rule = settings.rule(threshold)
        heights = eager_forward(kept, rule, numbers, initial, True).membranes if driven else kept
        arrived = Arriving(spikes, membranes, None if final is None else final[0])
        found = eager_backward(arrived, heights, rule, numbers, initial, None, True)
        by_initial = kept.new_empty((0, *kept.shape[1:])) if initial is None else found.initial[None]
        return found.current, by_initial, *_by_numbers(found, (decay, gain, threshold), True)

    made, pull_back = cast(Any, vjp(again, *(tensors[place] for place in given)))
    wanted = (torch.zeros_like(part) if by is None else by.to(part) for part, by in zip(made, arriving, strict=True))
    pulled = dict(zip(given, pull_back(tuple(wanted)), strict=True))
    return (*(pulled.get(n) for n in range(8)), *[None] * 8)


backward_operator.register_autograd(backward_again, setup_context=save_backward)
