"""Surrogate gradient, conversion or STDP first? Measured on one architecture, with seeds and intervals.

Run ``python -m tasks.conversion.decision_matrix`` with ``NEUROSYM_DATA`` naming the folder of ``mnist`` and
``nmnist_small``. Each single run is kept as soon as it is there, so that a run which is cut short goes on; two
processes share them. The whole is written as the JSON that ``neurosym advise`` reads.

Cells are means over seeds with 95 % t intervals; a family is compared with the surrogate gradient by paired differences
over seeds, and is better or worse only if the interval leaves out 0. McNemar's test on pooled predictions checks it.
"""

import json
import os
import platform
import time
from collections.abc import Sequence
from datetime import date
from multiprocessing import get_context
from pathlib import Path
from typing import Annotated, Any

import typer

from logic.writing import whole_file
from neurosym.commands.advising import MATRIX, measured_code
from neurosym.terminal import complain

from .matrix_cells import to_criteria
from .matrix_jobs import Job, all_jobs, run_job

DATA = "5,000 MNIST digits to train on (500 of them held out), 10,000 to test; N-MNIST-small; order of two digits"
ARCHITECTURE = "12C5-64C5-FC10, strides of 2, batch norm"


def run_missing(jobs: Sequence[Job], folder: Path, workers: int) -> None:
    """Runs what the folder lacks, each in a fresh process so that its peak memory is its own."""
    missing = [job for job in jobs if not (folder / f"{job.name}.json").is_file()]
    if not missing:
        return
    context = get_context("forkserver")
    context.set_forkserver_preload(["tasks.conversion.matrix_jobs"])
    with context.Pool(workers, maxtasksperchild=1) as pool:
        for job, seconds in pool.imap_unordered(_run_one, [(job, folder) for job in missing]):
            complain(f"{job.name}: {seconds:.0f} CPU seconds", "Done")


def _run_one(given: tuple[Job, Path]) -> tuple[Job, float]:
    job, folder = given
    start = time.process_time()
    found = run_job(job)
    seconds = time.process_time() - start
    with whole_file(folder / f"{job.name}.json") as place:
        place.write_text(json.dumps({**found, "seconds": seconds, "code": measured_code()}))
    return job, seconds


def collect(jobs: Sequence[Job], folder: Path) -> list[dict[str, Any]]:
    """What all runs found; those of older code are removed, so that the next call runs them again."""
    found = list[dict[str, Any]]()
    for job in jobs:
        path = folder / f"{job.name}.json"
        one = json.loads(path.read_text())
        if one["code"] != measured_code():
            path.unlink()
        else:
            found.append(one)
    return found


def main(
    short: Annotated[float, typer.Option(min=0.1, help="CPU seconds of the small budget.")] = 3.0,
    long: Annotated[float, typer.Option(min=0.1, help="Of the large one.")] = 10.0,
    temporal: Annotated[float, typer.Option(min=0.1, help="Of the temporal tasks.")] = 4.0,
    seeds: Annotated[int, typer.Option(min=2)] = 5,
    workers: Annotated[int, typer.Option(min=1, help="Processes.")] = 2,
    folder: Annotated[Path, typer.Option(help="For single runs.")] = Path("runs/decision_matrix"),
    output: Annotated[Path, typer.Option(help="The JSON that neurosym advise reads.")] = MATRIX,
) -> None:
    """Measure the matrix and write it."""
    jobs = list(all_jobs((short, long), temporal, seeds))
    found = list[dict[str, Any]]()
    while len(found) < len(jobs):
        run_missing(jobs, folder, workers)
        found = collect(jobs, folder)
    matrix = {
        "made": {
            "date": date.today().isoformat(),
            "machine": f"{platform.machine()}, {os.cpu_count()} CPU cores, one thread a run",
            "python": platform.python_version(), "seeds": seeds, "data": DATA, "architecture": ARCHITECTURE,
            "budgets": [short, long], "temporal": temporal, "cpu_minutes": sum(one["seconds"] for one in found) / 60,
        },
        "code": measured_code(),
        "criteria": to_criteria(found, (short, long)),
    }  # fmt: skip
    with whole_file(output) as place:
        place.write_text(json.dumps(matrix, indent=1) + "\n")


if __name__ == "__main__":
    typer.run(main)
