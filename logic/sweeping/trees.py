"""Wide conjunctions and parities known by their operands, however they were split into trees.

Two trees over the same operands are one function. Sweeping would have to find that out by SAT, which takes more than
the square of their width. Each node gets the sum of what its leaves hash to; where two nodes have equal sums, their
leaves are listed and compared.
"""

import numpy as np
from numpy.typing import NDArray

from ..kernels import kernel
from .nodes import Nodes, slot_of

Integers = NDArray[np.int64]
Words = NDArray[np.uint64]
Fan = NDArray[np.int32]
_LEAST = 12  # leaves of a tree that is worth all this
_EFFORT = 64  # steps a node, on average, after which trees are no longer compared
_EXPANDED, _LEAVES = 16, 6  # nodes within a parity of two or three leaves, and the leaves of what may become one


def merge_trees(nodes: Nodes, size: int) -> bool:
    """Makes trees over equal leaves one, in place: a node that is another one becomes its conjunction with itself.

    Args:
        nodes: Of a graph; each keeps its function.
        size: How many they are.

    Returns:
        Whether there was a tree wide enough to be looked at.
    """
    if not _has_wide(nodes, size):
        return False
    random = np.random.default_rng(0).integers(1, 1 << 63, size=2, dtype=np.uint64) | np.uint64(1)
    stamps = np.zeros(2 * size, np.int64)
    stack = np.zeros(2 * size + 64, np.int64)
    slots = np.full((3, 1 << int(2 * size).bit_length()), -1, np.int32)
    parts = np.full((size, 3), -1, np.int32)
    sums = np.zeros((2, size), np.uint64)
    _merge(nodes, size, random, stamps, stack, slots, parts, sums)
    return True


@kernel()
def _has_wide(nodes: Nodes, size: int) -> bool:  # pragma: no cover - compiled
    """Whether some tree of conjunctions, or of plainly written parities, has many leaves."""
    readers, leaves = np.zeros(size, np.int32), np.ones((2, size), np.int64)
    for node in range(size):
        if nodes.first[node] >= 0:
            readers[nodes.first[node] >> 1] += 1
            readers[nodes.second[node] >> 1] += 1
    for node in range(size):
        if nodes.first[node] < 0:
            continue
        total = 0
        for literal in (int(nodes.first[node]), int(nodes.second[node])):
            total += leaves[0, literal >> 1] if literal & 1 == 0 and readers[literal >> 1] == 1 else 1
        leaves[0, node] = total
        one, other = int(nodes.first[node]), int(nodes.second[node])
        if one & 1 and other & 1 and nodes.first[one >> 1] >= 0 and nodes.first[other >> 1] >= 0:
            a, b = int(nodes.first[one >> 1]), int(nodes.second[one >> 1])
            c, d = int(nodes.first[other >> 1]), int(nodes.second[other >> 1])
            if (a ^ c == 1 and b ^ d == 1) or (a ^ d == 1 and b ^ c == 1):
                leaves[1, node] = leaves[1, a >> 1] + leaves[1, b >> 1]
        if leaves[0, node] >= _LEAST or leaves[1, node] >= _LEAST:
            return True
    return False


