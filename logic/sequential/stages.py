"""What a proof hands to its checker: machines, each a reduction of the one before, and the classes proved of each."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .machine import Machine

Ints = NDArray[np.int32]
Integers = NDArray[np.int64]
Bits = NDArray[np.bool_]


class Stage(NamedTuple):
    """A machine and an invariant of it.

    Args:
        machine: Of the pairs that were open before.
        meaning: ``[R]`` what its registers are in the machine before: literals that depend on registers alone. Of the
            first machine, nothing.
        representative: ``[N]`` for each node one that it equals at every clock, or whose complement it is.
        phase: ``[N]`` equal where their phases are.
        clocks: Of the induction that proves it; 0 for a ternary simulation, which proves registers constant.
    """

    machine: Machine
    meaning: Integers
    representative: Ints
    phase: Bits
    clocks: int


class Certificate(NamedTuple):
    """Why two circuits agree for ever.

    Args:
        inputs: ``[I]`` what the specification's inputs are in the first machine; for one-hot groups, conjunctions.
        stages: The first machine is that of both circuits, first of ``impl``; in the last no pair is left open.
    """

    inputs: Integers
    stages: tuple[Stage, ...]
