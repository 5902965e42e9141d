"""Simulation by changes: exactly the spikes of :func:`logic.simulate_reference`, at the cost of what changes.

A memoryless neuron hears a sum that changes only where a source starts or stops firing. So the sum is kept, and a step
costs one addition for each synapse behind such a change; a latch that fires at every step costs nothing. (In the
literature: selective-trace simulation; Ulrich, "Exclusive simulation of activity in digital networks", CACM 1969.)
"""

# pyright: reportMissingParameterType=false, reportUnknownParameterType=false
# The kernel below is typed by numba when it is compiled.

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..errors import NetworkError
from ..kernels import kernel
from ..network import Integers, SpikingNetwork, refuse_beyond

Bits = NDArray[np.bool_]
_NOTHING = np.zeros((0, 2), np.int64)


class Fanout(NamedTuple):
    """Synapses by source and delay: of source ``i`` and delay ``d`` those from ``begin[i D + d - 1]`` to the next."""

    begin: Integers
    post: NDArray[np.int32]
    weight: NDArray[np.int32]
    threshold: Integers
    bias: Integers
    inputs: int
    depth: int  # the longest delay


def fanout(network: SpikingNetwork) -> Fanout:
    """A network as the kernel reads it.

    Raises:
        NetworkError: if a neuron keeps a membrane.
    """
    refuse_beyond(network, "Simulation by changes")
    flat = network.flatten()
    if flat.retain.any():
        raise NetworkError("simulation by changes is for neurons that forget; use simulate")
    depth = int(flat.delay.max(initial=1))
    key = flat.pre * depth + flat.delay - 1
    order = np.argsort(key, kind="stable")
    sources = flat.inputs + len(flat.threshold)
    begin = np.concatenate([[0], np.cumsum(np.bincount(key, minlength=sources * depth))]).astype(np.int64)
    return Fanout(
        begin,
        flat.post[order].astype(np.int32),
        flat.weight[order].astype(np.int32),
        flat.threshold,
        flat.bias,
        flat.inputs,
        depth,
    )


class EventRun:
    """A run that is stopped where something of interest begins to fire.

    Args:
        synapses: Of the network.
        given: ``[I]`` inputs that fire at every step; the others never do.
        flips: ``[K, 2]`` faults: a step and a source, whose spike is lost there if it fires, else added. In any order.

    Example:
        >>> from logic.search.wiring import Wiring
        >>> from logic import Line
        >>> wiring = Wiring(1)
        >>> wiring.add("latch", [1])
        >>> wiring.connect("input", "latch", 0, 0, 1, 3)
        >>> run = EventRun(fanout(wiring.finish((Line("set"),), [("latch", 0, Line("q"))])), np.array([True]))
        >>> run.until(10, np.array([1])), run.fires.tolist()
        (3, [True, True])
    """

    def __init__(self, synapses: Fanout, given: Bits, flips: Integers = _NOTHING) -> None:
        size = len(synapses.threshold)
        if given.shape != (synapses.inputs,):
            raise NetworkError(f"the network has {synapses.inputs} inputs, got {given.shape}")
        self._synapses = synapses
        self._flips = flips[np.argsort(flips[:, 0], kind="stable")]
        self.fires = np.zeros(synapses.inputs + size, np.bool_)
        """``[I + N]`` what fires at the last step."""
        self._membrane = synapses.bias.copy()
        self._ring = np.zeros((synapses.depth + 1, synapses.inputs + size), np.int32)
        self._changed = np.zeros(synapses.depth + 1, np.int64)
        self._touched = np.zeros(size, np.int64)
        self._queue = np.zeros(size, np.int32)
        self._given = given
        self._out = np.diff(synapses.begin[:: synapses.depth])
        self._state = np.array([-1, 0, 0, 0, 0, 0], np.int64)  # step, spikes, events, changes, firing, their synapses

    @property
    def step(self) -> int:
        """The last step, -1 before the first."""
        return int(self._state[0])

    @property
    def spikes(self) -> int:
        """Spikes so far, of inputs and neurons."""
        return int(self._state[1])

    @property
    def synaptic_events(self) -> int:
        """Spikes so far times the synapses that each of them reaches."""
        return int(self._state[2])

    @property
    def changes(self) -> int:
        """Additions that the simulation needed so far."""
        return int(self._state[3])

    def until(self, steps: int, watched: Integers) -> int | None:
        """Runs on until, after a next step, some watched source begins to fire.

        Args:
            steps: Step at which to end, not run itself.
            watched: ``[W]`` sources.

        Returns:
            The step, or None if none did before ``steps``.
        """
        hit = _run(
            self._synapses, self._given, self._flips, watched, steps, self.fires, self._membrane, self._ring,
            self._changed, self._touched, self._queue, self._out, self._state,
        )  # fmt: skip
        return self.step if hit else None

    def before(self, age: int) -> Bits:
        """``[I + N]`` what fired ``age`` steps before the last one, as long as the longest delay allows."""
        if not 0 <= age <= self._synapses.depth:
            raise NetworkError(f"spikes are kept for {self._synapses.depth} steps, not {age}")
        found = self.fires.copy()
        for back in range(min(age, self.step + 1)):
            place = (self.step - back) % len(self._ring)
            changed = self._ring[place, : self._changed[place]] >> 1
            found[changed] = ~found[changed]
        return found


