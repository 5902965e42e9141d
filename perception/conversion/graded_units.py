"""Units that send one of several thresholds: multi-threshold, differential and phase coded ones."""

from typing import Any

import torch
from torch import Tensor

from .codes import CODES, PHASES
from .units import SpikingUnit


class MultiThresholdUnit(SpikingUnit):
    """At most one spike a step, of value ``+-l_i = +-th 2^-i``: the largest ``l_i`` with ``|v| >= 3/4 l_i``.

    A negative spike is sent only while at least as much is out (a two-sided unit sends it freely). ``differential``:
    the train changes a running mean. With ``m_in`` and ``m_out`` what currents and spikes stand for so far,
    ``v += m_in + x - m_out`` at each step, and a spike at step t changes ``m_out`` by a t-th. One line of the
    differential kind is an integrate-and-fire neuron with start th/2 that fires at th and takes back at 0.

    Args:
        threshold: The largest value, ``l_0``.
        lines: Number of values of each sign.
        differential: Whether trains change a running mean.
        bounded: Whether what is out may not exceed the threshold; only the differential kind can.
        two_sided: See :class:`SpikingUnit`.

    Example:
        >>> unit = MultiThresholdUnit(torch.tensor(1.0), lines=3)
        >>> unit.fire(torch.tensor([0.6, 0.0, 0.0]).reshape(3, 1)).flatten().tolist()
        [0.5, 0.0, 0.0]

    References:
        Huang et al., ACM MM 2024 (multi-threshold), and ICML 2025 (differential coding).
    """

    def __init__(
        self,
        threshold: Tensor,
        *,
        lines: int = 4,
        differential: bool = False,
        bounded: bool = False,
        two_sided: bool = False,
    ) -> None:
        super().__init__(threshold, two_sided=two_sided)
        self.lines, self.differential, self.bounded = lines, differential, bounded

    def fire(self, currents: Tensor) -> Tensor:
        """See :meth:`SpikingUnit.fire`."""
        scaled = currents / self.threshold
        single = self.differential and self.lines == 1
        membrane = torch.full_like(scaled[0], 0.5 if single and not self.two_sided else 0.0)
        out = torch.zeros_like(membrane)  # all that was sent, in the domain of rates
        taken_in, stands = torch.zeros_like(membrane), torch.zeros_like(membrane)
        sent = torch.empty_like(scaled)
        for step, driven in enumerate(scaled.unbind(0), start=1):
            membrane = membrane + driven
            if self.differential:
                membrane += taken_in - stands
                out += stands
            spike = self._one_line(membrane, out) if single and not self.two_sided else self._largest(membrane, out)
            if self.bounded and self.differential:
                spike = torch.where((spike > 0) & (out + spike > step + 1e-6), 0, spike)
            membrane = membrane - spike
            out += spike
            if self.differential:
                taken_in += driven / step
                stands += spike / step
            sent[step - 1] = spike
        return sent * self.threshold

    def _one_line(self, membrane: Tensor, out: Tensor) -> Tensor:
        taken = ((membrane <= 0) & (out >= 1)).to(membrane.dtype)
        return (membrane >= 1).to(membrane.dtype) - taken

    def _largest(self, membrane: Tensor, out: Tensor) -> Tensor:
        """The largest level that is reached; from the smallest on, so that larger ones overwrite."""
        spike = torch.zeros_like(membrane)
        for line in reversed(range(self.lines)):
            level = 2.0**-line
            spike = torch.where(membrane >= 0.75 * level, level, spike)
            low = membrane <= -0.75 * level
            spike = torch.where(low if self.two_sided else low & (out >= level), -level, spike)
        return spike

    @property
    def unit(self) -> Tensor:
        """See :class:`SpikingUnit`."""
        return self.threshold * 2.0 ** (1 - self.lines)

    def sizes(self, values: Tensor) -> Tensor:
        """See :class:`SpikingUnit`; each value has a line of its own, so that a spike is one spike."""
        return (values != 0).to(values.dtype)

    @property
    def symbols(self) -> int:
        """See :class:`SpikingUnit`."""
        return 2 * self.lines

    @property
    def alphabet(self) -> str:
        """See :class:`SpikingUnit`."""
        state = ", real state" if self.differential else ""
        return ("+-1" if self.lines == 1 else f"{2 * self.lines} lines") + state

    def settings(self) -> dict[str, Any]:
        """See :class:`SpikingUnit`."""
        return {
            "lines": self.lines,
            "differential": self.differential,
            "bounded": self.bounded,
            "two_sided": self.two_sided,
        }


class PhaseUnit(SpikingUnit):
    """A spike at step t weighs ``2^-(1 + t mod 8)`` thresholds: a period of them are the binary digits of a value.

    Currents arrive weighted likewise, pictures and biases too. The unit takes in a period and sends, in the next one,
    the digits of what it came to; what is left over stays. (Sent at once, as was proposed, the first digits come
    before what they stand for, and the first period is wrong.)

    Args:
        threshold: The value of a period full of spikes, nearly.
        two_sided: See :class:`SpikingUnit`.

    Example:
        >>> weights = CODES["phase"].weights(8).reshape(8, 1).float()
        >>> (PhaseUnit(torch.tensor(1.0)).fire(0.75 * weights) > 0).flatten().tolist()
        [True, False, True, True, True, True, True, True]

    References:
        Kim et al., "Deep neural networks with weighted spikes", Neurocomputing 2018.
    """

    def fire(self, currents: Tensor) -> Tensor:
        """See :meth:`SpikingUnit.fire`; the first step of the result follows the first period of the currents."""
        steps = len(currents)
        weights = CODES["phase"].weights(steps).to(currents)
        scaled = currents / self.threshold
        membrane = torch.full_like(scaled[0], float(weights.min()) / 2)
        sent = torch.empty_like(scaled)
        for step, weight in enumerate(weights.tolist()):
            if step % PHASES == 0:
                membrane = membrane + scaled[step : step + PHASES].sum(0)
            spike = weight * (membrane >= weight)
            if self.two_sided:
                spike = spike - weight * (membrane <= -weight)
            membrane = membrane - spike
            sent[step] = spike
        return sent * self.threshold

    @property
    def symbols(self) -> int:
        """See :class:`SpikingUnit`."""
        return 2 if self.two_sided else 1

    def sizes(self, values: Tensor) -> Tensor:
        """See :class:`SpikingUnit`; the time says what a spike weighs."""
        return (values != 0).to(values.dtype)

    @property
    def alphabet(self) -> str:
        """See :class:`SpikingUnit`."""
        return "binary, weighted by phase"
