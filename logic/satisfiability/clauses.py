"""Clauses over variables that get values, and all that follows from those values: two literals of each are watched.

A list of watches holds, beside each clause, another literal of it, which mostly tells that the clause is true already.
Where only some variables matter to a question (its *domain*), nothing is drawn for others.

In the literature: watched literals (Chaff, 2001), blocking literals (MiniSat 2.1, 2008), domains (Su, Yang, Ci, Bu and
Huang, Deeply Optimizing the SAT Solver for the IC3 Algorithm, CAV 2025).
"""

from typing import Any, NamedTuple, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from ..kernels import INNER, OUTER, kernel
from .solver_gates import OPEN, Ints, Number, Octets

(
    VARIABLES, TRAIL, DONE, LEVEL, USED, HEAP, CONFLICTS, BROKEN, LEARNT, DOMAIN, CORE, POOLED, CLAUSES, WASTE, TICKS,
    SWITCH, FULL, RESERVE,
) = range(18)  # places in ``Clauses.numbers``  # fmt: skip
DEAD, PLAIN, TEMPORARY = np.int64(-1), np.int64(0), np.int64(1 << 20)
"""Marks of clauses; others are the length of a learnt one, or -2 - label."""
NO_CLAUSE = np.int64(0)
NONE = np.int64(-1)
_Array = TypeVar("_Array", bound=NDArray[Any])
_FAR = 1e100  # activities are scaled down beyond
_HEAD = 2  # integers before a clause's literals: length, mark
_APART = 2  # watches of room that a list gets when lists are moved together


class Clauses(NamedTuple):
    """The arrays of a solver of ``V`` variables; literals are ``2 * variable + complement``.

    Variable 0 is constant false.
    """

    value: Octets  # [2 * V] of each literal 0, 1 or OPEN
    saved: Octets  # [V] the last value
    level: Ints  # [V] the decision under which it got its value
    reason: Ints  # [V] the clause from which it follows, or 0
    trail: Ints  # [V] literals that are true, in order
    begins: Ints  # [2 * V + 4] where on the trail each level begins; some have no decision
    activity: NDArray[np.float64]  # [V]
    heap: Ints  # [V] variables of the domain, the most active first
    place: Ints  # [V] in the heap, or -1
    domain: Ints  # [V] the last domain that a variable was in
    seen: NDArray[np.bool_]  # [V]
    failed: Ints  # [V] the last core that an assumption's variable was in
    arena: Ints  # clauses: length, mark, literals
    first: Ints  # [2 * V] where in the pool the watches of a literal begin
    listed: Ints  # [2 * V] how many there are
    room: Ints  # [2 * V] how many there is room for
    pool: Ints  # watches: a clause (negative if it has two literals), and another literal of it
    spare: Ints  # of the pool's size, to move lists together
    clause: Ints  # [V + 1] scratch: the clause being learnt or added
    assumed: Ints  # [V + 1] the assumptions
    labels: Ints  # where clauses are that have been given a label, or 0
    numbers: NDArray[np.int64]
    step: NDArray[np.float64]  # [1] what a variable's activity grows by


def new_clauses(variables: int, arena: int, labels: int) -> Clauses:
    """No clause yet, with room for so many integers of clauses and so many labels."""

    def ints(size: int) -> Ints:
        return np.zeros(size, np.int32)

    pool = 3 * arena + 24 * variables
    made = Clauses(
        value=np.full(2 * variables, OPEN, np.int8), saved=np.zeros(variables, np.int8), level=ints(variables),
        reason=ints(variables), trail=ints(variables), begins=ints(2 * variables + 4), activity=np.zeros(variables),
        heap=ints(variables), place=np.full(variables, -1, np.int32), domain=ints(variables),
        seen=np.zeros(variables, np.bool_), failed=ints(variables), arena=ints(arena), first=ints(2 * variables),
        listed=ints(2 * variables), room=ints(2 * variables), pool=ints(pool), spare=ints(pool),
        clause=ints(variables + 1), assumed=ints(variables + 1), labels=ints(labels),
        numbers=np.zeros(18, np.int64), step=np.ones(1),
    )  # fmt: skip
    numbers = made.numbers
    numbers[VARIABLES], numbers[TRAIL], numbers[USED] = variables, 1, 1
    made.value[0], made.value[1], made.trail[0] = 0, 1, 1
    return made


def longer(array: _Array, size: int) -> _Array:
    """The same entries, and zeros up to a size."""
    return cast("_Array", np.concatenate([array, np.zeros(max(0, size - len(array)), array.dtype)]))


def widened(s: Clauses, labels: int) -> Clauses:
    """The same solver with twice the room for clauses, and room for so many labels."""
    arena = 2 * len(s.arena)
    pool = 3 * arena + 24 * int(s.numbers[VARIABLES])
    s.numbers[FULL] = 0
    return s._replace(
        arena=longer(s.arena, arena), pool=longer(s.pool, pool), spare=np.zeros(pool, np.int32),
        labels=longer(s.labels, labels),
    )  # fmt: skip


@kernel(**INNER)
def rise(s: Clauses, variable: Number) -> None:  # pragma: no cover - compiled
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


