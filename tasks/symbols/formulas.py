"""Formulas from pictures: digits and operators learned from the values of formulas alone, parsed by rules.

The field's lists of formulas of 1, 3, 5 and 7 signs (10,000 to learn from, 2,000 to be judged on), shown by MNIST
digits and drawn operators. The rules, in ``formula_rules.pl`` beside this file, parse and compute with exact fractions,
and the probability of a value counts every reading that has it: nothing is sampled or searched. Right is a formula
whose most probable value is its value; the test pictures are looked at after the last epoch only.

Run ``python -m tasks.symbols.formulas`` with ``NEUROSYM_DATA`` naming the folder that holds ``hwf_expr`` (and
``mnist``, else the embedded digits are taken). A run that was cut short goes on where it stopped. Seconds are CPU time.

References:
    Li et al., "Closed loop neural-symbolic learning via integrating neural perception, grammar parsing, and symbolic
    reasoning", ICML 2020 (task and lists).
"""

import json
import time
from collections.abc import Sequence
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
from neurosym import Savings, fit
from neurosym.interval import wilson
from perception import SpikingVision, augment
from reasoner import Answers, Program, infer

from .digit_pictures import digit_pictures
from .formula_pictures import SIGNS, Formulas, show_formulas

RULES = Path(__file__).with_name("formula_rules.pl")
AUGMENTATION = {"shift": 1.5, "turn": 8.0, "scale": 0.1, "shear": 0.1, "bend": 0.5}
TEST_SEED = 1_000_003  # the test formulas' pictures are the same for every seed of the learner
EPOCHS, BATCH, LEARNING_RATE, AVERAGE = 4, 16, 5e-3, 0.998
CHUNK = 50  # formulas read together


@dataclass(frozen=True, eq=False)
class FormulaReader:
    """A perception that learns signs from the values of formulas.

    Args:
        perception: Learns.
        program: Holds ``formula`` of a number of signs and the value.
    """

    perception: SpikingVision
    program: Program

    def log_probability(self, pictures: Tensor, answers: Sequence[tuple[int, int, int]]) -> Tensor:
        """Log-probability ``[B]`` of formulas' values; see :class:`.formula_pictures.Formulas`."""
        lengths = torch.tensor([signs for signs, _, _ in answers])
        used = torch.arange(pictures.shape[1]) < lengths[:, None]
        seen = self.perception(pictures[used][:, None]).symbols.log_probs[:, 0]
        beliefs = seen.new_zeros(*used.shape, len(SIGNS)).masked_scatter(used[..., None], seen)
        found = seen.new_zeros(len(answers))
        for signs in lengths.unique().tolist():
            rows = torch.nonzero(lengths == signs)[:, 0]
            values = self.values(beliefs[rows, :signs])
            columns = values.indices([answers[row][1:] for row in rows.tolist()])
            found = found.index_copy(0, rows, values.log_probs.gather(1, columns[:, None])[:, 0])
        return found

    def values(self, beliefs: Tensor) -> Answers:
        """All values of formulas with beliefs ``[B, signs, 13]`` in their signs, with probabilities."""
        return infer(self.program, f"formula({beliefs.shape[1]}, P, Q)", Symbols(SIGNS, beliefs))


@dataclass(frozen=True)
class Score:
    """How many formulas of some number of signs have the right value, and how many of their signs are right."""

    signs: int
    formulas: int
    right: int
    signs_right: float


@torch.no_grad()
def score(reader: FormulaReader, test: Formulas) -> list[Score]:
    """Reads test formulas, shorter ones first."""
    reader.perception.eval()
    lengths = torch.tensor([signs for signs, _, _ in test.answers])
    scores = list[Score]()
    for signs in lengths.unique().tolist():
        right, signs_right, rows = 0, 0, torch.nonzero(lengths == signs)[:, 0]
        for chunk in rows.split(CHUNK):
            beliefs = reader.perception(test.pictures[chunk, :signs]).symbols.log_probs
            values = reader.values(beliefs)
            best = values.log_probs.argmax(1).tolist()
            right += sum(
                values.values[column] == test.answers[row][1:] for column, row in zip(best, chunk.tolist(), strict=True)
            )
            signs_right += int((beliefs.argmax(2) == test.values[chunk, :signs]).sum())
        scores.append(Score(signs, len(rows), right, signs_right / (len(rows) * signs)))
    reader.perception.train()
    return scores


