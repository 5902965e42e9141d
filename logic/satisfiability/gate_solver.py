"""A compiled SAT solver over gates, for the thousands of small questions of a sweep.

In the literature: conflict-driven clause learning (GRASP, 1996; Chaff, 2001), on circuits (Kuehlmann, Ganai and
Paruthi, Circuit-based Boolean reasoning, DAC 2001).
"""

import numpy as np

from ..kernels import kernel
from .solver_gates import (
    BROKEN,
    CHECK,
    CONFLICTS,
    CURSOR,
    DONE,
    FULL,
    HEAP,
    LAZY,
    LEARNT,
    LEVEL,
    OPEN,
    ORDER,
    QUESTION,
    SCANNED,
    TRAIL,
    USED,
    VARIABLES,
    WORK,
    Number,
    Solver,
    assign,
    bump,
    propagate,
    rise,
    value_of,
)

IMPOSSIBLE, POSSIBLE, UNDECIDED = 0, 1, 2
_RESTART = 100  # conflicts before the first restart
_SHORT = 6  # literals of a clause that is never forgotten


@kernel(large=0, _nrt=False)
def _pop(s: Solver) -> Number:  # pragma: no cover - compiled
    """Takes the most active variable out of the heap."""
    heap, place, activity = s.heap, s.place, s.activity
    top = np.int64(heap[0])
    place[top] = -1
    size = s.numbers[HEAP] - 1
    s.numbers[HEAP] = size
    if size > 0:
        last = heap[size]
        own, at = activity[last], 0
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


@kernel(large=0, _nrt=False)
def _antecedents(s: Solver, reason: Number, variable: Number) -> Number:  # pragma: no cover - compiled
    """Fills ``found`` with the variables from which a variable's value follows, or the violation if it is -1."""
    code = reason >> 1
    if reason & 1:
        count = 0
        for at in range(code + 3, code + 3 + s.arena[code]):
            other = s.arena[at] >> 1
            if other != variable:
                s.found[count] = other
                count += 1
        return count
    out, left, right = np.int64(s.out[code]), np.int64(s.left[code]), np.int64(s.right[code])
    o, a, b = out >> 1, left >> 1, right >> 1
    if variable == -1:
        if value_of(s, out) == 0:
            s.found[0], s.found[1], s.found[2] = o, a, b
            return 3
        s.found[0] = o
        s.found[1] = a if value_of(s, left) == 0 else b
        return 2
    if variable == o:
        if value_of(s, out) == 1:
            s.found[0], s.found[1] = a, b
            return 2
        s.found[0] = a if value_of(s, left) == 0 and s.position[a] < s.position[o] else b
        return 1
    own, other = (left, b) if variable == a else (right, a)
    s.found[0], s.found[1] = o, other
    return 1 if value_of(s, own) == 1 else 2


@kernel(large=0, _nrt=False)
def _learn(s: Solver, conflict: Number) -> Number:  # pragma: no cover - compiled
    """The clause of the first unique implication point, into ``clause``; the level to go back to."""
    clause, seen = s.clause, s.seen
    size, waiting, at = 1, 0, s.numbers[TRAIL] - 1
    reason, variable = conflict, np.int64(-1)
    while True:
        for i in range(_antecedents(s, reason, variable)):
            other = np.int64(s.found[i])
            if not seen[other] and s.level[other] > 0:
                seen[other] = True
                bump(s, other)
                if s.level[other] == s.numbers[LEVEL]:
                    waiting += 1
                else:
                    clause[size] = 2 * other + s.value[other]
                    size += 1
        while not seen[s.trail[at] >> 1]:
            at -= 1
        variable = np.int64(s.trail[at] >> 1)
        at -= 1
        seen[variable] = False
        waiting -= 1
        if waiting == 0:
            break
        reason = np.int64(s.reason[variable])
    clause[0] = 2 * variable + s.value[variable]
    kept = 1
    for i in range(1, size):  # a literal that follows from the others is left out
        other = np.int64(clause[i] >> 1)
        needless = s.reason[other] >= 0
        if needless:
            for j in range(_antecedents(s, np.int64(s.reason[other]), other)):
                needless &= seen[s.found[j]] or s.level[s.found[j]] == 0
        if not needless:
            clause[i], clause[kept] = clause[kept], clause[i]
            kept += 1
    back = 0
    for i in range(1, kept):
        level = np.int64(s.level[clause[i] >> 1])
        if level > back:
            back = level
            clause[i], clause[1] = clause[1], clause[i]
    for i in range(1, size):
        seen[clause[i] >> 1] = False
    s.numbers[LEARNT] = kept
    return back


