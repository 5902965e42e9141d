"""Reasoning shortcuts on MNAdd-Half and MNAdd-EvenOdd: how good the symbols are behind right sums, and what helps.

Both sets show only some pairs of digits, so that wrong digits explain all sums as well as the right ones: three
meanings fit Half, 36 fit EvenOdd. Training sees sums only. Scored are sums and digits on held-out pictures of the
pairs that were trained (in distribution) and of all other pairs of the set's digits (out of distribution). (Sets:
Marconato et al., "Not all neuro-symbolic concepts are created equal", NeurIPS 2023.)

Run ``python -m tasks.symbols.shortcuts``. Each finished row is one line of the file; a row found there is not run
again.
"""

import argparse
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import mean
from types import MappingProxyType
from typing import Any

import torch
from rich.console import Console
from rich.table import Table
from torch import Tensor

from logic import Domain
from neurosym.concepts import ConceptReport, concept_report
from neurosym.model import Model
from neurosym.training.fit import fit
from neurosym.training.mitigation import Differing, EvenUse, FewLabels, most_even
from neurosym.training.mixture import Mixture, average_meanings, ensemble
from perception import Digits, SpikingClassifier
from reasoner import Program, count_shortcuts

from .digit_pictures import DigitSource, digit_pictures
from .samples import Samples, show_values

RULE = "sum(S) :- digit(0, X), digit(1, Y), S is X + Y."
QUERY = "sum(S)"
TRAINING_PAIRS, TEST_PAIRS, EPOCHS, BATCH = 4000, 1000, 5, 32
MEMBERS = 5  # of an ensemble, and trainings of which the most even is taken
EVEN_WEIGHT = 2.0
TEST_SEED = 1_000_003  # the test pairs are the same for every seed of the learner


@dataclass(frozen=True)
class ShortcutSet:
    """A set of pairs of digits.

    Args:
        digits: That occur.
        pairs: That are trained, in this order of the two pictures.
    """

    digits: tuple[int, ...]
    pairs: tuple[tuple[int, int], ...]


SETS: Mapping[str, ShortcutSet] = MappingProxyType(
    {
        "half": ShortcutSet(tuple(range(5)), ((0, 0), (0, 1), (2, 3), (2, 4))),
        "evenodd": ShortcutSet(tuple(range(10)), ((0, 6), (2, 8), (4, 6), (4, 8), (1, 5), (3, 7), (1, 9), (3, 9))),
    }
)
METHODS = (
    "plain",
    "plain, meanings averaged",
    "ensemble",
    "ensemble, meanings averaged",
    "even use, most even of 5",
    "the same, distinct meanings averaged",
    "one label a digit",
)


@dataclass(frozen=True)
class Row:
    """What one method reached.

    Args:
        name: Of the set.
        method: One of ``METHODS``.
        seed: Of pairs, weights and order.
        seen: Scores on the pairs that were trained.
        unseen: Scores on the other pairs.
        views: Models or meanings that were mixed.
        cpu_seconds: Of training and scoring; an ensemble's are those of all members.
        digits: Where the pictures come from.
    """

    name: str
    method: str
    seed: int
    seen: ConceptReport
    unseen: ConceptReport
    views: int
    cpu_seconds: float
    digits: str


def draw(digits: Digits, pairs: Sequence[tuple[int, int]], count: int, generator: torch.Generator) -> Samples:
    """Random pictures of random pairs, each pair alike often but for the remainder; pictures may recur."""
    chosen = torch.tensor(pairs)[torch.randperm(count, generator=generator) % len(pairs)]
    return Samples(show_values(digits, chosen, generator), chosen, chosen.sum(dim=1).tolist())


def new_model(shortcut_set: ShortcutSet, seed: int) -> Model:
    """A small spiking classifier over the set's digits, joined with the rule."""
    domain = Domain("digit", shortcut_set.digits)
    classifier = SpikingClassifier(domain, torch.Generator().manual_seed(seed), channels=(6, 12), hidden=48)
    return Model(classifier, Program.parse(RULE, (domain,)), QUERY)


def one_label_a_digit(shortcut_set: ShortcutSet, digits: Digits, seed: int) -> tuple[Tensor, Tensor]:
    """A random picture of each digit, and what it shows."""
    generator = torch.Generator().manual_seed(seed)
    order = torch.randperm(len(digits.labels), generator=generator)
    chosen = torch.tensor([next(int(i) for i in order if digits.labels[i] == value) for value in shortcut_set.digits])
    return digits.pictures[chosen], digits.labels[chosen]


