"""Digits seen by an event camera: a spiking network learns 1,000 real recordings and is asked about 100 others.

Run ``python -m tasks.vision.event_camera`` with ``NEUROSYM_DATA`` naming the folder that holds ``nmnist_small``. A
hundred tests say little, so the accuracy is printed with its 95 % interval (Wilson). The network, the number of frames
and of epochs were chosen on 200 of the training recordings; the test recordings are looked at once, after the last
epoch.
"""

import json
from pathlib import Path
from typing import Annotated

import torch
import typer
from rich.console import Console

from neurosym.commands.vision import RECIPE, Outcome, Settings, train_on_labels

FRAMES = 4
EPOCHS = 8
CHOOSING = 0.2  # of the training recordings, when settings are compared


def run(settings: Settings, folder: Path, console: Console) -> Outcome:
    """Trains on recordings, prints what was reached, appends it to ``event_camera.jsonl`` and returns it."""
    name = f"{settings.dataset}-{settings.model}-{settings.steps}-{settings.recipe.seed}"
    outcome = train_on_labels(settings, folder / f"{name}.safetensors", resume=True)
    low, high = outcome.interval
    epochs = outcome.history.epochs
    part = "test" if settings.test else "held-out"
    console.print(
        f"{settings.model}, {settings.steps} frames, {len(epochs)} epochs: {outcome.correct} of {outcome.count} "
        f"{part} recordings, {low:.1%} to {high:.1%}; {sum(epoch.seconds for epoch in epochs):.0f} s"
    )
    held = [epoch.scores["held_out_accuracy"] for epoch in epochs if "held_out_accuracy" in epoch.scores]
    line = {
        "task": "event_camera", "model": settings.model, "steps": settings.steps, "seed": settings.recipe.seed,
        "epochs": len(epochs), "held_out": held, "part": part,
        "correct": outcome.correct, "count": outcome.count,
        "interval": [low, high],
    }  # fmt: skip
    with (folder / "event_camera.jsonl").open("a") as file:
        file.write(json.dumps(line) + "\n")
    return outcome


def main(
    model: Annotated[str, typer.Option(help="A preset.")] = "tiny_resnet",
    frames: Annotated[int, typer.Option(min=1, help="Frames per recording, T.")] = FRAMES,
    epochs: Annotated[int, typer.Option(min=1)] = EPOCHS,
    batch: Annotated[int, typer.Option(min=1)] = 16,
    learning_rate: Annotated[float, typer.Option()] = 5e-3,
    average: Annotated[float, typer.Option(help="Running average of the weights.")] = 0.0,
    seed: Annotated[int, typer.Option(min=0)] = 0,
    choose: Annotated[bool, typer.Option(help="Hold a fifth of the training recordings out.")] = False,
    folder: Annotated[Path, typer.Option(help="For checkpoints and results.")] = Path("runs"),
) -> None:
    """Train a preset on N-MNIST-small and report its accuracy on the test recordings after the last epoch."""
    torch.set_num_threads(1)
    settings = Settings(
        "nmnist-small", model,
        RECIPE.changed(epochs=epochs, batch=batch, learning_rate=learning_rate, average=average, seed=seed),
        steps=frames, held_out=CHOOSING if choose else 0.0, test=not choose,
    )  # fmt: skip
    run(settings, folder, Console())


if __name__ == "__main__":
    typer.run(main)
