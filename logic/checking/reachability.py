"""Property directed reachability: an inductive invariant of clauses, or a trace, without unrolling.

Frames over-approximate what is reached within so many clocks; a state from which a bad one is reached is blocked
in a frame by a clause that is inductive relative to the frame before. The search is compiled: `frame_search.py`.

References:
    Bradley, "SAT-based model checking without unrolling", VMCAI 2011.
    Een, Mishchenko and Brayton, "Efficient implementation of property directed reachability", FMCAD 2011.
"""

import numpy as np

from ..errors import CircuitError
from ..evaluation import Bits
from ..kernels import work_time
from ..satisfiability.clauses import FULL, Clauses
from .compact_clauses import compact_clauses
from .frame_arrays import FOUND, LEMMAS, TOP, Frames, new_frames, widen
from .frame_questions import end_question
from .frame_search import INVARIANT, PAUSED, ROOM, TRACE, lead, search
from .trace import Invariant, Trace
from .transition_system import TransitionSystem

_TICKS = 1_000_000  # of the solver, between two looks at the clock
_MOST = 1 << 26  # integers of clauses, lemmas and obligations


class Reachability:
    """The search, which may be interrupted and continued.

    Args:
        system: With its property.
    """

    def __init__(self, system: TransitionSystem) -> None:
        self._system = system
        self._made: tuple[Frames, Clauses] | None = None
        self.exhausted = False
        """Whether there is no use in going on: there are too many frames, or too much to remember."""

    @property
    def frames(self) -> int:
        """How many clocks are known to be without bad."""
        return int(self._made[0].numbers[TOP]) if self._made else 0

    def advance(self, pause: float) -> Trace | Invariant | None:
        """Searches until the pause; the next call goes on.

        Args:
            pause: ``work_time()`` value.
        """
        if self._made is None:
            self._made = new_frames(self._system, compact_clauses(self._system))
        while not self.exhausted:
            frames, solver = self._made
            code = search(frames, solver, _TICKS)
            if code == TRACE:
                return self._trace(frames, solver)
            if code == INVARIANT:
                return _invariant(frames)
            if code == ROOM:
                end_question(frames, solver)
                if len(solver.arena) + len(frames.lemma) + len(frames.obligation) > _MOST:
                    self.exhausted = True
                else:
                    self._made = widen(frames, solver)
            elif code != PAUSED:
                self.exhausted = True
            if work_time() > pause:
                break
        return None

    def _trace(self, frames: Frames, solver: Clauses) -> Trace:
        """The way along the obligations, from a first state in the cube of the first."""
        one, first = int(frames.numbers[FOUND]), self._system.first_register
        state = np.maximum(self._system.initial, 0).astype(np.int8)
        begin = frames.obligation_begin[one]
        for literal in frames.obligation[begin : begin + frames.obligation_size[one]].tolist():
            state[literal >> 1] = 1 - (literal & 1)
        start, inputs = state.astype(np.bool_), list[Bits]()
        while one >= 0:
            one = int(frames.obligation_next[one])
            while not lead(frames, solver, state, one):
                if not solver.numbers[FULL]:
                    raise CircuitError("a state does not lead where it was said to; please report this circuit")
                frames, solver = widen(frames, solver)
            inputs.append(solver.value[2 : 2 * first : 2] == 1)
            end_question(frames, solver)
        return Trace(start, np.stack(inputs))


def _invariant(frames: Frames) -> Invariant:
    """The lemmas of the frames after the last one that was emptied."""
    level, clauses = int(frames.numbers[FOUND]), list[tuple[int, ...]]()
    for lemma in np.flatnonzero(frames.lemma_level[: frames.numbers[LEMMAS]] > level).tolist():
        begin = frames.lemma_begin[lemma]
        cube = frames.lemma[begin : begin + frames.lemma_size[lemma]].tolist()
        clauses.append(tuple(sorted(((literal >> 1) + 1) * (1 if literal & 1 else -1) for literal in cube)))
    return Invariant(tuple(clauses))
