"""ISCAS ``.bench`` netlists: ``y = NAND(a, b)``, ``q = DFF(d)``."""

import re
from collections.abc import Iterator

from ..circuit import Circuit, Gate
from ..lowering import to_and_inverter
from .format import Format
from .naming import fresh_name, output_ends, refuse_dont_cares, refuse_roles, wire_names
from .netlist import ALIAS, Netlist
from .source import Source
from .truth_table import add_table

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
_LINE = re.compile(r"(?:([^\s(),=]+)\s*=\s*)?([A-Za-z]\w*)\s*(0[xX][0-9a-fA-F]+)?\s*\(([^()=]*)\)")
_CONSTANT = re.compile(r"([^\s(),=]+)\s*=\s*(vdd|gnd|const1|const0)", re.IGNORECASE)
_SYNONYMS = {"buf": "buff", "buffer": "buff", "inv": "not", "inverter": "not", "nxor": "xnor"}
_LUT_INPUTS = 16
_FIRST_VALUES = {"dff": -1, "dff0": 0, "dff1": 1}


def parse_bench(source: Source) -> Circuit:
    """The circuit of an ISCAS ``.bench`` text.

    The language says nothing of the first value of a ``DFF``, so it is open; ``DFF0`` and ``DFF1`` are those of ABC.

    Raises:
        FormatError: naming the line, if it is not one.

    References:
        Brglez, Bryan and Kozminski, "Combinational profiles of sequential benchmark circuits", ISCAS 1989.
    """
    netlist = Netlist(source)
    if (found := re.search(rb"=\s*mux\s*\(", source.data, re.IGNORECASE)) is not None:
        told = "the first operand of MUX selects, the second if it is 1, as ABC has it; other tools take the third then"
        netlist.warn(told, source.data.count(b"\n", 0, found.start()) + 1)
    for line, text in _statements(source):
        if constant := _CONSTANT.fullmatch(text):
            netlist.define(netlist.literal(constant[1]), ALIAS, (int(constant[2].lower() in ("vdd", "const1")),), line)
            continue
        match = _LINE.fullmatch(text)
        if match is None or (match[3] is not None) != (match[2].upper() == "LUT"):
            raise source.error(f"expected INPUT(a), OUTPUT(a) or y = AND(a, b), got {text[:60]!r}", line)
        head, word, table, inside = match.groups()
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
        if table is not None:
            _define_table(netlist, head, int(table, 16), names, line)
            continue
        _define(netlist, head, _SYNONYMS.get(word.lower(), word.lower()), names, line)
    return netlist.build()


def _statements(source: Source) -> Iterator[tuple[int, str]]:
    """Statements with the line in which they begin: a line each, but parentheses may go on over lines.

    Several may stand in a line, and a semicolon may end one.
    """
    held, first = "", 0
    for line, text in source.lines("#"):
        held, first = (f"{held} {text}", first) if held else (text, line)
        if held.count("(") <= held.count(")"):
            yield from ((first, part) for part in _parts(held))
            held = ""
    if held:
        yield first, held


def _parts(text: str) -> Iterator[str]:
    plain = text.rstrip("; \t")
    if plain.count(")") < 2:
        yield plain
        return
    for part in plain.split(")"):
        if part := part.strip("; \t"):
            yield f"{part})"


def _define_table(netlist: Netlist, head: str, table: int, names: list[str], line: int) -> None:
    """``y = LUT 0x8 (a, b)``: the first name changes fastest along the table, whose lowest bit is the first row."""
    if len(names) > _LUT_INPUTS or table >> (1 << len(names)):
        problem = f"a table of at most 2 ** {len(names)} bits for {len(names)} operands (at most {_LUT_INPUTS})"
        raise netlist.source.error(f"expected {problem}, got {table:#x}", line)
    operands = [netlist.literal(name) for name in names]
    netlist.define(netlist.literal(head), ALIAS, (add_table(netlist, table, operands, line),), line)


