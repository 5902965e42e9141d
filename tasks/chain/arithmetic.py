"""Formulas of digits and an operator between them, learned from their values alone: two networks, two domains.

The operators are drawn (plus, minus, times), the digits are those of MNIST; values are whole numbers, below zero too.
"""

import torch
from torch import Tensor

from logic import Domain
from neurosym import DIGITS, Model, Program, Sample, SpikingClassifier, fit
from perception import Digits

from ..symbols.digit_pictures import digit_pictures
from ..symbols.formula_pictures import draw_operators
from .showcase import Learned, Showcase

OPERATOR = Domain("operator", ("plus", "minus", "times"))
RULES = """
value(V) :- digit(0, X), operator(0, Sign), digit(1, Y), apply(Sign, X, Y, V).
apply(plus, X, Y, V) :- V is X + Y.
apply(minus, X, Y, V) :- V is X - Y.
apply(times, X, Y, V) :- V is X * Y.
"""
QUERY = "value(V)"
TRAINING, TESTS, EPOCHS, BATCH = 6000, 1000, 3, 32
TEST_SEED = 1_000_003  # the tests are the same for every seed of the learner


def draw_formulas(digits: Digits, count: int, generator: torch.Generator) -> tuple[dict[str, Tensor], list[int]]:
    """Pictures of digits ``[count, 2, 1, 28, 28]`` and operators ``[count, 1, 1, 28, 28]``, and the values."""
    chosen = torch.randint(len(digits.labels), (count, 2), generator=generator)
    signs = torch.randint(len(OPERATOR), (count,), generator=generator)
    operators = torch.zeros(count, 1, 1, 28, 28, dtype=torch.uint8)
    for number, name in enumerate(OPERATOR.values):
        where = signs == number
        operators[where, 0] = draw_operators(str(name), int(where.sum()), generator)
    values = [
        (x + y, x - y, x * y)[sign] for (x, y), sign in zip(digits.labels[chosen].tolist(), signs.tolist(), strict=True)
    ]
    return {"digit": digits.pictures[chosen], "operator": operators}, values


def learn(seed: int, share: float) -> Learned:
    """Learns from pictures of formulas and their values."""
    source = digit_pictures()
    shown, values = draw_formulas(
        source.training, max(BATCH, int(share * TRAINING)), torch.Generator().manual_seed(seed)
    )
    tests, truths = draw_formulas(source.test, max(1, int(share * TESTS)), torch.Generator().manual_seed(TEST_SEED))
    seeing = {
        "digit": SpikingClassifier(DIGITS, seed),
        "operator": SpikingClassifier(OPERATOR, seed, channels=(4, 8), hidden=24),
    }
    model = Model(seeing, Program.parse(RULES, (DIGITS, OPERATOR)), QUERY)
    fit(model, shown, values, epochs=EPOCHS, batch=BATCH, seed=seed)
    judged = [
        Sample({name: pictures[place] for name, pictures in tests.items()}, None, truth)
        for place, truth in enumerate(truths)
    ]
    return Learned(model, judged, QUERY)


SHOWCASE = Showcase("values of formulas of two digits and an operator, from the values alone", learn)
