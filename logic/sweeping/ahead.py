"""Hard questions asked side by side: while some are open, the pass goes on as if they stayed so.

What is merged is proved, whenever the answer comes: nodes in between only did without it, until the next pass.

In the literature: of sweeping in parallel, Possani et al., Parallel combinational equivalence checking, IEEE TCAD 39,
2020.
"""

from collections.abc import Callable, Generator, Iterable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..watch import Watch
from .gate_oracle import GateOracle, GateQuestion
from .merging import State, stand
from .oracle import Hard, Model, Oracle

Vector = NDArray[np.bool_]
_PATIENCE = 5e-4  # seconds in which an answer is waited for
_LOOK = 0.2  # seconds between two moments at which Ctrl-C is heard


@dataclass(frozen=True, eq=False)
class _Asked:
    """A question that is being solved."""

    node: int
    literal: int
    hard: Hard | GateQuestion
    oracle: Oracle | GateOracle
    answer: "Future[bool | None]"


class SideBySide:
    """Solvers of large windows and whole cones, each in a thread of its own.

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
        self._asked: list[_Asked] = []
        self._merged: list[tuple[int, int]] = []  # in this pass
        self._told: dict[int, int] = {}  # by solver: how many of them it knows
        self._pool = ThreadPoolExecutor(jobs, "sweeping") if jobs > 1 else None

    @property
    def questions(self) -> int:
        """How often SAT was asked."""
        return sum(oracle.questions for oracle in (*self._slow, *self._quick))

    def choose(self, quick: bool) -> None:
        """Takes the compiled solver from now on, for questions of few conflicts, or the other; both forget clauses."""
        if quick and not self._quick:
            self._quick = [GateOracle(self._state.first, self._state.second) for _ in self._slow]
        self._forget()
        self._oracles = self._quick if quick else self._slow
        self._free = list(self._oracles)

    def close(self) -> None:
        """Ends the threads."""
        self._end()
        if self._pool is not None:
            self._pool.shutdown()
        self._forget()

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
                whether the node was refuted at its last candidate.
            learn: Takes what refutes a candidate, and where the pass is; gives a vector that tells a pair apart, or
                None.

        Returns:
            A vector that tells a pair apart, or None.
        """
        at, again = 1, False
        try:
            while not self._watch.late():
                if at < size and self._free:
                    at, literal = following(at, again)
                    again = False
                    self._watch.progress(at, size, "nodes swept")
                    if at < size:
                        found, model = self._find(at, literal, budget)
                        if found:
                            self._merge(at, literal)
                        elif model is None:
                            stand(self._state, at)
                        elif (witness := learn(model, at)) is not None:
                            return witness
                        again = model is not None
                        at += not again
                elif not self._asked:
                    break
                else:
                    for asked in self._answered():
                        answer = asked.answer.result()
                        if answer:
                            self._merge(asked.node, asked.literal)
                        elif answer is False and (witness := learn(asked.hard.model, at)) is not None:
                            return witness
            return None
        finally:
            self._end()

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
                    found, model = self._find(*question, budget)
                    if found is not None or model is not None:
                        yield *question, found, model
                if not self._asked:
                    return
                for asked in self._answered():
                    answer = asked.answer.result()
                    yield asked.node, asked.literal, answer, asked.hard.model if answer is False else None
        finally:
            self._end()

    def _find(self, node: int, literal: int, budget: int) -> tuple[bool | None, Model | None]:
        """The answer to a question, if it comes at once, and what refutes it; a thread goes on with it else."""
        oracle = self._free[-1]
        for merged in self._merged[self._told.get(id(oracle), 0) :]:  # what is proved, by whomever, holds for all
            oracle.equate(*merged)
        self._told[id(oracle)] = len(self._merged)
        found = oracle.look(node, literal, budget)
        if isinstance(found, Hard | GateQuestion):
            if self._pool is None:
                answer = found.solve(budget)
                return answer, found.model if answer is False else None
            asked = _Asked(node, literal, found, self._free.pop(), self._pool.submit(found.solve, budget))
            wait((asked.answer,), _PATIENCE)
            if not asked.answer.done():
                self._asked.append(asked)
                return None, None
            self._free.append(asked.oracle)
            answer = asked.answer.result()
            return answer, found.model if answer is False else None
        return found, oracle.model if found is False else None

    def _answered(self) -> list[_Asked]:
        """The questions that threads have answered, one at least; their solvers are free again."""
        while not (done := [asked for asked in self._asked if asked.answer.done()]):
            wait([asked.answer for asked in self._asked], _LOOK, FIRST_COMPLETED)
        self._asked = [asked for asked in self._asked if asked not in done]
        self._free += [asked.oracle for asked in done]
        return done

    def _merge(self, node: int, literal: int) -> None:
        self._state.merged[node] = literal
        self._merged.append((node, literal))

    def _end(self) -> None:
        """Ends all questions."""
        for asked in self._asked:
            asked.hard.end()
        while self._asked:
            for asked in self._answered():
                asked.oracle.close()

    def _forget(self) -> None:
        for oracle in self._oracles:
            oracle.close()
        self._merged.clear()
        self._told.clear()
