"""The commands on programs: mpe, map, sample, dt, lfi, ground and explain, as a user of ProbLog meets them."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from neurosym.commands import cli
from neurosym.commands.queries import probabilities
from reasoner import Program

COINS = "0.5::heads1. 0.6::heads2. some :- heads1. some :- heads2. query(some). evidence(heads1, false).\n"


@pytest.fixture
def coins(tmp_path: Path) -> Path:
    path = tmp_path / "coins.pl"
    path.write_text(COINS)
    return path


def run(*words: object, code: int = 0) -> str:
    result = CliRunner().invoke(cli.app, [str(word) for word in words])
    assert result.exit_code == code, result.output
    return result.stdout if code == 0 else result.stderr


def test_the_most_probable_world_is_shown_as_problog_shows_it(coins: Path) -> None:
    assert run("mpe", coins) == "\\+heads1\nheads2\n% Probability: 0.3\n"
    assert run("mpe", coins, "--full").splitlines()[2] == "some"
    (world,) = json.loads(run("mpe", coins, "--json"))
    assert (world["facts"], world["probability"]) == ({"heads1": False, "heads2": True}, pytest.approx(0.3))


def test_the_most_probable_answers_are_shown(coins: Path) -> None:
    assert run("map", coins) == "some  1\n% Probability: 0.6\n"
    assert json.loads(run("map", coins, "--json"))["answers"] == {"some": True}


def test_samples_are_estimates_or_worlds(coins: Path, tmp_path: Path) -> None:
    row = json.loads(run("sample", coins, "--estimate", "--json"))["estimates"]["some"]
    assert row["low"] < 0.6 < row["high"] < row["low"] + 0.03
    assert "10000 samples" in run("sample", coins, "--estimate")
    worlds = json.loads(run("sample", coins, "-n", 50, "--with-facts", "--json"))
    assert len(worlds) == 50
    assert {(*one["true"], *one["facts"]) for one in worlds} == {(), ("some", "heads2")}
    assert run("sample", coins, "-n", 3, "--seed", 1) == run("sample", coins, "-n", 3, "--seed", 1)
    seen, rules = tmp_path / "seen.ev", tmp_path / "rules.pl"
    seen.write_text(run("sample", coins, "-n", 400, "--as-evidence"))
    rules.write_text("t(_)::some.\n")
    assert json.loads(run("lfi", rules, seen, "--json"))["probabilities"]["some"] == pytest.approx(0.6, abs=0.08)


def test_decisions_are_shown_with_what_they_are_worth(tmp_path: Path) -> None:
    path = tmp_path / "umbrella.pl"
    path.write_text(
        "?::umbrella. 0.3::rain. dry :- umbrella. dry :- \\+ rain. utility(dry, 10). utility(umbrella, -2)."
    )
    assert run("dt", path) == "umbrella  1\nSCORE: 8\n"
    assert json.loads(run("dt", path, "-s", "local", "--json"))["choices"] == {"umbrella": True}
    assert "neurosym dt" in run("query", path, code=2) or "asks nothing" in run("query", path, code=2)


def test_a_learned_program_is_written_and_runs(tmp_path: Path) -> None:
    rules, seen, learned = tmp_path / "rules.pl", tmp_path / "seen.ev", tmp_path / "learned.pl"
    rules.write_text("t(_)::a. t(0.3)::b :- a.\n")
    seen.write_text("evidence(a). evidence(b).\n---\nevidence(a). evidence(b, false).\n---\nevidence(a, false).\n")
    shown = run("lfi", rules, seen, "-O", learned)
    assert "% a  0.666667  (" in shown
    assert probabilities(Program.read(learned, ()), "b") == pytest.approx({"b": 1 / 3}, abs=1e-6)
    run("lfi", rules, seen, "-O", learned)
    other = tmp_path / "mine.pl"
    other.write_text("a.\n")
    assert "holds something else" in run("lfi", rules, seen, "-O", other, code=2)
    assert other.read_text() == "a.\n"


def test_a_ground_program_is_written_in_two_languages(coins: Path, tmp_path: Path) -> None:
    shown = run("ground", coins)
    assert "some :- heads2." in shown
    assert probabilities(Program.parse(shown, ())) == pytest.approx({"some": 0.6})
    assert json.loads(run("ground", coins, "--json"))["choices"] == 2
    run("ground", coins, "--format", "dot", "-o", tmp_path / "coins.dot")
    assert (tmp_path / "coins.dot").read_text().startswith("digraph ground {")


def test_a_program_is_explained_as_by_query(coins: Path) -> None:
    assert run("explain", coins) == run("query", coins, "--explain")
    assert "explains pictures" in run("explain", coins.rename(coins.with_suffix(".safetensors")), code=2)


def test_a_program_without_probabilities_that_must_be_run_is_said_to_be_run_by_solve(tmp_path: Path) -> None:
    path = tmp_path / "plain.pl"
    path.write_text("p(2). p(1).\nall(L) :- setof(X, p(X), L).\nquery(all(_)).\n")
    assert f"as it states no probability, run it: neurosym solve {path} GOAL" in " ".join(
        run("query", path, code=2).split()
    )
    assert run("solve", path, "all(L)").startswith("L = [1, 2]")
    path.write_text("0.5::p(2). p(1).\nall(L) :- setof(X, p(X), L).\nquery(all(_)).\n")
    assert "run it" not in run("query", path, code=2)