def learn(
    seed: int, *, epochs: int, train: Formulas, test: Formulas, model: str, folder: Path, console: Console
) -> list[Score]:
    """Trains on the values of formulas, prints and writes what was reached on others, and returns it."""
    vision = SpikingVision(SIGNS, torch.Generator().manual_seed(seed), model=model)
    vision.network.to(memory_format=torch.channels_last)  # type: ignore[call-overload] - torch's stubs lack this form
    reader = FormulaReader(vision, Program.read(RULES, (SIGNS,)))
    folder.mkdir(parents=True, exist_ok=True)
    start = time.process_time()
    with Progress(console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task(f"formulas, seed {seed}")
        history = fit(
            reader,
            train.pictures,
            train.answers,
            epochs=epochs,
            batch=BATCH,
            learning_rate=LEARNING_RATE,
            average=AVERAGE,
            seed=seed,
            augment=partial(augment, **AUGMENTATION),
            savings=Savings(precision="auto"),
            checkpoint=folder / f"formulas-{model}-{seed}.safetensors",
            progress=lambda done, steps: bar.update(task, completed=done, total=steps),
            evaluate=lambda: {"cpu_seconds": time.process_time() - start},
        )
    scores = score(reader, test)
    for found in scores:
        low, high = wilson(found.right, found.formulas)
        console.print(
            f"seed {seed}, {found.signs} signs: {found.right} of {found.formulas} values right, "
            f"{found.right / found.formulas:.1%} ({low:.1%} to {high:.1%}); {found.signs_right:.2%} of signs"
        )
    right, of = sum(found.right for found in scores), sum(found.formulas for found in scores)
    spent = round(history.epochs[-1].scores["cpu_seconds"])
    console.print(f"seed {seed}, all: {right} of {of} values right, {right / of:.1%}; {spent} CPU s of training")
    line = {
        "task": "formulas",
        "model": model,
        "seed": seed,
        "epochs": len(history.epochs),
        "training_formulas": len(train.answers),
        "values_right": right / of,
        "by_signs": {found.signs: found.right / found.formulas for found in scores},
        "interval": wilson(right, of),
        "cpu_seconds": spent,
    }
    with (folder / "formulas.jsonl").open("a") as file:
        file.write(json.dumps(line) + "\n")
    return scores


def main(
    seeds: Annotated[list[int] | None, typer.Option(min=0, help="Once or more; 0 by default.")] = None,
    epochs: Annotated[int, typer.Option(min=1, help="Passes over the formulas.")] = EPOCHS,
    size: Annotated[int | None, typer.Option(min=1, help="Formulas to learn from; all by default.")] = None,
    test_size: Annotated[int | None, typer.Option(min=1, help="Formulas to be judged on; all by default.")] = None,
    model: Annotated[str, typer.Option(help="Preset of the network.")] = "tiny_resnet",
    folder: Annotated[Path, typer.Option(help="For checkpoints and results.")] = Path("runs"),
) -> None:
    """Learn digits and operators from the values of formulas alone."""
    torch.set_num_threads(1)
    digits, console = digit_pictures(), Console()
    test = show_formulas("test", digits.test, test_size, torch.Generator().manual_seed(TEST_SEED))
    for seed in seeds or (0,):
        train = show_formulas("train_org", digits.training, size, torch.Generator().manual_seed(seed))
        learn(seed, epochs=epochs, train=train, test=test, model=model, folder=folder, console=console)


if __name__ == "__main__":
    typer.run(main)
