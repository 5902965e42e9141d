"""Sweeping: nodes of the joint graph are merged from the inputs upwards until the pairs to be compared coincide.

In topological order each node is hashed over its merged operands, matched over small cuts against nodes of equal
signature, and at last given to SAT with a conflict budget; a refuting vector is simulated with its neighbours at once,
so that false candidates die in flocks (Mishchenko et al., FRAIGs, 2005; Improvements to combinational equivalence
checking, ICCAD 2006).
"""

import time
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from .graph import AndGraph, Nodes, slot_of
from .matching import bloom, same_function, surroundings
from .oracle import Oracle
from .patterns import fold, neighbours, random_words, simulate

Integers = NDArray[np.int64]
_PENDING = 64  # words of refuting vectors before the signatures are renewed
_CHAIN = 8  # candidates matched against a node, whatever they look like
_SCAN = 4_000  # members of a class that are looked at
_BUDGETS = (100, 2_000, 50_000, 10_000_000)  # conflicts a question, pass by pass


class _State(NamedTuple):
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
    pending: NDArray[np.uint64]  # [_PENDING, nodes]


@dataclass(frozen=True, eq=False)
class Sweep:
    """What sweeping found.

    Args:
        settled: ``[P]`` 1 proved equal, 0 refuted, -1 open.
        witness: Values ``[inputs]`` of the graph's inputs that tell the first refuted pair apart, or None.
        merged: ``[nodes]`` the proved representative of each node.
        questions: How often SAT was asked.
    """

    settled: Integers
    witness: NDArray[np.bool_] | None
    merged: Integers
    questions: int


def sweep(
    graph: AndGraph,
    pairs: Integers,
    *,
    deadline: float | None = None,
    seed: int = 0,
    words: int = 32,
) -> Sweep:
    """Decides whether both literals of each pair are equal for all inputs, stopping at the first difference.

    Args:
        graph: The joint graph.
        pairs: ``[P, 2]`` literals.
        deadline: ``time.perf_counter()`` value at which to give up, or None.
        seed: Of the random vectors.
        words: Random vectors before the first pass, in units of 64.
    """
    return _Sweeper(graph, pairs, deadline, seed, words).run()


