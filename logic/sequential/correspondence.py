"""Which nodes of a machine are equal, or complements, at every clock, by induction over several clocks.

The classes begin as coarse as random walks leave them. In the base they are proved for the first clocks; in the step
they are assumed for some clocks and proved for the next one, until a round refutes nothing.

In the literature: signal correspondence (van Eijk, IEEE TCAD 2000), speculative reduction (Mony et al., 2005).
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..kernels import kernel
from ..satisfiability.solver_gates import Solver
from ..watch import Watch
from .frames import SPLITS, TRUSTS, Frames, new_frames, speculate, sweep
from .machine import Machine, open_pairs

Ints = NDArray[np.int32]
Bits = NDArray[np.bool_]
_BUDGET = 1_000  # conflicts a question
_PAUSE = 100  # questions between two looks at the clock


class Classes(NamedTuple):
    """Nodes that are equal or complements at every clock.

    Args:
        representative: ``[N]`` the first node of the class.
        phase: ``[N]`` of two nodes that are equal it is the same.
    """

    representative: Ints
    phase: Bits


def correspond(machine: Machine, seeming: Classes, clocks: int, watch: Watch, *, whole: bool = False) -> Classes | None:
    """The coarsest classes, not coarser than those given, that induction over so many clocks proves.

    Args:
        machine: Whatever its registers hold first.
        seeming: Classes that may be too coarse.
        clocks: For how many the step assumes them.
        watch: Ends it.
        whole: Whether classes that leave a pair open are of no use. (Nodes that are made one lose what their equality
            says of states, so that less follows afterwards.)

    Returns:
        The classes, or None if the time is up or a pair is left open.
    """
    classes = Classes(seeming.representative.copy(), seeming.phase)
    solver, frames = new_frames(machine, clocks, *classes)
    for frame in range(clocks):
        if not _sweep(solver, machine, frames, frame, watch):
            return None
    trusted = np.zeros(machine.nodes, np.bool_)
    while True:
        solver, frames = new_frames(machine, clocks + 1, *classes)
        frames.trusted[:] = trusted
        before = classes.representative.copy()
        if whole and open_pairs(machine, *classes).any():
            return None
        for frame in range(clocks):
            speculate(solver, machine, frames, frame)
        if not _sweep(solver, machine, frames, clocks, watch):
            return None
        if frames.tally[SPLITS]:
            _trust(machine, classes.representative, classes.representative != before, clocks, trusted)
        elif frames.tally[TRUSTS]:
            trusted[:] = False
        else:
            return classes
        watch.say(f"{clocks}-step correspondence: {_members(classes)} nodes seem equal to others")


@kernel(large=0)
def _trust(
    m: Machine, representative: Ints, changed: Bits, clocks: int, trusted: Bits
) -> None:  # pragma: no cover - compiled
    """Trusts nodes below which no class has changed; a last round asks of all."""
    count = len(m.registers)
    touched = changed.copy()
    state = np.zeros(count, np.bool_)
    for frame in range(clocks + 1):
        for at in range(count):
            node = m.registers[at]
            touched[node] = (changed[node] and frame < clocks) or state[at]
        for node in range(1, len(m.first)):
            if m.first[node] >= 0:
                touched[node] = changed[node] or touched[m.first[node] >> 1] or touched[m.second[node] >> 1]
            if frame < clocks and touched[representative[node]]:
                touched[node] = True
        for at in range(count):
            state[at] = touched[m.following[at] >> 1]
    for node in range(len(m.first)):
        trusted[node] = not (touched[node] or touched[representative[node]] or changed[node])


def _sweep(solver: Solver, machine: Machine, frames: Frames, frame: int, watch: Watch) -> bool:
    """Whether the frame could be swept in time."""
    at = 0
    while at < machine.nodes:
        at = sweep(solver, machine, frames, frame, at, _BUDGET, _PAUSE)
        watch.say(f"signals at clock {frame} of the induction: {at} of {machine.nodes}")
        if watch.late():
            return False
    return True


def _members(classes: Classes) -> int:
    return int((classes.representative != np.arange(len(classes.phase))).sum())
