"""Sums of numbers of N digits drawn from all of MNIST: a spiking network learns the digits from the sums alone.

The field's protocol: each training digit stands in one sum, and the pairing is drawn once; so are the test sums, from
the 10,000 test digits. The rule is the carry in plain Prolog. Right is a sum all of whose places are right, read as the
sum of the most probable digits. 5,000 training digits are held out for choices, or none once the choices are made. Now
and then a network takes up a wrong meaning of the digits and does not leave it; the training loss tells after two
passes, and training begins anew with other weights. The test digits are looked at after the last epoch only; a digit's
belief is then the mean over nine views of it, shifted by up to a pixel. One pairing of the test digits gives few long
sums, so the mean over 1,000 pairings stands beside it.

Run ``python -m tasks.addition.mnist --digits 4 --digits 15 --digits 100`` with ``NEUROSYM_DATA`` naming the folder that
holds ``mnist``. A run that was cut short goes on where it stopped. Seconds are CPU time.

References:
    Manhaeve et al., "DeepProbLog", NeurIPS 2018; De Smet et al., "DeepProofLog", 2025 (figures for N = 4, 15, 100).
"""

import json
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated

import torch
import typer
from rich.console import Console
from rich.progress import Progress
from torch import Tensor

from logic import Symbols
from neurosym import History, Savings, fit
from neurosym.interval import wilson
from perception import SpikingVision, augment, hold_out, load_dataset, see_views
from reasoner import DIGITS, Program, infer

from ..vision.mnist_accuracy import HELD_OUT
from .harness import Sums, add, make_sums
from .reasoners import LABEL, addition_program

AUGMENTATION = {"shift": 1.5, "turn": 10.0, "scale": 0.1, "shear": 0.1, "bend": 0.7}
PICTURES = 120  # pictures in a step, or a whole sum if that is more
TEST_SEED = 99
PAIRINGS = 1_000
CHUNK = 50  # pictures looked at together in reading
LEARNING_RATE, AVERAGE = 1e-2, 0.998
ATTEMPTS = 4
LOOK_AFTER, LOOK_AT = 2, 2_000  # passes; pictures whose sums are looked at
STUCK = 0.5  # nats per digit of a sum: after two passes three runs had 0.05 to 0.08, one with a wrong meaning 0.86


@dataclass(frozen=True)
class Recipe:
    """How sums of numbers of some length are learned.

    Args:
        model: Preset of the network.
        epochs: Passes over the sums.
    """

    model: str = "tiny_resnet"
    epochs: int = 8


RECIPES: Mapping[int, Recipe] = {100: Recipe("small_resnet", 10)}


class StuckError(Exception):
    """The digits have a wrong meaning, which training will not leave."""


@dataclass(frozen=True, eq=False)
class Addition:
    """A perception that learns from the digits of sums.

    Args:
        perception: Learns.
        program: Holds ``correct`` of two numbers and their sum.
    """

    perception: SpikingVision
    program: Program

    def log_probability(self, pictures: Tensor, answers: Sequence[Tensor]) -> Tensor:
        """Log-probability ``[B]`` of sums with ``N + 1`` digits, given pictures ``[B, 2 N, 1, 28, 28]``."""
        seen = self.perception(pictures).symbols
        given = torch.eye(10).log()[torch.stack(list(answers))]
        return infer(self.program, "correct", (seen, Symbols(LABEL, given))).log_probs[:, 0]


@dataclass(frozen=True)
class Score:
    """How many digits and sums are right, of how many.

    Args:
        digits: Digits that are right.
        digits_of: All digits.
        sums: Sums that are right, in one pairing of the digits.
        sums_of: All sums.
        any_pairing: Share of right sums over ``PAIRINGS`` pairings of the same digits.
    """

    digits: int
    digits_of: int
    sums: int
    sums_of: int
    any_pairing: float


