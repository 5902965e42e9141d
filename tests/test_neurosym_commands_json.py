"""Every command that knows --json prints one JSON document on standard output, also where it fails."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
import typer

from neurosym.commands.cli import app, main

BLIF = ".model m\n.inputs a b\n.outputs y\n.latch n q 2\n.names a q n\n10 1\n.names q b y\n11 1\n.end\n"
AIGER = "aag 1 1 0 0 0 1\n2\n2\nb0 never\n"
FINE = {  # words of commands on circuits that end well, and their exit codes
    "compile {blif} --json": 0,
    "compile {plain} --json --pareto": 0,
    "compile {blif} --json --modules": 0,
    "compile {blif} --json --output {folder}/out.nir": 0,
    "verify {blif} --json": 0,
    "verify {blif} {blif} --json --obligations": 0,
    "verify {aag} --json --property all": 1,
    "simulate {blif} --json --waves 64": 0,
    "translate {blif} {folder}/out.aag --json": 0,
    "learn-gate 0110 --json": 0,
    "rtl {plain} --output {folder}/rtl --json": 0,
    "fit {plain} --chip loihi2 --json": 3,
}  # fmt: skip


def commands(group: Any, words: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """All commands with their words."""
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, (*words, name))
        else:
            yield (*words, name), command


WITH_JSON = {
    words: [one for one in command.params if one.param_type_name == "argument" and one.required]
    for words, command in commands(typer.main.get_command(app))  # pyright: ignore
    if any("--json" in one.opts for one in command.params)
}


def run(words: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> tuple[int, object]:
    """The exit code, and the document."""
    monkeypatch.setattr(sys, "argv", ["neurosym", *words])
    with pytest.raises(SystemExit) as ended:
        main()
    code = cast("int | None", ended.value.code)
    return code or 0, json.loads(capsys.readouterr().out)


def test_many_commands_know_json() -> None:
    assert len(WITH_JSON) > 20
    assert {("compile",), ("verify",), ("simulate",), ("translate",)} <= WITH_JSON.keys()


@pytest.mark.parametrize("words", [words for words, needed in WITH_JSON.items() if needed], ids=" ".join)
def test_a_file_that_is_missing(
    words: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    missing = [str(tmp_path / f"missing{at}.blif") for at, _ in enumerate(WITH_JSON[words])]
    code, said = run([*words, *missing, "--json"], monkeypatch, capsys)
    assert code == 2
    assert isinstance(said, dict)
    assert said["error"]


@pytest.mark.parametrize("words", WITH_JSON, ids=" ".join)
def test_an_option_that_is_not_known(
    words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    code, said = run([*words, "--json", "--no-such-option"], monkeypatch, capsys)
    assert code == 2
    assert isinstance(said, dict)
    assert "--no-such-option" in cast("dict[str, str]", said)["error"]


def test_circuits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    places = {"blif": tmp_path / "m.blif", "aag": tmp_path / "m.aag", "plain": tmp_path / "m.eqn", "folder": tmp_path}
    places["plain"].write_text("y = a & !b;\n")
    places["blif"].write_text(BLIF)
    places["aag"].write_text(AIGER)
    for words, expected in FINE.items():
        code, said = run(words.format(**places).split(), monkeypatch, capsys)
        assert (words, code) == (words, expected)
        assert isinstance(said, dict | list)
    code, said = run(["compile", str(places["blif"]), "--neurons", "1", "--json"], monkeypatch, capsys)
    assert (code, "breaks a bound" in cast("dict[str, str]", said)["error"]) == (2, True)
