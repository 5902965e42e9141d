"""What the commands train, models and profile do: names and files to networks, figures and files."""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from math import ceil
from pathlib import Path
from typing import Any, Literal

import torch
from torch import Tensor

from logic import whole_file
from perception import (
    DATASETS,
    Dataset,
    DatasetError,
    FolderOptions,
    SpikingVision,
    blend,
    hold_out,
    load_dataset,
    preset,
)
from perception.datasets.layout import find_files

from ..checkpoint import load_perception, save_perception
from ..interval import wilson
from ..profiling import ModelError
from ..reports.figures import learning_curve
from ..reports.page import write_report
from ..reports.training_page import training_sections
from ..training.fit import fit, there
from ..training.history import History
from ..training.labelled import Labelled, check_objective
from ..training.processes import Processes
from ..training.recipe import Recipe, check_whole
from ..training.starting import changes_for, nearest_neighbour, start_from

_CHUNK = 256  # pictures looked at together in evaluation
_SMALL, _SHORT = 256, 8  # pictures and epochs of a quick run
RECIPE = Recipe(epochs=10, batch=64, learning_rate=5e-3)  # unless said otherwise
LEAST_STEPS, _MOST_EPOCHS = 1800, 300  # a small data set is looked at more often, unless said otherwise
_LEAST_BATCH, _LEAST_BATCHES = 16, 40  # and in smaller batches
MODEL, MODEL_OF_SMALL, _SMALL_SIZE = "tiny_average_resnet", "small_average_resnet", 16  # pixels
_FEW, _SHARE = 2000, 0.1  # samples of which none is held out; part of more
FRAMES = 8  # of a recording, unless said otherwise
_AT_HAND = 2**31  # bytes of pictures that are kept on the device as a whole


