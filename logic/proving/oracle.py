"""The SAT solver's view of the graph: cones are written as clauses only when a question needs them."""

import numpy as np
from numba import njit
from numpy.typing import NDArray
from pysat.solvers import Solver

Fan = NDArray[np.int32]
_RENEW = 1500  # variables after which a solver is thrown away: old cones slow every later question down


class Oracle:
    """Answers whether literals of the canonical graph can be true together.

    Args:
        first: ``[nodes]`` canonical first operands, -1 for inputs.
        second: ``[nodes]`` canonical second operands.
        engine: Name of a python-sat solver that takes conflict budgets.
    """

    def __init__(self, first: Fan, second: Fan, engine: str = "glucose4") -> None:
        self._first, self._second, self._engine = first, second, engine
        self._variable = np.zeros(len(first), np.int32)
        self._loaded = np.zeros(0, np.int64)
        self._solver: Solver | None = None
        self.questions = 0

    def possible(self, literals: tuple[int, ...], budget: int) -> bool | None:
        """Whether all literals can be true at once; None when ``budget`` conflicts did not decide it."""
        if self._solver is None or len(self._loaded) > _RENEW:
            self.renew()
        assert_solver = self._solver
        if assert_solver is None:
            raise RuntimeError("renew() makes a solver")
        self._load(np.array([literal >> 1 for literal in literals], np.int64))
        assumptions = [int(self._variable[x >> 1]) * (-1 if x & 1 else 1) for x in literals]
        assert_solver.conf_budget(budget)
        self.questions += 1
        return assert_solver.solve_limited(assumptions=assumptions)

    def equate(self, node: int, literal: int) -> None:
        """Tells the solver a proved equality, if it knows both."""
        a, b = int(self._variable[node]), int(self._variable[literal >> 1]) * (-1 if literal & 1 else 1)
        if self._solver is not None and a and b:
            self._solver.append_formula([[-a, b], [a, -b]])

    def model(self) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """The loaded input nodes and their values in the last satisfying assignment."""
        if self._solver is None:
            raise RuntimeError("no question was asked")
        inputs = self._loaded[self._first[self._loaded] < 0]
        model = self._solver.get_model()
        if model is None:
            raise RuntimeError("the last answer was not 'possible'")
        values = np.array(
            [model[v - 1] > 0 if v <= len(model) else False for v in self._variable[inputs].tolist()], np.bool_
        )
        return inputs, values

    def renew(self) -> None:
        """Forgets all clauses."""
        self.close()
        self._solver = Solver(self._engine)
        self._variable[self._loaded] = 0
        self._loaded = np.zeros(0, np.int64)

    def close(self) -> None:
        """Frees the solver."""
        if self._solver is not None:
            self._solver.delete()
            self._solver = None

    def _load(self, roots: NDArray[np.int64]) -> None:
        fresh = cone(self._first, self._second, self._variable, roots, len(self._loaded))
        if not len(fresh) or self._solver is None:
            return
        self._loaded = np.concatenate([self._loaded, fresh])
        gates = fresh[self._first[fresh] >= 0]
        out = self._variable[gates]
        sides = [self._variable[x[gates] >> 1] * np.where(x[gates] & 1, -1, 1) for x in (self._first, self._second)]
        clauses = np.stack([-out, sides[0], -out, sides[1]], axis=1).reshape(-1, 2).tolist()
        clauses += np.stack([out, -sides[0], -sides[1]], axis=1).tolist()
        self._solver.append_formula(clauses)


@njit(cache=True)
def cone(
    first: Fan, second: Fan, variable: NDArray[np.int32], roots: NDArray[np.int64], used: int
) -> NDArray[np.int64]:  # pragma: no cover - compiled
    """Numbers the nodes below ``roots`` that have no variable yet, and lists them."""
    found = np.empty(1024, np.int64)
    count = 0
    stack = np.empty(1024, np.int64)
    top = 0
    for root in roots:
        if variable[root] == 0:
            variable[root] = used + count + 1
            if count == len(found):
                found = np.append(found, found)
            found[count] = root
            count += 1
            stack[top] = root
            top += 1
        while top:
            top -= 1
            node = stack[top]
            if first[node] < 0:
                continue
            if top + 2 > len(stack):
                stack = np.append(stack, stack)
            for side in (first[node] >> 1, second[node] >> 1):
                if variable[side] == 0:
                    variable[side] = used + count + 1
                    if count == len(found):
                        found = np.append(found, found)
                    found[count] = side
                    count += 1
                    if top == len(stack):
                        stack = np.append(stack, stack)
                    stack[top] = side
                    top += 1
    return found[:count]
