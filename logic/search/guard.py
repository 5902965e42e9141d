"""The guard: `solved` at step t is a function of the T rails at step t - 3 alone, and true only for solutions.

It says that the assignment "T is true, all else false" satisfies every row and group. Rows that need something true
have a neuron `sat`, all others a neuron `violated`; a group has `two`, and `has` if it needs one. Where groups cover
the same variables in several partitions, all of the `has` are one comparison: each group holds at most one, so if the
T rails of the covered variables number as many as the groups of a partition, each of its groups holds exactly one.
"""

import numpy as np

from ..network import INPUT
from .constraint_rows import Group, SearchProblem
from .propagators import RAILS, Propagation
from .wiring import Wiring

AGE = 3  # steps from the T rails to `solved`


def wire_guard(wiring: Wiring, propagation: Propagation, copy: str = "") -> None:
    """Adds the guard, whose last neuron is ``solved``; a second copy for two that must agree bears another name."""
    problem = propagation.problem
    satisfied: list[tuple[int, dict[int, int]]] = []
    violated: list[tuple[int, dict[int, int]]] = []
    for row in problem.rows:
        signed = {abs(x): w if x > 0 else -w for x, w in zip(row.literals, row.weights, strict=True)}
        negative = -sum(w for w in signed.values() if w < 0)
        if row.bound > negative:
            satisfied.append((row.bound - negative, signed))
        else:
            violated.append((negative - row.bound + 1, {v: -w for v, w in signed.items()}))
    _wire_sums(wiring, f"sat{copy}", satisfied)
    _wire_sums(wiring, f"violated{copy}", violated)
    _wire_sums(wiring, f"two{copy}", [(2, dict.fromkeys(group.variables, 1)) for group in problem.groups])
    covered, number, loose = partitions(problem)
    _wire_sums(wiring, f"has{copy}", [(1, dict.fromkeys(group.variables, 1)) for group in loose])
    bad, every, solved = f"bad{copy}", f"every{copy}", f"solved{copy}"
    wiring.add(bad, [1])
    wiring.connect_all(f"violated{copy}", bad, 1)
    wiring.connect_all(f"two{copy}", bad, 1)
    single = wiring.size(f"sat{copy}") + wiring.size(f"has{copy}")
    known_first = [literal for literal in propagation.units if literal > 0]
    early = bool(problem.clues) and (problem.holds(()) or problem.holds(known_first))  # before the clues have come
    wiring.add(every, [single + early + (1 if single and number else number)])
    if single and number:
        wiring.add(f"filled{copy}", [number])
        wiring.connect(RAILS, f"filled{copy}", np.array(covered) - 1, 0, 1)
        wiring.connect_all(f"filled{copy}", every, 1)
    elif number:
        wiring.connect(RAILS, every, np.array(covered) - 1, 0, 1, 2)
    if early:
        wiring.connect("begun", every, 0, 0, 1, 2)
        _wire_clues(wiring, problem, f"unheeded{copy}", bad)
    wiring.add(solved, [1])
    wiring.connect_all(f"sat{copy}", every, 1)
    wiring.connect_all(f"has{copy}", every, 1)
    wiring.connect(every, solved, 0, 0, 1)
    wiring.connect(bad, solved, 0, 0, -1)


def _wire_clues(wiring: Wiring, problem: SearchProblem, name: str, bad: str) -> None:
    """A neuron a clue that fires where its T rail says otherwise."""
    clues, places = np.array(problem.clues, np.int64), np.arange(len(problem.clues))
    wiring.add(name, np.where(clues > 0, 1, 2))
    wiring.connect(INPUT, name, places, places, 1)
    wiring.connect(RAILS, name, abs(clues) - 1, places, np.where(clues > 0, -1, 1))
    wiring.connect_all(name, bad, 1)


def partitions(problem: SearchProblem) -> tuple[list[int], int, list[Group]]:
    """Variables that exactly-one groups cover in partitions, the groups of each partition, and the groups in none.

    Example:
        >>> rows, columns = [(1, 2), (3, 4)], [(1, 3), (2, 4)]
        >>> square = SearchProblem(4, (), tuple(Group(variables, True) for variables in rows + columns))
        >>> partitions(square)
        ([1, 2, 3, 4], 2, [])
    """
    packed = pack_groups(problem)
    if not packed:
        return [], 0, []
    first, number = _covered(packed[0]), len(packed[0])
    loose = [g for members in packed if _covered(members) != first or len(members) != number for g in members]
    return sorted(first), number, loose


def pack_groups(problem: SearchProblem) -> list[list[Group]]:
    """The exactly-one groups in lists without a common variable, each in the first list that it fits in."""
    packed: list[tuple[set[int], list[Group]]] = []
    for group in problem.groups:
        if not group.exactly:
            continue
        for covered, members in packed:
            if covered.isdisjoint(group.variables):
                covered.update(group.variables)
                members.append(group)
                break
        else:
            packed.append((set(group.variables), [group]))
    return [members for _, members in packed]


def _covered(groups: list[Group]) -> set[int]:
    return {v for group in groups for v in group.variables}


def _wire_sums(wiring: Wiring, name: str, sums: list[tuple[int, dict[int, int]]]) -> None:
    """A neuron for each threshold and signed weights of variables, on their T rails."""
    wiring.add(name, [threshold for threshold, _ in sums])
    inputs = [(v - 1, place, w) for place, (_, weights) in enumerate(sums) for v, w in weights.items()]
    ends = np.array(inputs, np.int64).reshape(-1, 3)
    wiring.connect(RAILS, name, ends[:, 0], ends[:, 1], ends[:, 2])
