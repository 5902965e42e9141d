"""Textbook programs beside SWI-Prolog: what a file of the Ninety-Nine Prolog Problems prints and answers, both times.

``python -m tasks.problog.textbook --folder DIR`` asks the goals of ``textbook_goals.py`` of the files ``p01.pl`` to
``p99.pl`` of a collection of solutions, and compares everything that is printed, the first answers among it.
"""

import re
import subprocess
import time
from contextlib import closing
from pathlib import Path
from typing import Annotated, NamedTuple

import typer

from logic.errors import NeurosymError
from reasoner import Limits, run_goal

from .textbook_goals import GOALS

_ANSWERS = 30
_ASKED = "forall(limit({most}, ({goal})), (copy_term([{names}], C_), numbervars(C_, 0, _), writeq(C_), nl))"


class Compared(NamedTuple):
    """One goal, asked of both.

    Args:
        file: The program's file.
        goal: What is asked.
        ours: What ours printed, or its error.
        theirs: What SWI-Prolog printed, or its error.
        seconds: CPU time of SWI-Prolog's process.
    """

    file: str
    goal: str
    ours: str
    theirs: str
    seconds: float


def asked(goal: str) -> str:
    """A goal that prints the first answers of another."""
    names = sorted({word for word in _words(goal) if word[0].isupper()})
    return _ASKED.format(most=_ANSWERS, goal=goal, names=", ".join(names))


def _words(goal: str) -> list[str]:
    separated = "".join(character if character.isalnum() or character == "_" else " " for character in goal)
    return separated.split()


def ask_ours(path: Path, goal: str, seconds: float) -> str:
    """What is printed when a program of ours is asked."""
    printed: list[str] = []
    try:
        with closing(run_goal(path, goal, Limits(seconds=seconds), printed.append)) as answers:
            found = next(answers, None)
    except NeurosymError as error:
        return f"{''.join(printed)}error: {error}"
    return "".join(printed) + ("" if found else "no\n")


def ask_swi(path: Path, goal: str, seconds: float) -> str:
    """What SWI-Prolog prints."""
    command = ["swipl", "-q", "-f", "none", "-g", f"({goal} -> true ; writeln(no))", "-g", "halt", path.name]
    try:
        found = subprocess.run(
            command, cwd=path.parent, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=seconds
        )
    except subprocess.TimeoutExpired:
        return "error: time"
    wrong = [line for line in found.stderr.splitlines() if "goal" in line and "raised" in line]
    return found.stdout + ("error: " + " ".join(wrong) if wrong or found.returncode not in (0, 1) else "")


def compare(folder: Path, name: str, goal: str, seconds: float) -> Compared:
    """One goal of a file, asked of both."""
    path, whole = folder / f"{name}.pl", asked(goal)
    begun = time.monotonic()
    theirs = ask_swi(path, whole, 4 * seconds)
    spent = time.monotonic() - begun
    return Compared(name, goal, ask_ours(path, whole, seconds), theirs, spent)


def _plain(text: str) -> str:
    """Without the numbers of variables."""
    return re.sub(r"_[0-9]+", "_", text)


def main(
    folder: Annotated[Path, typer.Option(help="Where the files p01.pl, p02.pl, ... are.")],
    only: Annotated[str, typer.Option(help="Files whose names begin like this.")] = "p",
    seconds: Annotated[float, typer.Option(min=0.1, help="CPU time of ours for each goal.")] = 10.0,
) -> None:
    """Ask all goals of both; exit code 1 if an answer differs where SWI-Prolog gives one."""
    same = different = neither = 0
    for name, goals in GOALS.items():
        if not name.startswith(only) or not (folder / f"{name}.pl").exists():
            continue
        for goal in goals:
            found = compare(folder, name, goal, seconds)
            if "error:" in found.theirs:
                neither += 1
                typer.echo(f"{name}: SWI-Prolog does not answer {goal}: {found.theirs[-200:]}")
            elif _plain(found.ours) == _plain(found.theirs):
                same += 1
            else:
                different += 1
                typer.echo(f"{name}: {goal}\n    ours:   {found.ours[:300]!r}\n    theirs: {found.theirs[:300]!r}")
    typer.echo(f"{same} goals are answered as by SWI-Prolog, {different} otherwise, {neither} not by SWI-Prolog itself")
    raise typer.Exit(int(different > 0))


if __name__ == "__main__":
    typer.run(main)
