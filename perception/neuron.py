"""The integrate-and-fire neuron over all steps at once, differentiable through a surrogate gradient."""

from typing import Any

import torch
from torch import Tensor

from .surrogate import Surrogate, arctan


class _IntegrateAndFire(torch.autograd.Function):
    """The scan over time with its backward pass written by hand: half the memory and time of recorded steps."""

    @staticmethod
    def forward(ctx: Any, current: Tensor, threshold: float, surrogate: Surrogate) -> Tensor:
        membranes = torch.empty_like(current)
        spikes = torch.empty_like(current)
        for step in range(current.shape[0]):
            membrane = membranes[step]
            if step == 0:
                membrane.copy_(current[0])
            else:  # the membrane that did not fire is kept, the one that did starts from zero
                torch.addcmul(
                    current[step] + membranes[step - 1], membranes[step - 1], spikes[step - 1], value=-1, out=membrane
                )
            torch.ge(membrane, threshold, out=spikes[step])
        ctx.save_for_backward(membranes, spikes)
        ctx.threshold, ctx.surrogate = threshold, surrogate
        return spikes

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None]:
        membranes, spikes = ctx.saved_tensors
        gradient = gradients[0] * ctx.surrogate.derivative(membranes - ctx.threshold)
        for step in range(membranes.shape[0] - 2, -1, -1):
            later = gradient[step + 1]
            gradient[step].add_(later).addcmul_(later, spikes[step], value=-1)
        return gradient, None, None


def integrate_and_fire(current: Tensor, *, threshold: float = 1.0, surrogate: Surrogate | None = None) -> Tensor:
    """Spikes of neurons that sum their input current without leak and start again from zero when they fire.

    ``u[t] = v[t-1] + x[t];  s[t] = 1 if u[t] >= threshold else 0;  v[t] = 0 if s[t] else u[t]``, with ``v[-1] = 0``.
    The gradient takes ``surrogate`` for the derivative of ``s`` by ``u`` and holds the reset's ``s`` constant.

    Args:
        current: Input ``x``, ``[T, B, ...]``.
        threshold: The neuron fires when its membrane is at or above it.
        surrogate: Stand-in derivative; arctan if none is given.

    Returns:
        Zeros and ones, ``[T, B, ...]``.
    """
    spikes = _IntegrateAndFire.apply(current, threshold, surrogate or arctan())
    return torch.as_tensor(spikes)
