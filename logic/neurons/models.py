"""Izhikevich's and the adaptive exponential neuron, in batches, with a stated integration scheme each.

Both are pure: a step takes a state and a current and gives a new state and the spikes.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from ..errors import NetworkError

Reals = NDArray[np.float64]
Bits = NDArray[np.bool_]
Values = TypeVar("Values", Reals, Tensor)

LOWEST_MV = -120.0  # below the reversal potentials of all ions


class NeuronState(NamedTuple):
    """Membrane potential in mV and the slow variable (``u``, or ``w`` in pA), arrays of one shape."""

    membrane: Reals
    recovery: Reals


@dataclass(frozen=True)
class Izhikevich:
    """Izhikevich's simple model.

        v' = 0.04 v^2 + linear v + constant - u + I,    u' = a (b (v + shift) - decay u),    time in ms
        spike if v > 30:  v <- c,  u <- u + d

    Scheme: forward Euler for ``v``, then ``u`` with the new ``v``, as in the author's script; some of the twenty
    patterns exist only with this scheme and the step of the script. Below ``floor_mv`` an Euler step would jump over
    the rest, so that inhibition would make spikes; the membrane stays above it.

    Args:
        a: Rate of recovery, 1/ms.
        b: Sensitivity of recovery to the membrane.
        c: Membrane after a spike, mV.
        d: Rise of ``u`` at a spike.
        step_ms: Euler step.
        linear: 5, or 4.1 for the class 1 and integrator patterns.
        constant: 140, or 108 for those.
        shift: 0, or 65 for the accommodation pattern.
        decay: 1, or 0 for that.

    References:
        Izhikevich (2003), Simple model of spiking neurons; (2004), Which model to use for cortical spiking neurons?
    """

    a: float = 0.02
    b: float = 0.2
    c: float = -65.0
    d: float = 6.0
    step_ms: float = 0.25
    linear: float = 5.0
    constant: float = 140.0
    shift: float = 0.0
    decay: float = 1.0

    def rest(self, shape: tuple[int, ...]) -> NeuronState:
        """The stable rest at zero current, or the lowest point of the membrane's curve if there is none."""
        slope = self.linear - self.b
        root = np.sqrt(max(slope**2 - 0.16 * self.constant, 0.0))
        membrane = np.full(shape, (-slope - root) / 0.08)
        return NeuronState(membrane, self.b * membrane)

    def step(self, state: NeuronState, current: Reals | float) -> tuple[NeuronState, Bits]:
        """State after ``step_ms`` under ``current``, and who fired."""
        v, u = self.drift(*state, np.asarray(current), np.exp)
        fired = v > self.cut_mv
        return NeuronState(np.where(fired, self.c, v), np.where(fired, u + self.d, u)), fired

    def drift(self, v: Values, u: Values, current: Values, exp: Callable[[Values], Values]) -> tuple[Values, Values]:
        """Both variables after an Euler step, before any spike; arrays or tensors (``exp`` is not used)."""
        v = (v + self.step_ms * (0.04 * v**2 + self.linear * v + self.constant - u + current)).clip(min=self.floor_mv)
        return v, u + self.step_ms * self.a * (self.b * (v + self.shift) - self.decay * u)

    @property
    def cut_mv(self) -> float:
        """A membrane above this is a spike."""
        return 30.0

    @property
    def floor_mv(self) -> float:
        """The lowest membrane: where steps that start lower end higher, or where no ions would drive it."""
        return max(-(1 / self.step_ms + self.linear) / 0.08, LOWEST_MV)

    @property
    def reset_mv(self) -> float:
        """Membrane after a spike, ``c``."""
        return self.c

    @property
    def kick(self) -> float:
        """What a spike adds to the slow variable, ``d``."""
        return self.d


