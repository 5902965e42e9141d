"""The digits that the tasks draw from: all of MNIST where it is at hand, else the 5,000 that travel with perception."""

import gzip
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from logic import NeurosymError
from perception import Digits, load_digits, split_digits

HELD_OUT_PER_DIGIT = 100  # of the embedded digits
SPLIT_SEED = 0


class DataError(NeurosymError, ValueError):
    """A data file that is damaged."""


@dataclass(frozen=True, eq=False)
class DigitSource:
    """Digits to learn from and digits to be judged on, no picture in both.

    Args:
        name: Where they come from, for reports.
        training: To learn from.
        test: To be judged on.
    """

    name: str
    training: Digits
    test: Digits


def digit_pictures(embedded: bool = False) -> DigitSource:
    """MNIST's own split from the folder ``NEUROSYM_DATA/mnist``; the embedded digits if there is no such folder.

    Args:
        embedded: Whether to take the embedded digits in any case.

    Raises:
        DataError: if a file is damaged.
    """
    root = os.environ.get("NEUROSYM_DATA", "")
    folder = Path(root) / "mnist"
    if not embedded and root and folder.is_dir():
        return DigitSource("MNIST, 60,000 and 10,000", _read(folder, "train"), _read(folder, "t10k"))
    training, test = split_digits(load_digits(), HELD_OUT_PER_DIGIT, torch.Generator().manual_seed(SPLIT_SEED))
    return DigitSource("5,000 MNIST digits, 4,000 and 1,000", training, test)


def _read(folder: Path, part: str) -> Digits:
    pictures = _idx(folder / f"{part}-images-idx3-ubyte.gz")
    return Digits(pictures[:, None], _idx(folder / f"{part}-labels-idx1-ubyte.gz").long())


def _idx(path: Path) -> Tensor:
    """The bytes of an IDX file: four bytes whose last is the number of axes, their sizes, the data."""
    try:
        data = gzip.decompress(path.read_bytes())
        sizes = np.frombuffer(data, ">i4", data[3], 4)
        return torch.from_numpy(np.frombuffer(data, np.uint8, offset=4 + 4 * data[3]).reshape(sizes).copy())
    except (OSError, EOFError, ValueError, IndexError) as fault:
        raise DataError(f"{path}: is no IDX file of MNIST ({fault}); fetch it again") from None
