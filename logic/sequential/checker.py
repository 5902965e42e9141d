"""The independent check of a certificate: it shares the types and the SAT solver with the search, and no algorithm.

Each stage must follow from the one before, the first from the circuits; each invariant must hold at first and pass on
from clock to clock; and in the last machine no pair may be left open. Whoever refuses says why.
"""

import numpy as np
from numpy.typing import NDArray

from ..circuit import Circuit
from .checked_graph import ASKED, ASSUMED, PLAIN, CheckedGraph
from .machine import Machine
from .stages import Certificate, Stage
from .ternary_check import wrong_constants

Integers = NDArray[np.int64]
Bits = NDArray[np.bool_]


def refusal(
    impl: Circuit, spec: Circuit, certificate: Certificate, deadline: float | None = None, *, complete: bool = True
) -> str:
    """Why a certificate does not show that two circuits agree for ever; nothing if it does.

    Args:
        impl: One circuit; its inputs and outputs bear the names of the other's.
        spec: The other; its one-hot groups are promised of the inputs.
        certificate: Of the search.
        deadline: ``logic.kernels.work_time()`` value at which to stop, or None.
        complete: Whether the last stage must leave no pair open; if it may, they agree if those pairs do.

    Raises:
        OutOfTimeError: if the deadline passes.
    """
    stages = certificate.stages
    if not stages:
        return "there is no stage"
    for number, stage in enumerate(stages):
        reason = _malformed(stage)
        if not reason:
            reason = _unfounded(stages[number - 1], stage, deadline) if number else ""
            reason = reason or ("" if number else _foreign(impl, spec, certificate, deadline))
            reason = reason or _unproved(stage, deadline)
        if reason:
            return f"stage {number}: {reason}"
    if complete and _open(stages[-1]).any():
        return "a pair is left open"
    return ""


def _malformed(stage: Stage) -> str:
    """What is wrong with the form of a stage."""
    machine, heads, phase = stage.machine, stage.representative, stage.phase
    nodes, inputs, registers = len(machine.first), len(machine.inputs), len(machine.registers)
    sources = 1 + inputs + registers
    numbers = np.arange(nodes)
    if len(machine.second) != nodes or len(heads) != nodes or len(phase) != nodes or nodes < sources:
        return "arrays disagree in length"
    if len(machine.following) != registers or len(machine.initial) != registers:
        return "registers disagree in number"
    listed = np.concatenate([[0], machine.inputs, machine.registers])
    if not np.array_equal(listed, numbers[:sources]):
        return "inputs and registers do not come first"
    for side in (machine.first, machine.second):
        if (side[sources:] < 0).any() or (side[sources:] >> 1 >= numbers[sources:]).any():
            return "a conjunction reads what comes later"
    ends = np.concatenate([machine.following, machine.pairs.reshape(-1)])
    if len(ends) and (ends.min() < 0 or ends.max() >= 2 * nodes):
        return "a literal is of no node"
    if (machine.initial < 0).any() or stage.clocks < 0:
        return "a number is negative"
    if (heads < 0).any() or (heads > numbers).any() or (heads[heads] != heads).any():
        return "a representative is not the first of its class"
    if (heads[: 1 + inputs] != numbers[: 1 + inputs]).any():
        return "an input is in the class of another node"
    return ""


def _open(stage: Stage) -> Bits:
    """``[P]`` whether the invariant leaves a pair open."""
    heads, phase, pairs = stage.representative, stage.phase, stage.machine.pairs
    flips = (phase[pairs >> 1] != phase[heads[pairs >> 1]]) ^ (pairs & 1).astype(np.bool_)
    return (heads[pairs[:, 0] >> 1] != heads[pairs[:, 1] >> 1]) | (flips[:, 0] != flips[:, 1])


