"""Pictures of a search in spikes: what they show is what the rails said."""

import re
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from typer.testing import CliRunner

from logic.search.recording import SearchRecord, record
from neurosym.commands.cli import app
from neurosym.commands.solving.puzzles import read_puzzle
from neurosym.reports.search_boards import board_of, film, moments, still
from neurosym.reports.search_figures import rail_raster
from reasoner import SpikingSolution, solve_in_spikes

_SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module", params=["sudoku4", "queens"])
def run(request: pytest.FixtureRequest) -> tuple[SpikingSolution, SearchRecord]:
    program = read_puzzle(request.param)
    found = solve_in_spikes(program, program.heads[0])
    outcome = found.outcomes[0]
    return found, record(outcome.network, steps=outcome.step + 1)


def test_a_record_ends_with_the_solution_that_the_search_found(run: tuple[SpikingSolution, SearchRecord]) -> None:
    found, shown = run
    outcome = found.outcomes[0]
    assert shown.first + shown.steps - 1 == outcome.step
    assert shown.solved == shown.steps - 1
    assert len(shown.conflicts) == found.conflicts
    assert {int(v) + 1 for v in np.flatnonzero(shown.true[shown.steps - 4])} == outcome.true


def test_the_last_steps_of_a_run_are_those_of_the_whole_run(run: tuple[SpikingSolution, SearchRecord]) -> None:
    found, shown = run
    last = record(found.outcomes[0].network, steps=found.steps + 1, most=5)
    assert (last.first, last.steps) == (found.steps - 4, 5)
    assert np.array_equal(last.true, shown.true[-5:])
    assert [step + last.first for step, _ in last.guesses] == [s for s, _ in shown.guesses if s >= last.first]


def test_a_board_shows_the_candidates_and_values_of_its_step(run: tuple[SpikingSolution, SearchRecord]) -> None:
    found, shown = run
    board = board_of(shown, found.bindings)
    assert {spot.variable for spot in board.spots} == set(range(shown.problem.variables))
    for step in moments(shown):
        drawn = [
            t
            for t in ElementTree.fromstring(still(shown, board, step)).iter(f"{_SVG}text")
            if t.get("fill") != "#1f2933"
        ]
        small = [t for t in drawn if t.get("font-weight") == "400"]
        large = [t for t in drawn if t.get("font-weight") == "700"]
        assert len(large) == shown.true[step].sum()
        decided = {v for spot in board.spots if shown.true[step, spot.variable] for v in spot.cell}
        assert len(small) == sum(not shown.false[step, v] and v not in decided for v in range(shown.problem.variables))


def test_a_film_turns_each_value_where_its_rail_turns(run: tuple[SpikingSolution, SearchRecord]) -> None:
    found, shown = run
    board = board_of(shown, found.bindings)
    root = ElementTree.fromstring(film(shown, board))
    turns = 0
    for text in root.iter(f"{_SVG}text"):
        if text.get("font-weight") != "700":
            continue
        for animate in text.iter(f"{_SVG}animate"):
            if animate.get("attributeName") == "opacity":
                times = [float(time) for time in (animate.get("keyTimes") or "").split(";")]
                assert times[0] == 0
                assert all(a < b <= 1 for a, b in pairwise(times))
                turns += len(times) - 1
    true = shown.true[:, [spot.variable for spot in board.spots]]
    assert turns == (true[1:] != true[:-1]).sum()


def test_moments_lead_to_the_end(run: tuple[SpikingSolution, SearchRecord]) -> None:
    _, shown = run
    steps = moments(shown)
    assert steps[-1] == shown.solved
    assert steps == sorted(steps)
    assert not any(steps[0] <= step < steps[-1] - 4 for step in shown.conflicts)


def test_the_raster_says_what_it_shows(run: tuple[SpikingSolution, SearchRecord]) -> None:
    _, shown = run
    assert rail_raster(shown).count("<svg") == 1
    assert rail_raster(shown) == rail_raster(shown)


def test_the_command_writes_a_report(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    done = CliRunner().invoke(app, ["solve", "sudoku4", "--spikes", "--report", str(page)])
    assert done.exit_code == 0, done.output
    text = page.read_text()
    steps = re.search(r"in spikes: (\d+) steps", done.output)
    assert steps
    assert f">{int(steps[1]):,}<" in text
    assert text.count("<svg role=") >= 4  # rails, film, stills
    assert "neurosym solve sudoku4" in text
    refused = CliRunner().invoke(app, ["solve", "sudoku4", "--report", str(tmp_path / "other.html")])
    assert refused.exit_code == 2
    assert not (tmp_path / "other.html").exists()
