"""The 10,000 test digits of MNIST, read by a tiny spiking network that one core trains in minutes.

Run ``python -m tasks.vision.mnist_accuracy --model tiny_resnet`` with ``NEUROSYM_DATA`` naming the folder that holds
``mnist`` (or a folder with its four files); ``--data fashion-mnist`` takes garments instead. 5,000 of the training
pictures are held out for choices; the test pictures are looked at once, after the last epoch, and that accuracy is
reported. Seconds are CPU time of this process.
"""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import torch
import typer
from rich.console import Console
from torch import Tensor

from neurosym import Labelled, Savings, fit
from neurosym.checkpoint import save_perception
from neurosym.interval import wilson
from perception import SpikingVision, augment, hold_out, load_dataset

HELD_OUT = 5_000
CHUNK = 500  # pictures looked at together in evaluation
AUGMENTATION = {"shift": 1.5, "turn": 10.0, "scale": 0.1, "shear": 0.1}


@dataclass(frozen=True)
class Recipe:
    """How a preset is trained.

    Args:
        epochs: Passes over 55,000 digits.
        learning_rate: Peak of the schedule.
        batch: Digits per step.
        average: What each step keeps of a running average of the weights; 0 for none.
        options: Changes to the preset.
    """

    epochs: int
    learning_rate: float
    batch: int = 64
    average: float = 0.0
    options: Mapping[str, Any] = field(default_factory=dict[str, Any])


RECIPES: Mapping[str, Recipe] = {
    "tiny_average_resnet": Recipe(7, 1e-2, average=0.998),
    "tiny_strided_resnet": Recipe(14, 1e-2, average=0.998),
    "tiny_resnet": Recipe(7, 1e-2),
    "tiny_transformer": Recipe(12, 5e-3, average=0.998),
}


def count_correct(perception: SpikingVision, pictures: Tensor, labels: Tensor) -> int:
    """How many pictures ``[M, 1, H, W]`` are read as their labels ``[M]``, in float32."""
    perception.eval()
    with torch.no_grad():
        seen = torch.cat([perception.logits(part[:, None]).mean(0).argmax(1) for part in pictures.split(CHUNK)])
    perception.train()
    return int((seen == labels).sum())


def run(
    model: str,
    *,
    epochs: int | None,
    seed: int,
    samples: int | None,
    folder: Path,
    console: Console,
    data: str = "mnist",
    root: Path | None = None,
) -> float:
    """Trains a recipe, prints and writes what it reached, and returns the accuracy on the test pictures."""
    recipe = RECIPES[model]
    whole, test = (load_dataset(data, root, split=split) for split in ("train", "test"))
    train, held = hold_out(whole, HELD_OUT, torch.Generator().manual_seed(0))
    pictures, labels = train.pictures[:samples], train.labels[:samples]
    generator = torch.Generator().manual_seed(seed)
    vision = SpikingVision(whole.classes, generator, model=model, options=recipe.options)
    vision.network.to(memory_format=torch.channels_last)  # type: ignore[call-overload] - torch's stubs lack this form
    start = time.process_time()

    def report() -> dict[str, float]:
        scores = {
            "held_out": count_correct(vision, held.pictures, held.labels) / HELD_OUT,
            "cpu_seconds": time.process_time() - start,
        }
        console.print(f"held out {scores['held_out']:.2%} after {scores['cpu_seconds']:.0f} CPU seconds")
        return scores

    folder.mkdir(parents=True, exist_ok=True)
    history = fit(
        Labelled(vision),
        pictures,
        labels,
        epochs=epochs or recipe.epochs,
        batch=recipe.batch,
        learning_rate=recipe.learning_rate,
        average=recipe.average,
        seed=seed,
        augment=partial(augment, **AUGMENTATION),
        savings=Savings(precision="auto"),
        checkpoint=folder / f"{data}-{model}-{seed}-training.safetensors",
        evaluate=report,
    )
    save_perception(vision, folder / f"{data}-{model}-{seed}.safetensors", {"dataset": data})
    correct, count = count_correct(vision, test.pictures, test.labels), len(test.labels)
    low, high = wilson(correct, count)
    seconds = history.epochs[-1].scores["cpu_seconds"]
    console.print(f"{model}: {correct} of {count} test pictures, {low:.2%} to {high:.2%}; {seconds:.0f} CPU seconds")
    line = {
        "task": "mnist_accuracy",
        "data": data,
        "model": model,
        "options": dict(recipe.options),
        "seed": seed,
        "samples": len(labels),
        "epochs": len(history.epochs),
        "held_out": [epoch.scores["held_out"] for epoch in history.epochs],
        "test": correct / count,
        "cpu_seconds": seconds,
    }
    with (folder / "mnist_accuracy.jsonl").open("a") as file:
        file.write(json.dumps(line) + "\n")
    return correct / count


def main(
    model: Annotated[str, typer.Option(help=f"One of {', '.join(RECIPES)}.")] = "tiny_resnet",
    epochs: Annotated[int | None, typer.Option(min=1, help="Without it, as many as the recipe has.")] = None,
    seed: Annotated[int, typer.Option(min=0)] = 0,
    samples: Annotated[int | None, typer.Option(min=1, help="Training digits; without it, 55,000.")] = None,
    data: Annotated[str, typer.Option(help="mnist or fashion-mnist.")] = "mnist",
    root: Annotated[Path | None, typer.Option(help="Folder of the data; without it, $NEUROSYM_DATA.")] = None,
    folder: Annotated[Path, typer.Option(help="For networks and results.")] = Path("runs"),
) -> None:
    """Train a tiny spiking network on MNIST and report its accuracy on the test digits after the last epoch."""
    if model not in RECIPES:
        raise typer.BadParameter(f"there is no recipe for {model!r}; choose one of {', '.join(RECIPES)}")
    torch.set_num_threads(1)
    run(
        model, epochs=epochs, seed=seed, samples=samples, folder=folder, console=Console(), data=data, root=root
    )  # fmt: skip


if __name__ == "__main__":
    typer.run(main)
