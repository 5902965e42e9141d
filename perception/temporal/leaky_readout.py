"""A readout that never fires: a leaky membrane for each value."""

from math import inf

import torch
from torch import Tensor, nn

from ..neurons import NeuronError, ScanRule, Tier, leaky_scan
from ..neurons.layer import check_current, check_state
from ..neurons.surrogates import straight_through
from .memory_layer import MemoryLayer


class LeakyReadout(MemoryLayer):
    """Leaky integrator: ``y[t] = beta y[t-1] + gain x[t]``, with ``y[-1] = 0``; no spikes, no reset.

    Args:
        beta: What is left after a step, ``0 <= beta <= 1``; 1 adds up all steps.
        scale_input: Whether the gain is ``1 - beta``, so that a constant signal is its limit, instead of 1.
        learn: Whether ``beta``, one number, is learned, as ``1 - sigmoid(leak)``.
        tier: Who computes; see :mod:`perception.neurons.scan`.

    Example:
        >>> LeakyReadout(beta=0.5)(torch.tensor([1.0, 1.0, 0.0]).reshape(3, 1)).flatten().tolist()
        [0.5, 0.75, 0.375]

    References:
        Bellec et al., "Long Short-Term Memory and Learning-to-Learn in Networks of Spiking Neurons", NeurIPS 2018
        (readout neurons); ``nir.LI``.
    """

    def __init__(
        self, beta: float = 0.9, *, scale_input: bool = True, learn: bool = False, tier: Tier = "auto"
    ) -> None:
        super().__init__()
        if not 0 <= beta <= 1 or (beta == 1 and scale_input) or (learn and beta in (0, 1)):
            raise NeuronError(
                f"beta must lie between 0 and 1 (below 1 if the input is scaled, inside if it is learned), got {beta}"
            )
        self.beta, self.scale_input = beta, scale_input
        self.tier: Tier = tier
        self.leak = nn.Parameter(torch.logit(torch.tensor(1 - beta))) if learn else None
        self._rule = ScanRule(inf, straight_through())  # never fires, so its membrane is the filtered signal

    def decay(self) -> float | Tensor:
        """What is left after a step."""
        return self.beta if self.leak is None else torch.sigmoid(-self.leak)

    def advance(self, signal: Tensor, state: tuple[Tensor, ...] | None = None) -> tuple[Tensor, tuple[Tensor, ...]]:
        """See :meth:`MemoryLayer.advance`; the state is the last values."""
        check_current(signal)
        check_state(state, 1, signal)
        decay = self.decay()
        gain = 1 - decay if self.scale_input else 1.0
        run = leaky_scan(
            signal, self._rule, decay=decay, gain=gain, initial=None if state is None else state[0], tier=self.tier
        )
        return run.membranes, (run.final,)

    def extra_repr(self) -> str:
        """All options, for the printed form of a model."""
        return f"beta={float(torch.as_tensor(self.decay()).detach()):.4g}, scale_input={self.scale_input}"
