"""Sudoku boards of 17 clues by the one network for any board: solved, first of many orders, unique.

Every announcement is compared with the solution that came with the board.
"""

import time

import numpy as np

from logic.search.event_run import fanout
from logic.search.search_network import build_orders
from logic.search.searching import search

from .any_board import Board, any_board, board_of, clues_of, draw_boards
from .figures import Report, percentiles


def solved(boards: list[Board], orders: int, steps: int) -> Report:
    """Each board by each of several orders, by itself."""
    start, taken, wrong, conflicts = time.process_time(), [], 0, []
    spikes: list[int] = []
    simulated = updates = 0
    for network in build_orders(any_board(), range(1, orders + 1)):
        synapses = fanout(network.network)
        for puzzle, solution in boards:
            found = search(network, clues_of(puzzle), steps=steps, synapses=synapses)
            wrong += found.solvable is False or (found.true is not None and board_of(found.true) != solution)
            simulated, updates = simulated + found.step, updates + found.step * network.network.neurons
            if found.solvable:
                taken.append(found.step)
                conflicts.append(found.conflicts)
                spikes.append(found.spikes)
    seconds = time.process_time() - start
    runs = len(boards) * orders
    report = Report(f"{len(boards)} boards of 17 clues x {orders} orders, cap {steps}")
    report.say("finished", f"{len(taken)} of {runs}", len(taken) >= runs - runs // 800)
    report.say("steps p50 / 90 / 95 / 99 / max", percentiles(taken), np.percentile(taken, 95) <= 450)
    report.say("conflicts p50 / 90 / 95 / 99 / max", percentiles(conflicts))
    report.say("spikes of the median run", str(int(np.median(spikes))))
    report.say("wrong boards", str(wrong), wrong == 0)
    report.say("simulated", f"{simulated / seconds:,.0f} steps/s, {updates / seconds:,.3g} neuron updates/s (CPU)")
    return report


def first_of(boards: list[Board], orders: int, steps: int) -> Report:
    """Each board by many orders side by side; the first to finish wins."""
    least: dict[Board, int] = {}
    wrong = 0
    start = time.process_time()
    for network in build_orders(any_board(), range(1, orders + 1)):
        synapses = fanout(network.network)
        for board in boards:
            cap = least.get(board, steps)
            found = search(network, clues_of(board[0]), steps=cap, synapses=synapses)
            if found.solvable is not None:
                least[board] = found.step
                wrong += found.true is None or board_of(found.true) != board[1]
    report = Report(f"{len(boards)} boards of 17 clues, the first of {orders} orders")
    taken = list(least.values())
    report.say("finished", f"{len(taken)} of {len(boards)}", len(taken) == len(boards))
    report.say("steps p50 / 90 / 95 / 99 / max", percentiles(taken), max(taken) <= 104 if orders >= 64 else None)
    report.say("wrong boards", str(wrong), wrong == 0)
    report.say("CPU seconds", f"{time.process_time() - start:.1f}")
    return report


def unique(boards: list[Board], orders: int, steps: int) -> Report:
    """Each board to the end of its search: one solution, announced perhaps more than once, and no other."""
    taken, conflicts, wrong, again = [], [], 0, 0
    start = time.process_time()
    for network in build_orders(any_board(), range(1, orders + 1), counts=True, confirm=False):
        synapses = fanout(network.network)
        for puzzle, solution in boards:
            found = search(network, clues_of(puzzle), steps=steps, synapses=synapses)
            wrong += any(board_of(true) != solution for true in found.solutions)
            wrong += found.complete and not found.solutions
            again += len(found.solutions) > 1
            if found.complete:
                taken.append(found.step)
                conflicts.append(found.conflicts)
    runs = len(boards) * orders
    report = Report(f"{len(boards)} boards of 17 clues x {orders} orders, shown to have one solution, cap {steps}")
    report.say("finished", f"{len(taken)} of {runs}", len(taken) == runs)
    report.say("steps p50 / 90 / 95 / 99 / max", percentiles(taken))
    report.say("conflicts p50 / 90 / 95 / 99 / max", percentiles(conflicts))
    report.say("announced again", f"{again} runs")
    report.say("wrong boards", str(wrong), wrong == 0)
    report.say("CPU seconds", f"{time.process_time() - start:.1f}")
    return report


def sizes() -> Report:
    """The network for any board."""
    report = Report("the network for any board")
    for choice in ("dynamic", "static"):
        network = next(build_orders(any_board(), [1], choice=choice))
        report.say(f"{choice}: neurons", f"{network.network.neurons:,}", network.network.neurons <= 7_462)
        report.say(f"{choice}: synapses", f"{network.synapses:,}")
        report.say(f"{choice}: largest weight", str(network.largest_weight), network.largest_weight <= 33)
    return report


def reports(scale: float, seed: int) -> list[Report]:
    """All of the above on ``200 scale`` boards."""
    boards = draw_boards(max(2, round(200 * scale)), seed)
    orders = 64 if scale >= 1 else 8
    return [sizes(), solved(boards, 4, 20_000), first_of(boards, orders, 20_000), unique(boards, 4, 200_000)]
