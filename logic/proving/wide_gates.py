"""Wide gates told apart from how they were split: trees of ANDs, ORs or XORs gathered into one gate again.

A mapping splits a wide gate into a tree as its target needs it, and tools of others do likewise; two trees over the
same operands are one function, which hashing sees only if both are one gate with its operands in order.
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ..circuit import Circuit, Gate, Integers
from ..kernels import kernel

_MAJORITY = int(Gate.MAJ)  # which is no tree
LEAST = 32  # operands of a tree that is gathered; smaller ones are found by sweeping


def gathered(circuit: Circuit) -> Circuit:
    """The same circuit, wire for wire, in which the root of each wide tree reads the operands of the whole tree.

    A tree goes on through gates of one kind that nothing else reads. The operands of wide gates are sorted.
    """
    readers = np.bincount(circuit.literals >> 1, minlength=circuit.wires)
    ends = np.concatenate([circuit.outputs, circuit.register_next]) >> 1
    readers += np.bincount(ends, minlength=circuit.wires)
    inner = np.zeros(circuit.wires, np.bool_)
    size = _sizes(circuit.kinds, circuit.offsets, circuit.literals, circuit.first_gate, readers, inner)
    roots = np.flatnonzero((size >= LEAST) & ~inner[circuit.first_gate :])
    if not len(roots):
        return circuit
    widths, pieces, done = np.diff(circuit.offsets), [circuit.literals[:0]], 0
    for root in roots.tolist():
        leaves: list[int] = []
        waiting = [root]
        while waiting:
            for literal in circuit.operands(waiting.pop()).tolist():
                if literal & 1 == 0 and inner[literal >> 1] and _same(circuit, root, literal):
                    waiting.append((literal >> 1) - circuit.first_gate)
                else:
                    leaves.append(literal)
        pieces += [circuit.literals[done : circuit.offsets[root]], np.sort(np.array(leaves, np.int64))]
        done = circuit.offsets[root + 1]
        widths[root] = len(leaves)
    offsets = np.concatenate([[0], np.cumsum(widths)])
    return replace(circuit, offsets=offsets, literals=np.concatenate([*pieces, circuit.literals[done:]]))


def _same(circuit: Circuit, root: int, literal: int) -> bool:
    return bool(circuit.kinds[root] == circuit.kinds[(literal >> 1) - circuit.first_gate])


@kernel()
def _sizes(
    kinds: Integers, offsets: Integers, literals: Integers, first: int, readers: Integers, inner: NDArray[np.bool_]
) -> Integers:  # pragma: no cover - compiled
    """``[G]`` operands of the tree that ends in each gate; ``inner`` marks the wires that only a tree reads."""
    size = np.zeros(len(kinds), np.int64)
    for gate in range(len(kinds)):
        if kinds[gate] == _MAJORITY:
            continue
        for at in range(offsets[gate], offsets[gate + 1]):
            wire = literals[at] >> 1
            joins = literals[at] & 1 == 0 and wire >= first and readers[wire] == 1
            if joins and kinds[wire - first] == kinds[gate]:
                inner[wire] = True
                size[gate] += size[wire - first]
            else:
                size[gate] += 1
    return size
