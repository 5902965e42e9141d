"""The register form: Verilog that Icarus runs spike by spike as the reference, and that Verilator accepts."""

import re
from pathlib import Path

import numpy as np
import pytest

from logic import (
    Line,
    NetworkError,
    Population,
    SpikingNetwork,
    Synapses,
    compile_circuit,
    single_lines,
    write_rtl,
)
from logic.hardware import ToolError, lint, run_testbench
from logic.hardware.design import read_design_notes
from logic.hardware.register_form import register_form
from tasks.circuits.deployed import deployed_circuits
from tests.hardware import needs
from tests.networks import random_network

CIRCUITS = deployed_circuits()
NONE = np.zeros(0, np.int64)
SMALL = ("xor", "full_adder", "adder8", "c17", "counter4", "sr_latch")


def cells(**settings: object) -> SpikingNetwork:
    """Nine neurons of one kind that hear four lines with weights of both signs, and each other."""
    rng = np.random.default_rng(3)
    population = Population("cells", (9,), rng.integers(2, 12, 9), **settings)  # pyright: ignore[reportArgumentType]
    pre, post = np.divmod(np.arange(36), 9)
    forward = Synapses("input", "cells", pre, post, rng.integers(-4, 8, 36), rng.integers(1, 4, 36))
    loop = Synapses("cells", "cells", np.arange(9), (np.arange(9) + 1) % 9, rng.integers(-3, 4, 9), 2)
    return SpikingNetwork(
        (4,),
        (population,),
        (forward, loop),
        np.arange(4, 13),
        single_lines(f"n{at}" for at in range(9)),
        np.ones(9, np.int64),
    )


@needs("iverilog")
@pytest.mark.parametrize("mapping", ["single-rail", "dual-rail"])
@pytest.mark.parametrize("name", SMALL)
def test_circuits_run_as_the_reference_does(tmp_path: Path, name: str, mapping: str) -> None:
    network = compile_circuit(CIRCUITS[name], mapping)
    design = write_rtl(network, tmp_path, name="dut")
    assert run_testbench(tmp_path, "dut") == f"PASSED: {network.neurons} neurons at {design.golden_steps} steps"
    assert design.unseen <= 2  # a carry into the lowest bit never comes


@needs("iverilog", "verilator")
@pytest.mark.parametrize(
    "settings",
    [
        {"bias": -2},
        {"retain": True},
        {"retain": True, "initial": -5, "bias": 1},
        {"retain": True, "leak": 1},
        {"retain": True, "leak": 2, "reset": "subtract", "initial": 9},
        {"retain": True, "reset": "subtract"},
    ],
)
def test_membranes_run_as_the_reference_does(tmp_path: Path, settings: dict[str, object]) -> None:
    network = cells(**settings)
    design = write_rtl(network, tmp_path, name="cells")
    assert run_testbench(tmp_path, "cells").startswith("PASSED")
    lint(tmp_path, "cells")
    assert (design.exact_steps is None) == (not network.flatten().retain.any() or "leak" in settings)


@needs("iverilog", "verilator")
@pytest.mark.parametrize("seed", range(4))
def test_random_networks_run_as_the_reference_does(tmp_path: Path, seed: int) -> None:
    network = random_network(np.random.default_rng(seed), balanced=seed % 2 == 0, retain=seed > 1)
    write_rtl(network, tmp_path, name="cells")
    assert run_testbench(tmp_path, "cells").startswith("PASSED")
    lint(tmp_path, "cells")


@needs("iverilog", "verilator")
def test_wide_gates_are_single_operators(tmp_path: Path) -> None:
    wires = [Synapses("input", "cells", np.arange(8), np.full(8, at), 1) for at in range(3)]
    network = SpikingNetwork(
        (8,),
        (Population("cells", (3,), [1, 8, 4]),),
        tuple(wires),
        np.arange(8, 11),
        single_lines("abc"),
        np.ones(3, np.int64),
    )
    spikes = np.random.default_rng(0).random((200, 8)) < np.linspace(0, 1, 200)[:, None]
    write_rtl(network, tmp_path, name="wide", spikes=spikes)
    text = (tmp_path / "wide.v").read_text()
    assert [f"fire[{at}] = {what}" in text for at, what in enumerate(("|{", "&{", "sum_2 >="))] == [True] * 3
    assert run_testbench(tmp_path, "wide").startswith("PASSED")
    lint(tmp_path, "wide")


