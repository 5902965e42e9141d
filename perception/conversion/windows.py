"""Two-phase units: they take in a whole window of T steps, then send what it came to, in T steps."""

from typing import Any

import torch
from torch import Tensor

from .methods import Sending
from .units import SpikingUnit


class WindowUnit(SpikingUnit):
    """``V`` is the sum of a window's currents in thresholds; up to T spikes of one threshold follow.

    * ``random``: at each step with probability ``V_left / steps_left``, kept in 0 to 1 (TPP). Its mean is off by up to
      0.07 thresholds at T = 2, since what an overshoot owes is never paid back.
    * ``unbiased``: ``floor(V)`` spikes, one more with probability ``V - floor(V)``, at random steps.
    * ``even``: ``floor(V + 1/2)`` spikes, spread evenly: QCFS with T levels.
    * ``timed``: the same number ``n`` as the one spike at step ``T - n + 1``; a spike at step t counts ``T - t + 1``.

    The draws belong to the neuron and the step, not to the picture: an answer does not depend on the batch around it.

    Args:
        threshold: See :class:`SpikingUnit`.
        sending: How.
        seed: Of the draws.
        two_sided: See :class:`SpikingUnit`.

    Example:
        >>> WindowUnit(torch.tensor(1.0), sending="even").fire(torch.full((4, 1), 0.4)).flatten().tolist()
        [0.0, 1.0, 0.0, 1.0]

    References:
        Bojkovic et al., ICML 2025 (TPP); Ramesh and Srinivasan 2025 (PASCAL: even); Rueckauer and Liu, ISCAS
        2018 (timed).
    """

    def __init__(self, threshold: Tensor, *, sending: Sending = "even", seed: int = 0, two_sided: bool = False) -> None:
        super().__init__(threshold, two_sided=two_sided)
        self.sending: Sending = sending
        self.seed = seed

    def fire(self, currents: Tensor) -> Tensor:
        """See :meth:`SpikingUnit.fire`; the first step of the result follows the last step of the currents."""
        steps = len(currents)
        summed = currents.sum(0) / self.threshold
        sign = torch.sign(summed) if self.two_sided else torch.ones_like(summed)
        summed = summed * sign
        if self.sending == "random":
            sent = self._random(summed, steps)
        elif self.sending == "unbiased":
            sent = self._unbiased(summed, steps)
        else:
            number = torch.floor(summed + 0.5).clamp(0, steps)
            sent = spread_evenly(number, steps) if self.sending == "even" else _timed(number, steps)
        return sent * sign * self.threshold

    def _draws(self, like: Tensor, number: int) -> Tensor:
        """Numbers from 0 to 1 for each neuron, ``[number, 1, ...]``: the same for all pictures."""
        generator = torch.Generator().manual_seed(self.seed)
        return torch.rand(number, 1, *like.shape[1:], generator=generator, dtype=torch.float64).to(like)

    def _random(self, summed: Tensor, steps: int) -> Tensor:
        left, sent = summed.clone(), list[Tensor]()
        for step, draw in enumerate(self._draws(summed, steps)):
            sent.append((draw < left / (steps - step)).to(summed.dtype))
            left -= sent[-1]
        return torch.stack(sent)

    def _unbiased(self, summed: Tensor, steps: int) -> Tensor:
        draws = self._draws(summed, steps + 1)
        whole = torch.floor(summed)
        left = (whole + (draws[-1] < summed - whole)).clamp(0, steps)
        sent = list[Tensor]()
        for step, draw in enumerate(draws[:-1]):
            sent.append((draw < left / (steps - step)).to(summed.dtype))
            left -= sent[-1]
        return torch.stack(sent)

    @property
    def symbols(self) -> int:
        """See :class:`SpikingUnit`."""
        return 2 if self.two_sided else 1

    @property
    def alphabet(self) -> str:
        """See :class:`SpikingUnit`."""
        name = "one timed spike" if self.sending == "timed" else "binary in windows"
        return f"{name}, +-" if self.two_sided else name

    def sizes(self, values: Tensor) -> Tensor:
        """See :class:`SpikingUnit`; a timed spike is one, whatever its time says."""
        return (values != 0).to(values.dtype) if self.sending == "timed" else super().sizes(values)

    def settings(self) -> dict[str, Any]:
        """See :class:`SpikingUnit`."""
        return {"sending": self.sending, "seed": self.seed, "two_sided": self.two_sided}


def spread_evenly(number: Tensor, steps: int) -> Tensor:
    """``number`` spikes over so many steps, as evenly as can be, ``[T, ...]``."""
    step = torch.arange(1, steps + 1, device=number.device).reshape(-1, *[1] * number.dim())
    counted = torch.floor(step * number / steps)
    return torch.diff(counted, dim=0, prepend=torch.zeros_like(counted[:1]))


def _timed(number: Tensor, steps: int) -> Tensor:
    """One spike at step ``T - n + 1`` of value ``n``: what its time says."""
    step = torch.arange(1, steps + 1, device=number.device).reshape(-1, *[1] * number.dim())
    return torch.where((step == steps - number + 1) & (number > 0), number, 0)
