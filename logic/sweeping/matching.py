"""Matching: two nodes are equal if their truth tables over one common cut of proved signals are identical."""

import numpy as np
from numpy.typing import NDArray

from ..kernels import kernel

LEAVES = 8  # of a common cut; truth tables of 2^8 bits
_INNER = 48  # nodes between the pair and its cut
_TABLES = np.zeros((LEAVES, 1 << (LEAVES - 6)), np.uint64)
for _leaf in range(6):
    _TABLES[_leaf] = sum(1 << row for row in range(64) if row >> _leaf & 1)
for _leaf in range(6, LEAVES):
    _TABLES[_leaf] = [np.iinfo(np.uint64).max if word >> (_leaf - 6) & 1 else 0 for word in range(1 << (LEAVES - 6))]
_TABLES.setflags(write=False)

Fan = NDArray[np.int32]


@kernel()
def same_function(first: Fan, second: Fan, node: int, other: int, flip: int) -> bool:  # pragma: no cover - compiled
    """Whether ``node == other xor flip`` follows from the structure alone.

    A cut of both nodes is grown from the pair itself downwards, first at its latest node, then again where it grows
    least (latest node on a tie). Truth tables over a deeper cut are compositions of those over a shallower one, so
    only the deepest cut of at most ``LEAVES`` leaves is compared. Identity there is a proof; difference says nothing.

    Args:
        first: ``[nodes]`` canonical first operands, -1 for inputs.
        second: ``[nodes]`` canonical second operands.
        node: One node.
        other: The other, earlier one; 0 is constant false.
        flip: 1 to compare with the complement.
    """
    return _grow(first, second, node, other, flip, False) or _grow(first, second, node, other, flip, True)


@kernel()
def _grow(
    first: Fan, second: Fan, node: int, other: int, flip: int, thrifty: bool
) -> bool:  # pragma: no cover - compiled
    leaves = np.empty(LEAVES + 4, np.int64)
    inner = np.empty(_INNER, np.int64)
    count, used = 1, 0
    leaves[0] = node
    if other:
        leaves[1] = other
        count = 2
    best_used, best_count = 0, 0
    best = np.empty(LEAVES, np.int64)
    while used < _INNER:
        chosen, least = -1, 3
        for i in range(count):
            leaf = leaves[i]
            if first[leaf] < 0:
                continue
            a, b = first[leaf] >> 1, second[leaf] >> 1
            growth = 1
            for j in range(count):
                if leaves[j] == a or leaves[j] == b:
                    growth -= 1
            if leaf == node or not thrifty:
                growth = -2  # the later node first of all
            if growth < least or (growth == least and leaf > leaves[chosen]):
                chosen, least = i, growth
        if chosen < 0:
            break
        leaf = leaves[chosen]
        a, b = first[leaf] >> 1, second[leaf] >> 1
        count -= 1
        leaves[chosen] = leaves[count]
        has_a, has_b = False, False
        for j in range(count):
            has_a |= leaves[j] == a
            has_b |= leaves[j] == b
        if count + (not has_a) + (not has_b) > LEAVES + 2:
            break
        if not has_a:
            leaves[count] = a
            count += 1
        if not has_b:
            leaves[count] = b
            count += 1
        inner[used] = leaf
        used += 1
        if count <= LEAVES:
            best_used, best_count = used, count
            for j in range(count):
                best[j] = leaves[j]
    if best_used == 0:
        return False
    return _equal_tables(first, second, np.sort(inner[:best_used]), best[:best_count], node, other, flip)


