"""Spiking units: layers of neurons, trains of currents to trains of values, without a state between calls."""

import math
from typing import Any

import torch
from torch import Tensor, nn


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
