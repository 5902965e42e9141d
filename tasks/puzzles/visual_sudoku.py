"""Visual sudoku: pictures of boards, spiking digits, and the most probable consistent board.

A board shows at least 36 clues: those of a 17-clue puzzle and further cells of its solution, drawn by a fixed seed;
each clue is a handwritten digit that no reader has learned from. Boards right with reasoning are boards whose whole
solution is right; right by perception alone are those all of whose cells are read rightly.
"""

import json
import lzma
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Annotated

import torch
import typer
from torch import Tensor

from logic import whole_file
from neurosym.checkpoint import load_perception
from neurosym.commands.solving.puzzles import draw_solution, read_puzzle
from neurosym.interval import wilson
from perception import Digits, cut_board, draw_board, see_cells
from reasoner import solve

from .digit_reader import DataError, data_folder, unseen_digits


@dataclass(frozen=True)
class Score:
    """What came of a number of boards.

    Args:
        boards: How many.
        cells_right: Part of the clues whose digit perception alone gets right.
        right_by_perception: Boards all of whose cells perception alone gets right.
        right_by_reasoning: Boards whose whole solution is right.
        interval: 95 % Wilson interval of the part right by reasoning.
        proved: Boards whose reading was proved most probable and whose solution was proved unique for it.
        repaired: Cells that reasoning read otherwise than perception.
        seconds: Median wall time of solving a board.
    """

    boards: int
    cells_right: float
    right_by_perception: int
    right_by_reasoning: int
    interval: tuple[float, float]
    proved: int
    repaired: int
    seconds: float


def read_puzzles() -> Iterator[tuple[str, str]]:
    """The 17-clue puzzles and their solutions, 81 characters each, 0 for an empty cell.

    Raises:
        DataError: if the file is not at hand.
    """
    folder = data_folder()
    path = folder / "sudoku" / "s17_with_solutions_dev.txt.xz" if folder else None
    if path is None or not path.is_file():
        raise DataError(
            "the sudoku boards are not at hand; set NEUROSYM_DATA to a folder with sudoku/s17_with_*.txt.xz"
        )
    with lzma.open(path, "rt") as lines:
        for line in lines:
            puzzle, solution = line.split()
            yield puzzle, solution


def reveal(puzzle: str, solution: str, clues: int, generator: torch.Generator) -> list[int]:
    """The puzzle's clues and further cells of the solution, ``clues`` in all; 0 for the other cells."""
    shown = [int(cell) for cell in puzzle]
    hidden = [cell for cell in torch.randperm(81, generator=generator).tolist() if not shown[cell]]
    for cell in hidden[: clues - sum(map(bool, shown))]:
        shown[cell] = int(solution[cell])
    return shown


def handwrite(shown: list[int], digits: Digits, generator: torch.Generator) -> Tensor:
    """A picture of each cell, ``[81, 1, 28, 28]``: a random handwritten digit for each clue, nothing for 0."""
    cells = torch.zeros(81, 1, 28, 28, dtype=torch.uint8)
    for cell, value in enumerate(shown):
        if value:
            which = (digits.labels == value).nonzero()[:, 0]
            chosen = which[torch.randint(len(which), (1,), generator=generator)]
            cells[cell] = digits.pictures[chosen][0]
    return cells


def score_boards(model: Path, boards: int, clues: int, seed: int, pictures: Path | None = None) -> Score:
    """Draws boards, reads their picture files, solves them and compares with the truth.

    Args:
        model: A saved reader of digits.
        boards: How many.
        clues: Cells that show a digit.
        seed: Of the choice of cells and digits.
        pictures: Folder to keep the pictures of boards with repaired cells in, if any.

    Raises:
        NeurosymError: if data or model are not at hand.
    """
    reader, _ = load_perception(model)
    program, digits = read_puzzle("sudoku"), unseen_digits()
    generator = torch.Generator().manual_seed(seed)
    puzzles = list(read_puzzles())
    order = torch.randperm(len(puzzles), generator=generator)[:boards].tolist()
    seen_right = cells_right = solved_right = proved = repaired = 0
    seconds: list[float] = []
    for number, which in enumerate(order):
        puzzle, truth = puzzles[which]
        shown = reveal(puzzle, truth, clues, generator)
        file = (pictures or Path()) / f"board{number}.png"
        cells = handwrite(shown, digits, generator)
        if pictures is not None:
            draw_board(cells, file)
            cells = cut_board(file)
        symbols = see_cells(reader, cells)
        seen = symbols.most_likely()[0].tolist()
        cells_right += sum(a == b for a, b in zip(seen, shown, strict=True) if b)
        seen_right += seen == shown
        start = time.perf_counter()
        found = solve(program, "picture(Rows)", symbols)
        seconds.append(time.perf_counter() - start)
        rows = found.bindings.get("Rows", ())
        flat = [cell for row in rows if isinstance(row, tuple) for cell in row] if isinstance(rows, tuple) else []
        solved_right += flat == [int(cell) for cell in truth]
        proved += bool(found.proved_optimal and found.unique)
        repaired += len(found.repaired)
        if pictures is not None:
            if found.repaired:
                with whole_file(file.with_suffix(".svg")) as place:
                    place.write_text(draw_solution(found))
            else:
                file.unlink()
    return Score(
        boards,
        cells_right / (boards * clues),
        seen_right,
        solved_right,
        wilson(solved_right, boards),
        proved,
        repaired,
        median(seconds),
    )


def main(
    model: Annotated[Path, typer.Argument(help="A reader of digits saved by tasks.puzzles.digit_reader.")],
    boards: int = 500,
    clues: int = 36,
    seed: int = 0,
    pictures: Annotated[Path | None, typer.Option(help="Folder for pictures of boards with repaired cells.")] = None,
) -> None:
    """Solve pictures of sudoku boards and print the score as JSON."""
    torch.set_num_threads(1)
    if pictures is not None:
        pictures.mkdir(parents=True, exist_ok=True)
    typer.echo(json.dumps(asdict(score_boards(model, boards, clues, seed, pictures)), indent=2))


if __name__ == "__main__":
    typer.run(main)
