"""Boards with one wrong clue: 'no solution' within some steps, or another solution; both as SAT says."""

import numpy as np
from pysat.solvers import Cadical153

from logic.search.event_run import fanout
from logic.search.refutations import group_rows
from logic.search.search_network import build_search
from logic.search.searching import search

from .any_board import any_board, board_of, clues_of, draw_boards
from .figures import Report, percentiles


def spoilt(puzzle: str, solution: str, clues: int, rng: np.random.Generator) -> str:
    """The puzzle with clues of the solution added until there are so many, and one of them another digit."""
    shown = {cell for cell, digit in enumerate(puzzle) if digit != "0"}
    more = [cell for cell in rng.permutation(81).tolist() if cell not in shown]
    shown |= set(more[: clues - len(shown)])
    cells = [solution[cell] if cell in shown else "0" for cell in range(81)]
    wrong = int(rng.choice(sorted(shown)))
    cells[wrong] = str(rng.choice([digit for digit in "123456789" if digit != cells[wrong]]))
    return "".join(cells)


def reports(scale: float, seed: int) -> list[Report]:
    """100 boards of 30 clues and 100 of 17."""
    found_all: list[Report] = []
    formula = [list(row.literals) for row in group_rows(any_board())]
    networks = {confirm: build_search(any_board(), seed=1, confirm=confirm) for confirm in (False, True)}
    with Cadical153(bootstrap_with=formula) as solver:
        for clues in (30, 17):
            rng = np.random.default_rng(seed)
            boards = [spoilt(*board, clues, rng) for board in draw_boards(max(2, round(100 * scale)), seed)]
            report = Report(f"{len(boards)} boards of {clues} clues, one of them wrong")
            for confirm, network in networks.items():
                synapses, refused, solved, open_, wrong = fanout(network.network), [], 0, 0, 0
                for puzzle in boards:
                    given = clues_of(puzzle)
                    found = search(network, given, steps=200_000, synapses=synapses)
                    possible = solver.solve(assumptions=given)
                    open_ += found.solvable is None
                    wrong += found.solvable is not None and found.solvable is not possible
                    if found.true is not None:
                        solved += 1
                        board = board_of(found.true)
                        wrong += any(c not in ("0", d) for c, d in zip(puzzle, board, strict=True))
                    elif found.solvable is False:
                        refused.append(found.step)
                name = "with confirm" if confirm else "without confirm"
                report.say(
                    name,
                    f"{len(refused)} 'no solution' in steps {percentiles(refused)}, {solved} solvable and solved, "
                    f"{open_} open",
                    wrong == 0,
                )
            found_all.append(report)
    return found_all
