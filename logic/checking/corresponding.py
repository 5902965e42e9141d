"""A bad output against the constant false, as two circuits: corresponding signals prove it, or leave a smaller machine.

What they leave is a transition system of its own, with the stages that lead to it; a proof of that is a proof of the
whole once the stages are checked.
"""

from typing import NamedTuple

import numpy as np

from ..circuit import Circuit, Gate, Integers
from ..evaluation import Bits
from ..roles import Role
from ..sequential.checker import refusal
from ..sequential.deciding import Decision, decide
from ..sequential.machine import Machine
from ..sequential.reduction import reduced
from ..sequential.stages import Certificate, Stage
from ..sequential.walks import Walk
from ..watch import Watch
from .trace import Trace
from .transition_system import TransitionSystem

_CLOCKS = 0  # of unrolling, which is done elsewhere


class Corresponded(NamedTuple):
    """What corresponding signals made of a property.

    Args:
        sides: The circuit with one output, and the constant false.
        decision: Of these two.
        left: What is still to be proved, if anything, and can be.
        certificate: That nothing is left, or that ``left`` is.
    """

    sides: tuple[Circuit, Circuit]
    decision: Decision
    left: TransitionSystem | None
    certificate: Certificate | None

    def trace(self, found: Trace | None = None) -> tuple[Bits, dict[str, bool]]:
        """The inputs ``[T, I]`` and open first values of a way to bad, that of the decision or one in what is left."""
        decision = self.decision
        if found is not None:
            decision = decision._replace(difference=Walk(found.inputs, np.zeros(0, np.bool_)))
        return decision.stream()

    def refused(self, deadline: float | None) -> str:
        """What is wrong with the certificate, or nothing."""
        if self.certificate is None:
            return "there is none"
        return refusal(*self.sides, self.certificate, deadline, complete=self.left is None)


def correspond_with_false(circuit: Circuit, bad: int, watch: Watch) -> Corresponded:
    """Looks for corresponding signals that keep a bad output false while all constraints have held."""
    sides = _folded(circuit, bad)
    decision = decide(*sides, watch, _CLOCKS)
    if decision.certificate is not None or decision.difference is not None:
        return Corresponded(sides, decision, None, decision.certificate)
    smallest: tuple[Stage, ...] | None = None
    for count, last in enumerate(decision.stages, start=1):
        machine, meaning = reduced(last.machine, last.representative, last.phase)
        if len(machine.pairs) != 1 or machine.pairs[0, 1] > 1 or machine.opened:
            continue
        if smallest is None or _size(machine) < _size(smallest[-1].machine):
            alone = np.arange(machine.nodes, dtype=np.int32), np.zeros(machine.nodes, np.bool_)
            smallest = (*decision.stages[:count], Stage(machine, meaning, *alone, 1))
    if smallest is None:
        return Corresponded(sides, decision, None, None)
    return Corresponded(sides, decision, _system(smallest[-1]), Certificate(decision.joint.inputs, smallest))


def _size(machine: Machine) -> tuple[int, int]:
    return len(machine.registers), machine.nodes


def as_circuit(system: TransitionSystem) -> Circuit:
    """A system without constraints as a circuit with one bad output."""
    return Circuit(
        inputs=tuple(f"i{at}" for at in range(len(system.inputs))),
        kinds=np.zeros(len(system.pairs), np.int64),
        offsets=2 * np.arange(len(system.pairs) + 1),
        literals=system.pairs.reshape(-1),
        outputs=np.array([system.bad]),
        output_names=("bad",),
        register_next=system.following,
        register_initial=system.initial,
        register_names=tuple(f"r{at}" for at in range(len(system.registers))),
        roles=(Role.BAD,),
    )


def _system(stage: Stage) -> TransitionSystem:
    """The last machine; inputs and registers are its own."""
    machine = stage.machine
    first = 1 + len(machine.inputs) + len(machine.registers)
    return TransitionSystem(
        inputs=np.arange(len(machine.inputs)),
        registers=np.arange(len(machine.registers)),
        pairs=np.stack([machine.first[first:], machine.second[first:]], axis=1).astype(np.int64),
        following=machine.following.astype(np.int64),
        initial=machine.initial.astype(np.int64),
        bad=int(machine.pairs[0, 0]) ^ int(machine.pairs[0, 1]),
        constraints=np.zeros(0, np.int64),
    )


def _folded(circuit: Circuit, bad: int) -> tuple[Circuit, Circuit]:
    """The bad output alone, true only if all constraints hold and have held, which a register tells; and never true."""
    constraints = [at for at, role in enumerate(circuit.roles) if role is Role.CONSTRAINT]
    held = 2 * circuit.first_gate  # the new register stands last, where the first gate was

    def moved(literals: Integers) -> Integers:
        return literals + 2 * (literals >= held)

    good = 2 * (circuit.wires + 1)  # the first gate that is added
    rows = [[held, *moved(circuit.outputs[constraints]).tolist()], [good, *moved(circuit.outputs[[bad]]).tolist()]]
    name = "constraints held"
    while name in (*circuit.inputs, *circuit.register_names):
        name += "'"
    folded = Circuit(
        inputs=circuit.inputs,
        kinds=np.append(circuit.kinds, [int(Gate.AND)] * len(rows)),
        offsets=np.append(circuit.offsets, circuit.offsets[-1] + np.cumsum([len(row) for row in rows])),
        literals=np.concatenate([moved(circuit.literals), *map(np.array, rows)]),
        outputs=np.array([good + 2]),
        output_names=("bad",),
        one_hot=circuit.one_hot,
        register_next=np.append(moved(circuit.register_next), good),
        register_initial=np.append(circuit.register_initial, 1),
        register_names=(*circuit.register_names, name),
    )
    nothing = np.zeros(0, np.int64)
    zero = np.zeros(1, np.int64)
    return folded, Circuit(circuit.inputs, nothing, zero, nothing, zero, ("bad",), circuit.one_hot)
