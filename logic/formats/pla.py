"""Espresso PLA: two-level tables of cubes with several outputs."""

from ..circuit import Circuit, CircuitBuilder, Gate, Literal
from ..errors import CircuitError
from .source import Source

_TYPES = ("f", "fd", "fr", "fdr")


def parse_pla(source: Source) -> Circuit:
    """The circuit of a PLA: each output is the OR of the cubes marked 1 for it; don't-cares are read as 0.

    Raises:
        FormatError: naming the line, if the text is not one.

    References:
        Rudell, "Multiple-valued logic minimization for PLA synthesis", 1986 (the format of espresso).
    """
    counts: dict[str, int] = {}
    names: dict[str, list[str]] = {}
    cubes: list[tuple[int, str, str]] = []
    for line, text in source.lines("#"):
        words = text.split()
        match words:
            case [".i" | ".o" as word, count] if count.isdigit() and len(count) < 10:
                counts[word] = int(count)
                source.check_count(int(count), "columns", line)
            case [".ilb" | ".ob" as word, *given]:
                names[word] = given
            case [".p" | ".phase" | ".label", *_]:
                pass
            case [".type", kind] if kind in _TYPES:
                pass
            case [".e" | ".end"]:
                break
            case [word, *_] if word[0] == ".":
                raise source.error(f"unexpected {text[:60]!r}; known: .i .o .ilb .ob .p .type .e", line)
            case _:
                if len(counts) < 2:
                    raise source.error("a cube before .i and .o", line)
                cube = "".join(words).replace("|", "")
                inputs, outputs = cube[: counts[".i"]], cube[counts[".i"] :]
                if len(cube) != counts[".i"] + counts[".o"] or inputs.strip("01-2") or outputs.strip("01-~24"):
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
    try:
        return _build(labels[".ilb"], labels[".ob"], cubes)
    except CircuitError as wrong:
        raise source.error(str(wrong)) from wrong


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
