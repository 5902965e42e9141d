"""What the gates and registers of yosys compute: each cell of its simple library as definitions in a netlist."""

import re
from collections.abc import Callable, Sequence

from ...circuit import Gate
from ..netlist import ALIAS, Netlist

_SIMPLE = {
    "$_AND_": (Gate.AND, 0, 0),
    "$_NAND_": (Gate.AND, 0, 1),
    "$_OR_": (Gate.OR, 0, 0),
    "$_NOR_": (Gate.OR, 0, 1),
    "$_XOR_": (Gate.XOR, 0, 0),
    "$_XNOR_": (Gate.XOR, 0, 1),
    "$_ANDNOT_": (Gate.AND, 1, 0),
    "$_ORNOT_": (Gate.OR, 1, 0),
}
"""Kind, whether B is complemented, whether the result is."""
_AND_OR = {"$_AOI3_": Gate.AND, "$_AOI4_": Gate.AND, "$_OAI3_": Gate.OR, "$_OAI4_": Gate.OR}
_SELECTS = "STUV"
_LETTERS = "ABCDEFGHIJKLMNOP"
REGISTER = re.compile(r"\$_(?:FF|DFF_[PN]|DFF_[PN][PN][01]|DFFSR_[PN]{3}|ALDFF_[PN][PN])_")
"""Types of cells that are registers with one clock edge at most."""
LATCH = re.compile(r"\$_(?:DLATCH|DLATCHSR|SR)_\w+_|\$_?(?:dlatch|adlatch|dlatchsr|sr)")
"""Types of cells that hold a value without an edge."""

Pin = Callable[[str], int]


def define_gate(netlist: Netlist, kind: str, head: int, pin: Pin, line: int) -> bool:
    """Defines the output of a gate.

    Args:
        netlist: Takes it.
        kind: The type of the cell.
        head: Literal of its output.
        pin: The literal at an input.
        line: Of the text.

    Returns:
        Whether the type is one of a gate.
    """
    if kind in _SIMPLE:
        gate, second, flip = _SIMPLE[kind]
        operands = [pin("A"), pin("B") ^ second]
        if flip:
            netlist.define(head, ALIAS, [netlist.add_gate(gate, operands, line) ^ 1], line)
        else:
            netlist.define(head, gate, operands, line)
    elif kind in ("$_BUF_", "$_NOT_"):
        netlist.define(head, ALIAS, [pin("A") ^ (kind == "$_NOT_")], line)
    elif kind in _AND_OR:
        inner = _AND_OR[kind]
        outer = Gate.OR if inner is Gate.AND else Gate.AND
        first = netlist.add_gate(inner, [pin("A"), pin("B")], line)
        second = netlist.add_gate(inner, [pin("C"), pin("D")], line) if kind.endswith("4_") else pin("C")
        netlist.define(head, ALIAS, [netlist.add_gate(outer, [first, second], line) ^ 1], line)
    elif kind in ("$_MUX_", "$_NMUX_", "$_MUX4_", "$_MUX8_", "$_MUX16_"):
        width = int(kind.strip("$_NMUX") or 2)
        values = [pin(letter) for letter in _LETTERS[:width]]
        selects = [pin(letter) for letter in _SELECTS[: width.bit_length() - 1]]
        if width == 2:
            selects = [pin("S")]
        for select in selects:
            pairs = zip(values[::2], values[1::2], strict=True)
            values = [choose(netlist, select, high, low, line) for low, high in pairs]
        netlist.define(head, ALIAS, [values[0] ^ (kind == "$_NMUX_")], line)
    else:
        return False
    return True


def choose(netlist: Netlist, select: int, high: int, low: int, line: int) -> int:
    """The literal that is ``high`` where ``select`` is true, else ``low``."""
    if select < 2 or high == low:
        return high if select == 1 or high == low else low
    both = [(select, high), (select ^ 1, low)]
    return netlist.add_gate(Gate.OR, [netlist.add_gate(Gate.AND, pair, line) for pair in both], line)


def unlike_simulation(kind: str, constant: bool) -> str:
    """Why a register's asynchronous control does not act in a simulation, which looks at edges, as in hardware.

    With one control that sets to a constant the two are the same.

    Args:
        kind: The type of the cell.
        constant: Whether what it is set to is constant.

    Example:
        >>> unlike_simulation("$_DFF_PP0_", True)
        ''
    """
    parts = "hardware shows it at once, a simulation at the next edge"
    if kind.startswith("$_DFFSR"):
        return f"has two asynchronous controls; when one ends before the other, {parts}; give it one"
    if kind.startswith("$_ALDFF") and not constant:
        what = f"is set by an asynchronous control to what is no constant; when that changes meanwhile, {parts}"
        return f"{what}; set it to a constant, or at the edge of the clock"
    return ""


def add_register(netlist: Netlist, kind: str, names: Sequence[str], initial: int, pin: Pin, line: int) -> None:
    """Adds a register; an asynchronous control shows its value at once, as ``async2sync`` of yosys has it.

    Args:
        netlist: Takes it.
        kind: The type of the cell, which :data:`REGISTER` matches.
        names: Of its output, and of what it stores if it has an asynchronous control.
        initial: 0, 1, or -1 if it is open.
        pin: The literal at an input.
        line: Of the text.
    """
    output, stored = names
    _, base, letters, *_ = kind.split("_")
    shown = netlist.literal(stored if len(letters) > 1 else output)
    data = pin("D")
    loaded = pin("AD") if base == "ALDFF" else 0  # read once, as it may be undefined

    def active(port: str, letter: str) -> int:
        return pin(port) ^ (letter == "N")

    def controlled(value: int) -> int:
        if base == "ALDFF":
            return choose(netlist, active("L", letters[1]), loaded, value, line)
        if base == "DFFSR":
            value = choose(netlist, active("S", letters[1]), 1, value, line)
            return choose(netlist, active("R", letters[2]), 0, value, line)
        return choose(netlist, active("R", letters[1]), int(letters[2]), value, line)

    if len(letters) > 1:
        netlist.add_register(stored, controlled(data), initial, line)
        netlist.define(netlist.literal(output), ALIAS, [controlled(shown)], line)
    else:
        netlist.add_register(output, data, initial, line)
    netlist.add_clock(pin("C") if letters else None, letters[:1] != "N", line, output)