def _define(netlist: Netlist, head: str, word: str, names: list[str], line: int) -> None:
    literals = [netlist.literal(name) for name in names]
    if word in ("vdd", "gnd", "const1", "const0") and not literals:
        netlist.define(netlist.literal(head), ALIAS, (int(word in ("vdd", "const1")),), line)
    elif word in ("not", "buff", *_FIRST_VALUES) and len(literals) != 1:
        raise netlist.source.error(f"{word.upper()} takes one operand, got {len(literals)}", line)
    elif word in _FIRST_VALUES:
        netlist.add_register(head, literals[0], _FIRST_VALUES[word], line)
    elif word in ("not", "buff"):
        netlist.define(netlist.literal(head), ALIAS, (literals[0] ^ (word == "not"),), line)
    elif word == "mux" and len(literals) == 3:
        select, one, zero = literals
        arms = [netlist.add_gate(Gate.AND, arm, line) for arm in ((select, one), (select ^ 1, zero))]
        netlist.define(netlist.literal(head), Gate.OR, arms, line)
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
        known = ", ".join(name.upper() for name in (*GATES, "mux", "not", "buff", "dff"))
        raise netlist.source.error(f"unknown gate {word.upper()}({', '.join(names)[:40]}); known: {known}", line)


def bench_text(circuit: Circuit) -> str:
    """The circuit as a ``.bench`` text; majorities are lowered first.

    Raises:
        FormatError: if an output is no plain one.
    """
    refuse_roles(circuit, "bench")
    refuse_dont_cares(circuit, "bench")
    if (circuit.kinds == Gate.MAJ).any():
        circuit = to_and_inverter(circuit)
    circuit, names = wire_names(circuit, re.compile(r"[!-\"$-'*+\--<>-~]+"), "bench")
    ends = output_ends(circuit)
    lines = ["# circuit", *(f"INPUT({name})" for name in circuit.inputs)]
    lines += [f"OUTPUT({name})" for name in circuit.output_names]
    prefix = fresh_name("not", (*names, *circuit.output_names))
    inverted: dict[int, str] = {}

    def read(literal: int) -> str:
        """The name of a literal; its inverter, or the constant, is written when first read."""
        if literal & 1 == 0 and literal:
            return names[literal >> 1]
        if literal not in inverted:
            inverted[literal] = f"{prefix}{literal}"
            gate = f"NOT({names[literal >> 1]})" if literal > 1 else ("vdd" if literal else "gnd")
            lines.append(f"{inverted[literal]} = {gate}")
        return inverted[literal]

    offsets, literals, kinds = circuit.offsets.tolist(), circuit.literals.tolist(), circuit.kinds.tolist()
    for gate, kind in enumerate(kinds):
        operands = [read(literal) for literal in literals[offsets[gate] : offsets[gate + 1]]]
        word = Gate(kind).name if len(operands) > 1 else "BUFF"
        lines.append(f"{names[circuit.first_gate + gate]} = {word}({', '.join(operands)})")
    words = {value: word.upper() for word, value in _FIRST_VALUES.items()}
    rows = circuit.register_names, circuit.register_next.tolist(), circuit.register_initial.tolist()
    lines += [f"{name} = {words[first]}({read(literal)})" for name, literal, first in zip(*rows, strict=True)]
    lines += [f"{name} = BUFF({read(literal)})" for name, literal in ends]
    return "\n".join((*lines, ""))


BENCH = Format(
    name="ISCAS bench",
    suffixes=("bench",),
    example=b"INPUT(a)\nINPUT(b)\nOUTPUT(y)\nq = DFF(y)\nn = NAND(a, b, q)\nm = LUT 0x6 (n, a)\ny = BUFF(m) # parity\n",
    lacks="The clock is implied: its name and edge are left out. No properties.",
    read=parse_bench,
    write=lambda circuit: bench_text(circuit).encode("ascii"),
    mark=rb"(?s).*(INPUT|OUTPUT)\(",
)
