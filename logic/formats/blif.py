"""BLIF: ``.names`` covers and ``.latch`` registers of one flat model."""

import re
from collections.abc import Callable, Iterable, Iterator

import numpy as np

from ..circuit import Circuit, Gate
from ..lowering import to_and_inverter
from .blif_models import Instance, copy_models
from .format import Format
from .naming import fresh_name, output_ends, refuse_roles, wire_names
from .netlist import ALIAS, Netlist
from .source import Source

# a gate kind with the positions it reads and whether each is complemented; cover of one gate or of an OR of gates
_Term = tuple[int, tuple[tuple[int, int], ...]]
_IGNORED = frozenset((  # says nothing of the function: delays, loads, areas, names of cells and where they come from
    ".clock", ".area", ".delay", ".wire", ".wire_load_slope", ".input_arrival", ".default_input_arrival",
    ".output_required", ".default_output_required", ".input_drive", ".default_input_drive", ".output_load",
    ".default_output_load", ".max_input_load", ".default_max_input_load", ".cname", ".attr",
))  # fmt: skip


def parse_blif(source: Source) -> Circuit:
    """The circuit of a BLIF text: its first model, into which the models that it instantiates are copied.

    Registers must share one clock, which then leaves the inputs. A first value of 2 or 3 is open.

    Raises:
        FormatError: naming the line, if it is not one, uses latches that are no flip-flops, or cells of a library.

    References:
        University of California Berkeley, "Berkeley Logic Interchange Format (BLIF)", 1992.
    """
    netlist = Netlist(source)
    reader = _Reader(netlist)
    lines = _logical_lines(source)
    rest = reader.read(lines, "", {})
    copy_models(reader, rest, lines)
    return netlist.build()


class _Reader:
    """Reads models into a netlist; the wires of an instance bear its name before theirs."""

    def __init__(self, netlist: Netlist) -> None:
        self.netlist, self.source = netlist, netlist.source
        self.first = ""  # name of the first model
        self.instances: list[Instance] = []
        self._covers: dict[tuple[str, ...], tuple[_Term, ...]] = {}

    def read(self, lines: Iterable[tuple[int, str]], prefix: str, ports: dict[str, str]) -> tuple[int, str] | None:
        """Reads one model, up to the ``.model`` that begins another one, which is returned.

        Args:
            lines: Logical lines, the model's own ``.model`` being left out or not.
            prefix: What stands before the names of wires inside; empty for the first model.
            ports: The wires that its inputs and outputs are connected to.
        """
        netlist, source = self.netlist, self.source
        names: list[str] = []
        cubes: list[str] = []
        opened = 0  # line of the .names that is being read, 0 outside
        begun = ended = False

        def wire(name: str) -> str:
            return (ports.get(name) or f"{prefix}{name}") if prefix else name

        def close() -> None:
            if opened:
                key = (str(len(names) - 1), *cubes)
                if key not in self._covers:
                    self._covers[key] = _cover(source, len(names) - 1, cubes, opened)
                _define(netlist, names, self._covers[key], opened)

        for line, text in lines:
            if text[0] != ".":
                if not opened:
                    raise source.error(f"expected a directive such as .names, got {text[:60]!r}", line)
                cubes.append(text)
                continue
            words = text.split()
            close()
            opened = 0
            if words[0] == ".model":
                if begun:
                    return line, text
                begun = True
                if not prefix:
                    self.first = words[1] if len(words) > 1 else ""
                continue
            begun = True
            if ended:
                raise source.error(f"expected .model after .end, got {words[0]}", line)
            match words[0]:
                case ".names" if len(words) > 1:
                    names, cubes, opened = list(map(wire, words[1:])) if prefix else words[1:], [], line
                case ".inputs" | ".outputs" if prefix:
                    pass
                case ".inputs":
                    for name in words[1:]:
                        netlist.add_input(name, line)
                case ".outputs":
                    for name in words[1:]:
                        netlist.add_output(name, line)
                case ".latch":
                    _add_latch(netlist, [*words[:1], *map(wire, words[1:3]), *words[3:]], line, wire)
                case ".subckt" if len(words) > 1:
                    self.instances.append(Instance.of(source, words, wire, line))
                case ".end":
                    ended = True
                case word if word in _IGNORED:
                    pass
                case word:
                    raise source.error(f"{word} is not supported; flatten to .names and .latch first", line)
        close()
        return None


