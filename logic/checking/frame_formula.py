"""A growing and-inverter graph as clauses of an incremental SAT solver, node by node as questions need them."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from pysat.solvers import Solver

from ..circuit import Integers
from ..evaluation import Bits
from ..kernels import kernel, work_time
from ..sweeping.graph import AndGraph

Fan = NDArray[np.int32]
_ENGINE = "glucose4"  # takes conflict budgets
_CHUNK = 2_000  # conflicts between two looks at the clock


class Formula:
    """A graph and a solver that knows the cones asked about (Tseitin, 1968). Node ``n`` is variable ``n + 1``."""

    def __init__(self) -> None:
        self.graph = AndGraph()
        self._solver = Solver(_ENGINE)
        self._solver.add_clause([-1])
        self._known = np.zeros(1, np.bool_)
        self._known[0] = True

    def close(self) -> None:
        """Frees the solver."""
        self._solver.delete()

    def load(self, literals: Sequence[int] | Integers) -> None:
        """Makes the nodes below literals known."""
        size = len(self.graph)
        if size > len(self._known):
            self._known = np.append(self._known, np.zeros(max(size, 2 * len(self._known)) - len(self._known), np.bool_))
        nodes = self.graph.nodes
        fresh = _unknown(nodes.first, nodes.second, self._known, np.asarray(literals, np.int64) >> 1)
        gates = fresh[nodes.first[fresh] >= 0]
        out = gates + 1
        sides = (nodes.first[gates], nodes.second[gates])
        left, right = (((side >> 1) + 1) * np.where(side & 1, -1, 1) for side in sides)
        self._solver.append_formula(np.stack((-out, left, -out, right), axis=1).reshape(-1, 2).tolist())
        self._solver.append_formula(np.stack((out, -left, -right), axis=1).tolist())

    def add(self, clause: Sequence[int]) -> None:
        """Adds a disjunction of literals of the graph."""
        self.load(clause)
        self._solver.add_clause([variable(literal) for literal in clause])

    def possible(self, literals: Sequence[int], deadline: float) -> bool | None:
        """Whether all literals can be true at once; None if the time did not decide it."""
        self.load(literals)
        assumptions = [variable(literal) for literal in literals]
        while True:
            self._solver.conf_budget(_CHUNK)
            answer = self._solver.solve_limited(assumptions=assumptions)
            if answer is not None or work_time() > deadline:
                return answer

    def values(self, literals: Integers) -> Bits:
        """Values in the last answer, which was 'possible'; nodes that no question needed are false."""
        model = np.array(self._solver.get_model() or [], np.int64) > 0
        nodes = literals >> 1
        inside = nodes < len(model)
        found = np.zeros(len(nodes), np.bool_)
        found[inside] = model[nodes[inside]]
        return found ^ (literals & 1).astype(np.bool_)


def variable(literal: int) -> int:
    """What the solver calls a literal."""
    return -(literal >> 1) - 1 if literal & 1 else (literal >> 1) + 1


@kernel()
def _unknown(first: Fan, second: Fan, known: Bits, roots: Integers) -> Integers:
    """The nodes below the roots that are not known yet, which become known."""
    found = np.empty(64, np.int64)
    count, done = 0, 0
    for root in roots:
        if not known[root]:
            known[root] = True
            if count == len(found):
                found = np.append(found, found)
            found[count] = root
            count += 1
    while done < count:
        node = found[done]
        done += 1
        if first[node] < 0:
            continue
        for below in (first[node] >> 1, second[node] >> 1):
            if not known[below]:
                known[below] = True
                if count == len(found):
                    found = np.append(found, found)
                found[count] = below
                count += 1
    return found[:count]