class _Written:
    """A machine and its classes in the graph's terms."""

    def __init__(self, stage: Stage) -> None:
        machine = stage.machine
        self.machine = machine
        self.sides = machine.first.astype(np.int64), machine.second.astype(np.int64)
        self.heads, self.phase = stage.representative.astype(np.int64), stage.phase

    def images(self, graph: CheckedGraph, inputs: Integers, registers: Integers, mode: int) -> Integers | None:
        """Literals of all nodes."""
        sources = np.concatenate([[0], inputs, registers])
        return graph.machine(self.sides, sources, self.heads, self.phase, mode)


def _at(images: Integers, literals: NDArray[np.integer]) -> Integers:
    return images[literals >> 1] ^ (literals & 1)


def _foreign(impl: Circuit, spec: Circuit, certificate: Certificate, deadline: float | None) -> str:
    """Why the first machine is not that of the two circuits."""
    stage = certificate.stages[0]
    machine, inputs = stage.machine, certificate.inputs
    circuits = impl, spec
    count = sum(len(circuit.register_names) for circuit in circuits)
    if len(machine.registers) != count or len(machine.pairs) != len(spec.outputs) or len(inputs) != len(spec.inputs):
        return "it is not the machine of these circuits"
    if len(inputs) and (inputs.min() < 0 or inputs.max() >= 2 * machine.nodes):
        return "an input is no literal of it"
    graph = CheckedGraph(_room(machine) + 2 * sum(_size(circuit) for circuit in circuits), deadline)
    try:
        own, registers = graph.variables(len(machine.inputs)), graph.variables(count)
        images = _Written(stage).images(graph, own, registers, PLAIN)
        if images is None:
            return "it cannot be written"
        given = _at(images, inputs)
        if reason := _narrow(graph, given, own, spec):
            return reason
        by_name = dict(zip(spec.inputs, given.tolist(), strict=True))
        begin = 0
        outputs: list[dict[str, int]] = []
        for circuit in circuits:
            state = registers[begin : begin + len(circuit.register_names)]
            wires = graph.circuit(circuit, np.array([*(by_name[name] for name in circuit.inputs), *state], np.int64))
            following = _at(images, machine.following[begin : begin + len(state)])
            for one, other in zip(_at(wires, circuit.register_next).tolist(), following.tolist(), strict=True):
                if not graph.same(one, other):
                    return "a register takes another next value"
            outputs.append(dict(zip(circuit.output_names, _at(wires, circuit.outputs).tolist(), strict=True)))
            begin += len(state)
        for name, pair in zip(spec.output_names, _at(images, machine.pairs).tolist(), strict=True):
            if not all(graph.same(side[name], literal) for side, literal in zip(outputs, pair, strict=True)):
                return f"a pair is not output {name!r}"
        return _other_start(impl, spec, machine)
    finally:
        graph.close()


def _narrow(graph: CheckedGraph, given: Integers, own: Integers, spec: Circuit) -> str:
    """Why the inputs do not range over all vectors that the one-hot groups allow."""
    free = set(own.tolist())
    grouped = {position for group in spec.one_hot for position in group}
    plain = [int(given[position]) for position in range(len(given)) if position not in grouped]
    if len(set(plain)) < len(plain) or not free.issuperset(plain):
        return "two inputs are not free of each other"
    taken = set(plain)
    for group in spec.one_hot:
        literals = [int(given[position]) for position in group]
        below = graph.support(literals)
        if below & taken:
            return "two groups of inputs are not free of each other"
        taken |= below
        for chosen in range(len(literals)):
            asked = [literal ^ int(at != chosen) for at, literal in enumerate(literals)]
            if not graph.true_together(asked):
                return "a group of inputs misses a value"
    return ""


def _other_start(impl: Circuit, spec: Circuit, machine: Machine) -> str:
    """Why the first values are not those of the circuits; open ones that bear one name may be one."""
    names = [(side, name) for side, circuit in enumerate((impl, spec)) for name in circuit.register_names]
    values = np.concatenate([impl.register_initial, spec.register_initial]).tolist()
    holders: dict[int, list[tuple[int, str]]] = {}
    for named, value, initial in zip(names, values, machine.initial.tolist(), strict=True):
        if value >= 0 and initial != value:
            return f"register {named[1]!r} starts otherwise"
        if value < 0:
            if initial < 2 or initial & 1:
                return f"the first value of register {named[1]!r} is open"
            holders.setdefault(initial, []).append(named)
    for group in holders.values():
        if len(group) > 2 or len({name for _, name in group}) > 1 or len({side for side, _ in group}) < len(group):
            return "registers that may start differently start alike"
    return ""