@kernel(**INNER)
def bump(s: Clauses, variable: Number) -> None:  # pragma: no cover - compiled
    """Makes a variable more active."""
    s.activity[variable] += s.step[0]
    if s.activity[variable] > _FAR:
        for other in range(s.numbers[VARIABLES]):
            s.activity[other] /= _FAR
        s.step[0] /= _FAR
    if s.place[variable] >= 0:
        rise(s, variable)


@kernel(**INNER)
def begin_domain(s: Clauses) -> None:  # pragma: no cover - compiled
    """Lets no variable matter any more, while no decision stands."""
    for at in range(s.numbers[HEAP]):
        s.place[s.heap[at]] = -1
    s.numbers[HEAP] = 0
    s.numbers[DOMAIN] += 1


@kernel(**INNER)
def assign(s: Clauses, literal: Number, reason: Number) -> None:  # pragma: no cover - compiled
    """Makes a literal true."""
    variable = literal >> 1
    s.value[literal], s.value[literal ^ 1] = 1, 0
    s.level[variable] = s.numbers[LEVEL]
    s.reason[variable] = reason
    s.trail[s.numbers[TRAIL]] = literal
    s.numbers[TRAIL] += 1


@kernel(**INNER)
def _gather(s: Clauses) -> None:  # pragma: no cover - compiled
    """Moves the lists of watches together."""
    pool, spare, to = s.pool, s.spare, 0
    for literal in range(2 * s.numbers[VARIABLES]):
        begin, size = np.int64(s.first[literal]), 2 * np.int64(s.listed[literal])
        for at in range(size):
            spare[to + at] = pool[begin + at]
        s.first[literal] = to
        s.room[literal] = s.listed[literal] + _APART
        to += size + 2 * _APART
    for at in range(to):
        pool[at] = spare[at]
    s.numbers[POOLED] = to


@kernel(**INNER)
def _widen(s: Clauses, literal: Number) -> None:  # pragma: no cover - compiled
    """Gives a list of watches twice the room; the pool is so large that it is there once lists are moved together."""
    room = 2 * np.int64(s.room[literal]) + 4
    if s.numbers[POOLED] + 2 * room > len(s.pool):
        _gather(s)
    begin, to, size = np.int64(s.first[literal]), s.numbers[POOLED], 2 * np.int64(s.listed[literal])
    for at in range(size):
        s.pool[to + at] = s.pool[begin + at]
    s.first[literal], s.room[literal] = to, room
    s.numbers[POOLED] = to + 2 * room


@kernel(**INNER)
def watch(s: Clauses, literal: Number, clause: Number, other: Number) -> None:  # pragma: no cover - compiled
    """Enters a clause into the list of a literal."""
    if s.listed[literal] == s.room[literal]:
        _widen(s, literal)
    at = np.int64(s.first[literal]) + 2 * np.int64(s.listed[literal])
    s.pool[at], s.pool[at + 1] = clause, other
    s.listed[literal] += 1


@kernel(**INNER)
def attach(s: Clauses, clause: Number) -> None:  # pragma: no cover - compiled
    """Watches the first two literals of a clause."""
    one, other = np.int64(s.arena[clause + _HEAD]), np.int64(s.arena[clause + _HEAD + 1])
    code = -clause if s.arena[clause] == 2 and s.arena[clause + 1] < TEMPORARY else clause
    watch(s, one, code, other)
    watch(s, other, code, one)
    s.numbers[CLAUSES] += 1


@kernel(**INNER)
def has_room(s: Clauses, size: Number) -> bool:  # pragma: no cover - compiled
    """Whether a clause of so many literals can be entered."""
    pooled = 12 * (s.numbers[CLAUSES] + 1) + 16 * s.numbers[VARIABLES]
    return bool(s.numbers[USED] + size + _HEAD <= len(s.arena) and pooled <= len(s.pool))


@kernel(**INNER)
def enter(s: Clauses, size: Number, mark: Number) -> Number:  # pragma: no cover - compiled
    """Copies ``clause[:size]``, at least two literals, into the arena; where it stands. There must be room."""
    at = s.numbers[USED]
    s.arena[at], s.arena[at + 1] = size, mark
    for i in range(size):
        s.arena[at + _HEAD + i] = s.clause[i]
    s.numbers[USED] = at + _HEAD + size
    attach(s, at)
    return at


@kernel(**INNER)
def add_clause(s: Clauses, size: Number, mark: Number) -> Number:  # pragma: no cover - compiled
    """Adds ``clause[:size]`` while no decision stands: where it stands, or 0 if a value says it all; needs room."""
    clause, kept = s.clause, 0
    for i in range(size):
        value = s.value[clause[i]]
        if value == 1:
            return 0
        if value == OPEN:
            clause[kept] = clause[i]
            kept += 1
    if kept == 0:
        s.numbers[BROKEN] = 1
        return 0
    if kept == 1:
        assign(s, np.int64(clause[0]), NO_CLAUSE)
        return 0
    return np.int64(enter(s, kept, mark))


