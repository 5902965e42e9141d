"""Sums of two digits, learned from the sums alone by a small spiking classifier."""

from collections.abc import Callable

import torch

from neurosym import DIGITS, Model, Program, Recipe, Sample, SpikingClassifier, fit
from perception import augment
from perception.networks.perception import Perception

from ..symbols.digit_pictures import digit_pictures
from ..symbols.samples import draw_sums
from .showcase import Learned, Showcase

RULES = "sum(S) :- digit(0, X), digit(1, Y), S is X + Y."
QUERY = "sum(S)"
TRAINING, TESTS, EPOCHS, BATCH = 8000, 1000, 3, 32
TEST_SEED = 1_000_003  # the tests are the same for every seed of the learner


def learn_sums(make: Callable[[int], Perception], pairs: int, epochs: int, seed: int, rate: float = 3e-3) -> Learned:
    """Learns from pairs of pictures and their sums.

    Args:
        make: The network that reads a digit, given the seed.
        pairs: To learn from.
        epochs: Passes over them.
        seed: Of pairs, weights and order.
        rate: Of learning.
    """
    source = digit_pictures()
    training = draw_sums(source.training, 2, max(BATCH, pairs), torch.Generator().manual_seed(seed))
    tests = draw_sums(source.test, 2, TESTS, torch.Generator().manual_seed(TEST_SEED))
    model = Model(make(seed), Program.parse(RULES), QUERY)
    recipe = Recipe(epochs=epochs, batch=BATCH, learning_rate=rate, seed=seed)
    fit(model, training.pictures, training.answers, recipe, augment=augment)
    judged = [Sample(pictures, None, answer) for pictures, answer in zip(tests.pictures, tests.answers, strict=True)]
    return Learned(model, judged, QUERY)


def learn(seed: int, share: float) -> Learned:
    """Learns by a spiking classifier."""
    return learn_sums(lambda own: SpikingClassifier(DIGITS, own), int(share * TRAINING), EPOCHS, seed)


SHOWCASE = Showcase("sums of two digits, from the sums alone", learn)
