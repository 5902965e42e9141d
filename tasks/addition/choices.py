"""Whether the addition task's settings are the ones that its training pictures alone would choose.

The 4,000 training pictures are split once more, by class, into 3,200 to learn from and 800 to compare on. Each row
of the table differs from the task's settings in one choice; all rows of a seed see the same pairs in the same order.
The 1,000 held-out pictures are never looked at.

Run ``python -m tasks.addition.choices``. Each finished row is one line of the file; a row found there is not run again.
"""

import argparse
import json
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from statistics import mean
from typing import Any

import torch
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from neurosym.addition.results import scores
from neurosym.addition.run import EPOCHS, QUERY, RULE, TaskError, learn_strokes, load_split
from neurosym.model import Model
from neurosym.training.fit import fit
from perception import (
    Digits,
    SpikingClassifier,
    arctan,
    augment,
    fast_sigmoid,
    pair_digits,
    split_digits,
    triangular,
)
from reasoner import DIGITS, Program

INNER_PER_DIGIT = 80  # of the 400 training pictures of each digit
INNER_SEED = 1
SURROGATES = {surrogate.name: surrogate for surrogate in (arctan(), fast_sigmoid(), triangular())}
TARGET = 0.95  # digit accuracy that an epoch must reach to count as learned


@dataclass(frozen=True)
class Choice:
    """Settings of one training; the defaults are the task's.

    Args:
        batch: Pairs per step of training.
        learning_rate: Peak of the schedule.
        steps: Time steps of the spiking net, ``T``.
        epochs: Passes over the pairs.
        stdp: Whether the first layer starts from kernels that STDP has learned.
        augmentation: Whether pictures are moved at random.
        surrogate: Name of the spike's stand-in derivative.
    """

    batch: int = 16
    learning_rate: float = 3e-3
    steps: int = 4
    epochs: int = EPOCHS
    stdp: bool = True
    augmentation: bool = True
    surrogate: str = "arctan"


@dataclass(frozen=True)
class Row:
    """What one training reached on the 800 pictures.

    Args:
        choice: Its settings.
        seed: Of weights, pairs, order and augmentation.
        digits: Accuracy of single digits, 0 to 1, after each epoch.
        sums: Accuracy of sums, 0 to 1, after each epoch.
        cpu_seconds: Processor time, scores after each epoch included.
        torch: Version of PyTorch.
    """

    choice: Choice
    seed: int
    digits: tuple[float, ...]
    sums: tuple[float, ...]
    cpu_seconds: float
    torch: str

    @property
    def epochs_to_target(self) -> int | None:
        """The first epoch, from 1, whose digit accuracy is at least ``TARGET``; none if there is none."""
        return next((epoch for epoch, right in enumerate(self.digits, 1) if right >= TARGET), None)


def inner_split() -> tuple[Digits, Digits]:
    """The task's 4,000 training pictures as 3,200 to learn from and 800 to compare on."""
    learn, _ = load_split()
    return split_digits(learn, INNER_PER_DIGIT, torch.Generator().manual_seed(INNER_SEED))


def choices(default: Choice) -> dict[str, Choice]:
    """The default and its neighbours, each other than it in one setting, by the name of its row."""
    rows = {
        "default": default,
        "batch 32": replace(default, batch=32),
        "learning rate 1e-3": replace(default, learning_rate=1e-3),
        "learning rate 5e-3": replace(default, learning_rate=5e-3),
        "2 steps": replace(default, steps=2),
        "6 steps": replace(default, steps=6),
        "10 epochs": replace(default, epochs=10),
        "30 epochs": replace(default, epochs=30),
        "no STDP start": replace(default, stdp=False),
        "no augmentation": replace(default, augmentation=False),
        "fast sigmoid": replace(default, surrogate="fast_sigmoid"),
        "triangular": replace(default, surrogate="triangular"),
    }
    return {name: choice for name, choice in rows.items() if name == "default" or choice != default}


