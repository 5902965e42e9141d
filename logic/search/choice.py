"""Choice: when all is quiet, exactly one literal that is not yet known is guessed.

*Static*: the first in the order. *Dynamic*: the first in the order that stands in a clause or group of which only two
literals are open and none is true; if there is none, the first in the order. The order is cut into blocks, so that no
neuron hears all decisions. (In the literature: clauses of two open literals are preferred as in
Freeman's POSIT, 1995, and by minimum remaining values in constraint programming.)
"""

from typing import Literal as Choices

import numpy as np

from ..network import Integers
from .constraint_rows import Literal, SearchProblem
from .propagators import RAILS, Propagation
from .wiring import Wiring

Choice = Choices["dynamic", "static"]
BLOCK = 16  # decisions


def wire_pairs(wiring: Wiring, propagation: Propagation) -> dict[int, list[int]]:
    """Adds `pair`, a neuron a clause or group with two literals open and none true; says which hold each variable."""
    clauses = [row.literals for row in propagation.needed if row.is_clause and len(row.literals) > 1]
    wiring.add("pair", [len(literals) - 2 for literals in clauses])
    holders: dict[int, list[int]] = {}
    false, true, place, weight = [], [], [], []
    for number, literals in enumerate(clauses):
        for literal in literals:
            false.append(propagation.rail(-literal))
            true.append(propagation.rail(literal))
            place.append(number)
            weight.append(-len(literals))
            holders.setdefault(abs(literal), []).append(number)
    wiring.connect(RAILS, "pair", false, place, 1)
    wiring.connect(RAILS, "pair", true, place, weight)
    return holders


def wire_choice(
    wiring: Wiring, propagation: Propagation, order: tuple[Literal, ...], choice: Choice, holders: dict[int, list[int]]
) -> None:
    """Adds `pick`, a neuron a decision of which exactly one answers each `go`."""
    if choice == "static":
        _wire_static(wiring, propagation, order)
    else:
        _wire_dynamic(wiring, propagation, order, holders)


def _wire_dynamic(
    wiring: Wiring, propagation: Propagation, order: tuple[Literal, ...], holders: dict[int, list[int]]
) -> None:
    count = len(order)
    every = np.arange(count)
    wiring.add("nopair", [0])
    wiring.connect_all("pair", "nopair", -1)
    wiring.add("candidate", np.ones(count))
    held = [(number, place) for place, literal in enumerate(order) for number in holders.get(abs(literal), ())]
    ends = np.array(held, np.int64).reshape(-1, 2)
    wiring.connect("pair", "candidate", ends[:, 0], ends[:, 1], 1)
    wiring.connect("nopair", "candidate", 0, every, 1)
    known = -(np.bincount(ends[:, 1], minlength=count) + 1)
    for sign in (1, -1):
        wiring.connect(RAILS, "candidate", propagation.rails([sign * literal for literal in order]), every, known)
    wire_earlier(wiring, "candidate", count, "candidate_before")
    wiring.add("pick", np.full(count, 2))
    wiring.connect("go", "pick", 0, every, 1)
    wiring.connect("candidate", "pick", every, every, 1)
    before, after = within_blocks(count)
    wiring.connect("candidate", "pick", before, after, -1)
    later = every[BLOCK:]
    wiring.connect("candidate_before", "pick", later // BLOCK - 1, later, -1)
    _wire_direction(wiring, count, known)


def _wire_direction(wiring: Wiring, count: int, known: Integers) -> None:
    """Makes candidates of blocks after all guesses go first; backtracking must be there.

    A guess that is later in time is then mostly later in the order too, so that a conflict refutes what was guessed
    last and clears nothing that still holds. When `go` finds no candidate there, `relaxed` lets all be candidates once.
    """
    every = np.arange(count)
    wiring.add("missed", [1])
    wiring.connect("go", "missed", 0, 0, 1)
    wiring.connect_all("candidate", "missed", -1)
    wiring.add("relaxed", [1])
    for source, weight in (("relaxed", 1), ("missed", 1), ("go", -1), ("wipe", -1)):
        wiring.connect(source, "relaxed", 0, 0, weight)
    blocks = wiring.size("guess_after")
    wiring.add("barred", np.ones(blocks))
    wiring.connect("guess_after", "barred", np.arange(blocks), np.arange(blocks), 1)
    wiring.connect_all("relaxed", "barred", -1)
    early = every[every // BLOCK < blocks]
    wiring.connect("barred", "candidate", early // BLOCK, early, known[early])


def _wire_static(wiring: Wiring, propagation: Propagation, order: tuple[Literal, ...]) -> None:
    count, blocks = len(order), blocks_of(len(order))
    every = np.arange(count)
    wire_full(wiring, propagation, order)
    wiring.add("prefix", np.arange(blocks))  # the first of them always fires
    first, second = np.triu_indices(blocks, 1)
    wiring.connect("full", "prefix", first, second, 1)
    wiring.add("pick", 2 * BLOCK + 2 + every % BLOCK)
    wiring.connect("go", "pick", 0, every, 2 * BLOCK + 1)
    wiring.connect("prefix", "pick", every // BLOCK, every, 1)
    before, after = within_blocks(count)
    for sign in (1, -1):
        rails = propagation.rails([sign * literal for literal in order])
        wiring.connect(RAILS, "pick", rails[before], after, 1)
        wiring.connect(RAILS, "pick", rails, every, -2 * BLOCK)


def wire_full(wiring: Wiring, propagation: Propagation, order: tuple[Literal, ...]) -> None:
    """Adds `full`, a neuron a block that fires when all its variables are known."""
    if wiring.size("full"):
        return
    blocks = np.arange(len(order)) // BLOCK
    wiring.add("full", np.bincount(blocks))
    for sign in (1, -1):
        wiring.connect(RAILS, "full", propagation.rails([sign * literal for literal in order]), blocks, 1)


def wire_earlier(wiring: Wiring, source: str, count: int, name: str) -> None:
    """Adds a neuron a block but the first that fires if some of the source does in a block before it."""
    before = BLOCK * np.arange(1, blocks_of(count))  # decisions before each later block
    wiring.add(name, np.ones(len(before)))
    for place, number in enumerate(before.tolist()):
        wiring.connect(source, name, np.arange(number), place, 1)


def within_blocks(count: int) -> tuple[Integers, Integers]:
    """All pairs of decisions of one block, the earlier and the later."""
    first, second = np.triu_indices(BLOCK, 1)
    starts = BLOCK * np.arange(blocks_of(count))[:, None]
    before, after = (starts + first).ravel(), (starts + second).ravel()
    kept = after < count
    return before[kept], after[kept]


def blocks_of(count: int) -> int:
    """How many blocks so many decisions make."""
    return -(-count // BLOCK)


def random_order(problem: SearchProblem, seed: int) -> tuple[Literal, ...]:
    """The decisions as they stand for seed 0, else in an order drawn with the seed."""
    if seed == 0:
        return problem.decisions
    drawn = np.random.default_rng(seed).permutation(len(problem.decisions))
    return tuple(problem.decisions[place] for place in drawn)
