"""The sum of n digits: digits learned from totals alone, by a rule that adds one digit after the other.

As in the field, 5,000 sums of n pictures each are trained; scored are 1,000 sums of held-out pictures after the last
epoch. Pictures recur in different sums. (Task: Solko-Breslin et al., "Data-efficient learning with neural programs",
NeurIPS 2024.)

Run ``python -m tasks.addition.sum_n``.
"""

import argparse
import json
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from rich.console import Console

from logic import Symbols
from neurosym.concepts import ConceptReport, concept_report
from neurosym.model import Model
from neurosym.training.fit import fit
from perception import SpikingClassifier, augment
from reasoner import DIGITS, Program, infer

from ..symbols.digit_pictures import DigitSource, digit_pictures
from ..symbols.samples import Samples, draw_sums

LENGTHS = (2, 3, 4, 8)
QUERY = "sum(S)"
TRAINING, TEST, EPOCHS, BATCH = 5000, 1000, 10, 32
TEST_SEED = 1_000_003  # the test sums are the same for every seed of the learner


def rule(length: int) -> str:
    """The program for sums of ``length`` digits: a total is a shorter total and one digit more."""
    return f"""sum(S) :- total({length}, S).
total(0, 0).
total(N, S) :- N > 0, M is N - 1, total(M, R), digit(M, D), S is R + D.
"""


@dataclass(frozen=True)
class Row:
    """What one training reached.

    Args:
        length: Digits in a sum.
        seed: Of samples, weights and order.
        scores: On held-out pictures, after the last epoch.
        epochs: Passes over the training sums.
        cpu_seconds: Of training.
        digits: Where the pictures come from.
    """

    length: int
    seed: int
    scores: ConceptReport
    epochs: int
    cpu_seconds: float
    digits: str


def learn(length: int, seed: int, source: DigitSource, size: int, test_size: int, epochs: int) -> Row:
    """Trains a spiking classifier from sums and scores it.

    Args:
        length: Digits in a sum.
        seed: Of samples, weights and order.
        source: Of pictures.
        size: Training sums.
        test_size: Sums to score.
        epochs: Passes over the training sums.
    """
    training = draw_sums(source.training, length, size, torch.Generator().manual_seed(seed))
    test = draw_sums(source.test, length, test_size, torch.Generator().manual_seed(TEST_SEED))
    classifier = SpikingClassifier(DIGITS, torch.Generator().manual_seed(seed))
    model = Model(classifier, Program.parse(rule(length)), QUERY)
    began = time.process_time()
    fit(model, training.pictures, training.answers, epochs=epochs, batch=BATCH, seed=seed, augment=augment)
    spent = round(time.process_time() - began, 1)
    return Row(length, seed, score(model, test), epochs, spent, source.name)


def score(model: Model, test: Samples) -> ConceptReport:
    """How good digits and sums are."""
    with torch.no_grad():
        parts = [model.perception(part).symbols.log_probs for part in test.pictures.split(100)]
        symbols = Symbols(DIGITS, torch.cat(parts))
        return concept_report(symbols, infer(model.program, QUERY, symbols), test.values, test.answers)


def main(arguments: Sequence[str] | None = None) -> None:
    """Learns digits from sums of 2, 3, 4 and 8 digits and prints a line for each."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--lengths", nargs="+", type=int, default=list(LENGTHS))
    parser.add_argument("--seeds", type=int, default=1, help="number of seeds, from 0 on")
    parser.add_argument("--size", type=int, default=TRAINING, help="training sums")
    parser.add_argument("--test-size", type=int, default=TEST, help="sums to score")
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    parser.add_argument("--embedded", action="store_true", help="take the 5,000 embedded digits in any case")
    parser.add_argument("--file", type=Path, default=Path("runs/sum_n.jsonl"), help="one line for each training")
    asked = parser.parse_args(arguments)
    torch.set_num_threads(1)
    console, source = Console(width=140), digit_pictures(asked.embedded)
    asked.file.parent.mkdir(parents=True, exist_ok=True)
    for length in asked.lengths:
        for seed in range(asked.seeds):
            row = learn(length, seed, source, asked.size, asked.test_size, asked.epochs)
            with asked.file.open("a") as file:
                file.write(json.dumps(asdict(row)) + "\n")
            console.print(f"sum of {length}, seed {seed}: {row.scores}, {row.cpu_seconds:.0f} CPU s", highlight=False)


if __name__ == "__main__":
    main()
