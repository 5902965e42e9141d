"""How wide membranes must be: for ever where that is bounded, else for a number of steps."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..network import Integers, SpikingNetwork
from ..proving.membranes import membrane_bounds

_NEAR = 64  # steps of a run that are looked at one by one


class Intervals(NamedTuple):
    """Least and greatest values of membranes before and after a spike, over all inputs.

    Args:
        low: ``[N]``
        high: ``[N]``
        forever: ``[N]`` whether the interval holds at all steps; else for the steps that were asked for.
    """

    low: Integers
    high: Integers
    forever: NDArray[np.bool_]


def signed_bits(low: Integers, high: Integers) -> Integers:
    """Bits of two's complement that hold all whole numbers from ``low`` to ``high``.

    Example:
        >>> signed_bits(np.array([-8, 0, -1]), np.array([7, 8, 0])).tolist()
        [4, 5, 1]
    """
    magnitude = np.maximum(high, -low - 1)
    return 1 + np.array([max(0, value).bit_length() for value in magnitude.tolist()], np.int64)


def membrane_intervals(network: SpikingNetwork, steps: int) -> Intervals:
    """The intervals of all neurons.

    What :func:`logic.proving.membranes.membrane_bounds` does not bound for ever goes on after its first steps by at
    most the whole weight that a neuron hears.

    Args:
        network: Any.
        steps: For how many steps the interval of a membrane that can run away must hold.

    Raises:
        NetworkError: if a membrane can go beyond 2^61.

    Example:
        >>> from logic import Population, Synapses
        >>> cell = Population("cell", (1,), threshold=3, retain=True)
        >>> wires = Synapses("input", "cell", [0, 1], [0, 0], weight=[2, -1])
        >>> network = SpikingNetwork((2,), (cell,), (wires,), np.zeros(0, int), (), np.zeros(0, int))
        >>> found = membrane_intervals(network, steps=1001)  # step 0 hears nothing
        >>> found.low.tolist(), found.high.tolist(), found.forever.tolist()
        ([-1000], [4], [False])
    """
    always = membrane_bounds(network)
    if always.bounded.all():
        return Intervals(always.low, always.high, always.bounded)
    flat, near = network.flatten(), min(steps, _NEAR)
    begun = membrane_bounds(network, near)
    up, down = flat.bias.copy(), flat.bias.copy()
    np.add.at(up, flat.post, np.maximum(flat.weight, 0))
    np.add.at(down, flat.post, np.minimum(flat.weight, 0))
    low = begun.low + (steps - near) * np.minimum(down, 0)
    high = begun.high + (steps - near) * np.maximum(up, 0)
    most = np.maximum(np.maximum(flat.initial, 0), flat.threshold - 1) + np.maximum(up, 0)  # a spike leaves nothing
    high = np.where(flat.subtract, high, np.minimum(high, most))
    chosen = always.bounded
    return Intervals(np.where(chosen, always.low, low), np.where(chosen, always.high, high), chosen)
