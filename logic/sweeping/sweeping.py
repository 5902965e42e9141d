"""Sweeping: nodes of the joint graph are merged from the inputs upwards until the pairs to be compared coincide.

In topological order each node is hashed over its merged operands, matched over small cuts against nodes of equal
signature, and at last given to SAT with a conflict budget; what depends on few inputs is tried on all vectors. A
refuting vector is simulated with its neighbours at once, so that false candidates die in flocks (Mishchenko et al.,
FRAIGs, 2005; Improvements to combinational equivalence checking, ICCAD 2006).

In the literature: SAT sweeping, functionally reduced and-inverter graphs (FRAIG).
"""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..watch import Watch
from .ahead import SideBySide
from .exhaustive import cone_of, try_all
from .graph import AndGraph
from .merging import PENDING, State, advance, mark_cones, restart
from .oracle import Model
from .passes import DIFFERENT, END, PAUSED, sweep_nodes
from .patterns import fold, neighbours, random_words, simulate
from .questions import ASKED, CREDIT, Cones, forget, new_cones
from .trees import merge_trees

Integers = NDArray[np.int64]
_BUDGETS = {100: 1e7, 2_000: 2e10, 50_000: 2e11, 10_000_000: 1e12}
"""Conflicts a question, pass by pass, and before which pass all vectors are tried: the most words of all nodes."""
_OWN = 2_000  # conflicts up to which the compiled solver is asked, which is the faster one on small questions
_CREDIT = 20  # questions that stay open and are asked again at once
_PAUSE = 10_000  # conflicts between two looks at the clock


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
    watch: Watch | None = None,
    seed: int = 0,
    words: int = 128,
) -> Sweep:
    """Decides whether both literals of each pair are equal for all inputs, stopping at the first difference.

    Args:
        graph: The joint graph; trees over the same leaves become one in it, and every node keeps its function.
        pairs: ``[P, 2]`` literals.
        watch: Ends it, also by Ctrl-C, with what is known then; is told what goes on.
        seed: Of the random vectors.
        words: Random vectors before the first pass, in units of 64.
    """
    if (pairs[:, 0] == pairs[:, 1]).all():
        return Sweep(np.ones(len(pairs), np.int64), None, 2 * np.arange(len(graph)), 0)
    merge_trees(graph.nodes, len(graph))
    return _Sweeper(graph, pairs, watch or Watch(deaf=True), seed, words).run()


