"""Cubes that frames block: which are implied by others, and what of a cube is needed to block it.

References:
    Bradley, "SAT-based model checking without unrolling", VMCAI 2011.
    Hassan, Bradley and Somenzi, "Better generalization in IC3", FMCAD 2013.
"""

import numpy as np

from ..kernels import INNER, kernel
from ..satisfiability.clauses import FULL, SWITCH, Clauses, add_clause, bury, has_room
from ..satisfiability.gate_solver import IMPOSSIBLE, POSSIBLE
from ..satisfiability.solver_gates import Number
from .frame_arrays import LEMMA_USED, LEMMAS, MARK, TOP, Frames
from .frame_questions import end_question, first_register, leads_into, starts, take_core, take_predecessor

GIVEN, HERE, FEWER, AGAINST, AGAINST_LESS, BEFORE = map(np.int64, range(6))
"""Rows of scratch cubes."""
OUTSIDE, ANYWHERE = np.int64(1), np.int64(0)
"""Whether a state outside of a cube is asked for."""
_FAR = 1e100
_BUDGET = np.int64(2_000)  # conflicts of a question that is not needed
_AGAINST = 3  # counterexamples to generalization that are blocked for each literal


@kernel(**INNER)
def _signs(f: Frames, row: Number) -> np.uint64:  # pragma: no cover - compiled
    signs = np.uint64(0)
    for at in range(f.size[row]):
        signs |= np.uint64(1) << np.uint64(f.cube[row, at] & 63)
    return signs


@kernel(**INNER)
def _mark(f: Frames, row: Number) -> Number:  # pragma: no cover - compiled
    """Marks the literals of a cube."""
    f.numbers[MARK] += 1
    mark = f.numbers[MARK]
    for at in range(f.size[row]):
        f.mark[f.cube[row, at]] = mark
    return mark


@kernel(**INNER)
def blocked_until(f: Frames, row: Number, level: Number) -> Number:  # pragma: no cover - compiled
    """The last frame, from a level on, that a single lemma keeps a cube out of; -1 if there is none."""
    signs, mark, size, last = _signs(f, row), np.int64(_mark(f, row)), f.size[row], np.int64(-1)
    for lemma in range(f.numbers[LEMMAS]):
        if f.lemma_level[lemma] < level or f.lemma_level[lemma] <= last or f.lemma_size[lemma] > size:
            continue
        if f.lemma_signs[lemma] & ~signs:
            continue
        begin, within = np.int64(f.lemma_begin[lemma]), True
        for at in range(begin, begin + f.lemma_size[lemma]):
            if f.mark[f.lemma[at]] != mark:
                within = False
                break
        if within:
            last = np.int64(f.lemma_level[lemma])
    return last


@kernel(**INNER)
def _drop_weaker(f: Frames, s: Clauses, row: Number, level: Number) -> None:  # pragma: no cover - compiled
    """Takes out lemmas of frames up to a level that follow from a cube that is blocked there."""
    signs, mark, size = _signs(f, row), np.int64(_mark(f, row)), f.size[row]
    for lemma in range(f.numbers[LEMMAS]):
        here = f.lemma_level[lemma]
        if here < 0 or here > level or f.lemma_size[lemma] < size or signs & ~f.lemma_signs[lemma]:
            continue
        begin, common = np.int64(f.lemma_begin[lemma]), 0
        for at in range(begin, begin + f.lemma_size[lemma]):
            common += f.mark[f.lemma[at]] == mark
        if common == size:
            drop(f, s, lemma)


@kernel(**INNER)
def drop(f: Frames, s: Clauses, lemma: Number) -> None:  # pragma: no cover - compiled
    """Takes out a lemma, while no decision stands."""
    f.lemma_level[lemma] = -1
    if s.labels[lemma]:
        bury(s, np.int64(s.labels[lemma]))
        s.labels[lemma] = 0


