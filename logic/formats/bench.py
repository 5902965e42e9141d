"""ISCAS ``.bench`` netlists: ``y = NAND(a, b)``, ``q = DFF(d)``."""

import re

from ..circuit import Circuit, Gate
from .netlist import ALIAS, Netlist
from .source import Source

# kind, and whether the result is complemented
GATES = {
    "and": (Gate.AND, 0),
    "nand": (Gate.AND, 1),
    "or": (Gate.OR, 0),
    "nor": (Gate.OR, 1),
    "xor": (Gate.XOR, 0),
    "xnor": (Gate.XOR, 1),
    "maj": (Gate.MAJ, 0),
}
_LINE = re.compile(r"(?:([^\s(),=]+)\s*=\s*)?([A-Za-z]\w*)\s*\(([^()=]*)\)")


def parse_bench(source: Source) -> Circuit:
    """The circuit of an ISCAS ``.bench`` text; registers start at 0.

    Raises:
        FormatError: naming the line, if it is not one.

    References:
        Brglez, Bryan and Kozminski, "Combinational profiles of sequential benchmark circuits", ISCAS 1989.
    """
    netlist = Netlist(source)
    for line, text in source.lines("#"):
        match = _LINE.fullmatch(text)
        if match is None:
            raise source.error(f"expected INPUT(a), OUTPUT(a) or y = AND(a, b), got {text[:60]!r}", line)
        head, word, inside = match.groups()
        names = inside.split(",") if inside.strip() else []
        names = [name.strip() for name in names]
        if any(not name or " " in name or "\t" in name for name in names):
            raise source.error(f"expected names parted by commas, got {inside[:60]!r}", line)
        if head is None:
            if word.upper() not in ("INPUT", "OUTPUT") or len(names) != 1:
                raise source.error(f"expected INPUT(a) or OUTPUT(a), got {text[:60]!r}", line)
            declare = netlist.add_input if word.upper() == "INPUT" else netlist.add_output
            declare(names[0], line)
            continue
        _define(netlist, head, word.lower(), names, line)
    return netlist.build()


def _define(netlist: Netlist, head: str, word: str, names: list[str], line: int) -> None:
    literals = [netlist.literal(name) for name in names]
    if word in ("vdd", "gnd", "const1", "const0") and not literals:
        netlist.define(netlist.literal(head), ALIAS, (int(word in ("vdd", "const1")),), line)
    elif word in ("not", "buf", "buff", "dff") and len(literals) != 1:
        raise netlist.source.error(f"{word.upper()} takes one operand, got {len(literals)}", line)
    elif word == "dff":
        netlist.add_register(head, literals[0], 0, line)
    elif word in ("not", "buf", "buff"):
        netlist.define(netlist.literal(head), ALIAS, (literals[0] ^ (word == "not"),), line)
    elif word in GATES and literals:
        kind, flip = GATES[word]
        if kind is Gate.MAJ and len(literals) % 2 == 0:
            raise netlist.source.error(f"MAJ takes an odd number of operands, got {len(literals)}", line)
        if flip:
            gate = netlist.add_gate(kind, literals, line)
            netlist.define(netlist.literal(head), ALIAS, (gate ^ 1,), line)
        else:
            netlist.define(netlist.literal(head), kind, literals, line)
    else:
        known = ", ".join(name.upper() for name in (*GATES, "not", "buff", "dff"))
        raise netlist.source.error(f"unknown gate {word.upper()}({', '.join(names)[:40]}); known: {known}", line)