@kernel(large=0, _nrt=False)
def go_back(s: Solver, level: Number) -> None:  # pragma: no cover - compiled
    """Takes back all decisions above a level."""
    if s.numbers[LEVEL] <= level:
        return
    begin = np.int64(s.begins[level + 1])
    for at in range(s.numbers[TRAIL] - 1, begin - 1, -1):
        variable = np.int64(s.trail[at] >> 1)
        s.saved[variable] = s.value[variable]
        s.value[variable] = OPEN
        if s.place[variable] < 0 and s.active[variable] == s.numbers[QUESTION]:
            rise(s, variable)
    s.numbers[TRAIL] = s.numbers[DONE] = begin
    s.numbers[LEVEL], s.numbers[CURSOR] = level, 1
    s.numbers[SCANNED] = min(s.numbers[SCANNED], begin)


@kernel(large=0, _nrt=False)
def _decide(s: Solver, literal: Number) -> None:  # pragma: no cover - compiled
    """A new level, with a literal, or with none if it is -1."""
    s.numbers[LEVEL] += 1
    s.begins[s.numbers[LEVEL]] = s.numbers[TRAIL]
    if literal >= 0:
        assign(s, literal, -1)


@kernel(large=0, _nrt=False)
def _keep(s: Solver) -> bool:  # pragma: no cover - compiled
    """Enters the learnt clause and its consequence; whether there was room."""
    size, at = s.numbers[LEARNT], s.numbers[USED]
    if size == 1:
        assign(s, np.int64(s.clause[0]), -1)
        return True
    if at + size + 3 > len(s.arena):
        return False
    s.arena[at] = size
    for i in range(size):
        s.arena[at + 3 + i] = s.clause[i]
    for slot in range(2):
        s.arena[at + 1 + slot] = s.watch[s.clause[slot]]
        s.watch[s.clause[slot]] = at
    s.numbers[USED] = at + size + 3
    assign(s, np.int64(s.clause[0]), 2 * at + 1)
    return True


@kernel(large=0, _nrt=False)
def _forget(s: Solver) -> None:  # pragma: no cover - compiled
    """Drops the older half of the long clauses, while no decision stands."""
    s.watch[:] = 0
    end, middle = s.numbers[USED], s.numbers[USED] // 2
    at, to = 1, 1
    while at < end:
        size = np.int64(s.arena[at])
        if (size <= _SHORT and to < middle) or at >= middle:
            for i in range(size + 3):
                s.arena[to + i] = s.arena[at + i]
            for slot in range(2):
                literal = s.arena[to + 3 + slot]
                s.arena[to + 1 + slot] = s.watch[literal]
                s.watch[literal] = to
            to += size + 3
        at += size + 3
    s.numbers[USED] = to


@kernel(large=0, _nrt=False)
def _wait_for(s: Solver, literal: Number) -> None:  # pragma: no cover - compiled
    """Lets an open literal matter: it may be decided, false at first, sooner than those that come to matter later."""
    variable = literal >> 1
    if s.active[variable] != s.numbers[QUESTION]:
        s.active[variable] = s.numbers[QUESTION]
        s.numbers[ORDER] += 1
        s.activity[variable] = s.step[0] / (1 + s.numbers[ORDER])
        s.saved[variable] = literal & 1
    if s.place[variable] < 0:
        rise(s, variable)


@kernel(large=0, _nrt=False)
def _scan(s: Solver) -> None:  # pragma: no cover - compiled
    """Lets matter from what the new values of what matters may follow."""
    question = s.numbers[QUESTION]
    for at in range(s.numbers[SCANNED], s.numbers[TRAIL]):
        variable = s.trail[at] >> 1
        gate = np.int64(s.maker[variable]) - 1
        if gate < 0 or s.active[variable] != question or s.level[variable] == 0:
            continue
        left, right = np.int64(s.left[gate]), np.int64(s.right[gate])
        if s.value[variable] == 1:
            s.active[left >> 1] = s.active[right >> 1] = question
            continue
        a, b = value_of(s, left), value_of(s, right)
        if a == 0:
            s.active[left >> 1] = question
        elif b == 0:
            s.active[right >> 1] = question
        elif s.activity[right >> 1] > s.activity[left >> 1]:
            _wait_for(s, right)
        else:
            _wait_for(s, left)
    s.numbers[SCANNED] = s.numbers[TRAIL]


