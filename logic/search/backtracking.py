"""Backtracking by the order: a conflict refutes the last guess, and clears what was refuted after it.

Each decision has two latches, `guessed` and `refuted`. Read in the order as digits 0 (free), 1 (guessed), 2 (refuted),
they form a number that only grows, so the search ends; a refutation rests only on guesses before it, since it is
cleared when one of them is refuted itself, so the search is sound. A conflict without guesses exhausts the search.
"""

import numpy as np

from .choice import BLOCK, wire_earlier, within_blocks
from .constraint_rows import Literal
from .propagators import RAILS, Propagation
from .wiring import Wiring


def wire_backtracking(wiring: Wiring, propagation: Propagation, order: tuple[Literal, ...], *, confirm: bool) -> None:
    """Adds `guessed`, `refuted`, `last` and `unsat`; the picks must be there.

    Args:
        wiring: Where they are added.
        propagation: Of the rails.
        order: The decisions.
        confirm: Whether the search must be exhausted twice, the second time without any refutation of the first: no
            single lost or added spike then makes it say that there is no solution.
    """
    count = len(order)
    every = np.arange(count)
    for name, sign in (("guessed", 1), ("refuted", -1)):
        wiring.add(name, np.ones(count))
        wiring.connect(name, name, every, every, 1)
        rails = propagation.rails([sign * literal for literal in order])
        wiring.connect(name, RAILS, every, rails, propagation.drive[rails])
    wiring.connect("pick", "guessed", every, every, 1)
    before, after = within_blocks(count)
    any_guess, any_later = _wire_later(wiring, count)
    wiring.add("last", np.full(count, 2))
    wiring.connect("wipe", "last", 0, every, 1)
    wiring.connect("guessed", "last", every, every, 1)
    wiring.connect("guessed", "last", after, before, -1)
    if wiring.size(any_later):
        early = every[every // BLOCK < wiring.size(any_later)]
        wiring.connect(any_later, "last", early // BLOCK, early, -1)
    wiring.connect("last", "guessed", every, every, -1)
    wiring.connect("last", "refuted", every, every, 1)
    wiring.connect("last", "refuted", before, after, -1)
    wire_earlier(wiring, "last", count, "cleared")
    later = every[BLOCK:]
    wiring.connect("cleared", "refuted", later // BLOCK - 1, later, -1)
    first = "exhausted" if confirm else "unsat"
    wiring.add(first, [1])
    wiring.connect("wipe", first, 0, 0, 1)
    wiring.connect_all(any_guess, first, -1)
    if confirm:
        wiring.connect(first, "refuted", 0, every, -1)
        wiring.add("once", [1])
        wiring.connect("once", "once", 0, 0, 1)
        wiring.connect(first, "once", 0, 0, 1)
        wiring.add("unsat", [2])
        wiring.connect(first, "unsat", 0, 0, 1)
        wiring.connect("once", "unsat", 0, 0, 1)


def _wire_later(wiring: Wiring, count: int) -> tuple[str, str]:
    """Adds whether some decision of a block is guessed, and one a block but the last: in some block after it."""
    blocks = -(-count // BLOCK)
    wiring.add("guess_block", np.ones(blocks))
    wiring.connect("guessed", "guess_block", np.arange(count), np.arange(count) // BLOCK, 1)
    wiring.add("guess_after", np.ones(blocks - 1))
    first, second = np.triu_indices(blocks, 1)
    wiring.connect("guess_block", "guess_after", second, first, 1)
    return "guess_block", "guess_after"