@kernel(**INNER)
def learn(f: Frames, s: Clauses, row: Number, level: Number) -> None:  # pragma: no cover - compiled
    """Blocks a cube in all frames up to the level."""
    end_question(f, s)
    _drop_weaker(f, s, row, level)
    lemma, to, size = f.numbers[LEMMAS], f.numbers[LEMMA_USED], np.int64(f.size[row])
    if lemma >= len(f.lemma_begin) or to + size > len(f.lemma) or not has_room(s, size + 1):
        s.numbers[FULL] = 1
        return
    f.numbers[LEMMAS] += 1
    f.numbers[LEMMA_USED] += size
    f.lemma_begin[lemma], f.lemma_size[lemma], f.lemma_level[lemma] = to, size, level
    f.lemma_signs[lemma] = _signs(f, row)
    first = 2 * np.int64(first_register(f))
    f.step[0] *= 1.01  # later lemmas count more
    for at in range(size):
        literal = np.int64(f.cube[row, at])
        f.lemma[to + at] = literal
        f.used[literal >> 1] = 1
        f.activity[literal >> 1] += f.step[0]
        s.clause[at] = (first + literal) ^ 1
    if f.step[0] > _FAR:
        f.step[0] /= _FAR
        for register in range(len(f.activity)):
            f.activity[register] /= _FAR
    s.clause[size] = 2 * (s.numbers[SWITCH] + 1 + level) + 1
    s.labels[lemma] = add_clause(s, size + 1, -2 - lemma)


@kernel(**INNER)
def sort(f: Frames, row: Number) -> None:  # pragma: no cover - compiled
    """Orders a cube by the activity of its registers, the most active first."""
    cube, activity = f.cube, f.activity
    for at in range(1, f.size[row]):
        literal, to = np.int64(cube[row, at]), np.int64(at)
        own = activity[literal >> 1]
        while to > 0:
            other = activity[cube[row, to - 1] >> 1]
            if other >= own:
                break
            cube[row, to] = cube[row, to - 1]
            to -= 1
        cube[row, to] = literal


@kernel(**INNER)
def _without(f: Frames, row: Number, place: Number, to: Number) -> None:  # pragma: no cover - compiled
    kept = 0
    for at in range(f.size[row]):
        if at != place:
            f.cube[to, kept] = f.cube[row, at]
            kept += 1
    f.size[to] = kept


@kernel(**INNER)
def _shrink(f: Frames, s: Clauses, row: Number, fewer: Number, level: Number) -> None:  # pragma: no cover - compiled
    """A part of a cube that is blocked at a level as well; what is tried is in another row."""
    place = np.int64(f.size[row]) - 1
    while place >= 0 and f.size[row] > 1:
        _without(f, row, place, fewer)
        if not starts(f, fewer) and leads_into(f, s, fewer, level - 1, OUTSIDE, _BUDGET) == IMPOSSIBLE:
            place = np.int64(take_core(f, s, fewer, row, place))
        place -= 1


@kernel(**INNER)
def _block_against(f: Frames, s: Clauses, level: Number) -> bool:  # pragma: no cover - compiled
    """Blocks the states that keep a cube from being fewer literals, if they are not reached a clock before."""
    if level < 1 or starts(f, AGAINST) or f.size[AGAINST] == 0:
        return False
    if leads_into(f, s, AGAINST, level - 1, OUTSIDE, _BUDGET) != IMPOSSIBLE:
        return False
    take_core(f, s, AGAINST, AGAINST, GIVEN)
    while level < f.numbers[TOP]:
        if leads_into(f, s, AGAINST, level, OUTSIDE, _BUDGET) != IMPOSSIBLE:
            break
        take_core(f, s, AGAINST, AGAINST, GIVEN)
        level += 1
    sort(f, AGAINST)
    _shrink(f, s, AGAINST, AGAINST_LESS, level)
    learn(f, s, AGAINST, level)
    return True


@kernel(**INNER)
def generalize(f: Frames, s: Clauses, row: Number, level: Number) -> None:  # pragma: no cover - compiled
    """A part of a cube that is blocked at a level as well; states that are in the way are blocked, too."""
    sort(f, row)
    place = np.int64(f.size[row]) - 1
    while place >= 0 and f.size[row] > 1:
        _without(f, row, place, FEWER)
        tries = 0
        while not starts(f, FEWER):
            answer = leads_into(f, s, FEWER, level - 1, OUTSIDE, _BUDGET)
            if answer == IMPOSSIBLE:
                place = np.int64(take_core(f, s, FEWER, row, place))
                break
            if answer != POSSIBLE or tries == _AGAINST or level < 2:
                break
            take_predecessor(f, s, FEWER, AGAINST)
            if not _block_against(f, s, level - 1):
                break
            tries += 1
        place -= 1
    end_question(f, s)
