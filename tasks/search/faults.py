"""Lost and added spikes: never a wrong board, and never a false 'no solution' by a single one that is confirmed."""

import time

import numpy as np

from logic.network import Integers
from logic.search.event_run import fanout
from logic.search.search_network import SearchNetwork, build_search
from logic.search.searching import search

from .any_board import any_board, board_of, clues_of, draw_boards
from .figures import Report, percentiles

GUARD = ("two", "has", "sat", "violated", "filled", "bad", "every", "solved", "agreed")
GUARD_AGAIN = tuple(f"{name}_again" for name in GUARD)
WINDOW = 100  # steps in which faults strike, unless the run ends before


def targets(network: SearchNetwork, inside: tuple[str, ...] = ()) -> Integers:
    """Sources that may be struck: a part of the network, or all but its guard and its clues."""
    names = [name for name in network.starts if name != "input"]
    chosen = [name for name in names if (name in inside if inside else name not in GUARD + GUARD_AGAIN)]
    return np.concatenate([network.places(name) for name in chosen])


def struck(
    network: SearchNetwork, where: Integers, runs: int, flips: int, seed: int, steps: int = 20_000
) -> tuple[int, int, int, int, list[int]]:
    """Announced boards, wrong boards, false 'no solution', runs without an end, steps."""
    rng, synapses = np.random.default_rng(seed), fanout(network.network)
    boards = draw_boards(min(runs, 200), seed)
    announced = wrong = refused = unfinished = 0
    taken: list[int] = []
    for run in range(runs):
        puzzle, solution = boards[run % len(boards)]
        faults = np.stack([rng.integers(1, WINDOW, flips), rng.choice(where, flips)], axis=1)
        found = search(network, clues_of(puzzle), steps=steps, flips=np.unique(faults, axis=0), synapses=synapses)
        if found.solvable is None:
            unfinished += 1
        elif found.true is None:
            refused += 1
        else:
            announced += 1
            wrong += board_of(found.true) != solution
            taken.append(found.step)
    return announced, wrong, refused, unfinished, taken


def reports(scale: float, seed: int) -> list[Report]:
    """10,000 runs with faults anywhere outside the guard, 1,500 with a single one, and faults inside the guard."""
    start = time.process_time()
    confirmed, bare = build_search(any_board(), seed=1), build_search(any_board(), seed=1, confirm=False)
    outside = targets(confirmed)
    report = Report("boards of 17 clues with spikes lost or added")
    half = max(10, round(5_000 * scale))
    for flips in (1, 30):
        announced, wrong, refused, unfinished, _ = struck(confirmed, outside, half, flips, seed + flips)
        report.say(
            f"{half} runs with {flips} random flips outside guard and clues",
            f"{announced} announced, {wrong} wrong boards, {refused} false 'no solution', {unfinished} unfinished",
            wrong == 0,
        )
    single = max(10, round(1_500 * scale))
    announced, wrong, refused, unfinished, taken = struck(confirmed, outside, single, 1, seed + 100, 40_000)
    report.say(
        f"{single} single flips, with confirm",
        f"{announced} solved, {wrong} wrong, {refused} false 'no solution', {unfinished} unfinished; steps "
        f"{percentiles(taken)}",
        wrong == refused == 0,
    )
    announced, wrong, refused, unfinished, _ = struck(bare, targets(bare), single, 1, seed + 100)
    report.say(
        "the same without confirm",
        f"{announced} solved, {wrong} wrong, {refused} false 'no solution', {unfinished} unfinished",
        wrong == 0,
    )
    inside = max(10, round(2_000 * scale))
    for name, network in (("one guard", confirmed), ("two guards", build_search(any_board(), seed=1, two_guards=True))):
        where = targets(network, tuple(n for n in (*GUARD[:-1], *GUARD_AGAIN) if n in network.starts))
        announced, wrong, refused, _, _ = struck(network, where, inside, 1, seed + 200)
        report.say(
            f"{inside} single flips inside the guard, {name}",
            f"{announced} announced, {wrong} wrong, {refused} false 'no solution'",
            None if name == "one guard" else wrong == 0,
        )
    report.say("CPU seconds", f"{time.process_time() - start:.1f}")
    return [report]
