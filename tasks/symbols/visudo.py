"""ViSudo-PC: is a 4x4 board of digit pictures a valid sudoku? Learned from boards marked valid or invalid alone.

As in the field's basic setting: four digits of MNIST, 100 valid and 100 invalid boards to learn from and as many to
be judged on; an invalid board is a valid one with some cells replaced. What a digit is called cannot be learned from
such marks; scored is the mark: area under the ROC curve and accuracy. (Task: Augustine, Pryor, Dickens, Pujara, Wang,
Getoor, "Visual sudoku puzzle classification", NeSy 2022.)

Run ``python -m tasks.symbols.visudo``. The rule is in ``visudo_rules.pl`` beside this file.
"""

import argparse
import json
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cache
from itertools import permutations
from pathlib import Path

import torch
from rich.console import Console
from torch import Tensor

from logic import Domain, Symbols
from neurosym.concepts import calibration_error
from neurosym.model import Model
from neurosym.training.fit import fit
from perception import Digits, SpikingClassifier
from reasoner import Program

from .digit_pictures import DigitSource, digit_pictures
from .samples import Samples, show_values

CELLS = Domain("digit", range(4))
QUERY = "board(B)"
RULE = Path(__file__).with_name("visudo_rules.pl")
BOARDS, EPOCHS, BATCH = 100, 60, 10  # boards of each mark, in training and in test
TEST_SEED = 1_000_003  # the test boards are the same for every seed of the learner


@dataclass(frozen=True)
class Row:
    """What one training reached on the test boards.

    Args:
        seed: Of boards, weights and order.
        area: Under the ROC curve of the probability that a board is valid.
        accuracy: Share of boards whose likelier mark is right.
        error: Expected calibration error of the marks.
        clusters: Share of cells that are read right once each value is renamed to the digit that it stands for most
            often; the best of the 24 renamings.
        epochs: Passes over the training boards.
        cpu_seconds: Of training.
        digits: Where the pictures come from.
    """

    seed: int
    area: float
    accuracy: float
    error: float
    clusters: float
    epochs: int
    cpu_seconds: float
    digits: str


@cache
def valid_boards() -> tuple[tuple[int, ...], ...]:
    """All 288 valid boards, row by row, found by filling rows in with permutations."""
    boards: list[tuple[int, ...]] = [()]
    for _ in range(4):
        boards = [board + row for board in boards for row in permutations(range(4)) if is_valid(board + row)]
    return tuple(boards)


def is_valid(cells: Sequence[int]) -> bool:
    """Whether no two of the cells that are filled in, row by row, clash."""
    groups: dict[tuple[str, int, int], list[int]] = {}
    for place, value in enumerate(cells):
        row, column = divmod(place, 4)
        for key in (("row", row, 0), ("column", column, 0), ("box", row // 2, column // 2)):
            groups.setdefault(key, []).append(value)
    return all(len(set(group)) == len(group) for group in groups.values())


def draw_boards(digits: Digits, each: int, generator: torch.Generator) -> Samples:
    """Valid and invalid boards by turns, ``each`` of them; one to all cells of an invalid one were replaced."""
    valid, values, marks = valid_boards(), [], []
    for number in range(2 * each):
        board = list(valid[int(torch.randint(len(valid), (), generator=generator))])
        while number % 2 and is_valid(board):
            count = 1 + int(torch.randint(16, (), generator=generator))
            for place in torch.randperm(16, generator=generator)[:count].tolist():
                board[place] = int(torch.randint(4, (), generator=generator))
        values.append(board)
        marks.append("invalid" if number % 2 else "valid")
    cells = torch.tensor(values)
    return Samples(show_values(digits, cells, generator), cells, marks)


def area_under_curve(scores: Tensor, positive: Tensor) -> float:
    """The probability that a positive sample scores higher than a negative one, ties counting half (AUROC)."""
    gaps = scores[positive][:, None] - scores[~positive][None, :]
    return float((gaps > 0).double().mean() + 0.5 * (gaps == 0).double().mean())


def clusters(symbols: Symbols, values: Tensor) -> float:
    """The share of cells read right under the best of the 24 renamings of the four values."""
    counts = torch.zeros(4, 4).index_put_(
        (symbols.most_likely().flatten(), values.flatten()), torch.ones(()), accumulate=True
    )
    best = max(float(counts[range(4), list(naming)].sum()) for naming in permutations(range(4)))
    return best / values.numel()


def learn(seed: int, source: DigitSource, each: int, epochs: int, test_each: int = BOARDS) -> Row:
    """Trains a spiking classifier from marked boards and scores it.

    Args:
        seed: Of boards, weights and order.
        source: Of pictures.
        each: Training boards of each mark.
        epochs: Passes over them.
        test_each: Test boards of each mark.
    """
    training = draw_boards(source.training, each, torch.Generator().manual_seed(seed))
    test = draw_boards(source.test, test_each, torch.Generator().manual_seed(TEST_SEED))
    classifier = SpikingClassifier(CELLS, torch.Generator().manual_seed(seed), channels=(6, 12), hidden=48)
    model = Model(classifier, Program.read(RULE, (CELLS,)), QUERY)
    began = time.process_time()
    fit(model, training.pictures, training.answers, epochs=epochs, batch=BATCH, seed=seed)
    spent = round(time.process_time() - began, 1)
    with torch.no_grad():
        found = model(test.pictures)
        symbols = model.perception(test.pictures).symbols
    valid = found.log_probs[:, found.index("valid")]
    sure, chosen = found.log_probs.exp().max(dim=1)
    right = chosen == found.indices(list(test.answers))
    return Row(
        seed,
        area_under_curve(valid, torch.tensor([mark == "valid" for mark in test.answers])),
        float(right.double().mean()),
        calibration_error(sure, right),
        clusters(symbols, test.values),
        epochs,
        spent,
        source.name,
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Learns to tell valid boards from invalid ones and prints a line for each seed."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--seeds", type=int, default=3, help="number of seeds, from 0 on")
    parser.add_argument("--each", type=int, default=BOARDS, help="training boards of each mark")
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    parser.add_argument("--embedded", action="store_true", help="take the 5,000 embedded digits in any case")
    parser.add_argument("--file", type=Path, default=Path("runs/visudo.jsonl"), help="one line for each training")
    asked = parser.parse_args(arguments)
    torch.set_num_threads(1)
    console, source = Console(width=140), digit_pictures(asked.embedded)
    asked.file.parent.mkdir(parents=True, exist_ok=True)
    for seed in range(asked.seeds):
        row = learn(seed, source, asked.each, asked.epochs)
        with asked.file.open("a") as file:
            file.write(json.dumps(asdict(row)) + "\n")
        console.print(
            f"seed {seed}: AUROC {row.area:.3f}, accuracy {row.accuracy:.1%}, ECE {row.error:.3f}, cells right up to "
            f"names {row.clusters:.1%}, {row.cpu_seconds:.0f} CPU s",
            highlight=False,
        )


if __name__ == "__main__":
    main()