@kernel()
def _equal_tables(
    first: Fan, second: Fan, inner: NDArray[np.int64], leaves: NDArray[np.int64], node: int, other: int, flip: int
) -> bool:  # pragma: no cover - compiled
    words = _TABLES.shape[1]
    total = len(leaves) + len(inner)
    ids = np.empty(total, np.int64)
    tables = np.empty((total, words), np.uint64)
    ones = np.uint64(0xFFFFFFFFFFFFFFFF)
    for i in range(len(leaves)):
        ids[i] = leaves[i]
        tables[i] = _TABLES[i]
    for k in range(len(inner)):
        row = len(leaves) + k
        current = inner[k]
        ids[row] = current
        a, b = first[current], second[current]
        at_a, at_b = -1, -1
        for i in range(row):
            if ids[i] == a >> 1:
                at_a = i
            if ids[i] == b >> 1:
                at_b = i
        if at_a < 0 or at_b < 0:
            return False
        flip_a = ones if a & 1 else np.uint64(0)
        flip_b = ones if b & 1 else np.uint64(0)
        for w in range(words):
            tables[row, w] = (tables[at_a, w] ^ flip_a) & (tables[at_b, w] ^ flip_b)
    at_node, at_other = -1, -1
    for i in range(total):
        if ids[i] == node:
            at_node = i
        if ids[i] == other:
            at_other = i
    if at_node < 0 or (other and at_other < 0):
        return False
    flipped = ones if flip else np.uint64(0)
    for w in range(words):
        expected = (tables[at_other, w] if other else np.uint64(0)) ^ flipped
        if tables[at_node, w] != expected:
            return False
    return True


@kernel()
def surroundings(
    first: Fan, second: Fan, merged: NDArray[np.int64], node: int, pairs: NDArray[np.int64]
) -> tuple[np.uint64, int]:  # pragma: no cover - compiled
    """What lies right below a node: a filter for candidates, and its function where two leaves decide it.

    The way down follows the operands as they were written, since a merged inner node may stand for one with another
    structure; leaves are told apart by what they were merged into.

    Args:
        first: ``[nodes]`` first operands as written, -1 for inputs.
        second: ``[nodes]`` second operands as written.
        merged: ``[nodes]`` the literal that stands for each node.
        node: The node.
        pairs: ``[P, 3]``, filled with two standing leaves and the 4-bit truth table of the node over them (row
            ``2 * second + first``), deeper cuts later.

    Returns:
        A 64-bit Bloom filter of the nodes met on the way down, and how many pairs were filled.
    """
    leaves, inner = np.empty(16, np.int64), np.empty(12, np.int64)
    leaves[0] = node
    count, used, filled = 1, 0, 0
    near = np.uint64(0)
    while 0 < count <= 12 and used < 12 and filled < len(pairs):
        chosen = 0
        for i in range(1, count):
            if leaves[i] > leaves[chosen]:
                chosen = i
        leaf = leaves[chosen]
        if first[leaf] < 0:
            break
        count -= 1
        leaves[chosen] = leaves[count]
        for side in (np.int64(first[leaf] >> 1), np.int64(second[leaf] >> 1)):
            near |= bloom(merged[side] >> 1)
            present = merged[side] <= 1
            for j in range(count):
                present |= leaves[j] == side
            if not present:
                leaves[count] = side
                count += 1
        inner[used] = leaf
        used += 1
        x, y, wide = np.int64(-1), np.int64(-1), False
        for j in range(count):
            own = merged[leaves[j]] >> 1
            if x < 0 or own == x:
                x = own
            elif y < 0 or own == y:
                y = own
            else:
                wide = True
        if y >= 0 and not wide and used > 1:
            pairs[filled, 0], pairs[filled, 1] = x, y
            pairs[filled, 2] = _small_table(first, second, merged, inner[:used], int(x), int(y))
            filled += 1
    return near, filled


@kernel()
def _small_table(
    first: Fan, second: Fan, merged: NDArray[np.int64], inner: NDArray[np.int64], x: int, y: int
) -> int:  # pragma: no cover - compiled
    tables = np.zeros(len(inner), np.int64)
    for k in range(len(inner) - 1, -1, -1):  # the latest was expanded first
        value = np.int64(15)
        for operand in (np.int64(first[inner[k]]), np.int64(second[inner[k]])):
            table, written = np.int64(0), False
            for i in range(k + 1, len(inner)):
                if inner[i] == operand >> 1:
                    table, written = tables[i], True
            if not written:
                standing = merged[operand >> 1]
                table = 0b1010 if standing >> 1 == x else 0b1100 if standing >> 1 == y else 0
                table ^= 15 * (standing & 1)
            value &= table ^ (15 * (operand & 1))
        tables[k] = value
    return tables[0]


@kernel()
def bloom(node: int) -> np.uint64:  # pragma: no cover - compiled
    """The filter bit of a node."""
    return np.uint64(1) << ((np.uint64(node) * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(58))
