"""The engines that settle a safety property, in turn: what is cheap first, then all with more and more time."""

from types import TracebackType
from typing import NamedTuple

import numpy as np

from ..circuit import Circuit
from ..errors import CircuitError
from ..evaluation import Bits
from ..kernels import work_time
from ..sequential.checked_graph import OutOfTimeError
from ..watch import Watch
from .bounded_search import BoundedSearch
from .corresponding import Corresponded, as_circuit, correspond_with_false
from .invariant_checker import check_invariant
from .reachability import Reachability
from .trace import Invariant, Trace
from .transition_system import TransitionSystem, transition_system

# Twice signals are put into correspondence: after so many seconds of all engines, for so many seconds at least, and so
# much of the time that is left.
_BEFORE = (0.3, 0.3, 0.0), (2.0, 1.0, 0.1)
_SOON = 16  # clocks that are looked at before anything else
_SMALL = 500  # nodes of a system of which induction is asked, too, before compiled code is even loaded
_VACUOUS = 0.1, 16  # seconds and clocks in which it is looked for whether constraints can hold
_MOST = 30.0  # seconds of correspondence
_SMALLER = 0.9  # of the registers that it may leave, or what was found without it is gone on with
_SLICE = 0.1  # seconds of each engine before the others have their turn, more in each round
_REACHING = 5  # times as many for reachability
_GROWTH = 1.5
_STEPS = 24  # clocks of k-induction at most


class Outcome(NamedTuple):
    """What became of a property.

    Args:
        holds: As in a verdict.
        how: What settled it, or what is known.
        state: ``[R]`` the first values of the circuit's registers, if it was refuted.
        inputs: ``[T, I]`` the circuit's inputs up to the bad clock.
        invariant: Over the circuit's registers, if that is what proved it.
    """

    holds: bool | None
    how: str
    state: Bits | None = None
    inputs: Bits | None = None
    invariant: Invariant | None = None


def settle(circuit: Circuit, bad: int, watch: Watch) -> Outcome:
    """Whether a bad output is never true while the constraints hold; every proof has been checked.

    Args:
        circuit: With constraints as roles.
        bad: The position of the output.
        watch: Ends it, also by Ctrl-C, with what is known then; is told what goes on.

    Raises:
        CircuitError: if a checker refuses a proof.
    """
    system, deadline = transition_system(circuit, bad), _end(watch)
    with _Turns(system, watch) as turns:
        found, settled = None, not len(system.registers)
        for first, least, share in _BEFORE:
            found = found or turns.run(min(deadline, work_time() + first))
            if settled or found is not None or watch.interrupted:
                break
            begin, limit = work_time(), min(_MOST, max(least, share * (deadline - work_time())))
            reduced = correspond_with_false(circuit, bad, watch.until(limit))
            settled = work_time() < begin + limit  # more time would find no more
            known = _corresponded(circuit, reduced, deadline)
            if known is not None:
                return known
            left = reduced.left
            smaller = left is not None and len(left.registers) <= _SMALLER * len(system.registers)
            if left is not None and smaller and (settled or share) and not len(system.constraints):
                return _in_what_is_left(circuit, reduced, left, watch)
        if found is None and not watch.interrupted:
            found = turns.run(deadline)
        if found is None:
            return Outcome(None, turns.known)
        if isinstance(found, Trace):
            state = np.maximum(circuit.register_initial, 0).astype(np.bool_)
            state[system.registers] = found.state
            inputs = np.zeros((len(found.inputs), len(circuit.inputs)), np.bool_)
            inputs[:, system.inputs] = found.inputs
            return Outcome(False, turns.note, state, inputs)
        registers = system.registers.tolist()
        clauses = (tuple((registers[abs(x) - 1] + 1) * (1 if x > 0 else -1) for x in row) for row in found.clauses)
        invariant = Invariant(tuple(clauses), found.clocks)
        _accept(check_invariant(circuit, bad, invariant))
        return Outcome(True, f"{_named(invariant)}, checked{turns.note}", invariant=invariant)


def _corresponded(circuit: Circuit, reduced: Corresponded, deadline: float) -> Outcome | None:
    """The outcome, if corresponding signals are enough."""
    if reduced.decision.difference is not None:
        inputs, first = reduced.trace()
        return Outcome(False, "", _state(circuit, first), inputs)
    if reduced.certificate is None or reduced.left is not None:
        return None
    try:
        _accept(reduced.refused(deadline))
    except OutOfTimeError:
        return Outcome(None, f"{reduced.decision.how}, but there was no time to check it")
    return Outcome(True, f"{reduced.decision.how}, checked")