@kernel(large=1, nogil=True)
def _run(
    synapses, given, flips, watched, steps, fires, membrane, ring, changed, touched, queue, out, state
):  # pragma: no cover - compiled
    begin, post, weight, threshold, _, inputs, depth = synapses  # of the ring: 2 * source + whether it came on
    rows = depth + 1
    interesting = np.zeros(len(fires), np.bool_)
    interesting[watched] = True
    t, spikes, events, changes, firing, reach = state[0], state[1], state[2], state[3], state[4], state[5]
    fault = 0
    while fault < len(flips) and flips[fault, 0] <= t:
        fault += 1
    hit = False
    while t + 1 < steps and not hit:
        t += 1
        waiting = 0
        if t == 0:
            for neuron in range(len(threshold)):
                queue[neuron] = neuron
                touched[neuron] = t + 1
            waiting = len(threshold)
        for delay in range(1, min(depth, t) + 1):
            row = (t - delay) % rows
            for at in range(changed[row]):
                source = ring[row, at] >> 1
                sign = 1 if ring[row, at] & 1 else -1
                for synapse in range(begin[source * depth + delay - 1], begin[source * depth + delay]):
                    target = post[synapse]
                    membrane[target] += sign * weight[synapse]
                    changes += 1
                    if touched[target] != t + 1:
                        touched[target] = t + 1
                        queue[waiting] = target
                        waiting += 1
        back = fault - 1
        while back >= 0 and flips[back, 0] == t - 1:  # what a fault turned is looked at again
            target = flips[back, 1] - inputs
            if target >= 0 and touched[target] != t + 1:
                touched[target] = t + 1
                queue[waiting] = target
                waiting += 1
            back -= 1
        row = t % rows
        count = 0
        for source in range(inputs if t == 0 or fault != back + 1 else 0):
            if given[source] != fires[source]:
                ring[row, count] = source
                count += 1
        for at in range(waiting):
            neuron = queue[at]
            if (membrane[neuron] >= threshold[neuron]) != fires[inputs + neuron]:
                ring[row, count] = inputs + neuron
                count += 1
        while fault < len(flips) and flips[fault, 0] == t:
            source = flips[fault, 1]
            found = -1
            for at in range(count):
                if ring[row, at] == source:
                    found = at
            if found >= 0:
                count -= 1
                ring[row, found] = ring[row, count]
            else:
                ring[row, count] = source
                count += 1
            fault += 1
        changed[row] = count
        for at in range(count):
            source = ring[row, at]
            on = not fires[source]
            ring[row, at] = 2 * source + on
            fires[source] = on
            firing += 1 if on else -1
            reach += out[source] if on else -out[source]
            if on and interesting[source]:
                hit = True
        spikes += firing
        events += reach
    state[0], state[1], state[2], state[3], state[4], state[5] = t, spikes, events, changes, firing, reach
    return hit
