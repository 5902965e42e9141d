"""A spiking reader of handwritten digits for pictures of puzzles: MNIST files, plain labels, one command.

The 60,000 training pictures are split by a fixed seed into 55,000 to learn from and 5,000 to check by; the 10,000 of
t10k are only ever used for final figures. Without the files, the 5,000 that travel with perception are taken, 4,000
and 1,000. (MNIST: LeCun, Bottou, Bengio and Haffner, "Gradient-based learning applied to document recognition", 1998.)
"""

import gzip
import os
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
import torch
import typer
from torch import Tensor

from logic import Domain, NeurosymError
from neurosym.checkpoint import save_perception
from neurosym.training.fit import fit
from perception import Digits, SpikingClassifier, augment, load_digits, split_digits

HELD_OUT_PER_DIGIT = 500
SPLIT_SEED = 0


class DataError(NeurosymError, ValueError):
    """Data that are not there or not what they should be."""


@dataclass(frozen=True, eq=False)
class LabelledDigits:
    """What :func:`neurosym.fit` trains when each picture bears its label.

    Args:
        perception: To be trained.
    """

    perception: SpikingClassifier

    def log_probability(self, pictures: Tensor, answers: Sequence[int]) -> Tensor:
        """Log-probability ``[B]`` of the digit ``answers[b]`` in the one picture of ``pictures[b, 0, 1, H, W]``."""
        beliefs = self.perception(pictures).symbols.log_probs[:, 0]
        return beliefs.gather(1, torch.tensor(answers)[:, None])[:, 0]


def data_folder() -> Path | None:
    """The folder that the environment variable NEUROSYM_DATA names, or None."""
    folder = os.environ.get("NEUROSYM_DATA")
    return Path(folder) if folder else None


def read_mnist(part: str) -> Digits | None:
    """The MNIST pictures of ``train`` or ``t10k``, in file order; None if the files are not at hand.

    Raises:
        DataError: if a file is damaged.
    """
    folder = data_folder()
    if folder is None or not (folder / "mnist").is_dir():
        return None
    pictures = _read_idx(folder / "mnist" / f"{part}-images-idx3-ubyte.gz")
    labels = _read_idx(folder / "mnist" / f"{part}-labels-idx1-ubyte.gz")
    return Digits(pictures[:, None], labels.long())


def _read_idx(path: Path) -> Tensor:
    try:
        data = gzip.decompress(path.read_bytes())
        sizes = struct.unpack(f">{data[3]}I", data[4 : 4 + 4 * data[3]])
        return torch.from_numpy(np.frombuffer(data, np.uint8, offset=4 + 4 * data[3]).reshape(sizes).copy())
    except (OSError, EOFError, ValueError, IndexError, struct.error) as fault:
        raise DataError(f"{path}: is no IDX file of MNIST ({fault}); fetch it again") from None


def training_digits() -> tuple[Digits, Digits]:
    """Digits to learn from and digits to check by; never any of t10k."""
    known = read_mnist("train")
    held_out = HELD_OUT_PER_DIGIT if known else HELD_OUT_PER_DIGIT // 5
    return split_digits(known or load_digits(), held_out, torch.Generator().manual_seed(SPLIT_SEED))


def unseen_digits() -> Digits:
    """Digits that no reader has learned from: t10k, or those held out of the 5,000."""
    return read_mnist("t10k") or training_digits()[1]


@torch.no_grad()
def accuracy(reader: SpikingClassifier, digits: Digits) -> float:
    """The part of the digits that the reader gets right."""
    found = [reader(part[:, None]).symbols.most_likely()[:, 0] for part in digits.pictures.split(500)]
    return float((torch.cat(found) == digits.labels).float().mean())


def train_reader(
    path: Path, *, epochs: int, channels: tuple[int, int], hidden: int, steps: int, batch: int, seed: int
) -> dict[str, float]:
    """Trains a reader and saves it; its checkpoint lies beside ``path`` until training is done.

    Args:
        path: The file to save the reader in.
        epochs: Passes over the pictures.
        channels: Maps of the two convolutions.
        hidden: Neurons of the hidden layer.
        steps: Number of steps, ``T``.
        batch: Samples per step.
        seed: Of weights, order and augmentation.

    Returns:
        Accuracy on the digits held out of training, after the last epoch.
    """
    training, held_out = training_digits()
    reader = SpikingClassifier(
        Domain("digit", range(10)),
        torch.Generator().manual_seed(seed),
        steps=steps,
        channels=channels,
        hidden=hidden,
    )
    checkpoint = path.with_suffix(".checkpoint")

    def evaluate() -> dict[str, float]:
        return {"held_out": accuracy(reader, held_out)}

    history = fit(
        LabelledDigits(reader),
        training.pictures[:, None],
        training.labels.tolist(),
        epochs=epochs,
        batch=batch,
        seed=seed,
        augment=augment,
        checkpoint=checkpoint,
        evaluate=evaluate,
    )
    save_perception(reader, path, {"task": "digits", "pictures": str(len(training.labels))})
    checkpoint.unlink(missing_ok=True)
    return dict(history.epochs[-1].scores)


def main(
    output: Annotated[Path, typer.Option(help="The file to save the reader in.")] = Path("digits.safetensors"),
    epochs: int = 12,
    channels: tuple[int, int] = (32, 64),
    hidden: int = 256,
    steps: int = 4,
    batch: int = 64,
    seed: int = 0,
) -> None:
    """Train a spiking reader of digits on plain labels and save it."""
    torch.set_num_threads(1)
    found = train_reader(output, epochs=epochs, channels=channels, hidden=hidden, steps=steps, batch=batch, seed=seed)
    typer.echo(f"{output}: {found['held_out']:.4f} of the digits held out of training are read rightly")


if __name__ == "__main__":
    typer.run(main)