@dataclass(frozen=True)
class Settings:
    """What is trained on which data, and how.

    Args:
        dataset: Its name.
        model: Name of the preset; if none, that of ``init``, or one for the size of the pictures.
        recipe: How the weights are learned; its seed is also that of first weights and of what is held out.
        root: Folder of the data, as for :func:`perception.load_dataset`.
        download: Whether to bring missing data from the net.
        steps: ``T``; the preset's own if none, and 8 frames for a recording.
        held_out: Share of the training part that is kept for looking at while training; 0 for none. If left out, a
            tenth, or none of few samples or where a folder has a part ``val``, which then is looked at.
        objective: As for :class:`neurosym.Labelled`.
        smoothing: As for :class:`neurosym.Labelled`.
        deform: Whether samples are changed a little at random (:func:`neurosym.training.starting.changes_for`).
        blend: Whether pictures are blended with each other, as :func:`perception.blend` does.
        device: What to train on; ``auto`` for a GPU if there is one, else the processor.
        options: Changes to the preset, as for :func:`perception.preset`.
        test: Whether the network is judged by the test part; else by what is held out, to compare settings.
        few: So many pictures of each part only; all if none.
        least_steps: Steps that a training has at least: where the recipe's epochs hold fewer, there are more epochs, up
            to three hundred.
        small_batches: Whether batches are smaller where there are few samples.
        init: A saved network whose weights are the first ones.
        folder: What is said of the files of a folder.

    Raises:
        NeurosymError: if a setting makes no sense, before any data are read.
    """

    dataset: str
    model: str | None = None
    recipe: Recipe = RECIPE
    root: Path | None = None
    download: bool = False
    steps: int | None = None
    held_out: float | None = None
    objective: Literal["mean", "tet"] = "mean"
    smoothing: float = 0.0
    deform: bool = True
    blend: bool = False
    device: str = "auto"
    options: Mapping[str, Any] = field(default_factory=dict[str, Any])
    test: bool = True
    few: int | None = None
    least_steps: int = 0
    small_batches: bool = False
    init: Path | None = None
    folder: FolderOptions | None = None

    def __post_init__(self) -> None:
        check_objective(self.objective, self.smoothing)
        check_whole("steps", self.steps, 1, optional=True)
        check_whole("few", self.few, 1, optional=True)
        check_whole("least_steps", self.least_steps, 0)
        if self.held_out is not None and not 0 <= self.held_out < 1:
            raise ModelError(f"held_out is a share of the training part, in [0, 1), got {self.held_out}")
        self.recipe.check_held_out(self.held_out != 0)
        shown = {} if self.steps is None else {"steps": self.steps}
        preset(self.model or MODEL, **{**self.options, **shown})
        self.place()

    def quickly(self) -> "Settings":
        """The same with a few pictures and epochs, to see that everything works."""
        recipe = self.recipe.changed(epochs=min(self.recipe.epochs, _SHORT), batch=min(self.recipe.batch, _LEAST_BATCH))
        return replace(self, few=_SMALL, recipe=recipe, least_steps=0)

    def briefly(self) -> str:
        """How many pictures and epochs, in words."""
        return f"{self.recipe.epochs} epochs on at most {self.few or 0:,} pictures"

    def recipe_for(self, count: int) -> Recipe:
        """The recipe of a training on so many pictures, with the epochs that it needs for the least number of steps."""
        batch = self.recipe.batch
        if self.small_batches:
            batch = min(batch, max(_LEAST_BATCH, count // _LEAST_BATCHES))
        needed = ceil(self.least_steps / ceil(count / batch))
        return self.recipe.changed(batch=batch, epochs=max(self.recipe.epochs, min(needed, _MOST_EPOCHS)))

    def share_held_out(self, count: int) -> float:
        """The share of so many training samples that is only looked at."""
        if self.held_out is not None:
            return self.held_out
        return _SHARE if count >= _FEW or self.recipe.patience is not None else 0.0

    def place(self) -> torch.device:
        """The device to train on, this process's own.

        Raises:
            TrainingError: if there is none.
        """
        return there(choose_device(self.device))

    def to_json(self) -> dict[str, Any]:
        """The settings as JSON can say them."""
        return {**asdict(self), "root": self.root and str(self.root), "init": self.init and str(self.init)}


@dataclass(frozen=True)
class Outcome:
    """What a training reached.

    Args:
        history: Its course.
        correct: Test pictures that are read as their labels after the last epoch.
        count: Test pictures; held-out ones if the settings say so.
        model: Name of the preset.
        neighbour: Accuracy of the nearest neighbours on the same pictures; none if that would take long.
    """

    history: History
    correct: int
    count: int
    model: str = ""
    neighbour: float | None = None

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
            "model": self.model,
            "epochs": len(self.history.epochs),
            "loss": self.history.epochs[-1].loss,
            "test_accuracy": self.accuracy,
            "test_correct": self.correct,
            "test_count": self.count,
            "interval_low": low,
            "interval_high": high,
            "nearest_neighbour_accuracy": self.neighbour,
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
    held = _load(settings, "val") if settings.held_out is None and _has_val(settings.dataset) else None
    if held is None and (share := settings.share_held_out(len(train.labels))) > 0:
        count = max(1, round(share * len(train.labels)))
        train, held = hold_out(train, count, torch.Generator().manual_seed(settings.recipe.seed))
    device = settings.place()
    vision = _first_network(settings, train).to(device)
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
        augment=changes_for(train, settings.dataset in DATASETS) if settings.deform else None,
        blend=blend if settings.blend else None,
        checkpoint=state,
        log=folder,
        progress=progress,
        evaluate=look,
    )
    judge = test if settings.test or held is None else held
    seen = read_labels(vision, judge.pictures)
    right = int((seen == judge.labels).sum())
    outcome = Outcome(history, right, len(judge.labels), vision.model, nearest_neighbour(train, judge))
    if processes is None or processes.first:
        _write(settings, vision, outcome, judge, seen, output)
    return outcome


def _load(settings: Settings, split: str) -> Dataset:
    steps = settings.steps or FRAMES
    dataset = load_dataset(
        settings.dataset, settings.root, split=split, download=settings.download, steps=steps, options=settings.folder
    )
    if settings.few is None:
        return dataset
    order = torch.randperm(len(dataset.labels), generator=torch.Generator().manual_seed(settings.recipe.seed))
    return dataset.take(order[: settings.few])


def choose_device(name: str) -> str:
    """A device's name; ``auto`` is a GPU if there is one."""
    return ("cuda" if torch.cuda.is_available() else "cpu") if name == "auto" else name


def _has_val(dataset: str) -> bool:
    """Whether it is a folder with a part that is only to be looked at."""
    return dataset not in DATASETS and "val" in find_files(Path(dataset)).parts


def _first_network(settings: Settings, train: Dataset) -> SpikingVision:
    """A network for these samples, with fresh weights or those of a file."""
    seed, options = settings.recipe.seed, settings.options
    if settings.init is None:
        default = MODEL_OF_SMALL if train.pictures.shape[-1] <= _SMALL_SIZE else MODEL
        return make_vision(settings.model or default, train, settings.steps, seed, options)
    saved, _ = load_perception(settings.init)
    if not isinstance(saved, SpikingVision):
        raise ModelError(f"{settings.init}: holds a {type(saved).__name__}; --init takes a network of neurosym train")
    if settings.model in (None, saved.model):
        kept = {name: value for name, value in saved.options.items() if name not in ("channels", "size", "classes")}
        options = {**kept, **options}
    vision = make_vision(settings.model or saved.model, train, settings.steps, seed, options)
    start_from(vision, settings.init)
    return vision


def _write(
    settings: Settings, vision: SpikingVision, outcome: Outcome, judge: Dataset, seen: Tensor, output: Path
) -> None:
    notes = {"dataset": settings.dataset, "accuracy": f"{outcome.accuracy:.4f}"}
    if judge.preparation is not None:
        notes["preparation"] = json.dumps(judge.preparation.to_json())
    save_perception(vision, output, notes)
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
    curves = learning_curve({vision.model: accuracy}, {vision.model: [epoch.loss for epoch in epochs]})
    with whole_file(folder / "curves.svg") as place:
        place.write_text(curves)
    part = "test" if settings.test else "held-out"
    sections = training_sections(vision, outcome.history, judge, seen, json.dumps(settings.to_json(), indent=2))
    write_report(
        folder / "report.html", f"{vision.model} on {settings.dataset}", sections,
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
    if dataset.trains:
        raise DatasetError(
            f"{dataset.name}: holds spike trains [M, T, N], for which there is no preset; put a network of your own "
            f"around neurons of perception, such as Recurrent, and train it by fit"
        )
    channels, height, width = dataset.pictures.shape[-3:]
    if height != width:
        raise DatasetError(
            f"{dataset.name}: pictures of {width} x {height} pixels are not square; say --resize {min(width, height)}, "
            f"or crop or pad them"
        )
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
