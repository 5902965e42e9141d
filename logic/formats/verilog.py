"""Structural Verilog: gate primitives, ``assign`` expressions and clocked registers of one flat module."""

import re
from dataclasses import dataclass, field

from ..circuit import Circuit, Gate
from .expression import add_expression
from .netlist import ALIAS, Netlist
from .source import Source
from .verilog_words import Words, read_words

_PRIMITIVES = {
    "and": (Gate.AND, 0),
    "nand": (Gate.AND, 1),
    "or": (Gate.OR, 0),
    "nor": (Gate.OR, 1),
    "xor": (Gate.XOR, 0),
    "xnor": (Gate.XOR, 1),
}
_CONSTANT = re.compile(r"1?'[bBhHdD]([01])|0|1")


@dataclass
class _Module:
    """What a module declares and how it uses clocks, filled statement by statement."""

    name: str
    ports: list[str] = field(default_factory=list)
    directions: dict[str, tuple[str, int]] = field(default_factory=dict)
    vectors: dict[str, list[str]] = field(default_factory=dict)
    registers: dict[str, tuple[int, int]] = field(default_factory=dict)  # next-state literal and line
    register_names: set[str] = field(default_factory=set)
    initials: dict[str, int] = field(default_factory=dict)
    clocks: dict[str, int] = field(default_factory=dict)


def parse_verilog(source: Source) -> Circuit:
    """The circuit of a flat Verilog module.

    Known are ``input``, ``output``, ``wire``, ``reg`` (with ranges), ``assign``, the gate primitives, registers as
    ``always @(posedge clock) q <= d;`` and instances of flip-flop cells: a module of the same file that holds one
    such register, or any cell with connections ``.D``, ``.Q`` and a clock. Clocks are implied and leave the inputs.

    Raises:
        FormatError: naming the line, for anything else.

    References:
        IEEE Standard 1364-2005, "Verilog Hardware Description Language".
    """
    words = read_words(source)
    modules: list[tuple[_Module, Netlist]] = []
    cells: dict[str, tuple[int, int]] = {}  # positions of D and Q among the ports of a flip-flop module
    while not words.finished:
        module, netlist = _Reader(source, words, cells).read_module()
        if (ports := _flip_flop(module, netlist)) is not None:
            cells[module.name] = ports
        else:
            modules.append((module, netlist))
    if len(modules) != 1:
        raise source.error(f"{len(modules)} modules that are not flip-flops; flatten the hierarchy into one first")
    module, netlist = modules[0]
    for name, (direction, line) in module.directions.items():
        for bit in module.vectors.get(name, [name]):
            if direction == "output":
                netlist.add_output(bit, line)
            elif bit not in module.clocks:
                netlist.add_input(bit, line)
    for name, (literal, line) in module.registers.items():
        netlist.add_register(name, literal, module.initials.get(name, -1), line)
    return netlist.build()


def _flip_flop(module: _Module, netlist: Netlist) -> tuple[int, int] | None:
    """The positions of data and output port, if the module is one register from an input to an output."""
    if len(module.registers) != 1 or len(module.ports) != 3 or len(module.clocks) != 1:
        return None
    (name, (literal, _)), clock = next(iter(module.registers.items())), next(iter(module.clocks))
    data = [port for port in module.ports if port not in (name, clock)]
    if len(data) != 1 or netlist.literal(data[0]) != literal or name not in module.ports:
        return None
    return module.ports.index(data[0]), module.ports.index(name)


