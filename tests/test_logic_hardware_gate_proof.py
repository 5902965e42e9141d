"""The proof of cells: what yosys makes of a design is the source circuit, and what was changed is refuted."""

import json
import os
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from logic import (
    Circuit,
    FormatError,
    NetworkError,
    compile_circuit,
    parse_circuit,
    read_circuit,
    write_rtl,
)
from logic.evaluation import run, to_words
from logic.hardware import prove_cells, prove_rtl
from logic.hardware.cells import read_cells
from logic.hardware.design import read_design_notes
from logic.proving.streams import to_stream
from tasks.circuits.deployed import deployed_circuits
from tests.hardware import needs
from tests.test_logic_hardware_register_form import SMALL, mutants

CIRCUITS = deployed_circuits()
DATA = Path(os.environ.get("NEUROSYM_DATA", "nowhere")) / "circuits"
MOST_TABLES = {"xor": 3, "full_adder": 3, "adder8": 30, "c17": 6, "counter4": 12, "sr_latch": 3, "c880": 250}


@needs("yosys")
@pytest.mark.parametrize("name", SMALL)
def test_circuits_are_proved_down_to_cells(tmp_path: Path, name: str) -> None:
    write_rtl(compile_circuit(CIRCUITS[name], "single-rail"), tmp_path, name="dut")
    found = prove_rtl(tmp_path, CIRCUITS[name])
    assert found.verdict.holds, found.verdict
    assert 0 < found.resources.lookup_tables <= MOST_TABLES[name]
    assert found.resources.flip_flops == len(read_cells(tmp_path / "dut_cells.json", "dut").register_names)


@needs("yosys")
@pytest.mark.parametrize("name", ["full_adder", "counter4", "sr_latch"])
def test_two_rails_are_proved(tmp_path: Path, name: str) -> None:
    write_rtl(compile_circuit(CIRCUITS[name], "dual-rail"), tmp_path, name="dut")
    assert prove_rtl(tmp_path, CIRCUITS[name]).verdict.holds


@needs("yosys")
@pytest.mark.skipif(not DATA.exists(), reason="set NEUROSYM_DATA to the data folder")
def test_c880_is_proved_down_to_cells(tmp_path: Path) -> None:
    circuit = read_circuit(DATA / "iscas85" / "c880.aig")
    write_rtl(compile_circuit(circuit, "single-rail"), tmp_path, name="c880")
    found = prove_rtl(tmp_path, circuit)
    assert found.verdict.holds, found.verdict
    assert found.resources.lookup_tables <= MOST_TABLES["c880"]
    other = replace(circuit, outputs=circuit.outputs ^ (np.arange(26) == 7))
    assert (
        prove_cells(read_cells(tmp_path / "c880_cells.json", "c880"), read_design_notes(tmp_path), other).holds is False
    )


@needs("yosys")
@pytest.mark.parametrize("name", ["xor", "counter4"])
@pytest.mark.parametrize("what", ["table", "delay", "first"])
def test_mutants_are_refuted(tmp_path: Path, name: str, what: str) -> None:
    write_rtl(compile_circuit(CIRCUITS[name], "single-rail"), tmp_path, name="dut")
    path = tmp_path / "dut.v"
    path.write_text(mutants(path.read_text())[what])
    verdict = prove_rtl(tmp_path, CIRCUITS[name]).verdict
    assert verdict.holds is False, verdict
    assert verdict.counterexample is not None
    assert to_stream(verdict.counterexample, CIRCUITS[name].inputs).values.shape[1] == len(CIRCUITS[name].inputs)


@needs("yosys")
def test_a_declaration_that_is_wrong_is_not_proved(tmp_path: Path) -> None:
    for name, wrong in (
        ("full_adder", {"latencies": (1, 2)}),
        ("counter4", {"period": 3}),
        ("sr_latch", {"period": 5}),
    ):
        write_rtl(compile_circuit(CIRCUITS[name], "single-rail"), tmp_path / name, name="dut")
        assert prove_rtl(tmp_path / name, CIRCUITS[name]).verdict.holds
        cells, notes = read_cells(tmp_path / name / "dut_cells.json", "dut"), read_design_notes(tmp_path / name)
        assert not prove_cells(cells, replace(notes, **wrong), CIRCUITS[name]).holds


@needs("yosys")
def test_a_clock_without_enable_must_change_nothing(tmp_path: Path) -> None:
    write_rtl(compile_circuit(CIRCUITS["full_adder"], "single-rail"), tmp_path, name="dut")
    path = tmp_path / "dut.v"
    path.write_text(path.read_text().replace("else if (en)", "else"))
    assert prove_rtl(tmp_path, CIRCUITS["full_adder"]).verdict.holds is None  # right as long as it is enabled


