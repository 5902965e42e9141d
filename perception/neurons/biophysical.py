"""Izhikevich's and the adaptive exponential neuron as trainable layers, with the scheme of :mod:`logic.neurons.models`.

Their spikes are those of the models there, step by step: forward Euler of a stated step, in the precision of the
current, float64 for the published spike trains and float32 at least: a membrane of -70 mV has steps of half a millivolt
in bfloat16, more than it rises in a step. The gradient goes through the Euler steps and, at a spike, through
the surrogate, which takes the membrane's distance from the threshold in units of ``width_mv``; the reset holds the
spike constant.
"""

import torch
from torch import Tensor

from logic.neurons.models import AdEx as AdExModel, Izhikevich as IzhikevichModel

from .layer import Firing, Neuron, NeuronError, check_current, check_state
from .surrogates import SurrogateChoice, spike


class _TwoVariables(Neuron):
    """A membrane in mV and a slow variable; the models differ only in their equations."""

    def __init__(self, model: IzhikevichModel | AdExModel, width_mv: float, surrogate: SurrogateChoice) -> None:
        super().__init__(1.0, surrogate)
        if not width_mv > 0:
            raise NeuronError(f"the surrogate's unit must be positive, got {width_mv} mV")
        self.threshold = model.cut_mv
        self.model, self.width_mv = model, width_mv

    def rest(self, frame: Tensor) -> tuple[Tensor, ...]:
        """See :meth:`Neuron.rest`; the model's own."""
        wide = torch.promote_types(frame.dtype, torch.float32)
        return tuple(torch.full_like(frame, float(value), dtype=wide) for value in self.model.rest(()))

    def fire(self, current: Tensor, state: tuple[Tensor, ...] | None = None) -> Firing:
        """See :meth:`Neuron.fire`; the state is the membrane in mV and the slow variable, at rest before the first."""
        check_current(current)
        check_state(state, 2, current)
        membrane, slow = state or self.rest(current[0])
        spikes: list[Tensor] = []
        membranes: list[Tensor] = []
        for driven in current.to(torch.promote_types(current.dtype, torch.float32)).unbind(0):
            membrane, slow = self.model.drift(membrane, slow, driven, torch.exp)
            membranes.append(membrane)
            spikes.append(spike((membrane - self.threshold) / self.width_mv, self.surrogate))
            fired = spikes[-1] > 0
            membrane = torch.where(fired, self.model.reset_mv, membrane)
            slow = torch.where(fired, slow + self.model.kick, slow)
        return Firing(torch.stack(spikes).to(current), torch.stack(membranes).to(current), (membrane, slow))


class Izhikevich(_TwoVariables):
    """Izhikevich's model; the current has no unit, a step lasts ``model.step_ms``.

    Args:
        model: Constants and Euler step; regular spiking of the 2004 paper if left out.
        width_mv: Unit of the surrogate's argument.
        surrogate: Stand-in derivative of a spike, its name, or a function.

    Example:
        >>> spikes = Izhikevich()(torch.full((1000, 1), 10.0))
        >>> 0 < int(spikes.sum()) < 100
        True

    References:
        See :class:`logic.neurons.models.Izhikevich`.
    """

    strong_current = 400.0  # without unit

    def __init__(
        self, model: IzhikevichModel | None = None, *, width_mv: float = 30.0, surrogate: SurrogateChoice = "arctan"
    ) -> None:
        super().__init__(model or IzhikevichModel(), width_mv, surrogate)


class AdEx(_TwoVariables):
    """The adaptive exponential neuron; the current is in pA, a step lasts ``model.step_ms``.

    Args:
        model: Constants and Euler step; tonic spiking of Naud et al. if left out.
        width_mv: Unit of the surrogate's argument.
        surrogate: Stand-in derivative of a spike, its name, or a function.

    References:
        See :class:`logic.neurons.models.AdEx`.
    """

    strong_current = 20_000.0  # pA

    def __init__(
        self, model: AdExModel | None = None, *, width_mv: float = 20.0, surrogate: SurrogateChoice = "arctan"
    ) -> None:
        super().__init__(model or AdExModel(), width_mv, surrogate)
