"""What frames are asked: whether states outside of a cube lead into it, and which part of a state matters for that.

References:
    Een, Mishchenko and Brayton, "Efficient implementation of property directed reachability", FMCAD 2011.
"""

import numpy as np

from ..kernels import INNER, OUTER, kernel
from ..satisfiability.clause_solver import BEGIN, forget_temporary, go_back, solve
from ..satisfiability.clauses import (
    BROKEN,
    CORE,
    DOMAIN,
    FULL,
    SWITCH,
    TEMPORARY,
    USED,
    WASTE,
    Clauses,
    add_clause,
    begin_domain,
    collect,
    has_room,
    propagate,
    rise,
)
from ..satisfiability.gate_solver import IMPOSSIBLE, UNDECIDED
from ..satisfiability.solver_gates import OPEN, Number
from .frame_arrays import PLACE, QUESTIONS, STAMP, TOP, Frames

_FAR = 1 << 40
_ONE = np.int64(1)
_ANY = np.int64(TEMPORARY - 1)  # literals of a learnt clause
_SHORT = np.int64(8)  # literals of a learnt clause that is kept when there is little room


@kernel(**INNER)
def starts(f: Frames, row: Number) -> bool:  # pragma: no cover - compiled
    """Whether a first state lies in a cube."""
    for at in range(f.size[row]):
        literal = f.cube[row, at]
        if f.start[literal >> 1] == (literal & 1):
            return False
    return True


@kernel(**INNER)
def new_search(f: Frames, s: Clauses) -> None:  # pragma: no cover - compiled
    """Begins a domain anew: what constraints need, and the registers that lemmas name."""
    go_back(s, BEGIN)
    begin_domain(s)
    for register in range(len(f.used)):
        if f.used[register]:
            require(f, s, np.int64(register) + first_register(f))
    for constraint in f.constraints:
        require(f, s, constraint >> 1)


@kernel(**INNER)
def first_register(f: Frames) -> Number:  # pragma: no cover - compiled
    """The node of the first register."""
    return len(f.stamp) - len(f.pairs) - len(f.following)


@kernel(**INNER)
def require(f: Frames, s: Clauses, root: Number) -> None:  # pragma: no cover - compiled
    """Puts a node and all that it depends on within a clock into the domain."""
    here, domain = s.numbers[DOMAIN], s.domain
    if domain[root] == here:
        return
    domain[root] = here
    f.stack[0] = root
    count = 1
    while count:
        count -= 1
        node = np.int64(f.stack[count])
        if s.value[2 * node] == OPEN and s.place[node] < 0:
            rise(s, node)
        for at in range(f.reads[node], f.reads[node + 1]):
            below = np.int64(f.read[at])
            if domain[below] != here:
                domain[below] = here
                f.stack[count] = below
                count += 1


