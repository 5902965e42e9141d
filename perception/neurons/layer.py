"""What every layer of neurons is: currents of all steps in, spikes of all steps out, and no state to forget."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from math import inf
from types import MappingProxyType
from typing import Any, ClassVar, Literal, NamedTuple

import torch
from torch import Tensor, nn

from .channel_numbers import (
    ChannelNumber,
    NeuronError as NeuronError,
    check_number,
    numbers_of,
    over_channels,
    set_number,
    take_numbers,
    told,
)
from .surrogates import SurrogateChoice, to_surrogate


class Firing(NamedTuple):
    """All that a layer of neurons does under a current.

    Args:
        spikes: What is sent, ``[T, B, ...]``; zeros and ones, or whole levels for graded neurons.
        membrane: Membrane at the moment of comparison, before any reset, ``[T, B, ...]``.
        state: What the neurons remember after the last step, one ``[B, ...]`` a variable; give it to the next call of
            ``fire`` to go on where this one ended. Cut it off with ``detach`` to cut the gradient in time.
    """

    spikes: Tensor
    membrane: Tensor
    state: tuple[Tensor, ...]


@dataclass(frozen=True)
class NirForm:
    """Leaky neurons behind synapses that may leak too, as a LIF or CubaLIF node of NIR says them.

    ``i[t] = alpha i[t-1] + x[t];  h[t] = beta v[t-1] + g i[t]``; they fire at ``h >= threshold``, then ``v = 0``;
    before the first step ``i = v = 0``.

    Args:
        threshold: Membrane at which they fire.
        beta: What is left of the membrane after a step; numbers are tensors where they are learned (without axes) or
            there is one a channel ``[C]``.
        alpha: What is left of a synaptic current after a step; none for synapses without memory.
        scaled: Whether the gain ``g`` is ``1 - beta`` instead of 1.
    """

    threshold: float | Tensor
    beta: float | Tensor
    alpha: float | Tensor | None = None
    scaled: bool = False


@dataclass(frozen=True)
class IntegerForm:
    """Neurons in whole numbers: ``u = floor(v / 2^leak) + gain x``, which fire at ``u >= threshold``.

    Rounding down loses nothing: for whole currents ``floor(h) = u`` where ``h`` is the membrane in real numbers, and
    ``h`` is at a whole threshold if and only if its floor is.

    Args:
        threshold: Membrane at which they fire, on the scale of ``gain x``.
        leak: Halvings of the membrane from step to step; 0 for none.
        gain: Of the current.
        reset: ``hard``, to zero, or ``soft``, by the threshold.
        retain: Whether there is a membrane at all, or each step stands for itself.
    """

    threshold: float
    leak: int = 0
    gain: float = 1.0
    reset: Literal["hard", "soft"] = "hard"
    retain: bool = True


class Neuron(nn.Module, ABC):
    """A layer of neurons; every call starts at rest unless a state is given, and none is kept between calls.

    What is true of a kind of neuron stands in its class, where all others look it up: ``graded``, whether it sends more
    than a bit a step; ``causal``, whether no spike depends on a later current; ``streams``, whether the state lets a
    run go on where another ended; ``sample``, the options of a small layer, where some have no default (``steps`` among
    them: the layer runs with so many only); ``strong_current``, under which neurons at rest fire within a few steps;
    ``kept``, the numbers that its state holds even where they are no tensors, since remedies change them; and
    ``learnable``, those that may be one a channel and learn.

    Args:
        threshold: The neuron fires when its membrane is at or above it.
        surrogate: Stand-in derivative of a spike, its name, or a function.
    """

    graded: ClassVar[bool] = False
    causal: ClassVar[bool] = True
    streams: ClassVar[bool] = True
    sample: ClassVar[Mapping[str, Any]] = MappingProxyType({})
    strong_current: ClassVar[float] = 1.5
    kept: ClassVar[tuple[str, ...]] = ("threshold",)
    learnable: ClassVar[tuple[str, ...]] = ()
    threshold: float | Tensor

    def __init__(self, threshold: ChannelNumber = 1.0, surrogate: SurrogateChoice = "arctan") -> None:
        super().__init__()
        self.set_number("threshold", threshold, 0, inf, positive=True)
        self.surrogate = to_surrogate(surrogate)

    @abstractmethod
    def fire(self, current: Tensor, state: tuple[Tensor, ...] | None = None) -> Firing:
        """Spikes, membranes and the state after the last step.

        Args:
            current: Input, ``[T, B, ...]``, floating point.
            state: As in an earlier :class:`Firing`; rest if left out.

        Raises:
            NeuronError: if the current or the state does not fit.
        """

    def rest(self, frame: Tensor) -> tuple[Tensor, ...]:
        """The state before the first step, for samples of the shape of ``frame``, ``[B, ...]``."""
        return tuple(torch.zeros_like(variable) for variable in self.fire(torch.zeros_like(frame)[None]).state)

    def set_number(self, name: str, value: ChannelNumber, low: float, high: float, *, positive: bool = False) -> None:
        """Takes one of the layer's numbers, if it lies in its range and its kind is one that this layer can have.

        Raises:
            NeuronError: if not.
        """
        if not isinstance(value, int | float) and name not in self.learnable:
            raise NeuronError(f"the {name} of a {type(self).__name__} is one number, got a {type(value).__name__}")
        check_number(f"the {name}" if positive else name, value, low, high, positive=positive)
        set_number(self, name, value)

    def threshold_over(self, current: Tensor) -> float | Tensor:
        """The threshold as it spreads over rows of currents or membranes ``[T, B, C, ...]``."""
        return over_channels(self.threshold, current, "the threshold")

    def _save_to_state_dict(self, destination: dict[str, Any], prefix: str, keep_vars: bool) -> None:
        super()._save_to_state_dict(destination, prefix, keep_vars)
        destination.update({f"{prefix}{name}": value for name, value in numbers_of(self).items()})

    def _load_from_state_dict(self, state_dict: Any, prefix: str, *args: Any, **named: Any) -> None:
        take_numbers(self, state_dict, prefix)
        super()._load_from_state_dict(state_dict, prefix, *args, **named)

    def nir_form(self) -> NirForm | None:
        """These neurons as NIR says them, or none if it has no node for them."""
        return None

    def integer_form(self) -> IntegerForm | None:
        """These neurons in whole numbers, or none if they have no such form."""
        return None

    def forward(self, current: Tensor) -> Tensor:
        """Spikes ``[T, B, ...]`` of neurons that start at rest, under a current ``[T, B, ...]``."""
        return self.fire(current).spikes

    def extra_repr(self) -> str:
        """The threshold and the surrogate, for the printed form of a model."""
        return f"threshold={told(self.threshold)}, surrogate={self.surrogate.name}"


def check_current(current: Tensor) -> None:
    """Refuses what is not a floating-point current with a time axis of at least one step and a batch axis."""
    if current.ndim < 2 or not len(current):
        raise NeuronError(f"a current needs the axes [T, B, ...] with T >= 1, got shape {tuple(current.shape)}")
    if not current.is_floating_point():
        raise NeuronError(f"a current must be floating point, got {current.dtype}; convert it with .float()")


def check_state(state: tuple[Tensor, ...] | None, variables: int, current: Tensor) -> None:
    """Refuses a state that is not ``variables`` tensors ``[B, ...]``."""
    if state is None:
        return
    shapes = [tuple(variable.shape) for variable in state]
    if shapes != [tuple(current.shape[1:])] * variables:
        raise NeuronError(
            f"a state of {variables} tensors of shape {tuple(current.shape[1:])} is needed, got {shapes}; "
            "give the state of an earlier call with the same batch"
        )
