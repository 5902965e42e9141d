"""Which of two digits came first? A task that no network which sees only the mean over time can do, by proof.

A sample is two digits ``a != b``, one a frame; its label is 1 if ``a > b``. The test set is closed under exchange:
with ``(a, b)`` it holds ``(b, a)``. Both have the same mean over time, bit for bit, since ``a + b = b + a`` in any
arithmetic, and opposite labels. So whatever a network computes from the mean, it gives both the same answer and is
right for exactly one: exactly half of the test set, whatever its weights. Rate conversion computes from the mean: its
neurons stand for the analog network's activations, and that network is a function of one picture.
"""

from collections.abc import Callable

import torch
from torch import Tensor

from perception.datasets.mnist import Digits

from .trained_networks import to_floats


def draw_pairs(digits: Digits, count: int, generator: torch.Generator) -> Tensor:
    """Numbers ``[count, 2]`` of pictures that show different digits."""
    found = list[Tensor]()
    while sum(map(len, found)) < count:
        drawn = torch.randint(len(digits.labels), (count, 2), generator=generator)
        found.append(drawn[digits.labels[drawn[:, 0]] != digits.labels[drawn[:, 1]]])
    return torch.cat(found)[:count]


def to_recordings(digits: Digits, pairs: Tensor) -> tuple[Tensor, Tensor]:
    """Recordings ``[M, 2, 1, 28, 28]`` from 0 to 1 and labels ``[M]``: 1 if the first digit is the greater one."""
    shown = digits.labels[pairs]
    return to_floats(digits.pictures[pairs]), (shown[:, 0] > shown[:, 1]).long()


def closed_test_set(digits: Digits, count: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """``count`` pairs and, behind them, the same pairs exchanged."""
    pairs = draw_pairs(digits, count, generator)
    return to_recordings(digits, torch.cat([pairs, pairs.flip(1)]))


def batches(digits: Digits, generator: torch.Generator) -> Callable[[int], tuple[Tensor, Tensor]]:
    """Batches of random pairs to train on."""
    return lambda batch: to_recordings(digits, draw_pairs(digits, batch, generator))
