"""Comparison of digits: which of two pictures shows the larger one, learned from such answers alone.

The answer is an atom. That digits have an order is all that the answers tell, and it is enough: only one assignment of
the values explains them all.
"""

import torch

from neurosym import DIGITS, Model, Program, Sample, SpikingClassifier, fit
from perception import augment

from ..symbols.digit_pictures import digit_pictures
from ..symbols.samples import draw_sums
from .showcase import Learned, Showcase

RULES = """
compared(I, J, Answer) :- digit(I, X), digit(J, Y), order(X, Y, Answer).
order(X, Y, smaller) :- X < Y.
order(X, X, equal).
order(X, Y, larger) :- X > Y.
"""
QUERY = "compared(0, 1, Answer)"
TRAINING, TESTS, EPOCHS, BATCH = 10000, 1000, 6, 32
TEST_SEED = 1_000_003  # the tests are the same for every seed of the learner


def _answer(first: int, second: int) -> str:
    return "equal" if first == second else "smaller" if first < second else "larger"


def learn(seed: int, share: float) -> Learned:
    """Learns from pairs of pictures and their comparison."""
    source = digit_pictures()
    training = draw_sums(source.training, 2, max(BATCH, int(share * TRAINING)), torch.Generator().manual_seed(seed))
    tests = draw_sums(source.test, 2, max(1, int(share * TESTS)), torch.Generator().manual_seed(TEST_SEED))
    model = Model(SpikingClassifier(DIGITS, seed), Program.parse(RULES), QUERY)
    answers = [_answer(*pair) for pair in training.values.tolist()]
    fit(model, training.pictures, answers, epochs=EPOCHS, batch=BATCH, seed=seed, augment=augment)
    judged = [
        Sample(pictures, None, _answer(*pair))
        for pictures, pair in zip(tests.pictures, tests.values.tolist(), strict=True)
    ]
    return Learned(model, judged, QUERY)


SHOWCASE = Showcase("which of two digits is the larger, from such answers alone", learn)
