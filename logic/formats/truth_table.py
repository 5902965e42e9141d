"""Truth tables as text: one output a line, in binary (``1000``) or hexadecimal (``0x8``)."""

import re
from collections.abc import Sequence

from ..circuit import Circuit, CircuitBuilder, Gate, Literal
from .format import Format
from .netlist import Netlist
from .source import Source

_LINE = re.compile(r"(?:([^\s=]+)\s*=\s*)?(0[xX][0-9a-fA-F]+|(?:0b)?[01]+)")
_MOST_INPUTS = 16


def parse_truth_tables(source: Source) -> Circuit:
    """The circuit of truth tables over inputs ``x0, x1, ...``, one output a line, ``name = table`` or ``table``.

    The leftmost digit is the row in which all inputs are 1, the rightmost that in which all are 0; ``x0`` changes
    fastest. A table of ``n`` inputs has ``2 ** n`` bits, so hexadecimal ones have two inputs or more. The circuit is
    the shared tree of cofactors (Shannon's expansion), parities told apart.

    Raises:
        FormatError: naming the line, if lengths differ or are no power of two, or above 16 inputs.
    """
    tables: dict[str, int] = {}
    size = 0
    for line, text in source.lines("#"):
        match = _LINE.fullmatch(text)
        if match is None:
            raise source.error(f"expected binary digits or 0x and hexadecimal ones, got {text[:60]!r}", line)
        name, digits = match[1] or f"y{len(tables)}", match[2].lower()
        bits = 4 * (len(digits) - 2) if digits[1:2] == "x" else len(digits.removeprefix("0b"))
        if bits & (bits - 1) or bits > 1 << _MOST_INPUTS:
            raise source.error(f"a table of {bits} rows; give a power of two up to 2 ** {_MOST_INPUTS}", line)
        if tables and bits != size:
            raise source.error(f"a table of {bits} rows after one of {size}; all outputs share the inputs", line)
        if name in tables:
            raise source.error(f"the output {name!r} is given twice", line)
        size = bits
        tables[name] = int(digits, 16) if digits[1:2] == "x" else int(digits.removeprefix("0b"), 2)
    if not tables:
        raise source.error("no table; expected a line of binary digits or 0x and hexadecimal ones")
    return from_truth_tables(tables, size.bit_length() - 1)


def from_truth_tables(tables: dict[str, int], inputs: int) -> Circuit:
    """The circuit over ``x0 .. x(inputs - 1)`` whose output in row ``m`` is bit ``m`` of its table.

    Example:
        >>> from_truth_tables({"both": 0b1000}, 2).inputs
        ('x0', 'x1')
    """
    make = CircuitBuilder()
    expand = _Expansion(make, make.inputs(*(f"x{index}" for index in range(inputs))))
    return make.build_from({name: expand.literal(table, inputs) for name, table in tables.items()})


class _Expansion:
    """Shannon's expansion with equal and complementary cofactors made once; at most sixteen calls deep."""

    def __init__(self, make: CircuitBuilder, inputs: tuple[Literal, ...]) -> None:
        self.make, self.inputs = make, inputs
        self.known: dict[tuple[int, int], Literal] = {}

    def literal(self, table: int, inputs: int) -> Literal:
        """The literal of a table over the first inputs."""
        full = (1 << (1 << inputs)) - 1
        if table in (0, full):
            return ~self.make.false if table else self.make.false
        if table & 1:  # complements share one cofactor
            return ~self.literal(table ^ full, inputs)
        key = table, inputs
        if key not in self.known:
            half, top = 1 << (inputs - 1), self.inputs[inputs - 1]
            low, high = table & ((1 << half) - 1), table >> half
            when_false = self.literal(low, inputs - 1)
            if low == high:
                self.known[key] = when_false
            elif low ^ high == (1 << half) - 1:
                self.known[key] = top ^ when_false
            else:
                self.known[key] = self.make.mux(top, self.literal(high, inputs - 1), when_false)
        return self.known[key]


def add_table(netlist: Netlist, table: int, operands: Sequence[int], line: int) -> int:
    """The literal of a table over literals, of which the first changes fastest: Shannon's expansion, gate by gate."""
    known: dict[tuple[int, int], int] = {}

    def literal(table: int, count: int) -> int:
        full = (1 << (1 << count)) - 1
        if table in (0, full):
            return int(table != 0)
        if (table, count) not in known:
            half = 1 << (count - 1)
            low, high = literal(table & ((1 << half) - 1), count - 1), literal(table >> half, count - 1)
            top = operands[count - 1]
            if low == high:
                known[table, count] = low
            else:
                arms = netlist.add_gate(Gate.AND, (top, high), line), netlist.add_gate(Gate.AND, (top ^ 1, low), line)
                known[table, count] = netlist.add_gate(Gate.OR, arms, line)
        return known[table, count]

    return literal(table, len(operands))


TRUTH_TABLES = Format(
    name="truth tables",
    suffixes=("tt", "truth"),
    example=b"y = 0x8e\nz = 0b01101001\n11110000\n",
    lacks="At most 16 inputs, which are called x0, x1, ...; no registers.",
    read=parse_truth_tables,
)
