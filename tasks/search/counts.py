"""All solutions counted: a static order announces each of them once, and then the end."""

from dataclasses import replace

from logic.search.constraint_rows import Group, SearchProblem
from logic.search.search_network import build_search
from logic.search.searching import search
from neurosym.commands.solving.puzzles import read_puzzle
from reasoner import solve_in_spikes

from .figures import Report


def latin_blocks(size: int, height: int) -> SearchProblem:
    """An empty sudoku grid whose blocks are ``height`` rows high."""
    digits = range(size)
    variable = {(r, c, d): (r * size + c) * size + d + 1 for r in digits for c in digits for d in digits}
    width = size // height
    blocks = {(r, c): (r // height) * height + c // width for r in digits for c in digits}
    groups = [tuple(variable[r, c, d] for d in digits) for r in digits for c in digits]
    for d in digits:
        groups += [tuple(variable[r, c, d] for c in digits) for r in digits]
        groups += [tuple(variable[r, c, d] for r in digits) for c in digits]
        groups += [tuple(variable[r, c, d] for (r, c), b in blocks.items() if b == block) for block in digits]
    every = tuple(range(1, size**3 + 1))
    return SearchProblem(size**3, (), tuple(Group(variables, True) for variables in groups), every)


def reports(scale: float, seed: int) -> list[Report]:
    """The empty 4 x 4 grid in several orders, and eight queens from the bundled program."""
    report = Report("all solutions")
    grid = latin_blocks(4, 2)
    for order in range(seed, seed + (3 if scale >= 1 else 1)):
        found = search(build_search(grid, seed=order, choice="static", counts=True, confirm=False), steps=100_000)
        count, different = len(found.solutions), len(set(found.solutions))
        good = found.complete and count == different == 288
        report.say(f"empty 4 x 4 grid, order {order}", f"{count} in {found.step:,} steps", good)
    dynamic = search(build_search(replace(grid), counts=True, confirm=False), steps=100_000)
    good = dynamic.complete and len(set(dynamic.solutions)) == 288
    report.say("the same, dynamic", f"{len(set(dynamic.solutions))} in {dynamic.step:,} steps", good)
    queens = solve_in_spikes(read_puzzle("queens"), "queens(Queens)", count=True, steps=200_000)
    report.say("8 queens", f"{queens.count} in {queens.steps:,} steps", queens.count == 92)
    return [report]