@dataclass(frozen=True)
class AdEx:
    """The adaptive exponential integrate-and-fire neuron.

        C v' = -g_L (v - E_L) + g_L D exp((v - V_T) / D) + I - w,    tau_w w' = a (v - E_L) - w
        spike if v > 0 mV at the end of a step:  v <- V_r,  w <- w + b

    Scheme: forward Euler, both variables from the old state; the exponent is capped at 10, where the next step
    fires in any case, so that nothing overflows, and the membrane stays above ``floor_mv``.

    Args:
        capacitance_pf: ``C``.
        leak_ns: ``g_L``.
        rest_mv: ``E_L``.
        threshold_mv: ``V_T``.
        sharpness_mv: ``D``.
        coupling_ns: ``a``.
        tau_adaptation_ms: ``tau_w``.
        adaptation_pa: ``b``.
        reset_mv: ``V_r``.
        step_ms: Euler step.

    References:
        Brette and Gerstner (2005), Adaptive exponential integrate-and-fire model; Naud et al. (2008), Firing patterns.
    """

    capacitance_pf: float = 200.0
    leak_ns: float = 10.0
    rest_mv: float = -70.0
    threshold_mv: float = -50.0
    sharpness_mv: float = 2.0
    coupling_ns: float = 2.0
    tau_adaptation_ms: float = 30.0
    adaptation_pa: float = 0.0
    reset_mv: float = -58.0
    step_ms: float = 0.1

    def rest(self, shape: tuple[int, ...]) -> NeuronState:
        """``v = E_L`` and ``w = 0``."""
        return NeuronState(np.full(shape, self.rest_mv), np.zeros(shape))

    def step(self, state: NeuronState, current: Reals | float) -> tuple[NeuronState, Bits]:
        """State after ``step_ms`` under ``current`` in pA, and who fired."""
        risen, adapted = self.drift(*state, np.asarray(current), np.exp)
        fired = risen > self.cut_mv
        after = NeuronState(
            np.where(fired, self.reset_mv, risen), np.where(fired, adapted + self.adaptation_pa, adapted)
        )
        return after, fired

    def drift(self, v: Values, w: Values, current: Values, exp: Callable[[Values], Values]) -> tuple[Values, Values]:
        """Both variables after an Euler step, before any spike; arrays or tensors with their exponential."""
        upswing = exp(((v - self.threshold_mv) / self.sharpness_mv).clip(max=10.0))
        leak = self.leak_ns * (self.sharpness_mv * upswing - (v - self.rest_mv))
        risen = (v + self.step_ms / self.capacitance_pf * (leak + current - w)).clip(min=self.floor_mv)
        adapted = w + self.step_ms / self.tau_adaptation_ms * (self.coupling_ns * (v - self.rest_mv) - w)
        return risen, adapted

    @property
    def cut_mv(self) -> float:
        """A membrane above this is a spike."""
        return 0.0

    @property
    def floor_mv(self) -> float:
        """The lowest membrane, where no ions would drive it."""
        return min(LOWEST_MV, self.rest_mv, self.reset_mv)

    @property
    def kick(self) -> float:
        """What a spike adds to the slow variable, ``b``."""
        return self.adaptation_pa


NeuronModel = Izhikevich | AdEx


def spike_times(model: NeuronModel, currents: ArrayLike, initial: NeuronState | None = None) -> list[Reals]:
    """When each neuron of a batch fires, in ms from the start of the first step to the start of the spike's step.

    Args:
        model: The neuron.
        currents: ``[T, B]``, one row a step.
        initial: State before the first step, arrays ``[B]``; rest if left out.

    Raises:
        NetworkError: if ``currents`` has no two axes.
    """
    drive = np.asarray(currents, dtype=np.float64)
    if drive.ndim != 2:
        raise NetworkError(f"currents need the axes [T, B], got shape {drive.shape}")
    state = initial or model.rest(drive.shape[1:])
    fired = np.zeros(drive.shape, dtype=bool)
    for t, current in enumerate(drive):
        state, fired[t] = model.step(state, current)
    return [np.asarray(np.flatnonzero(column) * model.step_ms, dtype=np.float64) for column in fired.T]
