"""Rails and propagators: unit propagation as threshold logic over latches.

Each variable has two rails, T (known to be true) and F (known to be false). A row ``sum w_i l_i >= k`` of total weight
W is *broken* if its false literals weigh more than ``W - k``, and *tight* for literals of weight w if they weigh more
than ``W - k - w``: then these must be true. A group needs no neuron to make others false: T of one drives F of the
others. (In the literature: counter-based propagation of pseudo-Boolean constraints; Roussel and Manquinho,
"Pseudo-Boolean and cardinality constraints", Handbook of Satisfiability, 2009.)
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import permutations

import numpy as np

from ..network import INPUT, Integers
from .constraint_rows import Literal, Row, SearchProblem
from .wiring import Wiring

RAILS = "rails"  # [2, n]: T of each variable, then F of each


@dataclass(frozen=True, eq=False)
class Propagation:
    """What the rails know of the neurons around them.

    Args:
        problem: What is searched.
        needed: Rows with the exactly-one groups among them, each with a neuron ``broken``.
        drive: ``[2 n]`` weight with which a rail is switched on against the opposite one.
        units: Literals that hold from the beginning.
    """

    problem: SearchProblem
    needed: tuple[Row, ...]
    drive: Integers
    units: tuple[Literal, ...]

    def rail(self, literal: Literal) -> int:
        """The place of the rail that says that a literal is true."""
        return rail_of(literal, self.problem.variables)

    def rails(self, literals: Sequence[Literal]) -> Integers:
        """``[L]`` the places of the rails that say that literals are true."""
        return np.array([self.rail(literal) for literal in literals], np.int64)


def rail_of(literal: Literal, variables: int) -> int:
    """The place of the rail that says that a literal is true, T before F."""
    return literal - 1 if literal > 0 else variables - literal - 1


def wire_propagation(wiring: Wiring, problem: SearchProblem) -> Propagation:
    """Adds rails, `broken` and `tight`, and the synapses of groups and clues."""
    n = problem.variables
    needed = list(problem.rows)
    needed += [Row(g.variables, (1,) * len(g.variables), 1, g.source) for g in problem.groups if g.exactly]
    units: dict[Literal, None] = {}
    tight: list[tuple[Row, int]] = []  # a row and one of its weights
    for row in needed:
        for weight in sorted(set(row.weights)):
            if row.total - row.bound - weight < 0:
                units.update(dict.fromkeys(_of_weight(row, weight)))
            else:
                tight.append((row, weight))
    rail = {literal: rail_of(literal, n) for v in range(1, n + 1) for literal in (v, -v)}
    feeds = [(place, rail[literal]) for place, (row, w) in enumerate(tight) for literal in _of_weight(row, w)]
    post = np.array([target for _, target in feeds], np.int64)
    block = np.bincount(post, minlength=2 * n)
    drive = block + 1
    bias = np.zeros(2 * n, np.int64)
    forced = [rail[literal] for literal in units]
    bias[forced] = drive[forced]
    wiring.add(RAILS, np.ones(2 * n), bias, (2, n))
    every = np.arange(2 * n)
    wiring.connect(RAILS, RAILS, every, every, drive)
    blocked = np.flatnonzero(block)
    wiring.connect(RAILS, RAILS, (blocked + n) % (2 * n), blocked, -block[blocked])
    clues = [rail[literal] for literal in problem.clues]
    wiring.connect(INPUT, RAILS, np.arange(len(clues)), clues, drive[clues])
    direct = sorted({pair for group in problem.groups for pair in permutations(group.variables, 2)})
    ends = np.array(direct, np.int64).reshape(-1, 2)
    wiring.connect(RAILS, RAILS, ends[:, 0] - 1, ends[:, 1] - 1 + n, drive[ends[:, 1] - 1 + n])
    _wire_rows(wiring, "broken", needed, [row.total - row.bound + 1 for row in needed], rail)
    rows = [row for row, _ in tight]
    _wire_rows(wiring, "tight", rows, [row.total - row.bound - w + 1 for row, w in tight], rail)
    wiring.connect("tight", RAILS, [place for place, _ in feeds], post, 1)
    return Propagation(problem, tuple(needed), drive, tuple(units))


def _of_weight(row: Row, weight: int) -> list[Literal]:
    return [literal for literal, w in zip(row.literals, row.weights, strict=True) if w == weight]


def _wire_rows(
    wiring: Wiring, name: str, rows: Sequence[Row], thresholds: Sequence[int], rail: dict[Literal, int]
) -> None:
    """A neuron a row that weighs the false literals."""
    wiring.add(name, thresholds)
    inputs = [
        (rail[-literal], place, weight)
        for place, row in enumerate(rows)
        for literal, weight in zip(row.literals, row.weights, strict=True)
    ]
    ends = np.array(inputs, np.int64).reshape(-1, 3)
    wiring.connect(RAILS, name, ends[:, 0], ends[:, 1], ends[:, 2])
