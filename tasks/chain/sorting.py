"""Sorting of digits: lists of two to four pictures, learned from the sorted lists of their values alone.

The answer is a list, and samples of several lengths stand in one batch, each with a query of its own.
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import Dataset

from neurosym import DIGITS, Model, Program, Sample, SpikingClassifier, fit
from perception import Digits

from ..symbols.digit_pictures import digit_pictures
from .showcase import Learned, Showcase

RULES = """
sorted(Slots, Sorted) :- read(Slots, Digits), msort(Digits, Sorted).
read([], []).
read([I|Is], [D|Ds]) :- digit(I, D), read(Is, Ds).
"""
LENGTHS = (2, 3, 4)
QUERY = "sorted([0, 1, 2], Sorted)"  # of the length that is joined into one network
TRAINING, TESTS, EPOCHS, BATCH = 6000, 900, 5, 32
TEST_SEED = 1_000_003  # the tests are the same for every seed of the learner


class Lists(Dataset[Any]):
    """Pictures of digits in no order, and their values sorted.

    Args:
        digits: What the pictures are drawn from.
        count: Of lists.
        seed: Of the drawing.
    """

    def __init__(self, digits: Digits, count: int, seed: int) -> None:
        generator = torch.Generator().manual_seed(seed)
        self._digits = digits
        self._chosen = torch.randint(len(digits.labels), (count, max(LENGTHS)), generator=generator)

    def __len__(self) -> int:
        return len(self._chosen)

    def __getitem__(self, index: int) -> Sample:
        chosen = self._chosen[index, : LENGTHS[index % len(LENGTHS)]]
        pictures: Tensor = self._digits.pictures[chosen]
        slots = ", ".join(map(str, range(len(chosen))))
        return Sample(pictures, f"sorted([{slots}], Sorted)", sorted(self._digits.labels[chosen].tolist()))


def learn(seed: int, share: float) -> Learned:
    """Learns from lists of pictures and the sorted lists."""
    source = digit_pictures()
    training = Lists(source.training, max(BATCH, int(share * TRAINING)), seed)
    tests = Lists(source.test, max(len(LENGTHS), int(share * TESTS)), TEST_SEED)
    model = Model(SpikingClassifier(DIGITS, seed), Program.parse(RULES), QUERY)
    fit(model, training, epochs=EPOCHS, batch=BATCH, seed=seed)
    judged = [tests[i] for i in range(len(tests))]
    parts = {f"of {length}": _of_length(judged, length) for length in LENGTHS}
    return Learned(model, judged, QUERY, parts)


def _of_length(samples: Sequence[Sample], length: int) -> list[Sample]:
    return [sample for sample in samples if _length(sample) == length]


def _length(sample: Sample) -> int:
    return len(sample.answer)


SHOWCASE = Showcase("lists of two to four digits, from the sorted lists alone", learn)
