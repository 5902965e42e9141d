"""Covers of BLIF: rows of 0, 1 and - that say when a wire has the value at their end."""

from collections.abc import Sequence

from ...circuit import Gate
from ..netlist import ALIAS, Netlist
from ..source import Source

# a gate kind with the positions it reads and whether each is complemented; cover of one gate or of an OR of gates
Term = tuple[int, tuple[tuple[int, int], ...]]


def read_cover(source: Source, width: int, cubes: list[str], line: int) -> tuple[Term, ...]:
    """What a cover computes: terms whose OR, complemented by a last term without operands, is the function."""
    rows: list[str] = []
    values: set[str] = set()
    for cube in cubes:
        *parts, value = cube.split()
        row = "".join(parts)  # the marks may be parted by blanks: what they say hangs on their number alone
        if value not in ("0", "1") or len(row) != width or row.strip("01-"):
            raise source.error(f"expected {width} of 0, 1, - and a value, got {cube[:60]!r} in the cover", line)
        rows.append(row)
        values.add(value)
    if len(values) > 1:
        raise source.error("a cover lists both 0 and 1; keep one of them", line)
    complement: tuple[Term, ...] = ((ALIAS, ()),) if values == {"0"} else ()
    if len(rows) > 1 and (special := _special(width, frozenset(rows))) is not None:
        return (special, *complement)
    terms = [
        (int(Gate.AND), tuple((position, int(mark == "0")) for position, mark in enumerate(row) if mark != "-"))
        for row in rows
    ]
    if len(terms) > 1 and all(len(reads) == 1 for _, reads in terms):  # an OR of literals needs no AND
        terms = [(int(Gate.OR), tuple(reads[0] for _, reads in terms))]
    return (*terms, *complement)


def _special(width: int, rows: frozenset[str]) -> Term | None:
    """Parity and majority, told by their cubes."""
    reads = tuple((position, 0) for position in range(width))
    if width == 3 and rows == frozenset({"11-", "1-1", "-11"}):
        return int(Gate.MAJ), reads
    if 1 < width < 12 and len(rows) == 1 << (width - 1) and not any("-" in row for row in rows):
        odd = {row.count("1") & 1 for row in rows}
        if len(odd) == 1:
            return int(Gate.XOR), reads if odd == {1} else ((0, 1), *reads[1:])
    return None


def define_cover(netlist: Netlist, names: Sequence[str], terms: tuple[Term, ...], line: int) -> None:
    """Defines the last of the named wires by a cover over the others."""
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
