"""The harness of reasoners: this package, from Prolog text, learns as the recursion written by hand does."""

from itertools import islice

import pytest
import torch

from perception import load_digits
from tasks.addition.harness import Training, accuracy, add, make_sums
from tasks.addition.reasoners import REASONERS


def test_digits_are_added() -> None:
    digits = torch.randint(0, 10, (50, 8), generator=torch.Generator().manual_seed(0))
    for row, total in zip(digits.tolist(), add(digits).tolist(), strict=True):
        first, second = (int("".join(map(str, part))) for part in (row[:4], row[4:]))
        assert total == [int(digit) for digit in str(first + second).zfill(5)]


@pytest.mark.parametrize(("digits", "steps"), [(1, 30), (2, 10), (15, 3)])
def test_the_first_steps_of_learning_are_exact(digits: int, steps: int) -> None:
    shown = load_digits()
    sums = make_sums(shown.pictures[::5] / 127.5 - 1, shown.labels[::5], digits, seed=0)
    losses = [list(islice(Training(sums, REASONERS[name](digits)).epoch(), steps)) for name in ("neurosym", "carry")]
    assert len(losses[0]) == min(steps, -(-len(sums.slots) // 16))
    torch.testing.assert_close(*(torch.tensor(found) for found in losses), atol=1e-4, rtol=0)


def test_accuracy_is_that_of_the_digits_read() -> None:
    scores = torch.eye(10)
    pictures = torch.arange(10.0).view(10, 1, 1, 1).expand(10, 1, 28, 28)
    held_out = make_sums(pictures, torch.arange(10), 1, seed=0)

    class Reader(torch.nn.Module):
        def forward(self, pictures: torch.Tensor) -> torch.Tensor:
            return scores[pictures[:, 0, 0, 0].long()]

    assert accuracy(Reader(), held_out) == (1.0, 1.0)
    scores = torch.eye(10).roll(1, dims=1)
    assert accuracy(Reader(), held_out)[0] == 0.0
