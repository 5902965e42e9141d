"""Leaky neurons that send more than a bit a step: whole levels, or signed powers of two of a threshold.

A graded spike is not an addition at a synapse but a multiplication by a small integer; an accelerator unfolds it into
binary spikes. :mod:`perception.networks.activity` weighs it by its value.
"""

from functools import partial

import torch
from torch import Tensor

from .layer import Firing, Neuron, NeuronError, check_current, check_state
from .surrogates import stand_in


def _levels(x: Tensor, levels: int) -> Tensor:
    """``floor(x + 1/2)`` kept in ``0..levels``."""
    return torch.floor(x + 0.5).clamp(0, levels)


def _within(x: Tensor, low: float, high: float) -> Tensor:
    """1 where ``x`` lies in a range, else 0: the gradient passes straight through there."""
    return ((x >= low) & (x <= high)).to(x.dtype)


class IntegerLIF(Neuron):
    """Integer LIF: ``h = beta v + x;  k = clip(floor(h / threshold + 1/2), 0, levels);  v = h - threshold k``.

    Trained in one step, unfolded into up to ``levels`` binary spikes on hardware. The gradient passes straight through
    while ``0 <= h / threshold <= levels``.

    Args:
        levels: Greatest number that is sent.
        beta: What is left of the membrane after a step.
        threshold: Size of a level.
        normalised: Whether ``k / levels`` is sent instead of ``k``.

    Example:
        >>> IntegerLIF(levels=4, beta=1.0)(torch.tensor([2.3, 0.3, 9.0]).reshape(3, 1)).flatten().tolist()
        [2.0, 1.0, 4.0]

    References:
        Luo et al., "Integer-Valued Training and Spike-Driven Inference Spiking Neural Network for High-performance
        and Energy-efficient Object Detection", ECCV 2024; Yao et al., "Scaling Spike-driven Transformer with
        Efficient Spike Firing Approximation Training", TPAMI 2025.
    """

    graded = True

    def __init__(
        self, levels: int = 4, *, beta: float = 0.25, threshold: float = 1.0, normalised: bool = False
    ) -> None:
        super().__init__(threshold, "straight_through")
        if levels < 1 or not 0 <= beta <= 1:
            raise NeuronError(f"levels must be at least 1 and beta between 0 and 1, got {levels} and {beta}")
        self.levels, self.beta, self.normalised = levels, beta, normalised

    def fire(self, current: Tensor, state: tuple[Tensor, ...] | None = None) -> Firing:
        """See :meth:`Neuron.fire`; the state is the membrane after the reset."""
        check_current(current)
        check_state(state, 1, current)
        rest = torch.zeros_like(current[0]) if state is None else state[0]
        spikes: list[Tensor] = []
        membranes: list[Tensor] = []
        value, derivative = partial(_levels, levels=self.levels), partial(_within, low=0, high=self.levels)
        for driven in current.unbind(0):
            membranes.append(self.beta * rest + driven)
            spikes.append(stand_in(membranes[-1] / self.threshold, value, derivative))
            rest = membranes[-1] - self.threshold * spikes[-1]
        sent = torch.stack(spikes)
        return Firing(sent / self.levels if self.normalised else sent, torch.stack(membranes), (rest,))


def _powers(x: Tensor, threshold: float, levels: int) -> Tensor:
    """The largest of ``+-threshold 2^j`` that ``|x|`` reaches up to half a threshold."""
    sent = torch.zeros_like(x)
    for level in range(levels):  # the larger ones overwrite
        value = threshold * 2**level
        sent = torch.where(x.abs() >= value - threshold / 2, value * torch.sign(x), sent)
    return sent


class MultiThresholdLIF(Neuron):
    """Multi-threshold LIF: ``h = beta v + x`` sends at most one of ``+-threshold 2^j``, ``j < levels``; soft reset.

    The largest with ``|h| >= threshold 2^j - threshold / 2`` is sent and taken off the membrane. A spike of level
    ``j`` is a copy of the weights scaled by ``2^j``: ``2 levels`` binary lines, so a layer behind it only adds.

    Args:
        levels: Number of thresholds for each sign.
        beta: What is left of the membrane after a step; 1 for networks converted from graded units.
        threshold: The smallest value sent.

    Example:
        >>> MultiThresholdLIF(levels=3, threshold=0.25)(torch.tensor([1.0, -0.5, 0.1]).reshape(3, 1)).flatten().tolist()
        [1.0, -0.5, 0.0]

    References:
        Huang et al., "Towards High-performance Spiking Transformers from ANN to SNN Conversion", ACM MM 2024.
    """

    graded = True

    def __init__(self, levels: int = 4, *, beta: float = 1.0, threshold: float = 0.25) -> None:
        super().__init__(threshold, "straight_through")
        if levels < 1 or not 0 <= beta <= 1:
            raise NeuronError(f"levels must be at least 1 and beta between 0 and 1, got {levels} and {beta}")
        self.levels, self.beta = levels, beta

    def fire(self, current: Tensor, state: tuple[Tensor, ...] | None = None) -> Firing:
        """See :meth:`Neuron.fire`; spikes carry their value, the state is the membrane after the reset."""
        check_current(current)
        check_state(state, 1, current)
        rest = torch.zeros_like(current[0]) if state is None else state[0]
        spikes: list[Tensor] = []
        membranes: list[Tensor] = []
        threshold = float(self.threshold)
        reach = threshold * 2**self.levels
        value = partial(_powers, threshold=threshold, levels=self.levels)
        derivative = partial(_within, low=-reach, high=reach)
        for driven in current.unbind(0):
            membranes.append(self.beta * rest + driven)
            spikes.append(stand_in(membranes[-1], value, derivative))
            rest = membranes[-1] - spikes[-1]
        return Firing(torch.stack(spikes), torch.stack(membranes), (rest,))
