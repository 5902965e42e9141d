"""Refutations checked line by line: by our checker always, by drat-trim and VeriPB where they are on the path.

Sudoku boards to the end of their search (the solution excluded), boards with a wrong clue, maps, random 3-SAT and, with
weighted rows, magic squares. Build the outside checkers from their authors' sources: github.com/marijnheule/drat-trim,
github.com/StephanGocht/VeriPB.
"""

import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from logic.search.event_run import fanout
from logic.search.refutations import Refutation, check_refutation, refutation_of, write_refutation
from logic.search.search_network import build_search
from logic.search.searching import search
from neurosym.commands.solving.puzzles import read_puzzle
from reasoner import ConstraintProgram
from reasoner.searching.spiking_search import search_problem

from .any_board import any_board, clues_of, draw_boards
from .clauses import RATIO, formula
from .figures import Report
from .misread import spoilt
from .programs import MAGIC_SQUARE, coloured_states


def refuted(scale: float, seed: int) -> Iterator[tuple[str, list[Refutation]]]:
    """Names and refutations of searches that came to their end."""

    def some(count: int) -> int:
        return max(1, round(count * scale))

    counting = build_search(any_board(), seed=1, counts=True, confirm=False)
    synapses = fanout(counting.network)
    boards = draw_boards(some(200), seed)
    runs = [(search(counting, clues_of(p), steps=200_000, synapses=synapses), clues_of(p)) for p, _ in boards]
    yield (
        "boards of 17 clues, the solution excluded",
        [refutation_of(run, clues) for run, clues in runs if run.complete],
    )
    rng, found = np.random.default_rng(seed), []
    single = build_search(any_board(), seed=1)
    for puzzle, solution in boards[: some(100)]:
        clues = clues_of(spoilt(puzzle, solution, 30, rng))
        run = search(single, clues, steps=200_000)
        found += [refutation_of(run, clues)] if run.complete else []
    yield "boards of 30 clues, one wrong", found
    states = search_problem(ConstraintProgram.parse(coloured_states(3)), "states(S)")
    yield "48 US states, 3 colours", [refutation_of(search(build_search(states, seed=k))) for k in range(some(5))]
    found = []
    for k in range(some(20)):
        run = search(build_search(formula(40, round(RATIO * 40), seed + k), confirm=False), steps=1_000_000)
        found += [refutation_of(run)] if run.complete else []
    yield "random 3-SAT, 40 variables", found
    for name, text, query in (
        ("all magic squares excluded (weighted)", MAGIC_SQUARE, "magic(R)"),
        ("kakuro, the solution excluded (weighted)", read_puzzle("kakuro").text, None),
        ("SEND + MORE, the solution excluded (weighted)", read_puzzle("send_more_money").text, None),
    ):
        program = ConstraintProgram.parse(text)
        network = build_search(search_problem(program, query or program.heads[0]), counts=True, confirm=False)
        run = search(network, steps=500_000)
        yield name, [refutation_of(run)] if run.complete else []


def outside(refutation: Refutation, folder: Path) -> bool | None:
    """What drat-trim says of clauses and VeriPB of weighted rows; None if it is not on the path."""
    weighted = any(not row.is_clause for row in refutation.rows)
    command = shutil.which("veripb" if weighted else "drat-trim")
    if command is None:
        return None
    files = write_refutation(refutation, folder / ("proof.opb" if weighted else "proof.cnf"))
    said = subprocess.run(  # in the folder, since a checker leaves files of its own where it runs
        [command, *map(str, files)], cwd=folder, capture_output=True, text=True, check=False
    ).stdout
    return "Verification succeeded" in said if weighted else "s VERIFIED" in said


def reports(scale: float, seed: int) -> list[Report]:
    """A line a kind of problem."""
    report = Report("refutations: lines, accepted by our checker, accepted by an outside one")
    with TemporaryDirectory() as folder:
        for name, found in refuted(scale, seed):
            start = time.process_time()
            ours = sum(map(check_refutation, found))
            theirs = [outside(refutation, Path(folder)) for refutation in found]
            asked = [said for said in theirs if said is not None]
            lines = sum(len(refutation.steps) for refutation in found)
            report.say(
                name,
                f"{len(found)} refutations, {lines:,} lines; ours {ours}, outside {sum(asked)} of {len(asked)}; "
                f"{time.process_time() - start:.1f} s",
                (bool(found) or scale < 1) and ours == len(found) and all(asked),
            )
    return [report]
