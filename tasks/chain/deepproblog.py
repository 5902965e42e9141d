"""DeepProbLog's programs as they stand in its repository: each is read, grounded and trained for one step.

Nothing of them is changed: the rules come from a checkout, the data too as far as they lie there, and queries are those
of their data sets. A table says of each program how long reading took, how many ground programs the samples of the step
needed, the seconds of grounding them and of the step once they are there, and the loss. Seconds are CPU time, Prolog's
workers included.

Run ``python -m tasks.chain.deepproblog --folder CHECKOUT``, a clone of github.com/ML-KULeuven/deepproblog.
"""

import time
from contextlib import suppress
from pathlib import Path
from typing import Annotated, NamedTuple

import torch
import typer

from logic import NeurosymError
from neurosym import Program, collate, fit
from neurosym.terminal import complain, say_table
from reasoner.counting.planning import KEPT
from reasoner.prolog.border import Limits
from reasoner.prolog.workers import cpu_seconds

from .ported_programs import PORTS, Port, first

EXAMPLES = "src/deepproblog/examples"


class Course(NamedTuple):
    """What one program took."""

    name: str
    program: str
    reading: float
    groundings: int
    grounding: float
    step: float
    loss: float


def run(port: Port, folder: Path) -> Course:
    """Reads a program, grounds what the samples of one step ask, and takes the step.

    Args:
        port: Which.
        folder: Their folder of examples.

    Raises:
        NeurosymError: if the program is refused, or a sample does not fit it.
    """
    started = _seconds()
    program = Program.parse((folder / port.program).read_text(), (), port.program, Limits(seconds=60))
    read = _seconds()
    model = port.model(program)
    samples = first(port.samples(folder, torch.Generator().manual_seed(0)), port.batch)
    before = len(KEPT)
    prepared = _seconds()
    with torch.no_grad():
        model.log_probability(collate(samples))
    grounded = _seconds()
    history = fit(model, samples, epochs=1, batch=len(samples))
    return Course(
        port.name,
        port.program,
        read - started,
        len(KEPT) - before,
        grounded - prepared,
        _seconds() - grounded,
        history.epochs[0].loss,
    )


def _seconds() -> float:
    return time.process_time() + cpu_seconds()


app = typer.Typer(add_completion=False)


@app.command()
def main(
    folder: Annotated[Path, typer.Option(help="A clone of DeepProbLog's repository.")],
    only: Annotated[str, typer.Option(help="Run what bears this in its name alone.")] = "",
) -> None:
    """Prints the table, and fails if one of the programs does."""
    examples = folder / EXAMPLES
    if not examples.is_dir():
        complain(f"{examples} is no folder; give a clone of DeepProbLog's repository")
        raise typer.Exit(2)
    with suppress(NeurosymError, OSError):
        run(PORTS[0], examples)  # so that no program is charged with loading torch's optimizers
        KEPT.clear()
    rows: list[list[str]] = []
    failed = False
    for port in PORTS:
        if only.lower() not in port.name.lower():
            continue
        try:
            found = run(port, examples)
        except (NeurosymError, OSError) as fault:
            failed = True
            rows.append([port.name, port.program, f"refused: {fault}"])
            continue
        numbers = [f"{found.reading:.2f}", str(found.groundings), f"{found.grounding:.2f}", f"{found.step:.3f}"]
        rows.append([found.name, found.program, "yes", *numbers, f"{found.loss:.4f}"])
    heads = ["task", "program", "loads", "reading s", "groundings", "grounding s", "step s", "loss"]
    say_table(heads, [row + [""] * (len(heads) - len(row)) for row in rows])
    if failed:
        raise typer.Exit(1)


if __name__ == "__main__":
    app()