def _logical_lines(source: Source) -> Iterator[tuple[int, str]]:
    """Lines joined where they end in a backslash, with the number of the first."""
    held: list[str] = []
    first = 0
    for number, line in source.lines("#", blank=True):  # a blank line ends a continued one
        if line[-1:] == "\\":
            first = first if held else number
            held.append(line[:-1])
        elif held:
            yield first, " ".join((*held, line)).strip()
            held = []
        elif line:
            yield number, line
    if held:
        raise source.error("the text ends within a continued line", first)


def _add_latch(netlist: Netlist, words: list[str], line: int, wire: Callable[[str], str]) -> None:
    """``.latch input output [type control] [initial]``."""
    rest = words[3:]
    kind, control = rest[:2] if len(rest) > 1 else ("", "")
    if kind:
        rest = rest[2:]
    if len(words) < 3 or len(rest) > 1 or (rest and rest[0] not in ("0", "1", "2", "3")):
        problem = f"expected .latch input output [type control] [0-3], got {' '.join(words)[:60]!r}"
        raise netlist.source.error(problem, line)
    if (kind, control) == ("fe", "NIL"):
        raise netlist.source.error("a falling edge of no clock; name the clock", line)
    if kind and kind not in ("re", "fe"):
        what = {"ah": "a latch that is open while its control is 1", "al": "a latch that is open while it is 0"}
        problem = f"{kind} is {what.get(kind, 'no edge of a clock')}; only flip-flops (re, fe) can be expressed"
        raise netlist.source.error(problem, line)
    initial = int(rest[0]) if rest else 3
    netlist.add_register(words[2], netlist.literal(words[1]), initial if initial < 2 else -1, line)
    named = kind and control != "NIL"
    netlist.add_clock(netlist.literal(wire(control)) if named else None, kind != "fe", line)


def _cover(source: Source, width: int, cubes: list[str], line: int) -> tuple[_Term, ...]:
    """What a cover computes: terms whose OR, complemented by a last term without operands, is the function."""
    rows: list[str] = []
    values: set[str] = set()
    for cube in cubes:
        *parts, value = cube.split()
        row = "".join(parts)
        if len(parts) != min(width, 1) or value not in ("0", "1") or len(row) != width or row.strip("01-"):
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
    if 1 < width < 12 and len(rows) == 1 << (width - 1) and not any("-" in row for row in rows):
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
    """The circuit as a BLIF model named ``circuit``; parities and majorities of more than three are lowered first.

    Raises:
        FormatError: if an output is no plain one.
    """
    refuse_roles(circuit, "BLIF")
    widths = np.diff(circuit.offsets)
    if (widths[circuit.kinds >= Gate.XOR] > 3).any():
        circuit = to_and_inverter(circuit)
    circuit, names = wire_names(circuit, re.compile(r"[!-\"$-\[\]-~]+"), "BLIF")
    clock = circuit.clock
    inputs = (clock.name, *circuit.inputs) if clock else circuit.inputs
    control = f" {'re' if clock.rising else 'fe'} {clock.name}" if clock else ""
    lines = [".model circuit", " ".join((".inputs", *inputs)), " ".join((".outputs", *circuit.output_names))]
    ends = output_ends(circuit)
    # registers read wires, so a complemented or constant next state needs a wire of its own
    prefix = fresh_name("next", (*circuit.inputs, *circuit.register_names, *circuit.output_names))
    for position, name in enumerate(circuit.register_names):
        initial = int(circuit.register_initial[position])
        lines.append(f".latch {prefix}{position} {name}{control} {initial if initial >= 0 else 3}")
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


BLIF = Format(
    name="BLIF",
    suffixes=("blif",),
    example=b".model m\n.inputs a b \\\n c\n.outputs y q\n.names a b c y\n11- 1\n--0 1\n.latch y q re clk 0\n.end\n",
    lacks="No properties, no cells of a library, no latches that are no flip-flops.",
    read=parse_blif,
    write=lambda circuit: blif_text(circuit).encode("ascii"),
    mark=rb"(?s).*\.(model|inputs)",
)
