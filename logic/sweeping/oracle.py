"""The SAT solver's view of the graph: two nodes are compared within a window below them, wider if need be."""

import threading
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from pysat.solvers import Solver

from ..kernels import kernel
from ..watch import Watch

Fan = NDArray[np.int32]
Integers = NDArray[np.int64]
Model = tuple[Integers, NDArray[np.bool_]]  # input nodes, and values that tell two nodes apart
_RENEW = 1500  # gates after which the solver of whole cones is thrown away, unless one question needs more
_WINDOWS = (60, 300)  # nodes, nearest first; the last window is the whole cone
_ENGINE = "glucose4"  # takes conflict budgets
_CHUNK = 1000  # conflicts between two looks at the clock


class Hard:
    """A question about whole cones, loaded into a solver; it may be solved in another thread.

    Args:
        clauses: The solver, which knows the cones.
        questions: Literals that are not to be true at once, each in turn.
        inputs: The input nodes below.
        watch: After which it stays open.
    """

    def __init__(self, clauses: "_Clauses", questions: list[tuple[int, ...]], inputs: Integers, watch: Watch) -> None:
        self._clauses, self._questions, self._inputs, self._watch = clauses, questions, inputs, watch
        self._ended = threading.Event()

    def solve(self, budget: int) -> bool | None:
        """Whether the nodes are equal; None when ``budget`` conflicts did not decide it, or it was ended."""
        for literals in self._questions:
            answer = self._clauses.possible(literals, budget, lambda: self._ended.is_set() or self._watch.late())
            if answer is not False:
                return None if answer is None else False
        return True

    def end(self) -> None:
        """Has :meth:`solve` give up at once, in whatever thread it runs."""
        self._ended.set()
        self._clauses.interrupt()

    @property
    def model(self) -> Model:
        """The inputs below two nodes found different, and their values."""
        return self._inputs, self._clauses.values(self._inputs)


class Oracle:
    """Answers whether nodes of the canonical graph are equal.

    The nodes at the edge of a window are free: what is equal then is equal, and only a difference in a whole cone is
    believed. Each window has a solver of its own, since a solver pays for every clause it knows; whole cones overlap,
    and share one solver with all it learned.

    Args:
        first: ``[nodes]`` canonical first operands, -1 for inputs.
        second: ``[nodes]`` canonical second operands.
        watch: After which questions stay open.
    """

    def __init__(self, first: Fan, second: Fan, watch: Watch) -> None:
        self._first, self._second, self._watch = first, second, watch
        self._visited = np.zeros(len(first), np.int64)
        self._window, self._cones = _Clauses(first, second), _Clauses(first, second)
        self._room = float(_RENEW)
        self.questions = 0
        self.model: Model = np.zeros(0, np.int64), np.zeros(0, np.bool_)
        """The input nodes below the last pair found different, and their values."""

    def look(self, node: int, literal: int, budget: int) -> bool | Hard | None:
        """Whether a node always has the value of a literal; what windows leave open is to be solved.

        None when ``budget`` conflicts did not decide it.
        """
        roots = np.array([node, literal >> 1][: 1 + (literal > 1)], np.int64)
        questions = [(2 * node ^ literal,)] if literal <= 1 else [(2 * node, literal ^ 1), (2 * node ^ 1, literal)]
        for limit in (*_WINDOWS, len(self._first)):
            self.questions += 1
            nodes, inside = window(self._first, self._second, self._visited, roots, limit)
            if limit == len(self._first):
                clauses, self._room = self._cones, max(_RENEW, 0.98 * self._room, 2.0 * inside)
                if clauses.gates > self._room:
                    clauses.clear()
            else:
                clauses = self._window
                clauses.clear()
            clauses.add(nodes, inside)
            inputs = nodes[self._first[nodes] < 0]
            if limit == len(self._first):
                return Hard(clauses, questions, inputs, self._watch)
            while questions:
                answer = clauses.possible(questions[0], budget, self._watch.late)
                if answer is None:
                    return None
                if answer:
                    break
                del questions[0]
            if not questions:
                return True
            if inside == len(nodes):
                self.model = inputs, clauses.values(inputs)
                return False
        return None

    def equate(self, node: int, literal: int) -> None:
        """Tells the solver of whole cones a proved equality."""
        self._cones.equate(node, literal)

    def close(self) -> None:
        """Forgets all clauses."""
        self._window.clear()
        self._cones.clear()


