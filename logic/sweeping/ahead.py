"""Hard questions asked side by side: while one is open, the pass goes on as if its answer were known.

The answer is guessed to be what the last one was. If the guess is right two questions took the time of one; if not, the
pass goes back to where it stood. So it merges what it would with one thread, but for what each solver has learnt.

In the literature: speculative execution; of sweeping in parallel, Possani et al., Parallel combinational equivalence
checking, IEEE TCAD 39, 2020.
"""

from collections import deque
from collections.abc import Callable, Generator, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..watch import Watch
from .gate_oracle import GateOracle, GateQuestion
from .merging import State, stand
from .oracle import Hard, Model, Oracle

Vector = NDArray[np.bool_]
_Arrays = tuple[NDArray[Any], ...]
_COPYING = 4e-10  # seconds that a byte takes
_LOOK = 0.2  # seconds between two moments at which Ctrl-C is heard


@dataclass(frozen=True, eq=False)
class _Asked:
    """A question that is being solved."""

    node: int
    literal: int
    hard: Hard | GateQuestion
    oracle: Oracle | GateOracle
    answer: "Future[bool | None]"
    guess: bool | None
    before: _Arrays = ()  # the state before its answer was guessed


class SideBySide:
    """Solvers of whole cones, each in a thread of its own.

    Args:
        state: What sweeping keeps.
        watch: Ends it; of its jobs each is a thread, but if there is one, questions are solved at once.
    """

    def __init__(self, state: State, watch: Watch) -> None:
        self._state, self._watch, jobs = state, watch, watch.jobs
        self._slow = [Oracle(state.first, state.second, watch) for _ in range(jobs)]
        self._quick: list[GateOracle] = []
        self._oracles: Sequence[Oracle | GateOracle] = self._slow
        self._free: list[Oracle | GateOracle] = list(self._oracles)
        self._asked: deque[_Asked] = deque()
        self._pool = ThreadPoolExecutor(jobs, "sweeping") if jobs > 1 else None
        self._patience = 1e-3 + _COPYING * sum(array.nbytes for array in self._changing(0))

    @property
    def questions(self) -> int:
        """How often SAT was asked."""
        return sum(oracle.questions for oracle in (*self._slow, *self._quick))

    def choose(self, quick: bool) -> None:
        """Takes the compiled solver from now on, for questions of few conflicts, or the other; both forget clauses."""
        if quick and not self._quick:
            self._quick = [GateOracle(self._state.first, self._state.second) for _ in self._slow]
        self.forget()
        self._oracles = self._quick if quick else self._slow
        self._free = list(self._oracles)

    def forget(self) -> None:
        """Forgets all clauses."""
        for oracle in self._oracles:
            oracle.close()

    def close(self) -> None:
        """Ends the threads."""
        self._take_back()
        if self._pool is not None:
            self._pool.shutdown()
        self.forget()

    def advance_all(
        self,
        size: int,
        budget: int,
        following: Callable[[int, bool], tuple[int, int]],
        learn: Callable[[Model, int], Vector | None],
    ) -> Vector | None:
        """Goes over all nodes.

        Args:
            size: Nodes.
            budget: Conflicts a question.
            following: From a node on, the next one that needs SAT, or ``size``, and the literal that it may equal; told
                whether the node was asked about before.
            learn: Takes what refutes a node's candidate, and the node; gives a vector that tells a pair apart, or None.

        Returns:
            A vector that tells a pair apart, or None.
        """
        at, literal, again, guess = 1, 0, False, True
        try:
            while not self._watch.late():
                if at < size and self._free:
                    at, literal = following(at, again)
                    self._watch.progress(at, size, "nodes swept")
                if at < size and self._free:
                    found = self._look(at, literal, budget)
                    if isinstance(found, Hard | GateQuestion):
                        found = self._ask_for(at, literal, found, budget, guess)
                    again = found is False
                    if found is not False:
                        self._settle(at, literal, found)
                        at += 1
                        continue
                    if not self._asked:
                        witness = learn(self._free[-1].model, at)
                        if witness is not None:
                            return witness
                        continue
                if not self._asked:
                    return None
                first = self._asked[0]
                answer = _result(first.answer)
                guess = None if answer is None else True
                if answer == first.guess or (answer and first.guess is None):
                    self._release()
                    if answer:
                        self._state.merged[first.node] = first.literal
                        first.oracle.equate(first.node, first.literal)
                    continue
                model = first.hard.model if answer is False else None
                self._take_back()
                at, again = first.node, model is not None
                if model is None:
                    self._settle(at, first.literal, answer)
                    at += 1
                elif (witness := learn(model, at)) is not None:
                    return witness
            return None
        finally:
            self._take_back()

    def decide(
        self, questions: Iterable[tuple[int, int]], budget: int
    ) -> Generator[tuple[int, int, bool | None, Model | None]]:
        """Answers each question, a node and the earlier literal that it may equal, and says what refutes it.

        Args:
            questions: Taken when a solver is free; what is merged meanwhile may leave some out.
            budget: Conflicts a question.
        """
        waiting = iter(questions)
        try:
            while True:
                while self._free and (question := next(waiting, None)) is not None:
                    found = self._look(*question, budget)
                    if isinstance(found, Hard | GateQuestion):
                        self._ask(*question, found, budget)
                    else:
                        yield *question, found, self._free[-1].model if found is False else None
                if not self._asked:
                    return
                first = self._asked[0]
                answer = _result(first.answer)
                model = first.hard.model if answer is False else None
                self._release()
                yield first.node, first.literal, answer, model
        finally:
            self._take_back()

    def _look(self, node: int, literal: int, budget: int) -> bool | Hard | GateQuestion | None:
        """What windows, or one thread, make of a question to the next free solver."""
        oracle = self._free[-1]
        if isinstance(oracle, Oracle) and self._pool is None:
            return oracle.equal(node, literal, budget)
        return oracle.look(node, literal, budget)

    def _ask_for(
        self, node: int, literal: int, hard: Hard | GateQuestion, budget: int, guess: bool | None
    ) -> bool | None:
        """The answer to a question if it comes at once, else what is guessed."""
        self._ask(node, literal, hard, budget, guess)
        asked = self._asked[-1]
        wait((asked.answer,), self._patience)
        if not asked.answer.done():
            self._asked[-1] = replace(asked, before=self._kept(node))
            return guess
        self._free.append(self._asked.pop().oracle)
        answer = asked.answer.result()
        if answer is False and isinstance(asked.oracle, Oracle):
            asked.oracle.model = asked.hard.model
        return answer

    def _ask(self, node: int, literal: int, hard: Hard | GateQuestion, budget: int, guess: bool | None = None) -> None:
        """Has a question solved in a thread."""
        if self._pool is None:
            raise RuntimeError("one thread asks no question that it does not wait for")
        answer = self._pool.submit(hard.solve, budget)
        self._asked.append(_Asked(node, literal, hard, self._free.pop(), answer, guess))

    def _settle(self, node: int, literal: int, answer: bool | None) -> None:
        """Merges a node, or lets it stand."""
        if answer:
            self._state.merged[node] = literal
            for oracle in () if self._asked else self._oracles:
                oracle.equate(node, literal)
        else:
            stand(self._state, node)

    def _release(self) -> None:
        """The solver of the first question is free again."""
        self._free.append(self._asked.popleft().oracle)

    def _take_back(self) -> None:
        """Ends all questions, and undoes what was guessed since the first of them."""
        for asked in self._asked:
            asked.hard.end()
        for asked in self._asked:
            while not asked.answer.done():
                wait((asked.answer,), _LOOK)
            asked.oracle.close()
            self._free.append(asked.oracle)
        if self._asked and self._asked[0].before:
            for array, before in zip(self._changing(self._asked[0].node), self._asked[0].before, strict=True):
                array[:] = before
        self._asked.clear()

    def _changing(self, node: int) -> _Arrays:
        """What a pass changes from a node on."""
        state = self._state
        own = state.merged[node:], state.first[node:], state.second[node:]
        return *own, state.hashed, state.classes, state.following, state.last

    def _kept(self, node: int) -> _Arrays:
        return tuple(array.copy() for array in self._changing(node))


def _result(answer: "Future[bool | None]") -> bool | None:
    """What a thread answers; Ctrl-C is heard meanwhile."""
    while not answer.done():
        wait((answer,), _LOOK)
    return answer.result()
