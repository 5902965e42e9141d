"""The command solve --spikes as a user meets it: answers, figures, proofs, refusals and exit codes."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from logic.proving.drat import refutes
from neurosym.commands import cli as cli

TWO = "two(X, Y) :- [X, Y] ins 1..3, X #< Y."
NO = "no(A, B, C) :- [A, B, C] ins 1..2, A #\\= B, B #\\= C, C #\\= A."


def command(*words: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(cli.app, ["solve", *words])
    return result.exit_code, result.stdout, result.stderr


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with two puzzles."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "two.pl").write_text(TWO)
    (tmp_path / "no.pl").write_text(NO)
    return tmp_path


def test_a_bundled_puzzle_is_solved_and_sat_says_the_same() -> None:
    code, out, _ = command("sudoku4", "--spikes")
    assert code == 0
    assert out.startswith("Rows =\n  1 3 2 4\n  4 2 3 1\n")
    assert "in spikes: " in out
    assert "network: " in out
    assert "guard PROVED: the announcement implies" in out
    assert "uJ on a chip like Loihi (an estimate)" in out
    assert out.rstrip().endswith("SAT says: the only solution, the same")


def test_uniqueness_and_counts() -> None:
    assert "unique: the search found no other solution" in command("sudoku4", "--spikes", "--unique")[1]
    assert "not unique: a second was found" in command("two.pl", "--spikes", "--unique")[1]
    assert "3 solutions, counted to the end" in command("two.pl", "--spikes", "--count")[1]


def test_json_says_the_figures_and_what_sat_says() -> None:
    code, out, _ = command("two.pl", "--spikes", "--orders", "3", "--json")
    found = json.loads(out)
    assert (code, found["solvable"], found["orders"], found["sat"]["solvable"]) == (0, True, 3, True)
    assert found["guard"] == "PROVED"
    assert found["bindings"]["X"] < found["bindings"]["Y"]
    assert min(found[name] for name in ("steps", "neurons", "synapses", "spikes", "synaptic_events", "picojoules")) > 0


def test_no_solution_with_its_refutation(here: Path) -> None:
    code, out, _ = command("no.pl", "--spikes", "--proof", "no.cnf")
    assert code == 1
    assert "no solution; the search was exhausted after" in out
    assert "no.drup: no solution of no.cnf, refuted in" in out
    assert "SAT says: no solution" in out
    clauses, steps = (
        [tuple(map(int, line.split()[:-1])) for line in (here / name).read_text().splitlines() if line[0] != "p"]
        for name in ("no.cnf", "no.drup")
    )
    assert refutes(clauses, steps)


def test_too_few_steps_are_said_to_say_nothing() -> None:
    code, out, _ = command("no.pl", "--spikes", "--steps", "5")
    assert code == 3
    assert "not finished in 5 steps, which says nothing; give more by --steps" in out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["two.pl", "--spikes", "--proof", "two.cnf"], "there is a solution, so nothing was refuted"),
        (["no.pl", "--spikes", "--steps", "5", "--proof", "no.cnf"], "not finished; give more by --steps"),
        (["two.pl", "--spikes", "--proof", "two.txt"], "two.txt"),
        (["two.pl", "--unique"], "obeyed only with --spikes"),
        (["two.pl", "--spikes", "--drawing", "two.svg"], "--drawing: has no meaning here"),
        (["nosuch", "--spikes"], "no such file or bundled puzzle"),
    ],
)
def test_what_cannot_be_obeyed_is_refused_in_one_line(words: list[str], message: str, here: Path) -> None:
    code, _, err = command(*words)
    assert code == 2
    assert message in err.replace("\n", " ")
    assert {path.name for path in here.iterdir()} == {"two.pl", "no.pl"}
