"""Other programs by the same function, each answer beside that of SAT: sat or not, and a solution is checked by it."""

import time
from collections.abc import Iterator
from typing import NamedTuple

from reasoner import ConstraintProgram, SpikingSolution, solve, solve_in_spikes

from ..puzzles.puzzle_benchmark import nonogram_cases
from .figures import Report, percentiles
from .programs import MAGIC_SQUARE, coloured_states, large_sudoku, latin_square, queens, random_clauses


class Posed(NamedTuple):
    """A program, what is asked, and the order in which it is searched."""

    text: str
    query: str
    seed: int


def posed(scale: float, seed: int) -> Iterator[tuple[str, list[Posed]]]:
    """Names of problems and their instances."""

    def some(count: int) -> range:
        return range(seed + 1, seed + 1 + max(1, round(count * scale)))

    for size in (8, 12, 16):
        yield f"queens {size}", [Posed(queens(size), "queens(Q)", k) for k in some(20)]
    yield "48 US states, 4 colours", [Posed(coloured_states(4), "states(S)", k) for k in some(20)]
    yield "the same, 3 colours", [Posed(coloured_states(3), "states(S)", k) for k in some(5)]
    for holes in (130, 150, 170):
        yield f"sudoku 16 x 16, {holes} holes", [Posed(large_sudoku(holes, k), "large(R)", k) for k in some(8)]
    yield "Latin square 10, 42 holes", [Posed(latin_square(10, 42, k), "latin(R)", k) for k in some(20)]
    yield "nonogram 7 x 7", [Posed(case.program.text, case.query, 1) for case in nonogram_cases(len(some(50)))]
    yield "magic square 3 x 3", [Posed(MAGIC_SQUARE, "magic(R)", k) for k in some(10)]
    for n, clauses, count in ((20, 85, 40), (50, 213, 40)):
        yield f"3-SAT {n}/{clauses}", [Posed(random_clauses(n, clauses, k), "formula(X)", k) for k in some(count)]


def answered(one: Posed, steps: int) -> tuple[SpikingSolution, bool | None]:
    """What the spikes say, and whether SAT says the same: of a solution, by solving for just that one."""
    program = ConstraintProgram.parse(one.text)
    found = solve_in_spikes(program, one.query, seed=one.seed, steps=steps)
    if found.solvable is None:
        return found, None
    if not found.solvable:
        return found, solve(program, one.query).solvable is False
    (value,) = found.bindings.values()
    name = one.query[one.query.index("(") + 1 : -1]
    return found, solve(program, f"({name} = {_prolog(value)}, {one.query})").solvable is True


def _prolog(value: object) -> str:
    return f"[{', '.join(map(_prolog, value))}]" if isinstance(value, tuple) else str(value)


def reports(scale: float, seed: int) -> list[Report]:
    """The table."""
    report = Report("other programs, dynamic choice, cap 200,000 steps, every answer beside SAT's")
    for name, instances in posed(scale, seed):
        start = time.process_time()
        results = [answered(one, 200_000) for one in instances]
        found = [result for result, _ in results]
        yes, no = (sum(result.solvable is said for result in found) for said in (True, False))
        wrong = sum(agrees is False for _, agrees in results)
        done = [result for result in found if result.solvable is not None]
        size = f"{max(r.neurons for r in found):,} / {max(r.synapses for r in found):,}"
        report.say(
            name,
            f"{len(found)} runs: {yes} sat, {no} unsat, {len(found) - yes - no} open; steps "
            f"{percentiles([r.steps for r in done])}; conflicts {percentiles([r.conflicts for r in done])}; "
            f"neurons / synapses {size}; {time.process_time() - start:.1f} s",
            wrong == 0,
        )
    return [report]
