"""Property directed reachability: an inductive invariant of clauses, or a trace, without unrolling.

Frames over-approximate what is reached within so many clocks; a state from which a bad one is reached is blocked
in a frame by a clause that is inductive relative to the frame before.

References:
    Bradley, "SAT-based model checking without unrolling", VMCAI 2011.
    Een, Mishchenko and Brayton, "Efficient implementation of property directed reachability", FMCAD 2011.
"""

from collections.abc import Generator, Iterable
from heapq import heappop, heappush
from typing import NamedTuple

import numpy as np
from pysat.solvers import Solver

from ..evaluation import Bits
from ..kernels import work_time
from .compact_clauses import compact_clauses, variable
from .justification import justified
from .trace import Invariant, Trace
from .transition_system import TransitionSystem

_ENGINE = "minisat22"  # takes conflict budgets
_CHUNK = 2_000  # conflicts between two looks at the clock
_QUESTIONS = 2_000  # with a clause of their own, after which the solver is made anew

Cube = frozenset[int]  # 1 + register, negative where it is false


class _Obligation(NamedTuple):
    """States to be blocked: from all of them the inputs lead into those of the next one, or to bad."""

    cube: Cube
    inputs: Bits
    next: "_Obligation | None"


class _OutOfTimeError(Exception):
    """The deadline has passed within a question."""