class _Reader:
    """Reads one module from the words into a netlist."""

    def __init__(self, source: Source, words: Words, cells: dict[str, tuple[int, int]]) -> None:
        self.source, self.words, self.cells = source, words, cells
        self.netlist = Netlist(source)
        self.module = _Module("")
        self.declared = 0

    def read_module(self) -> tuple[_Module, Netlist]:
        words = self.words
        words.expect("module")
        self.module.name = words.name()
        if words.next_is("("):
            self._read_ports()
        words.expect(";")
        while True:
            while (simple := words.simple_assign()) is not None:  # most of most files; the general way is slower
                head, flips, names, operator, line = simple
                first = self._operand(names[0], line) ^ flips[0]
                if operator is None:
                    self.netlist.define(self._wire(head, line), ALIAS, (first,), line)
                else:
                    kind = {"&": Gate.AND, "|": Gate.OR, "^": Gate.XOR}[operator]
                    operands = (first, self._operand(names[1], line) ^ flips[1])
                    self.netlist.define(self._wire(head, line), kind, operands, line)
            word = words.take()
            if word == "endmodule":
                return self.module, self.netlist
            self._read_item(word)

    def _read_item(self, word: str) -> None:
        if word in ("input", "output", "inout", "wire", "reg"):
            self._declare(word, ";")
        elif word == "assign":
            while True:
                self._assign()
                if self.words.one_of(",", ";") == ";":
                    break
        elif word in _PRIMITIVES or word in ("not", "buf"):
            self._read_primitives(word)
        elif word == "always":
            self._read_always()
        elif word == "initial":
            name = self._target()
            self.words.one_of("=", "<=")
            self.module.initials[name] = self._constant()
            self.words.expect(";")
        elif word[0] == "\\" or word[0].isalpha() or word[0] == "_":
            self._read_instance(word)
        else:
            raise self.source.error(f"unexpected {word!r}", self.words.line)

    def _read_ports(self) -> None:
        words = self.words
        if words.next_is(")"):
            return
        while True:
            if words.peek() in ("input", "output", "inout"):
                self.module.ports += self._declare(words.take(), "")
            else:
                self.module.ports.append(words.name())
            if words.one_of(",", ")") == ")":
                return

    def _declare(self, word: str, end: str) -> list[str]:
        """``input wire [3:0] a, b`` up to ``end``, or in a port list up to the next direction."""
        words, module = self.words, self.module
        if word == "inout":
            raise self.source.error("inout ports carry no single value; split them into input and output", words.line)
        is_register = word == "reg"
        while words.peek() in ("wire", "reg", "signed"):
            is_register |= words.take() == "reg"
        span = self._range() if words.next_is("[") else None
        names: list[str] = []
        while True:
            name, line = words.name(), words.line
            names.append(name)
            if span is not None:
                self.declared += len(span)
                self.source.check_count(self.declared, "wires", line)
                module.vectors[name] = [f"{name}[{index}]" for index in span]
            if word in ("input", "output"):
                if name in module.directions:
                    raise self.source.error(f"{name!r} is declared a second time", line)
                module.directions[name] = (word, line)
            if is_register:
                module.register_names.update(module.vectors.get(name, [name]))
            if words.peek() == "=":
                words.take()
                if is_register:
                    module.initials[name] = self._constant()
                else:
                    self._define_expression(name, line)
            if end:
                if words.one_of(",", end) == end:
                    return names
            elif words.peek() != "," or words.peek(1) in ("input", "output", "inout"):
                return names
            else:
                words.take()

    def _range(self) -> range:
        """``[high:low]``, from the high end down or the low end up as written; the bracket is open."""
        words = self.words
        high, _, low = words.number(), words.expect(":"), words.number()
        words.expect("]")
        self.source.check_count(abs(high - low), "wires", words.line)
        return range(high, low - 1, -1) if high >= low else range(high, low + 1)

    def _bit(self, name: str) -> str:
        """The name with the bit that is selected after it, if one is."""
        if self.words.next_is("["):
            index = self.words.number()
            self.words.expect("]")
            return f"{name}[{index}]"
        return name

    def _target(self) -> str:
        return self._bit(self.words.name())

    def _wire(self, name: str, line: int) -> int:
        if name in self.module.vectors:
            raise self.source.error(f"{name!r} is a vector; use its bits one by one, as {name}[0]", line)
        return self.netlist.literal(name)

    def _operand(self, word: str, line: int) -> int:
        constant = _CONSTANT.fullmatch(word)
        if constant is not None:
            return int(constant[1] or word)
        if word[0] != "\\" and not (word[0].isalpha() or word[0] == "_"):
            raise self.source.error(f"expected a name, 1'b0 or 1'b1, got {word!r}", line)
        return self._wire(word.removeprefix("\\"), line)

    def _constant(self) -> int:
        line, word = self.words.line, self.words.take()
        if not _CONSTANT.fullmatch(word):
            raise self.source.error(f"expected 1'b0 or 1'b1, got {word!r}", line)
        return self._operand(word, line)

    def _expression(self, *ends: str) -> int:
        """The literal of an expression up to one of ``ends`` outside parentheses, which is left."""
        words, line, tokens, depth = self.words, self.words.line, list[str](), 0
        while (word := words.peek()) and (depth or word not in ends):
            words.take()
            depth += (word == "(") - (word == ")")
            tokens.append(self._token(word))
        return add_expression(self.netlist, tokens, line, lambda token: self._operand(token, line))

    def _token(self, word: str) -> str:
        if word[0] == "\\" or word[0].isalpha() or word[0] == "_":
            return "\\" + self._bit(word.removeprefix("\\"))
        return word

    def _assign(self) -> None:
        line, name = self.words.line, self._target()
        self.words.expect("=")
        self._define_expression(name, line)

    def _define_expression(self, name: str, line: int) -> None:
        literal = self._expression(",", ";")
        self.netlist.define(self._wire(name, line), ALIAS, (literal,), line)

    def _read_primitives(self, word: str) -> None:
        """``nand g1 (y, a, b), g2 (z, a, c);``."""
        words, netlist = self.words, self.netlist
        while True:
            line = words.line
            if words.peek() != "(":
                words.name()
            words.expect("(")
            head = self._target()
            operands: list[int] = []
            while words.one_of(",", ")") == ",":
                operands.append(self._expression(",", ")"))
            if not operands or (word in ("not", "buf") and len(operands) != 1):
                raise self.source.error(f"{word} has {len(operands)} inputs", line)
            kind, flip = _PRIMITIVES.get(word, (ALIAS, int(word == "not")))
            if kind != ALIAS and flip:
                operands, kind = [netlist.add_gate(kind, operands, line)], ALIAS
            netlist.define(self._wire(head, line), kind, [operands[0] ^ flip] if kind == ALIAS else operands, line)
            if words.one_of(",", ";") == ";":
                return

    def _read_always(self) -> None:
        """``always @(posedge clock) q <= d;``, one or a block of them."""
        words = self.words
        words.expect("@")
        words.expect("(")
        words.one_of("posedge", "negedge")
        self.module.clocks[self._target()] = words.line
        words.expect(")")
        block = words.next_is("begin")
        while not (block and words.next_is("end")):
            line, name = words.line, self._target()
            words.one_of("<=", "=")
            self._add_register(name, self._expression(";"), line)
            words.expect(";")
            if not block:
                return

    def _add_register(self, name: str, literal: int, line: int) -> None:
        if name in self.module.registers:
            raise self.source.error(f"the register {name!r} is assigned a second time", line)
        self._wire(name, line)
        self.module.registers[name] = (literal, line)

    def _read_instance(self, cell: str) -> None:
        """A flip-flop by the order of its ports or by their names."""
        words, line = self.words, self.words.line
        words.name()
        words.expect("(")
        named: dict[str, str] = {}
        ordered: list[str] = []
        while True:
            if words.next_is("."):
                port = words.name()
                words.expect("(")
                named[port.upper()] = self._target()
                words.expect(")")
            else:
                ordered.append(self._target())
            if words.one_of(",", ")") == ")":
                break
        words.expect(";")
        if {"D", "Q"} <= named.keys() and len(named) == 3 and not ordered:
            data, output = named.pop("D"), named.pop("Q")
            (clock,) = named.values()
        elif cell in self.cells and len(ordered) == 3:
            data, output = (ordered[position] for position in self.cells[cell])
            (clock,) = (ordered[position] for position in range(3) if position not in self.cells[cell])
        else:
            raise self.source.error(f"the cell {cell!r} is not a known flip-flop; flatten the hierarchy first", line)
        self.module.clocks[clock] = line
        self._add_register(output, self._wire(data, line), line)
