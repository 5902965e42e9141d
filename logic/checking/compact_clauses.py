"""One clock of a transition system as few clauses over few variables: wide conjunctions and choices are one gate each.

A question is answered 'possible' only when the solver has given every variable a value, so that inner nodes cost time.
"""

import numpy as np

from .transition_system import TransitionSystem


def compact_clauses(system: TransitionSystem) -> list[list[int]]:
    """Clauses that hold exactly in one clock in which the constraints hold (Tseitin, 1968).

    Node ``n`` is variable ``n + 1``. Only inputs, registers, and what the next values, the bad literal and the
    constraints need are defined; others are left out.
    """
    first, pairs = system.first_and, system.pairs.tolist()
    roots = [*system.following.tolist(), system.bad, *system.constraints.tolist()]
    readers = np.bincount(system.pairs.reshape(-1) >> 1, minlength=system.nodes)
    readers += 2 * np.bincount(np.array(roots, np.int64) >> 1, minlength=system.nodes)
    alone = (readers == 1).tolist()
    needed = bytearray(system.nodes)
    for literal in roots:
        needed[literal >> 1] = 1
    clauses = [[-1], *([variable(literal)] for literal in system.constraints.tolist())]

    def choice(node: int) -> tuple[int, int, int] | None:
        """The selecting literal and what is chosen if it is true or false, of a node that is such a choice."""
        a, b = pairs[node - first]
        one, other = a >> 1, b >> 1
        if not a & b & 1 or one < first or other < first or not alone[one] or not alone[other]:
            return None
        for select, when_true in _both_ways(pairs[one - first]):
            for against, when_false in _both_ways(pairs[other - first]):
                if select == against ^ 1:
                    return select, when_true ^ 1, when_false ^ 1
        return None

    for node in range(system.nodes - 1, first - 1, -1):
        if not needed[node]:
            continue
        out, found = node + 1, choice(node)
        if found is not None:
            select, when_true, when_false = map(variable, found)
            clauses += [[-select, -out, when_true], [-select, out, -when_true]]
            clauses += [[select, -out, when_false], [select, out, -when_false]]
            leaves = list(found)
        else:
            leaves, waiting = [], list(pairs[node - first])
            while waiting:
                literal = waiting.pop()
                below = literal >> 1
                if not literal & 1 and below >= first and alone[below] and choice(below) is None:
                    waiting += pairs[below - first]
                else:
                    leaves.append(literal)
            terms = [variable(literal) for literal in leaves]
            clauses += [[-out, term] for term in terms]
            clauses.append([out, *(-term for term in terms)])
        for literal in leaves:
            needed[literal >> 1] = 1
    return clauses


def variable(literal: int) -> int:
    """What the solver calls a literal."""
    return -(literal >> 1) - 1 if literal & 1 else (literal >> 1) + 1


def _both_ways(pair: list[int]) -> tuple[tuple[int, int], tuple[int, int]]:
    return (pair[0], pair[1]), (pair[1], pair[0])
