"""The nodes of an and-inverter graph, and how conjunctions are made once (structural hashing)."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..kernels import kernel


class Nodes(NamedTuple):
    """The arrays of a graph, as the compiled kernels take them.

    Node ``n`` is the conjunction of the literals ``first[n]`` and ``second[n]``; inputs have ``first[n] == -1``.
    Node 0 is constant false; a literal is ``2 * node + complement``. Operands come before the node.
    """

    first: NDArray[np.int32]  # [capacity]
    second: NDArray[np.int32]  # [capacity]
    table: NDArray[np.int32]  # open-addressing hash table over (first, second), a power of two long
    size: NDArray[np.int64]  # [1], nodes in use


@kernel()
def slot_of(a: int, b: int, mask: int) -> int:  # pragma: no cover - compiled
    """Where the hash table begins to look for the conjunction of two literals."""
    key = np.uint64(a) * np.uint64(0x9E3779B97F4A7C15) ^ np.uint64(b) * np.uint64(0xC2B2AE3D27D4EB4F)
    key ^= key >> np.uint64(29)
    return int(np.int64((key * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(20)) & mask)


@kernel()
def conjunction(nodes: Nodes, a: int, b: int) -> int:  # pragma: no cover - compiled
    """The literal of ``a and b``: simplified, found, or made."""
    if a > b:
        a, b = b, a
    if a == 0 or a ^ 1 == b:
        return 0
    if a == 1 or a == b:
        return b
    mask = nodes.table.shape[0] - 1
    place = slot_of(a, b, mask)
    while nodes.table[place] != 0:
        node = nodes.table[place]
        if nodes.first[node] == a and nodes.second[node] == b:
            return 2 * int(node)
        place = (place + 1) & mask
    node = nodes.size[0]
    if node >= nodes.first.shape[0]:
        return -1
    nodes.size[0] = node + 1
    nodes.first[node], nodes.second[node], nodes.table[place] = a, b, node
    return 2 * node


@kernel()
def disjunction(nodes: Nodes, a: int, b: int) -> int:  # pragma: no cover - compiled
    """The literal of ``a or b``."""
    return conjunction(nodes, a ^ 1, b ^ 1) ^ 1


@kernel()
def parity(nodes: Nodes, a: int, b: int) -> int:  # pragma: no cover - compiled
    """The literal of ``a xor b``."""
    flip = (a ^ b) & 1
    a, b = a & ~1, b & ~1
    left, right = conjunction(nodes, a, b ^ 1), conjunction(nodes, a ^ 1, b)
    return disjunction(nodes, left, right) ^ flip


@kernel()
def rehash(nodes: Nodes) -> None:  # pragma: no cover - compiled
    """Enters every node of the graph into an empty hash table."""
    mask = nodes.table.shape[0] - 1
    for node in range(nodes.size[0]):
        if nodes.first[node] >= 0:
            place = slot_of(int(nodes.first[node]), int(nodes.second[node]), mask)
            while nodes.table[place] != 0:
                place = (place + 1) & mask
            nodes.table[place] = node