class _Sweeper:
    def __init__(self, graph: AndGraph, pairs: Integers, watch: Watch, seed: int, words: int) -> None:
        self.nodes, self.size, self.pairs, self.watch = graph.nodes, len(graph), pairs, watch
        self.generator = np.random.default_rng(seed)
        self.inputs = np.flatnonzero(self.nodes.first[: self.size] < 0)[1:]
        size = self.size
        table = 1 << max(4, int(2 * size).bit_length())
        self.state = State(
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
            pending=np.zeros((PENDING, size), np.uint64),
        )
        self.waiting = 0
        self.words = words
        self.cones: Cones | None = None
        self.random = self.generator.integers(1, 1 << 63, size=1, dtype=np.uint64)
        self.solvers = SideBySide(self.state, watch)

    def run(self) -> Sweep:
        """All of it, or what is known when the watch ends it."""
        witness = None
        try:
            with self.watch.interruptible():
                witness = self._run()
        finally:
            self.solvers.close()
        return self._result(witness)

    def _run(self) -> NDArray[np.bool_] | None:
        """A vector that tells a pair apart, if one is found before all are equal, or time or budgets are at an end."""
        witness = self._simulate()
        if witness is None:
            self._advance_all(None)
        for budget, most in _BUDGETS.items():
            if witness is None and self._open().size and not self.watch.late():
                witness = self._try_all(most)
            if witness is not None or self._open().size == 0 or self.watch.late():
                break
            alone = budget < _OWN or (budget == _OWN and self.watch.jobs == 1)
            witness = self._ask_all(budget) if alone else self._advance_all(budget)
            if witness is None and budget > _OWN // 10:
                witness = self._decide_outputs(10 * budget)
        return witness

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
        asked = self.solvers.questions + (0 if self.cones is None else int(self.cones.numbers[ASKED]))
        return Sweep(settled, witness, self.state.merged, asked)

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

    def _try_all(self, most: float) -> NDArray[np.bool_] | None:
        """Decides the open pairs by all vectors, if that takes no more work than ``most`` (see :class:`Cone`)."""
        self._want()
        cone = cone_of(
            self.nodes.first[: self.size], self.nodes.second[: self.size], self.pairs[self._open()], self.state.wanted
        )
        if cone.work > most:
            return None
        tried, vector = try_all(cone, self.watch)
        if vector is not None:
            row = np.zeros((self.size, 1), np.uint64)
            row[cone.nodes[1 : 1 + cone.inputs], 0] = vector
            simulate(self.nodes, row)
            return self._difference(row)
        if tried:
            for node, literal in self._questions():
                self._unite(node, literal)
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
        self.solvers.choose(quick=budget is not None and budget <= _OWN)
        restart(self.state, self.size, 0)
        if budget is not None:
            self._want()

        def following(at: int, again: bool) -> tuple[int, int]:
            state = self.state
            at, candidate = advance(self.nodes, state, at, self.size, again, budget is not None, self.waiting)
            return at, 2 * candidate ^ int(at < self.size and state.phase[at] ^ state.phase[candidate])

        witness = self.solvers.advance_all(self.size, budget or 0, following, self._learn)
        self._compress()
        return witness

    def _ask_all(self, budget: int) -> NDArray[np.bool_] | None:
        """One pass over all nodes with the compiled solver."""
        state, at, resume, end = self.state, 1, False, PAUSED
        if self.cones is None:
            self.cones = new_cones(state.first, state.second)
        else:
            forget(self.cones)
        self.cones.numbers[CREDIT] = _CREDIT if budget < _OWN else 0
        restart(state, self.size, 0)
        self._want()
        while end != END and not self.watch.late():
            self.watch.progress(at, self.size, "nodes swept")
            end, at, resume, self.waiting = sweep_nodes(
                self.nodes,
                state,
                self.cones,
                self.pairs,
                self.random,
                at,
                resume,
                self.waiting,
                budget,
                _PAUSE // budget,
            )
            if end == DIFFERENT:
                return self._difference(state.pending[self.waiting - 1][:, None])
        return None

    def _want(self) -> None:
        wanted = self.state.wanted
        wanted[:] = False
        wanted[self.pairs[self._open()].reshape(-1) >> 1] = True
        mark_cones(self.nodes, self.state, self.size)

    def _learn(self, model: Model, limit: int) -> NDArray[np.bool_] | None:
        """Simulates a model and its neighbours; a vector that tells a pair apart is returned."""
        loaded, values = model
        vector = self.generator.integers(0, 2, size=len(self.inputs)).astype(np.bool_)
        relevant = np.searchsorted(self.inputs, loaded)
        vector[relevant] = values
        if self.waiting == PENDING:
            fold(np.ascontiguousarray(self.state.pending.T), self.state.phase, self.state.signature, False)
            restart(self.state, self.size, limit)
            self.waiting = 0
        word = np.zeros((self.size, 1), np.uint64)
        word[self.inputs, 0] = neighbours(self.generator, vector, relevant)
        simulate(self.nodes, word)
        self.state.pending[self.waiting] = word[:, 0]
        self.waiting += 1
        return self._difference(word)

    def _decide_outputs(self, budget: int) -> NDArray[np.bool_] | None:
        self.solvers.choose(quick=False)
        with closing(self.solvers.decide(self._questions(), budget)) as answers:
            for node, literal, answer, model in answers:
                self.watch.progress(len(self.pairs) - len(self._open()), len(self.pairs), "outputs proved")
                if answer:
                    self._unite(node, literal)
                elif model is not None:
                    return self._learn(model, self.size)
                if self.watch.late():
                    break
        return None

    def _questions(self) -> Iterator[tuple[int, int]]:
        """The pairs that are still open when their turn comes, as a node and an earlier literal."""
        for pair in self._open():
            left, right = (int(side[pair]) for side in self._sides())
            if left != right:
                yield max(left, right) >> 1, min(left, right) ^ (max(left, right) & 1)

    def _unite(self, node: int, literal: int) -> None:
        """Merges what stands for two equal literals, and what stood for one of them."""
        merged = self.state.merged
        left, right = int(merged[node]), int(merged[literal >> 1]) ^ (literal & 1)
        merged[max(left, right) >> 1] = min(left, right) ^ (max(left, right) & 1)
        self._compress()

    def _compress(self) -> None:
        """Lets each node say at once what stands for it, though that was merged later."""
        merged = self.state.merged
        while not np.array_equal(deeper := merged[merged >> 1] ^ (merged & 1), merged):
            merged[:] = deeper
