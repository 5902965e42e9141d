"""The circuit commands: figures, exit codes, and refusals."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from logic import CircuitBuilder, read_nir, replay_golden
from logic.formats import write_circuit
from logic.library import multiply, ripple_add
from logic.proving.drat import check_certificate
from logic.targets import TARGETS
from neurosym.commands.cli import app


def command(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture
def adder(tmp_path: Path) -> Path:
    make = CircuitBuilder()
    a, b = make.inputs(*(f"a{i}" for i in range(4))), make.inputs(*(f"b{i}" for i in range(4)))
    path = tmp_path / "adder.aig"
    write_circuit(make.build_from({f"s{i}": bit for i, bit in enumerate(ripple_add(a, b))}), path)
    return path


@pytest.fixture
def wrong_adder(tmp_path: Path) -> Path:
    make = CircuitBuilder()
    a, b = make.inputs(*(f"a{i}" for i in range(4))), make.inputs(*(f"b{i}" for i in range(4)))
    outputs = {f"s{i}": bit for i, bit in enumerate(ripple_add(a, b))}
    outputs["s3"] = outputs["s3"] ^ (a[0] & b[0] & a[1] & b[1] & a[2] & b[2])
    path = tmp_path / "wrong.blif"
    write_circuit(make.build_from(outputs), path)
    return path


@pytest.mark.parametrize("mapping", ["dual-rail", "single-rail", "logicsnn", "majority", "fail-silent"])
def test_verify_proves_every_mapping(adder: Path, mapping: str) -> None:
    result = command("verify", adder, "--mapping", mapping, "--json")
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    assert found["verdict"] == "PROVED"
    assert found["sizes"]["inputs"] == 8
    assert found["sizes"]["neurons"] > 0


def test_verify_writes_a_certificate(adder: Path, tmp_path: Path) -> None:
    assert command("verify", adder, "--certificate", tmp_path / "proof.cnf").exit_code == 0
    assert check_certificate(tmp_path / "proof.cnf")


def test_verify_refutes_with_a_true_counterexample(adder: Path, wrong_adder: Path) -> None:
    result = command("verify", adder, wrong_adder, "--json")
    assert result.exit_code == 1, result.output
    found = json.loads(result.stdout)
    assert found["verdict"] == "REFUTED"
    assert all(found["counterexample"][name] for name in ("a0", "b0", "a1", "b1", "a2", "b2"))
    again = command("verify", adder, wrong_adder, "--waveform", adder.with_suffix(".vcd"))
    assert again.stdout.startswith("REFUTED")
    assert "$enddefinitions $end" in adder.with_suffix(".vcd").read_text()


def test_a_counterexample_is_drawn_as_a_raster(adder: Path, wrong_adder: Path) -> None:
    raster = adder.with_suffix(".svg")
    assert command("verify", adder, wrong_adder, "--waveform", raster).exit_code == 1
    assert "<svg" in raster.read_text()


def test_a_network_is_verified_from_its_nir_file(adder: Path, wrong_adder: Path) -> None:
    network = adder.with_suffix(".nir")
    for profile in ("lif", "cuba"):
        assert command("compile", adder, "--output", network, "--profile", profile).exit_code == 0
        assert command("verify", network, adder).stdout.startswith("PROVED")
        assert command("verify", network, wrong_adder).exit_code == 1
    assert command("verify", network).exit_code == 2


@pytest.mark.parametrize("suffix", ["aag", "aig", "blif", "v"])
def test_a_circuit_is_translated(adder: Path, tmp_path: Path, suffix: str) -> None:
    other = tmp_path / f"translated.{suffix}"
    assert command("compile", adder, "--output", other).exit_code == 0
    assert command("verify", adder, other).exit_code == 0
    for drawing in ("dot", "svg"):
        assert command("compile", adder, "--output", tmp_path / f"adder.{drawing}").exit_code == 0
    assert command("compile", adder, "--output", tmp_path / "adder.xyz").exit_code == 2


def test_clocked_circuits_are_simulated(tmp_path: Path) -> None:
    clocked = tmp_path / "toggle.bench"
    clocked.write_text("INPUT(up)\nOUTPUT(q)\nq = DFF(d)\nd = XOR(q, up)\n")
    found = json.loads(command("simulate", clocked, "--waves", "6400", "--json").stdout)
    assert (found["waves"], found["wrong"]) == (6400, 0)
    assert found["spikes"] > 6400
    assert command("verify", clocked, clocked).exit_code == 0


def test_clocked_circuits_are_proved_by_induction(tmp_path: Path) -> None:
    (tmp_path / "toggle.aag").write_text("aag 7 2 1 2 4\n2\n4\n6 8\n6\n7\n8 4 10\n10 13 15\n12 2 6\n14 3 7\n")
    for mapping in ("dual-rail", "single-rail"):
        result = command("verify", tmp_path / "toggle.aag", "--mapping", mapping)
        assert result.exit_code == 0, result.output
        assert result.stdout.startswith("PROVED")


def test_no_time_is_unknown(tmp_path: Path) -> None:
    make = CircuitBuilder()
    a, b = make.inputs(*(f"a{i}" for i in range(9))), make.inputs(*(f"b{i}" for i in range(9)))
    for name, product in (("one", multiply(a, b)), ("other", multiply(b, a))):
        write_circuit(make.build_from({f"p{i}": bit for i, bit in enumerate(product)}), tmp_path / f"{name}.aig")
    result = command("verify", tmp_path / "one.aig", tmp_path / "other.aig", "--timeout", "0.000001")
    assert result.exit_code == 3, result.output
    assert result.stdout.startswith("UNKNOWN")


CONTRADICTORY = ".model m\n.inputs a\n.outputs y\n.names a y\n1 1\n0 0\n.end"


@pytest.mark.parametrize(
    ("name", "text"),
    [("a.aig", "aig 9 9"), ("b.blif", CONTRADICTORY), ("c.xyz", "?")],
)
def test_bad_files_are_one_line_and_exit_code_2(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    for verb in ("verify", "compile", "simulate"):
        result = command(verb, tmp_path / name)
        assert result.exit_code == 2, result.output
        assert name in result.stderr
        assert len(result.stderr.strip().splitlines()) == 1


def test_an_unknown_mapping_and_other_names_are_refused(adder: Path, tmp_path: Path) -> None:
    assert command("verify", adder, "--mapping", "triple-rail").exit_code == 2
    make = CircuitBuilder()
    (x,) = make.inputs("x")
    write_circuit(make.build(y=~x), tmp_path / "other.aag")
    assert command("verify", adder, tmp_path / "other.aag").exit_code == 2


def test_compile_tells_sizes_and_writes_nir(adder: Path, tmp_path: Path) -> None:
    result = command("compile", adder, "--output", tmp_path / "adder.nir", "--json")
    assert result.exit_code == 0, result.output
    network = read_nir(tmp_path / "adder.nir")
    assert json.loads(result.stdout)["neurons"] == network.neurons
    assert network.output_names[0] == "s0=0"
    assert replay_golden(tmp_path / "adder.nir") == 0
    assert "single-rail" in command("compile", adder, "--pareto").stdout


@pytest.mark.parametrize("suffix", sorted({target.suffix for target in TARGETS}))
def test_each_target_of_the_table_is_written_and_verified(adder: Path, tmp_path: Path, suffix: str) -> None:
    output = tmp_path / f"adder{suffix}"
    told = command("compile", adder, "--mapping", "single-rail", "--output", output)
    assert told.exit_code == 0, told.output
    assert command("verify", output, adder).exit_code == 0


def test_simulate_counts_and_injects_faults(adder: Path) -> None:
    found = json.loads(command("simulate", adder, "--waves", "1000", "--json").stdout)
    assert (found["waves"], found["wrong"]) == (1000, 0)
    assert found["spikes"] > 8000
    faulty = json.loads(command("simulate", adder, "--waves", "1000", "--deletion", "0.05", "--json").stdout)
    assert faulty["silent_under_faults"] > 0
    assert faulty["wrong_under_faults"] == faulty["torn_under_faults"] == 0
    single = json.loads(command("simulate", adder, "--mapping", "single-rail", "--json").stdout)
    assert single["wrong"] == 0
    assert command("simulate", adder, "--mapping", "single-rail", "--deletion", "0.1").exit_code == 2


def test_learn_gate_learns_and_proves() -> None:
    result = command("learn-gate", "0110")
    assert result.exit_code == 0, result.output
    assert "PROVED" in result.stdout
    assert "predicted 6" in result.stdout
    assert json.loads(command("learn-gate", "0110", "--json").stdout)["verdict"] == "PROVED"
    assert command("learn-gate", "01102").exit_code == 2


@pytest.mark.filterwarnings("default")
def test_a_warning_is_one_line_without_a_place_in_our_code(tmp_path: Path) -> None:
    path = tmp_path / "open.blif"
    path.write_text(".model t\n.inputs a b\n.outputs y\n.names u v\n1 1\n.names a b y\n11 1\n.end\n")
    done = command("verify", path)
    assert done.exit_code == 0
    assert done.stderr == f"Warning: {path}:4: 'u' is read but never driven; nothing depends on it\n"
