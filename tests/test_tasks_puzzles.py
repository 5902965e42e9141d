"""Random instances of bundled puzzle classes: existence and uniqueness against enumeration of all grids."""

import itertools
import random
from functools import cache

import pytest

from neurosym.commands.solving.puzzles import read_puzzle
from reasoner import ConstraintProgram, Solution, solve

Grid = tuple[tuple[int, ...], ...]


@cache
def latin_squares() -> tuple[Grid, ...]:
    """All 576 Latin squares of order 4."""
    rows = tuple(itertools.permutations(range(1, 5)))
    return tuple(
        grid
        for grid in itertools.product(rows, repeat=4)
        if all(len(set(column)) == 4 for column in zip(*grid, strict=True))
    )


def clue_rows(grid: Grid, shown: set[tuple[int, int]]) -> str:
    rows = [[str(value) if (r, c) in shown else "_" for c, value in enumerate(row)] for r, row in enumerate(grid)]
    return f"[{', '.join('[' + ', '.join(row) + ']' for row in rows)}]"


def check(found: Solution, wanted: list[Grid]) -> None:
    assert found.solvable is bool(wanted)
    if wanted:
        assert found.bindings["Rows"] in wanted
        assert found.unique is (len(wanted) == 1)
    else:
        assert found.conflicts


@pytest.mark.parametrize("seed", range(8))
def test_random_futoshiki_and_sudoku_have_the_solutions_of_enumeration(seed: int) -> None:
    source = random.Random(seed)
    cells = [(r, c) for r in range(4) for c in range(4)]
    grid = source.choice(latin_squares())
    neighbours = [(a, b) for a in cells for b in cells if abs(a[0] - b[0]) + abs(a[1] - b[1]) == 1]
    signs = [pair for pair in source.sample(neighbours, 10) if seed % 4 == 0 or _at(grid, pair[0]) > _at(grid, pair[1])]
    shown = set(source.sample(cells, 3))
    text = read_puzzle("futoshiki").text.replace("5", "4")
    facts = [f"greater({a + 1}/{b + 1}, {c + 1}/{d + 1})." for (a, b), (c, d) in signs] or ["greater(1/1, 1/2)."]
    posed = f"{text[: text.index('clues([[')]}clues({clue_rows(grid, shown)}).\n" + "\n".join(facts)
    fitting = [square for square in latin_squares() if all(_at(square, cell) == _at(grid, cell) for cell in shown)]
    wanted = [square for square in fitting if all(_at(square, a) > _at(square, b) for a, b in signs)]
    check(solve(ConstraintProgram.parse(posed), "futoshiki(Rows)"), wanted)
    text = read_puzzle("sudoku4").text
    posed = f"{text[: text.index('clues([[')]}clues({clue_rows(grid, shown)})."
    check(solve(ConstraintProgram.parse(posed), "sudoku(Rows)"), [square for square in fitting if _has_boxes(square)])


def _at(grid: Grid, cell: tuple[int, int]) -> int:
    return grid[cell[0]][cell[1]]


def _has_boxes(grid: Grid) -> bool:
    return all(
        len({grid[r + i][c + j] for i in range(2) for j in range(2)}) == 4
        for r in range(0, 4, 2)
        for c in range(0, 4, 2)
    )