@torch.no_grad()
def score(perception: SpikingVision, test: Sums, *, views: bool) -> Score:
    """Reads all digits, in one view of each or in nine, and adds the most probable ones up."""
    perception.eval()
    parts = test.pictures.split(CHUNK)
    beliefs = [see_views(perception, part) if views else perception.logits(part[:, None]).mean(0) for part in parts]
    read = torch.cat(beliefs).argmax(1)
    perception.train()
    right = _right(read, test)
    anew = [_right(read, make_sums(test.pictures, test.digits, digits_of(test), seed)) for seed in range(PAIRINGS)]
    return Score(
        int((read == test.digits).sum()), len(read), int(right.sum()), len(right), float(torch.cat(anew).float().mean())
    )


def digits_of(sums: Sums) -> int:
    """Digits of each number, ``N``."""
    return sums.slots.shape[1] // 2


def _right(read: Tensor, sums: Sums) -> Tensor:
    """Which sums ``[S]`` come out right if the digits are read like that."""
    return (add(read[sums.slots]) == sums.totals).all(1)


def learn(
    digits: int, seed: int, *, recipe: Recipe, samples: int | None, final: bool, folder: Path, console: Console
) -> Score:
    """Trains on sums of numbers with that many digits, prints and writes what was reached, and returns it."""
    whole = load_dataset("mnist", split="train")
    train, held = hold_out(whole, HELD_OUT, torch.Generator().manual_seed(0))
    train = whole if final else train
    test = load_dataset("mnist", split="test")
    sums = make_sums(train.pictures[:samples], train.labels[:samples], digits, seed)
    held_sums = None if final else make_sums(held.pictures, held.labels, digits, TEST_SEED)
    folder.mkdir(parents=True, exist_ok=True)
    vision, history, attempt = train_unstuck(sums, held_sums, seed, recipe=recipe, folder=folder, console=console)
    found = score(vision, make_sums(test.pictures, test.labels, digits, TEST_SEED), views=True)
    low, high = wilson(found.sums, found.sums_of)
    console.print(
        f"N = {digits}, seed {seed}: {found.sums} of {found.sums_of} test sums, {found.sums / found.sums_of:.1%} "
        f"({low:.1%} to {high:.1%}), {found.any_pairing:.1%} in any pairing; "
        f"{found.digits / found.digits_of:.2%} of test digits"
    )
    line = {
        "task": "addition_mnist",
        "digits": digits,
        "model": recipe.model,
        "seed": seed,
        "attempt": attempt,
        "epochs": len(history.epochs),
        "training_sums": len(sums.totals),
        "held_out_digits": [epoch.scores["held_out"] for epoch in history.epochs if not final],
        "test_digits": found.digits / found.digits_of,
        "test_sums": found.sums / found.sums_of,
        "interval": [low, high],
        "test_sums_in_any_pairing": found.any_pairing,
        "cpu_seconds": round(history.epochs[-1].scores["cpu_seconds"]),
    }
    with (folder / "addition_mnist.jsonl").open("a") as file:
        file.write(json.dumps(line) + "\n")
    return found


def train_unstuck(
    sums: Sums, held_out: Sums | None, seed: int, *, recipe: Recipe, folder: Path, console: Console
) -> tuple[SpikingVision, History, int]:
    """A network that learned the digits from sums, how it went, and the attempt at which it did."""
    start = time.process_time()
    for attempt in range(1, ATTEMPTS):
        with suppress(StuckError):
            return *train_once(
                sums, held_out, seed, attempt, start, recipe=recipe, folder=folder, console=console
            ), attempt
    return *train_once(sums, held_out, seed, ATTEMPTS, start, recipe=recipe, folder=folder, console=console), ATTEMPTS


