"""Samples of several pictures with one answer, as the tasks draw them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from perception import Digits


@dataclass(frozen=True, eq=False)
class Samples:
    """Pictures and the answers that belong to them.

    Args:
        pictures: ``[M, N, 1, H, W]``.
        values: Class numbers of what they show, ``[M, N]``; for scores, never for training.
        answers: ``M`` answers; all that training may see.
    """

    pictures: Tensor
    values: Tensor
    answers: Sequence[Any]


def show_values(digits: Digits, values: Tensor, generator: torch.Generator) -> Tensor:
    """A random picture ``[*values.shape, 1, H, W]`` of each of the given labels; pictures may recur."""
    index = torch.empty_like(values)
    for label in values.unique().tolist():
        among = torch.nonzero(digits.labels == label)[:, 0]
        places = values == label
        index[places] = among[torch.randint(len(among), (int(places.sum()),), generator=generator)]
    return digits.pictures[index]


def draw_sums(digits: Digits, length: int, count: int, generator: torch.Generator) -> Samples:
    """Sums of ``length`` random pictures; a picture recurs only after all have been used."""
    rounds = -(-length * count // len(digits.labels))
    order = torch.cat([torch.randperm(len(digits.labels), generator=generator) for _ in range(rounds)])
    chosen = order[: length * count].reshape(count, length)
    values = digits.labels[chosen]
    return Samples(digits.pictures[chosen], values, values.sum(dim=1).tolist())
