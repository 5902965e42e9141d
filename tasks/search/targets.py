"""Search networks in the simulators of others and on chips: all neurons at all steps, and what a 9 x 9 board needs."""

import time
from collections.abc import Sequence

import numpy as np

from logic.chips import fit_chip
from logic.search.constraint_rows import Literal, SearchProblem
from logic.search.event_run import EventRun, fanout
from logic.search.search_network import SearchNetwork, build_search
from logic.search.searching import given_clues, search
from logic.simulators import Outcome, Subject, conform, find_simulators
from neurosym.commands.solving.puzzles import read_puzzle
from reasoner import ConstraintProgram
from reasoner.searching.spiking_search import open_problem

from .any_board import any_board, clues_of, draw_boards
from .figures import Report

SMALL = """
grid(Rows) :- Rows = [[A, B, C, D], [E, F, G, H], [I, J, K, L], [M, N, O, P]],
    append(Rows, Cells), Cells ins 1..4, maplist(all_distinct, Rows),
    transpose(Rows, Columns), maplist(all_distinct, Columns),
    all_distinct([A, B, E, F]), all_distinct([C, D, G, H]), all_distinct([I, J, M, N]), all_distinct([K, L, O, P]).
"""
TARGETS, CHIPS = ("nest", "snntorch", "rtl"), ("loihi1", "loihi2", "spinnaker2")
SLOW = ("nest", "brian2")  # whose rate is told
REPEATED = 20  # runs of ours


def reports(scale: float, seed: int) -> list[Report]:
    """A 4 x 4 sudoku and 8 queens in other simulators, a 9 x 9 board on chips, and how fast it runs."""
    small = open_problem(ConstraintProgram.parse(SMALL), "grid(Rows)")[0]
    queens = open_problem(read_puzzle("queens"), "queens(Queens)")[0]
    given = np.random.default_rng(seed)
    boards = [(), *(tuple(given.choice(small.clues, 2, replace=False).tolist()) for _ in range(7))]
    firsts: list[tuple[Literal, ...]] = [(), (queens.clues[3],), (queens.clues[12], queens.clues[63])]
    return [
        _identical("4 x 4 sudoku", small, boards),
        _identical("8 queens", queens, firsts[: max(1, round(3 * scale))]),
        _fitted(),
        _rate(scale, seed),
    ]


def _subject(name: str, network: SearchNetwork, given: Sequence[Sequence[Literal]], steps: int) -> Subject:
    shown = np.stack([given_clues(network.problem, clues) for clues in given])
    return Subject(name, network.network, spikes=np.broadcast_to(shown, (steps, *shown.shape)).copy())


def _identical(name: str, problem: SearchProblem, given: Sequence[Sequence[Literal]]) -> Report:
    network = build_search(problem)
    ends = [search(network, clues, steps=5_000) for clues in given]
    steps = max(found.step for found in ends) + 1
    report = Report(f"{name}: {network.network.neurons:,} neurons, {len(given)} runs of {steps:,} steps")
    said = {True: "solved", False: "no solution", None: "not finished"}
    report.say("announced", ", ".join(f"{said[found.solvable]} at {found.step}" for found in ends))
    for simulator in find_simulators(",".join(TARGETS)):
        found = conform([_subject(name, network, given, steps)], [simulator])[0]
        report.say(simulator.name, _told(found), None if found.verdict == "absent" else _same(found))
    return report


def _same(found: Outcome) -> bool:
    """Identical; that some output never fired in these runs does not matter, as all neurons are compared."""
    return found.verdict in ("identical", "weak stimulus") and found.different == 0


def _told(found: Outcome) -> str:
    if found.verdict not in ("identical", "weak stimulus", "wrong"):
        return f"{found.verdict}: {found.reason}"
    return f"{found.spikes:,} spikes of {found.neurons:,} neurons, {found.different} different, {found.seconds:.1f} s"


def _fitted() -> Report:
    network = build_search(any_board())
    report = Report(f"any 9 x 9 board on chips: {network!r}")
    report.say("weights", f"up to {network.largest_weight}, six bits with their sign", network.largest_weight <= 30)
    for chip in CHIPS:
        found = fit_chip(network.network, chip)
        cores = next(line for line in found.lines if line.quantity == "cores")
        binding = found.line(found.binding) if found.binding else ""
        report.say(
            str(found).split("\n", 1)[0], f"{cores.used} cores of {cores.limit}; {binding}", found.fits is not False
        )
    return report


def _rate(scale: float, seed: int) -> Report:
    """Neuron updates a second on one board, start and loading left out: the difference of a long and a short run."""
    network = build_search(any_board())
    short, long = 40, 40 + max(40, round(400 * scale))
    drawn = (clues_of(puzzle) for puzzle, _ in draw_boards(200, seed))
    clues = next(clues for clues in drawn if search(network, clues, steps=long).solvable is None)  # busy to the end
    report = Report(f"neuron updates a second, a 9 x 9 board, steps {short} to {long}, one thread")
    fan, given, nothing = fanout(network.network), given_clues(network.problem, clues), np.zeros(0, np.int64)
    seconds = 0.0
    for timed in [False] + [True] * REPEATED:  # the first one compiles the kernel
        run = EventRun(fan, given)
        run.until(short, nothing)
        start = time.process_time()
        run.until(long, nothing)
        seconds += timed * (time.process_time() - start)
    updates = network.network.neurons * (long - short)
    report.say("ours, by changes", f"{updates * REPEATED / seconds:,.3g}")
    for simulator in find_simulators(",".join(SLOW)):
        runs = conform([_subject("board", network, [clues], steps) for steps in (short, long)], [simulator])
        if all(map(_same, runs)):
            seconds = runs[1].seconds - runs[0].seconds
            report.say(simulator.name, f"{updates / max(seconds, 1e-9):,.3g}")
        else:
            report.say(simulator.name, _told(runs[1]))
    return report