def learn(name: str, seed: int, source: DigitSource, size: int, epochs: int) -> list[Row]:
    """Trains with each method and scores it; ensembles grow from the plain model.

    Args:
        name: Of the set.
        seed: Of pairs, weights and order.
        source: Of pictures.
        size: Training pairs.
        epochs: Passes over them.
    """
    chosen = SETS[name]
    training = draw(source.training, chosen.pairs, size, torch.Generator().manual_seed(seed))
    others = [(a, b) for a in chosen.digits for b in chosen.digits if (a, b) not in chosen.pairs]
    tests = [
        draw(source.test, pairs, TEST_PAIRS, torch.Generator().manual_seed(TEST_SEED))
        for pairs in (chosen.pairs, others)
    ]
    rows: list[Row] = []
    began = time.process_time()

    def train(trainable: Model | EvenUse | Differing | FewLabels) -> None:
        fit(trainable, training.pictures, training.answers, epochs=epochs, batch=BATCH, seed=seed)

    def keep(method: str, mixture: Mixture) -> None:
        nonlocal began
        seen, unseen = (score(mixture, test) for test in tests)
        spent = round(time.process_time() - began, 1)
        rows.append(Row(name, method, seed, seen, unseen, len(mixture.views), spent, source.name))
        began = time.process_time()

    def averaged(model: Model, distinct: bool = False) -> Mixture:
        return average_meanings(model, training.pictures, training.answers, distinct=distinct)

    members = [new_model(chosen, seed)]
    train(members[0])
    keep("plain", ensemble(members))
    keep("plain, meanings averaged", averaged(members[0]))
    for number in range(1, MEMBERS):
        members.append(new_model(chosen, seed + 1000 * number))
        train(Differing(members[-1], members[:-1]))
    keep("ensemble", ensemble(members))
    keep("ensemble, meanings averaged", Mixture([view for member in members for view in averaged(member).views]))
    tried = [new_model(chosen, seed + 1000 * number) for number in range(MEMBERS)]
    for one in tried:
        train(EvenUse(one, EVEN_WEIGHT))
    even = most_even(tried, training.pictures[:500])
    keep("even use, most even of 5", ensemble([even]))
    keep("the same, distinct meanings averaged", averaged(even, distinct=True))
    labelled = new_model(chosen, seed)
    shown, values = one_label_a_digit(chosen, source.training, seed)
    train(FewLabels(labelled, shown, values))
    keep("one label a digit", ensemble([labelled]))
    return rows


def score(mixture: Mixture, test: Samples) -> ConceptReport:
    """How good symbols and sums are."""
    with torch.no_grad():
        return concept_report(mixture.symbols(test.pictures), mixture(test.pictures), test.values, test.answers)


def read_rows(path: Path) -> list[Row]:
    """The rows that are already in a file."""
    rows: list[Row] = []
    for line in path.read_text().splitlines() if path.exists() else ():
        found: dict[str, Any] = json.loads(line)
        found |= {part: ConceptReport(**found[part]) for part in ("seen", "unseen")}
        rows.append(Row(**found))
    return rows


def table(name: str, rows: Sequence[Row]) -> Table:
    """One line a method: range over seeds of sums, mean and range of digits and calibration."""
    shown = Table(
        "method", "views", "sums %", "digits %", "ECE digits %", "collapse", "sums, new pairs %", "CPU s", title=name
    )

    def spread(values: Sequence[float]) -> str:
        return f"{100 * mean(values):.1f} ({100 * min(values):.1f}-{100 * max(values):.1f})"

    for method in METHODS:
        own = [row for row in rows if row.name == name and row.method == method]
        if own:
            shown.add_row(
                method,
                ", ".join(str(row.views) for row in own),
                spread([row.seen.answer_accuracy for row in own]),
                spread([row.seen.concept_accuracy for row in own]),
                spread([row.seen.concept_error for row in own]),
                f"{mean(row.seen.collapse for row in own):.2f}",
                spread([row.unseen.answer_accuracy for row in own]),
                f"{mean(row.cpu_seconds for row in own):.0f}",
            )
    return shown


def main(arguments: Sequence[str] | None = None) -> None:
    """Counts the shortcuts of both sets, trains with each mitigation and prints a table for each set."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--seeds", type=int, default=3, help="number of seeds, from 0 on")
    parser.add_argument("--size", type=int, default=TRAINING_PAIRS, help="training pairs")
    parser.add_argument("--epochs", type=int, default=EPOCHS, help="passes over the training pairs")
    parser.add_argument("--sets", nargs="+", choices=list(SETS), default=["evenodd", "half"])
    parser.add_argument("--embedded", action="store_true", help="take the 5,000 embedded digits in any case")
    parser.add_argument("--file", type=Path, default=Path("runs/shortcuts.jsonl"), help="one line for each row")
    asked = parser.parse_args(arguments)
    torch.set_num_threads(1)
    console, source, rows = Console(width=140), digit_pictures(asked.embedded), read_rows(asked.file)
    asked.file.parent.mkdir(parents=True, exist_ok=True)
    for name in asked.sets:
        program = Program.parse(RULE, (Domain("digit", SETS[name].digits),))
        counted = count_shortcuts(program, QUERY, readings=SETS[name].pairs)
        console.print(f"{name}: {counted.warning()}", highlight=False)
        for seed in range(asked.seeds):
            if not any(row.name == name and row.seed == seed for row in rows):
                made = learn(name, seed, source, asked.size, asked.epochs)
                with asked.file.open("a") as file:
                    file.writelines(json.dumps(asdict(row)) + "\n" for row in made)
                rows += made
        console.print(table(name, rows))


if __name__ == "__main__":
    main()