@needs("iverilog", "verilator")
@pytest.mark.parametrize("outputs", [[], [0]])
def test_networks_without_neurons_or_answers_are_legal(tmp_path: Path, outputs: list[int]) -> None:
    lines = single_lines(f"y{at}" for at in range(len(outputs)))
    write_rtl(
        SpikingNetwork((2,), (), (), np.array(outputs, np.int64), lines, np.zeros(len(outputs), np.int64)),
        tmp_path,
        name="wires",
    )
    assert run_testbench(tmp_path, "wires").startswith("PASSED")
    lint(tmp_path, "wires")


def mutants(text: str) -> dict[str, str]:
    """One bit of a truth table, one delay and one first value changed."""
    table = re.search(r"table_0 = (\d+)'h(\w+)", text)
    assert table
    flipped = f"table_0 = {table[1]}'h{int(table[2], 16) ^ 1 << int(table[1]) - 1:x}"
    source = next(re.finditer(r"assign fire\[\d+\] = table_\d+\[\{(.*)\}\]", text))[1].split(", ")[0]
    place = text.index(source, text.index("assign fire"))
    late = text[:place] + "late" + text[place + len(source) :]
    late = late.replace("  wire [", "  reg late;\n  wire [", 1)
    late = late.replace(
        "  always @(posedge clk) begin", f"  always @(posedge clk) late <= {source};\n  always @(posedge clk) begin"
    )
    first = re.sub(r"(spike <= \d+'h)(\w+);", lambda found: f"{found[1]}{int(found[2], 16) ^ 1:x};", text, count=1)
    return {"table": text.replace(table[0], flipped), "delay": late, "first": first}


@needs("iverilog")
@pytest.mark.parametrize("name", ["xor", "counter4"])
@pytest.mark.parametrize("what", ["table", "delay", "first"])
def test_the_testbench_finds_mutants(tmp_path: Path, name: str, what: str) -> None:
    write_rtl(compile_circuit(CIRCUITS[name], "single-rail"), tmp_path, name="dut")
    path = tmp_path / "dut.v"
    path.write_text(mutants(path.read_text())[what])
    assert run_testbench(tmp_path, "dut").startswith("FAILED")


def test_notes_are_read_back(tmp_path: Path) -> None:
    circuit = CIRCUITS["full_adder"]
    design = write_rtl(compile_circuit(circuit, "dual-rail"), tmp_path, name="adder")
    assert read_design_notes(tmp_path) == design
    assert design.inputs[:2] == (Line("a", 0), Line("a", 1))
    write_rtl(compile_circuit(circuit, "single-rail"), tmp_path, name="other")
    with pytest.raises(NetworkError, match="holds 2 designs"):
        read_design_notes(tmp_path)
    (tmp_path / "other.json").write_text("{}")
    with pytest.raises(NetworkError, match="no description"):
        read_design_notes(tmp_path, "other")


def test_refusals(tmp_path: Path) -> None:
    network = compile_circuit(CIRCUITS["xor"])
    for name in ("Xor", "1", "wire", "logic", ""):
        with pytest.raises(NetworkError, match="no name of a module"):
            write_rtl(network, tmp_path, name=name)
    with pytest.raises(NetworkError, match="unknown form 'fast'"):
        write_rtl(network, tmp_path, form="fast")  # pyright: ignore[reportArgumentType]
    many = np.zeros(200_001)
    dense = Synapses("input", "cells", many, many, np.ones(200_001))
    with pytest.raises(NetworkError, match="use the form 'core'"):
        register_form(SpikingNetwork((1,), (Population("cells", (1,), 1),), (dense,), NONE, (), NONE), "big", 1)
    assert not list(tmp_path.iterdir())


@needs("iverilog")
def test_a_design_that_is_no_verilog_is_named(tmp_path: Path) -> None:
    write_rtl(compile_circuit(CIRCUITS["xor"]), tmp_path, name="xor2")
    (tmp_path / "xor2.v").write_text("module nothing; endmodule")
    with pytest.raises(ToolError, match="iverilog does not accept"):
        run_testbench(tmp_path, "xor2")
