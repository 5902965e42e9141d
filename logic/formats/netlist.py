"""Named definitions in the order of a file, put into the order of a circuit."""

from array import array
from collections.abc import Sequence

import numpy as np
from numba import njit

from ..circuit import Circuit, Integers
from .source import Source

ALIAS = -1  # the kind of a definition that makes no gate: another name of a literal
_SOURCE = -2  # inputs and registers
_UNDEFINED = -3


@njit(cache=True)
def order_definitions(starts: Integers, wires: Integers, definition: Integers) -> tuple[Integers, int]:
    """Definitions in an order in which each comes after those it reads; file order where that already holds.

    Args:
        starts: ``[D + 1]``; definition ``d`` reads ``wires[starts[d]:starts[d + 1]]``.
        wires: The wires read.
        definition: ``[W]``, the definition of each wire, below 0 for wires that need none.

    Returns:
        The order ``[D]`` and -1, or any order and a definition that reads itself.
    """
    count = len(starts) - 1
    order = np.empty(count, dtype=np.int64)
    placed = 0
    state = np.zeros(count, dtype=np.uint8)  # 0 new, 1 open, 2 placed
    stack = np.empty(count, dtype=np.int64)
    at = starts[:-1].copy()
    for root in range(count):
        if state[root]:
            continue
        stack[0] = root
        state[root] = 1
        depth = 1
        while depth:
            top = stack[depth - 1]
            if at[top] == starts[top + 1]:
                state[top] = 2
                order[placed] = top
                placed += 1
                depth -= 1
                continue
            read = definition[wires[at[top]]]
            at[top] += 1
            if read < 0 or state[read] == 2:
                continue
            if state[read] == 1:
                return order, int(read)
            state[read] = 1
            stack[depth] = read
            depth += 1
    return order, -1


@njit(cache=True)
def _renumber(
    order: Integers, kinds: Integers, heads: Integers, starts: Integers, operands: Integers, image: Integers, wire: int
) -> tuple[Integers, Integers, Integers]:
    """The gates' kinds, offsets and literals over new wires; ``image`` (old wire to new literal) is filled."""
    gate_kinds, offsets, literals = np.empty_like(kinds), np.empty_like(starts), np.empty_like(operands)
    gates, edges = 0, 0
    offsets[0] = 0
    for d in order:
        if kinds[d] < 0:
            operand = operands[starts[d]]
            image[heads[d]] = image[operand >> 1] ^ (operand & 1)
            continue
        for edge in range(starts[d], starts[d + 1]):
            literals[edges] = image[operands[edge] >> 1] ^ (operands[edge] & 1)
            edges += 1
        gate_kinds[gates] = kinds[d]
        gates += 1
        offsets[gates] = edges
        image[heads[d]] = 2 * wire
        wire += 1
    return gate_kinds[:gates], offsets[: gates + 1], literals[:edges]


