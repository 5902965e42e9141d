"""What the commands train, models and profile do: names and files to networks, figures and files."""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from math import ceil
from pathlib import Path
from typing import Any, Literal

import torch
from torch import Tensor

from logic import Domain, NeurosymError, whole_file
from perception import (
    Dataset,
    DatasetError,
    SpikingVision,
    augment,
    augment_colours,
    blend,
    catalogue,
    hold_out,
    load_dataset,
    preset,
    presets,
    settle_norms,
)

from ..checkpoint import load_perception, save_perception
from ..interval import wilson
from ..profiling import Profile, profile
from ..reports.figures import learning_curve
from ..reports.page import write_report
from ..reports.training_page import training_sections
from ..training.fit import Change, fit, there
from ..training.history import History
from ..training.labelled import Labelled, check_objective
from ..training.processes import Processes
from ..training.recipe import Recipe, check_whole

_CHUNK = 256  # pictures looked at together in evaluation
_SMALL, _SHORT = 256, 2  # pictures and epochs of a quick run
RECIPE = Recipe(epochs=10, batch=64, learning_rate=5e-3)  # unless said otherwise
LEAST_STEPS, _MOST_EPOCHS = 1200, 100  # a small data set is looked at more often, unless said otherwise
FRAMES = 8  # of a recording, unless said otherwise
_AT_HAND = 2**31  # bytes of pictures that are kept on the device as a whole
_COLOURS = 3  # channels


class ModelError(NeurosymError, ValueError):
    """A name that is neither a preset nor a file, or a file that does not hold what is asked for."""


@dataclass(frozen=True)
class Settings:
    """What is trained on which data, and how.

    Args:
        dataset: Its name.
        model: Name of the preset.
        recipe: How the weights are learned; its seed is also that of first weights and of what is held out.
        root: Folder of the data, as for :func:`perception.load_dataset`.
        download: Whether to bring missing data from the net.
        steps: ``T``; the preset's own if none, and 8 frames for a recording.
        held_out: Share of the training part that is kept for looking at while training; 0 for none.
        objective: As for :class:`neurosym.Labelled`.
        smoothing: As for :class:`neurosym.Labelled`.
        deform: Whether pictures are shifted, turned, scaled and sheared a little; colour pictures are also mirrored,
            recoloured and get holes (:func:`perception.augment_colours`).
        blend: Whether pictures are blended with each other, as :func:`perception.blend` does.
        device: What to train on; ``auto`` for a GPU if there is one, else the processor.
        options: Changes to the preset, as for :func:`perception.preset`.
        test: Whether the network is judged by the test part; else by what is held out, to compare settings.
        few: So many pictures of each part only; all if none.
        least_steps: Steps that a training has at least: where the recipe's epochs hold fewer, there are more epochs, up
            to a hundred.

    Raises:
        NeurosymError: if a setting makes no sense, before any data are read.
    """

    dataset: str
    model: str = "tiny_average_resnet"
    recipe: Recipe = RECIPE
    root: Path | None = None
    download: bool = False
    steps: int | None = None
    held_out: float = 0.1
    objective: Literal["mean", "tet"] = "mean"
    smoothing: float = 0.0
    deform: bool = True
    blend: bool = False
    device: str = "auto"
    options: Mapping[str, Any] = field(default_factory=dict[str, Any])
    test: bool = True
    few: int | None = None
    least_steps: int = 0

    def __post_init__(self) -> None:
        check_objective(self.objective, self.smoothing)
        check_whole("steps", self.steps, 1, optional=True)
        check_whole("few", self.few, 1, optional=True)
        check_whole("least_steps", self.least_steps, 0)
        if not 0 <= self.held_out < 1:
            raise ModelError(f"held_out is a share of the training part, in [0, 1), got {self.held_out}")
        self.recipe.check_held_out(self.held_out > 0)
        shown = {} if self.steps is None else {"steps": self.steps}
        preset(self.model, **{**self.options, **shown})
        self.place()

    def quickly(self) -> "Settings":
        """The same with a few pictures and epochs, to see that everything works."""
        short = self.recipe.changed(epochs=min(self.recipe.epochs, _SHORT))
        return replace(self, few=_SMALL, recipe=short, least_steps=0)

    def recipe_for(self, count: int) -> Recipe:
        """The recipe of a training on so many pictures, with the epochs that it needs for the least number of steps."""
        needed = ceil(self.least_steps / ceil(count / self.recipe.batch))
        return self.recipe.changed(epochs=max(self.recipe.epochs, min(needed, _MOST_EPOCHS)))

    def place(self) -> torch.device:
        """The device to train on, this process's own.

        Raises:
            TrainingError: if there is none.
        """
        return there(choose_device(self.device))

    def to_json(self) -> dict[str, Any]:
        """The settings as JSON can say them."""
        return {**asdict(self), "root": self.root and str(self.root)}


