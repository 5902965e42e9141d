"""One network for any sudoku board: the bundled rules compiled with a clue line a value, and boards as clues for it."""

from functools import cache

import numpy as np

from logic.search.constraint_rows import Literal, SearchProblem
from neurosym.commands.solving.puzzles import read_puzzle
from reasoner.searching.spiking_search import search_problem

from ..puzzles.visual_sudoku import read_puzzles

Board = tuple[str, str]
"""A puzzle and its solution, 81 characters each, 0 for an empty cell."""


@cache
def any_board() -> SearchProblem:
    """The rules of a 9 x 9 board, every cell open."""
    return search_problem(read_puzzle("sudoku"), "grid(Rows)", clues=True)


def clues_of(puzzle: str) -> list[Literal]:
    """The clue lines of a board; variable ``9 cell + digit`` says that a cell holds a digit."""
    return [9 * cell + int(digit) for cell, digit in enumerate(puzzle) if digit != "0"]


def board_of(true: frozenset[int]) -> str:
    """The board where exactly these variables are true; ``?`` where a cell has not one digit."""
    digits = [[v - 9 * cell for v in range(9 * cell + 1, 9 * cell + 10) if v in true] for cell in range(81)]
    return "".join(str(found[0]) if len(found) == 1 else "?" for found in digits)


def draw_boards(count: int, seed: int) -> list[Board]:
    """Boards of 17 clues drawn without repetition; the seed and the file say which.

    Raises:
        DataError: if the file is not at hand.
    """
    boards = list(read_puzzles())
    return [boards[place] for place in np.random.default_rng(seed).permutation(len(boards))[:count]]
