"""The SAT solver's view of the graph: a question is asked of a window below its nodes, wider if need be."""

import time

import numpy as np
from numba import njit
from numpy.typing import NDArray
from pysat.solvers import Solver

Fan = NDArray[np.int32]
_RENEW = 1500  # defined gates after which a solver is thrown away, unless one question needs more
_WINDOWS = (60, 600)  # nodes, nearest first; the last window is the whole cone
_CHUNK = 1000  # conflicts between two looks at the clock


class Oracle:
    """Answers whether literals of the canonical graph can be true together.

    The nodes at the edge of a window are free: what is impossible then is impossible, and only a model of the whole
    cone is believed.

    Args:
        first: ``[nodes]`` canonical first operands, -1 for inputs.
        second: ``[nodes]`` canonical second operands.
        deadline: ``time.perf_counter()`` value after which questions stay open, or None.
        engine: Name of a python-sat solver that takes conflict budgets.
    """

    def __init__(self, first: Fan, second: Fan, deadline: float | None = None, engine: str = "glucose4") -> None:
        self._first, self._second, self._deadline, self._engine = first, second, deadline, engine
        self._variable = np.zeros(len(first), np.int32)
        self._defined = np.zeros(len(first), np.bool_)
        self._visited = np.zeros(len(first), np.int64)
        self._used = np.zeros(2, np.int64)  # variables given out; the number of the last window
        self._room = float(_RENEW)
        self._gates = 0
        self._inputs = np.zeros(0, np.int64)
        self._solver: Solver | None = None
        self.questions = 0

    def possible(self, literals: tuple[int, ...], budget: int) -> bool | None:
        """Whether all literals can be true at once; None when ``budget`` conflicts did not decide it."""
        if self._solver is None or self._gates > self._room:
            self.renew()
        solver = self._solver
        if solver is None:
            raise RuntimeError("renew() makes a solver")
        roots = np.array([literal >> 1 for literal in literals], np.int64)
        nodes, answer = roots, None
        for limit in (*_WINDOWS, len(self._first)):
            nodes, complete = window(self._first, self._second, self._variable, self._visited, self._used, roots, limit)
            self._define(solver, nodes)
            assumptions = [int(self._variable[x >> 1]) * (-1 if x & 1 else 1) for x in literals]
            self.questions += 1
            answer = self._ask(solver, assumptions, budget)
            if complete:
                self._inputs = nodes[self._first[nodes] < 0]
            if complete or not answer:
                break
        self._room = max(_RENEW, 0.98 * self._room, 2.0 * len(nodes))
        return answer

    def _ask(self, solver: Solver, assumptions: list[int], budget: int) -> bool | None:
        for spent in range(0, budget, _CHUNK):
            if self._deadline is not None and time.perf_counter() > self._deadline:
                return None
            solver.conf_budget(min(_CHUNK, budget - spent))
            answer = solver.solve_limited(assumptions=assumptions)
            if answer is not None:
                return answer
        return None

    def equate(self, node: int, literal: int) -> None:
        """Tells the solver a proved equality, if it knows both."""
        a, b = int(self._variable[node]), int(self._variable[literal >> 1]) * (-1 if literal & 1 else 1)
        if self._solver is not None and a and b:
            self._solver.append_formula([[-a, b], [a, -b]])

    def model(self) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """The input nodes below the last question that could be true, and their values."""
        if self._solver is None:
            raise RuntimeError("no question was asked")
        model = self._solver.get_model()
        if model is None:
            raise RuntimeError("the last answer was not 'possible'")
        values = np.array(
            [model[v - 1] > 0 if v <= len(model) else False for v in self._variable[self._inputs].tolist()], np.bool_
        )
        return self._inputs, values

    def renew(self) -> None:
        """Forgets all clauses."""
        self.close()
        self._solver = Solver(self._engine)
        self._variable[:] = 0
        self._defined[:] = False
        self._used[0] = 0
        self._gates = 0

    def close(self) -> None:
        """Frees the solver."""
        if self._solver is not None:
            self._solver.delete()
            self._solver = None

    def _define(self, solver: Solver, nodes: NDArray[np.int64]) -> None:
        gates = nodes[~self._defined[nodes]]
        self._defined[gates] = True
        gates = gates[self._first[gates] >= 0]
        self._gates += len(gates)
        out = self._variable[gates].tolist()
        sides = [
            (self._variable[x[gates] >> 1] * np.where(x[gates] & 1, -1, 1)).tolist()
            for x in (self._first, self._second)
        ]
        for gate, left, right in zip(out, *sides, strict=True):
            solver.add_clause((-gate, left))
            solver.add_clause((-gate, right))
            solver.add_clause((gate, -left, -right))


@njit(cache=True)
def window(
    first: Fan,
    second: Fan,
    variable: NDArray[np.int32],
    visited: NDArray[np.int64],
    used: NDArray[np.int64],
    roots: NDArray[np.int64],
    limit: int,
) -> tuple[NDArray[np.int64], bool]:  # pragma: no cover - compiled
    """The ``limit`` nodes nearest below ``roots``, breadth first, and whether nothing lies below them.

    They and their operands are given variables.
    """
    used[1] += 1
    mark = used[1]
    queue = np.empty(256, np.int64)
    count, at = 0, 0
    for root in roots:
        if visited[root] != mark:
            visited[root] = mark
            queue[count] = root
            count += 1
    while at < count and at < limit:
        node = queue[at]
        at += 1
        if first[node] < 0:
            continue
        if count + 2 > len(queue):
            queue = np.append(queue, queue)
        for side in (first[node] >> 1, second[node] >> 1):
            if visited[side] != mark:
                visited[side] = mark
                queue[count] = side
                count += 1
    for k in range(count):
        if variable[queue[k]] == 0:
            used[0] += 1
            variable[queue[k]] = used[0]
    return queue[:at], at == count
