"""One clock of a transition system as few clauses over few variables: wide conjunctions and choices are one gate each.

A question is answered 'possible' only when the solver has given every variable that matters a value, so that inner
nodes cost time.
"""

from typing import NamedTuple

import numpy as np

from ..circuit import Integers
from ..kernels import kernel
from ..satisfiability.solver_gates import Ints
from .transition_system import TransitionSystem


class Compact(NamedTuple):
    """Clauses that hold exactly in one clock in which the constraints hold (Tseitin, 1968).

    Args:
        clauses: One after the other, each as its length and its literals ``2 * node + complement``.
        reads: ``[N + 1]`` where in ``read`` those of each node begin.
        read: Nodes from which the value of a node follows; none for inputs, registers and nodes without clauses.
    """

    clauses: Ints
    reads: Ints
    read: Ints


def compact_clauses(system: TransitionSystem) -> Compact:
    """Defines what the next values, the bad literal and the constraints need; other nodes are left out."""
    roots = np.concatenate([system.following, [system.bad], system.constraints]).astype(np.int64)
    readers = np.bincount(system.pairs.reshape(-1) >> 1, minlength=system.nodes)
    readers += 2 * np.bincount(roots >> 1, minlength=system.nodes)
    size = 64 + 12 * system.nodes + 2 * len(system.constraints)
    found, read = np.zeros(size, np.int32), np.zeros(size, np.int32)
    reads = np.zeros(system.nodes + 1, np.int32)
    used = _write(system.pairs, system.first_and, system.constraints, roots, readers == 1, found, read, reads)
    return Compact(found[:used], reads, read[: reads[-1]])


@kernel()
def _both_ways(pairs: Integers, one: int, other: int, chosen: Integers) -> bool:
    """Whether two ANDs, both false, choose between two literals by a third; these into ``chosen``."""
    for a in range(2):
        for b in range(2):
            if pairs[one, a] == pairs[other, b] ^ 1:
                chosen[0] = pairs[one, a]
                chosen[1] = pairs[one, 1 - a] ^ 1
                chosen[2] = pairs[other, 1 - b] ^ 1
                return True
    return False


@kernel()
def _choice(pairs: Integers, first: int, alone: Integers, node: int, chosen: Integers) -> bool:
    """Whether an AND is such a choice: the selecting literal and what is chosen if it is true or false."""
    a, b = pairs[node - first, 0], pairs[node - first, 1]
    one, other = a >> 1, b >> 1
    if not a & b & 1 or one < first or other < first or not alone[one] or not alone[other]:
        return False
    return _both_ways(pairs, one - first, other - first, chosen)


@kernel()
def _write(
    pairs: Integers, first: int, constraints: Integers, roots: Integers, alone: Integers,
    found: Ints, read: Ints, reads: Ints,
) -> int:  # fmt: skip
    """Writes clauses and what is read, from the last node to the first; how many integers of clauses there are."""
    nodes = first + len(pairs)
    needed = np.zeros(nodes, np.bool_)
    for root in roots:
        needed[root >> 1] = True
    met = np.full(nodes, -1, np.int64)
    chosen, inner = np.zeros(3, np.int64), np.zeros(3, np.int64)
    leaves, waiting = np.zeros(nodes + 2, np.int64), np.zeros(nodes + 2, np.int64)
    begins, ends = np.zeros(nodes, np.int64), np.zeros(nodes, np.int64)
    used = 0
    for literal in constraints:
        found[used], found[used + 1] = 1, literal
        used += 2
    count = 0
    for node in range(nodes - 1, first - 1, -1):
        if not needed[node]:
            continue
        out, begin, size = 2 * node, count, 0
        if _choice(pairs, first, alone, node, chosen):
            select, when_true, when_false = chosen
            for condition, value in ((select, when_true), (select ^ 1, when_false)):
                for side in range(2):
                    found[used] = 3
                    found[used + 1], found[used + 2], found[used + 3] = condition ^ 1, out ^ side ^ 1, value ^ side
                    used += 4
            size = 3
            for at in range(3):
                leaves[at] = chosen[at]
        else:
            waiting[0], waiting[1] = pairs[node - first, 0], pairs[node - first, 1]
            top, never = 2, False
            while top:
                top -= 1
                literal = waiting[top]
                below = literal >> 1
                inside = not literal & 1 and below >= first and alone[below]
                if inside and not _choice(pairs, first, alone, below, inner):
                    waiting[top], waiting[top + 1] = pairs[below - first, 0], pairs[below - first, 1]
                    top += 2
                    continue
                if met[below] == 2 * node + (literal & 1):
                    continue
                never |= met[below] == 2 * node + 1 - (literal & 1)
                met[below] = 2 * node + (literal & 1)
                leaves[size] = literal
                size += 1
            if never:
                found[used], found[used + 1] = 1, out ^ 1
                used += 2
                size = 0
            else:
                for at in range(size):
                    found[used], found[used + 1], found[used + 2] = 2, out ^ 1, leaves[at]
                    used += 3
                found[used], found[used + 1] = size + 1, out
                for at in range(size):
                    found[used + 2 + at] = leaves[at] ^ 1
                used += size + 2
        for at in range(size):
            needed[leaves[at] >> 1] = True
            read[count] = leaves[at] >> 1
            count += 1
        begins[node], ends[node] = begin, count
    ordered, at = read[:count].copy(), 0
    for node in range(nodes):
        reads[node] = at
        for place in range(begins[node], ends[node]):
            read[at] = ordered[place]
            at += 1
    reads[nodes] = at
    return used
