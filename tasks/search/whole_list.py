"""Every 17-clue board of the list, each once, by one network in one order."""

import time

import numpy as np

from logic.search.event_run import fanout
from logic.search.search_network import build_search
from logic.search.searching import search

from ..puzzles.visual_sudoku import read_puzzles
from .any_board import any_board, board_of, clues_of
from .figures import Report, percentiles

CAP = 20_000


def reports(scale: float, seed: int) -> list[Report]:
    """The first part of the list, in the order of the file."""
    boards = list(read_puzzles())
    boards = boards[: max(1, round(len(boards) * scale))]
    network = build_search(any_board(), seed=seed + 1)
    synapses, start = fanout(network.network), time.process_time()
    taken: list[int] = []
    wrong = 0
    for puzzle, solution in boards:
        found = search(network, clues_of(puzzle), steps=CAP, synapses=synapses)
        if found.solvable is not None:
            taken.append(found.step)
            wrong += found.true is None or board_of(found.true) != solution
    report = Report(f"{len(boards):,} boards of 17 clues, one order, cap {CAP:,}")
    report.say("finished", f"{len(taken):,} of {len(boards):,}", len(taken) >= 0.998 * len(boards))
    report.say("steps p50 / 90 / 95 / 99 / max", percentiles(taken), np.percentile(taken, 95) <= 450)
    report.say("wrong boards", str(wrong), wrong == 0)
    report.say("CPU seconds", f"{time.process_time() - start:.1f}")
    return [report]
