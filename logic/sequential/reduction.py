"""Smaller machines that do the same: proved classes become one node each, and registers move forward over logic.

In the literature: sequential sweeping; forward retiming (Leiserson and Saxe, 1991).
"""

import numpy as np
from numpy.typing import NDArray

from ..kernels import kernel
from ..sweeping.graph import AndGraph
from ..sweeping.nodes import Nodes, conjunction
from .machine import Machine, in_order, moved, open_pairs, reached

Ints = NDArray[np.int32]
Integers = NDArray[np.int64]
Bits = NDArray[np.bool_]


def reduced(machine: Machine, representative: Ints, phase: Bits) -> tuple[Machine, Integers]:
    """The machine with each class as one node and the open pairs alone.

    Returns:
        It, and the literals ``[R']`` of the given machine that its registers are.
    """
    graph = AndGraph(machine.nodes + 1)
    graph.inputs(len(machine.inputs) + len(machine.registers))
    images = np.zeros(machine.nodes, np.int64)
    _merge(machine, graph.nodes, representative, phase, images)
    own = representative[machine.registers] == machine.registers
    kept = np.zeros(len(graph), np.int64)
    kept[images[machine.registers[own]] >> 1] = 2 * machine.registers[own]
    merged = Machine(
        graph.nodes.first[: len(graph)].copy(), graph.nodes.second[: len(graph)].copy(), machine.inputs,
        machine.registers[own], moved(images, machine.following[own]).astype(np.int32), machine.initial[own],
        moved(images, machine.pairs[open_pairs(machine, representative, phase)]).astype(np.int32),
    )  # fmt: skip
    return _reached(merged, kept)


@kernel(large=0)
def _merge(
    m: Machine, nodes: Nodes, representative: Ints, phase: Bits, images: Integers
) -> None:  # pragma: no cover - compiled
    for node in range(1, len(m.first)):
        head = representative[node]
        if head != node:
            images[node] = images[head] ^ np.int64(phase[node] != phase[head])
        elif m.first[node] < 0:
            images[node] = 2 * node
        else:
            a = images[m.first[node] >> 1] ^ (m.first[node] & 1)
            b = images[m.second[node] >> 1] ^ (m.second[node] & 1)
            images[node] = conjunction(nodes, a, b)


def _reached(machine: Machine, kept: Integers) -> tuple[Machine, Integers]:
    """The part that matters, and what its registers were; ``kept`` ``[N]`` says it of the nodes."""
    part, images = reached(machine)
    back = np.zeros(part.nodes, np.int64)
    there = images >= 0
    back[images[there] >> 1] = np.flatnonzero(there)
    return part, kept[back[part.registers]]


def retimed(machine: Machine) -> tuple[Machine, Integers]:
    """The machine with its registers moved forward over all logic that reads registers alone.

    A conjunction of registers becomes a register whose next value is the conjunction of theirs.

    Returns:
        It, and the literals ``[R']`` of the given machine that its registers are.
    """
    graph = AndGraph(2 * machine.nodes + 1)
    graph.inputs(len(machine.inputs) + len(machine.registers))
    images, after = np.zeros(machine.nodes, np.int64), np.zeros(machine.nodes, np.int64)
    initial = np.full(machine.nodes, -1, np.int64)
    initial[machine.registers] = machine.initial
    _move(machine, graph.nodes, images, after, initial, machine.opened)
    size = len(graph)
    free = images[(initial >= 0) & (images > 0)] >> 1
    of = np.zeros(size, np.int64)
    of[images >> 1] = np.arange(machine.nodes)
    registers = np.unique(free)
    source = of[registers]
    moved_machine = Machine(
        graph.nodes.first[:size].copy(), graph.nodes.second[:size].copy(), machine.inputs, registers.astype(np.int32),
        after[source].astype(np.int32), initial[source].astype(np.int32),
        moved(images, machine.pairs).astype(np.int32),
    )  # fmt: skip
    ordered, places = in_order(moved_machine)
    kept = np.zeros(size, np.int64)
    kept[places[registers] >> 1] = 2 * source
    return _reached(ordered, kept)


@kernel(large=0)
def _move(
    m: Machine, nodes: Nodes, images: Integers, after: Integers, initial: Integers, opened: int
) -> None:  # pragma: no cover - compiled
    """Fills the image of each node, and of functions of registers the next and the first value."""
    for node in range(1, len(m.first)):
        if m.first[node] < 0:
            images[node] = 2 * node
            continue
        left, right = m.first[node] >> 1, m.second[node] >> 1
        flip_left, flip_right = np.int64(m.first[node] & 1), np.int64(m.second[node] & 1)
        if initial[left] >= 0 and initial[right] >= 0:
            size = nodes.size[0]
            nodes.size[0] = size + 1
            nodes.first[size] = -1
            images[node] = 2 * size
            a, b = initial[left] ^ flip_left, initial[right] ^ flip_right
            if a == 0 or b == 0 or a ^ 1 == b:
                initial[node] = 0
            elif a == 1 or a == b:
                initial[node] = b
            elif b == 1:
                initial[node] = a
            else:
                opened += 1
                initial[node] = 2 * opened
        else:
            images[node] = conjunction(nodes, int(images[left] ^ flip_left), int(images[right] ^ flip_right))
    for at in range(len(m.registers)):
        after[m.registers[at]] = images[m.following[at] >> 1] ^ (m.following[at] & 1)
    for node in range(1, len(m.first)):
        if m.first[node] >= 0 and initial[node] >= 0:
            a = after[m.first[node] >> 1] ^ (m.first[node] & 1)
            b = after[m.second[node] >> 1] ^ (m.second[node] & 1)
            after[node] = conjunction(nodes, a, b)
