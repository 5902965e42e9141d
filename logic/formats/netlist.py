"""Named definitions in the order of a file, put into the order of a circuit.

In the literature: a topological sort; cycles are combinational loops.
"""

import warnings
from array import array
from collections.abc import Iterable, Sequence, Sized

import numpy as np
from numpy.typing import NDArray

from ..circuit import Circuit, Clock, Integers
from ..errors import FormatWarning
from ..kernels import kernel
from .naming import fresh_name
from .source import Source

ALIAS = -1  # the kind of a definition that makes no gate: another name of a literal
_SOURCE = -2  # inputs and registers
_UNDEFINED = -3


@kernel()
def order_definitions(starts: Integers, wires: Integers, definition: Integers) -> tuple[Integers, int]:
    """Definitions in an order in which each comes after those it reads; file order where that already holds.

    Args:
        starts: ``[D + 1]``; definition ``d`` reads ``wires[starts[d]:starts[d + 1]]``.
        wires: The wires read.
        definition: ``[W]``, the definition of each wire, below 0 for wires that need none.

    Returns:
        The order ``[D]`` and -1, or definitions of which the last ones form a cycle, and the first of that cycle.
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
                return stack[:depth], int(read)
            state[read] = 1
            stack[depth] = read
            depth += 1
    return order, -1


@kernel()
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


def _more(wires: Sized) -> str:
    return f" (and {len(wires) - 1} more)" if len(wires) > 1 else ""


class Netlist:
    """Collects what a file defines, in any order, and builds the circuit.

    A literal is ``2 * wire + complement`` with wires numbered as they are first named; wire 0 is constant false.

    Args:
        source: The file.
        declares_clocks: Whether a net without a driver can be no clock, as the language declares all that come from
            outside.
    """

    def __init__(self, source: Source, declares_clocks: bool = False) -> None:
        self.source, self._declares_clocks = source, declares_clocks
        self._wires: dict[str, int] = {}
        self._count = 1
        self._inputs: list[int] = []
        self._free: set[int] = set()
        self._outputs: dict[str, tuple[int, int]] = {}
        self._registers: list[tuple[int, int, int, int]] = []
        self._clocks: dict[tuple[int | None, bool], tuple[int, str]] = {}
        self._source_lines: dict[int, int] = {}
        self._heads, self._kinds, self._lines = array("q"), array("q"), array("q")
        self._starts, self._operands = array("q", [0]), array("q")

    def knows(self, name: str) -> bool:
        """Whether a wire of that name has been spoken of."""
        return name in self._wires

    def fresh_name(self, name: str) -> str:
        """``name``, with underscores after it until no wire's name begins so."""
        return fresh_name(name, self._wires)

    @property
    def definitions(self) -> int:
        """How many wires have been defined by now."""
        return len(self._heads)

    def aliases(self) -> dict[int, int]:
        """The literals that wires are other names of, of all that has been defined by now, if all of it is such."""
        if any(kind != ALIAS for kind in self._kinds):
            return {}
        return dict(zip(self._heads, self._operands, strict=True))

    def driven(self, names: Iterable[str]) -> set[str]:
        """Those of the wires that a gate drives, by what has been defined by now."""
        heads = {*self._heads}
        return {name for name in names if self._wires.get(name) in heads}

    def literal(self, name: str) -> int:
        """The literal of a named wire, defined already or not."""
        wire = self._wires.get(name)
        if wire is None:
            wire = self._wires[name] = self._count
            self._count += 1
        return 2 * wire

    def add_input(self, name: str, line: int, free: bool = False) -> None:
        """Declares an input; a free one stands for a value that is undefined."""
        self._inputs.append(self._add_source(name, line))
        if free:
            self._free.add(self._inputs[-1])

    def add_output(self, name: str, line: int) -> None:
        """Declares an output: a wire of its own name; one that is declared again is the same."""
        if name in self._outputs:
            self.warn(f"the output {name!r} is declared a second time; it is read once", line)
        else:
            self._outputs[name] = self.literal(name), line

    def add_register(self, name: str, following: int, initial: int, line: int) -> None:
        """Declares a register that takes the literal ``following`` at each clock; ``initial`` is 0, 1 or -1."""
        self._registers.append((self._add_source(name, line), following, initial, line))

    def add_clock(self, literal: int | None, rising: bool, line: int, register: str = "") -> None:
        """Says that a register waits for an edge of a wire, which must come from outside by whatever names, or of none.

        All registers must wait for the same edge; :meth:`build` looks.
        """
        self._clocks.setdefault((literal, rising), (line, register))

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

        A wire that is read but never driven becomes an input if an output or a register depends on it, as it may have
        either value; a :class:`FormatWarning` names it.

        Raises:
            FormatError: if a wire is defined twice, gates form a cycle, or the clock is not one edge of one net from
                outside that carries no data.
        """
        definition = self._definitions(self._array(self._heads))
        clock = self._find_clock(definition)
        if clock is not None:
            self._leave_clock_out(definition, clock[0])
        self._add_undriven(definition, clock)
        heads, kinds, operands = (self._array(values) for values in (self._heads, self._kinds, self._operands))
        starts = self._array(self._starts)
        order, cyclic = order_definitions(starts, operands >> 1, definition)
        if cyclic >= 0:
            cycle = order[int(np.flatnonzero(order == cyclic)[0]) :].tolist()
            named = {*self._wires.values()}
            shown = next((d for d in cycle if int(heads[d]) in named), cyclic)
            problem = f"{self._name(int(heads[shown]))} depends on itself; break the cycle by a register"
            raise self.source.error(problem, self._lines[shown])
        image = np.zeros(self._count, dtype=np.int64)
        sources = [*self._inputs, *(register[0] for register in self._registers)]
        image[sources] = 2 * np.arange(1, len(sources) + 1)
        gate_kinds, offsets, literals = _renumber(order, kinds, heads, starts, operands, image, len(sources) + 1)
        name_of = {wire: name for name, wire in self._wires.items() if definition[wire] == _SOURCE}
        following = np.array([register[1] for register in self._registers], dtype=np.int64)
        ends = np.array([literal for literal, _ in self._outputs.values()], dtype=np.int64)
        return Circuit(
            inputs=tuple(name_of[wire] for wire in self._inputs),
            kinds=gate_kinds,
            offsets=offsets,
            literals=literals,
            outputs=image[ends >> 1] ^ (ends & 1),
            output_names=tuple(self._outputs),
            register_next=image[following >> 1] ^ (following & 1),
            register_initial=np.array([register[2] for register in self._registers], dtype=np.int64),
            register_names=tuple(name_of[register[0]] for register in self._registers),
            clock=Clock(self._wire_name(clock[0]), clock[1]) if clock and self._registers else None,
            free_inputs=tuple(name_of[wire] for wire in self._inputs if wire in self._free),
        )

    @staticmethod
    def _array(values: "array[int]") -> Integers:
        return np.array(values, dtype=np.int64)

    def warn(self, problem: str, line: int) -> None:
        """Tells that the text is read otherwise than its words stand there."""
        warnings.warn(str(self.source.error(problem, line)), FormatWarning, stacklevel=2)

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
        return definition

    def _find_clock(self, definition: Integers) -> tuple[int, bool] | None:
        """The wire and edge that all registers wait for; the wire leaves the inputs."""
        found: tuple[int, bool] | None = None
        earlier = ""
        for (literal, rising), (line, register) in self._clocks.items():
            register = repr(register) if register else "a register"
            if literal is None:
                if len(self._clocks) > 1:
                    problem = f"{register} names no clock, others do; give all of them the same"
                    raise self.source.error(problem, line)
                return None
            literal ^= not rising
            given = self._name(literal >> 1)
            literal = self._root(literal, definition)
            at = int(definition[literal >> 1])
            outside = literal >> 1 in self._inputs or (at == _UNDEFINED and not self._declares_clocks)
            if not outside:
                kind = "logic" if at >= 0 else "nothing" if at == _UNDEFINED else "a register or a constant"
                raise self.source.error(
                    f"the clock {given} of {register} is driven by {kind}; a gated or divided clock cannot be "
                    "expressed, use an input as the clock and give the register an enable in its logic",
                    line,
                )
            edge = literal >> 1, not literal & 1
            if found is not None and edge != found:
                first, second = (Clock(self._wire_name(wire), rises) for wire, rises in (found, edge))
                raise self.source.error(
                    f"{register} waits for {second}, {earlier} for {first}; all registers of a circuit share one "
                    "clock and one edge, split the circuit",
                    line,
                )
            found, earlier = edge, register
        if found is not None and found[0] in self._inputs:
            self._inputs.remove(found[0])
        return found

    def _root(self, literal: int, definition: Integers) -> int:
        """The literal that a literal is another name of."""
        while (at := int(definition[literal >> 1])) >= 0 and self._kinds[at] == ALIAS:
            literal = self._operands[self._starts[at]] ^ (literal & 1)
        return literal

    def _leave_clock_out(self, definition: Integers, clock: int) -> None:
        """Leaves out outputs that are the clock itself, which is no function of a step's inputs."""
        for name, (literal, line) in list(self._outputs.items()):
            if self._root(literal, definition) == 2 * clock:
                del self._outputs[name]
                self.warn(f"the output {name!r} is the clock itself; it is left out", line)

    def _add_undriven(self, definition: Integers, clock: tuple[int, bool] | None) -> None:
        """Makes inputs of wires without a driver; definitions that nothing depends on are left out if they read any."""
        operands, starts = self._array(self._operands) >> 1, self._array(self._starts)
        ends = [(literal >> 1, line) for literal, line in self._outputs.values()]
        ends += [(following >> 1, line) for _, following, _, line in self._registers]
        outside = definition == _UNDEFINED
        if clock is not None:
            outside[clock[0]] = True
        if not outside[operands].any() and not any(outside[wire] for wire, _ in ends):
            return
        read: dict[int, int] = {}  # the wires without a driver that matter, with the line that reads them
        live = np.zeros(len(starts) - 1, dtype=np.bool_)
        waiting = ends
        while waiting:
            wire, line = waiting.pop()
            at = int(definition[wire])
            if at >= 0 and not live[at]:
                live[at] = True
                waiting += [(other, self._lines[at]) for other in operands[starts[at] : starts[at + 1]].tolist()]
            elif outside[wire]:
                known = read.get(wire, line)
                read[wire] = min(line, known) or max(line, known)  # some languages have no line for a name: 0
        if clock is not None and clock[0] in read:
            problem = (
                f"the clock {self._name(clock[0])} is read as data; a step of a circuit is one edge, before which it "
                "has one value and after which the other; read another signal"
            )
            raise self.source.error(problem, read[clock[0]])
        zero = self.source.undriven == "zero"
        if read:
            first = min(read, key=lambda wire: (read[wire], wire))
            becomes = "is 0, as was asked" if zero else "becomes an input, as it may have either value"
            told = f"{self._name(first)}{_more(read)} is read but never driven; it {becomes}"
            self.warn(told, read[first])
        if zero:
            for wire, line in read.items():
                self.define(2 * wire, ALIAS, (0,), line)
            live = np.concatenate([live, np.ones(len(read), dtype=np.bool_)])
        else:
            self._inputs += sorted(read)
            self._free.update(read)
            definition[list(read)] = _SOURCE
        self._keep(live, definition)

    def _keep(self, live: NDArray[np.bool_], definition: Integers) -> None:
        """Leaves out the definitions that no output or register depends on."""
        starts, operands = self._array(self._starts), self._array(self._operands)
        widths = np.diff(starts)
        kept = np.repeat(live, widths)
        lost = np.flatnonzero(~kept & (definition[operands >> 1] == _UNDEFINED))
        if len(lost):
            wires, line = operands[lost] >> 1, self._lines[int(np.searchsorted(starts, lost[0], side="right")) - 1]
            more = _more(np.unique(wires))
            self.warn(f"{self._name(int(wires[0]))}{more} is read but never driven; nothing depends on it", line)
        self._operands = array("q", operands[kept].tolist())
        self._starts = array("q", [0, *np.cumsum(widths[live]).tolist()])
        self._heads, self._kinds, self._lines = (
            array("q", self._array(values)[live].tolist()) for values in (self._heads, self._kinds, self._lines)
        )
        definition[definition >= 0] = _UNDEFINED
        definition[self._array(self._heads)] = np.arange(len(self._heads))

    def _wire_name(self, wire: int) -> str:
        return next((name for name, known in self._wires.items() if known == wire), "")

    def _name(self, wire: int) -> str:
        return repr(self._wire_name(wire)) if self._wire_name(wire) else "an unnamed wire"
