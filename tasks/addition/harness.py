"""MNIST addition as a conformance and speed harness: one data order, one LeNet, one training loop for every reasoner.

The 10,000 test pictures of MNIST alone, shuffled with seed 0: the first 8,000 are trained on, the last 2,000 judged.
Pairs use each picture once. Adam, rate 1e-3, batches of 16. Every exact reasoner gives the same learning curve here, so
that a curve which differs shows a fault. Not a source of reported test accuracy.
"""

import gzip
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from logic import NeurosymError

BATCH = 16
Loss = Callable[[Tensor, Tensor], Tensor]
"""Scores of the classifier ``[B, 2 N, 10]`` and the digits of the sum ``[B, N + 1]`` to a loss, a scalar."""


class HarnessError(NeurosymError):
    """Pictures that are not there."""


@dataclass(frozen=True, eq=False)
class Sums:
    """Pairs of numbers of ``N`` digits, most significant first.

    Args:
        pictures: ``[P, 1, 28, 28]``, from -1 to 1.
        digits: ``[P]``, their classes.
        slots: ``[S, 2 N]``, the pictures of each sum: the first number's, then the second's.
        totals: ``[S, N + 1]``, digits of each sum.
    """

    pictures: Tensor
    digits: Tensor
    slots: Tensor
    totals: Tensor


def load_sums(digits: int, seed: int = 0) -> tuple[Sums, Sums]:
    """The training and the held-out sums, from the folder that ``NEUROSYM_DATA`` names.

    Raises:
        HarnessError: if the pictures are not there.
    """
    folder = Path(os.environ.get("NEUROSYM_DATA", "")) / "mnist"
    if not (folder / "t10k-images-idx3-ubyte.gz").is_file():
        raise HarnessError(f"no MNIST pictures in {folder}; set NEUROSYM_DATA to the folder that holds 'mnist'")
    raw = gzip.decompress((folder / "t10k-images-idx3-ubyte.gz").read_bytes())[16:]
    classes = gzip.decompress((folder / "t10k-labels-idx1-ubyte.gz").read_bytes())[8:]
    order = np.random.RandomState(0).permutation(10_000)
    pictures = torch.from_numpy(np.frombuffer(raw, np.uint8).reshape(-1, 1, 28, 28)[order] / np.float32(255))
    targets = torch.from_numpy(np.frombuffer(classes, np.uint8).astype(np.int64)[order])
    pictures = (pictures - 0.5) / 0.5
    return (
        make_sums(pictures[:8000], targets[:8000], digits, seed),
        make_sums(pictures[8000:], targets[8000:], digits, 99),
    )


def make_sums(pictures: Tensor, targets: Tensor, digits: int, seed: int) -> Sums:
    """Sums in which each picture stands at most once."""
    order = torch.from_numpy(np.random.RandomState(seed).permutation(len(targets)))
    slots = order[: len(order) // (2 * digits) * 2 * digits].view(-1, 2 * digits)
    return Sums(pictures, targets, slots, add(targets[slots]))


def add(digits: Tensor) -> Tensor:
    """Digits ``[S, N + 1]`` of the sums of numbers with digits ``[S, 2 N]``."""
    width = digits.shape[1] // 2
    columns = digits[:, :width] + digits[:, width:]
    carry = torch.zeros_like(columns[:, 0])
    written: list[Tensor] = []
    for column in reversed(columns.unbind(1)):
        written.append((column + carry) % 10)
        carry = (column + carry) // 10
    return torch.stack([carry, *reversed(written)], dim=1)


class LeNet(nn.Module):
    """The classifier that the field uses for MNIST addition (44,426 weights).

    References:
        Manhaeve et al., "DeepProbLog: Neural Probabilistic Logic Programming", NeurIPS 2018.
    """

    def __init__(self) -> None:
        super().__init__()
        self.encoder = nn.Sequential(
            nn.Conv2d(1, 6, 5), nn.MaxPool2d(2), nn.ReLU(), nn.Conv2d(6, 16, 5), nn.MaxPool2d(2), nn.ReLU()
        )
        self.classifier = nn.Sequential(
            nn.Linear(256, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10)
        )

    def forward(self, pictures: Tensor) -> Tensor:
        """Scores ``[B, 10]`` of pictures ``[B, 1, 28, 28]``."""
        return self.classifier(self.encoder(pictures).flatten(1))


class Training:
    """A LeNet in training on sums; the same seed gives every reasoner the same weights and order."""

    def __init__(self, sums: Sums, loss: Loss, seed: int = 0) -> None:
        self.sums = sums
        self._loss = loss
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.net = LeNet()
            self._generator = torch.Generator()
            self._generator.set_state(torch.get_rng_state())
        self._optimizer = torch.optim.Adam(self.net.parameters(), lr=1e-3)

    def epoch(self) -> Iterator[float]:
        """One pass, a batch at a time; each loss."""
        sums = self.sums
        for batch in torch.randperm(len(sums.slots), generator=self._generator).split(BATCH):
            scores = self.net(sums.pictures[sums.slots[batch].flatten()]).view(len(batch), -1, 10)
            loss = self._loss(scores, sums.totals[batch])
            self._optimizer.zero_grad()
            loss.backward()
            self._optimizer.step()
            yield loss.item()


@torch.no_grad()
def accuracy(net: nn.Module, held_out: Sums) -> tuple[float, float]:
    """Share of digits, and of sums of the most likely digits, that are right."""
    read = net(held_out.pictures).argmax(1)
    right = (add(read[held_out.slots]) == held_out.totals).all(1)
    return (read == held_out.digits).double().mean().item(), right.double().mean().item()