class _Sweeper:
    def __init__(self, graph: AndGraph, pairs: Integers, deadline: float | None, seed: int, words: int) -> None:
        self.nodes, self.size, self.pairs, self.deadline = graph.nodes, len(graph), pairs, deadline
        self.generator = np.random.default_rng(seed)
        self.inputs = np.flatnonzero(self.nodes.first[: self.size] < 0)[1:]
        size = self.size
        table = 1 << max(4, int(2 * size).bit_length())
        self.state = _State(
            merged=2 * np.arange(size),
            first=np.full(size, -1, np.int32),
            second=np.full(size, -1, np.int32),
            hashed=np.zeros(table, np.int32),
            classes=np.zeros(table, np.int32),
            following=np.full(size, -1, np.int32),
            last=np.zeros(size, np.int32),
            signature=np.zeros(size, np.uint64),
            phase=np.zeros(size, np.bool_),
            wanted=np.ones(size, np.bool_),
            pending=np.zeros((_PENDING, size), np.uint64),
        )
        self.waiting = 0
        self.words = words
        self.oracle = Oracle(self.state.first, self.state.second)

    def run(self) -> Sweep:
        witness = self._simulate()
        if witness is not None:
            return self._result(witness)
        try:
            self._advance_all(None)
            for budget in _BUDGETS:
                if self._open().size == 0 or self._late():
                    break
                witness = self._advance_all(budget)
                if witness is None:
                    witness = self._decide_outputs(10 * budget)
                if witness is not None:
                    return self._result(witness)
            return self._result(None)
        finally:
            self.oracle.close()

    def _late(self) -> bool:
        return self.deadline is not None and time.perf_counter() > self.deadline

    def _result(self, witness: NDArray[np.bool_] | None) -> Sweep:
        settled = np.full(len(self.pairs), -1)
        left, right = self._sides()
        settled[left == right] = 1
        if witness is not None:
            row = np.zeros((self.size, 1), np.uint64)
            row[self.inputs, 0] = witness
            simulate(self.nodes, row)
            values = (row[self.pairs >> 1, 0] ^ (self.pairs & 1).astype(np.uint64)) & np.uint64(1)
            settled[values[:, 0] != values[:, 1]] = 0
        return Sweep(settled, witness, self.state.merged, self.oracle.questions)

    def _sides(self) -> tuple[Integers, Integers]:
        literals = self.state.merged[self.pairs >> 1] ^ (self.pairs & 1)
        return literals[:, 0], literals[:, 1]

    def _open(self) -> Integers:
        left, right = self._sides()
        return np.flatnonzero(left != right)

    def _simulate(self) -> NDArray[np.bool_] | None:
        chunk, fresh = 8, True
        words = np.zeros((self.size, chunk), np.uint64)
        for start in range(0, self.words, chunk):
            words[self.inputs] = random_words(self.generator, len(self.inputs), chunk)
            if start == 0:
                words[self.inputs, 0] &= ~np.uint64(1)  # the first vector is all zeros
            simulate(self.nodes, words)
            witness = self._difference(words)
            if witness is not None:
                return witness
            fold(words, self.state.phase, self.state.signature, fresh)
            fresh = False
        return None

    def _difference(self, words: NDArray[np.uint64]) -> NDArray[np.bool_] | None:
        flips = np.where(self.pairs & 1, np.iinfo(np.uint64).max, 0).astype(np.uint64)
        differ = words[self.pairs[:, 0] >> 1] ^ words[self.pairs[:, 1] >> 1] ^ (flips[:, 0] ^ flips[:, 1])[:, None]
        if not differ.any():
            return None
        pair, word = np.argwhere(differ)[0]
        bit = int(differ[pair, word]) & -int(differ[pair, word])
        return (words[self.inputs, word] & np.uint64(bit)) != 0

    def _advance_all(self, budget: int | None) -> NDArray[np.bool_] | None:
        """One pass over all nodes; with a budget, SAT decides the candidates that structure leaves open."""
        state, at, resume = self.state, 1, False
        self.oracle.renew()
        restart(state, self.size, 0)
        if budget is not None:
            self._want()
        while at < self.size:
            at, candidate = advance(self.nodes, state, at, self.size, resume, budget is not None, self.waiting)
            if at >= self.size:
                break
            literal = 2 * candidate ^ int(state.phase[at] ^ state.phase[candidate])
            answer = self._equal(at, literal, budget or 0)
            resume = answer is False
            if answer:
                state.merged[at] = literal
                self.oracle.equate(at, literal)
                at += 1
            elif answer is None:
                stand(state, at)
                at += 1
            else:
                witness = self._learn(at)
                if witness is not None:
                    return witness
            if self._late():
                return None
        return None

    def _want(self) -> None:
        wanted = self.state.wanted
        wanted[:] = False
        wanted[self.pairs[self._open()].reshape(-1) >> 1] = True
        mark_cones(self.nodes, wanted, self.size)

    def _equal(self, node: int, literal: int, budget: int) -> bool | None:
        if literal <= 1:
            found = self.oracle.possible((2 * node ^ literal,), budget)
            return None if found is None else not found
        for question in ((2 * node, literal ^ 1), (2 * node ^ 1, literal)):
            found = self.oracle.possible(question, budget)
            if found is None:
                return None
            if found:
                return False
        return True

    def _learn(self, limit: int) -> NDArray[np.bool_] | None:
        """Simulates the last model and its neighbours; a vector that tells a pair apart is returned."""
        loaded, values = self.oracle.model()
        vector = self.generator.integers(0, 2, size=self.size).astype(np.bool_)
        vector[loaded] = values
        relevant = np.searchsorted(self.inputs, loaded)
        if self.waiting == _PENDING:
            fold(np.ascontiguousarray(self.state.pending.T), self.state.phase, self.state.signature, False)
            restart(self.state, self.size, limit)
            self.waiting = 0
        word = np.zeros((self.size, 1), np.uint64)
        word[self.inputs, 0] = neighbours(self.generator, vector[self.inputs], relevant)
        simulate(self.nodes, word)
        self.state.pending[self.waiting] = word[:, 0]
        self.waiting += 1
        return self._difference(word)

    def _decide_outputs(self, budget: int) -> NDArray[np.bool_] | None:
        for pair in self._open():
            if self._late():
                return None
            left, right = (int(side[pair]) for side in self._sides())
            if left == right:
                continue
            node, literal = max(left, right) >> 1, min(left, right) ^ (max(left, right) & 1)
            answer = self._equal(node, literal, budget)
            if answer:
                self.state.merged[node] = literal
                self._compress()
            elif answer is False:
                return self._learn(self.size)
        return None

    def _compress(self) -> None:
        merged = self.state.merged
        merged[:] = merged[merged >> 1] ^ (merged & 1)


