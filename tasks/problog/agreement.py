"""Agreement with ProbLog: the same random programs asked of both, and every difference shown."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import track

from logic.errors import NeurosymError
from neurosym.commands.queries import probabilities
from reasoner import Program

from .process import CRASH, UNFINISHED, ProbLogProcess, Verdict
from .random_programs import random_programs

TOLERANCE = 1e-6
DIFFERENT = "DIFFERENT"
REFUSALS = {"evidence", "not stratified", "too large"}


@dataclass(frozen=True)
class Comparison:
    """What both say of one program.

    Args:
        text: The program.
        ours: Of neurosym.
        theirs: Of ProbLog.
    """

    text: str
    ours: Verdict
    theirs: Verdict

    @property
    def kind(self) -> str:
        """``answered`` or the kind of refusal where both say the same, why ProbLog says nothing, or ``DIFFERENT``.

        The same are answers within 1e-6 (one that is not listed has probability 0) and refusals of the same kind; of a
        program that is wrong in two ways either may be named.
        """
        ours, theirs = self.ours, self.theirs
        if theirs in (CRASH, UNFINISHED):
            return str(theirs)
        if isinstance(ours, str) and isinstance(theirs, str):
            same = ours == theirs or (ours in REFUSALS and theirs in REFUSALS)
            return str(theirs) if same else DIFFERENT
        if isinstance(ours, str) or isinstance(theirs, str):
            return DIFFERENT
        atoms = {*ours, *theirs}
        same = all(abs(ours.get(atom, 0.0) - theirs.get(atom, 0.0)) <= TOLERANCE for atom in atoms)
        return "answered" if same else DIFFERENT

    def __str__(self) -> str:
        return f"{self.text}\n  neurosym: {self.ours}\n  ProbLog:  {self.theirs}\n"


def ask_neurosym(text: str) -> Verdict:
    """Our answers, or the kind of our refusal."""
    try:
        found = probabilities(Program.parse(text, domains=()))
    except NeurosymError as error:
        kinds = {
            "not stratified": "not stratified",
            "evidence contradicts": "evidence",
            "uncertain elements": "too large",
        }
        return next((kind for words, kind in kinds.items() if words in str(error)), f"refused: {error}")
    return {atom.replace(" ", ""): value for atom, value in found.items()}


def compare(texts: Iterable[str], seconds: float = 20.0) -> Iterator[Comparison]:
    """Each program, asked of both; ProbLog has ``seconds`` for it."""
    with ProbLogProcess(seconds) as problog:
        for text in texts:
            yield Comparison(text, ask_neurosym(text), problog.ask(text))


def main(
    programs: Annotated[int, typer.Option(min=1, help="How many random programs.")] = 2000,
    seed: Annotated[int, typer.Option(min=0, help="The same seed writes the same programs.")] = 0,
    show: Annotated[int, typer.Option(min=0, help="How many differences to print.")] = 5,
    seconds: Annotated[float, typer.Option(min=0.1, help="Wall time that ProbLog has for one program.")] = 20.0,
) -> None:
    """Compare neurosym and ProbLog on random programs; exit code 1 if they differ on any.

    The last line counts what both answer alike, what both refuse and why, and what ProbLog fails on or does not finish.
    """
    counts: Counter[str] = Counter()
    console = Console(stderr=True)
    asked = track(random_programs(programs, seed), "programs", total=programs, console=console)
    try:
        for found in compare(asked, seconds):
            counts[found.kind] += 1
            if found.kind == DIFFERENT and counts[DIFFERENT] <= show:
                typer.echo(str(found))
    except KeyboardInterrupt:
        console.print("interrupted: what follows counts the programs asked so far")
    typer.echo(json.dumps({"programs": counts.total(), "seed": seed, **counts}))
    raise typer.Exit(1 if counts[DIFFERENT] or counts.total() < programs else 0)


if __name__ == "__main__":
    typer.run(main)
