"""The commands `rtl` and `fit` from end to end: what they write, say and refuse, and their exit codes."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from logic.formats import write_circuit
from neurosym.commands.cli import app
from tasks.circuits.deployed import deployed_circuits
from tests.hardware import needs

CIRCUITS = deployed_circuits()


def call(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture
def adder(tmp_path: Path) -> Path:
    path = tmp_path / "Full-adder.blif"
    write_circuit(CIRCUITS["full_adder"], path)
    return path


def test_a_folder_of_hardware_is_written(tmp_path: Path, adder: Path) -> None:
    found = call("rtl", adder, "--output", tmp_path / "out", "--json")
    assert found.exit_code == 0, found.stderr
    row = json.loads(found.stdout)
    assert (row["neurons"], row["synapses"], row["latency"], row["period"]) == (2, 7, 2, 1)
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "full_adder.json", "full_adder.v", "full_adder_golden.mem", "full_adder_stimulus.mem", "full_adder_testbench.v",
    ]  # fmt: skip
    again = call("rtl", adder, "--output", tmp_path / "out", "--form", "core")
    assert again.exit_code == 0, again.stderr


@needs("iverilog", "yosys")
def test_a_netlist_is_proved_down_to_cells(tmp_path: Path, adder: Path) -> None:
    found = call("rtl", adder, "--output", tmp_path / "out", "--simulate", "--prove", "--json")
    assert found.exit_code == 0, found.stderr
    row = json.loads(found.stdout)
    assert row["verdict"] == "PROVED"
    assert row["proof"]["holds"] is True
    assert row["testbench"].startswith("PASSED: 2 neurons")
    assert row["lookup_tables"] == 3
    said = call("rtl", adder, "--output", tmp_path / "out", "--synthesize")
    assert said.exit_code == 0
    assert "lookup tables" in said.stdout


@needs("iverilog", "yosys")
def test_a_rule_is_proved_down_to_cells(tmp_path: Path) -> None:
    rule = tmp_path / "half.pl"
    rule.write_text("half(H) :- digit(0, X), H is X // 2.")
    arguments = "rtl", rule, "--query", "half(H)", "--mapping", "positive", "--output", tmp_path / "out"
    found = call(*arguments, "--simulate", "--prove", "--json")
    assert found.exit_code == 0, found.stderr
    assert json.loads(found.stdout)["verdict"] == "PROVED"


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (("--form", "fast"), "unknown form"),
        (("--query", "half(H)"), "is no rule"),
        (("--prove", "--form", "core"), "registers"),
        (("--timeout", "3"), "give --prove"),
        (("--mapping", "none"), "unknown mapping"),
    ],
)
def test_what_would_not_be_obeyed_is_refused(tmp_path: Path, adder: Path, more: tuple[str, ...], said: str) -> None:
    found = call("rtl", adder, "--output", tmp_path / "out", *more)
    assert found.exit_code == 2
    assert said in found.stderr
    assert not list((tmp_path / "out").glob("*"))


def test_rules_need_a_question_and_foreign_files_stay(tmp_path: Path, adder: Path) -> None:
    rule = tmp_path / "half.pl"
    rule.write_text("half(H) :- digit(0, X), H is X // 2.")
    assert "--query" in call("rtl", rule, "--output", tmp_path / "out").stderr
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "full_adder.v").write_text("my own notes")
    found = call("rtl", adder, "--output", tmp_path / "out")
    assert found.exit_code == 2
    assert "holds something else" in found.stderr


def test_a_circuit_is_fitted(tmp_path: Path, adder: Path) -> None:
    found = call("fit", adder, "--chip", "loihi1", "--json")
    assert found.exit_code == 0, found.stderr
    report = json.loads(found.stdout)
    assert report["fits"] is True
    lines = {line["quantity"]: line for line in report["lines"]}
    assert (lines["in_axons"]["used"], lines["in_axons"]["limit"]) == (4, 4096)
    assert call("fit", adder, "--chip", "truenorth").exit_code == 3
    said = call("fit", adder, "--chip", "xylo")
    assert said.exit_code == 1
    assert "would fit: --mapping single-rail --max-delay 1" in said.stdout
    assert call("fit", adder, "--chip", "xylo", "--max-delay", 1).exit_code == 0


def test_chips_and_settings_that_are_wrong_are_refused(tmp_path: Path, adder: Path) -> None:
    wrong = call("fit", adder, "--chip", "xyla")
    assert wrong.exit_code == 2
    assert "did you mean xylo?" in wrong.stderr
    network = tmp_path / "adder.nir"
    assert call("compile", adder, "--mapping", "single-rail", "--output", network).exit_code == 0
    assert call("fit", network, "--chip", "loihi1").exit_code == 0
    refused = call("fit", network, "--chip", "loihi1", "--max-delay", 3)
    assert refused.exit_code == 2
    assert "--max-delay" in refused.stderr
    assert "no netlist" in call("rtl", network, "--output", tmp_path / "out", "--prove").stderr
    assert call("rtl", network, "--output", tmp_path / "out").exit_code == 0
