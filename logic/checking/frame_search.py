"""The search of property directed reachability: bad states of the last frame are blocked, then lemmas are pushed.

References:
    Een, Mishchenko and Brayton, "Efficient implementation of property directed reachability", FMCAD 2011.
"""

import numpy as np

from ..kernels import INNER, OUTER, kernel
from ..satisfiability.clause_solver import solve
from ..satisfiability.clauses import BROKEN, FULL, NONE, TICKS, Clauses
from ..satisfiability.gate_solver import IMPOSSIBLE, POSSIBLE, UNDECIDED
from ..satisfiability.solver_gates import Number, Octets
from .frame_arrays import (
    AT,
    FOUND,
    LEMMA_USED,
    LEMMAS,
    MOST_FRAMES,
    OBLIGATION_USED,
    OBLIGATIONS,
    PHASE,
    TOP,
    WAITING,
    Frames,
)
from .frame_lemmas import ANYWHERE, BEFORE, GIVEN, HERE, OUTSIDE, blocked_until, generalize, learn
from .frame_questions import (
    end_question,
    first_register,
    is_bad,
    leads_into,
    new_search,
    require,
    starts,
    take_core,
    take_predecessor,
)

PAUSED, ROOM, TRACE, INVARIANT, TOO_FAR = range(5)
_BUDGET = np.int64(20_000)  # conflicts of a question
_UNBOUNDED = np.int64(1 << 60)
_LOOK, _BLOCK, _PUSH = range(3)  # phases


@kernel(**INNER)
def _wait(f: Frames, level: Number, obligation: Number) -> None:  # pragma: no cover - compiled
    """Enters an obligation into the heap: lower levels first, then later ones."""
    key = (np.int64(level) << 32) + (1 << 31) - obligation
    at = f.numbers[WAITING]
    f.numbers[WAITING] += 1
    while at > 0 and f.heap[(at - 1) >> 1] > key:
        f.heap[at] = f.heap[(at - 1) >> 1]
        at = (at - 1) >> 1
    f.heap[at] = key


@kernel(**INNER)
def _drop_first(f: Frames) -> None:  # pragma: no cover - compiled
    heap, size = f.heap, f.numbers[WAITING] - 1
    f.numbers[WAITING] = size
    last, at = heap[size], np.int64(0)
    while 2 * at + 1 < size:
        below = 2 * at + 1
        if below + 1 < size and heap[below + 1] < heap[below]:
            below += 1
        if heap[below] >= last:
            break
        heap[at] = heap[below]
        at = below
    heap[at] = last


@kernel(**INNER)
def _oblige(f: Frames, row: Number, following: Number, level: Number) -> Number:  # pragma: no cover - compiled
    """A new obligation, a cube that leads into another one's."""
    one, to = f.numbers[OBLIGATIONS], f.numbers[OBLIGATION_USED]
    f.numbers[OBLIGATIONS] += 1
    f.numbers[OBLIGATION_USED] += f.size[row]
    f.obligation_begin[one], f.obligation_size[one], f.obligation_next[one] = to, f.size[row], following
    for at in range(f.size[row]):
        f.obligation[to + at] = f.cube[row, at]
    _wait(f, level, one)
    return one


@kernel(**INNER)
def _is_cramped(f: Frames, s: Clauses) -> bool:  # pragma: no cover - compiled
    """Whether a step may find no room in an array."""
    registers = len(f.following)
    lemmas = 8 * (registers + 4)  # of one step: counterexamples to generalization are lemmas, too
    return bool(
        f.numbers[LEMMAS] + lemmas > len(f.lemma_begin)
        or f.numbers[LEMMA_USED] + 4096 + 64 * registers > len(f.lemma)
        or f.numbers[OBLIGATIONS] + 4 > len(f.obligation_begin)
        or f.numbers[OBLIGATION_USED] + 4 * registers > len(f.obligation)
        or f.numbers[WAITING] + 4 > len(f.heap)
        or s.numbers[FULL] != 0
    )


@kernel(**INNER)
def _block(f: Frames, s: Clauses) -> Number:  # pragma: no cover - compiled
    """One step with the first obligation that waits: TRACE, ROOM or PAUSED, which is to go on."""
    key = f.heap[0]
    level, one = key >> 32, (1 << 31) - (key & 0xFFFFFFFF)
    begin, size = np.int64(f.obligation_begin[one]), np.int64(f.obligation_size[one])
    for at in range(size):
        f.cube[GIVEN, at] = f.obligation[begin + at]
    f.size[GIVEN] = size
    if starts(f, GIVEN):
        f.numbers[FOUND] = one
        return TRACE
    until = np.int64(blocked_until(f, GIVEN, level))
    if until >= 0:
        _drop_first(f)
        if until < f.numbers[TOP]:
            _wait(f, until + 1, one)
        return PAUSED
    new_search(f, s)
    answer = leads_into(f, s, GIVEN, level - 1, OUTSIDE, _BUDGET)
    if answer == UNDECIDED:
        return ROOM if s.numbers[FULL] else PAUSED
    if answer != IMPOSSIBLE:
        take_predecessor(f, s, GIVEN, BEFORE)
        _oblige(f, BEFORE, one, level - 1)
        return PAUSED
    _drop_first(f)
    take_core(f, s, GIVEN, HERE, GIVEN)
    generalize(f, s, HERE, level)
    while level < f.numbers[TOP] and leads_into(f, s, HERE, level, OUTSIDE, _BUDGET) == IMPOSSIBLE:
        take_core(f, s, HERE, HERE, GIVEN)
        level += 1
    learn(f, s, HERE, level)
    if level < f.numbers[TOP]:
        _wait(f, level + 1, one)
    return PAUSED


