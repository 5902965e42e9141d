"""Parallel spiking neurons: the membranes of all steps as one product of a matrix with the currents, without reset."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from logic.randomness import Seed, to_generator

from .layer import Firing, Neuron, NeuronError, check_current
from .surrogates import SurrogateChoice, spike


class ParallelSpiking(Neuron):
    """PSN: ``H = W X,  S = [H >= B]`` with learned ``W [T, T]`` and ``B [T]``; every step may see every other.

    Args:
        steps: ``T``; a layer runs only with as many.
        threshold: First value of ``B``.
        surrogate: Stand-in derivative of a spike, its name, or a function.
        generator: Source of the first weights (Kaiming-uniform).

    Example:
        >>> ParallelSpiking(steps=4, generator=0)(torch.ones(4, 2, 8)).shape
        torch.Size([4, 2, 8])

    References:
        Fang et al., "Parallel Spiking Neurons with High Efficiency and Ability to Learn Long-term Dependencies",
        NeurIPS 2023.
    """

    causal = False
    streams = False
    sample: ClassVar[Mapping[str, Any]] = MappingProxyType({"steps": 4})

    def __init__(
        self,
        steps: int,
        *,
        threshold: float = 1.0,
        surrogate: SurrogateChoice = "arctan",
        generator: Seed | None = None,
    ) -> None:
        super().__init__(threshold, surrogate)
        if steps < 1:
            raise NeuronError(f"steps must be at least 1, got {steps}")
        self.steps = steps
        bound, source = steps**-0.5, None if generator is None else to_generator(generator)
        self.weight = nn.Parameter(torch.empty(steps, steps).uniform_(-bound, bound, generator=source))
        self.bias = nn.Parameter(torch.full((steps,), threshold))

    def seen(self) -> Tensor:
        """``W``, or what is left of it, ``[T, T]``."""
        return self.weight

    def fire(self, current: Tensor, state: tuple[Tensor, ...] | None = None) -> Firing:
        """See :meth:`Neuron.fire`; there is no state, since all steps are computed at once.

        Raises:
            NeuronError: if a state is given or the number of steps is not that of the layer.
        """
        check_current(current)
        if state:
            raise NeuronError("a parallel neuron keeps no state; use SlidingParallelSpiking to go on step by step")
        if len(current) != self.steps:
            raise NeuronError(f"these neurons were built for {self.steps} steps, got {len(current)}; build others")
        membranes = torch.einsum("st,t...->s...", self.seen(), current)
        spikes = spike(membranes - _over_time(self.bias, current), self.surrogate)
        return Firing(spikes, membranes, ())

    def extra_repr(self) -> str:
        """All options, for the printed form of a model."""
        return f"steps={self.steps}, {super().extra_repr()}"


class MaskedParallelSpiking(ParallelSpiking):
    """Masked PSN: a step sees only itself and the ``order - 1`` steps before.

    ``W`` is multiplied by ``blend M + (1 - blend)`` with the band ``M``; raise ``blend`` from 0 to 1 in training, only
    1, as it is at first, is causal.

    Args:
        steps: ``T``; a layer runs only with as many.
        order: Number of steps that a neuron sees.
        threshold: First value of ``B``.
        surrogate: Stand-in derivative of a spike, its name, or a function.
        generator: Source of the first weights (Kaiming-uniform).

    References:
        As for :class:`ParallelSpiking`.
    """

    causal = True
    sample: ClassVar[Mapping[str, Any]] = MappingProxyType({"steps": 4, "order": 2})

    def __init__(
        self,
        steps: int,
        order: int,
        *,
        threshold: float = 1.0,
        surrogate: SurrogateChoice = "arctan",
        generator: Seed | None = None,
    ) -> None:
        super().__init__(steps, threshold=threshold, surrogate=surrogate, generator=generator)
        if not 1 <= order <= steps:
            raise NeuronError(f"the order must lie between 1 and {steps} steps, got {order}")
        self.order, self.blend = order, 1.0
        distance = torch.arange(steps).unsqueeze(1) - torch.arange(steps)
        self.register_buffer("band", ((distance >= 0) & (distance < order)).float(), persistent=False)

    def seen(self) -> Tensor:
        """``W`` within the band, and ``1 - blend`` of it outside, ``[T, T]``."""
        return self.weight * (self.blend * self.get_buffer("band") + (1 - self.blend))

    def extra_repr(self) -> str:
        """All options, for the printed form of a model."""
        return f"order={self.order}, {super().extra_repr()}"


class SlidingParallelSpiking(Neuron):
    """Sliding PSN: ``h[t] = sum_i w[i] x[t-i]`` over the last ``order`` steps, one learned kernel for any T.

    The kernel starts as ``w[i] = 2^-i``, a leaky membrane with ``beta = 1/2`` cut off.

    Args:
        order: Number of steps that a neuron sees.
        threshold: First value of the learned threshold.
        surrogate: Stand-in derivative of a spike, its name, or a function.

    Example:
        >>> SlidingParallelSpiking(order=2)(torch.tensor([0.7, 0.7, 0.0]).reshape(3, 1)).flatten().tolist()
        [0.0, 1.0, 0.0]

    References:
        As for :class:`ParallelSpiking`.
    """

    def __init__(self, order: int = 2, *, threshold: float = 1.0, surrogate: SurrogateChoice = "arctan") -> None:
        super().__init__(threshold, surrogate)
        if order < 1:
            raise NeuronError(f"the order must be at least 1, got {order}")
        self.order = order
        self.weight = nn.Parameter(0.5 ** torch.arange(order, dtype=torch.float32))
        self.bias = nn.Parameter(torch.tensor(float(threshold)))

    def fire(self, current: Tensor, state: tuple[Tensor, ...] | None = None) -> Firing:
        """See :meth:`Neuron.fire`; the state is the currents of the last ``order - 1`` steps, the newest last."""
        check_current(current)
        past = self.order - 1
        if state is None:
            state = tuple(torch.zeros_like(current[0]) for _ in range(past))
        if [tuple(seen.shape) for seen in state] != [tuple(current.shape[1:])] * past:
            raise NeuronError(f"a state of {past} currents of shape {tuple(current.shape[1:])} is needed")
        seen = torch.cat([torch.stack(state), current]) if past else current
        membranes = self.weight[0] * current
        for back in range(1, self.order):
            membranes = membranes + self.weight[back] * seen[past - back : past - back + len(current)]
        return Firing(spike(membranes - self.bias, self.surrogate), membranes, seen[len(current) :].unbind(0))


def _over_time(values: Tensor, current: Tensor) -> Tensor:
    return values.reshape(-1, *[1] * (current.ndim - 1))
