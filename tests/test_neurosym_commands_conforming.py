"""The commands on simulators of others: a table, a record, a page; what is not installed is said in a sentence."""

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from logic.simulators import Ready, Run, Simulator
from neurosym.commands.cli import app

ADDER = "INPUT(a)\nINPUT(b)\nOUTPUT(s)\nOUTPUT(c)\ns = XOR(a, b)\nc = AND(a, b)\n"


@pytest.fixture
def netlist(tmp_path: Path) -> Path:
    path = tmp_path / "adder.bench"
    path.write_text(ADDER)
    return path


@pytest.fixture
def faithful(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every simulator is there; nest fires as we do, brian2 a step late."""

    def run(ready: Ready, python: Path, spikes: np.ndarray, steps: int, *_: object) -> Run:
        trains = ready.expected(spikes, steps).astype(np.uint8)
        late = np.roll(trains, 1, axis=0) if ready.simulator.name == "brian2" else trains
        return Run(late, "9.9", "3.11", 0.5, 1 << 20)

    def there(name: str, *_: object) -> Path:
        return Path(name)

    monkeypatch.setattr("logic.simulators.agreement.run_in", run)
    monkeypatch.setattr("logic.simulators.agreement.python_of", there)


def invoke(*arguments: str) -> tuple[int, str]:
    found = CliRunner().invoke(app, list(arguments))
    return found.exit_code, found.stdout


@pytest.mark.usefixtures("faithful")
def test_a_netlist_is_compared_and_the_evidence_written(netlist: Path, tmp_path: Path) -> None:
    log, page = tmp_path / "log.json", tmp_path / "page.html"
    code, said = invoke(
        "conform", str(netlist), "--targets", "nest,xylo", "--log", str(log), "--report", str(page), "--json"
    )  # fmt: skip
    assert code == 0
    outcomes = json.loads(said)["outcomes"]
    assert [(found["target"], found["verdict"]) for found in outcomes] == [("nest", "identical"), ("xylo", "identical")]
    assert outcomes[1]["mapping"] == "logicsnn"
    assert json.loads(log.read_text())["outcomes"] == outcomes
    text = page.read_text()
    assert text.count('<svg role="img"') == 5  # cores once, and two rasters for each target
    for words in ("entries compared", "ours: neurons", "nest: neurons", "on 1 cores of 1,024", "no chip was reached"):
        assert words in text


@pytest.mark.usefixtures("faithful")
def test_a_wrong_simulator_ends_with_1_and_is_drawn(netlist: Path, tmp_path: Path) -> None:
    code, said = invoke("conform", str(netlist), "--targets", "brian2", "--report", str(tmp_path / "page.html"))
    assert code == 1
    assert "wrong" in said
    assert "brian2: neurons" in (tmp_path / "page.html").read_text()


def test_what_is_not_installed_is_a_sentence(netlist: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("NEUROSYM_TARGETS", str(tmp_path))
    code, said = invoke("conform", str(netlist), "--targets", "lava", "--json")
    assert code == 3
    assert json.loads(said)["outcomes"][0]["reason"] == "lava is not installed; run: neurosym target install lava"
    code, said = invoke("target", "list", "--json")
    assert code == 0
    assert {row["installed"] for row in json.loads(said)} == {"no"}
    assert invoke("target", "remove", "lava") == (0, "lava: was not installed\n")


@pytest.mark.usefixtures("faithful")
def test_the_kit_for_readers_of_nir(tmp_path: Path) -> None:
    code, said = invoke("conform", "--importer", "nir", "--targets", "norse,nest", "--json")
    assert code == 0
    outcomes = json.loads(said)["outcomes"]
    assert {found["target"] for found in outcomes} == {"norse"}
    assert len(outcomes) == 10


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["conform"], "there is nothing to compare"),
        (["conform", "--importer", "nir", "--targets", "nest"], "nest: reads no NIR"),
        (["conform", "--importer", "onnx"], "there is no kit for 'onnx'"),
        (["target", "install", "nset"], "unknown target 'nset'; did you mean 'nest'"),
    ],
)
def test_what_cannot_be_compared_is_said(arguments: list[str], said: str) -> None:
    found = CliRunner().invoke(app, arguments)
    assert found.exit_code == 2
    assert said in found.stderr


@pytest.mark.usefixtures("faithful")
def test_a_network_of_ours_is_compared(netlist: Path, tmp_path: Path) -> None:
    nir = tmp_path / "adder.nir"
    assert invoke("compile", str(netlist), "--output", str(nir))[0] == 0
    code, said = invoke("conform", str(nir), "--targets", "nest,sinabs", "--json")
    assert code == 0
    assert [found["waves"] >= 32 for found in json.loads(said)["outcomes"]] == [True, True]


def test_simulators_are_told_apart_by_their_rows() -> None:
    from logic.simulators import SIMULATORS

    assert len({simulator.name for simulator in SIMULATORS}) == len(SIMULATORS)
    assert all(isinstance(simulator, Simulator) for simulator in SIMULATORS)