@dataclass(frozen=True)
class Outcome:
    """What a training reached.

    Args:
        history: Its course.
        correct: Test pictures that are read as their labels after the last epoch.
        count: Test pictures; held-out ones if the settings say so.
    """

    history: History
    correct: int
    count: int

    @property
    def accuracy(self) -> float:
        """Share of the test pictures that are read rightly."""
        return self.correct / self.count

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's interval of the accuracy, at 95 %."""
        return wilson(self.correct, self.count)

    def to_row(self, settings: Settings) -> dict[str, object]:
        """What was trained and how well it reads, in figures."""
        low, high = self.interval
        return {
            "dataset": settings.dataset,
            "model": settings.model,
            "epochs": len(self.history.epochs),
            "loss": self.history.epochs[-1].loss,
            "test_accuracy": self.accuracy,
            "test_correct": self.correct,
            "test_count": self.count,
            "interval_low": low,
            "interval_high": high,
        }


def train_on_labels(
    settings: Settings,
    output: Path,
    *,
    resume: bool = False,
    progress: Callable[[int, int], None] | None = None,
    processes: Processes | None = None,
) -> Outcome:
    """Trains a preset on a data set and looks at the test part at most once, after the last epoch.

    Beside ``output`` a folder of the same name with ``-training`` holds the checkpoint, the log and the curves.

    Args:
        settings: What to train and how.
        output: File for the trained network.
        resume: Whether to go on from a checkpoint of the same training.
        progress: As for :func:`neurosym.fit`.
        processes: Of which the first writes; this one alone if left out.

    Raises:
        NeurosymError: if anything is wrong with names, files, data or settings; the text says what.
    """
    folder = _folder(output)
    state = folder / "state.safetensors"
    if state.exists() and not resume:
        raise ModelError(f"{state} holds a training already; go on from it with --resume or choose another output")
    train, test = (_load(settings, split) for split in ("train", "test"))
    held: Dataset | None = None
    if settings.held_out > 0:
        count = max(1, round(settings.held_out * len(train.labels)))
        train, held = hold_out(train, count, torch.Generator().manual_seed(settings.recipe.seed))
    device = settings.place()
    vision = make_vision(settings.model, train, settings.steps, settings.recipe.seed, settings.options).to(device)
    pictures, labels = (None, None) if held is None else (held.pictures, held.labels)

    def look() -> Mapping[str, float]:
        if pictures is None or labels is None:
            return {}
        return {"held_out_accuracy": count_right(vision, pictures, labels) / len(labels)}

    if processes is None or processes.first:
        with whole_file(folder / "settings.json") as place:
            place.write_text(json.dumps(settings.to_json(), indent=2) + "\n")
    history = fit(
        Labelled(vision, settings.objective, settings.smoothing),
        train.pictures.to(device) if train.pictures.nbytes < _AT_HAND else train.pictures,
        train.labels,
        settings.recipe_for(len(train.labels)),
        held_out=None if pictures is None or labels is None else (pictures, labels),
        augment=_deformation(train.pictures) if settings.deform and train.pictures.ndim == 4 else None,
        blend=blend if settings.blend else None,
        checkpoint=state,
        log=folder,
        progress=progress,
        evaluate=look,
    )
    judge = test if settings.test or held is None else held
    seen = read_labels(vision, judge.pictures)
    outcome = Outcome(history, int((seen == judge.labels).sum()), len(judge.labels))
    if processes is None or processes.first:
        _write(settings, vision, outcome, judge, seen, output)
    return outcome


def _load(settings: Settings, split: str) -> Dataset:
    steps = settings.steps or FRAMES
    dataset = load_dataset(settings.dataset, settings.root, split=split, download=settings.download, steps=steps)
    if settings.few is None:
        return dataset
    order = torch.randperm(len(dataset.labels), generator=torch.Generator().manual_seed(settings.recipe.seed))
    return dataset.take(order[: settings.few])


def choose_device(name: str) -> str:
    """A device's name; ``auto`` is a GPU if there is one."""
    return ("cuda" if torch.cuda.is_available() else "cpu") if name == "auto" else name


def _deformation(pictures: Tensor) -> Change:
    """Random changes; the largest shift of pictures without colours is a fourteenth of their size."""
    if pictures.shape[1] == _COLOURS:
        return augment_colours
    return partial(augment, shift=pictures.shape[-1] / 14)


