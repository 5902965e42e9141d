"""Verilog of one flat module: gate primitives, ``assign`` expressions and clocked registers."""

import re
from dataclasses import dataclass, replace

from ...circuit import Circuit
from ..netlist import ALIAS
from ..source import Source
from .verilog_module import Cell, Module, ModuleReader
from .verilog_words import BeyondFlat, beyond_flat, read_words

# cells of libraries whose name says flip-flop: D, Q and a clock
_LIBRARY = re.compile(r"(?:\$_)?d?ff(?:_?(?P<edge>[pn]))?_?(?:x?\d+)?_?", re.IGNORECASE)
_CLOCK_PORTS = ("C", "CK", "CLK", "CLOCK", "CP")


@dataclass(frozen=True)
class _FlipFlop:
    """A module that is one register: its data, output and clock port, the edge and the first value."""

    data: str
    output: str
    clock: str
    rising: bool
    initial: int


def parse_flat(source: Source) -> Circuit:
    """The circuit of a flat Verilog module.

    Known are ``input``, ``output``, ``wire``, ``reg`` (with ranges), ``assign``, the gate primitives, registers as
    ``always @(posedge clock) q <= d;`` and instances of flip-flop cells: a module of the same file that holds one
    such register, or a library's cell called ``DFF`` with connections ``.D``, ``.Q`` and a clock. In a clocked block
    ``=`` acts at once and ``<=`` at its end. All registers share one clock, which leaves the inputs.

    Raises:
        BeyondFlat: naming the line, for what another reader may know.
        FormatError: naming the line, for what cannot be expressed.

    References:
        IEEE Standard 1364-2005, "Verilog Hardware Description Language".
    """
    words = read_words(source)
    readers: dict[str, ModuleReader] = {}
    while not words.finished:
        reader = ModuleReader(source, words)
        module = reader.read()
        if module.name in readers:
            raise source.error(f"the module {module.name!r} is given a second time", module.line)
        readers[module.name] = reader
    flip_flops = {name: found for name, reader in readers.items() if (found := _flip_flop(reader.module))}
    tops = [name for name in readers if name not in flip_flops] or list(readers)
    if len(tops) != 1:
        raise BeyondFlat(str(source.error(f"{len(tops)} modules that are not flip-flops")))
    if source.top not in (None, tops[0]):
        raise BeyondFlat(str(source.error(f"the module {source.top!r} is not the one that is not a flip-flop")))
    top = readers[tops[0]]
    for cell in top.module.cells:
        _add_cell(source, top, cell, readers, flip_flops)
    return _plain_names(_build(top.module), top.module)


def _build(module: Module) -> Circuit:
    netlist = module.netlist
    for name, (direction, line) in module.directions.items():
        for bit in module.vectors.get(name, [name]):
            if direction == "output":
                netlist.add_output(bit, line)
            else:
                netlist.add_input(bit, line)
    for name, register in module.registers.items():
        initial, _ = module.initials.get(name, (-1, 0))
        netlist.add_register(name, register.following, initial, register.line)
        netlist.add_clock(netlist.literal(register.clock), register.rising, register.line, name)
    for name, (value, line) in module.initials.items():
        if name not in module.registers:  # what nothing assigns afterwards is a constant
            netlist.define(netlist.literal(name), ALIAS, (value,), line)
    return netlist.build()


def _plain_names(circuit: Circuit, module: Module) -> Circuit:
    """The circuit without the marks of escaped names, where no bit of a vector bears the same name."""

    def plain(names: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(name[1:] if name[0] == "\\" and not module.netlist.knows(name[1:]) else name for name in names)

    clock = circuit.clock
    return replace(
        circuit,
        inputs=plain(circuit.inputs),
        output_names=plain(circuit.output_names),
        register_names=plain(circuit.register_names),
        clock=replace(clock, name=plain((clock.name,))[0]) if clock else None,
    )


def _flip_flop(module: Module) -> _FlipFlop | None:
    """What a module does that is one register between its ports, and nothing else."""
    if len(module.registers) != 1 or len(module.ports) != 3 or module.netlist.definitions or module.cells:
        return None
    ((output, register),) = module.registers.items()
    data = [port for port in module.ports if port not in (output, register.clock)]
    if len(data) != 1 or module.netlist.literal(data[0]) != register.following or output not in module.ports:
        return None
    initial, _ = module.initials.get(output, (-1, 0))
    return _FlipFlop(data[0], output, register.clock, register.rising, initial)


def _add_cell(
    source: Source,
    top: ModuleReader,
    cell: Cell,
    readers: dict[str, ModuleReader],
    flip_flops: dict[str, _FlipFlop],
) -> None:
    """Makes a register of a flip-flop cell."""
    library = _LIBRARY.fullmatch(cell.module)
    if (kind := flip_flops.get(cell.module)) is not None:
        ports = readers[cell.module].module.ports
        named = cell.named or dict(zip(ports, cell.ordered, strict=len(ports) == len(cell.ordered)))
    elif cell.module not in readers and library is not None:
        named = {port.upper(): wire for port, wire in cell.named.items()}
        clock = next((port for port in _CLOCK_PORTS if port in named), "")
        kind = _FlipFlop("D", "Q", clock, (library["edge"] or "p").lower() == "p", -1)
    else:
        named = {}
    if kind is None or named.keys() != {kind.data, kind.output, kind.clock} or (cell.named and cell.ordered):
        raise beyond_flat(source, f"the cell {cell.module!r} is not a known flip-flop", cell.line)
    top.add_cell_register(cell, named[kind.output], named[kind.data], named[kind.clock], kind.rising, kind.initial)
