"""Leaky neurons behind leaky synapses (current-based LIF)."""

from math import inf

from torch import Tensor

from .channel_numbers import LEAST, ChannelNumber, over_channels, within
from .layer import Firing, Neuron, NeuronError, NirForm, check_current, check_state
from .scan import leaky_scan
from .scan_rule import Reset, ScanRule, Tier
from .surrogates import SurrogateChoice, straight_through


class CubaLIF(Neuron):
    """CubaLIF: ``i[t] = alpha i[t-1] + x[t];  h[t] = beta v[t-1] + i[t]``, fires at ``h >= threshold``.

    The synapse is updated first, so an input counts in its own step.

    Args:
        alpha: What is left of a synaptic current after a step. A list or tensor is one a channel, a ``Parameter`` is
            learned and kept in its range; so are the next two.
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

    kept = learnable = ("alpha", "beta", "threshold")
    alpha: float | Tensor
    beta: float | Tensor

    def __init__(
        self,
        alpha: ChannelNumber = 0.5,
        beta: ChannelNumber = 0.5,
        *,
        threshold: ChannelNumber = 1.0,
        reset: Reset = "hard",
        detach_reset: bool = True,
        surrogate: SurrogateChoice = "arctan",
        tier: Tier = "auto",
    ) -> None:
        super().__init__(threshold, surrogate)
        self.set_number("alpha", alpha, 0, 1)
        self.set_number("beta", beta, 0, 1)
        if reset not in ("hard", "soft"):
            raise NeuronError(f"unknown reset {reset!r}; use 'hard' or 'soft'")
        self.reset: Reset = reset
        self.detach_reset = detach_reset
        self.tier: Tier = tier

    def nir_form(self) -> NirForm | None:
        """See :meth:`Neuron.nir_form`; NIR knows the hard reset alone."""
        alpha, beta, threshold = self._numbers()
        return NirForm(threshold, beta, alpha) if self.reset == "hard" else None

    def _numbers(self) -> tuple[float | Tensor, float | Tensor, float | Tensor]:
        """Alpha, beta and threshold, each in its range whatever has been learned."""
        return within(self.alpha, 0, 1), within(self.beta, 0, 1), within(self.threshold, LEAST, inf)

    def fire(self, current: Tensor, state: tuple[Tensor, ...] | None = None) -> Firing:
        """See :meth:`Neuron.fire`; the state is the synaptic current and the membrane after the reset."""
        check_current(current)
        check_state(state, 2, current)
        synaptic, membrane = state or (None, None)
        told = zip(self._numbers(), ("alpha", "beta", "the threshold"), strict=True)
        alpha, beta, threshold = (over_channels(number, current, name) for number, name in told)
        synapse = ScanRule(inf, straight_through())  # never fires, so its membrane is the filtered current
        soma = ScanRule(threshold, self.surrogate, self.reset, self.detach_reset)
        arriving = leaky_scan(current, synapse, decay=alpha, initial=synaptic, tier=self.tier)
        fired = leaky_scan(arriving.membranes, soma, decay=beta, initial=membrane, tier=self.tier)
        return Firing(fired.spikes, fired.membranes, (arriving.final, fired.final))
