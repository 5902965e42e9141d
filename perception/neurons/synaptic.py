"""Leaky neurons behind leaky synapses (current-based LIF)."""

from math import inf

from torch import Tensor

from .layer import Firing, Neuron, NeuronError, NirForm, check_current, check_state
from .scan import leaky_scan
from .scan_rule import Reset, ScanRule, Tier
from .surrogates import SurrogateChoice, straight_through


class CubaLIF(Neuron):
    """CubaLIF: ``i[t] = alpha i[t-1] + x[t];  h[t] = beta v[t-1] + i[t]``, fires at ``h >= threshold``.

    The synapse is updated first, so an input counts in its own step.

    Args:
        alpha: What is left of a synaptic current after a step.
        beta: What is left of a membrane after a step.
        threshold: The neuron fires when its membrane is at or above it.
        reset: ``hard``, to zero, or ``soft``, by the threshold; the synaptic current is not reset.
        detach_reset: Whether the gradient holds the reset's spike constant.
        surrogate: Stand-in derivative of a spike, its name, or a function.
        tier: Who computes; see :mod:`.scan`.

    Example:
        >>> from torch import tensor
        >>> CubaLIF(alpha=0.5, beta=1.0)(tensor([0.6, 0.0, 0.0]).reshape(3, 1)).flatten().tolist()  # 0.6, 0.9, 1.05
        [0.0, 0.0, 1.0]

    References:
        Gerstner and Kistler, "Spiking Neuron Models", 2002, section 4.1; ``nir.CubaLIF``.
    """

    def __init__(
        self,
        alpha: float = 0.5,
        beta: float = 0.5,
        *,
        threshold: float = 1.0,
        reset: Reset = "hard",
        detach_reset: bool = True,
        surrogate: SurrogateChoice = "arctan",
        tier: Tier = "auto",
    ) -> None:
        super().__init__(threshold, surrogate)
        if not (0 <= alpha <= 1 and 0 <= beta <= 1):
            raise NeuronError(f"alpha and beta must lie between 0 and 1, got {alpha} and {beta}")
        self.alpha, self.beta = alpha, beta
        self.tier: Tier = tier
        self.synapse = ScanRule(inf, straight_through())  # never fires, so its membrane is the filtered current
        self.soma = ScanRule(threshold, self.surrogate, reset, detach_reset)

    def nir_form(self) -> NirForm | None:
        """See :meth:`Neuron.nir_form`; NIR knows the hard reset alone."""
        return NirForm(self.threshold, self.beta, self.alpha) if self.soma.reset == "hard" else None

    def fire(self, current: Tensor, state: tuple[Tensor, ...] | None = None) -> Firing:
        """See :meth:`Neuron.fire`; the state is the synaptic current and the membrane after the reset."""
        check_current(current)
        check_state(state, 2, current)
        synaptic, membrane = state or (None, None)
        arriving = leaky_scan(current, self.synapse, decay=self.alpha, initial=synaptic, tier=self.tier)
        fired = leaky_scan(arriving.membranes, self.soma, decay=self.beta, initial=membrane, tier=self.tier)
        return Firing(fired.spikes, fired.membranes, (arriving.final, fired.final))
