"""The core form: one synapse or one neuron a clock, spike by spike as the reference simulation."""

from pathlib import Path

import numpy as np
import pytest

from logic import (
    Convolution,
    NetworkError,
    Population,
    SpikingNetwork,
    Synapses,
    compile_circuit,
    single_lines,
    write_rtl,
)
from logic.hardware import lint, run_testbench, synthesize
from logic.hardware.core_memories import core_memories
from tasks.circuits.deployed import deployed_circuits
from tests.hardware import needs
from tests.networks import random_network

CIRCUITS = deployed_circuits()


def pictures() -> SpikingNetwork:
    """Two pictures side by side through shared kernels, a leaky layer, a race with inhibition and a delay."""
    rng = np.random.default_rng(5)
    kernel = np.tile(rng.integers(-9, 12, (3, 1, 3, 3)), (2, 1, 1, 1))
    maps = Population("maps", (6, 4, 4), 14, retain=True, leak=1, reset="subtract")
    racers = Population("racers", (4,), rng.integers(30, 60, 4), retain=True, bias=1, initial=-2)
    first = Population("first", (4,), 1)
    weights = rng.integers(-6, 8, (4, 96))
    links = (
        Convolution("input", "maps", kernel, stride=2, groups=2, padding=1),
        Synapses.dense("maps", "racers", weights, 3),
        Synapses.dense("racers", "racers", -200 * np.ones((4, 4), np.int64)),
        Synapses.dense("racers", "first", np.eye(4, dtype=np.int64)),
    )
    names = single_lines(f"class{at}" for at in range(4))
    return SpikingNetwork((2, 8, 8), (maps, racers, first), links, 128 + 96 + 4 + np.arange(4), names, np.full(4, 30))


@needs("iverilog", "verilator")
@pytest.mark.parametrize("name", ["full_adder", "adder8", "counter4", "sr_latch"])
def test_circuits_run_as_the_reference_does(tmp_path: Path, name: str) -> None:
    network = compile_circuit(CIRCUITS[name], "single-rail")
    design = write_rtl(network, tmp_path, form="core", name="core")
    said = run_testbench(tmp_path, "core")
    assert said.startswith(f"PASSED: {network.neurons} neurons at {design.golden_steps} steps"), said
    lint(tmp_path, "core")


@needs("iverilog", "verilator")
@pytest.mark.parametrize("seed", range(4))
def test_random_networks_run_as_the_reference_does(tmp_path: Path, seed: int) -> None:
    network = random_network(np.random.default_rng(seed), balanced=False, retain=seed > 1)
    write_rtl(network, tmp_path, form="core", name="core")
    assert run_testbench(tmp_path, "core").startswith("PASSED")
    lint(tmp_path, "core")


@needs("iverilog", "verilator")
def test_pictures_run_as_the_reference_does(tmp_path: Path) -> None:
    network = pictures()
    spikes = np.random.default_rng(0).random((8, 128)) < 0.5
    design = write_rtl(network, tmp_path, form="core", name="core", spikes=spikes)
    assert run_testbench(tmp_path, "core").startswith(f"PASSED: 104 neurons at {design.golden_steps} steps")
    lint(tmp_path, "core")
    assert design.exact_steps is not None  # what inhibits racers may come at every step


def test_equal_rows_are_kept_once() -> None:
    flat = pictures().flatten()
    memories = core_memories(pictures(), 100)
    assert len(memories.synapses.values) < len(flat.weight) / 2
    for source in range(flat.inputs + len(flat.threshold)):
        begin, count, first = memories.rows.values[source].tolist()
        row = memories.synapses.values[begin : begin + count] + np.array([first, 0, 0])
        mine = flat.pre == source
        expected = zip(flat.post[mine], flat.weight[mine], flat.delay[mine], strict=True)
        assert sorted(map(tuple, row.tolist())) == sorted((int(p), int(w), int(d)) for p, w, d in expected if w)


def busy(tmp_path: Path) -> None:
    """A cell that hears all eight lines at one step, so that its current is added to as often as rows can come."""
    wires = Synapses("input", "cell", np.arange(8), np.zeros(8), 1)
    loop = Synapses("cell", "cell", [0, 0], [0, 0], [1, 2], [1, 2])
    cell = Population("cell", (1,), 9, retain=True, initial=9)
    network = SpikingNetwork((8,), (cell,), (wires, loop), np.array([8]), single_lines("y"), np.array([1]))
    write_rtl(network, tmp_path, form="core", name="core", spikes=np.random.default_rng(0).random((40, 8)) < 0.7)


@needs("iverilog")
def test_sums_to_one_current_do_not_meet(tmp_path: Path) -> None:
    busy(tmp_path)
    assert run_testbench(tmp_path, "core").startswith("PASSED")


@needs("iverilog")
@pytest.mark.parametrize("what", ["weight", "first membrane", "lost delay"])
def test_the_testbench_finds_mutants(tmp_path: Path, what: str) -> None:
    busy(tmp_path)
    path = tmp_path / ("core_synapses.mem" if what == "weight" else "core.v")
    text = path.read_text()
    if what == "weight":
        lines = text.split()
        text = "\n".join([f"{int(lines[0], 16) ^ 4:x}", *lines[1:]]) + "\n"
    elif what == "first membrane":
        text = text.replace("clearing ? initial_membrane : rest", "clearing ? 0 : rest")
    else:
        text = text.replace("now + synapse_delay", "now + 2'd1")
    assert text != path.read_text()
    path.write_text(text)
    assert run_testbench(tmp_path, "core").startswith("FAILED")


@needs("yosys")
def test_memories_stay_memories(tmp_path: Path) -> None:
    """What yosys makes of the core holds block memories: nothing that a file fills is optimised away."""
    write_rtl(pictures(), tmp_path, form="core", name="core")
    found = synthesize(tmp_path, "core")
    assert found.memories >= 5
    assert found.flip_flops < 500


def test_a_core_needs_neurons(tmp_path: Path) -> None:
    none = np.zeros(0, np.int64)
    with pytest.raises(NetworkError, match="needs no core"):
        write_rtl(SpikingNetwork((1,), (), (), none, (), none), tmp_path, form="core")
