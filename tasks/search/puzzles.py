"""Every bundled puzzle, knights and knaves and nonograms by the same function, beside their given solutions."""

import time
from collections.abc import Iterable

from neurosym.commands.solving.puzzles import bundled_puzzles, read_puzzle
from reasoner import solve, solve_in_spikes

from ..puzzles.puzzle_benchmark import Case, knights_cases, nonogram_cases
from .figures import Report, percentiles


def bundled() -> Report:
    """The puzzles that come with neurosym, shown to have one solution or several; the same is asked of SAT."""
    report = Report("bundled puzzles, each to a second solution or the end, beside SAT")
    for name in bundled_puzzles():
        program = read_puzzle(name)
        found = solve_in_spikes(program, program.heads[0], unique=True, steps=200_000)
        first = solve_in_spikes(program, program.heads[0], steps=200_000)
        said = solve(program, program.heads[0])
        good = found.solvable is said.solvable and found.unique is said.unique
        good &= found.bindings == said.bindings or not said.unique
        report.say(
            name,
            f"solved in {first.steps:,} steps, {'unique' if found.unique else 'not unique'} after {found.steps:,}; "
            f"{first.neurons:,} neurons, {first.synapses:,} synapses, weights up to {first.largest_weight:,}",
            good,
        )
    return report


def many(title: str, cases: Iterable[Case], *, one: bool) -> Report:
    """Puzzles with their solutions; ``one`` if each has only that."""
    report, start = Report(title), time.process_time()
    steps: list[int] = []
    right = unique = wrong = neurons = 0
    for case in cases:
        found = solve_in_spikes(case.program, case.query, unique=True, steps=200_000)
        same = found.solvable is True and all(found.bindings[name] == value for name, value in case.wanted.items())
        right += same
        unique += found.unique is True
        wrong += found.unique is True and not same
        steps.append(found.steps)
        neurons = max(neurons, found.neurons)
    count = len(steps)
    report.say("solved as given", f"{right} of {count}", right == count or not one)
    report.say("shown to have one solution", f"{unique} of {count}", unique == count or not one)
    report.say("wrong", str(wrong), wrong == 0)
    report.say("steps p50 / 90 / 95 / 99 / max to the end", percentiles(steps))
    report.say("neurons", f"up to {neurons:,}")
    report.say("CPU seconds", f"{time.process_time() - start:.1f}")
    return report


def reports(scale: float, seed: int) -> list[Report]:
    """The bundled puzzles, ``900 scale`` knights and knaves of each number of people, ``200 scale`` nonograms."""
    people, squares = max(1, round(900 * scale)), max(1, round(200 * scale))
    del seed  # the puzzles are taken in the order of their files
    return [
        bundled(),
        many(f"knights and knaves, 3 to 7 people, {people} each", knights_cases(people), one=True),
        many(f"nonograms of 7 x 7, {squares}, some with several solutions", nonogram_cases(squares), one=False),
    ]
