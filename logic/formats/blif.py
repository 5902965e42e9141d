"""BLIF: ``.names`` covers and ``.latch`` registers of one flat model."""

import re
from collections.abc import Iterator

import numpy as np

from ..circuit import Circuit, Gate
from ..lowering import to_and_inverter
from .naming import fresh_name, output_ends, wire_names
from .netlist import ALIAS, Netlist
from .source import Source

# a gate kind with the positions it reads and whether each is complemented; cover of one gate or of an OR of gates
_Term = tuple[int, tuple[tuple[int, int], ...]]
_IGNORED = frozenset(
    (".clock", ".area", ".delay", ".wire_load_slope", ".default_input_arrival", ".default_output_required")
)
_LATCH_TYPES = ("fe", "re", "ah", "al", "as")


def parse_blif(source: Source) -> Circuit:
    """The circuit of a BLIF text with one model; clocks are implied, so every register belongs to the same one.

    Raises:
        FormatError: naming the line, if it is not one, or uses ``.subckt``, ``.gate`` or a second model.

    References:
        University of California Berkeley, "Berkeley Logic Interchange Format (BLIF)", 1992.
    """
    netlist = Netlist(source)
    known: dict[tuple[str, ...], tuple[_Term, ...]] = {}
    names: list[str] = []
    cubes: list[str] = []
    opened = 0  # line of the .names that is being read, 0 outside

    def close() -> None:
        if opened:
            key = (str(len(names) - 1), *cubes)
            if key not in known:
                known[key] = _cover(source, len(names) - 1, cubes, opened)
            _define(netlist, names, known[key], opened)

    models = 0
    for line, text in _logical_lines(source):
        if text[0] != ".":
            if not opened:
                raise source.error(f"expected a directive such as .names, got {text[:60]!r}", line)
            cubes.append(text)
            continue
        words = text.split()
        close()
        opened = 0
        match words[0]:
            case ".names" if len(words) > 1:
                names, cubes, opened = words[1:], [], line
            case ".inputs":
                for name in words[1:]:
                    netlist.add_input(name, line)
            case ".outputs":
                for name in words[1:]:
                    netlist.add_output(name, line)
            case ".latch":
                _add_latch(netlist, words, line)
            case ".model":
                models += 1
                if models > 1:
                    raise source.error("a second .model; flatten the hierarchy first", line)
            case ".end":
                pass
            case word if word in _IGNORED:
                pass
            case word:
                raise source.error(f"{word} is not supported; flatten to .names and .latch first", line)
    close()
    return netlist.build()


def _logical_lines(source: Source) -> Iterator[tuple[int, str]]:
    """Lines joined where they end in a backslash, with the number of the first."""
    held: list[str] = []
    first = 0
    for number, line in source.lines("#"):
        if line[-1] == "\\":
            first = first if held else number
            held.append(line[:-1])
        elif held:
            yield first, " ".join((*held, line)).strip()
            held = []
        else:
            yield number, line
    if held:
        raise source.error("the text ends within a continued line", first)


def _add_latch(netlist: Netlist, words: list[str], line: int) -> None:
    """``.latch input output [type control] [initial]``."""
    rest = words[3:]
    if rest and rest[0] in _LATCH_TYPES:
        rest = rest[2:]
    if len(words) < 3 or len(rest) > 1 or (rest and rest[0] not in "0123"):
        raise netlist.source.error(
            f"expected .latch input output [type control] [0-3], got {' '.join(words)[:60]!r}", line
        )
    initial = int(rest[0]) if rest else 3
    netlist.add_register(words[2], netlist.literal(words[1]), initial if initial < 2 else -1, line)


def _cover(source: Source, width: int, cubes: list[str], line: int) -> tuple[_Term, ...]:
    """What a cover computes: terms whose OR, complemented by a last term without operands, is the function."""
    rows: list[str] = []
    values: set[str] = set()
    for cube in cubes:
        row, _, value = cube.rpartition(" ") if width else ("", "", cube)
        row = row.strip()
        if value not in ("0", "1") or len(row) != width or row.strip("01-"):
            raise source.error(f"expected {width} of 0, 1, - and a value, got {cube[:60]!r} in the cover", line)
        rows.append(row)
        values.add(value)
    if len(values) > 1:
        raise source.error("a cover lists both 0 and 1; keep one of them", line)
    complement: tuple[_Term, ...] = ((ALIAS, ()),) if values == {"0"} else ()
    if len(rows) > 1 and (special := _special(width, frozenset(rows))) is not None:
        return (special, *complement)
    terms = [
        (int(Gate.AND), tuple((position, int(mark == "0")) for position, mark in enumerate(row) if mark != "-"))
        for row in rows
    ]
    if len(terms) > 1 and all(len(reads) == 1 for _, reads in terms):  # an OR of literals needs no AND
        terms = [(int(Gate.OR), tuple(reads[0] for _, reads in terms))]
    return (*terms, *complement)


