"""A compiled SAT solver over clauses, for the thousands of small questions of property directed reachability.

A question has assumptions, of which those that failed are known afterwards, a domain of variables that matter, and
perhaps a clause of its own, which holds only while the variable ``SWITCH`` is true and is forgotten with all that was
learnt from it.

In the literature: conflict-driven clause learning (GRASP, 1996; Chaff, 2001), assumptions (Een and Sorensson, Temporal
induction by incremental SAT solving, BMC 2003).
"""

import numpy as np

from ..kernels import INNER, kernel
from .clauses import (
    BROKEN,
    CONFLICTS,
    CORE,
    DOMAIN,
    DONE,
    FULL,
    HEAP,
    LEARNT,
    LEVEL,
    NO_CLAUSE,
    NONE,
    RESERVE,
    SWITCH,
    TEMPORARY,
    TRAIL,
    USED,
    Clauses,
    assign,
    bump,
    bury,
    enter,
    has_room,
    propagate,
    rise,
)
from .gate_solver import IMPOSSIBLE, POSSIBLE, UNDECIDED
from .solver_gates import OPEN, Number

BEGIN = np.int64(0)  # the level of no decision
_RESTART = 100  # conflicts before the first restart


@kernel(**INNER)
def _pop(s: Clauses) -> Number:  # pragma: no cover - compiled
    """Takes the most active variable out of the heap."""
    heap, place, activity = s.heap, s.place, s.activity
    top = np.int64(heap[0])
    place[top] = -1
    size = s.numbers[HEAP] - 1
    s.numbers[HEAP] = size
    if size > 0:
        last = np.int64(heap[size])
        own, at = activity[last], np.int64(0)
        while True:
            below = 2 * at + 1
            if below >= size:
                break
            if below + 1 < size and activity[heap[below + 1]] > activity[heap[below]]:
                below += 1
            if activity[heap[below]] <= own:
                break
            heap[at] = heap[below]
            place[heap[at]] = at
            at = below
        heap[at] = last
        place[last] = at
    return top


@kernel(**INNER)
def _learn(s: Clauses, conflict: Number) -> Number:  # pragma: no cover - compiled
    """The clause of the first unique implication point, into ``clause``; the level to go back to."""
    clause, seen, level, arena = s.clause, s.seen, s.level, s.arena
    size, waiting, at = np.int64(1), np.int64(0), s.numbers[TRAIL] - 1
    reason, variable, here = np.int64(conflict), np.int64(-1), s.numbers[LEVEL]
    while True:
        for i in range(reason + 2, reason + 2 + np.int64(arena[reason])):
            literal = np.int64(arena[i])
            other = literal >> 1
            if other != variable and not seen[other] and level[other] > 0:
                seen[other] = True
                bump(s, other)
                if level[other] == here:
                    waiting += 1
                else:
                    clause[size] = literal
                    size += 1
        while not seen[s.trail[at] >> 1]:
            at -= 1
        variable = np.int64(s.trail[at]) >> 1
        clause[0] = s.trail[at] ^ 1
        at -= 1
        seen[variable] = False
        waiting -= 1
        if waiting == 0:
            break
        reason = np.int64(s.reason[variable])
    kept = np.int64(1)
    for i in range(1, size):  # a literal that follows from the others is left out
        other = np.int64(clause[i]) >> 1
        reason = np.int64(s.reason[other])
        needless = reason > 0
        if needless:
            for j in range(reason + 2, reason + 2 + np.int64(arena[reason])):
                below = arena[j] >> 1
                if below != other and not seen[below] and level[below] > 0:
                    needless = False
                    break
        if not needless:
            clause[i], clause[kept] = clause[kept], clause[i]
            kept += 1
    back = np.int64(0)
    for i in range(1, kept):
        deep = np.int64(level[clause[i] >> 1])
        if deep > back:
            back = deep
            clause[i], clause[1] = clause[1], clause[i]
    for i in range(1, size):
        seen[clause[i] >> 1] = False
    s.numbers[LEARNT] = kept
    return back


@kernel(**INNER)
def go_back(s: Clauses, level: Number) -> None:  # pragma: no cover - compiled
    """Takes back all decisions above a level."""
    if s.numbers[LEVEL] <= level:
        return
    begin, here = np.int64(s.begins[level + 1]), s.numbers[DOMAIN]
    for at in range(s.numbers[TRAIL] - 1, begin - 1, -1):
        literal = np.int64(s.trail[at])
        variable = literal >> 1
        s.saved[variable] = 1 - (literal & 1)
        s.value[literal] = s.value[literal ^ 1] = OPEN
        if s.place[variable] < 0 and s.domain[variable] == here:
            rise(s, variable)
    s.numbers[TRAIL] = s.numbers[DONE] = begin
    s.numbers[LEVEL] = level


