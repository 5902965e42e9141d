"""Traces to bad states, shortest first, and k-induction: the system unrolled clock by clock into one formula.

In the literature: bounded model checking (Biere, Cimatti, Clarke and Zhu, TACAS 1999) and k-induction (Sheeran, Singh
and Stalmarck, FMCAD 2000).
"""

import numpy as np

from ..circuit import Integers
from ..kernels import work_time
from .frame_formula import Formula
from .trace import Trace
from .transition_system import TransitionSystem

NODES = 3_000_000  # of the unrolled graph


class BoundedSearch:
    """Looks for a bad state at the first clock, the second, and so on; constraints hold at every one.

    Args:
        system: To be unrolled.
        free: Whether it may begin in any state, as :meth:`induct` asks.
    """

    def __init__(self, system: TransitionSystem, free: bool = False) -> None:
        self._system, self._free = system, free
        self._formula, self._circuit = Formula(), system.one_clock()
        graph = self._formula.graph
        literals = np.where(system.initial == 1, 1, 0).astype(np.int64)
        opened = np.flatnonzero((system.initial < 0) | free)
        literals[opened] = graph.inputs(len(opened))
        self._first, self._state = literals, literals
        self._inputs: list[Integers] = []
        self._bad: int | None = None  # of the clock that is open
        self.clocks = 0
        """For how many clocks it is settled that nothing is bad."""
        self.ended = False
        """Whether no further clock fulfils the constraints."""

    @property
    def exhausted(self) -> bool:
        """Whether there is no use in going on: constraints cannot hold any longer, or the formula is too large."""
        return self.ended or len(self._formula.graph) > NODES

    def close(self) -> None:
        """Frees the solver."""
        self._formula.close()

    def advance(self, deadline: float, clocks: int = 1 << 30) -> Trace | None:
        """A trace, if there is one of at most so many clocks and it is found in time."""
        while self.clocks < clocks and work_time() <= deadline and not self.exhausted:
            if self._bad is None:
                self._bad = self._unroll()
            answer = self._formula.possible([self._bad], deadline)
            if answer is None:
                return None
            if answer:
                inputs = [self._formula.values(literals) for literals in self._inputs]
                return Trace(self._formula.values(self._first), np.stack(inputs))
            self._formula.add([self._bad ^ 1])
            self._bad = None
            if len(self._system.constraints) and self._formula.possible([], deadline) is False:
                self.ended = True
                return None
            self.clocks += 1
        return None

    def induct(self, deadline: float, clocks: int) -> int | None:
        """After how many clocks without bad, from whatever state, none is bad; None if not known within the bounds."""
        while self.clocks <= clocks and work_time() <= deadline and not self.exhausted:
            if self._bad is None:
                self._bad = self._unroll()
            answer = self._formula.possible([self._bad], deadline)
            if answer is None:
                return None
            if not answer:
                return max(1, self.clocks)
            self._formula.add([self._bad ^ 1])
            self._bad = None
            self.clocks += 1
        return None

    def _unroll(self) -> int:
        """The bad literal of one more clock, in which the constraints hold."""
        system, graph = self._system, self._formula.graph
        inputs = graph.inputs(len(system.inputs))
        self._inputs.append(inputs)
        wires = graph.add(self._circuit, np.concatenate([inputs, self._state]))
        for literal in (wires[system.constraints >> 1] ^ (system.constraints & 1)).tolist():
            self._formula.add([literal])
        self._state = wires[system.following >> 1] ^ (system.following & 1)
        return int(wires[system.bad >> 1]) ^ (system.bad & 1)
