"""Lifting: what each neuron computes of one wave, from weights, thresholds and delays alone, as and-inverter nodes."""

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from ..errors import NetworkError
from ..network import FlatNetwork
from .graph import AndGraph, Nodes, threshold
from .slots import Slots, assign_slots

Integers = NDArray[np.int64]


class Lifted(NamedTuple):
    """The Boolean function of every neuron.

    ``literal`` holds, for every line and neuron ``[I + N]``, a literal of the joint graph.
    """

    literal: Integers
    slots: Slots


def lift(graph: AndGraph, flat: FlatNetwork, lines: Integers) -> Lifted:
    """Writes a memoryless feed-forward network into the graph.

    Args:
        graph: Receives the nodes.
        flat: The network.
        lines: ``[I]`` literals: whether each input line fires in the wave.

    Raises:
        NetworkError: if a neuron retains its membrane, the synapses form a loop, spikes of two waves meet in a
            neuron, or a threshold sum is too irregular to be written down (more than 16 million nodes).
    """
    slots = assign_slots(flat)
    if slots.clash >= 0:
        raise NetworkError(
            f"neuron {slots.clash} hears spikes of one wave at different steps; its answer depends on several waves"
        )
    pre, weight = flat.pre[slots.incoming], flat.weight[slots.incoming]
    literal = np.zeros(flat.inputs + len(flat.threshold), np.int64)
    literal[: flat.inputs] = lines
    graph.reserve(2 * len(pre) + 1024)
    at = 0
    while True:
        at = _lift(
            graph.nodes, flat.inputs, slots.order, pre, weight, flat.threshold - flat.bias, slots.begin, literal, at
        )
        if at == len(slots.order):
            return Lifted(literal, slots)
        if len(graph) > 1 << 24:
            raise NetworkError(f"the threshold sum of neuron {int(slots.order[at])} is too irregular to lift")
        graph.reserve(len(graph))


@njit(cache=True)
def _lift(
    nodes: Nodes,
    inputs: int,
    order: Integers,
    pre: Integers,
    weight: Integers,
    need: Integers,
    begin: Integers,
    literal: Integers,
    at: int,
) -> int:  # pragma: no cover - compiled
    for position in range(at, len(order)):
        neuron = order[position]
        first, last = begin[neuron], begin[neuron + 1]
        found = threshold(nodes, literal[pre[first:last]], weight[first:last], need[neuron])
        if found < 0:
            return position
        literal[inputs + neuron] = found
    return len(order)