def _unfounded(before: Stage, stage: Stage, deadline: float | None) -> str:
    """Why a machine is not the one before, seen otherwise."""
    old, new, meaning = before.machine, stage.machine, stage.meaning
    pairs = old.pairs[_open(before)]
    if len(meaning) != len(new.registers) or len(pairs) != len(new.pairs) or len(old.inputs) != len(new.inputs):
        return "registers, pairs or inputs disagree in number"
    if len(meaning) and (meaning.min() < 0 or meaning.max() >= 2 * old.nodes):
        return "a register means no literal of the machine before"
    graph = CheckedGraph(3 * _room(old) + old.opened + _room(new), deadline)
    try:
        inputs, registers = graph.variables(len(old.inputs)), graph.variables(len(old.registers))
        written = _Written(before)
        images = written.images(graph, inputs, registers, ASSUMED)
        if images is None:
            return "the machine before cannot be written"
        after = graph.pushed(written.sides, len(inputs), _at(images, old.following))
        opened = np.concatenate([[0], graph.variables(old.opened)])
        start = graph.pushed(written.sides, len(inputs), opened[old.initial >> 1] ^ (old.initial & 1))
        if (after[meaning >> 1] < 0).any():
            return "a register means what depends on inputs"
        others = _Written(stage).images(graph, inputs, _at(images, meaning), PLAIN)
        if others is None:
            return "it cannot be written"
        for one, other in zip(_at(others, new.following).tolist(), _at(after, meaning).tolist(), strict=True):
            if not graph.same(one, other):
                return "a register takes another next value"
        for one, other in zip(_at(others, new.pairs).flat, _at(images, pairs).flat, strict=True):
            if not graph.same(int(one), int(other)):
                return "a pair is another"
    finally:
        graph.close()
    values: dict[int, int] = {}
    for initial, value in zip(new.initial.tolist(), _at(start, meaning).tolist(), strict=True):
        told = initial if initial < 2 else values.setdefault(initial >> 1, value ^ (initial & 1)) ^ (initial & 1)
        if told != value:
            return "a register starts otherwise"
    return ""


def _unproved(stage: Stage, deadline: float | None) -> str:
    """Why the classes are not an invariant."""
    machine, clocks = stage.machine, stage.clocks
    if np.array_equal(stage.representative, np.arange(machine.nodes)):
        return ""
    if clocks == 0:
        return wrong_constants(stage)
    written = _Written(stage)
    for step in (False, True):
        graph = CheckedGraph((clocks + step) * _room(machine) + machine.opened, deadline)
        try:
            registers = np.full(len(machine.registers), -1, np.int64)
            if step:  # a register in the class of another node is what that is
                alone = stage.representative[machine.registers] == machine.registers
                registers[alone] = graph.variables(int(alone.sum()))
            else:
                opened = np.concatenate([[0], graph.variables(machine.opened)])
                registers = opened[machine.initial >> 1] ^ (machine.initial & 1)
            for clock in range(clocks + step):
                mode = ASSUMED if step and clock < clocks else ASKED
                images = written.images(graph, graph.variables(len(machine.inputs)), registers, mode)
                if images is None:
                    return f"a class is wrong {f'after {clocks} clocks in which it is right' if step else 'at first'}"
                registers = _at(images, machine.following)
        finally:
            graph.close()
    return ""


def _size(circuit: Circuit) -> int:
    """Conjunctions that a circuit may take."""
    widths = np.diff(circuit.offsets)
    return int(3 * widths.sum() + (2 * widths * widths)[circuit.kinds == 3].sum()) + circuit.wires + 1


def _room(machine: Machine) -> int:
    return machine.nodes + len(machine.registers) + 2