@kernel(**INNER)
def _tidy(s: Clauses, size: Number) -> bool:  # pragma: no cover - compiled
    """Makes room for a clause and what may be learnt; whether there is enough."""
    if s.numbers[FULL]:
        return False
    if propagate(s):
        s.numbers[BROKEN] = 1
        return True
    if s.numbers[WASTE] * 2 > s.numbers[USED] + 4096:
        collect(s, _ANY)
    wanted = size + len(s.arena) // 8
    if s.numbers[USED] + wanted > len(s.arena) or not has_room(s, wanted // 8):
        collect(s, _SHORT)
    if s.numbers[USED] + wanted > len(s.arena) or not has_room(s, wanted // 8):
        s.numbers[FULL] = 1
        return False
    return True


@kernel(**INNER)
def _assume_frame(f: Frames, s: Clauses, level: Number) -> Number:  # pragma: no cover - compiled
    """Assumes that a state is in a frame; how many assumptions that takes."""
    guard = np.int64(s.numbers[SWITCH]) + 1
    for at in range(f.numbers[TOP] + 1):
        s.assumed[at] = 2 * (guard + at) + (1 if at < level else 0)
        s.domain[guard + at] = s.numbers[DOMAIN]
    return f.numbers[TOP] + 1


@kernel(**OUTER)
def end_question(f: Frames, s: Clauses) -> None:  # pragma: no cover - compiled
    """Takes back what the last question decided and what it alone added."""
    go_back(s, BEGIN)
    if f.numbers[PLACE]:
        forget_temporary(s, f.numbers[PLACE])
        f.numbers[PLACE] = 0


@kernel(**INNER)
def leads_into(
    f: Frames, s: Clauses, row: Number, level: Number, relative: Number, budget: Number
) -> Number:  # pragma: no cover - compiled
    """Whether a state of a frame, outside of a cube if relative, leads into the cube."""
    end_question(f, s)
    f.numbers[QUESTIONS] += 1
    size = np.int64(f.size[row])
    if not _tidy(s, size + 1):
        return UNDECIDED
    first = np.int64(first_register(f))
    count = np.int64(_assume_frame(f, s, level))
    if relative:
        switch, outside = s.numbers[SWITCH], False
        s.clause[0] = 2 * switch + 1
        for at in range(size):
            literal = np.int64(f.cube[row, at])
            s.clause[at + 1] = (2 * first + literal) ^ 1
            outside |= s.value[s.clause[at + 1]] != 0
            require(f, s, first + (literal >> 1))
        if not outside:  # there is no state outside of the cube
            s.numbers[CORE] += 1
            return IMPOSSIBLE
        place = s.numbers[USED]
        if add_clause(s, size + 1, TEMPORARY):
            f.numbers[PLACE] = place
        s.assumed[count] = 2 * switch
        s.domain[switch] = s.numbers[DOMAIN]
        count += 1
    for at in range(size - 1, -1, -1):  # the first are most often in a core: those that lemmas name least
        literal = np.int64(f.cube[row, at])
        following = np.int64(f.following[literal >> 1]) ^ (literal & 1)
        s.assumed[count] = following
        require(f, s, following >> 1)
        count += 1
    return np.int64(solve(s, count, budget))


@kernel(**INNER)
def is_bad(f: Frames, s: Clauses, level: Number, budget: Number) -> Number:  # pragma: no cover - compiled
    """Whether a state of a frame is bad."""
    end_question(f, s)
    f.numbers[QUESTIONS] += 1
    if not _tidy(s, _ONE):
        return UNDECIDED
    count = np.int64(_assume_frame(f, s, level))
    s.assumed[count] = f.bad[0]
    require(f, s, np.int64(f.bad[0]) >> 1)
    return np.int64(solve(s, count + 1, budget))


@kernel(**INNER)
def take_core(f: Frames, s: Clauses, row: Number, to: Number, place: Number) -> Number:  # pragma: no cover - compiled
    """The part of a cube because of which the last question was impossible, with a literal that no first state has.

    Returns:
        How many of it stood before a place.
    """
    core, kept, apart, spare, before = s.numbers[CORE], np.int64(0), False, np.int64(-1), np.int64(0)
    for at in range(f.size[row]):
        literal = np.int64(f.cube[row, at])
        register = literal >> 1
        differs = f.start[register] == literal & 1
        if s.failed[f.following[register] >> 1] == core:
            f.cube[to, kept] = literal
            kept += 1
            before += at < place
            apart |= differs
        elif differs and (spare < 0 or f.activity[register] > f.activity[spare >> 1]):
            spare = literal
    if not apart:
        f.cube[to, kept] = spare
        kept += 1
    f.size[to] = kept
    return before


@kernel(**INNER)
def _met(f: Frames, node: Number) -> bool:  # pragma: no cover - compiled
    """Marks a node; whether it was marked already."""
    if f.stamp[node] == f.numbers[STAMP]:
        return True
    f.stamp[node] = f.numbers[STAMP]
    return False


@kernel(**INNER)
def _simulate(f: Frames, s: Clauses, root: Number, count: Number) -> Number:  # pragma: no cover - compiled
    """Values and costs of the cone of a node, from the solver's inputs and registers; how long the cone is then."""
    first, registers = len(f.stamp) - len(f.pairs), first_register(f)
    if _met(f, root):
        return count
    f.stack[0], top = root, 1
    while top:
        node = np.int64(f.stack[top - 1])
        if node < first:
            f.truth[node] = s.value[2 * node] == 1
            f.cost[node] = 1 if node >= registers else 0
            top -= 1
            continue
        a, b = np.int64(f.pairs[node - first, 0]), np.int64(f.pairs[node - first, 1])
        waits = False
        for below in (a >> 1, b >> 1):
            if not _met(f, below):
                f.stack[top] = below
                top += 1
                waits = True
                break
        if waits:
            continue
        top -= 1
        x, y = f.truth[a >> 1] ^ (a & 1), f.truth[b >> 1] ^ (b & 1)
        f.truth[node] = x & y
        if x and y:
            f.cost[node] = min(_FAR, f.cost[a >> 1] + f.cost[b >> 1])
        elif x:
            f.cost[node] = f.cost[b >> 1]
        elif y:
            f.cost[node] = f.cost[a >> 1]
        else:
            f.cost[node] = min(f.cost[a >> 1], f.cost[b >> 1])
        f.cone[count] = node
        count += 1
    return count


@kernel(**INNER)
def _need(f: Frames, node: Number) -> None:  # pragma: no cover - compiled
    f.needed[node] = f.numbers[STAMP]


@kernel(**INNER)
def take_predecessor(f: Frames, s: Clauses, row: Number, to: Number) -> None:  # pragma: no cover - compiled
    """The part of the last answer's state that, with its inputs, leads into a cube, or is bad if the row is -1.

    In the literature: justification; here in place of ternary simulation.
    """
    f.numbers[STAMP] += 1
    count = np.int64(0)
    if row < 0:
        count = np.int64(_simulate(f, s, np.int64(f.bad[0]) >> 1, count))
        _need(f, np.int64(f.bad[0]) >> 1)
    else:
        for at in range(f.size[row]):
            node = np.int64(f.following[f.cube[row, at] >> 1]) >> 1
            count = np.int64(_simulate(f, s, node, count))
            _need(f, node)
    for constraint in f.constraints:
        count = np.int64(_simulate(f, s, constraint >> 1, count))
        _need(f, constraint >> 1)
    stamp, first, registers = f.numbers[STAMP], len(f.stamp) - len(f.pairs), np.int64(first_register(f))
    needed, cost, truth = f.needed, f.cost, f.truth
    for place in range(count - 1, -1, -1):
        node = np.int64(f.cone[place])
        if needed[node] != stamp:
            continue
        a, b = np.int64(f.pairs[node - first, 0]), np.int64(f.pairs[node - first, 1])
        one, other = a >> 1, b >> 1
        if truth[node]:
            needed[one] = needed[other] = stamp
            continue
        x, y = truth[one] ^ (a & 1), truth[other] ^ (b & 1)
        if x:
            needed[other] = stamp
        elif y:
            needed[one] = stamp
        elif needed[one] != stamp and needed[other] != stamp:
            if cost[one] <= cost[other]:
                needed[one] = stamp
            else:
                needed[other] = stamp
    kept = np.int64(0)
    for register in range(len(f.following)):
        node = registers + register
        if needed[node] == stamp:
            f.cube[to, kept] = 2 * register + 1 - truth[node]
            kept += 1
    f.size[to] = kept