@kernel(**INNER)
def _push(f: Frames, s: Clauses) -> Number:  # pragma: no cover - compiled
    """One lemma is tried a frame later: INVARIANT, ROOM or PAUSED."""
    level, lemma = f.numbers[AT] >> 32, f.numbers[AT] & 0xFFFFFFFF
    while lemma < f.numbers[LEMMAS] and f.lemma_level[lemma] != level:
        lemma += 1
    if lemma < f.numbers[LEMMAS]:
        begin, size = np.int64(f.lemma_begin[lemma]), np.int64(f.lemma_size[lemma])
        for at in range(size):
            f.cube[GIVEN, at] = f.lemma[begin + at]
        f.size[GIVEN] = size
        new_search(f, s)
        answer = leads_into(f, s, GIVEN, level, ANYWHERE, _BUDGET)
        if answer == UNDECIDED and s.numbers[FULL]:
            return ROOM
        if answer == IMPOSSIBLE:
            take_core(f, s, GIVEN, HERE, GIVEN)
            learn(f, s, HERE, level + 1)
        f.numbers[AT] = (level << 32) + lemma + 1
        return PAUSED
    for lemma in range(f.numbers[LEMMAS]):
        if f.lemma_level[lemma] == level:
            f.numbers[AT] = (level + 1) << 32
            if level + 1 == f.numbers[TOP]:
                f.numbers[PHASE] = _LOOK
                _compact(f, s)
            return PAUSED
    f.numbers[FOUND] = level
    return INVARIANT


@kernel(**INNER)
def _compact(f: Frames, s: Clauses) -> None:  # pragma: no cover - compiled
    """Forgets dead lemmas; those that live keep their order, the shorter come first within a level by chance only."""
    end_question(f, s)
    to, used = np.int64(0), np.int64(0)
    for lemma in range(f.numbers[LEMMAS]):
        if f.lemma_level[lemma] < 0:
            continue
        begin, size = np.int64(f.lemma_begin[lemma]), np.int64(f.lemma_size[lemma])
        for at in range(size):
            f.lemma[used + at] = f.lemma[begin + at]
        f.lemma_begin[to], f.lemma_size[to], f.lemma_level[to] = used, size, f.lemma_level[lemma]
        f.lemma_signs[to] = f.lemma_signs[lemma]
        s.labels[to] = s.labels[lemma]
        if s.labels[to]:
            s.arena[s.labels[to] + 1] = -2 - to
        used += size
        to += 1
    f.numbers[LEMMAS], f.numbers[LEMMA_USED] = to, used


@kernel(**OUTER)
def search(f: Frames, s: Clauses, ticks: Number) -> Number:  # pragma: no cover - compiled
    """Goes on for about so many steps of the solver, or until something is found.

    Returns:
        PAUSED; ROOM if arrays are to be made larger; TRACE if ``FOUND`` is the first obligation of a way to bad;
        INVARIANT if the lemmas of frames after ``FOUND`` are one; TOO_FAR if there are no more frames.
    """
    end = s.numbers[TICKS] + ticks
    while s.numbers[TICKS] < end:
        if _is_cramped(f, s):
            return ROOM
        if s.numbers[BROKEN]:  # the constraints cannot hold
            f.numbers[FOUND] = f.numbers[TOP]
            return INVARIANT
        code = np.int64(PAUSED)
        if f.numbers[PHASE] == _BLOCK:
            if f.numbers[WAITING] == 0:
                f.numbers[PHASE] = _LOOK
                f.numbers[OBLIGATIONS] = f.numbers[OBLIGATION_USED] = 0
                continue
            code = np.int64(_block(f, s))
        elif f.numbers[PHASE] == _PUSH:
            code = np.int64(_push(f, s))
        else:
            new_search(f, s)
            answer = is_bad(f, s, f.numbers[TOP], _BUDGET)
            if answer == UNDECIDED:
                code = np.int64(ROOM) if s.numbers[FULL] else np.int64(PAUSED)
            elif answer != IMPOSSIBLE:
                take_predecessor(f, s, NONE, BEFORE)
                _oblige(f, BEFORE, NONE, f.numbers[TOP])
                f.numbers[PHASE] = _BLOCK
            else:
                end_question(f, s)
                if f.numbers[TOP] + 2 >= MOST_FRAMES:
                    return TOO_FAR
                f.numbers[TOP] += 1
                f.numbers[PHASE] = _PUSH if f.numbers[TOP] > 1 else _LOOK
                f.numbers[AT] = 1 << 32
        s.numbers[TICKS] += 20
        if code != PAUSED:
            return code
    return PAUSED


@kernel(**OUTER)
def lead(f: Frames, s: Clauses, state: Octets, obligation: Number) -> bool:  # pragma: no cover - compiled
    """Finds inputs that lead from a state into an obligation's cube, or to bad if it is -1, for the solver to tell.

    The next state takes the place of the state; :func:`end_question` ends it.
    """
    new_search(f, s)
    end_question(f, s)
    first = np.int64(first_register(f))
    registers = len(f.following)
    count = np.int64(registers)
    for register in range(registers):
        require(f, s, first + register)
        require(f, s, np.int64(f.following[register]) >> 1)
        s.assumed[register] = 2 * (first + register) + 1 - state[register]
    require(f, s, np.int64(f.bad[0]) >> 1)
    if obligation < 0:
        s.assumed[count] = f.bad[0]
        count += 1
    else:
        begin = np.int64(f.obligation_begin[obligation])
        for at in range(begin, begin + f.obligation_size[obligation]):
            literal = np.int64(f.obligation[at])
            s.assumed[count] = f.following[literal >> 1] ^ (literal & 1)
            count += 1
    if solve(s, count, _UNBOUNDED) != POSSIBLE:
        return False
    for register in range(registers):
        state[register] = s.value[f.following[register]] == 1
    return True
