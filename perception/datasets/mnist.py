"""The digits that travel with this package (ORIGIN.md): loading, a stratified split, and pairs."""

from dataclasses import dataclass
from importlib.resources import files

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
    """5,000 digits of MNIST's training part, 500 of each, sorted by digit.

    Example:
        >>> load_digits().pictures.shape
        torch.Size([5000, 1, 28, 28])
    """
    return _packed("mnist_5k.npz")


def load_small_digits() -> Digits:
    """1,797 digits of 8 x 8 pixels, as 43 people wrote them.

    Example:
        >>> load_small_digits().pictures.shape
        torch.Size([1797, 1, 8, 8])
    """
    return _packed("digits_8x8.npz")


def _packed(name: str) -> Digits:
    with (files("perception.datasets") / name).open("rb") as file, np.load(file) as arrays:
        return Digits(torch.from_numpy(arrays["pictures"])[:, None], torch.from_numpy(arrays["labels"]).long())


def split_digits(digits: Digits, held_out: int, generator: Seed) -> tuple[Digits, Digits]:
    """Digits to train on and digits held out, ``held_out`` of each class, both in random order.

    Args:
        digits: To be split.
        held_out: Number of pictures of each class in the second part.
        generator: Source of all randomness.

    Example:
        >>> training, held_out = split_digits(load_digits(), 100, 0)
        >>> len(training.labels), held_out.labels.bincount().unique().tolist()
        (4000, [100])
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
    """Random pairs that use each picture once; of an odd number, one picture is left over.

    Example:
        >>> pairs = pair_digits(load_digits(), 0)
        >>> pairs.pictures.shape, bool((pairs.labels.sum(dim=1) == pairs.sums).all())
        (torch.Size([2500, 2, 1, 28, 28]), True)
    """
    generator = to_generator(generator)
    count = len(digits.labels) // 2
    chosen = torch.randperm(len(digits.labels), generator=generator)[: 2 * count].reshape(count, 2)
    labels = digits.labels[chosen]
    return Pairs(digits.pictures[chosen], labels, labels.sum(dim=1))
