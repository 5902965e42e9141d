"""Root facts: what is known while nothing is guessed holds to the end, so it need not be replayed after a conflict.

When `go` comes without any guess standing, `settled` fires, and a latch `root` notes each T rail that is on. It drives
that rail from then on, so that after a conflict only the consequences of guesses are propagated again. F rails follow
by the groups, or are noted too where no group drives them. (In the literature: top-level or level-zero assignments.)
"""

import numpy as np

from ..network import Integers
from .constraint_rows import SearchProblem
from .propagators import RAILS, Propagation
from .wiring import Wiring


def wire_root_facts(wiring: Wiring, propagation: Propagation, *, confirm: bool) -> None:
    """Adds `settled` and `root`; backtracking must be there."""
    noted = noted_rails(propagation.problem)
    every = np.arange(len(noted))
    wiring.add("settled", [1])
    wiring.connect("go", "settled", 0, 0, 1)
    wiring.connect_all("guess_block", "settled", -1)
    wiring.add("root", np.full(len(noted), 2))
    wiring.connect("root", "root", every, every, 2)
    wiring.connect("settled", "root", 0, every, 1)
    wiring.connect(RAILS, "root", noted, every, 1)
    wiring.connect("root", RAILS, every, noted, propagation.drive[noted])
    if confirm:  # what the first exhaustion rested on is forgotten
        wiring.connect("exhausted", "root", 0, every, -3)


def noted_rails(problem: SearchProblem) -> Integers:
    """The rails with a latch: all T rails, and the F rails of variables that are in no exactly-one group.

    In such a group some T rail must come on in the end, and then all F rails of the group do.
    """
    grouped = {v for group in problem.groups if group.exactly for v in group.variables}
    loose = [v - 1 + problem.variables for v in range(1, problem.variables + 1) if v not in grouped]
    return np.array([*range(problem.variables), *loose], np.int64)
