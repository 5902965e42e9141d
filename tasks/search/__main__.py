"""What search in spikes reaches: ``python -m tasks.search NAME``; exit status 1 if a figure falls short.

`boards`: sudoku; `counts`: all solutions; `problems`: other programs beside SAT; `puzzles`: the bundled ones, knights
and knaves, nonograms; `faults`: lost and added spikes; `refutations`: proofs by outside checkers; `guard`: its proof;
`clauses`: random 3-SAT; `misread`: boards with a wrong clue; `rate`: speed of simulation; `targets`: other simulators,
chips; `whole_list`: all boards of the list.
"""

from importlib import import_module
from typing import Annotated

import typer

from neurosym.terminal import complain, say

from .figures import Report

NAMES = (
    "boards", "counts", "problems", "puzzles", "faults", "refutations", "guard", "clauses", "misread", "rate",
    "targets", "whole_list",
)  # fmt: skip
"""Each the name of a module here with a function ``reports``."""

app = typer.Typer(add_completion=False)


@app.command()
def main(
    names: Annotated[list[str], typer.Argument(help=f"Some of {', '.join(NAMES)}.")],
    scale: Annotated[float, typer.Option(help="Part of the usual work, for a quick look.")] = 1.0,
    seed: Annotated[int, typer.Option(help="Of what is drawn at random.")] = 0,
) -> None:
    """Measures and prints figures."""
    for name in names:
        if name not in NAMES:
            complain(f"there is no measurement '{name}'; choose {', '.join(NAMES)}")
            raise typer.Exit(2)
    short = False
    for name in names:
        found: list[Report] = import_module(f".{name}", __package__).reports(scale, seed)
        for report in found:
            say(str(report))
            short |= not report.good
    raise typer.Exit(int(short))


if __name__ == "__main__":
    app()
