"""Control: one pulse a conflict wipes the rails, and a pulse `go` asks for a guess when nothing has moved for a while.

`conflict` is on as long as a row is broken; `wipe` answers it by one spike, which holds all rails off for a few steps;
`rise` fires when a rail came on; `go` fires when none did. A constant neuron drives `go` once the clues have come.
"""

import numpy as np

from .constraint_rows import SearchProblem
from .propagators import RAILS, Propagation
from .wiring import Wiring

HOLD = 3  # steps for which `wipe` holds the rails off
WAIT = 2  # steps without news before `go`, which is how long news takes to reach the neurons that choose
LOADING = 4  # steps before the first `go`


def wire_control(wiring: Wiring, problem: SearchProblem) -> None:
    """Adds `conflict`, `wipe`, `rise`, `go` and `begun`; the guard's `two` must be there."""
    wiring.add("conflict", [1])
    wiring.connect_all("broken", "conflict", 1)
    loose = [place for place, group in enumerate(problem.groups) if not group.exactly]
    wiring.connect("two", "conflict", loose, 0, 1)
    wiring.add("wipe", [1])
    wiring.connect("conflict", "wipe", 0, 0, 1)
    wiring.connect("wipe", "wipe", 0, 0, -2, range(1, HOLD + 3))
    wiring.add("rise", [1])
    wiring.connect_all(RAILS, "rise", 1)
    wiring.connect_all(RAILS, "rise", -1, (2,))
    wiring.add("begun", [1], bias=1)
    wiring.add("go", [1])
    wiring.connect("begun", "go", 0, 0, 1, LOADING)
    wiring.connect("rise", "go", 0, 0, -1, range(1, WAIT + 1))
    wiring.connect("go", "go", 0, 0, -1, range(1, WAIT + 4))
    wiring.connect("conflict", "go", 0, 0, -1, range(1, 4))
    wiring.connect("wipe", "go", 0, 0, -1, range(1, HOLD + 4))


def wire_answer(wiring: Wiring) -> None:
    """Adds `answer`, which fires as `solved` does once all decisions are known too, and has the rails wiped.

    All that it hears speaks of the same step. A conflict keeps it silent: then both rails of a variable may be on.
    """
    blocks = wiring.size("full")
    wiring.add("answer", [1 + blocks])
    wiring.connect("every", "answer", 0, 0, 1)
    wiring.connect_all("full", "answer", 1, (2,))
    for against in ("bad", "conflict"):
        wiring.connect(against, "answer", 0, 0, -1 - blocks)
    wiring.connect("answer", "wipe", 0, 0, 1)
    wiring.connect("answer", "go", 0, 0, -1, range(1, 4))


def wire_wiping(wiring: Wiring, propagation: Propagation) -> None:
    """Adds the synapses by which `wipe` switches every rail off, whatever else drives it; call it last."""
    strength = wiring.excitation(RAILS)
    every = np.arange(len(propagation.drive))
    for delay in range(1, HOLD + 1):
        wiring.connect("wipe", RAILS, 0, every, -strength, delay)
