"""Interpretations: what was observed, one example after the other, as facts of ``evidence``."""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from ..errors import ProgramError
from ..prolog.border import Limits
from ..prolog.program import Clause, Program
from ..prolog.terms import Struct
from ..prolog.text import PrologText

_RULE = re.compile(r"^\s*-{3,}\s*$", re.MULTILINE)  # between two examples

Interpretation = frozenset[tuple[str, bool]]
"""Atoms and whether each was seen to be true."""


def interpretation(observed: Iterable[tuple[str, bool]]) -> Interpretation:
    """What was seen in one example.

    Example:
        >>> sorted(interpretation([("rain", True), ("wet", False)]))
        [('rain', True), ('wet', False)]
    """
    return frozenset(observed)


def read_interpretations(paths: Sequence[Path], limits: Limits | None = None) -> list[Interpretation]:
    """The examples of files, in ProbLog's form: facts of ``evidence``, examples parted by lines of ``---``.

    Raises:
        ProgramError: if a file cannot be read, or holds anything but facts of ``evidence/1`` and ``evidence/2``.
    """
    found: list[Interpretation] = []
    for path in paths:
        text = PrologText.read(path)
        found += parse_interpretations(text.text, str(path), limits)
    if not found:
        raise ProgramError(f"{', '.join(map(str, paths))}: no example; write facts such as evidence(rain, true)")
    return found


def parse_interpretations(text: str, source: str = "<examples>", limits: Limits | None = None) -> list[Interpretation]:
    r"""The examples of a text; an empty one is none.

    Example:
        >>> found = parse_interpretations("evidence(rain). evidence(wet, false).\n---\nevidence(wet).")
        >>> [sorted(one) for one in found]
        [[('rain', True), ('wet', False)], [('wet', True)]]

    Raises:
        ProgramError: as :func:`read_interpretations`.
    """
    known: dict[str, Interpretation] = {}
    found: list[Interpretation] = []
    start = 0
    for end, after in [*((rule.start(), rule.end()) for rule in _RULE.finditer(text)), (len(text), len(text))]:
        block = text[start:end].strip()
        if block not in known:
            lines = "\n" * text.count("\n", 0, start)  # messages count from the beginning
            program = Program.parse(lines + text[start:end], (), source, limits)
            known[block] = frozenset(_observed(clause, source) for clause in program.clauses)
        if known[block]:
            found.append(known[block])
        start = after
    return found


def _observed(clause: Clause, source: str) -> tuple[str, bool]:
    """An atom and its truth, of one fact of evidence."""
    arguments = clause.head.arguments
    if clause.head.functor != "evidence" or len(arguments) not in (1, 2) or clause.body != Struct("true"):
        raise ProgramError(f"{source}, line {clause.line}: '{clause.text}' is no fact of evidence/1 or evidence/2")
    truth = arguments[1] if len(arguments) == 2 else Struct("true")
    if truth not in (Struct("true"), Struct("false")):
        raise ProgramError(f"{source}, line {clause.line}: evidence is true or false, in '{clause.text}'")
    goal, holds = arguments[0], truth == Struct("true")
    if isinstance(goal, Struct) and goal.functor in ("\\+", "not") and len(goal.arguments) == 1:
        goal, holds = goal.arguments[0], not holds
    return _as_written(clause, goal), holds


def _as_written(clause: Clause, goal: object) -> str:
    """The atom as Prolog reads it back: what stands in the fact as Prolog writes it."""
    inner = clause.text[len("evidence(") : -1]
    if len(clause.head.arguments) == 2:
        inner = inner[: inner.rindex(",")]
    if goal is not clause.head.arguments[0]:
        inner = re.sub(r"^(\\\+|not)\s*", "", inner)
    return inner