def learn(choice: Choice, seed: int, digits: tuple[Digits, Digits], progress: Progress, name: str) -> Row:
    """Trains from sums as the addition task does and scores each epoch.

    Args:
        choice: Settings.
        seed: Of weights, pairs, order and augmentation.
        digits: To learn from and to compare on.
        progress: Where the bar of this training appears.
        name: What stands beside it.
    """
    began, bar = time.process_time(), progress.add_task(name, total=None)
    training = pair_digits(digits[0], torch.Generator().manual_seed(seed))
    compared = pair_digits(digits[1], torch.Generator().manual_seed(INNER_SEED))
    generator = torch.Generator().manual_seed(seed)
    classifier = SpikingClassifier(DIGITS, generator, steps=choice.steps, surrogate=SURROGATES[choice.surrogate])
    if choice.stdp:
        learn_strokes(classifier, training, generator)
    model = Model(classifier, Program.parse(RULE), QUERY)
    history = fit(
        model,
        training.pictures,
        training.sums.tolist(),
        epochs=choice.epochs,
        batch=choice.batch,
        learning_rate=choice.learning_rate,
        seed=seed,
        augment=augment if choice.augmentation else None,
        progress=lambda done, total: progress.update(bar, completed=done, total=total),
        evaluate=lambda: scores(model, compared),
    )
    right, sums = (tuple(epoch.scores[what] for epoch in history.epochs) for what in ("digits", "sums"))
    return Row(choice, seed, right, sums, round(time.process_time() - began, 1), torch.__version__)


def read_rows(path: Path) -> dict[tuple[Choice, int], Row]:
    """The rows that are already in a file, by choice and seed; none if there is no file.

    Raises:
        TaskError: if a line is not a row.
    """
    rows: dict[tuple[Choice, int], Row] = {}
    for number, line in enumerate(path.read_text().splitlines() if path.exists() else (), 1):
        try:
            found: dict[str, Any] = json.loads(line)
            found |= {name: tuple(found[name]) for name in ("digits", "sums")}
            found["choice"] = Choice(**found["choice"])
            row = Row(**found)
        except (ValueError, TypeError, KeyError) as error:
            raise TaskError(f"{path}:{number}: not a row of this comparison ({error}); delete the line") from None
        rows[row.choice, row.seed] = row
    return rows


def table(named: dict[str, Choice], rows: dict[tuple[Choice, int], Row], seeds: range) -> Table:
    """One line a choice: means over seeds after the last epoch, and the epochs it took to 95 % of digits."""
    shown = Table("choice", "digits %", "sums %", "+- digits", f"epochs to {TARGET:.0%}", "CPU s")
    means: dict[str, float] = {}
    for name, choice in named.items():
        of_choice = [rows[choice, seed] for seed in seeds]
        means[name] = 100 * mean(row.digits[-1] for row in of_choice)
        shown.add_row(
            name,
            f"{means[name]:.2f}",
            f"{100 * mean(row.sums[-1] for row in of_choice):.2f}",
            f"{means[name] - means['default']:+.2f}",
            ", ".join(str(row.epochs_to_target or "never") for row in of_choice),
            f"{mean(row.cpu_seconds for row in of_choice):.0f}",
        )
    return shown


def main(arguments: Sequence[str] | None = None) -> None:
    """Compares the choices and prints their table."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--epochs", type=int, default=EPOCHS, help="passes of all rows but those that vary them")
    parser.add_argument("--seeds", type=int, default=1, help="number of seeds, from 0 on")
    parser.add_argument("--only", nargs="+", default=[], help="names of rows; the default is always among them")
    parser.add_argument("--file", type=Path, default=Path("runs/addition_choices.jsonl"), help="one line for each row")
    asked = parser.parse_args(arguments)
    if asked.epochs < 1 or asked.seeds < 1:
        parser.error(f"epochs and seeds must be at least 1, got {asked.epochs} and {asked.seeds}")
    named = choices(Choice(epochs=asked.epochs))
    if unknown := set(asked.only) - set(named):
        parser.error(f"no row is named {', '.join(sorted(unknown))}; choose from: {', '.join(named)}")
    named = {name: c for name, c in named.items() if not asked.only or name in ("default", *asked.only)}
    torch.set_num_threads(1)
    console, rows, digits = Console(), read_rows(asked.file), inner_split()
    missing = [(seed, name) for seed in range(asked.seeds) for name in named if (named[name], seed) not in rows]
    asked.file.parent.mkdir(parents=True, exist_ok=True)
    with Progress(console=console) as progress:
        for seed, name in missing:
            row = learn(named[name], seed, digits, progress, f"{name}, seed {seed}")
            with asked.file.open("a") as file:
                file.write(json.dumps(asdict(row)) + "\n")
            rows[row.choice, seed] = row
    console.print(table(named, rows, range(asked.seeds)))


if __name__ == "__main__":
    main()