@kernel(**OUTER)
def enter_clauses(s: Clauses, clauses: Ints) -> None:  # pragma: no cover - compiled
    """Adds clauses that stand one after the other, each as its length and its literals; there must be room."""
    at = np.int64(0)
    while at < len(clauses):
        size = np.int64(clauses[at])
        for i in range(size):
            s.clause[i] = clauses[at + 1 + i]
        add_clause(s, size, PLAIN)
        at += 1 + size


@kernel(**INNER)
def bury(s: Clauses, clause: Number) -> None:  # pragma: no cover - compiled
    """Takes a clause out, while no decision stands; its watches are dropped when they are met."""
    if s.arena[clause] == 2:  # is known by its literals alone
        for slot in range(2):
            literal = np.int64(s.arena[clause + _HEAD + slot])
            begin, last = np.int64(s.first[literal]), np.int64(s.listed[literal]) - 1
            for at in range(last + 1):
                if abs(s.pool[begin + 2 * at]) == clause:
                    s.pool[begin + 2 * at] = s.pool[begin + 2 * last]
                    s.pool[begin + 2 * at + 1] = s.pool[begin + 2 * last + 1]
                    s.listed[literal] = last
                    break
    s.arena[clause + 1] = DEAD
    s.numbers[WASTE] += s.arena[clause] + _HEAD


@kernel(**INNER)
def collect(s: Clauses, longest: Number) -> None:  # pragma: no cover - compiled
    """Moves clauses together, without dead and true ones and learnt ones longer than that in the older half.

    No decision stands, and all that follows has been drawn.
    """
    arena, value = s.arena, s.value
    for literal in range(2 * s.numbers[VARIABLES]):
        s.listed[literal] = 0
    for at in range(s.numbers[TRAIL]):
        s.reason[s.trail[at] >> 1] = 0
    at, to, end = np.int64(1), np.int64(1), s.numbers[USED]
    middle = end // 2
    s.numbers[CLAUSES] = s.numbers[WASTE] = 0
    while at < end:
        size, mark = np.int64(arena[at]), np.int64(arena[at + 1])
        alive = mark != DEAD and (mark <= longest or mark == TEMPORARY or at > middle)
        kept = np.int64(0)
        for i in range(at + _HEAD, at + _HEAD + size):
            literal = np.int64(arena[i])
            if value[literal] == 1:
                alive = False
            elif value[literal] == OPEN and alive:
                arena[to + _HEAD + kept] = literal
                kept += 1
        if alive:
            arena[to], arena[to + 1] = kept, mark
            attach(s, to)
        if mark < DEAD:
            s.labels[-2 - mark] = to if alive else 0
        if alive:
            to += _HEAD + kept
        at += _HEAD + size
    s.numbers[USED] = to


@kernel(**INNER)
def propagate(s: Clauses) -> Number:  # pragma: no cover - compiled
    """Draws all that follows; the violated clause, or 0."""
    value, level, reason, trail, domain = s.value, s.level, s.reason, s.trail, s.domain
    arena, pool, first, listed = s.arena, s.pool, s.first, s.listed
    end, done, depth, here = s.numbers[TRAIL], s.numbers[DONE], s.numbers[LEVEL], s.numbers[DOMAIN]
    violated, ticks = np.int64(0), np.int64(0)
    while done < end and violated == 0:
        false = np.int64(trail[done]) ^ 1
        done += 1
        base, size = np.int64(first[false]), np.int64(listed[false])
        ticks += size + 1
        at, kept = np.int64(0), np.int64(0)
        while at < size:
            clause, drawn = np.int64(pool[base + 2 * at]), np.int64(pool[base + 2 * at + 1])
            at += 1
            if value[drawn] != 1 and clause > 0:
                if arena[clause + 1] == DEAD:
                    continue
                begin = clause + _HEAD
                if arena[begin] == false:
                    arena[begin], arena[begin + 1] = arena[begin + 1], false
                drawn = np.int64(arena[begin])
                if value[drawn] != 1:
                    place, stop = begin + 2, begin + np.int64(arena[clause])
                    while place < stop and value[arena[place]] == 0:
                        place += 1
                    if place < stop:
                        literal = np.int64(arena[place])
                        arena[begin + 1], arena[place] = literal, false
                        watch(s, literal, clause, drawn)
                        base = np.int64(first[false])
                        continue
            pool[base + 2 * kept], pool[base + 2 * kept + 1] = clause, drawn
            kept += 1
            if value[drawn] == 1:
                continue
            if value[drawn] == 0:
                violated = abs(clause)
                break
            variable = drawn >> 1
            if depth == 0 or domain[variable] == here:
                value[drawn], value[drawn ^ 1] = 1, 0
                level[variable], reason[variable] = depth, abs(clause)
                trail[end] = drawn
                end += 1
        while at < size:
            pool[base + 2 * kept], pool[base + 2 * kept + 1] = pool[base + 2 * at], pool[base + 2 * at + 1]
            kept, at = kept + 1, at + 1
        listed[false] = kept
    s.numbers[TRAIL], s.numbers[DONE] = end, done
    s.numbers[TICKS] += ticks
    return violated
