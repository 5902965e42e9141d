"""Hierarchical and behavioural Verilog: what yosys elaborates, as a circuit with its clock, names and assertions."""

import re
import warnings
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import NoReturn

from ...circuit import Circuit, Gate
from ...errors import FormatError, FormatWarning
from ...roles import Property, Role
from ...simplifying import simplified
from ...yosys.complaints import undeclared
from ...yosys.elaboration import Elaborated
from ...yosys.netlist_json import Bit, Cell, Net, bit_name
from ..netlist import ALIAS, Netlist
from ..source import Source
from .undefined_values import without_idle
from .verilog_cells import LATCH, REGISTER, Pin, add_register, define_gate, unlike_simulation

_COMMENT = re.compile(rb"//[^\n]*|/\*.*?\*/", re.DOTALL)
_WORD = re.compile(rb"[A-Za-z_][\w$]*")
_SILENT = ("$scopeinfo", "$print")  # say something, compute nothing
_REFUSED = {
    "$_TBUF_": "drives no value at times (z), which no gate does; use a multiplexer",
    "$tribuf": "drives no value at times (z), which no gate does; use a multiplexer",
    "$pow": "is a power whose exponent varies, which has no gates; write it as a case or a table",
}
_FLAVOURS = {
    "assert": Role.BAD,
    "assume": Role.CONSTRAINT,
    "live": Role.JUSTICE,
    "fair": Role.FAIRNESS,
}
_SHOWN = 5  # warnings of yosys that are passed on
_OWN_WARNINGS = (
    "has no driver",
    "found logic loop",
    "found and reported",
    "Resizing cell port",
    "implicitly declared",
)  # told better here


@dataclass(frozen=True)
class _Places(Source):
    """A design of several files: a line is a number of a place in one of them."""

    places: list[tuple[str, int]] = field(default_factory=list[tuple[str, int]])

    def error(self, problem: str, line: int | None = None, byte: int | None = None) -> FormatError:
        """An error at a place."""
        file, number = self.places[line or 0]
        return FormatError(f"{file}:{number}: {problem}" if number else f"{file}: {problem}")


def design_circuit(design: Elaborated, undriven: str = "free") -> Circuit:
    """The circuit of a design that yosys has made flat.

    Every register must wait for one edge of one net that comes from outside. A register with an asynchronous control
    shows the control's value at once. A net without a driver is ``undriven``, free or zero; a value that is undefined
    (``x``) is an input that may have either value. Assertions are properties, assumptions constraints.

    Raises:
        FormatError: naming file and line, for latches, several clocks or edges, ``z``, loops and double drivers.
    """
    return _Reader(design, undriven).read()


