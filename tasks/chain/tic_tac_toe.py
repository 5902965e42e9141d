"""Tic-tac-toe: who has won, read from a picture of the board, learned from winners alone.

The answer is an atom. Boards are random, so that some have lines of both or none at all; crosses and noughts are drawn
by hand as far as a program can: strokes and rings whose ends, place, size and width vary, on noisy, ruled paper.
"""

import torch
from torch import Tensor

from logic import Domain
from neurosym import Model, Program, Sample, SpikingClassifier, fit

from ..symbols.formula_pictures import draw_operators
from .showcase import Learned, Showcase

CELL = Domain("cell", ("empty", "cross", "nought"))
RULES = """
winner(x) :- line(cross), \\+ line(nought).
winner(o) :- line(nought), \\+ line(cross).
winner(none) :- \\+ line(cross), \\+ line(nought).
winner(both) :- line(cross), line(nought).
line(Sign) :- three(I, J, K), cell(I, Sign), cell(J, Sign), cell(K, Sign).
three(0, 1, 2). three(3, 4, 5). three(6, 7, 8).
three(0, 3, 6). three(1, 4, 7). three(2, 5, 8).
three(0, 4, 8). three(2, 4, 6).
"""
QUERY = "winner(W)"
LINES = ((0, 1, 2), (3, 4, 5), (6, 7, 8), (0, 3, 6), (1, 4, 7), (2, 5, 8), (0, 4, 8), (2, 4, 6))
SIZE = 28  # pixels of a cell
TRAINING, TESTS, EPOCHS, BATCH = 3000, 1000, 5, 32
TEST_SEED = 1_000_003  # the tests are the same for every seed of the learner


def draw_cells(values: Tensor, generator: torch.Generator) -> Tensor:
    """Pictures ``[..., 1, 28, 28]``, bytes, of cells by their class numbers."""
    flat = values.flatten()
    pictures = torch.zeros(len(flat), 1, SIZE, SIZE)
    crosses, noughts = flat == 1, flat == 2
    pictures[crosses] = draw_operators("times", int(crosses.sum()), generator).float()
    pictures[noughts] = _rings(int(noughts.sum()), generator)
    ruled = 1 + int(torch.randint(2, (), generator=generator))  # width of the lines between cells
    for edge in (slice(0, ruled), slice(SIZE - ruled, SIZE)):
        pictures[:, :, edge] = pictures[:, :, :, edge] = 200.0
    noise = 20 * torch.rand(pictures.shape, generator=generator)
    return (pictures + noise).clamp(0, 255).byte().reshape(*values.shape, 1, SIZE, SIZE)


def _rings(count: int, generator: torch.Generator) -> Tensor:
    rows, columns = torch.meshgrid(torch.arange(SIZE), torch.arange(SIZE), indexing="ij")

    def between(low: float, high: float) -> Tensor:
        return (low + (high - low) * torch.rand(count, generator=generator))[:, None, None]

    right, down = (columns - between(11, 16)) / between(5, 8), (rows - between(11, 16)) / between(5, 8)
    distance = 6.5 * ((right.square() + down.square()).sqrt() - 1).abs()
    return (255 * (between(0.8, 1.8) + 0.5 - distance).clamp(0, 1))[:, None]


def draw_boards(count: int, generator: torch.Generator) -> tuple[Tensor, list[str]]:
    """Pictures ``[count, 84, 84]`` of random boards, bytes, and their winners.

    As many boards have each winner as chance gives when every cell is drawn alike.
    """
    values = torch.randint(3, (count, 9), generator=generator)
    cells = draw_cells(values, generator).reshape(count, 3, 3, SIZE, SIZE)
    return cells.transpose(2, 3).reshape(count, 3 * SIZE, 3 * SIZE), [_winner(row) for row in values.tolist()]


def _winner(cells: list[int]) -> str:
    cross, nought = (any(all(cells[place] == sign for place in line) for line in LINES) for sign in (1, 2))
    return "both" if cross and nought else "x" if cross else "o" if nought else "none"


def cut(boards: Tensor) -> Tensor:
    """Cells ``[B, 9, 1, 28, 28]`` of boards ``[B, 84, 84]``, row by row."""
    return boards.reshape(-1, 3, SIZE, 3, SIZE).transpose(2, 3).reshape(-1, 9, 1, SIZE, SIZE)


def learn(seed: int, share: float) -> Learned:
    """Learns from pictures of boards and their winners."""
    boards, winners = draw_boards(max(BATCH, int(share * TRAINING)), torch.Generator().manual_seed(seed))
    tests, truths = draw_boards(max(1, int(share * TESTS)), torch.Generator().manual_seed(TEST_SEED))
    classifier = SpikingClassifier(CELL, seed, channels=(4, 8), hidden=24)
    model = Model(classifier, Program.parse(RULES, (CELL,)), QUERY)
    fit(model, cut(boards), winners, epochs=EPOCHS, batch=BATCH, seed=seed)
    judged = [Sample(cells, None, truth) for cells, truth in zip(cut(tests), truths, strict=True)]
    return Learned(model, judged, QUERY)


SHOWCASE = Showcase("who has won at tic-tac-toe, from pictures of boards and winners alone", learn)