def train_once(
    sums: Sums, held_out: Sums | None, seed: int, attempt: int, start: float,
    *, recipe: Recipe, folder: Path, console: Console,
) -> tuple[SpikingVision, History]:  # fmt: skip
    """A network that learned the digits from sums, and how it went.

    Raises:
        StuckError: if the digits have a wrong meaning, unless this is the last attempt.
    """
    generator = torch.Generator().manual_seed(seed + 1_000 * (attempt - 1))
    vision = SpikingVision(DIGITS, generator, model=recipe.model)
    vision.network.to(memory_format=torch.channels_last)  # type: ignore[call-overload] - torch's stubs lack this form
    digits = digits_of(sums)
    model, name = Addition(vision, addition_program(digits)), f"N = {digits}, seed {seed}, attempt {attempt}"

    with Progress(console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task(name)

        def report() -> dict[str, float]:
            scores = {"cpu_seconds": time.process_time() - start, "loss": training_loss(model, sums)}
            told = f"{name}: {scores['cpu_seconds']:.0f} CPU s, {scores['loss']:.3f} nats per digit of a sum"
            if held_out is not None:
                found = score(vision, held_out, views=False)
                scores["held_out"] = found.digits / found.digits_of
                told += f"; held out {scores['held_out']:.2%} of digits, {found.sums} of {found.sums_of} sums"
            console.print(told)
            due = bar.tasks[task].completed * recipe.epochs >= LOOK_AFTER * (bar.tasks[task].total or 0)
            if due and scores["loss"] > STUCK and attempt < ATTEMPTS:
                raise StuckError
            return scores

        history = fit(
            model,
            sums.pictures[sums.slots],
            list(sums.totals),
            epochs=recipe.epochs,
            batch=max(1, PICTURES // (2 * digits)),
            learning_rate=LEARNING_RATE,
            average=AVERAGE,
            seed=seed,
            augment=partial(augment, **AUGMENTATION),
            savings=Savings(precision="auto"),
            checkpoint=folder / f"addition-{digits}-{recipe.model}-{seed}-{attempt}.safetensors",
            progress=lambda done, steps: bar.update(task, completed=done, total=steps),
            evaluate=report,
        )
    return vision, history


@torch.no_grad()
def training_loss(model: Addition, sums: Sums) -> float:
    """Mean loss of the first training sums, in nats per digit of a sum."""
    chosen = sums.slots[: max(1, LOOK_AT // sums.slots.shape[1])]
    wanted = list(sums.totals[: len(chosen)])
    batch = max(1, PICTURES // sums.slots.shape[1])
    losses = [
        -model.log_probability(sums.pictures[part], wanted[at : at + batch])
        for at, part in zip(range(0, len(chosen), batch), chosen.split(batch), strict=True)
    ]
    return float(torch.cat(losses).mean()) / sums.totals.shape[1]


def main(
    digits: Annotated[list[int] | None, typer.Option(min=1, help="N, once or more; 4, 15 and 100 by default.")] = None,
    seeds: Annotated[list[int] | None, typer.Option(min=0, help="Once or more; 0, 1 and 2 by default.")] = None,
    model: Annotated[str | None, typer.Option(help="Preset; tiny_resnet, or small_resnet for N = 100.")] = None,
    epochs: Annotated[int | None, typer.Option(min=1, help="Passes over the sums; 8, or 10 for N = 100.")] = None,
    samples: Annotated[int | None, typer.Option(min=1, help="Training digits; without it, all.")] = None,
    final: Annotated[bool, typer.Option(help="Train on the 5,000 digits held out for choices, too.")] = False,
    folder: Annotated[Path, typer.Option(help="For checkpoints and results.")] = Path("runs"),
) -> None:
    """Learn digits from sums alone and report the share of test sums that are right."""
    torch.set_num_threads(1)
    console = Console()
    for seed in seeds or (0, 1, 2):
        for number in digits or (4, 15, 100):
            recipe = RECIPES.get(number, Recipe())
            learn(
                number,
                seed,
                recipe=Recipe(model or recipe.model, epochs or recipe.epochs),
                samples=samples,
                final=final,
                folder=folder,
                console=console,
            )


if __name__ == "__main__":
    typer.run(main)