class _Reader:
    """One design on its way into a netlist."""

    def __init__(self, design: Elaborated, undriven: str) -> None:
        self.design, self.module = design, design.module
        self.places = [design.place("")]
        self.netlist = Netlist(
            _Places(self.places[0][0], b"", undriven=undriven, places=self.places), declares_clocks=True
        )
        self._lines: dict[str, int] = {}
        self._ports = dict(self._port_bits())
        self._names = self._name_bits()
        self._initials = self._first_values()
        self._undefined: list[tuple[str, int]] = []
        self._asynchronous: list[str] = []
        self._claims: list[tuple[str, str, int, int]] = []  # flavour, name, violated, line
        self._first_clock = -1
        copies = design.sources.copies
        self._has_cells = any(b"\\$_" in data or name.endswith(".json") for name, data in copies.items())

    def read(self) -> Circuit:
        """The circuit."""
        self._check_drivers()
        for port in self._ordered("input"):
            self.netlist.add_input(port, 0)
        for name, cell in self.module["cells"].items():
            self._add_cell(name, cell)
        for bit, value in self._initials.items():
            if bit not in self._driven and value in "01":  # what nothing assigns afterwards is a constant
                self.netlist.define(self._literal(bit), ALIAS, [int(value)], 0)
        for port in self._ordered("output"):
            bit = self._ports[port]
            if isinstance(bit, str) or self._names[bit] != port:
                self.netlist.define(self.netlist.literal(port), ALIAS, [self.pin(bit, 0)], 0)
            self.netlist.add_output(port, 0)
        claims = self._add_claims()
        circuit = self.netlist.build()
        self._check_declared(circuit)
        circuit = simplified(without_idle(circuit, [name for name, _ in self._undefined]))
        self._tell(circuit)
        plain = len(circuit.output_names) - len(claims)
        if not claims:
            return circuit
        roles = (*(Role.OUTPUT for _ in range(plain)), *(role for _, role in claims))
        justice = tuple(
            Property(name, role, (at,)) for at, (name, role) in enumerate(claims, start=plain) if role is Role.JUSTICE
        )
        return replace(circuit, roles=roles, justice=justice)

    # names

    def _port_bits(self) -> Iterator[tuple[str, Bit]]:
        """The bits of all ports by their names; those of one vector stand in the order of its range."""
        seen = Counter(
            bit_name(name, port, at) for name, port in self.module["ports"].items() for at in range(len(port["bits"]))
        )
        for name, port in self.module["ports"].items():
            if port["direction"] not in ("input", "output"):
                problem = f"the port {name!r} is inout, which carries no single value; split it into input and output"
                raise self.netlist.source.error(problem, self._place_of(name))
            for at in range(len(port["bits"]) - 1, -1, -1):
                own = bit_name(name, port, at)
                yield f"\\{own}" if own == name and seen[own] > 1 else own, port["bits"][at]

    def _ordered(self, direction: str) -> list[str]:
        """The names of all bits of the ports of a direction."""
        names = iter(self._ports)
        return [
            name
            for port in self.module["ports"].values()
            for name in [next(names) for _ in port["bits"]]
            if port["direction"] == direction
        ]

    def _place_of(self, net: str) -> int:
        """The line of a wire's declaration."""
        known = self.module["netnames"].get(net)
        return self._line(known["attributes"].get("src", "")) if known else 0

    def _line(self, source: str) -> int:
        """The place of a ``src`` attribute, as the netlist takes lines."""
        if source not in self._lines:
            self._lines[source] = len(self.places)
            self.places.append(self.design.place(source))
        return self._lines[source]

    def _name_bits(self) -> dict[int, str]:
        """A name for each bit: that of its port, or else the shortest that the text gives."""
        names: dict[int, str] = {}
        for name in chain(self._ordered("input"), self._ordered("output")):
            bit = self._ports[name]
            if isinstance(bit, int):
                names.setdefault(bit, name)
        taken = set(self._ports)

        def rank(item: tuple[str, Net]) -> tuple[int, int, str]:
            return item[1]["hide_name"], len(item[0]), item[0]

        for name, net in sorted(self.module["netnames"].items(), key=rank):
            for at, bit in enumerate(net["bits"]):
                if isinstance(bit, int) and bit not in names:
                    own = bit_name(name, net, at)
                    while own in taken:
                        own += "_"
                    taken.add(own)
                    names[bit] = own
        return names

    def _first_values(self) -> dict[int, str]:
        """The first values of bits, as far as the text gives any.

        Raises:
            FormatError: if two names of a bit give it different ones.
        """
        values: dict[int, str] = {}
        for name, net in self.module["netnames"].items():
            for bit, value in zip(net["bits"], reversed(net["attributes"].get("init", "")), strict=False):
                if isinstance(bit, int) and value in "01" and values.setdefault(bit, value) != value:
                    problem = f"{self._names[bit]!r} has two first values, {values[bit]} and {value}"
                    raise self.netlist.source.error(problem, self._place_of(name))
        return values

    # values

    def _literal(self, bit: int) -> int:
        name = self._names.get(bit)
        if name is None:  # no name at all: between two cells
            name = self._names[bit] = self.netlist.fresh_name(f"${bit}")
        return self.netlist.literal(name)

    def pin(self, bit: Bit, line: int) -> int:
        """The literal of a bit; an undefined one is an input of its own each time it is read.

        Raises:
            FormatError: for ``z``.
        """
        if isinstance(bit, int):
            return self._literal(bit)
        if bit in "01":
            return int(bit)
        if bit != "x":
            raise self.netlist.source.error("drives no value (z), which no gate does; use a multiplexer", line)
        name = f"$x{len(self._undefined) + 1}"
        self._undefined.append((name, line))
        self.netlist.add_input(name, line, free=True)
        return self.netlist.literal(name)

    def _check_drivers(self) -> None:
        """Refuses a bit that two cells or ports drive, and fills what is driven."""
        self._driven: set[int] = set()
        for name in self._ordered("input"):
            bit = self._ports[name]
            if bit in self._driven:
                others = [other for other in self._ordered("input") if self._ports[other] == bit]
                problem = f"the inputs {others[0]!r} and {others[1]!r} drive one net; which one does is open"
                raise self.netlist.source.error(problem, self._place_of(others[0].partition("[")[0]))
            if isinstance(bit, str):
                raise self.netlist.source.error(f"the input {name!r} is driven from inside too", 0)
            self._driven.add(bit)
        for warning in self.design.warnings:
            if "conflicting drivers" in warning:
                net = warning.rpartition("\\")[2].strip(" :")
                problem = f"{net!r} is driven twice; assign it in one block"
                raise self.netlist.source.error(problem, self._place_of(net.partition("[")[0].strip()))
        for name, cell in self.module["cells"].items():
            for bit in chain.from_iterable(self._outputs(cell)):
                if bit in self._driven or isinstance(bit, str):
                    net = self._names.get(bit, "?") if isinstance(bit, int) else bit
                    line = self._line(cell["attributes"].get("src", ""))
                    raise self.netlist.source.error(f"{net!r} is driven a second time, by {name!r}", line)
                self._driven.add(bit)

    @staticmethod
    def _outputs(cell: Cell) -> Iterator[list[Bit]]:
        """The bits that a cell drives."""
        for port in ("Y", "Q"):
            if port in cell["connections"]:
                yield cell["connections"][port]

    # cells

    def _add_cell(self, name: str, cell: Cell) -> None:
        kind, pins = cell["type"], cell["connections"]
        line = self._line(cell["attributes"].get("src", ""))
        if kind in _SILENT:
            return

        def pin(port: str) -> int:
            return self.pin(pins[port][0], line)

        if REGISTER.fullmatch(kind):
            self._check_control(kind, pins, line)
            self._add_register(kind, pins["Q"][0], pin, line)
        elif kind == "$check" or kind.removeprefix("$") in (*_FLAVOURS, "cover"):
            self._add_check(name, cell, line)
        elif kind in ("$anyseq", "$anyconst"):
            for at, bit in enumerate(pins["Y"]):
                self._add_free(name if len(pins["Y"]) == 1 else f"{name}[{at}]", bit, kind == "$anyconst", line)
        elif kind == "$initstate":
            self.netlist.define(self.pin(pins["Y"][0], line), ALIAS, [self._first()], line)
        elif "Y" not in pins or not define_gate(self.netlist, kind, self.pin(pins["Y"][0], line), pin, line):
            self._refuse(name, cell, line)

    def _check_control(self, kind: str, pins: dict[str, list[Bit]], line: int) -> None:
        """Refuses controls of a block that hardware and a simulation take otherwise; yosys' own cells are hardware."""
        problem = "" if self._has_cells else unlike_simulation(kind, isinstance(pins.get("AD", "0")[0], str))
        if problem:
            net = self._names.get(bit) if isinstance(bit := pins["Q"][0], int) else None
            raise self.netlist.source.error(f"{net!r} {problem}", line)

    def _add_register(self, kind: str, bit: Bit, pin: Pin, line: int) -> None:
        if not isinstance(bit, int):
            raise self.netlist.source.error(f"a register drives the constant {bit}", line)
        self._literal(bit)  # gives it a name if it has none
        output = self._names[bit]
        stored = self.netlist.fresh_name(f"{output}$stored")
        if len(kind.split("_")[2]) > 1:
            self._asynchronous.append(output)
        initial = {"0": 0, "1": 1}.get(self._initials.get(bit, "x"), -1)
        add_register(self.netlist, kind, (output, stored), initial, pin, line)

    def _add_free(self, name: str, bit: Bit, constant: bool, line: int) -> None:
        """An output that may be anything, once for all clocks or anew at each."""
        head = self.pin(bit, line)
        if constant:
            own = self._names[bit] if isinstance(bit, int) else name
            self.netlist.add_register(own, head, -1, line)
        else:
            self.netlist.add_input(self._names[bit] if isinstance(bit, int) else name, line)

    def _refuse(self, name: str, cell: Cell, line: int) -> NoReturn:
        kind = cell["type"]
        nets = (self._names[bit] for bits in self._outputs(cell) for bit in bits if bit in self._names)
        shown = next((net for net in nets if "$" not in net), "something without a name")
        if LATCH.fullmatch(kind):
            problem = (
                f"{shown!r} is a latch, which follows its input while it is open; a step of a circuit is one edge of "
                "a clock, so assign it in every branch or at an edge"
            )
        elif kind in _REFUSED:
            problem = f"{shown!r} {_REFUSED[kind]}"
        else:
            problem = f"{shown!r} comes from a cell {kind!r}, of which it is not known what it does"
        raise self.netlist.source.error(problem, line)

    # assertions

    def _first(self) -> int:
        """The literal of what is true at the first clock alone."""
        if self._first_clock < 0:
            name = self.netlist.fresh_name("$first")
            self._first_clock = self.netlist.literal(name)
            self.netlist.add_register(name, 0, 1, 0)
        return self._first_clock

    def _add_check(self, name: str, cell: Cell, line: int) -> None:
        """An assertion: what violates it, as a literal."""
        pins, parameters = cell["connections"], cell["parameters"]
        flavour = parameters.get("FLAVOR", cell["type"].removeprefix("$")).strip()
        if flavour == "cover":
            self.netlist.warn("a cover statement claims nothing; it is left out", line)
            return
        value, enabled = self.pin(pins["A"][0], line), self.pin(pins["EN"][0], line)
        triggers = pins.get("TRG", [])
        if flavour not in _FLAVOURS or len(triggers) > 1:
            what = "waits for several edges" if len(triggers) > 1 else f"is of an unknown kind {flavour!r}"
            raise self.netlist.source.error(f"the assertion {what}; put it into a block with one clock", line)
        if triggers:
            rising = parameters["TRG_POLARITY"].endswith("1")
            self.netlist.add_clock(self.pin(triggers[0], line), rising, line, f"the {flavour}")
        elif parameters.get("TRG_ENABLE", "0").endswith("1"):  # in an initial block
            enabled = self.netlist.add_gate(Gate.AND, [enabled, self._first()], line)
        violated = self.netlist.add_gate(Gate.AND, [enabled, value ^ 1], line)
        number = self.places[line][1]
        self._claims.append((flavour, f"{flavour}_{number}" if "$" in name else name, violated, line))

    def _add_claims(self) -> list[tuple[str, Role]]:
        """Outputs for the assertions: names and roles, in the order of the text."""
        found: list[tuple[str, Role]] = []
        taken = set(self._ports)
        for flavour, name, violated, line in sorted(self._claims, key=lambda claim: self.places[claim[3]]):
            while name in taken or self.netlist.knows(name):
                name += "_"
            taken.add(name)
            role = _FLAVOURS[flavour]
            literal = violated ^ (role in (Role.CONSTRAINT, Role.FAIRNESS))
            self.netlist.define(self.netlist.literal(name), ALIAS, [literal], line)
            self.netlist.add_output(name, line)
            found.append((name, role))
        return found

    # what is told

    def _check_declared(self, circuit: Circuit) -> None:
        """Refuses nets that the text neither declares nor drives, which are slips of the pen."""
        implicit = undeclared(self.design.warnings)
        for name in circuit.free_inputs:
            if place := implicit.get(name.rpartition(".")[2]):
                remedy = "declare it if it shall be open"
                raise FormatError(f"{place}: {name!r} is not declared, and nothing drives it; {remedy}")

    def _tell(self, circuit: Circuit) -> None:
        given = self.places[0][0]
        undefined = [item for item in self._undefined if item[0] in set(circuit.inputs)]
        tell: list[str] = []
        if self._asynchronous:
            count, first = len(self._asynchronous), self._asynchronous[0]
            tell.append(
                f"{count} register(s), such as {first!r}, have an asynchronous control; it acts at once on what they "
                "show, and is taken to be steady between two edges of the clock"
            )
        if undefined:
            (name, line), count = undefined[0], len(undefined)
            file, number = self.places[line]
            where = f" ({file}:{number})" if number else ""
            tell.append(f"{count} undefined value(s) (x) may be 0 or 1, as inputs from {name!r}{where} on")
        if self.design.divides:
            tell.append("it divides; by zero it gives what yosys' divider gives, where the standard has x")
        others = [
            " ".join(text.split()) for text in self.design.warnings if not any(own in text for own in _OWN_WARNINGS)
        ]
        tell += others[:_SHOWN]
        for text in tell:
            warnings.warn(f"{given}: {text}", FormatWarning, stacklevel=4)
