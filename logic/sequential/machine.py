"""A clocked graph of conjunctions with pairs of literals that are to be equal at every clock."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..kernels import kernel

Ints = NDArray[np.int32]
Integers = NDArray[np.int64]
Bits = NDArray[np.bool_]


class Machine(NamedTuple):
    """A clocked graph of ``N`` nodes: the constant false, inputs, registers, then conjunctions, operands first.

    A literal is ``2 * node + complement``. Inputs and registers have ``first == -1``.
    """

    first: Ints  # [N]
    second: Ints  # [N]
    inputs: Ints  # [I] nodes
    registers: Ints  # [R] nodes
    following: Ints  # [R] literals that the registers take at the next clock
    initial: Ints  # [R] 0, 1, or a literal 2 * (1 + v) of the open first value number v
    pairs: Ints  # [P, 2] literals that are to be equal at every clock

    @property
    def nodes(self) -> int:
        """How many, the constant included."""
        return len(self.first)

    @property
    def opened(self) -> int:
        """How many first values are open."""
        return int(self.initial.max(initial=1)) >> 1


def moved(images: Integers, literals: Integers | Ints) -> Integers:
    """Literals of one graph in another, by the images ``[N]`` of its nodes."""
    return images[literals >> 1] ^ (literals & 1)


def open_pairs(machine: Machine, representative: Ints, phase: Bits) -> Bits:
    """``[P]`` whether a pair's literals are in different classes."""
    images = 2 * representative.astype(np.int64) ^ (phase != phase[representative])
    sides = moved(images, machine.pairs)
    return sides[:, 0] != sides[:, 1]


def in_order(machine: Machine) -> tuple[Machine, Integers]:
    """The machine with its inputs and registers in front of its conjunctions, and the literals its nodes become."""
    sources = np.concatenate([[0], machine.inputs, machine.registers]).astype(np.int64)
    gates = np.ones(machine.nodes, np.bool_)
    gates[sources] = False
    order = np.concatenate([sources, np.flatnonzero(gates)])
    images = np.zeros(machine.nodes, np.int64)
    images[order] = 2 * np.arange(len(order))
    return _renamed(machine, order, images), images


def reached(machine: Machine) -> tuple[Machine, Integers]:
    """The part of a machine that its pairs depend on, and the literals its nodes become, -1 for those left out.

    Inputs stay, so that a stream means the same.
    """
    marked = np.zeros(machine.nodes, np.bool_)
    _mark(machine, marked)
    marked[0] = marked[machine.inputs] = True
    order = np.flatnonzero(marked)
    images = np.full(machine.nodes, -2, np.int64)
    images[order] = 2 * np.arange(len(order))
    kept = marked[machine.registers]
    part = machine._replace(
        registers=machine.registers[kept], following=machine.following[kept], initial=machine.initial[kept]
    )
    return _renamed(part, order, images), np.maximum(images, -1)


def _renamed(machine: Machine, order: Integers, images: Integers) -> Machine:
    """The machine of the nodes ``order``, in that order."""
    first, second = machine.first[order], machine.second[order]
    gates = first >= 0
    for side in (first, second):
        side[gates] = moved(images, side[gates])
    following = moved(images, machine.following)
    inputs, registers = images[machine.inputs] >> 1, images[machine.registers] >> 1
    columns = [inputs, registers, following, machine.initial, moved(images, machine.pairs)]
    return Machine(first, second, *(column.astype(np.int32) for column in columns))


@kernel(large=0)
def _mark(machine: Machine, marked: NDArray[np.bool_]) -> None:  # pragma: no cover - compiled
    """Marks all nodes that the pairs depend on, through registers."""
    position = np.full(len(machine.first), -1, np.int64)
    for at in range(len(machine.registers)):
        position[machine.registers[at]] = at
    stack = np.empty(2 * len(machine.first) + 2 * len(machine.pairs) + 2, np.int64)
    size = 0
    for literal in machine.pairs.reshape(-1):
        stack[size] = literal >> 1
        size += 1
    while size:
        size -= 1
        node = stack[size]
        if marked[node]:
            continue
        marked[node] = True
        if machine.first[node] >= 0:
            stack[size], stack[size + 1] = machine.first[node] >> 1, machine.second[node] >> 1
            size += 2
        elif position[node] >= 0:
            stack[size] = machine.following[position[node]] >> 1
            size += 1
