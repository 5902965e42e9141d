"""Verilog of one flat module: gate primitives, ``assign`` expressions and clocked registers."""

from dataclasses import replace

from ...circuit import Circuit
from ..netlist import ALIAS
from ..source import Source
from .flip_flops import add_flip_flops, flip_flop
from .module_parts import Module
from .verilog_module import ModuleReader
from .verilog_words import BeyondFlat, read_words


def parse_flat(source: Source) -> Circuit:
    """The circuit of a flat Verilog module.

    Known are ``input``, ``output``, ``wire``, ``reg`` (with ranges), ``assign``, the gate primitives, registers as
    ``always @(posedge clock) q <= d;`` and instances of flip-flop cells (see :mod:`.flip_flops`). In a clocked block
    ``=`` acts at once and ``<=`` at its end; ``always begin q = d; end``, which waits for nothing, is how SIS and ABC
    write registers. All registers share one clock, which leaves the inputs.

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
    flip_flops = {name: found for name, reader in readers.items() if (found := flip_flop(reader.module))}
    tops = [name for name in readers if name not in flip_flops] or list(readers)
    if len(tops) != 1:
        raise BeyondFlat(str(source.error(f"{len(tops)} modules that are not flip-flops")))
    if source.top not in (None, tops[0]):
        raise BeyondFlat(str(source.error(f"the module {source.top!r} is not the one that is not a flip-flop")))
    top = readers[tops[0]]
    add_flip_flops(source, top, flip_flops)
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
        clock = None if register.clock is None else netlist.literal(register.clock)
        netlist.add_clock(clock, register.rising, register.line, name)
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
