"""The measurements of search in spikes on little work: they run, and nothing falls short."""

from importlib import import_module

import numpy as np
import pytest

from tasks.search.any_board import any_board, board_of, clues_of
from tasks.search.clauses import formula
from tasks.search.counts import latin_blocks, reports as counted
from tasks.search.figures import Report, percentiles
from tasks.search.misread import spoilt
from tasks.search.puzzles import bundled

PUZZLE = "000000010400000000020000000000050407008000300001090000300400200050100000000806000"
SOLUTION = "693784512487512936125963874932651487568247391741398625319475268856129743274836159"


def test_the_network_for_any_board_knows_only_its_groups() -> None:
    problem = any_board()
    assert (problem.variables, len(problem.rows), len(problem.groups), len(problem.clues)) == (729, 0, 324, 729)
    true = clues_of(SOLUTION)
    assert problem.holds(true)
    assert board_of(frozenset(true)) == SOLUTION
    assert not problem.holds(clues_of("1" + SOLUTION[1:]))


def test_all_solutions_are_counted() -> None:
    assert len(latin_blocks(4, 2).groups) == 64
    assert all(report.good for report in counted(0.1, 0))


def test_bundled_puzzles_are_solved_as_sat_does() -> None:
    report = bundled()
    assert len(report.lines) == 12
    assert report.good, str(report)


def test_a_spoilt_board_has_one_wrong_clue() -> None:
    puzzle = SOLUTION[:17] + "0" * 64
    wrong = spoilt(puzzle, SOLUTION, 30, np.random.default_rng(1))
    shown = [(a, b) for a, b in zip(wrong, SOLUTION, strict=True) if a != "0"]
    assert (len(shown), sum(a != b for a, b in shown)) == (30, 1)


def test_random_formulas_are_of_three_different_variables() -> None:
    problem = formula(20, 85, 3)
    assert len(problem.rows) == 85
    assert all(len({abs(literal) for literal in row.literals}) == 3 for row in problem.rows)
    assert formula(20, 85, 3).rows == problem.rows


def test_a_figure_that_falls_short_is_marked() -> None:
    report = Report("some")
    report.say("steps", percentiles([1, 2, 3]))
    assert report.good
    report.say("wrong", "1", False)
    assert not report.good
    assert "FALLS SHORT" in str(report)
    assert percentiles([]) == "none"


@pytest.mark.parametrize("name", ["boards", "faults", "misread"])
def test_boards_are_solved_struck_and_spoilt(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    module = import_module(f"tasks.search.{name}")
    boards = [(PUZZLE, SOLUTION), ("0" * 8 + SOLUTION[8:], SOLUTION)]

    def given(count: int, seed: int) -> list[tuple[str, str]]:
        return boards

    monkeypatch.setattr(module, "draw_boards", given)
    for report in module.reports(0.01, 0):
        assert report.good, str(report)
