"""The two tasks on programs of constraints that are not ours: a folder of strangers, and searches beside CP-SAT."""

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from tasks.puzzles import search_benchmark, strangers
from tasks.puzzles.search_benchmark import golomb, measure

_HEAD = ":- use_module(library(clpfd)).\n"


def test_a_folder_of_strangers_is_counted(tmp_path: Path) -> None:
    """Programs that print nothing, load no library(clpfd) or do not end are no part of the collection."""
    folder = tmp_path / "programs"
    folder.mkdir()
    (folder / "a.pl").write_text(f"{_HEAD}go :- X in 1..3, X #> 2, writeln(X).")
    (folder / "b.pl").write_text(f"{_HEAD}go :- getenv('HOME', X), writeln(X).")
    (folder / "c.pl").write_text(f"{_HEAD}go :- true.")
    (folder / "d.pl").write_text("go :- writeln(1).")
    (folder / "e.pl").write_text(f"{_HEAD}go :- X is random(1000000000), writeln(X).")
    words = ["--folder", str(folder), "--replies", str(tmp_path / "replies.json"), "--wanted", "1"]

    app = typer.Typer()
    app.command()(strangers.main)
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0
    lines = done.stdout.splitlines()
    assert lines[:3] == [
        "a.pl: equal",
        "b.pl: refused: 'getenv/2' is not allowed in programs, since it reaches outside of them",
        "e.pl: different",
    ]
    assert set(json.loads((tmp_path / "replies.json").read_text())) == {f"{name}.pl" for name in "abce"}
    assert CliRunner().invoke(app, [*words[:-1], "3"]).exit_code == 1


def test_a_search_is_measured_beside_cp_sat() -> None:
    cp = pytest.importorskip("ortools.sat.python.cp_model", exc_type=ImportError)
    for case in (golomb(5), golomb(6)):
        row = measure(case, 1, cp)
        assert (row.right, row.solver) == (True, "cp-sat")
        assert 0 < row.search < row.whole
    assert search_benchmark.ask_swipl(golomb(5).text) is not None
