"""ProbLog's own test programs: what it says of each in its first lines, and what neurosym says."""

import json
import operator
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from logic.errors import NeurosymError
from neurosym.commands.queries import probabilities
from reasoner import Limits, Program
from reasoner.prolog.border import Refusal, request
from reasoner.prolog.terms import from_json, to_text
from reasoner.prolog.text import PrologText

TOLERANCE = 1e-6
ALIKE, REFUSED, DIFFERENT = "answered as ProbLog", "refused as ProbLog", "DIFFERENT"


def _plus_times(one: int, other: int) -> tuple[int, int]:
    return one + other, one * other


def _between(low: int, high: int) -> Iterator[int]:
    yield from range(low, high + 1)


_PYTHON: dict[str, Callable[..., object]] = {
    "concat_str/3": operator.add,
    "concat_list/3": operator.add,
    "int_plus/3": operator.add,
    "int_plus_times/4": _plus_times,
    "int_between/3": _between,
}
"""What ``extern_lib.py``, which two of the programs load, defines."""

Expected = dict[str, float] | str
"""Atom to probability, or the name of ProbLog's error."""


@dataclass(frozen=True)
class Outcome:
    """What both say of a program.

    Args:
        path: The program.
        expected: What its first lines say that ProbLog answers.
        found: Our answers, or our error.
    """

    path: Path
    expected: Expected
    found: dict[str, float] | NeurosymError

    @property
    def kind(self) -> str:
        """Answered or refused as ProbLog, or different; an answer that is not listed has probability 0."""
        if isinstance(self.expected, str) or isinstance(self.found, NeurosymError):
            return REFUSED if isinstance(self.expected, str) and isinstance(self.found, NeurosymError) else DIFFERENT
        wanted, ours = ({_plain(a): p for a, p in one.items()} for one in (self.expected, self.found))
        same = all(abs(wanted.get(atom, 0.0) - ours.get(atom, 0.0)) <= TOLERANCE for atom in {*wanted, *ours})
        return ALIKE if same else DIFFERENT


def expected_of(text: str) -> Expected | None:
    r"""What a program's comments say that ProbLog answers; None if they say nothing.

    Example:
        >>> expected_of("%Expected outcome:\n% p(1) 0.5\n0.5::p(1). query(p(_)).")
        {'p(1)': 0.5}
        >>> expected_of("%Expected outcome:\n% ERROR NegativeCycle\np :- \\+ p.")
        'NegativeCycle'
    """
    found: dict[str, float] = {}
    reading = said = False
    for line in map(str.strip, text.splitlines()):
        if line.startswith("%Expected outcome:"):
            reading = said = True
        elif reading and line.lower().startswith("% error"):
            return line[len("% error") :].strip()
        elif reading and line.startswith("% "):
            atom, value = line[2:].rsplit(None, 1)
            found[atom.strip()] = float(value)
        else:
            reading = False
        if line.startswith("query(") and "% outcome:" in line:
            goal, _, value = line.partition("% outcome:")
            found[goal.strip().rstrip(".").rstrip()[6:-1].strip()] = float(value)
            said = True
    return found if said else None


def _plain(atom: str) -> str:
    """An atom as Prolog reads and writes it, without the names of its variables."""
    try:
        read = from_json(request(Limits(), "term", PrologText(atom.replace("V_", "_V"), "<atom>")))
    except (Refusal, NeurosymError):
        return atom
    return re.sub(r"\b_\w*", "_", to_text(read))


def ask(folder: Path, seconds: float = 20.0) -> Iterator[Outcome]:
    """Each program of a folder that says what ProbLog answers, asked."""
    for path in sorted(folder.glob("*.pl")):
        expected = expected_of(path.read_text(encoding="utf-8"))
        if expected is None:
            continue
        limits = Limits(seconds=seconds)
        given = _PYTHON if "extern_lib.py" in path.read_text(encoding="utf-8") else {}
        try:
            found: dict[str, float] | NeurosymError = probabilities(Program.read(path, (), limits, given), None, limits)
        except NeurosymError as error:
            found = error
        yield Outcome(path, expected, found)


def main(
    folder: Annotated[Path, typer.Option(help="The folder 'test' of ProbLog's sources.", exists=True, file_okay=False)],
    seconds: Annotated[float, typer.Option(min=0.1, help="CPU time for one program.")] = 20.0,
    least: Annotated[float, typer.Option(min=0, max=1, help="Share that must agree for exit code 0.")] = 100 / 104,
) -> None:
    """Ask ProbLog's own test programs and compare with what it says of them; exit code 1 if too few agree.

    A copy of the sources comes from https://github.com/ML-KULeuven/problog.
    """
    counts: Counter[str] = Counter()
    for found in ask(folder, seconds):
        counts[found.kind] += 1
        if found.kind == DIFFERENT:
            typer.echo(f"{found.path.name}\n  ProbLog:  {found.expected}\n  neurosym: {found.found}")
    typer.echo(json.dumps({"programs": counts.total(), **counts}))
    from .own_learning import decided, learned

    for name, outcomes in (("lfi", learned(folder)), ("dt", decided(folder))):
        told: Counter[str] = Counter()
        for one in outcomes:
            told[one.kind] += 1
            if one.kind == DIFFERENT:
                typer.echo(f"{one.path.name}\n  {one.detail}")
        typer.echo(json.dumps({"programs": told.total(), "task": name, **told}))
    raise typer.Exit(0 if counts.total() and 1 - counts[DIFFERENT] / counts.total() >= least else 1)


if __name__ == "__main__":
    typer.run(main)
