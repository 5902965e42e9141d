"""The first clock at which a pair of a machine can differ: it is unrolled clock by clock from its first values.

In the literature: bounded model checking (Biere, Cimatti, Clarke and Zhu, TACAS 1999).
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..satisfiability.gate_solver import IMPOSSIBLE, POSSIBLE, go_back
from ..satisfiability.solver_gates import CONFLICTS, Solver, new_gate, value_of
from ..watch import Watch
from .frames import Frames, differ, new_frames, sweep
from .machine import Machine
from .walks import Walk

Bits = NDArray[np.bool_]
CLOCKS = 1_024  # unrolled at most
CONFLICTS_A_SEARCH = 200_000
_VARIABLES = 6_000_000  # frames times nodes
_FIRST = 16  # frames that there is room for at first
_CHUNK = 1_000  # conflicts between two looks at the clock


class Searched(NamedTuple):
    """What unrolling found.

    Args:
        difference: The stream that differs first, or None.
        clocks: For how many clocks from the first on it is proved that no pair differs.
    """

    difference: Walk | None
    clocks: int


def first_difference(
    machine: Machine, watch: Watch, *, clocks: int = CLOCKS, conflicts: int = CONFLICTS_A_SEARCH
) -> Searched:
    """Looks for the earliest clock at which a pair of literals can differ.

    Args:
        machine: From its first values on.
        watch: Ends it.
        clocks: How far to look.
        conflicts: For all questions together.
    """
    room, done = min(_FIRST, clocks), 0
    while True:
        searched, used = _unroll(machine, watch, room, done, conflicts)
        done, conflicts = searched.clocks, conflicts - used
        if searched.difference is not None or done < room or room >= clocks or room * machine.nodes > _VARIABLES:
            return searched
        room = min(2 * room, clocks)


def _unroll(machine: Machine, watch: Watch, frames: int, known: int, conflicts: int) -> tuple[Searched, int]:
    """Looks in so many frames, in the first ``known`` of which no pair differs; and the conflicts it took."""
    alone = np.arange(machine.nodes, dtype=np.int32)
    solver, unrolled = new_frames(machine, frames, alone, np.zeros(machine.nodes, np.bool_))
    pairs = machine.pairs.tolist()
    for frame in range(frames):
        sweep(solver, machine, unrolled, frame, 0, 0, 1)
        literal = unrolled.literal[frame]
        watch.say(f"no difference in the first {frame} clocks")
        for left, right in pairs:
            one, other = int(literal[left >> 1]) ^ left & 1, int(literal[right >> 1]) ^ right & 1
            if one == other:
                continue
            answer = IMPOSSIBLE if frame < known else -1
            while answer < 0:
                answer = differ(solver, unrolled, one, other, min(_CHUNK, conflicts))
                used = int(solver.numbers[CONFLICTS])
                if answer not in (IMPOSSIBLE, POSSIBLE):
                    if used >= conflicts or watch.late():
                        return Searched(None, frame), used
                    answer = -1
            if answer == POSSIBLE:
                found = _read(machine, solver, unrolled, frame)
                return Searched(found, frame), int(solver.numbers[CONFLICTS])
            go_back(solver, 0)
            new_gate(solver, one, other, 1)
        if watch.late():
            return Searched(None, frame + 1), int(solver.numbers[CONFLICTS])
    return Searched(None, frames), int(solver.numbers[CONFLICTS])


def _read(machine: Machine, solver: Solver, frames: Frames, frame: int) -> Walk:
    """The stream of the solver's model."""
    values = np.array(
        [[value_of(solver, int(row[node])) == 1 for node in machine.inputs] for row in frames.literal[: frame + 1]]
    ).reshape(frame + 1, len(machine.inputs))
    opened = [bool(variable and solver.value[variable] == 1) for variable in frames.opened[1:].tolist()]
    return Walk(values, np.array(opened, np.bool_))
