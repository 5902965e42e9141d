"""The joint and-inverter graph: everything to be compared is written into one structurally hashed graph."""

import numpy as np
from numpy.typing import NDArray

from ..circuit import Circuit, Gate
from ..kernels import kernel
from .nodes import Nodes, conjunction, rehash
from .thresholds import room_for, threshold, tree

Array = NDArray[np.int64]
_AND, _XOR = int(Gate.AND), int(Gate.XOR)


@kernel()
def _write(nodes: Nodes, kinds: Array, offsets: Array, operands: Array, wires: Array, gate_wire: int) -> None:
    # pragma: no cover - compiled
    for gate in range(len(kinds)):
        begin, end = offsets[gate], offsets[gate + 1]
        if end - begin == 2 and kinds[gate] == _AND:  # most gates of most circuits
            a, b = int(operands[begin]), int(operands[begin + 1])
            wires[gate_wire + gate] = conjunction(nodes, int(wires[a >> 1]) ^ (a & 1), int(wires[b >> 1]) ^ (b & 1))
            continue
        literals = np.empty(end - begin, np.int64)
        for i in range(begin, end):
            literals[i - begin] = wires[operands[i] >> 1] ^ (operands[i] & 1)
        literals.sort()
        if kinds[gate] <= _XOR:
            wires[gate_wire + gate] = tree(nodes, int(kinds[gate]), literals)
        else:
            ones = np.ones(len(literals), np.int64)
            wires[gate_wire + gate] = threshold(nodes, literals, ones, len(literals) // 2 + 1)


class AndGraph:
    """A growing and-inverter graph; equal conjunctions are made once.

    Args:
        capacity: Nodes that fit before the first growth.
    """

    def __init__(self, capacity: int = 1024) -> None:
        self.nodes = _allocate(capacity)
        self.nodes.size[0] = 1
        self.nodes.first[0] = -1

    def __len__(self) -> int:
        return int(self.nodes.size[0])

    def reserve(self, more: int) -> None:
        """Make room for ``more`` further nodes."""
        if len(self) + more > len(self.nodes.first):
            grown = _allocate(max(len(self) + more, 2 * len(self.nodes.first)))
            size = len(self)
            grown.first[:size], grown.second[:size] = self.nodes.first[:size], self.nodes.second[:size]
            grown.size[0] = size
            rehash(grown)
            self.nodes = grown

    def inputs(self, count: int) -> Array:
        """``[count]`` literals of new inputs."""
        self.reserve(count)
        size = len(self)
        self.nodes.first[size : size + count] = -1
        self.nodes.size[0] = size + count
        return 2 * np.arange(size, size + count)

    def conjunction(self, a: int, b: int) -> int:
        """The literal of ``a and b``."""
        self.reserve(1)
        return int(conjunction(self.nodes, a, b))

    def add(self, circuit: Circuit, sources: Array) -> Array:
        """Writes a circuit into the graph.

        Args:
            circuit: Any netlist; wide gates are folded, majorities decided by a diagram.
            sources: ``[I + R]`` literals of its inputs and registers.

        Returns:
            ``[wires]`` literals, one a wire of the circuit.
        """
        wires = np.zeros(circuit.wires, np.int64)
        wires[1 : circuit.first_gate] = sources
        widths = np.diff(circuit.offsets)
        self.reserve(int(3 * widths.sum() + room_for(widths[circuit.kinds == int(Gate.MAJ)])) + 1)
        _write(self.nodes, circuit.kinds, circuit.offsets, circuit.literals, wires, circuit.first_gate)
        return wires


def _allocate(capacity: int) -> Nodes:
    table = 1 << max(4, int(2 * capacity).bit_length())
    return Nodes(
        np.zeros(capacity, np.int32), np.zeros(capacity, np.int32), np.zeros(table, np.int32), np.zeros(1, np.int64)
    )