def _write(
    settings: Settings, vision: SpikingVision, outcome: Outcome, judge: Dataset, seen: Tensor, output: Path
) -> None:
    save_perception(vision, output, {"dataset": settings.dataset, "accuracy": f"{outcome.accuracy:.4f}"})
    folder, epochs = _folder(output), outcome.history.epochs
    low, high = outcome.interval
    found = {
        "settings": settings.to_json(),
        "epochs": len(epochs),
        "loss": epochs[-1].loss,
        "seconds": sum(epoch.seconds for epoch in epochs),
        "test_correct": outcome.correct,
        "test_count": outcome.count,
        "test_accuracy": outcome.accuracy,
        "interval": [low, high],
    }
    with whole_file(folder / "result.json") as place:
        place.write_text(json.dumps(found, indent=2) + "\n")
    accuracy = [epoch.scores["held_out_accuracy"] for epoch in epochs if "held_out_accuracy" in epoch.scores]
    curves = learning_curve({settings.model: accuracy}, {settings.model: [epoch.loss for epoch in epochs]})
    with whole_file(folder / "curves.svg") as place:
        place.write_text(curves)
    part = "test" if settings.test else "held-out"
    sections = training_sections(vision, outcome.history, judge, seen, json.dumps(settings.to_json(), indent=2))
    write_report(
        folder / "report.html", f"{settings.model} on {settings.dataset}", sections,
        subtitle=f"{outcome.correct} of {outcome.count} {part} pictures right, {low:.2%} to {high:.2%} at 95 %.",
    )  # fmt: skip


def _folder(output: Path) -> Path:
    """Where the checkpoint, the log and the report of a training lie."""
    return output.with_name(f"{output.stem}-training")


def make_vision(
    model: str, dataset: Dataset, steps: int | None, seed: int, changes: Mapping[str, Any] | None = None
) -> SpikingVision:
    """A preset with fresh weights, perhaps changed, that fits a data set's pictures and classes.

    Raises:
        ArchitectureError: if there is no such preset or it cannot take such pictures.
        DatasetError: if the pictures are not square.
    """
    channels, height, width = dataset.pictures.shape[-3:]
    if height != width:
        raise DatasetError(f"{dataset.name}: pictures of {width} x {height} pixels are not square; crop or pad them")
    options: dict[str, Any] = {"channels": channels, "size": height, **(changes or {})}
    shown = dataset.pictures.shape[1] if dataset.pictures.ndim == 5 else steps
    if shown is not None:
        options["steps"] = shown
    vision = SpikingVision(dataset.classes, torch.Generator().manual_seed(seed), model=model, options=options)
    vision.network.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue] - torch's stubs lack it
    return vision


def count_right(vision: SpikingVision, pictures: Tensor, labels: Tensor) -> int:
    """How many pictures ``[M, ...]`` are read as their labels ``[M]``; norms use what they learned."""
    return int((read_labels(vision, pictures) == labels).sum())


@torch.no_grad()
def read_labels(vision: SpikingVision, pictures: Tensor) -> Tensor:
    """The class numbers ``[M]`` that a network reads in pictures ``[M, ...]``, on the processor."""
    training = vision.training
    vision.eval()
    device = next(vision.parameters()).device
    seen = [vision.logits(part[:, None].to(device)).mean(0).argmax(1).cpu() for part in pictures.split(_CHUNK)]
    vision.train(training)
    return torch.cat(seen)


def model_names() -> list[str]:
    """The presets' names."""
    return list(presets())


def model_rows() -> list[dict[str, object]]:
    """What is known of everything that has a name, presets first: size, steps, spikes, NIR."""
    return [asdict(entry) for entry in catalogue()]


def profile_model(model: str, *, steps: int | None = None, samples: int = 16, seed: int = 0) -> Profile:
    """What a preset, or a network in a file, costs for one picture.

    A file's network looks at test pictures of the data set that it was trained on if they are at hand without a
    download; else pictures are random. A preset has fresh weights, and its norms are set by the random pictures.

    Args:
        model: Name of a preset, or a file written by ``neurosym train``.
        steps: ``T`` of a preset; its own if none.
        samples: Pictures to measure on.
        seed: Of the weights of a preset and of random pictures.

    Raises:
        ModelError: if there is no such preset or file.
        CheckpointError: if the file holds no network.
    """
    generator = torch.Generator().manual_seed(seed)
    if model in presets():
        chosen = preset(model, **({} if steps is None else {"steps": steps}))
        options = {} if steps is None else {"steps": steps}
        vision = SpikingVision(Domain("value", range(chosen.classes)), generator, model=model, options=options)
        pictures = _random(vision, samples, generator)
        settle_norms(vision, lambda: vision.logits(pictures[:, None]))
        return profile(vision, pictures)
    if not Path(model).is_file():
        raise ModelError(f"{model!r} is neither a preset nor a file; see neurosym models")
    vision, notes = load_perception(Path(model))
    try:
        dataset = load_dataset(notes.get("dataset", ""), split="test", steps=getattr(vision, "steps", FRAMES))
    except DatasetError:
        return profile(vision, _random(vision, samples, generator))
    return profile(vision, dataset.pictures[:samples])


def _random(vision: object, samples: int, generator: torch.Generator) -> Tensor:
    """Pictures of the size that a network says it takes: its preset's, or its own."""
    chosen = getattr(vision, "preset", vision)
    channels, size = (getattr(chosen, name, default) for name, default in (("channels", 1), ("size", 28)))
    return torch.rand(samples, channels if isinstance(channels, int) else 1, size, size, generator=generator)
