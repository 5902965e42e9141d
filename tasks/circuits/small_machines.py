"""A judge of its own: a plain reader of binary AIGER, and whether two such machines are one, asked of a SAT solver.

It shares nothing with the readers and provers that it judges.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pysat.solvers import Solver


@dataclass(frozen=True)
class Machine:
    """An and-inverter graph with registers, by names.

    Args:
        inputs: Literal of each.
        registers: Own literal, next state and first value (None: open) of each.
        outputs: Literal of each, properties included.
        ands: Head and two operands.
    """

    inputs: dict[str, int]
    registers: dict[str, tuple[int, int, int | None]]
    outputs: dict[str, int]
    ands: tuple[tuple[int, int, int], ...]


def read_machine(file: Path) -> Machine:
    """A binary AIGER file; bad states are outputs, as which some tools write them, and constraints are left out."""
    data = file.read_bytes()
    head, _, rest = data.partition(b"\n")
    counts = [int(word) for word in head.split()[1:]]
    _, inputs, latches, outputs, ands, *more = [*counts, *[0] * (9 - len(counts))]
    states: list[list[int]] = []
    ends: list[int] = []
    for _ in range(latches):
        line, _, rest = rest.partition(b"\n")
        states.append([int(word) for word in line.split()])
    for _ in range(outputs + sum(more[:2])):
        line, _, rest = rest.partition(b"\n")
        ends.append(int(line))
    code, at = rest, 0

    def number() -> int:
        nonlocal at
        value, shift = 0, 0
        while True:
            byte = code[at]
            at += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    gates: list[tuple[int, int, int]] = []
    for gate in range(ands):
        own = 2 * (1 + inputs + latches + gate)
        first = own - number()
        gates.append((own, first, first - number()))
    names: dict[str, str] = {}
    for line in code[at:].split(b"\n"):
        letter, _, name = line.decode("latin-1").partition(" ")
        if letter == "c":
            break
        names[letter] = name
    state: dict[str, tuple[int, int, int | None]] = {}
    for index, (following, *first) in enumerate(states):
        own = 2 * (1 + inputs + index)
        reset = first[0] if first else 0
        state[names.get(f"l{index}", f"l{index}")] = own, following, reset if reset < 2 else None
    labels = [f"o{index}" for index in range(outputs)] + [f"b{index}" for index in range(more[0])]
    return Machine(
        {names.get(f"i{index}", f"i{index}"): 2 * (1 + index) for index in range(inputs)},
        state,
        {names.get(label, label): end for label, end in zip(labels, ends, strict=False)},
        tuple(gates),
    )


def called_alike(theirs: Machine, ours: Machine) -> Machine:
    """The machine with our names: yosys marks escaped ones and writes all names of a wire one after the other.

    What bears none of our names is called by its place, as are wires that a file does not name.
    """

    def names(table: Sequence[str], known: Sequence[str]) -> Iterator[str]:
        words = [[word.removeprefix("\\") for word in (name, *name.split(" "))] for name in table]
        bare = {name.removeprefix("\\"): name for name in known} | {name: name for name in known}
        found = [next((bare[word] for word in row if word in bare), None) for row in words]
        for at, (name, called) in enumerate(zip(table, found, strict=True)):
            free = len(table) == len(known) and known[at] not in found
            yield called or (known[at] if free else name)

    return Machine(
        dict(zip(names([*theirs.inputs], [*ours.inputs]), theirs.inputs.values(), strict=True)),
        dict(zip(names([*theirs.registers], [*ours.registers]), theirs.registers.values(), strict=True)),
        dict(zip(names([*theirs.outputs], [*ours.outputs]), theirs.outputs.values(), strict=True)),
        theirs.ands,
    )


def matched(ours: Machine, theirs: Machine) -> str | tuple[Machine, Machine]:
    """The two as functions with the same inputs and outputs in the same order, or in what they differ already.

    Registers become inputs and their next states outputs. Registers that no output depends on, and inputs that nothing
    reads (as a clock's), may be missing on either side.
    """
    theirs = called_alike(theirs, ours)
    if ours.outputs.keys() != theirs.outputs.keys():
        return f"outputs {sorted(ours.outputs)} and {sorted(theirs.outputs)}"
    live = [live_wires(machine) for machine in (ours, theirs)]
    inputs, registers = (
        [
            {name for name, literal in table(machine) if literal in seen}
            for machine, seen in zip((ours, theirs), live, strict=True)
        ]
        for table in (_inputs, _registers)
    )
    seen = sorted(registers[0] | registers[1])  # an output may depend on one in its text, and not in simpler gates
    if not (set(seen) <= ours.registers.keys() and set(seen) <= theirs.registers.keys()):
        return f"registers {sorted(registers[0])} and {sorted(registers[1])}"
    if not (inputs[0] <= theirs.inputs.keys() and inputs[1] <= ours.inputs.keys()):
        return f"inputs {sorted(inputs[0])} and {sorted(inputs[1])}"
    for name in seen:
        if ours.registers[name][2] != theirs.registers[name][2]:
            return f"first value of {name}: {ours.registers[name][2]} and {theirs.registers[name][2]}"
    names = [name for name in ours.inputs if name in theirs.inputs]
    return _function(ours, names, seen), _function(theirs, names, seen, [*ours.outputs])


def _function(machine: Machine, inputs: list[str], registers: list[str], outputs: list[str] | None = None) -> Machine:
    states = {f"now {name}": machine.registers[name][0] for name in registers}
    following = {f"next {name}": machine.registers[name][1] for name in registers}
    ends = {name: machine.outputs[name] for name in outputs or machine.outputs}
    return Machine({name: machine.inputs[name] for name in inputs} | states, {}, ends | following, machine.ands)


def difference(ours: Machine, theirs: Machine) -> str:
    """In what two machines differ, matched as by :func:`matched`, or nothing; small ones only."""
    pair = matched(ours, theirs)
    if isinstance(pair, str):
        return pair
    shift = 1 + max((literal >> 1 for machine in pair for literal in _all(machine)), default=0)

    def variable(literal: int, side: int) -> int:
        sign = -1 if literal & 1 else 1
        return sign * ((literal >> 1) + side * shift + 1)

    with Solver("cadical153") as solver:
        for side, machine in enumerate(pair):
            solver.add_clause([-variable(0, side)])
            for head, one, other in machine.ands:
                y, a, b = (variable(literal, side) for literal in (head, one, other))
                solver.append_formula([[-y, a], [-y, b], [y, -a, -b]])
        for one, other in zip(*(machine.inputs.values() for machine in pair), strict=True):
            a, b = variable(one, 0), variable(other, 1)
            solver.append_formula([[-a, b], [a, -b]])
        for name in pair[0].outputs:
            a, b = variable(pair[0].outputs[name], 0), variable(pair[1].outputs[name], 1)
            if solver.solve(assumptions=[a, -b]) or solver.solve(assumptions=[-a, b]):
                return f"the function of {name}"
    return ""


def write_machine(machine: Machine, file: Path) -> None:
    """A machine as binary AIGER without names, numbered anew in the order of its tables; open first values are 0."""
    sources = [*machine.inputs.values(), *(own for own, _, _ in machine.registers.values())]
    numbers = {0: 0} | {literal: 2 * (1 + at) for at, literal in enumerate(sources)}
    code = bytearray()
    for head, one, other in machine.ands:
        if head in numbers:
            continue
        numbers[head] = own = 2 * len(numbers)
        low, high = sorted(numbers.get(literal & ~1, 0) ^ (literal & 1) for literal in (one, other))
        for step in (own - high, high - low):
            left = step
            while left > 0x7F:
                code.append(left & 0x7F | 0x80)
                left >>= 7
            code.append(left)
    inputs, registers, ands = len(machine.inputs), len(machine.registers), len(numbers) - 1 - len(sources)
    ends = [numbers.get(literal & ~1, 0) ^ (literal & 1) for literal in machine.outputs.values()]
    states = [
        f"{numbers.get(following & ~1, 0) ^ (following & 1)} {first or 0}"
        for _, following, first in machine.registers.values()
    ]
    head = f"aig {len(numbers) - 1} {inputs} {registers} {len(ends)} {ands}"
    file.write_bytes("\n".join((head, *states, *map(str, ends), "")).encode() + bytes(code))


def _inputs(machine: Machine) -> Iterator[tuple[str, int]]:
    yield from machine.inputs.items()


def _registers(machine: Machine) -> Iterator[tuple[str, int]]:
    yield from ((name, own) for name, (own, _, _) in machine.registers.items())


def _all(machine: Machine) -> Iterator[int]:
    yield from machine.inputs.values()
    yield from (own for own, _, _ in machine.registers.values())
    yield from (head for head, _, _ in machine.ands)


def live_wires(machine: Machine) -> set[int]:
    """The wires, as even literals, that an output depends on, through registers too."""
    reads: dict[int, tuple[int, ...]] = {head: (one, other) for head, one, other in machine.ands}
    reads |= {own: (following,) for own, following, _ in machine.registers.values()}
    seen: set[int] = set()
    waiting = list(machine.outputs.values())
    while waiting:
        wire = waiting.pop() & ~1
        if wire not in seen:
            seen.add(wire)
            waiting += reads.get(wire, ())
    return seen
