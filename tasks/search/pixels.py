"""Boards of handwritten digits by one spiking network, from pixels to solution.

``python -m tasks.search.pixels READER``: a board has 36 clues, each a digit that no reader has learned from. The
network reads all cells, holds its clues and searches: it announces a solution, or that there is none, and then some
clue was misread, as surely as the rules hold. Boards of which it says so go to the solver that weighs beliefs, which
also tells the doubtful cells. Beside it: how many boards perception alone reads rightly, and the weighing solver on all
boards. Of some boards the whole network is simulated neuron by neuron; the others are read in two parts, which gives
the same spikes.
"""

import time
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Annotated, cast

import torch
import typer
from torch import Tensor

from logic import Symbols, simulate
from neurosym.checkpoint import load_perception
from neurosym.commands.solving.puzzles import read_puzzle
from neurosym.joined.board_search import BoardSearch, Sighting, to_board_search
from perception import Digits, Perception
from reasoner import DIGITS, Solution, solve

from ..puzzles.digit_reader import unseen_digits
from ..puzzles.visual_sudoku import handwrite, read_puzzles, reveal
from .figures import Report, percentiles


def keeps_rules(board: tuple[int, ...]) -> bool:
    """Whether each row, column and box of 81 cells holds each digit once."""
    lines = [[board[9 * r + c] for c in range(9)] for r in range(9)]
    lines += [[board[9 * r + c] for r in range(9)] for c in range(9)]
    lines += [[board[9 * (r + i // 3) + c + i % 3] for i in range(9)] for r in (0, 3, 6) for c in (0, 3, 6)]
    return all(set(line) == set(range(1, 10)) for line in lines)


def score(model: Path, boards: int, clues: int, seed: int, whole: int) -> Report:
    """Draws boards, searches them from their pixels, and compares with the truth."""
    reader, _ = load_perception(model)
    program, digits = read_puzzle("sudoku"), unseen_digits()
    start = time.process_time()
    joined = to_board_search(reader, program, "grid(Rows)", empty=0)
    compiled = time.process_time() - start
    network = joined.network
    report = Report(f"{boards} boards of {clues} handwritten clues, seed {seed}: {network.neurons:,} neurons")
    report.say("of them search, clues held included", f"{network.neurons - joined.seeing.neurons:,}")
    alone = right = handed_right = weighed = broken = simulated = 0
    asked = min(whole, boards)
    solved: list[int] = []
    misread: list[int] = []
    doubted = found_doubtful = 0
    generator = torch.Generator().manual_seed(seed)
    start = time.process_time()
    for shown, truth, cells in _draw(boards, clues, digits, generator):
        sighting = joined.find((cells / 255)[None], steps=20_000)[0]
        simulated += whole > 0 and _announced(joined, cells, sighting)
        whole -= 1
        symbols = _belief(reader, cells)
        soft = solve(program, "picture(Rows)", symbols)
        weighed += _flat(soft) == truth
        alone += sighting.seen == tuple(shown)
        if sighting.values:
            solved.append(sighting.step)
            broken += not keeps_rules(sighting.values)
            right += list(sighting.values) == truth
            handed_right += list(sighting.values) == truth
        elif sighting.misread:
            misread.append(sighting.step)
            handed_right += _flat(soft) == truth
            wrong = {cell for cell in range(81) if sighting.seen[cell] != shown[cell]}
            doubted += bool(wrong)
            found_doubtful += bool(wrong & {reading.slot for reading in soft.readings if reading.repaired})
    report.say("boards that break a rule", str(broken), broken == 0)
    report.say("solved rightly by the network", f"{right} of {boards}", right >= alone)
    report.say("read rightly, cell by cell, by perception alone", f"{alone} of {boards}")
    report.say("solved by the network, the misread ones by the solver", f"{handed_right} of {boards}")
    report.say("solved rightly by the solver that weighs beliefs", f"{weighed} of {boards}")
    report.say("misreadings proved", f"{len(misread)}, of which {doubted} were ones", doubted == len(misread))
    report.say("of these, a misread cell is among those that the solver doubts", str(found_doubtful))
    report.say("steps from the first pixel to a solution p50 / 90 / 95 / 99 / max", percentiles(solved))
    report.say("steps to a proved misreading p50 / 90 / 95 / 99 / max", percentiles(misread))
    report.say("winners at step", str(joined.seeing.latency))
    report.say("whole networks simulated neuron by neuron that announce the same", f"{simulated}", simulated == asked)
    report.say("CPU seconds", f"{compiled:.1f} to compile, {time.process_time() - start:.1f} for all boards")
    return report


def _draw(
    boards: int, clues: int, digits: Digits, generator: torch.Generator
) -> Iterator[tuple[list[int], list[int], Tensor]]:
    """For each board what is shown, the truth, and the cells ``[81, 1, 28, 28]`` in bytes."""
    puzzles = list(read_puzzles())
    for which in torch.randperm(len(puzzles), generator=generator)[:boards].tolist():
        puzzle, solution = puzzles[which]
        shown = reveal(puzzle, solution, clues, generator)
        yield shown, [int(cell) for cell in solution], handwrite(shown, digits, generator)


def _announced(joined: BoardSearch, cells: Tensor, sighting: Sighting) -> bool:
    """Whether the whole network announces what its parts did, at that step and not before."""
    spikes = joined.perception.input_spikes((cells / 255)[None])
    names = ["solved", "unsat"]
    trains = simulate(joined.network, spikes, sighting.step + 1, record=names)
    said = [trains[name].flatten().nonzero()[:, 0].tolist() for name in names]
    return said == ([[sighting.step], []] if sighting.outcome.solvable else [[], [sighting.step]])


@torch.no_grad()
def _belief(reader: Perception, cells: Tensor) -> Symbols:
    return Symbols(DIGITS, reader((cells / 255)[None]).symbols.log_probs)


def _flat(solution: Solution) -> list[int]:
    rows = cast("tuple[tuple[int, ...], ...]", solution.bindings.get("Rows", ()))
    return list(chain.from_iterable(rows))


def main(
    model: Annotated[Path, typer.Argument(help="A reader of cells saved by tasks.search.cell_reader.")],
    boards: int = 100,
    clues: int = 36,
    seed: int = 0,
    whole: Annotated[int, typer.Option(help="Boards of which the whole network is simulated.")] = 3,
) -> None:
    """Solve boards from pixels and print the score."""
    torch.set_num_threads(1)
    report = score(model, boards, clues, seed, whole)
    typer.echo(str(report))
    raise typer.Exit(int(not report.good))


if __name__ == "__main__":
    typer.run(main)
