"""Commands on many items: each answer is the command's own, the journal survives, and one fault spoils one item."""

import json
from pathlib import Path

import pytest

from logic.library import ripple_add
from neurosym import Circuit, CircuitBuilder, write_circuit
from neurosym.commands.sweeping import known_options, run_many
from neurosym.many.asking import read_words
from neurosym.many.outcome import ManyError

PROGRAM = "0.3 :: a. b :- a. query(b)."


def ripple_adder(width: int) -> Circuit:
    make = CircuitBuilder()
    bits = make.inputs(*(f"a{place}" for place in range(2 * width)))
    total = ripple_add(bits[:width], bits[width:])
    return make.build(**{f"s{place}": bit for place, bit in enumerate(total)})


def run(words: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    with pytest.raises(SystemExit) as ended:
        run_many(words.split())
    shown = capsys.readouterr()
    return int(str(ended.value.code)), shown.out + shown.err


def lines(path: Path) -> dict[str, dict[str, object]]:
    return {line["item"]: line for line in map(json.loads, path.read_text().splitlines())}


def test_circuits_and_a_file_that_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for width in (1, 2, 3):
        write_circuit(ripple_adder(width), tmp_path / f"add{width}.aig")
    (tmp_path / "wrong.aig").write_text("not one")
    (tmp_path / "pairs.txt").write_text("add1.aig add1.aig  # itself\n\nadd1.aig 'add 2.aig'\n")
    words = "verify add1.aig add2.aig add3.aig wrong.aig --items pairs.txt --jobs 2 --json-lines found.jsonl"
    code, shown = run(words, capsys)
    assert code == 2
    assert "6 items: 4 done, 2 with an error" in shown
    found = lines(tmp_path / "found.jsonl")
    assert [found[f"add{width}.aig"]["answer"]["verdict"] for width in (1, 2, 3)] == ["PROVED"] * 3  # type: ignore[index]
    assert "wrong.aig" in str(found["wrong.aig"]["complaints"])
    assert "did you mean" in str(found["add1.aig 'add 2.aig'"]["complaints"])
    before = (tmp_path / "found.jsonl").read_bytes()
    assert run(f"{words} --resume", capsys)[0] == 2
    assert (tmp_path / "found.jsonl").read_bytes() == before
    code, shown = run(f"{words} --resume --mapping positive", capsys)
    assert code == 2
    assert "was written by 'neurosym verify', not by 'neurosym verify --mapping positive'" in shown


def test_programs_and_names_for_what_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("one", "two"):
        (tmp_path / f"{name}.pl").write_text(PROGRAM)
    assert run("query one.pl two.pl --json-lines q.jsonl --jobs 1 --json", capsys)[0] == 0
    assert lines(tmp_path / "q.jsonl")["one.pl"]["answer"] == lines(tmp_path / "q.jsonl")["two.pl"]["answer"]
    assert "0.3" in str(lines(tmp_path / "q.jsonl")["one.pl"]["answer"])
    write_circuit(ripple_adder(1), tmp_path / "add.aig")
    assert run("compile add.aig --output {stem}.nir --json-lines c.jsonl --jobs 1", capsys)[0] == 0
    assert (tmp_path / "add.nir").exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("doctor a --json-lines f", "does one thing at a time"),
        ("verify --json-lines f", "there is no item"),
        ("verify a --maping dual-rail --json-lines f", "--maping: is no option of verify"),
        ("verify a --mapping", "--mapping: needs a value"),
        ("compile a b --output c.nir --json-lines f", "would write one file"),
        (
            "compile a/x.aig b/x.aig --output {stem}.nir --json-lines f",
            "x.nir: would be written for a/x.aig and for b/x",
        ),
        ("verify --items nothing.txt --json-lines f", "nothing.txt: cannot be read"),
    ],
)
def test_what_cannot_be_done_is_said(words: str, message: str) -> None:
    with pytest.raises(ManyError, match=message):
        read_words(words.split(), known_options)


def test_sweep(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    from typer.testing import CliRunner

    from neurosym.commands.cli import app

    monkeypatch.chdir(tmp_path)
    (tmp_path / "gates.toml").write_text(
        'command = "learn-gate"\nwords = ["0110"]\n[grid]\nseed = [0, 1]\nflip = [0.0, 0.1]\n'
    )
    ran = CliRunner().invoke(app, ["sweep", "gates.toml", "--json-lines", "f.jsonl", "--jobs", "1", "--json"])
    assert ran.exit_code == 0, ran.output
    rows = json.loads(ran.stdout)
    assert [(row["seed"], row["flip"]) for row in rows] == [("0", "0.0"), ("0", "0.1"), ("1", "0.0"), ("1", "0.1")]
    assert [row["epochs"] for row in rows] == [6, 10, 6, 8]
    (tmp_path / "wrong.toml").write_text('command = "train"\nwords = ["digits"]\n[grid]\nseed = [0, 1]\n')
    ran = CliRunner().invoke(app, ["sweep", "wrong.toml", "--json-lines", "g.jsonl"])
    assert ran.exit_code == 2
    assert "would write one file" in ran.output