@needs("yosys")
def test_one_hot_inputs_are_promised(tmp_path: Path) -> None:
    plain = parse_circuit("y = a & b; z = a | b", "eqn")
    circuit = replace(plain, one_hot=(range(2),))
    changed = replace(circuit, outputs=np.array([0, 1]))  # never both, always one
    write_rtl(compile_circuit(plain, "single-rail"), tmp_path, name="dut")
    assert prove_rtl(tmp_path, changed).verdict.holds
    assert prove_rtl(tmp_path, replace(changed, one_hot=())).verdict.holds is False


@needs("yosys")
@pytest.mark.parametrize("name", ["c17", "sr_latch"])
def test_changed_cells_are_proved_only_if_they_answer_rightly(tmp_path: Path, name: str) -> None:
    """Table bits and wires changed at random, judged by a simulation that knows nothing of the proof."""
    circuit, rng = CIRCUITS[name], np.random.default_rng(7)
    notes = write_rtl(compile_circuit(circuit, "single-rail"), tmp_path, name="dut")
    assert prove_rtl(tmp_path, circuit).verdict.holds
    netlist_text = (tmp_path / "dut_cells.json").read_text()
    words = Counter[str]()
    for _ in range(40):
        changed = json.loads(netlist_text)
        parts = list(changed["modules"]["dut"]["cells"].values())
        part, other = (parts[int(rng.integers(len(parts)))] for _ in range(2))
        if part["type"] == "SB_LUT4" and rng.random() < 0.6:
            bits, place = part["parameters"]["LUT_INIT"], int(rng.integers(16))
            part["parameters"]["LUT_INIT"] = f"{bits[:place]}{1 - int(bits[place])}{bits[place + 1 :]}"
        else:
            ports = [port for port in part["connections"] if port not in ("O", "Q", "C")]
            port = ports[int(rng.integers(len(ports)))]
            part["connections"][port] = other["connections"]["O" if "O" in other["connections"] else "Q"]
        (tmp_path / "changed.json").write_text(json.dumps(changed))
        try:
            cells = read_cells(tmp_path / "changed.json", "dut")
        except FormatError:  # a loop of gates
            continue
        verdict = prove_cells(cells, notes, circuit)
        words[verdict.word] += 1
        right = answers_rightly(cells, circuit, notes.period, notes.latencies, rng)
        assert right or not verdict.holds, (verdict, changed)
    assert min(words["PROVED"], words["REFUTED"]) > 5


def answers_rightly(
    cells: Circuit, circuit: Circuit, period: int, latencies: tuple[int, ...], rng: np.random.Generator
) -> bool:
    """Whether all answers of 64 streams of 40 waves after a reset are the circuit's, step by step."""
    waves = rng.random((40, 64, len(circuit.inputs))) < 0.5
    state = to_words(rng.random((64, len(cells.register_names))) < 0.5)
    steps = 40 * period + max(latencies)
    rows = np.zeros((steps + 1, 64, len(cells.inputs)), np.bool_)
    place = {name: at for at, name in enumerate(cells.inputs)}
    rows[0, :, place["rst"]] = True
    rows[1:, :, place["en"]] = True
    for line in range(len(circuit.inputs)):
        rows[1 : 1 + 40 * period : period, :, place[f"in[{line}]"]] = waves[..., line]
    said = run(cells, np.stack([to_words(row) for row in rows]), state)[1:]
    first = to_words(np.repeat(circuit.register_initial[None] == 1, 64, axis=0))
    meant = run(circuit, np.stack([to_words(row) for row in waves]), first)
    return all(
        np.array_equal(said[wave * period + late, output], meant[wave, output])
        for wave in range(40)
        for output, late in enumerate(latencies)
    )


def cell(kind: str, parameters: dict[str, str] | None = None, /, **nets: object) -> dict[str, object]:
    return {"type": kind, "parameters": parameters or {}, "connections": {port: [net] for port, net in nets.items()}}


def netlist(*cells: dict[str, object]) -> dict[str, object]:
    """Three inputs (nets 2 to 4, and 5 the clock), one output (net 9)."""
    ports = {
        "clk": {"direction": "input", "bits": [5]},
        "in": {"direction": "input", "bits": [2, 3, 4]},
        "out": {"direction": "output", "bits": [9]},
    }
    return {"modules": {"m": {"ports": ports, "cells": {str(at): c for at, c in enumerate(cells)}, "netnames": {}}}}


