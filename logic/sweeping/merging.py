"""Merging nodes by structure: hashing over merged operands, two-leaf functions, and matching within a class.

One pass of :mod:`sweeping`; it stops wherever only SAT can go on.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..kernels import kernel
from .matching import bloom, same_function, surroundings
from .nodes import Nodes, slot_of

Integers = NDArray[np.int64]
PENDING = 64  # words of refuting vectors before the signatures are renewed
_CHAIN = 8  # candidates matched against a node, whatever they look like
_SCAN = 4_000  # members of a class that are looked at


class State(NamedTuple):
    """The arrays that sweeping keeps, as the compiled kernels take them."""

    merged: Integers  # [nodes] the literal that stands for a node; itself if it stands for its class
    first: NDArray[np.int32]  # [nodes] operands of standing nodes, in merged literals
    second: NDArray[np.int32]
    hashed: NDArray[np.int32]  # structural hash table of standing nodes
    classes: NDArray[np.int32]  # hash table: signature to the first standing node of that signature
    following: NDArray[np.int32]  # [nodes] next standing node of the same signature, or -1
    last: NDArray[np.int32]  # [nodes] at the first node of a class: the last one
    signature: NDArray[np.uint64]
    phase: NDArray[np.bool_]
    wanted: NDArray[np.bool_]  # [nodes] in the cone of a pair that is still open
    pending: NDArray[np.uint64]  # [PENDING, nodes]


@kernel()
def mark_cones(nodes: Nodes, state: State, size: int) -> None:  # pragma: no cover - compiled
    """Extends ``wanted`` to all nodes below, and to what stands for them."""
    wanted = state.wanted
    for node in range(size - 1, 0, -1):
        if wanted[node]:
            wanted[state.merged[node] >> 1] = True
        if wanted[node] and nodes.first[node] >= 0:
            wanted[nodes.first[node] >> 1] = True
            wanted[nodes.second[node] >> 1] = True


@kernel()
def _enter(state: State, node: int) -> None:  # pragma: no cover - compiled
    """Adds a standing node to the class of its signature."""
    mask = state.classes.shape[0] - 1
    place = np.int64(state.signature[node] >> np.uint64(20)) & mask
    while True:
        head = state.classes[place]
        if head < 0:
            state.classes[place] = node
            state.last[node] = node
            return
        if state.signature[head] == state.signature[node]:
            state.following[state.last[head]] = node
            state.last[head] = node
            return
        place = (place + 1) & mask


@kernel()
def restart(state: State, size: int, limit: int) -> None:  # pragma: no cover - compiled
    """Sorts the nodes below ``limit`` into classes anew; with limit 0 the structural table is emptied too."""
    state.classes[:] = -1
    state.following[:] = -1
    if limit == 0:
        state.hashed[:] = 0
    _enter(state, 0)
    for node in range(1, limit):
        if state.merged[node] == 2 * node or state.first[node] >= 0:
            _enter(state, node)


@kernel()
def stand(state: State, node: int) -> None:  # pragma: no cover - compiled
    """Lets a node stand for itself."""
    _enter(state, node)


@kernel()
def _find(state: State, a: int, b: int) -> tuple[int, int]:  # pragma: no cover - compiled
    """The node that stands for a conjunction, or 0, and its place in the structural table."""
    mask = state.hashed.shape[0] - 1
    place = slot_of(a, b, mask)
    while state.hashed[place] != 0:
        found = np.int64(state.hashed[place])
        if state.first[found] == a and state.second[found] == b:
            return int(found), place
        place = (place + 1) & mask
    return 0, place


@kernel()
def _row(state: State, x: int, y: int, row: int) -> int:  # pragma: no cover - compiled
    """The literal that is true only in one row of two nodes, or -1 if no node computes it."""
    a, b = 2 * x ^ 1 ^ (row & 1), 2 * y ^ 1 ^ (row >> 1)
    found, _ = _find(state, min(a, b), max(a, b))
    return -1 if found == 0 else state.merged[found]


@kernel()
def _of_two(state: State, x: int, y: int, table: int) -> int:  # pragma: no cover - compiled
    """A literal known to be the function ``table`` of nodes ``x`` and ``y``, or -1."""
    if table in (0, 15):
        return table & 1
    if table in (0b1010, 0b0101):
        return state.merged[x] ^ (table & 1)
    if table in (0b1100, 0b0011):
        return state.merged[y] ^ (table & 1)
    for flip in range(2):
        low, high = -1, -1
        for row in range(4):
            if (table >> row & 1) != flip:
                low, high = (row, high) if low < 0 else (low, row)
        literal = _row(state, x, y, low) if high < 0 or (table in (0b0110, 0b1001)) else -1
        if literal >= 0 and high >= 0:
            other = _row(state, x, y, high)
            found = 0
            if other >= 0:
                found, _ = _find(state, min(literal ^ 1, other ^ 1), max(literal ^ 1, other ^ 1))
            literal = -1 if found == 0 else state.merged[found] ^ 1
        if literal >= 0:
            return literal ^ flip
    return -1


@kernel()
def advance(
    nodes: Nodes, state: State, start: int, size: int, resume: bool, ask: bool, waiting: int
) -> tuple[int, int]:  # pragma: no cover - compiled
    """Merges nodes from ``start`` on by structure; stops at a node whose candidate needs SAT.

    Returns:
        The node and its candidate, or ``size`` and 0 at the end.
    """
    pairs = np.empty((3, 3), np.int64)
    near = np.uint64(0xFFFFFFFFFFFFFFFF)
    plain, most = (_CHAIN, 3 * _CHAIN) if ask else (2, 6)
    for node in range(start, size):
        if not (resume and node == start):
            if ask and not state.wanted[node]:
                continue
            if nodes.first[node] < 0:
                _enter(state, node)
                continue
            known = state.merged[node]
            near, filled = surroundings(nodes.first, nodes.second, state.merged, node, pairs)
            literal = np.int64(-1)
            for row in range(filled):
                found = _of_two(state, pairs[row, 0], pairs[row, 1], pairs[row, 2])
                if found >= 0 and (literal < 0 or found < literal):  # the earliest: a signal of the specification
                    literal = found
            if literal >= 0:
                state.merged[node] = literal
                continue
            a = state.merged[nodes.first[node] >> 1] ^ (nodes.first[node] & 1)
            b = state.merged[nodes.second[node] >> 1] ^ (nodes.second[node] & 1)
            if a > b:
                a, b = b, a
            if a == 0 or a ^ 1 == b:
                state.merged[node] = 0
                continue
            if a == 1 or a == b:
                state.merged[node] = b
                continue
            found, place = _find(state, a, b)
            if found:
                state.merged[node] = state.merged[found]
                continue
            state.hashed[place] = node
            state.first[node], state.second[node] = a, b
            if known != 2 * node:  # proved in an earlier pass
                state.merged[node] = state.merged[known >> 1] ^ (known & 1)
                _enter(state, node)
                continue
        where = state.classes.shape[0] - 1
        place = np.int64(state.signature[node] >> np.uint64(20)) & where
        candidate = np.int64(-1)
        while state.classes[place] >= 0:
            if state.signature[state.classes[place]] == state.signature[node]:
                candidate = np.int64(state.classes[place])
                break
            place = (place + 1) & where
        tried, seen = 0, 0
        ready = np.int64(-1)
        while candidate >= 0 and seen < _SCAN and tried < most:
            seen += 1
            if tried >= plain and not (
                state.first[candidate] >= 0
                and near & (bloom(state.first[candidate] >> 1) | bloom(state.second[candidate] >> 1))
            ):
                candidate = np.int64(state.following[candidate])
                continue
            flip = np.int64(state.phase[node] != state.phase[candidate])
            agree = True
            for w in range(waiting):
                left, right = state.pending[w, node], state.pending[w, candidate]
                if left != (~right if flip else right):
                    agree = False
                    break
            if agree:
                tried += 1
                if same_function(state.first, state.second, node, int(candidate), int(flip)):
                    state.merged[node] = state.merged[candidate] ^ flip
                    break
                if ready < 0 and state.merged[candidate] == 2 * candidate:
                    ready = candidate
            candidate = np.int64(state.following[candidate])
        if state.merged[node] == 2 * node and ready >= 0 and ask and state.wanted[node]:
            return node, int(ready)
        _enter(state, node)  # a matched node stays a candidate: its own structure is what a copy of it will match
    return size, 0