@kernel()
def _merge(
    nodes: Nodes,
    size: int,
    random: Words,
    stamps: Integers,
    stack: Integers,
    slots: Fan,
    parts: Fan,
    sums: Words,
) -> None:  # pragma: no cover - compiled
    """One pass in topological order; operands of a node are those that stand for them already.

    Args:
        nodes: Rewritten.
        size: Nodes in use.
        random: Two odd numbers, for hashing.
        stamps: ``[2 * size]`` when each literal was last met.
        stack: ``[2 * size + 64]``.
        slots: ``[3, S]`` hash tables, -1 where empty: conjunctions, sums of conjunctions, sums of parities.
        parts: ``[size, 3]`` the leaves of a small parity, -1 where a node is none or has fewer.
        sums: ``[2, size]`` of the leaves of a node as a conjunction and as a parity.
    """
    first, second = nodes.first, nodes.second
    state = np.zeros(2, np.int64)  # the last stamp, and steps done
    effort, mask = _EFFORT * size, slots.shape[1] - 1
    flips = np.zeros(size, np.bool_)  # whether a small parity is the complement of that of its leaves
    for node in range(size):
        sums[0, node] = sums[1, node] = (np.uint64(node) + np.uint64(1)) * random[0] ^ random[1]
        if first[node] < 0:
            continue
        a, b = _stands(nodes, int(first[node])), _stands(nodes, int(second[node]))
        if a > b:
            a, b = b, a
        same = -1
        if a == 0 or a ^ 1 == b:
            same = 0
        elif a == 1 or a == b:
            same = b
        else:
            place = slot_of(a, b, mask)
            while slots[0, place] >= 0 and same < 0:
                other = slots[0, place]
                if first[other] == a and second[other] == b:
                    same = 2 * other
                place = (place + 1) & mask
            first[node], second[node] = a, b
        if same < 0 and state[1] < effort:
            if a & 1 and b & 1:
                flips[node] = _small_parity(nodes, node, parts, state) == 1
            if parts[node, 0] >= 0:
                total = np.uint64(0)
                for at in range(3):
                    if parts[node, at] >= 0:
                        total ^= sums[1, parts[node, at]]
                sums[1, node] = total
                same = _find(nodes, node, 1, sums, slots, parts, flips, stamps, stack, state, effort)
            else:
                total = np.uint64(0)
                for literal in (a, b):
                    inner = literal & 1 == 0 and first[literal >> 1] >= 0 and parts[literal >> 1, 0] < 0
                    total += sums[0, literal >> 1] if inner else _leaf(literal, random)
                sums[0, node] = total
                same = _find(nodes, node, 0, sums, slots, parts, flips, stamps, stack, state, effort)
        if same >= 0:
            first[node] = second[node] = same
            continue
        place = slot_of(a, b, mask)
        while slots[0, place] >= 0:
            place = (place + 1) & mask
        slots[0, place] = node


@kernel()
def _stands(nodes: Nodes, literal: int) -> int:  # pragma: no cover - compiled
    """The literal that stands for another one."""
    node = literal >> 1
    if nodes.first[node] >= 0 and nodes.first[node] == nodes.second[node]:
        return int(nodes.first[node]) ^ (literal & 1)
    return literal


@kernel()
def _leaf(literal: int, random: Words) -> np.uint64:  # pragma: no cover - compiled
    value = (np.uint64(literal) + np.uint64(1)) * random[1]
    value ^= value >> np.uint64(29)
    return value * random[0]


@kernel()
def _find(
    nodes: Nodes,
    node: int,
    kind: int,
    sums: Words,
    slots: Fan,
    parts: Fan,
    flips: NDArray[np.bool_],
    stamps: Integers,
    stack: Integers,
    state: Integers,
    effort: int,
) -> int:  # pragma: no cover - compiled
    """The literal of an earlier node with the same leaves, or -1; without one the node is entered."""
    mask = slots.shape[1] - 1
    key = sums[kind, node] * np.uint64(0x9E3779B97F4A7C15)
    place = np.int64(key >> np.uint64(24)) & mask
    while slots[1 + kind, place] >= 0:
        other = int(slots[1 + kind, place])
        if sums[kind, other] == sums[kind, node]:
            if kind == 0 and _same_conjunction(nodes, parts, node, other, stamps, stack, state, effort):
                return 2 * other
            if kind == 1:
                flip = _same_parity(parts, flips, node, other, stamps, stack, state, effort)
                if flip >= 0:
                    return 2 * other ^ flip
        place = (place + 1) & mask
    slots[1 + kind, place] = node
    return -1


