"""Spiking units: layers of neurons, trains of currents to trains of values, without a state between calls."""

import math
from typing import Any

import torch
from torch import Tensor, nn

from .methods import Sending


class SpikingUnit(nn.Module):
    """A layer of neurons. Subclasses implement :meth:`fire`.

    Args:
        threshold: One number, or one per channel in a shape that broadcasts against one step.
        two_sided: Whether it stands for the identity, so that negative values are sent as freely as positive ones.
    """

    threshold: Tensor
    bias: Tensor | None

    def __init__(self, threshold: Tensor, *, two_sided: bool = False) -> None:
        super().__init__()
        self.register_buffer("threshold", threshold)
        self.register_buffer("bias", None)
        self.two_sided = two_sided

    def forward(self, currents: Tensor, shown: Tensor) -> Tensor:
        """Values that are sent for currents ``[T, B, ...]`` and the bias, if it was corrected.

        Args:
            currents: Of each step.
            shown: Weight of the correction at each step, ``[T]``.
        """
        if self.bias is not None:
            currents = currents + shown.to(currents).reshape(-1, *[1] * (currents.dim() - 1)) * self.bias
        return self.fire(currents)

    def fire(self, currents: Tensor) -> Tensor:
        """Values that are sent, ``[T, B, ...]``, for currents of that shape."""
        raise NotImplementedError

    @property
    def symbols(self) -> int:
        """Number of different values that a spike of one neuron can have, silence apart."""
        return 1

    @property
    def alphabet(self) -> str:
        """Those values in words."""
        return "binary"

    @property
    def bits(self) -> int:
        """Bits that tell which spike it is: at least one."""
        return max(1, math.ceil(math.log2(self.symbols)))

    @property
    def unit(self) -> Tensor:
        """The value of the smallest spike."""
        return self.threshold

    @property
    def additions(self) -> int:
        """Shifted additions that a spike costs at a synapse: one per bit of its size."""
        return 1

    def sizes(self, values: Tensor) -> Tensor:
        """How many unit spikes each value stands for."""
        return (values / self.unit).abs().round()

    def settings(self) -> dict[str, Any]:
        """What, beside its tensors, makes another of its kind."""
        return {"two_sided": self.two_sided}


class IntegrateAndFire(SpikingUnit):
    """The general integrate-and-fire neuron in units ``u = threshold / members``, reset by subtraction.

    ``v[0] = start u``; each step ``v += x``; ``k = clip(floor(v / u), 0, cap)``; with a sign, ``k = -1`` if
    ``v < -negative threshold`` and more was sent than taken back; ``v -= k u``; ``k u`` is sent.

    Args:
        threshold: See :class:`SpikingUnit`.
        members: Number of group members: values that a step can send up to the threshold.
        cap: How many units one step can send; as many as there are members unless given.
        start: Initial potential in units.
        negative: How far below zero, in thresholds, a negative spike is sent; ``None`` is never.
        total: How many units may be out at once (sum coding); ``None`` is no bound.
        two_sided: See :class:`SpikingUnit`.

    Example:
        >>> unit = IntegrateAndFire(torch.tensor(1.0), start=0.5)
        >>> unit.fire(torch.full((4, 1), 0.4)).flatten().tolist()
        [0.0, 1.0, 0.0, 1.0]

    References:
        Rueckauer et al. 2017; Bu et al., ICLR 2022 (start); Wang et al., IJCAI 2022 (sign); Li and Zeng, IJCAI 2022
        (burst); Lv et al., ICASSP 2024 (members); You et al., ICML 2024 (total).
    """

    def __init__(
        self,
        threshold: Tensor,
        *,
        members: int = 1,
        cap: int | None = None,
        start: float = 0.0,
        negative: float | None = None,
        total: int | None = None,
        two_sided: bool = False,
    ) -> None:
        super().__init__(threshold, two_sided=two_sided)
        self.members, self.cap = members, cap or members
        self.start, self.negative, self.total = start, negative, total

    def fire(self, currents: Tensor) -> Tensor:
        """See :meth:`SpikingUnit.fire`."""
        unit = self.unit
        cap = self.cap
        scaled = currents / unit
        membrane = torch.full_like(scaled[0], self.start)
        counts = torch.zeros_like(membrane) if self.negative is not None or self.total is not None else None
        low = -float(cap) if self.two_sided else 0.0
        for driven in scaled.unbind(0):
            membrane += driven
            sent = torch.floor(membrane)
            if counts is None or self.two_sided:
                sent.clamp_(low, cap)
            elif self.total is None:
                sent.clamp_(0, cap)
            else:
                sent = torch.minimum(sent.clamp_(0, cap), self.total - counts)
            if counts is not None and not self.two_sided:
                if self.negative is not None:
                    taken = (membrane < -self.negative * self.members) & (counts > 0)
                    sent -= taken.to(sent.dtype)
                counts += sent
            membrane -= sent
            driven.copy_(sent)
        return scaled.mul_(unit)

    @property
    def unit(self) -> Tensor:
        """See :class:`SpikingUnit`."""
        return self.threshold / self.members

    @property
    def symbols(self) -> int:
        """See :class:`SpikingUnit`."""
        cap = self.cap
        return 2 * cap if self.two_sided else cap + (self.negative is not None)

    @property
    def alphabet(self) -> str:
        """See :class:`SpikingUnit`."""
        cap = self.cap
        if cap == 1:
            return "binary" if self.symbols == 1 else "+-1"
        return f"-{cap}..{cap}" if self.two_sided else f"{-1 if self.symbols > cap else 0}..{cap}"

    @property
    def additions(self) -> int:
        """See :class:`SpikingUnit`."""
        return max(1, self.cap.bit_length())

    def settings(self) -> dict[str, Any]:
        """See :class:`SpikingUnit`."""
        return {
            "members": self.members, "cap": self.cap, "start": self.start, "negative": self.negative,
            "total": self.total, "two_sided": self.two_sided,
        }  # fmt: skip


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
