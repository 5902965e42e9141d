"""How far the membranes of a network can go, whatever its input spikes are: intervals that hold for all inputs.

Every synapse may be heard or not at every step (interval analysis, Moore 1966), so the intervals are sound, and exact
for a neuron that forgets. A membrane that keeps all it hears may run away below (or above, if a spike takes off only
the threshold); it then has an interval for so many steps only, which is said.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..network import FlatNetwork, Integers

_ROUNDS = 400  # a leak halves what is too far, so that 64 bits settle in fewer


class Intervals(NamedTuple):
    """Least and greatest values over all inputs and steps.

    Args:
        low: ``[N]`` of ``u``, what is compared with the threshold.
        high: ``[N]``
        forever: ``[N]`` whether the interval holds at all steps; else for the steps that were asked for.
    """

    low: Integers
    high: Integers
    forever: NDArray[np.bool_]

    @property
    def bits(self) -> Integers:
        """``[N]`` signed bits that hold ``u`` and zero."""
        return signed_bits(self.low, self.high)


def signed_bits(low: Integers, high: Integers) -> Integers:
    """Bits of two's complement that hold all whole numbers from ``low`` to ``high``.

    Example:
        >>> signed_bits(np.array([-8, 0, -1]), np.array([7, 8, 0])).tolist()
        [4, 5, 1]
    """
    magnitude = np.maximum(high, -low - 1)
    return 1 + np.array([int(value).bit_length() if value > 0 else 0 for value in magnitude.tolist()], np.int64)


def membrane_intervals(flat: FlatNetwork, steps: int) -> Intervals:
    """The intervals of all neurons.

    Args:
        flat: The network.
        steps: For how many steps the interval of a membrane that can run away must hold.

    Example:
        >>> from logic import Population, SpikingNetwork, Synapses
        >>> cell = Population("cell", (1,), threshold=3, retain=True)
        >>> wires = Synapses("input", "cell", [0, 1], [0, 0], weight=[2, -1])
        >>> network = SpikingNetwork((2,), (cell,), (wires,), [], (), [])
        >>> found = membrane_intervals(network.flatten(), steps=10)
        >>> found.low.tolist(), found.high.tolist(), found.forever.tolist()
        ([-11], [4], [False])
    """
    neurons = len(flat.threshold)
    rising, falling = (np.zeros(neurons, np.int64) for _ in range(2))
    np.add.at(rising, flat.post, np.maximum(flat.weight, 0))
    np.add.at(falling, flat.post, np.minimum(flat.weight, 0))
    up, down, theta = flat.bias + rising, flat.bias + falling, flat.threshold
    keeps, leaks = flat.retain & (flat.leak == 0), flat.retain & (flat.leak > 0)
    # without a leak: what remains after a step is below the threshold, or what a spike leaves
    low = np.minimum(flat.initial, 0) + np.where(keeps, steps * np.minimum(down, 0), 0)
    more = np.where(flat.subtract, np.maximum(up - theta, 0), 0)
    high = np.maximum(np.maximum(flat.initial, 0), theta - 1) + np.where(keeps, steps * more, 0)
    forever = ~keeps | ((down >= 0) & (more == 0))
    kept_low, kept_high = _settled(flat, up, down, leaks)
    low, high = np.where(leaks, kept_low, low), np.where(leaks, kept_high, high)
    before_low, before_high = (np.where(flat.retain, side >> flat.leak, 0) for side in (low, high))
    return Intervals(before_low + down, before_high + up, forever)


def _settled(flat: FlatNetwork, up: Integers, down: Integers, leaks: NDArray[np.bool_]) -> tuple[Integers, Integers]:
    """Between what the membranes that leak stay after any number of steps: the smallest interval that a step keeps."""
    low = high = flat.initial
    theta = flat.threshold
    for _ in range(_ROUNDS):
        below, above = (low >> flat.leak) + down, (high >> flat.leak) + up
        fires, silent = above >= theta, below < theta
        left_low = np.where(flat.subtract, np.maximum(below - theta, 0), 0)  # by a spike
        left_high = np.where(flat.subtract, above - theta, 0)
        next_low = np.where(silent, np.where(fires, np.minimum(below, left_low), below), left_low)
        rest = np.minimum(above, theta - 1)
        next_high = np.where(fires, np.where(silent, np.maximum(rest, left_high), left_high), above)
        next_low, next_high = np.minimum(low, next_low), np.maximum(high, next_high)
        if not ((next_low < low) | (next_high > high))[leaks].any():
            break
        low, high = np.where(leaks, next_low, low), np.where(leaks, next_high, high)
    return low, high
