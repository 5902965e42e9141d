"""CIFAR-10 (JPEG q75 copy), or the original, with a spiking network: one command, on a GPU within 25 minutes.

Run ``python -m tasks.vision.cifar10_accuracy [--model max_resnet]`` with ``NEUROSYM_DATA`` naming the folder that holds
``cifar10_jpeg``. The network learns all 50,000 training pictures and looks at the test part once, after the last epoch;
``--choose`` holds 5,000 training pictures out and is judged by them instead, for all choices. The number of epochs is
what the minutes allow: a few steps are timed first. Pictures, changes and blends stay on the device, products are in
``bfloat16``, neurons are one fused kernel. The recipes are estimates, not yet measured on a GPU.
"""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import torch
import typer
from rich.console import Console
from rich.progress import Progress

from logic import NeurosymError
from neurosym.checkpoint import read_checkpoint
from neurosym.commands.vision import Outcome, Settings, choose_device, train_on_labels
from neurosym.training.recipe import Recipe
from neurosym.training.savings import Savings
from perception import load_dataset

CHOOSING = 0.1  # of the training pictures, when settings are compared
MINUTES = 25.0
_RESERVE = 0.92  # part of the minutes that epochs may fill; the rest is for evaluation and for the compiler
_MOST_EPOCHS = 300
_TIMED = 2_048  # pictures of the timed epochs


@dataclass(frozen=True)
class Choice:
    """How a preset is trained.

    Args:
        preset: Its name.
        learning_rate: Peak of the schedule.
        weight_decay: Of AdamW.
        steps: ``T``.
        options: Changes to the preset.
    """

    preset: str
    learning_rate: float
    weight_decay: float
    steps: int = 4
    options: Mapping[str, Any] = field(default_factory=dict[str, Any])


RECIPES: Mapping[str, Choice] = {
    "max_resnet": Choice(
        "max_resnet18", 1.5e-3, 0.06, options={"widths": (64, 128, 256, 512), "depths": (2, 2, 2, 2)}
    ),
    "max_resnet18": Choice("max_resnet18", 1.5e-3, 0.06, steps=2),
    "statten": Choice("statten_2_512", 1.5e-3, 0.06),
    "maxformer": Choice("maxformer_4_384", 1.5e-3, 0.06),
}  # fmt: skip


def settings_of(choice: Choice, dataset: str, batch: int, seed: int, device: str, choose: bool) -> Settings:
    """What a choice means, but for the number of epochs."""
    recipe = Recipe(
        batch=batch, learning_rate=choice.learning_rate, weight_decay=choice.weight_decay, average=0.999, seed=seed,
        savings=Savings(precision="bfloat16"),
    )  # fmt: skip
    return Settings(
        dataset, choice.preset, recipe, steps=choice.steps, held_out=CHOOSING if choose else 0.0, smoothing=0.1,
        blend=True, device=device, options=choice.options, test=not choose,
    )  # fmt: skip


def seconds_per_epoch(settings: Settings) -> float:
    """The time of an epoch, from two short ones of a few pictures, in the first of which kernels are compiled."""
    count = len(load_dataset(settings.dataset, split="train").labels) * (1 - (settings.held_out or 0.0))
    with TemporaryDirectory() as folder:
        timed = replace(settings, recipe=settings.recipe.changed(epochs=2), few=_TIMED, held_out=0.0)
        outcome = train_on_labels(timed, Path(folder) / "timed.safetensors")
    return outcome.history.epochs[-1].seconds * count / min(_TIMED, count)


def epochs_within(minutes: float, seconds: float) -> int:
    """How many epochs of so many seconds the minutes hold.

    Raises:
        NeurosymError: if there is no time for one.
    """
    epochs = int(_RESERVE * 60 * minutes / seconds)
    if epochs < 1:
        raise NeurosymError(f"an epoch takes {seconds / 60:.1f} minutes here; allow more with --minutes, or use a GPU")
    return min(epochs, _MOST_EPOCHS)


