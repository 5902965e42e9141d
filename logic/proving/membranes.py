"""How far membranes can go, whatever spikes come in: intervals, step by step from the inputs on.

A line that can fire may fire or not, independently of all others; so each bound holds for all inputs, for every order
in which a neuron adds its synapses to its membrane and bias, and need not be reached. In the literature: interval
analysis, abstract interpretation with the domain of intervals (Cousot and Cousot, POPL 1977).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..errors import NetworkError
from ..network import FlatNetwork, SpikingNetwork

Integers = NDArray[np.int64]
Bits = NDArray[np.bool_]

_GREATEST = 1 << 61  # of a bound; what lies beyond could overflow while it is computed
_ROUNDS = 128  # of halving, after which any membrane that leaks has come to rest


@dataclass(frozen=True, eq=False)
class MembraneBounds:
    """Intervals that no membrane ever leaves: neither before a spike nor after it, nor at the start.

    Args:
        low: ``[N]`` the least.
        high: ``[N]`` the greatest.
        bounded: ``[N]`` whether there are such bounds; always for a number of steps, not always for all time.
        fires: ``[steps, I + N]`` which lines can fire at each step, ``[1, I + N]`` for all time; others never do.
        steps: For how many steps they hold; none for all time.
        shown: In how many of these input lines can fire; none for all.
    """

    low: Integers
    high: Integers
    bounded: Bits
    fires: Bits
    steps: int | None
    shown: int | None = None

    @property
    def bits(self) -> Integers:
        """``[N]`` bits of a signed binary number that holds the membrane; 0 where there is no bound."""
        reach = np.maximum(self.high, -1 - self.low)  # -2^(n-1) needs no more bits than 2^(n-1) - 1
        bits = np.array([1 + max(0, value).bit_length() for value in reach.tolist()], np.int64)
        return np.where(self.bounded, bits, 0)


def membrane_bounds(
    network: SpikingNetwork, steps: int | None = None, shown: int | Bits | None = None
) -> MembraneBounds:
    """Worst-case membranes of all neurons over all inputs.

    Args:
        network: Any.
        steps: How long it runs, from its initial membranes; none for all time.
        shown: Steps in which input lines can fire, or ``[shown, I]`` which of them can; all if not given. Only with
            ``steps``.

    Raises:
        NetworkError: if a bound is beyond 2^61, or the steps are none.

    Example:
        >>> from logic import Line, Population, Synapses
        >>> cell = Population("cell", (1,), threshold=10, retain=True, leak=1)
        >>> wires = Synapses("input", "cell", [0, 1], [0, 0], weight=[7, -6])
        >>> network = SpikingNetwork((2,), (cell,), (wires,), np.array([2]), (Line("y"),), np.array([1]))
        >>> bounds = membrane_bounds(network)  # floor(9 / 2) + 7 = 11, and floor(-11 / 2) - 6 = -12 has come to rest
        >>> bounds.low.tolist(), bounds.high.tolist(), bounds.bits.tolist()
        ([-12], [11], [5])
    """
    lines = shown if isinstance(shown, np.ndarray) else None
    during = len(shown) if isinstance(shown, np.ndarray) else shown
    if (steps is not None and steps < 1) or (during is not None and (steps is None or during < 0)):
        raise NetworkError(f"a bound is for at least one step, of which some show the input; got {steps} and {during}")
    flat = network.flatten()
    if lines is not None and lines.shape[1:] != (flat.inputs,):
        raise NetworkError(f"which lines can fire is told in the shape {lines.shape}, expected [steps, {flat.inputs}]")
    if steps is None:
        return _for_all_time(flat)
    drives, size = _Drives(flat), flat.inputs + len(flat.threshold)
    low = high = flat.initial
    least, greatest = low, high
    fires = np.zeros((steps, size), np.bool_)
    for step in range(steps):
        fires[step, : flat.inputs] = (during is None or step < during) and (True if lines is None else lines[step])
        down, up = drives.at(fires, step)
        below, above = _before(flat, low, high, down, up)
        fires[step, flat.inputs :] = above >= flat.threshold
        low, high = _after(flat, below, above)
        least, greatest = np.minimum(least, np.minimum(below, low)), np.maximum(greatest, np.maximum(above, high))
    return MembraneBounds(least, greatest, np.ones(len(least), np.bool_), fires, steps, during)


class _Drives:
    """The least and greatest current of each neuron when some lines can fire."""

    def __init__(self, flat: FlatNetwork) -> None:
        self.flat = flat
        order = np.argsort(flat.post, kind="stable")
        order = order[flat.weight[order] != 0]
        self.pre, self.delay, weight = flat.pre[order], flat.delay[order], flat.weight[order]
        self.hearing, self.first = np.unique(flat.post[order], return_index=True)  # neurons, and their first synapses
        self.falling, self.rising = np.minimum(weight, 0), np.maximum(weight, 0)
        self.delays = np.flatnonzero(np.bincount(self.delay)).tolist()
        self.heard = np.zeros(0, np.bool_)
        self.found = flat.bias, flat.bias

    def at(self, fires: Bits, step: int) -> tuple[Integers, Integers]:
        """At a step, for ``[T, I + N]`` what can fire at each step before it."""
        heard = np.zeros(len(self.pre), np.bool_)
        for delay in self.delays:
            if delay <= step:
                mine = self.delay == delay
                heard[mine] = fires[step - delay, self.pre[mine]]
        return self.of(heard)

    def of(self, heard: Bits) -> tuple[Integers, Integers]:
        """For ``[S]`` synapses that can bring a spike."""
        if not np.array_equal(heard, self.heard):
            self.heard = heard
            down, up = self.flat.bias.copy(), self.flat.bias.copy()
            if len(heard):
                down[self.hearing] += np.add.reduceat(self.falling * heard, self.first)
                up[self.hearing] += np.add.reduceat(self.rising * heard, self.first)
            self.found = down, up
        return self.found


def _before(
    flat: FlatNetwork, low: Integers, high: Integers, down: Integers, up: Integers
) -> tuple[Integers, Integers]:
    """The interval of ``u`` from those of ``v`` and the current."""
    below, above = (np.where(flat.retain, end >> flat.leak, 0) + drive for end, drive in ((low, down), (high, up)))
    worst = int(max(above.max(initial=0), -below.min(initial=0)))
    if worst > _GREATEST:
        raise NetworkError(f"a membrane can reach {worst}, too large for 62 bits; use smaller weights or fewer steps")
    return below, above


def _after(flat: FlatNetwork, below: Integers, above: Integers) -> tuple[Integers, Integers]:
    """The interval of ``v`` from that of ``u``."""
    silent, fires = below < flat.threshold, above >= flat.threshold
    left_low = np.where(flat.subtract, np.maximum(below, flat.threshold) - flat.threshold, 0)
    left_high = np.where(flat.subtract, above - flat.threshold, 0)
    low = np.where(silent, np.where(fires, np.minimum(below, left_low), below), left_low)
    quiet_high = np.minimum(above, flat.threshold - 1)
    high = np.where(silent, np.where(fires, np.maximum(quiet_high, left_high), quiet_high), left_high)
    return low, high


def _for_all_time(flat: FlatNetwork) -> MembraneBounds:
    """What fires at any time feeds what it drives at any time, until nothing new can fire."""
    drives = _Drives(flat)
    fires = np.arange(flat.inputs + len(flat.threshold)) < flat.inputs
    while True:
        down, up = drives.of(fires[drives.pre])
        low, high, bounded = _at_rest(flat, down, up)
        below, above = _before(flat, low, high, down, up)
        now = fires.copy()
        now[flat.inputs :] |= (above >= flat.threshold) | ~bounded
        if np.array_equal(now, fires):
            return MembraneBounds(np.minimum(low, below), np.maximum(high, above), bounded, fires[None], None)
        fires = now


def _at_rest(flat: FlatNetwork, down: Integers, up: Integers) -> tuple[Integers, Integers, Bits]:
    """An interval of ``v`` that holds the start and that no step leaves, and where there is one."""
    low = high = flat.initial
    for _ in range(_ROUNDS):
        least, greatest = _after(flat, *_before(flat, low, high, down, up))
        least, greatest = np.minimum(low, least), np.maximum(high, greatest)
        if np.array_equal(least, low) and np.array_equal(greatest, high):
            return low, high, np.ones(len(low), np.bool_)
        low, high = least, greatest
    # Without a leak: what has not fired is below its threshold, and what is above it grows with up - theta.
    high = np.maximum(high, flat.threshold - 1)
    least, greatest = _after(flat, *_before(flat, low, high, down, up))
    return low, high, (least >= low) & (greatest <= high)