@kernel(large=0, _nrt=False)
def _has_cause(s: Solver, first: Number, second: Number) -> bool:  # pragma: no cover - compiled
    """Whether two true literals follow from values of inputs; else what they may follow from comes to matter."""
    stack, checked, found, size = s.found, s.checked, True, 0
    s.numbers[CHECK] += 1
    check = s.numbers[CHECK]
    for literal in (first, second):
        if checked[literal >> 1] != check:
            checked[literal >> 1] = check
            stack[size] = literal >> 1
            size += 1
    while size > 0:
        size -= 1
        variable = stack[size]
        gate = np.int64(s.maker[variable]) - 1
        if gate < 0 or s.level[variable] == 0:
            continue
        left, right = np.int64(s.left[gate]), np.int64(s.right[gate])
        every = s.value[variable] == 1
        a, b = every or value_of(s, left) == 0, every or value_of(s, right) == 0
        if not every and a and b:  # one cause is enough
            a = checked[right >> 1] != check
            b = False
        if a and checked[left >> 1] != check:
            checked[left >> 1] = check
            stack[size] = left >> 1
            size += 1
        if b and checked[right >> 1] != check:
            checked[right >> 1] = check
            stack[size] = right >> 1
            size += 1
        if not (every or value_of(s, left) == 0 or value_of(s, right) == 0):
            found = False
            _wait_for(s, left)
    return found


@kernel(large=0, _nrt=False)
def solve(s: Solver, first: Number, second: Number, budget: Number) -> Number:  # pragma: no cover - compiled
    """Whether two literals can be true at once; after POSSIBLE the values stand until :func:`go_back`.

    Args:
        s: The solver.
        first: A literal.
        second: Another; the constant true, 1, for none.
        budget: Conflicts after which the answer is UNDECIDED.

    With ``numbers[FULL]`` a conflict of the budget stands for so many assignments, of which no more are made either.
    With ``numbers[LAZY]`` only that is decided from which values may follow that have no cause yet; inputs may stay
    open.
    """
    go_back(s, 0)
    begin, pause = s.numbers[CONFLICTS], _RESTART
    enough = s.numbers[WORK] + budget * s.numbers[FULL] if s.numbers[FULL] else np.int64(1) << 62
    restart = begin + pause
    while s.numbers[BROKEN] == 0:
        conflict = propagate(s)
        if conflict >= 0:
            s.numbers[CONFLICTS] += 1
            if s.numbers[LEVEL] == 0:
                s.numbers[BROKEN] = 1
                break
            go_back(s, _learn(s, conflict))
            if not _keep(s):
                go_back(s, 0)
                _forget(s)
                return UNDECIDED
            s.step[0] *= 1 / 0.95
            continue
        if s.numbers[CONFLICTS] - begin >= budget or s.numbers[WORK] > enough:
            go_back(s, 0)
            return UNDECIDED
        if s.numbers[CONFLICTS] >= restart:
            go_back(s, 0)
            pause += pause // 2
            restart = s.numbers[CONFLICTS] + pause
            if s.numbers[USED] > len(s.arena) // 2:
                _forget(s)
            continue
        level = s.numbers[LEVEL]
        if level < 2:
            assumed = first if level == 0 else second
            value = value_of(s, assumed)
            if value == 0:
                go_back(s, 0)
                return IMPOSSIBLE
            _decide(s, -1 if value == 1 else assumed)
            continue
        if s.numbers[LAZY]:
            _scan(s)
        variable = np.int64(-1)
        while s.numbers[HEAP] > 0:
            variable = np.int64(_pop(s))
            if s.value[variable] == OPEN:
                break
            variable = np.int64(-1)
        if variable < 0:  # what does not matter gets its last value, inputs before what follows from them
            if s.numbers[LAZY]:
                if _has_cause(s, first, second):
                    return POSSIBLE
                continue
            at, end = s.numbers[CURSOR], s.numbers[VARIABLES]
            while at < end and s.value[at] != OPEN:
                at += 1
            s.numbers[CURSOR] = at
            if at == end:
                return POSSIBLE
            variable = at
        _decide(s, 2 * variable + 1 - s.saved[variable])
    go_back(s, 0)
    return IMPOSSIBLE


@kernel(large=0, _nrt=False)
def begin_question(s: Solver) -> None:  # pragma: no cover - compiled
    """Lets no variable matter any more, while no decision stands."""
    for at in range(s.numbers[HEAP]):
        s.place[s.heap[at]] = -1
    s.numbers[HEAP] = 0
    s.numbers[QUESTION] += 1
    s.numbers[ORDER] = 0