def _in_what_is_left(circuit: Circuit, reduced: Corresponded, left: TransitionSystem, watch: Watch) -> Outcome:
    """The outcome by way of the smaller machine that corresponding signals leave."""
    deadline = _end(watch)
    with _Turns(left, watch) as turns:
        found = turns.run(deadline)
        if found is None:
            return Outcome(None, turns.known)
        if isinstance(found, Trace):
            inputs, first = reduced.trace(found)
            return Outcome(False, "", _state(circuit, first), inputs)
        how = f"{_named(found)} of the {len(left.registers)} registers that corresponding signals leave"
        _accept(check_invariant(as_circuit(left), 0, found))
        try:
            _accept(reduced.refused(deadline))
        except OutOfTimeError:
            return Outcome(None, f"{how}, but there was no time to check it")
        return Outcome(True, f"{how}, checked")


def _end(watch: Watch) -> float:
    return float("inf") if watch.deadline is None else watch.deadline


def _state(circuit: Circuit, first: dict[str, bool]) -> Bits:
    values = zip(circuit.register_names, circuit.register_initial.tolist(), strict=True)
    return np.array([first.get(name, False) if value < 0 else value == 1 for name, value in values], np.bool_)


def _named(invariant: Invariant) -> str:
    how = f"an invariant of {len(invariant.clauses)} clauses" if invariant.clauses else "induction"
    return how + (f" over {invariant.clocks} clocks" if invariant.clocks > 1 else "")


def _accept(wrong: str) -> None:
    if wrong:
        raise CircuitError(f"the checker does not accept the proof of a property: {wrong}; please report it")


class _Turns:
    """Bounded search, k-induction and reachability of one system, which go on where they stopped."""

    def __init__(self, system: TransitionSystem, watch: Watch) -> None:
        self._bounded, self._step = BoundedSearch(system), BoundedSearch(system, free=True)
        self._reaching, self._constrained = Reachability(system), len(system.constraints) > 0
        self._small = system.nodes <= _SMALL
        self._span, self._clocks = _SLICE, 1
        self._inductive: int | None = None
        self._watch = watch

    def __enter__(self) -> "_Turns":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for engine in (self._bounded, self._step):
            engine.close()

    @property
    def note(self) -> str:
        """That the constraints cannot hold for long, or nothing."""
        if not self._bounded.ended:
            return ""
        return f"; vacuous from clock {self._bounded.clocks} on, where the constraints cannot all hold any more"

    @property
    def known(self) -> str:
        """What is known where nothing was found."""
        clocks = max(self._bounded.clocks, self._reaching.frames)
        return f"{'interrupted; ' * self._watch.interrupted}nothing bad in the first {clocks} clocks{self.note}"

    def run(self, pause: float) -> Trace | Invariant | None:
        """What is found until the pause; the search can go on later."""
        with self._watch.interruptible():
            return self._run(pause)
        return None

    def _run(self, pause: float) -> Trace | Invariant | None:
        if not self._bounded.clocks and not self._watch.interrupted:  # most of what is refuted is refuted soon
            found: Trace | Invariant | None = self._bounded.advance(min(pause, work_time() + _SLICE), _SOON)
            if found is None and self._small:
                self._inductive = self._step.induct(pause, self._clocks)
                self._clocks += 1
                if self._inductive is not None and self._bounded.clocks >= self._inductive:
                    found = Invariant((), self._inductive)
            if found is not None:
                return found
        while work_time() <= pause and not self._watch.late():
            self._watch.say(self.known)
            found = self._reaching.advance(min(pause, work_time() + _REACHING * self._span))
            if self._constrained and isinstance(found, Invariant):
                seconds, clocks = _VACUOUS
                self._bounded.advance(work_time() + seconds, clocks)
            found = found or self._bounded.advance(min(pause, work_time() + self._span))
            if found is not None:
                return found
            until = min(pause, work_time() + self._span)
            if self._inductive is None and self._clocks <= _STEPS:
                self._inductive = self._step.induct(until, self._clocks)
                self._clocks = max(self._clocks + 1, self._step.clocks)
            if self._inductive is not None and self._bounded.clocks >= self._inductive:
                return Invariant((), self._inductive)
            if self._reaching.exhausted and self._bounded.exhausted:
                return None
            self._span *= _GROWTH
        return None
