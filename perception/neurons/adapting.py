"""Leaky neurons that do not forget their spikes at once: an adaptive threshold, and an absolute refractory time."""

import torch
from torch import Tensor

from .layer import Firing, Neuron, NeuronError, check_current, check_state
from .scan_rule import Reset
from .surrogates import SurrogateChoice, spike


class AdaptiveLIF(Neuron):
    """ALIF: LIF whose threshold rises with each of its own spikes and falls back slowly.

    ``a[t] = rho a[t-1] + (1 - rho) s[t-1];  B[t] = threshold + strength a[t];  h[t] = beta v[t-1] + gain x[t]``; fires
    at ``h >= B``; then ``v = h - B`` (soft) or 0 (hard). The gradient flows through the threshold's past: that is how
    such neurons learn what was long ago; the reset's spike is held constant.

    Args:
        beta: What is left of the membrane after a step.
        rho: What is left of the adaptation after a step.
        strength: By how much the threshold rises for a neuron that fires always.
        threshold: Of a neuron that has not fired.
        reset: ``soft``, as published, by the present threshold, or ``hard``, to zero.
        scale_input: Whether the gain is ``1 - beta`` instead of 1.
        surrogate: Stand-in derivative of a spike by ``h - B``, its name, or a function.

    Example:
        >>> layer = AdaptiveLIF(beta=0.0, rho=0.5, strength=2.0)
        >>> layer(torch.tensor([1.2, 1.2, 1.2, 1.2, 1.2]).reshape(5, 1)).flatten().tolist()  # B: 1, 2, 1.5, 1.25, 1.125
        [1.0, 0.0, 0.0, 0.0, 1.0]

    References:
        Bellec et al., "Long Short-Term Memory and Learning-to-Learn in Networks of Spiking Neurons", NeurIPS 2018,
        equations 1 to 3 (LSNN).
    """

    def __init__(
        self,
        beta: float = 0.5,
        rho: float = 0.95,
        strength: float = 1.8,
        *,
        threshold: float = 1.0,
        reset: Reset = "soft",
        scale_input: bool = False,
        surrogate: SurrogateChoice = "arctan",
    ) -> None:
        super().__init__(threshold, surrogate)
        if not (0 <= beta <= 1 and 0 <= rho < 1) or (scale_input and beta == 1):
            raise NeuronError(
                f"beta must lie in [0, 1] (below 1 if the input is scaled), rho in [0, 1); got {beta}, {rho}"
            )
        if strength < 0 or reset not in ("hard", "soft"):
            raise NeuronError(f"strength must be 0 or more and reset 'hard' or 'soft', got {strength} and {reset!r}")
        self.beta, self.rho, self.strength, self.scale_input = beta, rho, strength, scale_input
        self.reset: Reset = reset

    def fire(self, current: Tensor, state: tuple[Tensor, ...] | None = None) -> Firing:
        """See :meth:`Neuron.fire`; the state is the membrane after the reset and the adaptation of the next step."""
        check_current(current)
        check_state(state, 2, current)
        rest, adaptation = state or (torch.zeros_like(current[0]),) * 2
        gain = 1 - self.beta if self.scale_input else 1.0
        spikes: list[Tensor] = []
        membranes: list[Tensor] = []
        for driven in (gain * current).unbind(0):
            membrane = self.beta * rest + driven
            height = self.threshold + self.strength * adaptation
            sent = spike(membrane - height, self.surrogate)
            fired = sent.detach() > 0
            rest = torch.where(fired, membrane - height if self.reset == "soft" else 0.0, membrane)
            adaptation = self.rho * adaptation + (1 - self.rho) * sent
            spikes.append(sent)
            membranes.append(membrane)
        return Firing(torch.stack(spikes), torch.stack(membranes), (rest, adaptation))

    def extra_repr(self) -> str:
        """All options, for the printed form of a model."""
        return f"beta={self.beta:.4g}, rho={self.rho:.4g}, strength={self.strength:.4g}, {super().extra_repr()}"


class RefractoryLIF(Neuron):
    """LIF that is silent for some steps after each spike; in these its membrane stays as the reset left it.

    ``h[t] = beta v[t-1] + gain x[t]``, fires at ``h >= threshold``; the currents of the ``refractory`` steps after a
    spike are lost, so that two spikes lie ``refractory + 1`` steps apart or more.

    Args:
        beta: What is left of the membrane after a step.
        refractory: Silent steps after a spike.
        threshold: The neuron fires when its membrane is at or above it.
        reset: ``hard``, to zero, or ``soft``, by the threshold.
        scale_input: Whether the gain is ``1 - beta`` instead of 1.
        surrogate: Stand-in derivative of a spike, its name, or a function.

    Example:
        >>> RefractoryLIF(beta=1.0, refractory=2)(torch.ones(7, 1)).flatten().tolist()
        [1.0, 0.0, 0.0, 1.0, 0.0, 0.0, 1.0]

    References:
        Gerstner et al., "Neuronal Dynamics", 2014, section 1.3.1 (absolute refractory time).
    """

    def __init__(
        self,
        beta: float = 0.5,
        refractory: int = 2,
        *,
        threshold: float = 1.0,
        reset: Reset = "hard",
        scale_input: bool = False,
        surrogate: SurrogateChoice = "arctan",
    ) -> None:
        super().__init__(threshold, surrogate)
        if not 0 <= beta <= 1 or (scale_input and beta == 1):
            raise NeuronError(f"beta must lie between 0 and 1 (below 1 if the input is scaled), got {beta}")
        if refractory < 0 or reset not in ("hard", "soft"):
            raise NeuronError(
                f"refractory is a number of steps, reset 'hard' or 'soft'; got {refractory} and {reset!r}"
            )
        self.beta, self.refractory, self.scale_input = beta, refractory, scale_input
        self.reset: Reset = reset

    def fire(self, current: Tensor, state: tuple[Tensor, ...] | None = None) -> Firing:
        """See :meth:`Neuron.fire`; the state is the membrane after the reset and the silent steps that are left."""
        check_current(current)
        check_state(state, 2, current)
        rest, silent = state or (torch.zeros_like(current[0]),) * 2
        gain = 1 - self.beta if self.scale_input else 1.0
        spikes: list[Tensor] = []
        membranes: list[Tensor] = []
        for driven in (gain * current).unbind(0):
            awake = silent <= 0
            membrane = torch.where(awake, self.beta * rest + driven, rest)
            sent = spike(membrane - self.threshold, self.surrogate) * awake
            fired = sent.detach() > 0
            rest = torch.where(fired, membrane - self.threshold if self.reset == "soft" else 0.0, membrane)
            silent = torch.where(fired, float(self.refractory), (silent - 1).clamp(min=0))
            spikes.append(sent)
            membranes.append(membrane)
        return Firing(torch.stack(spikes), torch.stack(membranes), (rest, silent))

    def extra_repr(self) -> str:
        """All options, for the printed form of a model."""
        return f"beta={self.beta:.4g}, refractory={self.refractory}, {super().extra_repr()}, reset={self.reset}"
