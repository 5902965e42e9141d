"""A spiking reader of a board's cells, where an empty cell is a value like the digits: 0, and 1 to 9.

It learns from the 60,000 training digits of MNIST without the zeros, with as many empty cells as there are of a digit;
5,000 of them are held out to look at. The 10,000 test digits are only for boards.
"""

from pathlib import Path
from typing import Annotated

import torch
import typer
from torch import Tensor

from logic import Domain
from neurosym.checkpoint import save_perception
from neurosym.training.fit import fit
from perception import SpikingClassifier, augment

from ..puzzles.digit_reader import LabelledDigits, training_digits

CELL = Domain("cell", range(10))
CHANNELS, HIDDEN, STEPS = (16, 32), 128, 4


def with_empty_cells(pictures: Tensor, labels: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """The pictures ``[M, 1, 28, 28]`` of 1 to 9, and ``count`` empty ones, whose label is 0."""
    shown = labels != 0
    nothing = torch.zeros(count, *pictures.shape[1:], dtype=pictures.dtype)
    return torch.cat([pictures[shown], nothing]), torch.cat([labels[shown], torch.zeros(count, dtype=labels.dtype)])


def train_reader(path: Path, epochs: int = 12, seed: int = 0) -> float:
    """Trains and saves a reader; returns its accuracy on the cells held out of training."""
    training, held_out = training_digits()
    pictures, labels = with_empty_cells(training.pictures, training.labels, len(training.labels) // 10)
    reader = SpikingClassifier(CELL, seed, steps=STEPS, channels=CHANNELS, hidden=HIDDEN)
    fit(
        LabelledDigits(reader), pictures[:, None], labels.tolist(), epochs=epochs, batch=64, learning_rate=5e-3,
        seed=seed, augment=augment, checkpoint=path.with_suffix(".checkpoint"),
    )  # fmt: skip
    save_perception(reader, path, {"task": "cells of a board", "pictures": str(len(labels))})
    path.with_suffix(".checkpoint").unlink(missing_ok=True)
    cells, truth = with_empty_cells(held_out.pictures, held_out.labels, len(held_out.labels) // 10)
    with torch.no_grad():
        reader.eval()
        seen = torch.cat([reader(part[:, None]).symbols.most_likely()[:, 0] for part in cells.split(500)])
    return float((seen == truth).double().mean())


def main(
    output: Annotated[Path, typer.Option(help="The file to save the reader in.")] = Path("cells.safetensors"),
    epochs: int = 12,
    seed: int = 0,
) -> None:
    """Train a spiking reader of cells and save it."""
    torch.set_num_threads(1)
    typer.echo(f"{output}: {train_reader(output, epochs, seed):.4f} of the cells held out of training are read rightly")


if __name__ == "__main__":
    typer.run(main)