@njit(cache=True)
def mark_cones(nodes: Nodes, wanted: NDArray[np.bool_], size: int) -> None:  # pragma: no cover - compiled
    """Extends ``wanted`` to all nodes below."""
    for node in range(size - 1, 0, -1):
        if wanted[node] and nodes.first[node] >= 0:
            wanted[nodes.first[node] >> 1] = True
            wanted[nodes.second[node] >> 1] = True


@njit(cache=True)
def _enter(state: _State, node: int) -> None:  # pragma: no cover - compiled
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


@njit(cache=True)
def restart(state: _State, size: int, limit: int) -> None:  # pragma: no cover - compiled
    """Sorts the nodes below ``limit`` into classes anew; with limit 0 the structural table is emptied too."""
    state.classes[:] = -1
    state.following[:] = -1
    if limit == 0:
        state.hashed[:] = 0
    _enter(state, 0)
    for node in range(1, limit):
        if state.merged[node] == 2 * node or state.first[node] >= 0:
            _enter(state, node)


@njit(cache=True)
def stand(state: _State, node: int) -> None:  # pragma: no cover - compiled
    """Lets a node stand for itself."""
    _enter(state, node)


@njit(cache=True)
def _find(state: _State, a: int, b: int) -> tuple[int, int]:  # pragma: no cover - compiled
    """The node that stands for a conjunction, or 0, and its place in the structural table."""
    mask = state.hashed.shape[0] - 1
    place = slot_of(a, b, mask)
    while state.hashed[place] != 0:
        found = np.int64(state.hashed[place])
        if state.first[found] == a and state.second[found] == b:
            return found, place
        place = (place + 1) & mask
    return 0, place


@njit(cache=True)
def _row(state: _State, x: int, y: int, row: int) -> int:  # pragma: no cover - compiled
    """The literal that is true only in one row of two nodes, or -1 if no node computes it."""
    a, b = 2 * x ^ 1 ^ (row & 1), 2 * y ^ 1 ^ (row >> 1)
    found, _ = _find(state, min(a, b), max(a, b))
    return -1 if found == 0 else state.merged[found]


@njit(cache=True)
def _of_two(state: _State, x: int, y: int, table: int) -> int:  # pragma: no cover - compiled
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


@njit(cache=True)
def advance(
    nodes: Nodes, state: _State, start: int, size: int, resume: bool, ask: bool, waiting: int
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
            if nodes.first[node] < 0:
                _enter(state, node)
                continue
            known = state.merged[node]
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
                if same_function(state.first, state.second, node, candidate, flip):
                    state.merged[node] = state.merged[candidate] ^ flip
                    break
                if ready < 0 and state.merged[candidate] == 2 * candidate:
                    ready = candidate
            candidate = np.int64(state.following[candidate])
        if state.merged[node] == 2 * node and ready >= 0 and ask and state.wanted[node]:
            return node, ready
        _enter(state, node)  # a matched node stays a candidate: its own structure is what a copy of it will match
    return size, 0