@kernel(**INNER)
def _decide(s: Clauses, literal: Number) -> None:  # pragma: no cover - compiled
    """A new level, with a literal, or with none if it is -1."""
    s.numbers[LEVEL] += 1
    s.begins[s.numbers[LEVEL]] = s.numbers[TRAIL]
    if literal >= 0:
        assign(s, literal, NO_CLAUSE)


@kernel(**INNER)
def _blame(s: Clauses, literal: Number) -> None:  # pragma: no cover - compiled
    """Marks the assumptions because of which one of them, the literal, is false."""
    core, seen, arena = s.numbers[CORE], s.seen, s.arena
    s.failed[literal >> 1] = core
    if s.level[literal >> 1] == 0:
        return
    seen[literal >> 1] = True
    for at in range(s.numbers[TRAIL] - 1, np.int64(s.begins[1]) - 1, -1):
        variable = np.int64(s.trail[at]) >> 1
        if not seen[variable]:
            continue
        seen[variable] = False
        reason = np.int64(s.reason[variable])
        if reason == 0:
            s.failed[variable] = core
            continue
        for i in range(reason + 2, reason + 2 + np.int64(arena[reason])):
            other = arena[i] >> 1
            if other != variable and s.level[other] > 0:
                seen[other] = True


@kernel(**INNER)
def solve(s: Clauses, count: Number, budget: Number) -> Number:  # pragma: no cover - compiled
    """Whether the assumptions ``assumed[:count]`` can be true at once.

    After POSSIBLE the values stand until :func:`go_back`; after IMPOSSIBLE ``failed`` of the assumptions that are
    needed for it is the number of this core. UNDECIDED is said after so many conflicts, or if a clause has no room,
    which ``FULL`` tells.

    Args:
        s: The solver, of which no decision stands.
        count: Of assumptions.
        budget: Of conflicts.
    """
    s.numbers[CORE] += 1
    begin, pause = s.numbers[CONFLICTS], np.int64(_RESTART)
    restart = begin + pause
    switch = s.numbers[SWITCH]
    while s.numbers[BROKEN] == 0:
        conflict = np.int64(propagate(s))
        if conflict > 0:
            s.numbers[CONFLICTS] += 1
            if s.numbers[LEVEL] == 0:
                s.numbers[BROKEN] = 1
                break
            back = _learn(s, conflict)
            size = s.numbers[LEARNT]
            if size == 1 and s.clause[0] >> 1 == switch:  # the clause of this question cannot be true
                s.failed[switch] = s.numbers[CORE]
                go_back(s, BEGIN)
                return IMPOSSIBLE
            go_back(s, back)
            reason = np.int64(0)
            if size > 1:
                if not has_room(s, size + s.numbers[RESERVE]):
                    s.numbers[FULL] = 1
                    go_back(s, BEGIN)
                    return UNDECIDED
                mark = size
                for i in range(size):
                    if s.clause[i] >> 1 == switch:
                        mark = TEMPORARY
                reason = np.int64(enter(s, size, mark))
            assign(s, np.int64(s.clause[0]), reason)
            s.step[0] *= 1 / 0.95
            continue
        if s.numbers[CONFLICTS] - begin >= budget:
            go_back(s, BEGIN)
            return UNDECIDED
        if s.numbers[CONFLICTS] >= restart:
            go_back(s, min(count, s.numbers[LEVEL]))
            pause += pause // 2
            restart = s.numbers[CONFLICTS] + pause
        level = s.numbers[LEVEL]
        if level < count:
            literal = np.int64(s.assumed[level])
            value = s.value[literal]
            if value == 0:
                _blame(s, literal)
                go_back(s, BEGIN)
                return IMPOSSIBLE
            _decide(s, NONE if value == 1 else literal)
            continue
        variable = np.int64(-1)
        while s.numbers[HEAP] > 0:
            variable = np.int64(_pop(s))
            if s.value[2 * variable] == OPEN:
                break
            variable = np.int64(-1)
        if variable < 0:
            return POSSIBLE
        _decide(s, 2 * variable + 1 - s.saved[variable])
    go_back(s, BEGIN)
    return IMPOSSIBLE


@kernel(**INNER)
def forget_temporary(s: Clauses, begin: Number) -> None:  # pragma: no cover - compiled
    """Takes out the temporary clauses that stand from a place in the arena on, while no decision stands."""
    at = np.int64(begin)
    while at < s.numbers[USED]:
        size = np.int64(s.arena[at])
        if s.arena[at + 1] == TEMPORARY:
            bury(s, at)
        at += size + 2