class Netlist:
    """Collects what a file defines, in any order, and builds the circuit.

    A literal is ``2 * wire + complement`` with wires numbered as they are first named; wire 0 is constant false.
    """

    def __init__(self, source: Source) -> None:
        self.source = source
        self._wires: dict[str, int] = {}
        self._count = 1
        self._inputs: list[int] = []
        self._outputs: list[tuple[str, int, int]] = []
        self._registers: list[tuple[int, int, int, int]] = []
        self._source_lines: dict[int, int] = {}
        self._heads, self._kinds, self._lines = array("q"), array("q"), array("q")
        self._starts, self._operands = array("q", [0]), array("q")

    def literal(self, name: str) -> int:
        """The literal of a named wire, defined already or not."""
        wire = self._wires.get(name)
        if wire is None:
            wire = self._wires[name] = self._count
            self._count += 1
        return 2 * wire

    def add_input(self, name: str, line: int) -> None:
        """Declares an input."""
        self._inputs.append(self._add_source(name, line))

    def add_output(self, name: str, line: int) -> None:
        """Declares an output: a wire of its own name."""
        self._outputs.append((name, self.literal(name), line))

    def add_register(self, name: str, following: int, initial: int, line: int) -> None:
        """Declares a register that takes the literal ``following`` at each clock; ``initial`` is 0, 1 or -1."""
        self._registers.append((self._add_source(name, line), following, initial, line))

    def define(self, head: int, kind: int, operands: Sequence[int], line: int) -> None:
        """Defines the wire of the literal ``head`` (not complemented) as a gate, or with ``ALIAS`` as a literal."""
        self._heads.append(head >> 1)
        self._kinds.append(kind)
        self._operands.extend(operands)
        self._starts.append(len(self._operands))
        self._lines.append(line)

    def add_gate(self, kind: int, operands: Sequence[int], line: int) -> int:
        """The literal of a gate without a name."""
        head = 2 * self._count
        self._count += 1
        self.define(head, kind, operands, line)
        return head

    def build(self) -> Circuit:
        """The circuit.

        Raises:
            FormatError: if a wire is defined twice or never, an output is named twice, or gates form a cycle.
        """
        heads, kinds, starts, operands = (
            (
                np.frombuffer(values, dtype=np.int64)
                for values in (self._heads, self._kinds, self._starts, self._operands)
            )
            if self._heads
            else (np.empty(0, np.int64), np.empty(0, np.int64), np.zeros(1, np.int64), np.empty(0, np.int64))
        )
        definition = self._definitions(heads)
        self._check_defined(definition, starts, operands)
        order, cyclic = order_definitions(starts, operands >> 1, definition)
        if cyclic >= 0:
            name = self._name(int(heads[cyclic]))
            raise self.source.error(f"{name} depends on itself; break the cycle by a register", self._lines[cyclic])
        image = np.zeros(self._count, dtype=np.int64)
        sources = [*self._inputs, *(register[0] for register in self._registers)]
        image[sources] = 2 * np.arange(1, len(sources) + 1)
        gate_kinds, offsets, literals = _renumber(order, kinds, heads, starts, operands, image, len(sources) + 1)
        name_of = {wire: name for name, wire in self._wires.items() if definition[wire] == _SOURCE}
        following = np.array([register[1] for register in self._registers], dtype=np.int64)
        ends = np.array([literal for _, literal, _ in self._outputs], dtype=np.int64)
        return Circuit(
            inputs=tuple(name_of[wire] for wire in self._inputs),
            kinds=gate_kinds,
            offsets=offsets,
            literals=literals,
            outputs=image[ends >> 1] ^ (ends & 1),
            output_names=tuple(name for name, _, _ in self._outputs),
            register_next=image[following >> 1] ^ (following & 1),
            register_initial=np.array([register[2] for register in self._registers], dtype=np.int64),
            register_names=tuple(name_of[register[0]] for register in self._registers),
        )

    def _add_source(self, name: str, line: int) -> int:
        wire = self.literal(name) >> 1
        if wire in self._source_lines:
            raise self.source.error(
                f"{name!r} is defined a second time, first in line {self._source_lines[wire]}", line
            )
        self._source_lines[wire] = line
        return wire

    def _definitions(self, heads: Integers) -> Integers:
        """The definition of each wire."""
        definition = np.full(self._count, _UNDEFINED, dtype=np.int64)
        definition[0] = _SOURCE
        definition[list(self._source_lines)] = _SOURCE
        clash = definition[heads] == _SOURCE
        definition[heads] = np.arange(len(heads))
        clash |= definition[heads] != np.arange(len(heads))
        if clash.any():
            name, first = self._name(int(heads[clash.argmax()])), int(clash.argmax())
            lines = [self._lines[d] for d in np.flatnonzero(heads == heads[first])]
            lines = sorted([*lines, self._source_lines.get(int(heads[first]), lines[-1])])
            raise self.source.error(f"{name} is defined a second time, first in line {lines[0]}", lines[-1])
        names = [name for name, _, _ in self._outputs]
        if len(set(names)) < len(names):
            seen: set[str] = set()
            for name, _, line in self._outputs:
                if name in seen:
                    raise self.source.error(f"the output {name!r} is named twice", line)
                seen.add(name)
        return definition

    def _check_defined(self, definition: Integers, starts: Integers, operands: Integers) -> None:
        missing = definition[operands >> 1] == _UNDEFINED
        if missing.any():
            edge = int(missing.argmax())
            line = self._lines[int(np.searchsorted(starts, edge, side="right")) - 1]
            raise self.source.error(f"{self._name(int(operands[edge]) >> 1)} is read but never defined", line)
        for _, literal, line in self._outputs:
            if definition[literal >> 1] == _UNDEFINED:
                raise self.source.error(f"the output {self._name(literal >> 1)} is never defined", line)
        for wire, literal, _, line in self._registers:
            if definition[literal >> 1] == _UNDEFINED:
                problem = f"{self._name(literal >> 1)}, which the register {self._name(wire)} takes, is never defined"
                raise self.source.error(problem, line)

    def _name(self, wire: int) -> str:
        return next((repr(name) for name, known in self._wires.items() if known == wire), "an unnamed wire")
