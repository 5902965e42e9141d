"""Questions of sweeping to the compiled solver: whether two nodes are equal, within a window below them or whole cones.

The nodes at the edge of a window are free: what is equal then is equal, and only a difference in a whole cone is
believed. Each window is written into a small solver anew, which costs less than a large one pays for what it knows;
whole cones overlap, and share one solver with all it learned.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..kernels import kernel
from ..satisfiability.gate_solver import IMPOSSIBLE, POSSIBLE, begin_question, go_back, solve
from ..satisfiability.solver_gates import (
    FULL,
    GATES,
    LAZY,
    QUESTION,
    VARIABLES,
    Number,
    Solver,
    new_gate,
    new_solver,
    reset,
    value_of,
)

Ints = NDArray[np.int32]
_SMALL, _MIDDLE, _LARGE = 60, 300, 2_000  # nodes of a window, nearest first
_FULL = 100  # assignments that count as a conflict
WIDER = 3  # an answer besides those of the solver
_RENEW = 1_500  # gates after which the solver of whole cones is emptied, unless one question needs more
ASKED, ROOM, COUNT, INSIDE, WIDE, CREDIT = range(6)  # places in ``Cones.numbers``


class Cones(NamedTuple):
    """The canonical graph as the solvers see it."""

    first: Ints  # [nodes] canonical first operands, -1 for inputs
    second: Ints  # [nodes] canonical second operands
    visited: Ints  # [nodes] the last window that a node was in; entry 0 counts the windows
    queue: Ints  # [nodes + 1] nodes of the last window, nearest first
    place: Ints  # [nodes] 1 + where a node of the last window is in the queue
    known: Ints  # [nodes] variable of a node in the solver of whole cones, or 0
    numbers: NDArray[np.int64]  # [6]
    near: Solver  # of a window
    far: Solver  # of whole cones


def new_cones(first: Ints, second: Ints) -> Cones:
    """Room for the questions of a graph, which may still change."""
    size = len(first)
    inside = min(size, _LARGE) + 4
    near, far = new_solver(2 * inside, inside, 1 << 17), new_solver(size + 1, 2 * size + 1)
    near.numbers[LAZY] = far.numbers[LAZY] = 1
    near.numbers[FULL] = far.numbers[FULL] = _FULL
    visited, queue, place, known = (np.zeros(size + 1, np.int32) for _ in range(4))
    return Cones(first, second, visited, queue, place, known, np.array([0, _RENEW, 0, 0, 0, 0]), near, far)


@kernel(large=0, _nrt=False)
def _collect(c: Cones, node: Number, other: Number, limit: Number) -> None:  # pragma: no cover - compiled
    """The nodes nearest below two, breadth first, followed by those of their operands left outside."""
    first, second, visited, queue, place = c.first, c.second, c.visited, c.queue, c.place
    visited[0] += 1
    mark = visited[0]
    queue[0] = node
    visited[node], place[node] = mark, 1
    count, at = 1, 0
    if other:
        queue[1] = other
        visited[other], place[other] = mark, 2
        count = 2
    while at < count and at < limit:
        node = np.int64(queue[at])
        at += 1
        if first[node] < 0:
            continue
        for side in (np.int64(first[node] >> 1), np.int64(second[node] >> 1)):
            if visited[side] != mark:
                visited[side] = mark
                queue[count] = side
                count += 1
                place[side] = count
    c.numbers[COUNT], c.numbers[INSIDE] = count, at


@kernel(large=0, _nrt=False)
def _write_window(c: Cones) -> None:  # pragma: no cover - compiled
    """Writes the last window into its solver."""
    s, place = c.near, c.place
    reset(s)
    count = c.numbers[COUNT]
    s.numbers[VARIABLES] = count + 1
    s.numbers[QUESTION] = 1
    for at in range(c.numbers[INSIDE] - 1, -1, -1):
        node = c.queue[at]
        a, b = np.int64(c.first[node]), np.int64(c.second[node])
        if a >= 0:
            new_gate(s, np.int64(2 * at + 2), 2 * place[a >> 1] + (a & 1), 2 * place[b >> 1] + (b & 1))
    s.active[1] = s.active[2] = 1


@kernel(large=0, _nrt=False)
def _write_cone(c: Cones) -> None:  # pragma: no cover - compiled
    """Makes the solver of whole cones know the last one, whose nodes alone are to be decided, near ones first."""
    s, known, queue = c.far, c.known, c.queue
    count = c.numbers[COUNT]
    go_back(s, 0)
    c.numbers[ROOM] = max(_RENEW, c.numbers[ROOM] * 49 // 50, 2 * count)
    if s.numbers[GATES] > c.numbers[ROOM]:
        forget(c)
    for at in range(count - 1, -1, -1):
        node = queue[at]
        if known[node] == 0:
            known[node] = -s.numbers[VARIABLES]  # its gate is still to be written
            s.numbers[VARIABLES] += 1
    for at in range(count - 1, -1, -1):
        node = queue[at]
        if known[node] < 0:
            known[node] = -known[node]
            a, b = np.int64(c.first[node]), np.int64(c.second[node])
            if a >= 0:
                left = 2 * np.int64(abs(known[a >> 1])) + (a & 1)
                right = 2 * np.int64(abs(known[b >> 1])) + (b & 1)
                new_gate(s, 2 * np.int64(known[node]), left, right)
    begin_question(s)
    for at in range(min(count, 2)):
        s.active[known[queue[at]]] = s.numbers[QUESTION]


@kernel(large=0, _nrt=False)
def equal(
    c: Cones, node: Number, literal: Number, budget: Number, begin: Number, end: Number
) -> Number:  # pragma: no cover - compiled
    """Whether a node can differ from an earlier literal, as :func:`solve` says it; each try has so many conflicts.

    Tried are three windows, 0 to 2, and the whole cones, 3, from ``begin`` to ``end - 1``; WIDER if a difference in
    the last window says nothing. After POSSIBLE the values stand in the solver.
    """
    other = literal >> 1
    step = 0  # the next of the two questions
    c.numbers[ASKED] += begin == 0
    for turn in range(begin, end):
        limit = _SMALL if turn == 0 else _MIDDLE if turn == 1 else _LARGE if turn == 2 else len(c.first)
        _collect(c, node, other, limit)
        whole = c.numbers[COUNT] == c.numbers[INSIDE]
        c.numbers[WIDE] = limit == len(c.first)
        if c.numbers[WIDE]:
            _write_cone(c)
            one, two = 2 * np.int64(c.known[node]), 2 * np.int64(c.known[other]) ^ (literal & 1)
        else:
            _write_window(c)
            one, two = np.int64(2), np.int64(4) ^ (literal & 1)
        answer = IMPOSSIBLE
        while step < (2 if other else 1):
            flip = 1 if (step == 1 or (other == 0 and literal == 1)) else 0
            second = 1 if other == 0 else two ^ 1 ^ flip
            if c.numbers[WIDE]:
                answer = solve(c.far, one ^ flip, second, budget)
            else:
                answer = solve(c.near, one ^ flip, second, budget)
            if answer != IMPOSSIBLE:
                break
            step += 1
        if answer != POSSIBLE or whole:
            return answer
    return WIDER


@kernel(large=0)
def ask_narrow(c: Cones, node: int, literal: int, budget: int) -> int:  # pragma: no cover - compiled
    """As :func:`equal`, in small windows only."""
    return int(equal(c, node, literal, budget, 0, 2))


@kernel(large=0, nogil=True)
def ask_wide(c: Cones, node: int, literal: int, budget: int) -> int:  # pragma: no cover - compiled
    """As :func:`equal`, without small windows; other threads go on meanwhile."""
    return int(equal(c, node, literal, budget, 2, 4))


@kernel(large=0, _nrt=False)
def equate(c: Cones, node: Number, literal: Number) -> None:  # pragma: no cover - compiled
    """Tells the solver of whole cones a proved equality."""
    s = c.far
    go_back(s, 0)
    one, other = np.int64(c.known[node]), np.int64(c.known[literal >> 1])
    if one and (other or literal <= 1):
        new_gate(s, 2 * one, 2 * other ^ (literal & 1), 1)


@kernel(large=0, _nrt=False)
def input_value(c: Cones, node: Number) -> Number:  # pragma: no cover - compiled
    """What an input of the last cone is after POSSIBLE: 0, 1 or OPEN, if any value will do."""
    if c.numbers[WIDE]:
        return value_of(c.far, 2 * np.int64(c.known[node]))
    return value_of(c.near, 2 * np.int64(c.place[node]))


@kernel(large=0, _nrt=False)
def forget(c: Cones) -> None:  # pragma: no cover - compiled
    """Empties the solver of whole cones."""
    reset(c.far)
    for node in range(len(c.known)):
        c.known[node] = 0
