"""Cells of a library, genlib or Liberty, as Verilog modules beside the netlist that names them."""

import re
from collections.abc import Sequence

from ...circuit import Gate
from ..berkeley.genlib import Cell, read_cells
from ..liberty import FlipFlop, LibertyCell, is_liberty, read_liberty
from ..source import Source

_INSTANCE = re.compile(rb"([A-Za-z_][\w$]*)\s+(?:#\s*|(?:\\\\\S+\s+|[A-Za-z_][\w$]*\s*)?(?:\[[^\]]*\]\s*)?)\(")
_MODULE = re.compile(rb"^\s*(?:macro)?module\s+([A-Za-z_][\w$]*)", re.MULTILINE)
_PRIMITIVES = frozenset((b"and", b"nand", b"or", b"nor", b"xor", b"xnor", b"not", b"buf"))  # cells of no library
_SIGNS = {int(Gate.AND): " & ", int(Gate.OR): " | ", int(Gate.XOR): " ^ "}


def cell_modules(library: Source, texts: Sequence[bytes]) -> bytes:
    r"""The modules of those cells that a netlist names and does not hold itself.

    Raises:
        FormatError: naming the library's line, if it is neither genlib nor Liberty, or a cell cannot be expressed.

    Example:
        >>> library = Source("cells.genlib", b"GATE inv 1 Y=!A;\nGATE one 0 Y=CONST1;")
        >>> print(cell_modules(library, [b"module m(input a, output y); inv g(.A(a), .Y(y)); endmodule"]).decode())
        module inv (A , Y );
        input A ;
        output Y ;
        assign Y  = ~A ;
        endmodule
        <BLANKLINE>
    """
    named = {word for text in texts for word in _INSTANCE.findall(text)}
    held = {word for text in texts for word in _MODULE.findall(text)}
    wanted = frozenset(word.decode() for word in named - held - _PRIMITIVES)
    if is_liberty(library.data):
        found = [_liberty_module(name, cell) for name, cell in read_liberty(library, wanted).items()]
    else:
        cells = read_cells(library)
        found = [_genlib_module(name, cell) for name, cell in cells.items() if name in wanted and not cell.latch]
    return "".join(found).encode()


def _name(name: str) -> str:
    """A name as Verilog takes it, with a blank behind it."""
    return f"{name} " if re.fullmatch(r"[A-Za-z_]\w*", name) else f"\\{name} "


def _module(name: str, inputs: Sequence[str], outputs: Sequence[str], body: Sequence[str]) -> str:
    ports = ", ".join(_name(port) for port in (*inputs, *outputs))
    lines = [f"module {_name(name)}({ports});"]
    lines += [f"input {', '.join(_name(port) for port in inputs)};"] * bool(inputs)
    lines += [f"output {', '.join(_name(port) for port in outputs)};"] * bool(outputs)
    return "\n".join((*lines, *body, "endmodule", ""))


def _genlib_module(name: str, cell: Cell) -> str:
    body: list[str] = []
    for number, (output, (gates, result)) in enumerate(cell.outputs.items()):
        wires = ["1'b0", *(_name(pin) for pin in cell.pins)]

        def literal(code: int, wires: list[str] = wires) -> str:
            return f"{'~' if code & 1 else ''}{wires[code >> 1]}"

        for kind, operands in gates:
            wires.append(f"n{number}_{len(wires)}_{name} ")
            body.append(f"wire {wires[-1]}= {_SIGNS[kind].join(map(literal, operands))};")
        body.append(f"assign {_name(output)} = {literal(result)};")
    return _module(name, cell.pins, list(cell.outputs), body)


def _liberty_module(name: str, cell: LibertyCell) -> str:
    body = [] if cell.flip_flop is None else _register(cell.flip_flop)
    body += [f"assign {_name(pin)} = {_expression(tokens)};" for pin, tokens in cell.outputs.items()]
    return _module(name, cell.inputs, list(cell.outputs), body)


def _expression(tokens: Sequence[str]) -> str:
    return " ".join(f"1'b{word}" if word in "01" else word if word in "()~&|^" else _name(word) for word in tokens)


def _register(cell: FlipFlop) -> list[str]:
    """A block whose clock and controls are pins wherever the cell says no more than their edge."""
    body: list[str] = []

    def edge(tokens: tuple[str, ...], called: str) -> tuple[str, str]:
        """The edge that a control waits for, and when it acts."""
        if len(tokens) == 1 and tokens[0] not in "01":
            return f"posedge {_name(tokens[0])}", _name(tokens[0])
        if len(tokens) == 2 and tokens[0] == "~":
            return f"negedge {_name(tokens[1])}", f"!{_name(tokens[1])}"
        body.append(f"wire {called} = {_expression(tokens)};")
        return f"posedge {called}", called

    state, inverse = (_name(one) for one in cell.state)
    clock, _ = edge(cell.clock, "clock$")
    following = _expression(cell.following)
    if cell.clear and cell.preset:  # a cell of yosys: in a block, one that ends before the other would act too late
        cleared, made = _expression(cell.clear), _expression(cell.preset)
        if cell.both[0] == "H":
            cleared = f"({cleared}) & ~({made})"
        kind = f"\\$_DFFSR_{'N' if clock.startswith('neg') else 'P'}PP_ "
        pins = f".C({clock.split(maxsplit=1)[1]}), .R({cleared}), .S({made}), .D({following}), .Q({state})"
        odd = cell.both[0] == cell.both[1]  # then the complement is none while both act
        value = f"(({_expression(cell.clear)}) & ({made})) ? 1'b{int(cell.both[1] == 'H')} : ~{state}"
        held = value if odd else f"~{state}"
        return [f"wire {state};", *body, f"{kind}flip_flop$ ({pins});", f"wire {inverse}= {held};"]
    acting = [
        (*edge(tokens, called), value)
        for called, tokens, value in (("clear$", cell.clear, 0), ("preset$", cell.preset, 1))
        if tokens
    ]
    waits = " or ".join((clock, *(one for one, _, _ in acting)))
    arms = "".join(f"if ({when}) {state}<= 1'b{value}; else " for _, when, value in acting)
    block = f"always @({waits}) {arms}{state}<= {following};"
    return [f"reg {state};", *body, block, f"wire {inverse}= ~{state};"]
