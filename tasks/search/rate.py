"""How fast the network for any board is simulated: by changes, and by 64 or more boards a machine word; same spikes."""

import time

import numpy as np

from logic.search.event_run import EventRun, fanout
from logic.search.search_network import build_search
from logic.search.searching import given_clues
from logic.simulation.bit_simulator import simulate_bits

from .any_board import any_board, clues_of, draw_boards
from .figures import Report

STEPS = 60


def reports(scale: float, seed: int) -> list[Report]:
    """Neuron updates a CPU second: neurons times steps times boards, however many of them a simulator skips."""
    network = build_search(any_board(), seed=1)
    count = max(64, round(4_096 * scale) // 64 * 64)
    given = np.stack([given_clues(network.problem, clues_of(puzzle)) for puzzle, _ in draw_boards(count, seed)])
    synapses, nothing = fanout(network.network), np.zeros(0, np.int64)
    solved = network.place("solved")
    EventRun(synapses, given[0]).until(1, nothing)  # compiled before any clock starts
    report = Report(f"simulation of {network.network.neurons:,} neurons for {STEPS} steps")
    sent = np.zeros((STEPS, count), np.bool_)
    start, additions = time.process_time(), 0
    for board in range(count):
        run = EventRun(synapses, given[board])
        at = run.until(STEPS, np.array([solved]))
        sent[STEPS if at is None else at :, board] = True
        run.until(STEPS, nothing)
        additions += run.changes
    seconds = time.process_time() - start
    updates = network.network.neurons * STEPS * count

    def say(name: str, share: float, seconds: float, good: bool | None = None) -> None:
        report.say(
            name, f"{updates * share / seconds:.3g} updates/s, {1e3 * seconds / count / share:.3f} ms a board", good
        )

    say(f"by changes, {additions / seconds:.3g} additions/s", 1, seconds)
    for boards in sorted({64, count}):
        spikes = np.ascontiguousarray(np.broadcast_to(given[None, :boards], (STEPS, boards, given.shape[1])))
        simulate_bits(network.network, spikes[:2], 2, lines=[solved])
        start = time.process_time()
        words = simulate_bits(network.network, spikes, STEPS, lines=[solved])[:, :, 0]
        same = bool((words == sent[:, :boards]).all())
        say(f"{boards} boards side by side in words", boards / count, time.process_time() - start, same)
    return [report]