def read(tmp_path: Path, content: object) -> Circuit:
    path = tmp_path / "cells.json"
    path.write_text(json.dumps(content))
    return read_cells(path, "m")


def outputs(circuit: Circuit, *rows: str) -> str:
    """The output at each clock for what ``in`` is then, from a register that holds 0."""
    bits = np.zeros((len(rows), len(circuit.inputs)), np.bool_)
    for place in range(3):
        if f"in[{place}]" in circuit.inputs:
            bits[:, circuit.inputs.index(f"in[{place}]")] = [row[place] == "1" for row in rows]
    words = np.stack([to_words(row[None]) for row in bits])
    state = np.zeros((len(circuit.register_names), 1), np.uint64)
    return "".join(str(int(word[0, 0]) & 1) for word in run(circuit, words, state))


ROWS = tuple(f"{row:03b}" for row in range(8))


def test_tables_and_carries_mean_what_the_vendor_says(tmp_path: Path) -> None:
    table = "1000000000000110"  # of {I3, I2, I1, I0}, row 15 first: true in rows 1, 2 and 15
    lut = read(tmp_path, netlist(cell("SB_LUT4", {"LUT_INIT": table}, I0=2, I1=3, I2=4, I3=4, O=9)))
    assert outputs(lut, *ROWS) == "00101001"  # 010 and 100 are rows 2 and 1; 111 is row 15
    carry = read(tmp_path, netlist(cell("SB_CARRY", I0=2, I1=3, CI=4, CO=9)))
    assert outputs(carry, *ROWS) == "00010111"


@pytest.mark.parametrize(
    ("kind", "nets", "expected"),
    [
        ("SB_DFF", {}, "0101"),
        ("SB_DFFE", {"E": 3}, "0001"),
        ("SB_DFFSR", {"R": 3}, "0100"),
        ("SB_DFFSS", {"S": 3}, "0111"),
        ("SB_DFFN", {}, "0101"),
    ],
)
def test_flip_flops_mean_what_the_vendor_says(tmp_path: Path, kind: str, nets: dict[str, int], expected: str) -> None:
    circuit = read(tmp_path, netlist(cell(kind, D=2, Q=9, C=5, **nets)))
    assert outputs(circuit, "100", "011", "110", "000") == expected  # in[0] is D, in[1] set, reset or enable
    assert circuit.clock is not None
    assert circuit.clock.rising == (kind != "SB_DFFN")
    assert circuit.open_registers == circuit.register_names


def test_an_enable_governs_a_reset(tmp_path: Path) -> None:
    circuit = read(tmp_path, netlist(cell("SB_DFFESR", D=2, R=3, E=4, Q=9, C=5)))
    assert outputs(circuit, "101", "010", "011", "000") == "0110"


def test_undefined_nets_may_be_anything(tmp_path: Path) -> None:
    circuit = read(tmp_path, netlist(cell("SB_CARRY", I0=2, I1=3, CI="x", CO=9)))
    assert circuit.inputs[-1] == "undefined 1"


@pytest.mark.parametrize(
    ("content", "match"),
    [
        (netlist(cell("SB_RAM40_4K")), "block memory"),
        (netlist(cell("SB_DFFR", D=2, Q=9, C=5, R=3)), "no gate we know"),
        (netlist(cell("SB_LUT4", {"LUT_INIT": "10"}, O=9)), "16 bits"),
        (netlist(cell("SB_DFF", D=2, Q=9, C=5), cell("SB_DFF", D=2, Q=8, C=3)), "share one clock"),
        ({"modules": {}}, "no netlist of the module 'm'"),
        ([], "no netlist"),
    ],
)
def test_netlists_that_cannot_be_read_are_refused(tmp_path: Path, content: object, match: str) -> None:
    with pytest.raises(FormatError, match=match):
        read(tmp_path, content)


def test_signals_that_do_not_match_are_refused(tmp_path: Path) -> None:
    circuit = CIRCUITS["xor"]
    notes = write_rtl(compile_circuit(circuit, "single-rail"), tmp_path, name="dut")
    with pytest.raises(NetworkError, match="no port 'in"):
        prove_cells(circuit, notes, circuit)
    ports = parse_circuit("INORDER = in[0] in[1] rst en; OUTORDER = out[0]; out[0] = in[0] & in[1];", "eqn")
    with pytest.raises(NetworkError, match="not a signal"):
        prove_cells(ports, notes, CIRCUITS["c17"])
