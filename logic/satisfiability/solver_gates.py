"""Gates ``out = left and right`` over variables that get values, and all that follows from those values.

A gate is propagated as it stands, without clauses; what is learnt from conflicts is a clause with two watched literals.
Any literal may be the output of a gate, and of several: so an equality is the gate ``out = left and true``.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..kernels import kernel

Ints = NDArray[np.int32]
Octets = NDArray[np.int8]
Number = int | np.signedinteger[Any]

OPEN = 2  # a variable without a value
(
    VARIABLES,
    GATES,
    TRAIL,
    DONE,
    LEVEL,
    USED,
    HEAP,
    CONFLICTS,
    BROKEN,
    LEARNT,
    CURSOR,
    QUESTION,
    LAZY,
    WORK,
    FULL,
    SCANNED,
    CHECK,
    ORDER,
) = range(18)  # places in ``Solver.numbers``
_FAR = 1e100  # activities are scaled down beyond


class Solver(NamedTuple):
    """The arrays of a solver of ``V`` variables and ``G`` gates; literals are ``2 * variable + complement``.

    Variable 0 is constant false.
    """

    value: Octets  # [V] 0, 1 or OPEN
    saved: Octets  # [V] the last value
    level: Ints  # [V] the decision under which it got its value
    reason: Ints  # [V] 2 * gate, 2 * clause + 1, or -1
    position: Ints  # [V] on the trail
    trail: Ints  # [V] literals that are true, in order
    begins: Ints  # [V + 2] where on the trail each level begins
    activity: NDArray[np.float64]  # [V]
    active: Ints  # [V] the last question in which a variable mattered
    heap: Ints  # [V] such variables, the most active first
    place: Ints  # [V] in the heap, or -1
    seen: NDArray[np.bool_]  # [V]
    out: Ints  # [G]
    left: Ints  # [G]
    right: Ints  # [G]
    head: Ints  # [V] first occurrence of a variable: 3 * gate + side + 1, or 0
    link: Ints  # [3 * G] next occurrence
    maker: Ints  # [V] 1 + the first gate that a variable is the output of, or 0
    checked: Ints  # [V] scratch: when a variable's value was last found to have a cause
    arena: Ints  # learnt clauses: length, next clause of the first and of the second watch, literals
    watch: Ints  # [2 * V] first clause that watches a literal, or 0
    clause: Ints  # [V + 1] scratch: the clause being learnt
    found: Ints  # [V + 1] scratch: a reason's variables
    numbers: NDArray[np.int64]  # [18]
    step: NDArray[np.float64]  # [1] what a variable's activity grows by


def new_solver(variables: int, gates: int, arena: int = 1 << 20) -> Solver:
    """An empty solver with room for so many variables, gates and integers of learnt clauses."""

    def ints(size: int) -> Ints:
        return np.zeros(size, np.int32)

    solver = Solver(
        value=np.full(variables, OPEN, np.int8), saved=np.zeros(variables, np.int8), level=ints(variables),
        reason=ints(variables), position=ints(variables), trail=ints(variables), begins=ints(variables + 2),
        activity=np.zeros(variables), active=ints(variables), heap=ints(variables),
        place=np.full(variables, -1, np.int32), seen=np.zeros(variables, np.bool_),
        out=ints(gates), left=ints(gates), right=ints(gates),
        head=ints(variables), link=ints(3 * gates), maker=ints(variables), checked=ints(variables),
        arena=ints(arena), watch=ints(2 * variables),
        clause=ints(variables + 1), found=ints(variables + 1), numbers=np.zeros(18, np.int64), step=np.ones(1),
    )  # fmt: skip
    solver.numbers[VARIABLES], solver.numbers[TRAIL], solver.numbers[USED] = 1, 1, 1
    solver.value[0], solver.trail[0], solver.reason[0] = 0, 1, -1
    return solver


@kernel(large=0, _nrt=False)
def reset(s: Solver) -> None:  # pragma: no cover - compiled
    """Forgets all variables, gates and clauses; the room stays."""
    for variable in range(s.numbers[VARIABLES]):
        s.value[variable], s.saved[variable], s.activity[variable] = OPEN, 0, 0.0
        s.active[variable], s.head[variable], s.place[variable] = 0, 0, -1
        s.maker[variable], s.checked[variable] = 0, 0
        s.watch[2 * variable], s.watch[2 * variable + 1] = 0, 0
    lazy, full = s.numbers[LAZY], s.numbers[FULL]
    for place in range(len(s.numbers)):
        s.numbers[place] = 0
    s.numbers[VARIABLES], s.numbers[TRAIL], s.numbers[USED] = 1, 1, 1
    s.numbers[LAZY], s.numbers[FULL] = lazy, full
    s.value[0], s.trail[0], s.reason[0] = 0, 1, -1
    s.step[0] = 1.0


@kernel(large=0, _nrt=False)
def new_variable(s: Solver) -> Number:  # pragma: no cover - compiled
    """One more variable."""
    variable = s.numbers[VARIABLES]
    s.numbers[VARIABLES] += 1
    return variable


@kernel(large=0, _nrt=False)
def rise(s: Solver, variable: Number) -> None:  # pragma: no cover - compiled
    """Puts a variable into the heap, or higher in it."""
    heap, place, activity = s.heap, s.place, s.activity
    at = np.int64(place[variable])
    if at < 0:
        at = s.numbers[HEAP]
        s.numbers[HEAP] += 1
    own = activity[variable]
    while at > 0:
        above = (at - 1) >> 1
        if activity[heap[above]] >= own:
            break
        heap[at] = heap[above]
        place[heap[at]] = at
        at = above
    heap[at] = variable
    place[variable] = at


@kernel(large=0, _nrt=False)
def bump(s: Solver, variable: Number) -> None:  # pragma: no cover - compiled
    """Makes a variable more active, and one that matters in this question."""
    s.active[variable] = s.numbers[QUESTION]
    s.activity[variable] += s.step[0]
    if s.activity[variable] > _FAR:
        for other in range(s.numbers[VARIABLES]):
            s.activity[other] /= _FAR
        s.step[0] /= _FAR
    if s.place[variable] >= 0 or s.value[variable] == OPEN:
        rise(s, variable)


@kernel(large=0, _nrt=False)
def new_gate(s: Solver, out: Number, left: Number, right: Number) -> None:  # pragma: no cover - compiled
    """Adds a gate, while no decision stands, and what follows from it alone."""
    gate = s.numbers[GATES]
    s.numbers[GATES] += 1
    s.out[gate], s.left[gate], s.right[gate] = out, left, right
    if s.maker[out >> 1] == 0 and out & 1 == 0:
        s.maker[out >> 1] = gate + 1
    side = 3 * gate
    for literal in (out, left, right):
        variable = literal >> 1
        if variable:
            s.link[side] = s.head[variable]
            s.head[variable] = side + 1
        side += 1
    if _enforce(s, gate):
        s.numbers[BROKEN] = 1


@kernel(large=0, _nrt=False)
def assign(s: Solver, literal: Number, reason: Number) -> None:  # pragma: no cover - compiled
    """Makes a literal true, for a reason."""
    variable = literal >> 1
    s.value[variable] = 1 - (literal & 1)
    s.level[variable] = s.numbers[LEVEL]
    s.reason[variable] = reason
    s.position[variable] = s.numbers[TRAIL]
    s.trail[s.numbers[TRAIL]] = literal
    s.numbers[TRAIL] += 1


@kernel(large=0, _nrt=False)
def value_of(s: Solver, literal: Number) -> Number:  # pragma: no cover - compiled
    """Of a literal: 0, 1 or OPEN."""
    value = np.int64(s.value[literal >> 1])
    return value if value == OPEN else value ^ (literal & 1)


@kernel(large=0, _nrt=False)
def _enforce(s: Solver, gate: Number) -> bool:  # pragma: no cover - compiled
    """Draws what follows from one gate; whether it is violated."""
    out, left, right = np.int64(s.out[gate]), np.int64(s.left[gate]), np.int64(s.right[gate])
    a, b, o = value_of(s, left), value_of(s, right), value_of(s, out)
    if a == 0 or b == 0:
        if o == 1:
            return True
        if o == OPEN:
            assign(s, out ^ 1, 2 * gate)
    elif a == 1 and b == 1:
        if o == 0:
            return True
        if o == OPEN:
            assign(s, out, 2 * gate)
    elif o == 1:
        if a == OPEN:
            assign(s, left, 2 * gate)
        if b == OPEN:
            assign(s, right, 2 * gate)
    elif o == 0:
        if a == 1:
            assign(s, right ^ 1, 2 * gate)
        elif b == 1:
            assign(s, left ^ 1, 2 * gate)
    return False


@kernel(large=0, _nrt=False)
def propagate(s: Solver) -> Number:  # pragma: no cover - compiled
    """Draws all that follows; the violated gate or clause, coded as a reason, or -1.

    The innermost loop of all: it draws from a gate as :func:`_enforce` does, but calls nothing.
    """
    value, level, reason, position, trail = s.value, s.level, s.reason, s.position, s.trail
    gate_out, gate_left, gate_right, head, link, watch = s.out, s.left, s.right, s.head, s.link, s.watch
    end, done, depth = s.numbers[TRAIL], s.numbers[DONE], s.numbers[LEVEL]
    violated = -1
    while done < end and violated < 0:
        true = np.int64(trail[done])
        done += 1
        occurrence = np.int64(head[true >> 1])
        while occurrence:
            gate = (occurrence - 1) // 3
            occurrence = np.int64(link[occurrence - 1])
            out, left, right = np.int64(gate_out[gate]), np.int64(gate_left[gate]), np.int64(gate_right[gate])
            o, a, b = np.int64(value[out >> 1]), np.int64(value[left >> 1]), np.int64(value[right >> 1])
            o, a, b = o ^ (out & 1 & ~o >> 1), a ^ (left & 1 & ~a >> 1), b ^ (right & 1 & ~b >> 1)
            drawn, other = np.int64(-1), np.int64(-1)
            if a == 0 or b == 0:
                if o == 0:
                    continue
                drawn = out ^ 1
            elif a == 1 and b == 1:
                if o == 1:
                    continue
                drawn = out
            elif o == 1:
                drawn = left if a == OPEN else right
                other = right if a == OPEN and b == OPEN else drawn
            elif o == 0 and (a == 1 or b == 1):
                drawn = (right if a == 1 else left) ^ 1
            else:
                continue
            if o != OPEN and drawn >> 1 == out >> 1:
                violated = 2 * gate
                break
            while drawn >= 0:
                variable = drawn >> 1
                value[variable] = 1 - (drawn & 1)
                level[variable] = depth
                reason[variable] = 2 * gate
                position[variable] = end
                trail[end] = drawn
                end += 1
                drawn = other if other != drawn else np.int64(-1)
        if violated < 0 and watch[true ^ 1]:
            s.numbers[TRAIL] = end
            clause = _visit(s, true ^ 1)
            end = s.numbers[TRAIL]
            if clause:
                violated = 2 * clause + 1
    s.numbers[WORK] += done - s.numbers[DONE]
    s.numbers[TRAIL], s.numbers[DONE] = end, done
    return violated


@kernel(large=0, _nrt=False)
def _visit(s: Solver, wrong: Number) -> Number:  # pragma: no cover - compiled
    """Finds the clauses that watch a false literal another watch; the violated one, or 0."""
    arena, watch = s.arena, s.watch
    clause, kept, violated = np.int64(watch[wrong]), 0, 0
    while clause:
        slot = 0 if arena[clause + 3] == wrong else 1
        following = np.int64(arena[clause + 1 + slot])
        other = np.int64(arena[clause + 4 - slot])
        moved = False
        value = value_of(s, other)
        if violated == 0 and value != 1:
            for at in range(clause + 5, clause + 3 + arena[clause]):
                literal = np.int64(arena[at])
                if value_of(s, literal) != 0:
                    arena[clause + 3 + slot], arena[at] = literal, wrong
                    arena[clause + 1 + slot] = watch[literal]
                    watch[literal] = clause
                    moved = True
                    break
            if not moved:
                if value == 0:
                    violated = clause
                else:
                    assign(s, other, 2 * clause + 1)
        if not moved:
            arena[clause + 1 + slot] = kept
            kept = clause
        clause = following
    watch[wrong] = kept
    return violated
