"""One Verilog module, statement by statement, into a netlist."""

import re
from collections.abc import Iterator

from ...circuit import Gate
from ...errors import FormatError
from ..expression import add_expression
from ..netlist import ALIAS, Netlist
from ..source import Source
from .module_parts import Cell, Module, Register
from .verilog_words import BeyondFlat, Words, beyond_flat, wire_key

_PRIMITIVES = {
    "and": (Gate.AND, 0),
    "nand": (Gate.AND, 1),
    "or": (Gate.OR, 0),
    "nor": (Gate.OR, 1),
    "xor": (Gate.XOR, 0),
    "xnor": (Gate.XOR, 1),
}
_CONSTANT = re.compile(r"(?:1?'[bBhHdD])?([01])")
_UNSIZED = re.compile(r"(?:'[bBhHdD])?[01]")
_WIDE = frozenset(("?", "&&", "||", "!"))  # operators that look at all 32 bits of a number without a size


class ModuleReader:
    """Reads one module from the words into a netlist."""

    def __init__(self, source: Source, words: Words) -> None:
        self.source, self.words = source, words
        self.netlist = Netlist(source, declares_clocks=True)
        self.module = Module("", self.netlist, words.line)
        self._declared = 0
        self._bits_of: dict[str, set[str]] = {}
        self._assigned: dict[str, int] = {}  # what blocking assignments of the block being read have made of wires
        self._blocking: dict[str, int] = {}  # registers that are assigned so, with their block
        self._reads: dict[str, dict[int, int]] = {}  # blocks that read a wire by its name, with a line
        self._blocks = 0
        self._block = 0  # number of the clocked block being read, 0 outside

    def read(self) -> Module:
        """The module that begins at the next word.

        Raises:
            FormatError: naming the line, for anything that is not known.
        """
        words = self.words
        words.expect("module")
        self.module.name = words.name()
        if words.next_is("("):
            self._read_ports()
        words.expect(";")
        while True:
            words.skip_wires()
            while (simple := words.simple_assign()) is not None:  # most of most files; the general way is slower
                head, flips, names, operator, line = simple
                first = self._operand(names[0], line) ^ flips[0]
                if operator is None:
                    self.netlist.define(self._wire(wire_key(head), line), ALIAS, (first,), line)
                else:
                    kind = {"&": Gate.AND, "|": Gate.OR, "^": Gate.XOR}[operator]
                    operands = (first, self._operand(names[1], line) ^ flips[1])
                    self.netlist.define(self._wire(wire_key(head), line), kind, operands, line)
            word = words.take()
            if word == "endmodule":
                self._check_races()
                return self.module
            self._read_item(word)

    def _read_item(self, word: str) -> None:
        if word in ("input", "output", "inout", "wire", "reg", "trireg"):
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
            block = self.words.next_is("begin")
            while not (block and self.words.next_is("end")):
                line, name = self.words.line, self._target()
                self.words.one_of("=", "<=")
                self._set_initial(name, line)
                self.words.expect(";")
                if not block:
                    break
        elif word[0] == "\\" or word[0].isalpha() or word[0] == "_":
            self._read_instance(word)
        else:
            raise beyond_flat(self.source, f"unexpected {word!r}", self.words.line)

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
                self._declared += len(span)
                self.source.check_count(self._declared, "wires", line)
                if self.netlist.knows(name) or name in module.vectors:
                    problem = f"the vector {name!r} is used before its range, or declared twice"
                    raise beyond_flat(self.source, problem, line)
                module.vectors[name] = [f"{name}[{index}]" for index in span]
            if word in ("input", "output"):
                if name in module.directions:
                    raise self.source.error(f"{name!r} is declared a second time", line)
                module.directions[name] = (word, line)
            if words.peek() == "=":
                words.take()
                if is_register:
                    self._set_initial(name, line)
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
            line, index = self.words.line, self.words.number()
            self.words.expect("]")
            bit = f"{name}[{index}]"
            if bit not in self._bits(name):
                raise self.source.error(f"{name!r} has no bit {index} by its declaration", line)
            return bit
        return name

    def _bits(self, name: str) -> set[str]:
        """The bits of a vector; of other wires none."""
        if name not in self._bits_of:
            self._bits_of[name] = set(self.module.vectors.get(name, ()))
        return self._bits_of[name]

    def _target(self) -> str:
        return self._bit(self.words.name())

    def _wire(self, name: str, line: int) -> int:
        if name in self.module.vectors:
            raise beyond_flat(self.source, f"{name!r} is a vector; use its bits one by one, as {name}[0]", line)
        return self.netlist.literal(name)

    def _operand(self, word: str, line: int) -> int:
        constant = _CONSTANT.fullmatch(word)
        if constant is not None:
            return int(constant[1])
        if word[0] != "\\" and not (word[0].isalpha() or word[0] == "_"):
            raise beyond_flat(self.source, f"expected a name, 1'b0 or 1'b1, got {word!r}", line)
        name = wire_key(word)
        if self._block:
            self._reads.setdefault(name, {}).setdefault(self._block, line)
            if name in self._assigned:
                return self._assigned[name]
        return self._wire(name, line)

    def _set_initial(self, name: str, line: int) -> None:
        """``= 1'b0`` after the name of a register; a vector takes zero only."""
        word = self.words.take()
        constant = _CONSTANT.fullmatch(word)
        bits = self.module.vectors.get(name, [name])
        if len(bits) > 1 and re.fullmatch(r"\d*'[bBhHdD]0+", word):
            constant = re.fullmatch("(0)", "0")
        if constant is None or (len(bits) > 1 and constant[1] == "1"):
            raise beyond_flat(self.source, f"expected 1'b0 or 1'b1, got {word!r}", line)
        for bit in bits:
            if self.module.initials.setdefault(bit, (int(constant[1]), line))[0] != int(constant[1]):
                raise self.source.error(f"{bit!r} is given a second first value", line)

    def _expression(self, *ends: str) -> int:
        """The literal of an expression up to one of ``ends`` outside parentheses, which is left."""
        words, line, tokens, depth = self.words, self.words.line, list[str](), 0
        while (word := words.peek()) and (depth or word not in ends):
            words.take()
            depth += (word == "(") - (word == ")")
            tokens.append(self._token(word))
        if any(map(_UNSIZED.fullmatch, tokens)) and "~" in "".join(tokens) and not _WIDE.isdisjoint(tokens):
            raise beyond_flat(self.source, "a number without a size is 32 bits wide here; write 1'b0 or 1'b1", line)
        try:
            return add_expression(self.netlist, tokens, line, lambda token: self._operand(token, line))
        except FormatError as error:
            raise BeyondFlat(str(error)) from None

    def _token(self, word: str) -> str:
        if word[0] == "\\" or word[0].isalpha() or word[0] == "_":
            return self._bit(wire_key(word))
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
                raise beyond_flat(self.source, f"{word} has {len(operands)} inputs", line)
            kind, flip = _PRIMITIVES.get(word, (ALIAS, int(word == "not")))
            if kind != ALIAS and flip:
                operands, kind = [netlist.add_gate(kind, operands, line)], ALIAS
            netlist.define(self._wire(head, line), kind, [operands[0] ^ flip] if kind == ALIAS else operands, line)
            if words.one_of(",", ";") == ";":
                return

    def _read_always(self) -> None:
        """``always @(posedge clock) q <= d;``, one or a block of them, in which ``=`` acts at once."""
        words = self.words
        if words.peek() != "@":
            self._read_unclocked()
            return
        words.expect("@")
        words.expect("(")
        rising = words.one_of("posedge", "negedge") == "posedge"
        clock = self._target()
        words.expect(")")
        self._blocks += 1
        self._block = self._blocks
        following: dict[str, tuple[str, int, int]] = {}
        block = words.next_is("begin")
        while not (block and words.next_is("end")):
            line, name = words.line, self._target()
            operator = words.one_of("<=", "=")
            literal = self._expression(";")
            words.expect(";")
            self._wire(name, line)
            if following.get(name, (operator,))[0] != operator:
                raise self.source.error(f"{name!r} is assigned by both '=' and '<='; use one of them", line)
            following[name] = operator, literal, line
            if operator == "=":
                self._assigned[name] = literal
                self._blocking[name] = self._block
            if not block:
                break
        for name, (_, literal, line) in following.items():
            self._add_register(name, Register(literal, clock, rising, line))
        self._assigned, self._block = {}, 0

    def _read_unclocked(self) -> None:
        """``always begin q = d; end``, as SIS and ABC write registers: of a clock that has no name, all at once."""
        words, line, assigned = self.words, self.words.line, set[str]()
        block = words.next_is("begin")
        while not (block and words.next_is("end")):
            at, name = words.line, self._target()
            words.expect("=")
            earlier = {word for word in self._ahead(";") if wire_key(word) in assigned}
            if earlier:
                problem = f"{min(earlier)!r} is assigned before it is read, in a block without a clock"
                raise self.source.error(f"{problem}; whether the old value is meant or the new one is open", at)
            self._add_register(name, Register(self._expression(";"), None, True, at))
            assigned.add(name)
            words.expect(";")
            if not block:
                break
        told = (
            "a block that waits for nothing is taken for registers of one clock, which has no name, as SIS writes them"
        )
        self.netlist.warn(told, line)

    def _ahead(self, end: str) -> Iterator[str]:
        """The words up to one, which stay."""
        at = 0
        while (word := self.words.peek(at)) not in ("", end):
            yield word
            at += 1

    def _check_races(self) -> None:
        """Refuses registers that one block assigns at once while another one may read the old value or the new."""
        for name, block in self._blocking.items():
            for other, line in self._reads.get(name, {}).items():
                if other != block:
                    problem = f"{name!r} is read here while another block assigns it by '='"
                    raise self.source.error(f"{problem}; which comes first is open, use '<='", line)

    def add_cell_register(
        self, cell: Cell, output: str, data: str, clock: str | None, rising: bool, initial: int
    ) -> None:
        """Adds the flip-flop that a cell is.

        Raises:
            FormatError: if the wire is one already, or one of them is no single bit.
        """
        self._add_register(output, Register(self._wire(data, cell.line), clock, rising, cell.line))
        if initial >= 0:
            self.module.initials.setdefault(output, (initial, cell.line))

    def _add_register(self, name: str, register: Register) -> None:
        if name in self.module.registers:
            raise self.source.error(f"the register {name!r} is assigned a second time", register.line)
        self._wire(name, register.line)
        self.module.registers[name] = register

    def _read_instance(self, cell: str) -> None:
        """An instance of another module, its ports by order or by name."""
        words, line = self.words, self.words.line
        words.name()
        words.expect("(")
        found = Cell(cell.removeprefix("\\"), {}, [], line)
        while True:
            if words.next_is("."):
                port = words.name()
                words.expect("(")
                found.named[port] = self._target()
                words.expect(")")
            else:
                found.ordered.append(self._target())
            if words.one_of(",", ")") == ")":
                break
        words.expect(";")
        self.module.cells.append(found)