def _special(width: int, rows: frozenset[str]) -> _Term | None:
    """Parity and majority, told by their cubes."""
    reads = tuple((position, 0) for position in range(width))
    if width == 3 and rows == frozenset({"11-", "1-1", "-11"}):
        return int(Gate.MAJ), reads
    if width < 12 and len(rows) == 1 << (width - 1) and not any("-" in row for row in rows):
        odd = {row.count("1") & 1 for row in rows}
        if len(odd) == 1:
            return int(Gate.XOR), reads if odd == {1} else ((0, 1), *reads[1:])
    return None


def _define(netlist: Netlist, names: list[str], terms: tuple[_Term, ...], line: int) -> None:
    literal = netlist.literal
    head = literal(names[-1])
    if len(terms) == 1 and len(terms[0][1]) > 1:
        kind, reads = terms[0]
        netlist.define(head, kind, [literal(names[position]) ^ flip for position, flip in reads], line)
        return
    flip = int(bool(terms) and terms[-1] == (ALIAS, ()))
    operands: list[int] = []
    for kind, reads in terms[: len(terms) - flip]:
        leaves = [literal(names[position]) ^ invert for position, invert in reads]
        if len(leaves) > 1:
            operands.append(netlist.add_gate(kind, leaves, line))
        else:
            operands.append(leaves[0] if leaves else 1)
    if len(operands) > 1:
        operands = [netlist.add_gate(Gate.OR, operands, line)]
    netlist.define(head, ALIAS, ((operands[0] if operands else 0) ^ flip,), line)


def blif_text(circuit: Circuit) -> str:
    r"""The circuit as a BLIF model named ``circuit``; parities and majorities of more than three are lowered first.

    Raises:
        FormatError: if a name holds blanks, ``#`` or ``\`` or letters beyond ASCII.
    """
    widths = np.diff(circuit.offsets)
    if (widths[circuit.kinds >= Gate.XOR] > 3).any():
        circuit = to_and_inverter(circuit)
    names = wire_names(circuit, re.compile(r"[!-\"$-\[\]-~]+"), "BLIF")
    lines = [".model circuit", " ".join((".inputs", *circuit.inputs)), " ".join((".outputs", *circuit.output_names))]
    ends = output_ends(circuit)
    # registers read wires, so a complemented or constant next state needs a wire of its own
    prefix = fresh_name("next", (*circuit.inputs, *circuit.register_names, *circuit.output_names))
    for position, name in enumerate(circuit.register_names):
        initial = int(circuit.register_initial[position])
        lines.append(f".latch {prefix}{position} {name} {initial if initial >= 0 else 3}")
        ends.append((f"{prefix}{position}", int(circuit.register_next[position])))
    kinds, offsets, literals = circuit.kinds.tolist(), circuit.offsets.tolist(), circuit.literals.tolist()
    for gate, kind in enumerate(kinds):
        operands = literals[offsets[gate] : offsets[gate + 1]]
        words = [names[operand >> 1] for operand in operands if operand > 1]
        lines.append(f".names {' '.join((*words, names[circuit.first_gate + gate]))}")
        lines += _cubes(kind, operands)
    for name, literal in ends:
        lines.append(f".names {names[literal >> 1]} {name}" if literal > 1 else f".names {name}")
        lines += [f"{1 - (literal & 1)} 1"] if literal > 1 else ["1"] * literal
    return "\n".join((*lines, ".end\n"))


def _cubes(kind: int, operands: list[int]) -> list[str]:
    """The cover of a gate, over those operands that are not constant."""
    flips = [operand & 1 for operand in operands if operand > 1]
    constants = [operand for operand in operands if operand <= 1]
    ones = "".join("10"[flip] for flip in flips)
    space = " " if flips else ""
    if kind == Gate.AND:
        return [] if 0 in constants else [f"{ones}{space}1"]
    if kind == Gate.OR:
        if 1 in constants or not flips:
            return [f"{'-' * len(flips)}{space}1"] if 1 in constants else []
        return [f"{'-' * at}{mark}{'-' * (len(ones) - at - 1)} 1" for at, mark in enumerate(ones)]
    count, need = len(flips), len(operands) // 2 + 1
    rows = (f"{row:0{count}b}" if count else "" for row in range(1 << count))
    chosen: list[str] = []
    for row in rows:
        true = sum(constants) + sum(int(bit) ^ flip for bit, flip in zip(row, flips, strict=True))
        if true & 1 if kind == Gate.XOR else true >= need:
            chosen.append(f"{row}{space}1")
    if kind == Gate.MAJ and count == 3:  # three primes rather than four minterms
        return [
            f"{'-' * (at == 0) or ones[0]}{'-' * (at == 1) or ones[1]}{'-' * (at == 2) or ones[2]} 1"
            for at in (2, 1, 0)
        ]
    return chosen