@kernel()
def _same_conjunction(
    nodes: Nodes, parts: Fan, one: int, other: int, stamps: Integers, stack: Integers, state: Integers, effort: int
) -> bool:  # pragma: no cover - compiled
    """Whether two trees of conjunctions have the same leaves."""
    state[0] += 3
    mark, counts = state[0], np.zeros(2, np.int64)
    for side in range(2):
        stack[0], top = 2 * (one if side == 0 else other), 1
        while top:
            top -= 1
            literal = int(stack[top])
            node = literal >> 1
            state[1] += 1
            inner = literal & 1 == 0 and nodes.first[node] >= 0 and parts[node, 0] < 0
            if inner:
                if top + 2 >= len(stack) or state[1] >= effort:
                    return False
                stack[top], stack[top + 1] = nodes.first[node], nodes.second[node]
                top += 2
            elif side == 0:
                if stamps[literal] < mark:
                    stamps[literal] = mark
                    counts[0] += 1
            elif stamps[literal] == mark:
                stamps[literal] = mark + 1
                counts[1] += 1
            elif stamps[literal] < mark:
                return False
    return bool(counts[0] == counts[1])


@kernel()
def _same_parity(
    parts: Fan,
    flips: NDArray[np.bool_],
    one: int,
    other: int,
    stamps: Integers,
    stack: Integers,
    state: Integers,
    effort: int,
) -> int:  # pragma: no cover - compiled
    """Whether one of two trees of parities is the complement of the other, or -1 where their leaves differ."""
    state[0] += 3
    mark, odd, flip = state[0], 0, 0
    for side in range(2):
        stack[0], top = one if side == 0 else other, 1
        while top:
            top -= 1
            node = int(stack[top])
            state[1] += 1
            if parts[node, 0] >= 0:
                if top + 3 >= len(stack) or state[1] >= effort:
                    return -1
                flip ^= 1 if flips[node] else 0
                for at in range(3):
                    if parts[node, at] >= 0:
                        stack[top] = parts[node, at]
                        top += 1
            elif stamps[node] == mark + 1:
                stamps[node] = mark
                odd -= 1
            else:
                stamps[node] = mark + 1
                odd += 1
    return flip if odd == 0 else -1


@kernel()
def _small_parity(nodes: Nodes, root: int, parts: Fan, state: Integers) -> int:  # pragma: no cover - compiled
    """Whether a node is the parity of two or three nodes (0) or its complement (1), which become its parts; else -1.

    The latest leaf is expanded as long as there are few; the tables of the nodes between are worked out backwards.
    """
    leaves, inside, tables = (
        np.zeros(_LEAVES + 2, np.int64),
        np.zeros(_EXPANDED, np.int64),
        np.zeros(_EXPANDED, np.int64),
    )
    leaves[0], count, used = root, 1, 0
    while used < _EXPANDED and count <= _LEAVES:
        latest = 0
        for at in range(1, count):
            if leaves[at] > leaves[latest]:
                latest = at
        node = leaves[latest]
        if nodes.first[node] < 0:
            return -1
        inside[used] = node
        used += 1
        count -= 1
        leaves[latest] = leaves[count]
        for literal in (nodes.first[node], nodes.second[node]):
            known = False
            for at in range(count):
                known |= leaves[at] == literal >> 1
            if not known:
                leaves[count] = literal >> 1
                count += 1
        state[1] += 1
        if used < 3 or count not in (2, 3):
            continue
        for at in range(used - 1, -1, -1):
            table = np.int64(0xFF)
            for literal in (nodes.first[inside[at]], nodes.second[inside[at]]):
                found = np.int64(0)
                for leaf in range(count):
                    if leaves[leaf] == literal >> 1:
                        found = np.int64(0xAA) if leaf == 0 else np.int64(0xCC) if leaf == 1 else np.int64(0xF0)
                for later in range(at + 1, used):
                    if inside[later] == literal >> 1:
                        found = tables[later]
                table &= found ^ 0xFF if literal & 1 else found
            tables[at] = table
        whole = np.int64(0x66) if count == 2 else np.int64(0x96)
        if tables[0] == whole or tables[0] == whole ^ 0xFF:
            for at in range(count):
                parts[root, at] = leaves[at]
            return 1 if tables[0] != whole else 0
    return -1
