"""What each way of saving memory saves, and what it costs: peak memory and processor time of training steps.

Run ``python -m tasks.vision.memory_savings``. Each setting trains in a process of its own, whose peak resident memory
is read from the kernel; a process that only builds the network is subtracted. Pictures are random: only costs are
measured.
"""

import json
import subprocess
import sys
import time
from resource import RUSAGE_SELF, getrusage
from typing import Annotated

import torch
import typer
from rich.console import Console
from rich.table import Table

from logic import Domain
from neurosym import Labelled, Savings, fit
from perception import SpikingVision

SETTINGS: dict[str, Savings] = {
    "plain": Savings(),
    "packed spikes": Savings(pack=True),
    "recomputed blocks": Savings(recompute=True),
    "recomputed, packed": Savings(recompute=True, pack=True),
    "four parts": Savings(parts=4),
    "bfloat16": Savings(precision="bfloat16"),
    "one step back": Savings(steps_back=1),
}


def measure(name: str, model: str, steps: int, batch: int) -> tuple[int, float]:
    """Peak memory in KiB and processor seconds per step of this process; ``build`` only builds and looks."""
    torch.set_num_threads(1)
    vision = SpikingVision(
        Domain("digit", range(10)), torch.Generator().manual_seed(0), model=model, options={"steps": steps}
    )
    chosen = vision.preset
    generator = torch.Generator().manual_seed(1)
    pictures = torch.rand(2 * batch, chosen.channels, chosen.size, chosen.size, generator=generator)
    labels = [number % 10 for number in range(2 * batch)]
    if name == "build":
        fit(Labelled(vision), pictures[:1], labels[:1], epochs=1, batch=1)
        return getrusage(RUSAGE_SELF).ru_maxrss, 0.0
    savings = SETTINGS[name]
    start = time.process_time()
    fit(Labelled(vision), pictures, labels, epochs=1, batch=batch, savings=savings)
    return getrusage(RUSAGE_SELF).ru_maxrss, (time.process_time() - start) / 2


def main(
    model: Annotated[str, typer.Option(help="A preset.")] = "tiny_resnet",
    steps: Annotated[int, typer.Option(min=1, help="T.")] = 8,
    batch: Annotated[int, typer.Option(min=1)] = 64,
    only: Annotated[str | None, typer.Option(hidden=True)] = None,
) -> None:
    """Compare the ways to save memory in training."""
    if only is not None:
        typer.echo(json.dumps(measure(only, model, steps, batch)))
        return
    found: dict[str, tuple[int, float]] = {}
    for name in ("build", *SETTINGS):
        words = ["--model", model, "--steps", str(steps), "--batch", str(batch), "--only", name]
        done = subprocess.run(
            [sys.executable, "-m", "tasks.vision.memory_savings", *words], capture_output=True, check=True
        )
        found[name] = json.loads(done.stdout)
    table = Table(
        "setting", "peak MiB", "of plain", "CPU s per step", "of plain", title=f"{model}, T={steps}, B={batch}"
    )
    base, (plain, seconds) = found["build"][0], found["plain"]
    for name in SETTINGS:
        peak, taken = found[name]
        share = (peak - base) / (plain - base)
        table.add_row(name, f"{(peak - base) / 1024:.0f}", f"{share:.0%}", f"{taken:.2f}", f"{taken / seconds:.0%}")
    Console().print(table)


if __name__ == "__main__":
    typer.run(main)
