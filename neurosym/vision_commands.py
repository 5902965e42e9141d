"""What the commands train, models and profile do: names and files to networks, figures and files."""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from functools import partial
from math import sqrt
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
    catalogue,
    hold_out,
    load_dataset,
    preset,
    presets,
    settle_norms,
)

from .checkpoint import load_perception, save_perception
from .figures import learning_curve
from .history import History
from .labelled import Labelled
from .processes import Processes
from .profiling import Profile, profile
from .savings import Savings
from .training import fit

_CHUNK = 256  # pictures looked at together in evaluation
_SMALL = 256  # pictures of a quick run
_QUICK_EPOCHS = 2
EPOCHS = 10
FRAMES = 8  # of a recording, unless said otherwise


class ModelError(NeurosymError, ValueError):
    """A name that is neither a preset nor a file, or a file that does not hold what is asked for."""


@dataclass(frozen=True)
class Settings:
    """How a network is trained on a data set.

    Args:
        dataset: Its name.
        model: Name of the preset.
        root: Folder of the data, as for :func:`perception.load_dataset`.
        download: Whether to bring missing data from the net.
        epochs: Passes over the training part.
        steps: ``T``; the preset's own if none, and 8 frames for a recording.
        batch: Samples per step.
        learning_rate: Peak of the schedule.
        average: As for :func:`neurosym.fit`.
        patience: As for :func:`neurosym.fit`.
        held_out: Share of the training part that is kept for looking at while training; 0 for none.
        seed: Of weights, order, augmentation and of what is held out.
        objective: As for :class:`neurosym.Labelled`.
        deform: Whether pictures are shifted, turned, scaled and sheared a little.
        test: Whether the network is judged by the test part; else by what is held out, to compare settings.
        quick: Whether a few pictures and epochs are enough.
        savings: How to spend less memory or time.
    """

    dataset: str
    model: str = "tiny_resnet"
    root: Path | None = None
    download: bool = False
    epochs: int = EPOCHS
    steps: int | None = None
    batch: int = 64
    learning_rate: float = 5e-3
    average: float = 0.0
    patience: int | None = None
    held_out: float = 0.1
    seed: int = 0
    objective: Literal["mean", "tet"] = "mean"
    deform: bool = True
    test: bool = True
    quick: bool = False
    savings: Savings = Savings()  # noqa: RUF009 - frozen


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


def wilson(correct: int, count: int, z: float = 1.96) -> tuple[float, float]:
    """Wilson's interval of a share.

    References:
        Wilson, "Probable inference, the law of succession, and statistical inference", 1927.
    """
    share, square = correct / count, z * z / count
    centre, half = share + square / 2, z * sqrt(share * (1 - share) / count + square / (4 * count))
    return max(0.0, (centre - half) / (1 + square)), min(1.0, (centre + half) / (1 + square))


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
    folder = output.with_name(f"{output.stem}-training")
    state = folder / "state.safetensors"
    if state.exists() and not resume:
        raise ModelError(f"{state} holds a training already; go on from it with --resume or choose another output")
    train, test = (_load(settings, split) for split in ("train", "test"))
    held: Dataset | None = None
    if settings.held_out > 0:
        count = max(1, round(settings.held_out * len(train.labels)))
        train, held = hold_out(train, count, torch.Generator().manual_seed(settings.seed))
    vision = make_vision(settings.model, train, settings.steps, settings.seed)
    pictures, labels = (None, None) if held is None else (held.pictures, held.labels)

    def look() -> Mapping[str, float]:
        if pictures is None or labels is None:
            return {}
        return {"held_out_accuracy": count_right(vision, pictures, labels) / len(labels)}

    history = fit(
        Labelled(vision, settings.objective),
        train.pictures,
        train.labels,
        epochs=min(settings.epochs, _QUICK_EPOCHS) if settings.quick else settings.epochs,
        batch=settings.batch,
        learning_rate=settings.learning_rate,
        average=settings.average,
        patience=settings.patience,
        held_out=None if pictures is None or labels is None else (pictures, labels),
        seed=settings.seed,
        augment=_deformation(train.pictures) if settings.deform and train.pictures.ndim == 4 else None,
        savings=settings.savings,
        checkpoint=state,
        log=folder,
        progress=progress,
        evaluate=look,
    )
    judge = test if settings.test or held is None else held
    outcome = Outcome(history, count_right(vision, judge.pictures, judge.labels), len(judge.labels))
    if processes is None or processes.first:
        _write(settings, vision, outcome, output, folder)
    return outcome


def _load(settings: Settings, split: str) -> Dataset:
    steps = settings.steps or FRAMES
    dataset = load_dataset(settings.dataset, settings.root, split=split, download=settings.download, steps=steps)
    if not settings.quick:
        return dataset
    order = torch.randperm(len(dataset.labels), generator=torch.Generator().manual_seed(settings.seed))
    return dataset.take(order[:_SMALL])


def _deformation(pictures: Tensor) -> Callable[[Tensor, torch.Generator], Tensor]:
    """Small random changes; the largest shift is a fourteenth of the pictures' size."""
    return partial(augment, shift=pictures.shape[-1] / 14)


def _write(settings: Settings, vision: SpikingVision, outcome: Outcome, output: Path, folder: Path) -> None:
    save_perception(vision, output, {"dataset": settings.dataset, "accuracy": f"{outcome.accuracy:.4f}"})
    epochs = outcome.history.epochs
    low, high = outcome.interval
    found = {
        "settings": {**asdict(settings), "root": settings.root and str(settings.root)},
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


def make_vision(model: str, dataset: Dataset, steps: int | None, seed: int) -> SpikingVision:
    """A preset with fresh weights that fits a data set's pictures and classes.

    Raises:
        ArchitectureError: if there is no such preset or it cannot take such pictures.
        DatasetError: if the pictures are not square.
    """
    channels, height, width = dataset.pictures.shape[-3:]
    if height != width:
        raise DatasetError(f"{dataset.name}: pictures of {width} x {height} pixels are not square; crop or pad them")
    options: dict[str, Any] = {"channels": channels, "size": height}
    shown = dataset.pictures.shape[1] if dataset.pictures.ndim == 5 else steps
    if shown is not None:
        options["steps"] = shown
    return SpikingVision(dataset.classes, torch.Generator().manual_seed(seed), model=model, options=options)


@torch.no_grad()
def count_right(vision: SpikingVision, pictures: Tensor, labels: Tensor) -> int:
    """How many pictures ``[M, ...]`` are read as their labels ``[M]``; norms use what they learned."""
    training = vision.training
    vision.eval()
    device = next(vision.parameters()).device
    seen = [vision.logits(part[:, None].to(device)).mean(0).argmax(1).cpu() for part in pictures.split(_CHUNK)]
    vision.train(training)
    return int((torch.cat(seen) == labels).sum())


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
        ModelError: if there is no such preset or file, or the file holds another kind of network.
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
    if not isinstance(vision, SpikingVision):
        raise ModelError(f"{model}: holds a {type(vision).__name__}; only networks trained on labels are profiled")
    try:
        dataset = load_dataset(notes.get("dataset", ""), split="test", steps=vision.steps)
    except DatasetError:
        return profile(vision, _random(vision, samples, generator))
    return profile(vision, dataset.pictures[:samples])


def _random(vision: SpikingVision, samples: int, generator: torch.Generator) -> Tensor:
    chosen = vision.preset
    return torch.rand(samples, chosen.channels, chosen.size, chosen.size, generator=generator)
