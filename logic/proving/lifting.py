"""Lifting: what each neuron computes of one wave, from weights, thresholds and delays alone, as and-inverter nodes."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..errors import IrregularError, NetworkError
from ..kernels import kernel
from ..network import FlatNetwork
from ..sweeping.graph import AndGraph
from ..sweeping.nodes import Nodes
from ..sweeping.thresholds import threshold
from ..watch import Watch
from .slots import Slots, assign_slots

Integers = NDArray[np.int64]
_SLICE = 100_000  # neurons between two looks at the clock


Bits = NDArray[np.bool_]


class Lifted(NamedTuple):
    """The Boolean function of every neuron that was asked for, as literals of the joint graph.

    Args:
        literal: ``[I + N]``, for every line and neuron; a known literal where one was given, -1 where none was needed.
        function: ``[N]`` what a neuron's own sum says, -1 where it was not written.
        slots: The timing.
    """

    literal: Integers
    function: Integers
    slots: Slots


def lift(
    graph: AndGraph,
    flat: FlatNetwork,
    lines: Integers,
    *,
    slots: Slots | None = None,
    known: Integers | None = None,
    roots: Bits | None = None,
    watch: Watch | None = None,
) -> Lifted:
    """Writes a memoryless feed-forward network into the graph.

    Args:
        graph: Receives the nodes.
        flat: The network.
        lines: ``[I]`` literals: whether each input line fires in the wave.
        slots: The timing, if it was computed before.
        known: ``[N]`` literals that readers of a neuron take for it, -1 where nothing is known.
        roots: ``[N]`` the neurons whose sums are to be written, with all unknown ones upstream; all, if not given.
        watch: Ends it, also by Ctrl-C; what was not reached then has no literal.

    Raises:
        NetworkError: if a neuron retains its membrane, the synapses form a loop, or spikes of two waves meet in a
            neuron.
        IrregularError: if a threshold sum is too irregular to be written down (more than 16 million nodes).
    """
    slots = assign_slots(flat) if slots is None else slots
    if slots.clash >= 0:
        raise NetworkError(
            f"neuron {slots.clash} hears spikes of one wave at different steps; its answer depends on several waves"
        )
    neurons = len(flat.threshold)
    pre, weight = flat.pre[slots.incoming], flat.weight[slots.incoming]
    known = np.full(neurons, -1) if known is None else known
    asked = np.ones(neurons, np.bool_) if roots is None else roots.copy()
    _ask(slots.order, flat.inputs, pre, slots.begin, known, asked)
    order = slots.order[asked[slots.order]]
    literal, function = np.concatenate([lines, known]), np.full(neurons, -1)
    graph.reserve(2 * int(np.diff(slots.begin)[asked].sum()) + 1024)
    need, at, watch = flat.threshold - flat.bias, 0, watch or Watch(deaf=True)
    with watch.interruptible():
        while at < len(order) and not watch.late():
            watch.progress(at, len(order), "neurons lifted")
            end = min(at + _SLICE, len(order))
            at = _lift(graph.nodes, flat.inputs, order[:end], pre, weight, need, slots.begin, literal, function, at)
            if at < end:
                if len(graph) > 1 << 24:
                    raise IrregularError(f"the threshold sum of neuron {int(order[at])} is too irregular to lift")
                graph.reserve(len(graph))
    return Lifted(literal, function, slots)


@kernel()
def _ask(
    order: Integers, inputs: int, pre: Integers, begin: Integers, known: Integers, asked: Bits
) -> None:  # pragma: no cover - compiled
    """Extends ``asked`` to the unknown neurons upstream."""
    for position in range(len(order) - 1, -1, -1):
        neuron = order[position]
        if asked[neuron]:
            for synapse in range(begin[neuron], begin[neuron + 1]):
                source = pre[synapse] - inputs
                if source >= 0 and known[source] < 0:
                    asked[source] = True


@kernel()
def _lift(
    nodes: Nodes,
    inputs: int,
    order: Integers,
    pre: Integers,
    weight: Integers,
    need: Integers,
    begin: Integers,
    literal: Integers,
    function: Integers,
    at: int,
) -> int:  # pragma: no cover - compiled
    for position in range(at, len(order)):
        neuron = order[position]
        first, last = begin[neuron], begin[neuron + 1]
        found = threshold(nodes, literal[pre[first:last]], weight[first:last], int(need[neuron]))
        if found < 0:
            return position
        function[neuron] = found
        if literal[inputs + neuron] < 0:
            literal[inputs + neuron] = found
    return len(order)
