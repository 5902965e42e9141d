"""Whether two clocked circuits agree for ever: simulation, correspondence, retiming and unrolling, in this order."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..circuit import Circuit
from ..evaluation import from_words, to_words
from ..watch import Watch
from .correspondence import Classes, correspond
from .differences import CLOCKS, CONFLICTS_A_SEARCH, first_difference
from .frames import evaluate
from .joint_machine import Joint, join
from .machine import Machine, open_pairs
from .reduction import reduced, retimed
from .stages import Certificate, Stage
from .state_patterns import from_partners, from_registers
from .ternary import UNKNOWN, constant_registers
from .walks import Walk, walk

# classes that follow from registers of one name; from registers; all; all once registers moved forward
_NAMED, _REGISTERS, _ALL, _FORWARD = range(4)
# each with the clocks of induction, and how often registers are moved at most
_ATTEMPTS = (
    (_NAMED, 1, 0), (_REGISTERS, 1, 0), (_ALL, 1, 0), (_FORWARD, 1, 1), (_FORWARD, 1, 40), (_ALL, 2, 0), (_ALL, 4, 0),
)  # fmt: skip
_GROWTH = 4  # times as many registers as at first are too many
_SHORTENED = 2_000, 0.5  # conflicts and seconds in which an earlier difference than that of a random stream is sought
_UNROLLED = 64, 10_000  # clocks and conflicts after the first attempt
_LAST = 1.5  # seconds of unrolling at the end


Integers = NDArray[np.int64]
Bits = NDArray[np.bool_]
Ints = NDArray[np.int32]


class Decision(NamedTuple):
    """What was found of two machines.

    Args:
        difference: A stream of the joint machine that tells them apart, or None.
        certificate: Why they agree, to be checked, or None.
        joint: Their machine.
        clocks: For how many clocks they agree at least; a difference after as many is the earliest.
        how: The step that settled it, or what is known.
        stages: What is known where neither was found: the machine made smaller, step by step.
    """

    difference: Walk | None
    certificate: Certificate | None
    joint: Joint
    clocks: int
    how: str
    stages: tuple[Stage, ...]

    def stream(self) -> tuple[Bits, dict[str, bool]]:
        """The inputs ``[T, I]`` of the difference as the specification orders them, and the open first values."""
        if self.difference is None:
            raise ValueError("no difference was found")
        values, opened = self.difference
        machine = self.joint.machine
        words = np.zeros((machine.nodes, -(-len(values) // 64)), np.uint64)
        words[machine.inputs] = to_words(values)
        evaluate(machine, words)
        bits = from_words(words[self.joint.inputs >> 1], len(values)) ^ (self.joint.inputs & 1).astype(np.bool_)
        first = np.zeros(len(self.joint.names), np.bool_)
        first[: len(opened)] = opened[: len(first)]
        return bits, dict(zip(self.joint.names, first.tolist(), strict=True))


def decide(impl: Circuit, spec: Circuit, watch: Watch, clocks: int = CLOCKS) -> Decision:
    """Looks for a difference of two circuits and for a proof that there is none, by turns.

    Args:
        impl: One circuit; its inputs and outputs bear the names of the other's.
        spec: The other; its one-hot groups are promised of the inputs.
        watch: Ends it, and is told what goes on.
        clocks: How far they are unrolled at the end.
    """
    search = _Search(join(impl, spec), watch)
    with watch.interruptible():
        search.run(clocks)
    how = f"interrupted; {search.how}" if watch.interrupted else search.how
    certificate = Certificate(search.joint.inputs, tuple(search.stages)) if search.settled else None
    return Decision(search.difference, certificate, search.joint, search.clocks, how, tuple(search.stages))


class _Search:
    """A search and what it knows so far."""

    def __init__(self, joint: Joint, watch: Watch) -> None:
        self.joint, self.watch = joint, watch
        self.border = 2 * (1 + len(joint.machine.inputs) + joint.ours)  # of the second circuit's registers, as literals
        self.stages: list[Stage] = []
        self.difference: Walk | None = None
        self.settled = False
        self.clocks, self.how = 0, "nothing was tried in time"

    def run(self, clocks: int) -> None:
        """Goes on until it is settled, or nothing is left to be tried."""
        machine, meaning = self._ternary()
        if self.settled:
            return
        plain, registers, moved = machine, len(machine.registers), False
        for kind, steps, moves in _ATTEMPTS:
            for _ in range(moves):
                other, way = retimed(machine)
                if (machine.first[way >> 1] < 0).all() or len(other.registers) > _GROWTH * registers + 100:
                    break
                self._enter(machine, meaning, _apart(machine), 1)
                machine, meaning, moved = other, way, True
            walked = walk(machine, long=kind > _REGISTERS, deadline=self.watch.deadline)
            if walked.difference is not None:
                if moved:  # a retimed register whose first value is open may start where it cannot
                    continue
                self.difference, self.how = walked.difference, "random streams"
                self._unroll(machine, len(walked.difference.values) - 1, *_SHORTENED)
                return
            seeming = Classes(walked.representative, walked.phase)
            if kind == _NAMED:
                partners = self._partners(machine, meaning, seeming)
                if partners is None:
                    continue
                seeming = from_partners(machine, partners)
            elif kind == _REGISTERS:
                seeming = from_registers(machine, seeming, meaning < self.border)
            machine, meaning = self._induct(machine, meaning, seeming, steps, _FORWARD if moved else kind)
            if self.settled or self.watch.late():
                return
            if not moved:
                plain = machine
            if kind == _ALL and steps == 1:
                self._unroll(machine, *_UNROLLED)
                if self.difference is not None:
                    return
        self._unroll(plain, clocks, CONFLICTS_A_SEARCH, _LAST)

    def _partners(self, machine: Machine, meaning: Integers, seeming: Classes) -> Ints | None:
        """``[R]`` the first register that bears a register's name, None if one is alone with it or seems another."""
        named = self.joint.partners[(meaning >> 1) - 1 - len(machine.inputs)]
        _, first, place, times = np.unique(named, return_index=True, return_inverse=True, return_counts=True)
        partners, registers = first[place], machine.registers
        same = machine.initial == machine.initial[partners]
        for column in seeming:
            same &= column[registers] == column[registers[partners]]
        return partners.astype(np.int32) if same.all() and (times == 2).all() else None

    def _ternary(self) -> tuple[Machine, Integers]:
        """The machine without registers that never change, and what its registers mean."""
        machine = self.joint.machine
        kept = constant_registers(machine)
        classes = _apart(machine)
        classes.representative[machine.registers[kept < UNKNOWN]] = 0
        classes.phase[machine.registers[kept == 1]] = True
        return self._enter(machine, np.zeros(0, np.int64), classes, 0)

    def _induct(
        self, machine: Machine, meaning: Integers, seeming: Classes, clocks: int, kind: int
    ) -> tuple[Machine, Integers]:
        """The machine after induction, and what its registers mean."""
        classes = correspond(machine, seeming, clocks, self.watch, whole=kind < _ALL)
        if classes is None:
            return machine, meaning
        self.how = f"signals correspond by induction over {clocks} clock{'s' if clocks > 1 else ''}"
        self.how += ", registers moved forward" if kind == _FORWARD else ""
        return self._enter(machine, meaning, classes, clocks)

    def _enter(self, machine: Machine, meaning: Integers, classes: Classes, clocks: int) -> tuple[Machine, Integers]:
        """Writes an invariant down; the machine that is left, and what its registers mean."""
        self.stages.append(Stage(machine, meaning, *classes, clocks))
        self.settled = not open_pairs(machine, *classes).any()
        return reduced(machine, *classes)

    def _unroll(self, machine: Machine, clocks: int, conflicts: int, seconds: float | None = None) -> None:
        watch = self.watch if seconds is None else self.watch.until(seconds)
        searched = first_difference(machine, watch, clocks=clocks, conflicts=conflicts)
        self.clocks = max(self.clocks, searched.clocks)
        self.how = f"no difference in the first {self.clocks} clocks"
        if searched.difference is not None:
            self.difference, self.how = searched.difference, "unrolling"


def _apart(machine: Machine) -> Classes:
    """Every node for itself."""
    return Classes(np.arange(machine.nodes, dtype=np.int32), np.zeros(machine.nodes, np.bool_))
