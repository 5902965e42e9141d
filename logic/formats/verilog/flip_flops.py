"""Flip-flops that are instances: of a module that is one register, of two transistors, or of a library's cell."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

from ..source import Source
from .module_parts import Cell, Module
from .verilog_module import ModuleReader
from .verilog_words import beyond_flat

# cells of libraries whose name says flip-flop: D, Q and a clock
_LIBRARY = re.compile(r"(?:\$_)?d?ff(?:_?(?P<edge>[pn]))?_?(?:x?\d+)?_?", re.IGNORECASE)
_DELAY = re.compile("delta", re.IGNORECASE)  # of one clock
_CLOCK_PORTS = ("C", "CK", "CLK", "CLOCK", "CP")


@dataclass(frozen=True)
class FlipFlop:
    """A module that is one register.

    Args:
        ports: In their order.
        data: Of the ports, the one that is stored.
        output: The one that shows what is stored.
        clock: The one whose edge is waited for; None if it has none, and all such wait for the same one.
        rising: Which edge.
        initial: First value, -1 if it is open.
    """

    ports: tuple[str, ...]
    data: str
    output: str
    clock: str | None
    rising: bool
    initial: int


def flip_flop(module: Module) -> FlipFlop | None:
    """What a module does that is one register between its three ports, and nothing else."""
    if len(module.ports) != 3:
        return None
    if [cell.module for cell in module.cells] == ["nmos", "nmos"]:
        return _of_transistors(module)
    if len(module.registers) != 1 or module.netlist.definitions or module.cells:
        return None
    ((output, register),) = module.registers.items()
    data = [port for port in module.ports if port not in (output, register.clock)]
    if len(data) != 1 or module.netlist.literal(data[0]) != register.following or output not in module.ports:
        return None
    if register.clock is None:
        return None
    initial, _ = module.initials.get(output, (-1, 0))
    return FlipFlop(tuple(module.ports), data[0], output, register.clock, register.rising, initial)


def _of_transistors(module: Module) -> FlipFlop | None:
    """Two switches in a row that the two levels of a clock close, with inverters between, as ISCAS-89 has them.

    What lies behind an open switch keeps its charge; so the second one shows at an edge what the first let pass.
    """
    netlist = module.netlist
    aliases = netlist.aliases()
    if module.registers or len(aliases) != netlist.definitions:
        return None

    def root(name: str) -> int:
        literal = netlist.literal(name)
        while literal >> 1 in aliases:
            literal = aliases[literal >> 1] ^ (literal & 1)
        return literal

    inputs = {netlist.literal(port): port for port in module.ports if module.directions[port][0] == "input"}
    outputs = [port for port in module.ports if module.directions[port][0] == "output"]
    if len(outputs) != 1 or any(len(cell.ordered) != 3 for cell in module.cells):
        return None
    switches = {netlist.literal(cell.ordered[0]): [root(name) for name in cell.ordered[1:]] for cell in module.cells}
    shown = root(outputs[0])
    held, late = switches.get(shown & ~1, (0, 0))
    data, early = switches.get(held & ~1, (0, 0))
    if late ^ early != 1 or (shown ^ held ^ data) & 1 or {late & ~1, data & ~1} != inputs.keys():
        return None
    return FlipFlop(tuple(module.ports), inputs[data & ~1], outputs[0], inputs[late & ~1], not late & 1, -1)


def add_flip_flops(source: Source, top: ModuleReader, known: Mapping[str, FlipFlop]) -> None:
    """Makes registers of the flip-flops that a module contains.

    Args:
        source: Of the text.
        top: The module.
        known: The modules of the text that are flip-flops.

    Raises:
        BeyondFlat: naming the line, for a cell of which it is not known what it does.
    """
    kinds: dict[str, FlipFlop | None] = dict(known)
    for name in dict.fromkeys(cell.module for cell in top.module.cells if cell.module not in known):
        kinds[name] = _by_position(top, [cell for cell in top.module.cells if cell.module == name])
    for cell in top.module.cells:
        kind, named = kinds[cell.module], cell.named
        if kind is None:
            named = {port.upper(): wire for port, wire in cell.named.items()}
            kind = _of_library(cell.module, named)
        elif not named and len(cell.ordered) == len(kind.ports):
            named = dict(zip(kind.ports, cell.ordered, strict=True))
        if kind is None or named.keys() != {kind.data, kind.output, kind.clock} - {None}:
            raise beyond_flat(source, f"the cell {cell.module!r} is not a known flip-flop", cell.line)
        clock = None if kind.clock is None else named[kind.clock]
        top.add_cell_register(cell, named[kind.output], named[kind.data], clock, kind.rising, kind.initial)


def _of_library(name: str, named: Mapping[str, str]) -> FlipFlop | None:
    """The cell that a name says is a flip-flop, by the usual names of its ports."""
    library = _LIBRARY.fullmatch(name)
    if library is None:
        return None
    clock = next((port for port in _CLOCK_PORTS if port in named), "")
    return FlipFlop((), "D", "Q", clock, (library["edge"] or "p").lower() == "p", -1)


def _by_position(top: ModuleReader, cells: Sequence[Cell]) -> FlipFlop | None:
    """What cells are that their name says are flip-flops and whose ports have no names.

    One place holds the clock of all of them, if they have one; another one wires that nothing else drives, which are
    their outputs.
    """
    name, module, places = cells[0].module, top.module, len(cells[0].ordered)
    library = _LIBRARY.fullmatch(name)
    if places not in (2, 3) or any(cell.named or len(cell.ordered) != places for cell in cells):
        return None
    if library is None and not (places == 2 and _DELAY.fullmatch(name)):
        return None
    wires = list(zip(*(cell.ordered for cell in cells), strict=True))
    driven = {name for name, (direction, _) in module.directions.items() if direction == "input"} | {*module.registers}
    driven |= top.netlist.driven(chain.from_iterable(wires))
    outputs = [at for at in range(places) if len(set(wires[at])) == len(cells) and driven.isdisjoint(wires[at])]
    clocks = [at for at in range(places) if places == 3 and len(set(wires[at])) == 1 and len(cells) > 1]
    if len(outputs) != 1 or len(clocks) != places - 2 or clocks == outputs:
        return None
    ports = tuple("output" if at in outputs else "clock" if at in clocks else "data" for at in range(places))
    rising = library is None or (library["edge"] or "p").lower() == "p"
    edge = f"the {'rising' if rising else 'falling'} edge" if clocks else "a clock without a name"
    told = f"{name!r} is not defined here; it is taken for a flip-flop with the ports ({', '.join(ports)})"
    top.netlist.warn(f"{told}, which waits for {edge}", cells[0].line)
    return FlipFlop(ports, "data", "output", "clock" if clocks else None, rising, -1)