class Reachability:
    """The search, which may be interrupted and continued.

    Args:
        system: With its property.
    """

    def __init__(self, system: TransitionSystem) -> None:
        self._system = system
        first = system.first_register
        self._now = [0, *range(first + 1, first + 1 + len(system.registers))]  # variable of each register, from 1
        self._next = [0, *(variable(literal) for literal in system.following.tolist())]
        self._start = [0, *(2 * value - 1 if value >= 0 else 0 for value in system.initial.tolist())]
        self._roots = system.constraints.tolist()
        self._clauses = compact_clauses(system)
        self._bad = variable(system.bad)
        self._levels: list[set[Cube]] = [set(), set()]
        self._activity, self._increment = [0.0] * len(self._now), 1.0
        self._solver: Solver | None = None
        self._spent, self._count, self._tie = 0, 0, 0
        self._frame: list[int] = []
        self._deadline = float("inf")
        self._search = self._run()

    @property
    def frames(self) -> int:
        """How many clocks are known to be without bad."""
        return len(self._levels) - 1

    def close(self) -> None:
        """Frees the solver."""
        if self._solver is not None:
            self._solver.delete()
            self._solver = None

    def advance(self, pause: float, deadline: float) -> Trace | Invariant | None:
        """Searches until the pause, or, within one question, until the deadline.

        Args:
            pause: ``work_time()`` value at which to return None; the next call goes on.
            deadline: After which nothing can be gone on with.
        """
        self._deadline = deadline
        try:
            for found in self._search:
                if found is not None or work_time() > pause:
                    return found
        except _OutOfTimeError:
            pass
        return None

    def _run(self) -> Generator[Trace | Invariant | None]:
        if self._possible([*self._frames(0), self._bad]):
            yield self._trace(self._predecessor(None))
            return
        while True:
            while self._possible([*self._frames(self.frames), self._bad]):
                for found in self._block(self._predecessor(None)):
                    yield found
                    if found is not None:
                        return
            self._levels.append(set())
            yield None
            for level in range(1, self.frames):
                for cube in sorted(self._levels[level], key=_size):
                    if cube in self._levels[level] and self._core(cube, level + 1, relative=False) is not None:
                        self._learn(cube, level + 1)
                    yield None
                if not self._levels[level]:
                    kept = {cube for later in self._levels[level:] for cube in later}
                    yield Invariant(tuple(tuple(sorted(-literal for literal in cube)) for cube in kept))
                    return

    def _block(self, root: _Obligation) -> Generator[Trace | None]:
        """Blocks states in the last frame, or finds the trace to them."""
        waiting: list[tuple[int, int, _Obligation]] = []
        self._await(waiting, self.frames, root)
        while waiting:
            level, _, here = waiting[0]
            if self._starts(here.cube):
                yield self._trace(here)
                return
            if any(lemma <= here.cube for later in self._levels[level:] for lemma in later):
                heappop(waiting)
                continue
            core = self._core(here.cube, level)
            if core is None:
                self._await(waiting, level - 1, self._predecessor(here))
            else:
                heappop(waiting)
                cube = self._generalized(core, level)
                while level < self.frames and (core := self._core(cube, level + 1)) is not None:
                    cube, level = core, level + 1
                self._learn(cube, level)
                if level < self.frames:
                    self._await(waiting, level + 1, here)
            yield None

    def _await(self, waiting: list[tuple[int, int, _Obligation]], level: int, one: _Obligation) -> None:
        self._tie += 1
        heappush(waiting, (level, -self._tie, one))

    def _generalized(self, cube: Cube, level: int) -> Cube:
        """A part of the cube that can be blocked at the level as well."""
        for literal in sorted(cube, key=self._weight):
            fewer = cube - {literal}
            if literal in cube and fewer and not self._starts(fewer):
                cube = self._core(fewer, level) or cube
        return cube

    def _weight(self, literal: int) -> float:
        return self._activity[abs(literal)]

    def _learn(self, cube: Cube, level: int) -> None:
        """Blocks a cube in all frames up to the level."""
        for earlier in self._levels[1 : level + 1]:
            earlier -= {other for other in earlier if cube <= other}
        self._levels[level].add(cube)
        self._increment *= 1.01  # later clauses count more
        for literal in cube:
            self._activity[abs(literal)] += self._increment
        self._solving().add_clause([-self._guard(level), *(-self._literal(literal) for literal in cube)])

    def _starts(self, cube: Iterable[int]) -> bool:
        """Whether a first state lies in the cube."""
        return not any(self._start[abs(literal)] * literal < 0 for literal in cube)

    def _core(self, cube: Cube, level: int, relative: bool = True) -> Cube | None:
        """What of the cube no state of the frame before reaches (outside of the cube if relative); None if one does.

        The part keeps a literal that no first state fulfils.
        """
        aims = {self._literal(literal, self._next): literal for literal in cube}
        self._renew()
        frames = self._frames(level - 1)
        if relative:
            self._count += 1
            self._spent += 1
            switch = self._count
            self._solving().add_clause([-switch, *(-self._literal(literal) for literal in cube)])
            frames.append(switch)
        possible = self._possible([*frames, *aims])
        kept = None
        if not possible:
            core = self._solving().get_core() or []
            kept = frozenset(aims[literal] for literal in core if literal in aims)
            if self._starts(kept):
                kept |= {next(literal for literal in cube if self._start[abs(literal)] * literal < 0)}
        if relative:
            self._solving().add_clause([-frames[-1]])  # the model, if there is one, stays
        return kept

    def _predecessor(self, next_one: _Obligation | None) -> _Obligation:
        """States that lead, by the inputs of the last model, into the next ones, or to bad."""
        system = self._system
        model = self._solving().get_model()
        values = np.zeros(system.nodes, np.bool_)
        values[: system.first_and] = np.array((model or [])[: system.first_and], np.int64) > 0
        roots = [system.bad] if next_one is None else [int(system.following[abs(lit) - 1]) for lit in next_one.cube]
        needed = justified(system.pairs, system.first_register, values, np.array(roots + self._roots, np.int64))
        first = system.first_register
        cube = frozenset(at + 1 if values[first + at] else -at - 1 for at in needed.tolist())
        return _Obligation(cube, values[1:first].copy(), next_one)

    def _trace(self, begin: _Obligation) -> Trace:
        state = np.array([start > 0 or (start == 0 and at in begin.cube) for at, start in enumerate(self._start)][1:])
        inputs: list[Bits] = []
        at: _Obligation | None = begin
        while at is not None:
            inputs.append(at.inputs)
            at = at.next
        return Trace(state.astype(np.bool_), np.stack(inputs))

    def _literal(self, literal: int, variables: list[int] | None = None) -> int:
        own = (variables or self._now)[abs(literal)]
        return own if literal > 0 else -own

    def _possible(self, literals: list[int]) -> bool:
        solver = self._solving()
        while True:
            solver.conf_budget(_CHUNK)
            answer = solver.solve_limited(assumptions=literals)
            if answer is not None:
                return answer
            if work_time() > self._deadline:
                raise _OutOfTimeError

    def _frames(self, level: int) -> list[int]:
        """Assumptions under which only states of a frame are possible."""
        self._solving()
        return [self._guard(at) for at in range(level, len(self._levels))]

    def _guard(self, level: int) -> int:
        """The variable that switches the clauses of a level on; level 0 are the first values."""
        while len(self._frame) <= level:
            self._count += 1
            self._frame.append(self._count)
        return self._frame[level]

    def _renew(self) -> None:
        """Throws the solver away where questions have left too much in it."""
        if self._spent > _QUESTIONS:
            self.close()

    def _solving(self) -> Solver:
        """The solver, which knows the system and all that was learned."""
        if self._solver is None:
            self._solver = solver = Solver(_ENGINE)
            solver.append_formula(self._clauses)
            self._count, self._spent, self._frame = self._system.nodes, 0, []
            guard = self._guard(0)
            for at, start in enumerate(self._start):
                if start:
                    solver.add_clause([-guard, start * self._now[at]])
            for level, cubes in enumerate(self._levels):
                for cube in cubes:
                    solver.add_clause([-self._guard(level), *(-self._literal(literal) for literal in cube)])
        return self._solver


def _size(cube: Cube) -> tuple[int, list[int]]:
    return len(cube), sorted(cube)
