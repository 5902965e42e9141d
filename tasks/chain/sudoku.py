"""Is a 4x4 board of digit pictures a valid sudoku? Learned from boards marked true or false alone.

The answer is a truth value. What a digit is called cannot be learned from such marks, and does not matter to them.
"""

import torch

from neurosym import Model, Program, Sample, SpikingClassifier, fit

from ..symbols.digit_pictures import digit_pictures
from ..symbols.visudo import CELLS, draw_boards
from .showcase import Learned, Showcase

RULES = """
valid :- \\+ clash.
clash :- together(I, J), digit(I, X), digit(J, X).
together(I, J) :- between(0, 15, I), between(0, 15, J), I < J, share(I, J).
share(I, J) :- I // 4 =:= J // 4.
share(I, J) :- I mod 4 =:= J mod 4.
share(I, J) :- I // 8 =:= J // 8, I mod 4 // 2 =:= J mod 4 // 2.
"""
QUERY = "valid"
TRAINING, TESTS, EPOCHS, BATCH = 200, 250, 40, 10  # boards of each mark, in training and in test
TEST_SEED = 1_000_003  # the tests are the same for every seed of the learner


def learn(seed: int, share: float) -> Learned:
    """Learns from pictures of boards and whether they are valid."""
    source = digit_pictures()
    each = max(BATCH, int(share * TRAINING))
    training = draw_boards(source.training, each, torch.Generator().manual_seed(seed))
    tests = draw_boards(source.test, max(1, int(share * TESTS)), torch.Generator().manual_seed(TEST_SEED))
    classifier = SpikingClassifier(CELLS, seed, channels=(6, 12), hidden=48)
    model = Model(classifier, Program.parse(RULES, (CELLS,)), QUERY)
    boards = [
        Sample(pictures, None, mark == "valid")
        for pictures, mark in zip(training.pictures, training.answers, strict=True)
    ]
    fit(model, boards, epochs=EPOCHS, batch=BATCH, seed=seed)
    judged = [
        Sample(pictures, None, mark == "valid") for pictures, mark in zip(tests.pictures, tests.answers, strict=True)
    ]
    return Learned(model, judged, QUERY)


SHOWCASE = Showcase("whether a 4x4 board of digit pictures is a valid sudoku, from such marks alone", learn)
