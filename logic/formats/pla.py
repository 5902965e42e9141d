"""Espresso PLA: two-level tables of cubes with several outputs."""

from collections.abc import Sequence

from ..circuit import Circuit, CircuitBuilder, Gate, Literal
from ..errors import CircuitError
from .format import Format
from .source import Source

_TYPES = ("f", "fd", "fr", "fdr")
_Cube = tuple[int, str, str]  # line, marks of the inputs, values of the outputs


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
    cubes: list[_Cube] = []
    kind = "fd"
    for line, text in source.lines("#"):
        words = text.split()
        match words:
            case [".i" | ".o" as word, count] if count.isdigit() and len(count) < 10:
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


def _check_complete(source: Source, kind: str, output: int, name: str, cubes: list[_Cube]) -> None:
    """Refuses an output that is given both values in one row, or none."""

    def marked(marks: str) -> list[_Cube]:
        return [cube for cube in cubes if cube[2][output] in marks]

    true, open_, false = marked("14"), marked("-2") if "d" in kind else [], marked("0") if "r" in kind else []
    for first, second in ((true, false), (open_, false)):
        if pair := _common(first, second):
            one, other = sorted(cube[0] for cube in pair)
            problem = f"for {name!r} this row and the one in line {one} overlap and say different things"
            raise source.error(problem, other)
    remedy = "a circuit has one value everywhere; give .type f to read all rows but those of value 1 as 0"
    for cube in open_:
        if _outside([cube], true):
            raise source.error(f"{name!r} is a don't care in this row; {remedy}", cube[0])
    if "r" in kind and _outside([(0, "", "")], [*true, *false, *open_]):
        raise source.error(f".type {kind} makes {name!r} a don't care in the rows that are not listed; {remedy}")


def _literals(cube: _Cube) -> list[int]:
    return [at if mark == "1" else -at for at, mark in enumerate(cube[1], start=1) if mark in "01"]


def _outside(within: Sequence[_Cube], cubes: Sequence[_Cube]) -> bool:
    """Whether the first cube of ``within`` has a row in none of ``cubes``, which satisfies all their negations."""
    from pysat.solvers import Solver  # few tables need it

    clauses = [[-literal for literal in _literals(cube)] for cube in cubes]
    if not all(clauses):  # a cube without a mark holds every row
        return False
    with Solver("cadical153", bootstrap_with=clauses) as solver:
        return bool(solver.solve(assumptions=_literals(within[0])))


def _common(first: Sequence[_Cube], second: Sequence[_Cube]) -> tuple[_Cube, _Cube] | None:
    """Two cubes, one of each, that share a row: in no place one has a 0 and the other a 1."""
    masks = [(*_masks(cube), cube) for cube in second]
    for cube in first:
        ones, zeros = _masks(cube)
        for other_ones, other_zeros, other in masks:
            if not (ones & other_zeros or zeros & other_ones):
                return cube, other
    return None


def _masks(cube: _Cube) -> tuple[int, int]:
    """The places of a cube's ones, and those of its zeros, as bits."""
    marks = f"0{cube[1]}".replace("2", "-")
    return int(marks.replace("-", "0"), 2), int(marks.replace("1", "-").replace("0", "1").replace("-", "0"), 2)


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
