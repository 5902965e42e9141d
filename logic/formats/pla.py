"""Espresso PLA: two-level tables of cubes with several outputs."""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from ..circuit import Circuit, CircuitBuilder, Gate, Literal
from ..errors import CircuitError
from .cubes import Cube, common, outside
from .format import Format
from .source import Source

_TYPES = ("f", "fd", "fr", "fdr")
_VALUES = "is of variables with more than two values, which a circuit has not; encode them in bits"
_REFUSED = {
    ".mv": _VALUES,
    ".symbolic": _VALUES,
    ".symbolic-output": _VALUES,
    ".kiss": "is of a state machine; write it as KISS2 (.kiss2)",
    ".pair": "pairs inputs into variables of four values; leave it out, the table says the same without it",
}


def parse_pla(source: Source) -> Circuit:
    """The circuit of a PLA: each output is the OR of the cubes marked 1 for it.

    ``.type`` says what other marks mean: ``f`` nothing; ``fd`` (if none is given) that ``-`` is a don't care; ``fr``
    that 0 is false and rows that are not listed are don't cares; ``fdr`` that all three are listed. A row that is left
    open is 0 in the circuit and free in its ``dont_cares``; tables that contradict themselves are refused.

    Raises:
        FormatError: naming the line, if the text is not one, or gives a row both values, or none where all are listed.

    References:
        Rudell, "Multiple-valued logic minimization for PLA synthesis", 1986 (the format of espresso).
    """
    counts: dict[str, int] = {}
    names: dict[str, list[str]] = {}
    cubes: list[Cube] = []
    kind = "fd"
    held, first = "", 0  # a cube that goes on in the next line
    for line, text in source.lines("#"):
        words = text.split()
        if held and text[0] == ".":
            raise source.error(f"the cube ends after {len(held)} of {sum(counts.values())} marks", first)
        match words:
            case [".i" | ".o" as word, count] if count.isdecimal() and len(count) < 10:
                if word in counts:
                    raise source.error(f"a second {word}", line)
                counts[word] = int(count)
                source.check_count(int(count), "columns", line)
            case [".ilb" | ".ob" as word, *given]:
                names[word] = given
            case [".p" | ".label", *_]:
                pass
            case [".phase", phases] if not phases.strip("1"):
                pass
            case [".phase", *_]:
                raise source.error(
                    "a .phase other than 1 writes some outputs complemented; write them as they are", line
                )
            case [".type", given] if given in _TYPES and not cubes:
                kind = given
            case [".type", *_]:
                raise source.error(f"expected .type with one of {', '.join(_TYPES)} before the first cube", line)
            case [".e" | ".end"]:
                break
            case [word, *_] if word[0] == ".":
                known = _REFUSED.get(word, "is not known; known: .i .o .ilb .ob .p .type .e")
                raise source.error(f"{text[:60]!r} {known}", line)
            case _:
                if len(counts) < 2:
                    raise source.error("a cube before .i and .o", line)
                held, first = held + "".join(words).replace("|", ""), first if held else line
                inputs, outputs = held[: counts[".i"]], held[counts[".i"] :]
                if len(outputs) > counts[".o"] or inputs.strip("01-2") or outputs.strip("01-~234"):
                    problem = f"expected {counts['.i']} of 0, 1, - and {counts['.o']} of 0, 1, -, ~, got {text[:60]!r}"
                    raise source.error(problem, line)
                if len(held) == counts[".i"] + counts[".o"]:
                    cubes.append((first, inputs, outputs))
                    held = ""
    if held:
        raise source.error(f"the cube ends after {len(held)} of {sum(counts.values())} marks", first)
    if len(counts) < 2:
        raise source.error("no .i and .o with the numbers of inputs and outputs")
    labels: dict[str, list[str]] = {}
    for word, count, letter in ((".ilb", counts[".i"], "i"), (".ob", counts[".o"], "o")):
        labels[word] = names.get(word, [f"{letter}{index}" for index in range(count)])
        if len(labels[word]) != count or len(set(labels[word])) != count:
            raise source.error(f"{word} must give {count} different names, got {len(labels[word])}")
    open_ = [_open(source, kind, output, name, cubes) for output, name in enumerate(labels[".ob"])]
    try:
        return _build(labels[".ilb"], labels[".ob"], cubes, open_)
    except CircuitError as wrong:
        raise source.error(str(wrong)) from wrong


class _Open(NamedTuple):
    """Where an output is free: in rows marked so, and in those of no other mark."""

    marks: str
    unlisted: str


def _open(source: Source, kind: str, output: int, name: str, cubes: list[Cube]) -> _Open:
    """Where an output of a table is free; refuses one that is given both values in one row, or none."""

    def marked(marks: str) -> list[Cube]:
        return [cube for cube in cubes if cube[2][output] in marks]

    true, open_, false = marked("14"), marked("-2") if "d" in kind else [], marked("0") if "r" in kind else []
    for first, second in ((true, false), (open_, false)):
        if pair := common(first, second):
            one, other = sorted(cube[0] for cube in pair)
            problem = f"for {name!r} this row and the one in line {one} overlap and say different things"
            raise source.error(problem, other)
    gap = "r" in kind and outside([(0, "", "")], [*true, *false, *open_])
    if gap and kind == "fdr":
        raise source.error(f".type fdr lists all rows, but not all of {name!r}; give .type fr to leave the others open")
    free = any(outside([cube], true) for cube in open_)
    return _Open("-2" if free else "", "140" if gap else "")


def _build(inputs: list[str], outputs: list[str], cubes: list[Cube], open_: list[_Open]) -> Circuit:
    plain, free = CircuitBuilder(), CircuitBuilder()
    given = plain.inputs(*inputs)
    terms = [_terms(plain, given, cubes, output, "14") for output in range(len(outputs))]
    circuit = plain.build_from({name: _any(plain, term) for name, term in zip(outputs, terms, strict=True)})
    leaves = free.inputs(*inputs)
    ends: dict[str, Literal] = {}
    for output, (marks, unlisted) in enumerate(open_):
        parts = [_any(free, _terms(free, leaves, cubes, output, marks))] if marks else []
        parts += [~_any(free, _terms(free, leaves, cubes, output, unlisted))] if unlisted else []
        if parts:
            true = _any(free, _terms(free, leaves, cubes, output, "14"))
            ends[outputs[output]] = _any(free, parts) & ~true
    return replace(circuit, dont_cares=free.build_from(ends)) if ends else circuit


def _terms(
    make: CircuitBuilder, leaves: Sequence[Literal], cubes: list[Cube], output: int, wanted: str
) -> list[Literal]:
    """The cubes that bear some marks for an output."""
    terms: list[Literal] = []
    for _, marks, values in cubes:
        if values[output] in wanted:
            reads = [~leaf if mark == "0" else leaf for leaf, mark in zip(leaves, marks, strict=True) if mark in "01"]
            terms.append(make.gate(Gate.AND, reads) if reads else ~make.false)
    return terms


def _any(make: CircuitBuilder, terms: list[Literal]) -> Literal:
    return make.gate(Gate.OR, terms) if terms else make.false


PLA = Format(
    name="espresso PLA",
    suffixes=("pla",),
    example=b".i 3\n.o 2\n.ilb a b c\n.ob y z\n.type fd\n11- 10\n0-1 01\n.e\n",
    lacks="Two levels only, no registers; read only.",
    read=parse_pla,
)