class _Clauses:
    """A solver and the nodes it knows."""

    def __init__(self, first: Fan, second: Fan) -> None:
        self._sides = first, second
        self._variable = np.zeros(len(first), np.int32)
        self._defined = np.zeros(len(first), np.bool_)
        self._known = np.zeros(0, np.int64)
        self._solver: Solver | None = None
        self.gates = 0

    def clear(self) -> None:
        """Frees the solver."""
        if self._solver is not None:
            self._solver.delete()
            self._solver = None
        self._variable[self._known] = 0
        self._defined[self._known] = False
        self._known = self._known[:0]
        self.gates = 0

    def add(self, nodes: Integers, inside: int) -> None:
        """Makes ``nodes`` known and defines the first ``inside`` of them by their operands, which are among them."""
        if self._solver is None:
            self._solver = Solver(_ENGINE)
        unknown = nodes[self._variable[nodes] == 0]
        self._variable[unknown] = np.arange(len(self._known) + 1, len(self._known) + 1 + len(unknown))
        self._known = np.concatenate((self._known, unknown))
        gates = nodes[:inside]
        gates = gates[~self._defined[gates] & (self._sides[0][gates] >= 0)]
        self._defined[gates] = True
        self.gates += len(gates)
        out = self._variable[gates]
        left, right = (self._variable[x[gates] >> 1] * np.where(x[gates] & 1, -1, 1) for x in self._sides)
        self._solver.append_formula(np.stack((-out, left, -out, right), axis=1).reshape(-1, 2).tolist())
        self._solver.append_formula(np.stack((out, -left, -right), axis=1).tolist())

    def equate(self, node: int, literal: int) -> None:
        """Adds an equality, if both sides are known."""
        a, b = int(self._variable[node]), self._literal(literal)
        if self._solver is not None and a and b:
            self._solver.append_formula([[-a, b], [a, -b]])

    def possible(self, literals: tuple[int, ...], budget: int, late: Callable[[], bool]) -> bool | None:
        """Whether all literals can be true at once; None when ``budget`` conflicts or the time did not decide it."""
        if self._solver is None:
            raise RuntimeError("no node is known")
        assumptions = [self._literal(literal) for literal in literals]
        for spent in range(0, budget, _CHUNK):
            if late():
                return None
            self._solver.conf_budget(min(_CHUNK, budget - spent))
            answer = self._solver.solve_limited(assumptions=assumptions, expect_interrupt=True)  # other threads go on
            if answer is not None:
                return answer
        return None

    def interrupt(self) -> None:
        """Ends what is being solved; the solver is to be cleared before it is asked again."""
        if self._solver is not None:
            self._solver.interrupt()

    def values(self, nodes: Integers) -> NDArray[np.bool_]:
        """Values of known nodes in the last answer, which was 'possible'."""
        model = None if self._solver is None else self._solver.get_model()
        if model is None:
            raise RuntimeError("the last answer was not 'possible'")
        signs = np.zeros(len(self._known) + 1, np.bool_)
        signs[1 : len(model) + 1] = np.array(model) > 0
        return signs[self._variable[nodes]]

    def _literal(self, literal: int) -> int:
        variable = int(self._variable[literal >> 1])
        return -variable if literal & 1 else variable


@kernel()
def window(
    first: Fan, second: Fan, visited: Integers, roots: Integers, limit: int
) -> tuple[Integers, int]:  # pragma: no cover - compiled
    """The ``limit`` nodes nearest below ``roots``, breadth first, followed by those of their operands left outside.

    Args:
        first: ``[nodes]`` first operands, -1 for inputs.
        second: ``[nodes]`` second operands.
        visited: ``[nodes]`` the last window that a node was in; entry 0 counts the windows.
        roots: ``[R]`` nodes.
        limit: Nodes at most.

    Returns:
        The nodes, and how many of them are inside; with none outside, the window is the whole cone.
    """
    visited[0] += 1
    mark = visited[0]
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
    return queue[:count], at
