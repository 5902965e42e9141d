"""What works with our neurons in PyTorch, beside snnTorch, SpikingJelly, Norse and sinabs: each trial is run, in turn.

Every trial (:mod:`.citizen_trials`) has a process of its own and a time limit. ``works``: the result is right;
``refused``: a sentence says that it cannot be done; ``wrong``: another result, without a word; ``error``: it breaks
off; ``no end``: the time limit came first. Rivals are taken from the environment, or from a folder of their own:
``pip install --no-deps --target RIVALS snntorch spikingjelly norse sinabs lightning lightning-utilities torchmetrics``.

Run ``python -m tasks.vision.citizenship [--rivals RIVALS] [--library neurosym] [--output table.json]``.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from logic.writing import whole_file

from .citizen_networks import CITIZENS
from .citizen_trials import TRIALS

Outcomes = dict[str, dict[str, dict[str, str]]]
"""By trial and package: the outcome, and why."""


def attempt(library: str, trial: str, seconds: float, rivals: Path | None = None) -> dict[str, str]:
    """The outcome of one trial, in a process of its own."""
    paths = [str(Path.cwd()), *([str(rivals)] if rivals else []), os.environ.get("PYTHONPATH", "")]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in paths if path), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "tasks.vision.citizen_trials", library, trial]
    try:
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=seconds, check=False)
    except subprocess.TimeoutExpired:
        return {"outcome": "no end", "why": f"after {seconds:g} s"}
    try:
        return json.loads(done.stdout.strip().splitlines()[-1])
    except (IndexError, ValueError):
        return {"outcome": "error", "why": f"the process ended with {done.returncode}"}


def table(outcomes: Outcomes) -> Table:
    """Trials by packages."""
    shown = Table("trial", *CITIZENS, title="what works with neurons of")
    for trial, found in outcomes.items():
        shown.add_row(trial, *(found.get(library, {}).get("outcome", "") for library in CITIZENS))
    return shown


def main(
    rivals: Annotated[Path | None, typer.Option(help="Folder that rivals were installed to.")] = None,
    library: Annotated[list[str] | None, typer.Option(help="These packages only.")] = None,
    trial: Annotated[list[str] | None, typer.Option(help="These trials only.")] = None,
    seconds: Annotated[float, typer.Option(help="Time limit of each trial.")] = 120.0,
    output: Annotated[Path | None, typer.Option(help="Write outcomes and reasons as JSON.")] = None,
) -> None:
    """Runs all trials and shows a table; fails if one of ours does not work."""
    console, outcomes = Console(), Outcomes()
    for name in trial or TRIALS:
        outcomes[name] = {one: attempt(one, name, seconds, rivals) for one in library or CITIZENS}
        for one, found in outcomes[name].items():
            console.print(f"{name}, {one}: {found['outcome']} {found['why']}", markup=False, highlight=False)
    console.print(table(outcomes))
    if output is not None:
        with whole_file(output) as file:
            file.write_text(json.dumps(outcomes, indent=1))
    ours = [found["neurosym"] for found in outcomes.values() if "neurosym" in found]
    if any(found["outcome"] not in ("works", "not installed") for found in ours):
        raise typer.Exit(1)


if __name__ == "__main__":
    typer.run(main)
