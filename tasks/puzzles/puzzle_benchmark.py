"""Puzzles in bulk: every board solved, proved unique and compared with the solution that came with it.

Sudoku boards of 17 clues, knights and knaves of 3 to 7 people (training part), nonograms of 7 x 7. Each puzzle goes
the whole way: Prolog text, constraints, solver, proof of uniqueness. Times are of the processor, after one warm-up.
"""

import ast
import json
import lzma
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from itertools import islice
from statistics import median, quantiles
from typing import Annotated, NamedTuple

import typer

from neurosym.commands.solving.puzzles import read_puzzle
from reasoner import ConstraintProgram, solve

from .digit_reader import DataError, data_folder
from .visual_sudoku import read_puzzles


class Case(NamedTuple):
    """A puzzle and the values that its variables must have.

    Args:
        program: The rules with the puzzle's own clues.
        query: What is asked.
        wanted: Value of each variable.
    """

    program: ConstraintProgram
    query: str
    wanted: dict[str, object]


@dataclass(frozen=True)
class Tally:
    """What came of a set of puzzles.

    Args:
        puzzles: How many.
        right: Solved as given.
        unique: Proved to have no other solution.
        median_ms: Median processor time of one, from constraints posted to proof, in milliseconds.
        slowest_tenth_ms: Nine in ten take less.
        longest_ms: The longest.
        failures: Numbers of the puzzles that were not both right and unique.
    """

    puzzles: int
    right: int
    unique: int
    median_ms: float
    slowest_tenth_ms: float
    longest_ms: float
    failures: list[int]


def tally(cases: Iterable[Case]) -> Tally:
    """Solves all cases, one after the other; the first is solved once more beforehand to warm up."""
    right = unique = 0
    times: list[float] = []
    failures: list[int] = []
    for number, case in enumerate(cases):
        if not number:
            solve(case.program, case.query)
        start = time.process_time()
        found = solve(case.program, case.query)
        times.append(1000 * (time.process_time() - start))
        good = all(found.bindings.get(name) == value for name, value in case.wanted.items())
        right += good
        unique += found.unique is True
        if not (good and found.unique):
            failures.append(number)
    return Tally(len(times), right, unique, median(times), quantiles(times, n=10)[-1], max(times), failures)


def sudoku_cases(count: int) -> Iterator[Case]:
    """17-clue boards with the bundled program, its clues replaced."""
    text = read_puzzle("sudoku").text
    rules = text[: text.index("clues([")]
    for puzzle, solution in islice(read_puzzles(), count):
        rows = [", ".join("_" if c == "0" else c for c in puzzle[r : r + 9]) for r in range(0, 81, 9)]
        clues = f"clues([[{'], ['.join(rows)}]])."
        wanted = tuple(tuple(int(c) for c in solution[r : r + 9]) for r in range(0, 81, 9))
        yield Case(ConstraintProgram.parse(rules + clues), "sudoku(Rows)", {"Rows": wanted})


_CONNECTIVES = {"and": "#/\\", "or": "#\\/", "->": "#==>", "<=>": "#<==>"}
_Claim = tuple[object, ...]


def knights_cases(count: int) -> Iterator[Case]:
    """Knights and knaves, up to ``count`` of each number of people; a person is 1 for a knight, 0 for a knave.

    Raises:
        DataError: if the files are not at hand.
    """
    folder = data_folder()
    if folder is None or not (folder / "knights_knaves").is_dir():
        raise DataError("the knights and knaves are not at hand; set NEUROSYM_DATA to a folder with knights_knaves/")
    for people in range(3, 8):
        with lzma.open(folder / "knights_knaves" / f"people{people}_train.jsonl.xz", "rt") as lines:
            for line in islice(lines, count):
                puzzle = json.loads(line)
                yield knights_case(ast.literal_eval(puzzle["statements"]), puzzle["solution"])


def knights_case(statements: tuple[_Claim, ...], solution: list[bool]) -> Case:
    """The puzzle in which person ``i`` says ``statements[i]``."""
    names = [f"P{i}" for i in range(len(statements))]
    says = [f"P{i} #<==> ({_claim(statement)})" for i, statement in enumerate(statements)]
    head = f"knights({', '.join(names)})"
    text = f"{head} :- [{', '.join(names)}] ins 0..1, {', '.join(says)}."
    return Case(ConstraintProgram.parse(text), head, {f"P{i}": int(value) for i, value in enumerate(solution)})


def _claim(claim: _Claim) -> str:
    kind, *parts = claim
    if kind == "telling-truth":
        return f"P{parts[0]}"
    if kind == "lying":
        return f"#\\ P{parts[0]}"
    inside = [f"({_claim(part)})" for part in parts if isinstance(part, tuple)]
    if kind == "not":
        return f"#\\ {inside[0]}"
    return f" {_CONNECTIVES[str(kind)]} ".join(inside)


def nonogram_cases(count: int) -> Iterator[Case]:
    """7 x 7 nonograms with the bundled program; some have several solutions, which then counts as not unique.

    Raises:
        DataError: if the file is not at hand.
    """
    folder = data_folder()
    path = folder / "nonogram7" / "nonograms_7.csv" if folder else None
    if path is None or not path.is_file():
        raise DataError("the nonograms are not at hand; set NEUROSYM_DATA to a folder with nonogram7/")
    text = read_puzzle("nonogram").text
    rules = text[: text.index("rows([[")]
    with path.open() as lines:
        for line in islice(lines, count):
            clues, solution = line.strip().split(",")
            runs = [f"[{clue.replace('.', ', ')}]" for clue in clues.split("/")]
            posed = f"rows([{', '.join(runs[7:])}]). columns([{', '.join(runs[:7])}])."
            wanted = tuple(tuple(int(c) for c in solution[r : r + 7]) for r in range(0, 49, 7))
            yield Case(ConstraintProgram.parse(rules + posed), "nonogram(Rows)", {"Rows": wanted})


def main(
    sudokus: Annotated[int, typer.Option(help="Boards of 17 clues.")] = 1000,
    knights: Annotated[int, typer.Option(help="Puzzles of each number of people; 900 are all.")] = 900,
    nonograms: Annotated[int, typer.Option(help="Nonograms; 10000 are all.")] = 200,
) -> None:
    """Solve many puzzles and print what came of them as JSON."""
    sets: dict[str, Callable[[], Iterator[Case]]] = {
        "sudoku": lambda: sudoku_cases(sudokus),
        "knights": lambda: knights_cases(knights),
        "nonogram": lambda: nonogram_cases(nonograms),
    }
    for name, cases in sets.items():
        typer.echo(json.dumps({name: asdict(tally(cases()))}))


if __name__ == "__main__":
    typer.run(main)