def run(settings: Settings, epochs: int, minutes: float, folder: Path, console: Console) -> Outcome:
    """Trains, prints what was reached, appends it to ``cifar10_accuracy.jsonl`` and returns it.

    Args:
        settings: Their number of epochs does not count.
        epochs: Of training; with 0, as many as the minutes hold.
        minutes: Of training.
        folder: For checkpoints and results; an interrupted run goes on from there.
        console: To print on.
    """
    part = "" if settings.test else "-choose"
    output = folder / f"{settings.dataset}-{settings.model}-{settings.recipe.seed}{part}.safetensors"
    state = output.with_name(f"{output.stem}-training") / "state.safetensors"
    if epochs < 1:
        if state.exists():
            epochs = Recipe.from_json(read_checkpoint(state).settings["plan"]["recipe"]).epochs
        else:
            epochs = epochs_within(minutes, seconds_per_epoch(settings))
    settings = replace(settings, recipe=settings.recipe.changed(epochs=epochs))
    console.print(f"{settings.model}, T = {settings.steps}, {epochs} epochs on {settings.device}")
    start = time.perf_counter()
    with Progress(console=console, transient=True) as bar:
        task = bar.add_task(settings.model or "the usual network", total=None)
        outcome = train_on_labels(
            settings, output, resume=True, progress=lambda done, total: bar.update(task, completed=done, total=total)
        )
    spent = time.perf_counter() - start
    low, high = outcome.interval
    part = "test" if settings.test else "held-out"
    console.print(
        f"{outcome.correct} of {outcome.count} {part} pictures after the last epoch: {outcome.accuracy:.2%}, "
        f"{low:.2%} to {high:.2%}; {spent / 60:.1f} minutes in all"
    )
    line = {
        "task": "cifar10_accuracy", "dataset": settings.dataset, "model": settings.model, "steps": settings.steps,
        "options": dict(settings.options), "seed": settings.recipe.seed, "epochs": epochs, "part": part,
        "correct": outcome.correct, "count": outcome.count, "interval": [low, high],
        "training_seconds": sum(epoch.seconds for epoch in outcome.history.epochs), "device": device_name(settings),
    }  # fmt: skip
    with (folder / "cifar10_accuracy.jsonl").open("a") as file:
        file.write(json.dumps(line) + "\n")
    return outcome


def device_name(settings: Settings) -> str:
    """What computes, as its maker calls it."""
    return torch.cuda.get_device_name() if settings.device.startswith("cuda") else settings.device


def main(
    model: Annotated[str, typer.Option(help=f"One of {', '.join(RECIPES)}.")] = "max_resnet",
    dataset: Annotated[str, typer.Option(help="cifar10-jpeg or cifar10.")] = "cifar10-jpeg",
    minutes: Annotated[float, typer.Option(min=0.1, help="Of training; decides the number of epochs.")] = MINUTES,
    epochs: Annotated[int, typer.Option(min=0, help="Instead of the minutes.")] = 0,
    batch: Annotated[int, typer.Option(min=1)] = 256,
    seed: Annotated[int, typer.Option(min=0)] = 0,
    device: Annotated[str, typer.Option(help="cpu, cuda, or auto: a GPU if there is one.")] = "auto",
    choose: Annotated[bool, typer.Option(help="Hold 5,000 training pictures out and be judged by them.")] = False,
    few: Annotated[int | None, typer.Option(min=1, help="So many pictures of each part only, to try it out.")] = None,
    folder: Annotated[Path, typer.Option(help="For checkpoints and results.")] = Path("runs"),
) -> None:
    """Train a spiking network on CIFAR-10 and report its accuracy on the test pictures after the last epoch."""
    if model not in RECIPES:
        raise typer.BadParameter(f"there is no recipe for {model!r}; choose one of {', '.join(RECIPES)}")
    if choose_device(device).startswith("cuda"):
        torch.backends.cudnn.benchmark = True
    settings = settings_of(RECIPES[model], dataset, batch, seed, choose_device(device), choose)
    folder.mkdir(parents=True, exist_ok=True)
    run(replace(settings, few=few), epochs, minutes, folder, Console())


if __name__ == "__main__":
    typer.run(main)
