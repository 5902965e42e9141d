"""Espresso PLA: two-level tables of cubes with several outputs."""

from ..circuit import Circuit, CircuitBuilder, Gate, Literal
from ..errors import CircuitError
from .cubes import Cube, common, outside
from .format import Format
from .source import Source

_TYPES = ("f", "fd", "fr", "fdr")


def parse_pla(source: Source) -> Circuit:
    """The circuit of a PLA: each output is the OR of the cubes marked 1 for it.

    ``.type`` says what other marks mean: ``f`` nothing; ``fd`` (if none is given) that ``-`` is a don't care; ``fr``
    that 0 is false and rows that are not listed are don't cares; ``fdr`` that all three are listed. A circuit has one
    value everywhere, so tables that leave one open are refused, and so are ones that contradict themselves.

    Raises:
        FormatError: naming the line, if the text is not one, gives a row both values, or leaves one open.

    References:
        Rudell, "Multiple-valued logic minimization for PLA synthesis", 1986 (the format of espresso).
    """
    counts: dict[str, int] = {}
    names: dict[str, list[str]] = {}
    cubes: list[Cube] = []
    kind = "fd"
    for line, text in source.lines("#"):
        words = text.split()
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
                raise source.error(f"unexpected {text[:60]!r}; known: .i .o .ilb .ob .p .type .e", line)
            case _:
                if len(counts) < 2:
                    raise source.error("a cube before .i and .o", line)
                cube = "".join(words).replace("|", "")
                inputs, outputs = cube[: counts[".i"]], cube[counts[".i"] :]
                if len(cube) != counts[".i"] + counts[".o"] or inputs.strip("01-2") or outputs.strip("01-~234"):
                    problem = f"expected {counts['.i']} of 0, 1, - and {counts['.o']} of 0, 1, -, ~, got {text[:60]!r}"
                    raise source.error(problem, line)
                cubes.append((line, inputs, outputs))
    if len(counts) < 2:
        raise source.error("no .i and .o with the numbers of inputs and outputs")
    labels: dict[str, list[str]] = {}
    for word, count, letter in ((".ilb", counts[".i"], "i"), (".ob", counts[".o"], "o")):
        labels[word] = names.get(word, [f"{letter}{index}" for index in range(count)])
        if len(labels[word]) != count or len(set(labels[word])) != count:
            raise source.error(f"{word} must give {count} different names, got {len(labels[word])}")
    for output, name in enumerate(labels[".ob"]):
        _check_complete(source, kind, output, name, cubes)
    try:
        return _build(labels[".ilb"], labels[".ob"], cubes)
    except CircuitError as wrong:
        raise source.error(str(wrong)) from wrong


def _check_complete(source: Source, kind: str, output: int, name: str, cubes: list[Cube]) -> None:
    """Refuses an output that is given both values in one row, or none."""

    def marked(marks: str) -> list[Cube]:
        return [cube for cube in cubes if cube[2][output] in marks]

    true, open_, false = marked("14"), marked("-2") if "d" in kind else [], marked("0") if "r" in kind else []
    for first, second in ((true, false), (open_, false)):
        if pair := common(first, second):
            one, other = sorted(cube[0] for cube in pair)
            problem = f"for {name!r} this row and the one in line {one} overlap and say different things"
            raise source.error(problem, other)
    remedy = "a circuit has one value everywhere; give .type f to read all rows but those of value 1 as 0"
    for cube in open_:
        if outside([cube], true):
            raise source.error(f"{name!r} is a don't care in this row; {remedy}", cube[0])
    if "r" in kind and outside([(0, "", "")], [*true, *false, *open_]):
        raise source.error(f".type {kind} makes {name!r} a don't care in the rows that are not listed; {remedy}")


def _build(inputs: list[str], outputs: list[str], cubes: list[tuple[int, str, str]]) -> Circuit:
    make = CircuitBuilder()
    leaves = make.inputs(*inputs)
    terms: list[list[Literal]] = [[] for _ in outputs]
    for _, marks, values in cubes:
        reads = [~leaf if mark == "0" else leaf for leaf, mark in zip(leaves, marks, strict=True) if mark in "01"]
        cube = make.gate(Gate.AND, reads) if reads else ~make.false
        for output, value in enumerate(values):
            if value in "14":
                terms[output].append(cube)
    ends = (make.gate(Gate.OR, term) if term else make.false for term in terms)
    return make.build_from(dict(zip(outputs, ends, strict=True)))


PLA = Format(
    name="espresso PLA",
    suffixes=("pla",),
    example=b".i 3\n.o 2\n.ilb a b c\n.ob y z\n.type fd\n11- 10\n0-1 01\n.e\n",
    lacks="Two levels only: no registers, and a circuit has no don't cares.",
    read=parse_pla,
)
