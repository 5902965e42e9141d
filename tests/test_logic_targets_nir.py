"""Networks survive the way to NIR and back, and an independent simulator gives the same spikes."""

import json
from dataclasses import replace
from itertools import product
from pathlib import Path

import nir
import numpy as np
import pytest
import torch
from hypothesis import given, settings, strategies as st

from logic import (
    INPUT,
    CircuitBuilder,
    Convolution,
    FileError,
    NetworkError,
    Population,
    SpikingNetwork,
    Synapses,
    compare_with_snntorch,
    compile_circuit,
    names_file,
    parse_circuit,
    read_nir,
    replay_golden,
    run_in_snntorch,
    simulate,
    to_nir,
    verify,
    write_nir,
)
from logic.proving.streams import input_spikes
from logic.rails import single_lines


def picture_chain(seed: int) -> SpikingNetwork:
    """Two groups of maps with memory, racers with a bias and inhibition of each other, and gates of two thresholds."""
    rng = np.random.default_rng(seed)
    populations = (
        Population("maps", (4, 3, 3), 4, retain=True),
        Population("racers", (6, 1, 1), 12, retain=True, bias=1, initial=-2),
        Population("gates", (3,), [1, 2, 3]),
    )
    projections = (
        Convolution(INPUT, "maps", rng.integers(-2, 4, (4, 1, 3, 3)), stride=2, groups=2),
        Convolution("maps", "racers", rng.integers(-2, 4, (6, 2, 3, 3)), groups=2),
        Synapses.dense("racers", "racers", -20 * (1 - np.eye(6, dtype=int))),
        Synapses.dense("racers", "gates", rng.integers(-1, 3, (3, 6))),
    )
    outputs = np.arange(3) + 2 * 49 + 36 + 6
    return SpikingNetwork((2, 7, 7), populations, projections, outputs, single_lines("abc"), np.array([3, 3, 3]))


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**31), st.sampled_from(["lif", "cuba"]))
def test_snntorch_gives_the_same_spikes(tmp_path_factory: pytest.TempPathFactory, seed: int, profile: str) -> None:
    path = tmp_path_factory.mktemp("nir") / "chain.nir"
    write_nir(picture_chain(seed), path, profile)
    spikes = torch.from_numpy(np.random.default_rng(seed).random((12, 8, 2, 7, 7)) < 0.3)
    found = compare_with_snntorch(path, spikes)
    assert (found.different, found.shift, found.samples) == (0, 3, 8)


def test_the_compared_networks_do_spike(tmp_path: Path) -> None:
    spikes = torch.from_numpy(np.random.default_rng(1).random((12, 8, 2, 7, 7)) < 0.3)
    counts: list[int] = []
    for seed in range(10):
        write_nir(picture_chain(seed), tmp_path / "chain.nir")
        counts.append(compare_with_snntorch(tmp_path / "chain.nir", spikes).spikes)
    assert sum(count > 0 for count in counts) >= 8


def test_golden_spikes_travel_along(tmp_path: Path) -> None:
    path = tmp_path / "chain.nir"
    spikes = torch.from_numpy(np.random.default_rng(1).random((12, 3, 2, 7, 7)) < 0.3)
    write_nir(picture_chain(1), path, golden=spikes)
    assert replay_golden(path) == 0
    notes = json.loads(names_file(path).read_text())
    notes["golden"]["answers"].pop()
    names_file(path).write_text(json.dumps(notes))
    assert replay_golden(path) == 1
    write_nir(picture_chain(1), path)
    with pytest.raises(NetworkError, match="without golden"):
        replay_golden(path)


def test_comparison_sees_a_changed_weight(tmp_path: Path) -> None:
    network, path = picture_chain(1), tmp_path / "chain.nir"
    spikes = torch.from_numpy(np.random.default_rng(1).random((12, 8, 2, 7, 7)) < 0.3)
    write_nir(network, path)
    graph = nir.read(path)
    gates = graph.nodes["to_gates"]
    assert isinstance(gates, nir.Conv2d)
    gates.weight[0] += 1
    nir.write(path, graph)
    changed = run_in_snntorch(path, spikes, 12)
    expected = simulate(network, spikes, 15, record=["gates"])["gates"][3:]
    assert (changed.bool() != expected).any()


def test_back_from_nir_is_the_same_network(tmp_path: Path) -> None:
    network, path = picture_chain(5), tmp_path / "chain.nir"
    write_nir(network, path)
    back = read_nir(path)
    for found, expected in zip(sorted_synapses(back), sorted_synapses(network), strict=True):
        assert np.array_equal(found, expected)
    assert back.output_lines == network.output_lines
    assert np.array_equal(back.latencies, network.latencies)


def sorted_synapses(network: SpikingNetwork) -> list[np.ndarray[tuple[int, ...], np.dtype[np.int64]]]:
    flat = network.flatten()
    order = np.lexsort((flat.pre, flat.post))
    kept = order[flat.weight[order] != 0]
    synapses = [flat.pre[kept], flat.post[kept], flat.weight[kept], flat.delay[kept]]
    return [*synapses, flat.threshold, flat.bias, flat.initial, flat.retain.astype(np.int64)]


def test_gates_of_a_circuit_go_through_affine_nodes(tmp_path: Path) -> None:
    make = CircuitBuilder()
    a, b, c = make.inputs("a", "b", "c")
    network = compile_circuit(make.build(sum=a ^ b ^ c, both=a & b), "dual-rail", "relays")
    path = tmp_path / "adder.nir"
    write_nir(network, path)
    waves = np.array(np.meshgrid(*[(0, 1)] * 3)).reshape(3, -1).T
    lines = np.stack([waves == 0, waves == 1], axis=2).reshape(8, 1, 6)
    assert compare_with_snntorch(path, torch.from_numpy(lines)).different == 0
    assert read_nir(path).input_lines == network.input_lines


@pytest.mark.filterwarnings("ignore")  # Norse's own
@pytest.mark.parametrize("profile", ["lif", "cuba"])
def test_norse_gives_the_same_spikes_for_gates(tmp_path: Path, profile: str) -> None:
    norse = pytest.importorskip("norse.torch", reason="Norse is not installed: the second opinion was NOT asked")
    make = CircuitBuilder()
    a, b, c = make.inputs("a", "b", "c")
    network = compile_circuit(make.build(sum=a ^ b ^ c, both=a & b), "dual-rail", "relays", aligned=True)
    write_nir(network, tmp_path / "adder.nir", profile)
    waves = torch.tensor([[a == v for a in wave for v in (0, 1)] for wave in product((0, 1), repeat=3)])[:, None]
    module, state, answers = norse.from_nir(nir.read(tmp_path / "adder.nir"), dt=1e-4), None, list[torch.Tensor]()
    with torch.no_grad():
        for wave in waves:
            answer, state = module(wave.float(), state)
            answers.append(answer.bool())
    last, shift = network.populations[-1].name, len(network.populations)
    ours = simulate(network, waves, len(waves) + shift, record=[last])[last][shift:]
    assert torch.equal(torch.stack(answers), ours)
    assert ours.sum() == 16


def test_what_nir_cannot_carry_is_refused(tmp_path: Path) -> None:
    network = picture_chain(0)
    skip = Synapses("input", "gates", [0], [0], [1])
    with pytest.raises(NetworkError, match=r"input -> gates leaves the chain; balance with relays"):
        write_nir(replace(network, projections=(*network.projections, skip)), tmp_path / "a.nir")
    early = Population("racers", (6, 1, 1), 12, retain=True, bias=1, initial=0)
    with pytest.raises(NetworkError, match=r"'racers' holds a membrane of 2 when its reading begins.*start it at -2"):
        write_nir(
            replace(network, populations=(network.populations[0], early, network.populations[2])), tmp_path / "a.nir"
        )
    uneven = Population("racers", (6, 1, 1), [12, 12, 12, 12, 12, 13], retain=True, leak=1)
    changed = replace(network, populations=(network.populations[0], uneven, network.populations[2]))
    with pytest.raises(NetworkError, match="several thresholds"):
        write_nir(changed, tmp_path / "b.nir")
    with pytest.raises(NetworkError, match="unknown profile 'if' of nir; use 'cuba'"):
        write_nir(network, tmp_path / "c.nir", "if")
    with pytest.raises(NetworkError, match=r"ends in \.nir"):
        write_nir(network, tmp_path / "c.h5")
    assert not list(tmp_path.iterdir())


def test_damaged_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "chain.nir"
    with pytest.raises(NetworkError, match="cannot be read"):
        read_nir(path)
    write_nir(picture_chain(0), path)
    notes = json.loads(names_file(path).read_text())
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(NetworkError):
        read_nir(path)
    names_file(path).write_text(json.dumps(notes | {"format": "other"}))
    with pytest.raises(NetworkError, match="not a"):
        read_nir(path)


def test_a_full_disk_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(nir, "write", full)
    with pytest.raises(FileError, match="No space left"):
        write_nir(picture_chain(0), tmp_path / "chain.nir")
    assert not list(tmp_path.iterdir())


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**31), st.sampled_from(["lif", "cuba"]))
def test_no_reader_fires_twice_a_step(seed: int, profile: str) -> None:
    """A reader that fires ``floor(v / theta)`` times a step, as sinabs does, gives the same spikes."""
    rng = np.random.default_rng(seed)
    populations = (Population("first", (6,), rng.integers(1, 5, 6)), Population("second", (4,), rng.integers(1, 5, 4)))
    weights = rng.integers(-3, 6, (6, 5)), rng.integers(-3, 6, (4, 6))
    projections = (Synapses.dense(INPUT, "first", weights[0]), Synapses.dense("first", "second", weights[1]))
    network = SpikingNetwork((5,), populations, projections, np.arange(4) + 11, single_lines("abcd"), np.full(4, 2))
    inputs = np.array(list(product((0, 1), repeat=5)))
    graph = to_nir(network, profile)
    signal = inputs.astype(float)
    for name in ("first", "second"):
        affine, neuron = graph.nodes[f"to_{name}"], graph.nodes[name]
        assert isinstance(affine, nir.Affine)
        assert isinstance(neuron, (nir.LIF, nir.CubaLIF))
        signal = np.floor(np.maximum(signal @ affine.weight.T + affine.bias, 0) / neuron.v_threshold)
    ours = simulate(network, torch.from_numpy(inputs)[None].bool(), 3, record=["second"])["second"][2]
    assert (signal == ours.numpy()).all()


def test_the_period_of_waves_travels_with_the_file(tmp_path: Path) -> None:
    network = replace(picture_chain(0), period=3)
    write_nir(network, tmp_path / "slow.nir")
    assert read_nir(tmp_path / "slow.nir").period == 3


COUNTER = """INPUT(count)
OUTPUT(low)
OUTPUT(high)
low = DFF(next_low)
high = DFF(next_high)
next_low = XOR(low, count)
carry = AND(low, count)
next_high = XOR(high, carry)
"""
LATCH = """INPUT(set)
INPUT(reset)
OUTPUT(held)
held = DFF(next)
stay = NOT(reset)
kept = AND(held, stay)
next = OR(set, kept)
"""


@pytest.mark.parametrize("mapping", ["dual-rail", "single-rail"])
@pytest.mark.parametrize("text", [COUNTER, LATCH], ids=["counter", "latch"])
@pytest.mark.parametrize("profile", ["lif", "cuba"])
def test_a_clocked_circuit_goes_through_one_loop(text: str, mapping: str, profile: str, tmp_path: Path) -> None:
    circuit = parse_circuit(text, "bench")
    network = compile_circuit(circuit, mapping)
    assert network.period > 1
    waves = np.random.default_rng(3).integers(0, 2, (48, 1, len(circuit.inputs))).astype(bool)
    spikes = torch.from_numpy(input_spikes(network, circuit, waves))
    write_nir(network, tmp_path / "x.nir", profile, spikes)
    found = compare_with_snntorch(tmp_path / "x.nir", spikes)
    assert (found.different, found.shift) == (0, 0)
    assert found.spikes > 20
    back = read_nir(tmp_path / "x.nir")
    assert replay_golden(tmp_path / "x.nir") == 0
    for ours, again in zip(sorted_synapses(network), sorted_synapses(back), strict=True):
        assert np.array_equal(ours, again)
    assert verify(back, circuit).holds is True
    other = "cuba" if profile == "lif" else "lif"
    write_nir(back, tmp_path / "y.nir", other)
    assert compare_with_snntorch(tmp_path / "y.nir", spikes).different == 0


@pytest.mark.parametrize("mapping", ["dual-rail", "single-rail"])
def test_delays_become_relays_in_a_loop(mapping: str, tmp_path: Path) -> None:
    make = CircuitBuilder()
    a, b, c = make.inputs("a", "b", "c")
    network = compile_circuit(make.build(sum=a ^ b ^ c, both=a & b), mapping, "delays")
    spikes = torch.rand(40, 2, *network.input_shape, generator=torch.Generator().manual_seed(1)) < 0.5
    write_nir(network, tmp_path / "x.nir")
    found = compare_with_snntorch(tmp_path / "x.nir", spikes)
    assert (found.different, found.shift) == (0, 0)
    assert verify(read_nir(tmp_path / "x.nir"), make.build(sum=a ^ b ^ c, both=a & b)).holds is True


def test_a_chain_of_lines_with_a_loop_runs_in_snntorch(tmp_path: Path) -> None:
    """Its importer sends the input of a loop of Affine nodes through the loop, so the weights are maps of one pixel."""
    ring = Population("ring", (3,), 1)
    forward = Synapses("input", "ring", [0], [0], 1)
    around = Synapses("ring", "ring", [0, 1, 2], [1, 2, 0], 1)
    network = SpikingNetwork((1,), (ring,), (forward, around), np.array([1, 2, 3]), single_lines("abc"), np.full(3, 1))
    write_nir(network, tmp_path / "ring.nir")
    assert read_nir(tmp_path / "ring.nir").neurons == 3
    found = compare_with_snntorch(tmp_path / "ring.nir", torch.ones(1, 1, 1))
    assert (found.different, found.shift) == (0, 1)


def test_a_loop_too_large_for_a_matrix_is_refused(tmp_path: Path) -> None:
    network = compile_circuit(parse_circuit(COUNTER, "bench"))
    late = replace(network, projections=tuple(_later(projection) for projection in network.projections))
    with pytest.raises(NetworkError, match=r"a loop of .* is too large; use a mapping with fewer neurons"):
        write_nir(late, tmp_path / "x.nir")
    assert not list(tmp_path.iterdir())


def _later(projection: Synapses | Convolution) -> Synapses:
    assert isinstance(projection, Synapses)
    return replace(projection, delay=projection.delay + 9000)


def leaky_chain(seed: int) -> SpikingNetwork:
    """Two padded convolutions with leaking membranes, and a readout that keeps all of its own."""
    rng = np.random.default_rng(seed)
    populations = (
        Population("first", (4, 4, 4), int(rng.integers(3, 9)), retain=True, leak=1),
        Population("second", (3, 4, 4), int(rng.integers(3, 9)), retain=True, leak=int(rng.integers(1, 4))),
        Population("readout", (5, 1, 1), 30, retain=True),
    )
    projections = (
        Convolution(INPUT, "first", rng.integers(-4, 6, (4, 1, 3, 3)), stride=2, groups=2, padding=1),
        Convolution("first", "second", rng.integers(-4, 6, (3, 4, 3, 3)), padding=1),
        Convolution("second", "readout", rng.integers(-4, 6, (5, 3, 4, 4))),
    )
    outputs = np.arange(5) + 2 * 49 + 64 + 48
    return SpikingNetwork((2, 7, 7), populations, projections, outputs, single_lines("abcde"), np.full(5, 3))


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 2**31), st.sampled_from(["lif", "cuba"]))
def test_leaks_and_padding_are_the_same_in_snntorch(
    tmp_path_factory: pytest.TempPathFactory, seed: int, profile: str
) -> None:
    path = tmp_path_factory.mktemp("nir") / "leaky.nir"
    network = leaky_chain(seed)
    write_nir(network, path, profile)
    spikes = torch.from_numpy(np.random.default_rng(seed).random((9, 16, 2, 7, 7)) < 0.3)
    found = compare_with_snntorch(path, spikes)
    assert (found.different, found.shift) == (0, 3)
    again = read_nir(path)
    for old, new in zip(network.populations, again.populations, strict=True):
        assert (new.leak, new.reset, new.retain) == (old.leak, old.reset, old.retain)
    first = again.projections[0]
    assert isinstance(first, Convolution)
    assert (first.padding, first.stride) == (1, 2)


def test_leaks_that_float32_cannot_tell_apart_and_soft_resets_are_refused(tmp_path: Path) -> None:
    network = leaky_chain(3)
    soft = Population("first", (4, 4, 4), 5, retain=True, reset="subtract")
    with pytest.raises(NetworkError, match="nir cannot follow the reset 'subtract' of population 'first'"):
        write_nir(replace(network, populations=(soft, *network.populations[1:])), tmp_path / "n.nir")
    heavy = replace(network.projections[0], kernel=np.full((4, 1, 3, 3), 2**20))
    with pytest.raises(
        NetworkError, match="'first' leaks and has membranes of 25 bits, which leave no places in float32"
    ):
        write_nir(replace(network, projections=(heavy, *network.projections[1:])), tmp_path / "n.nir")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("seed", range(3))
def test_retaining_neurons_of_several_thresholds_share_one(seed: int, tmp_path: Path) -> None:
    random = np.random.default_rng(seed)
    maps = Population("maps", (4, 3, 3), np.repeat(random.integers(2, 40, 4), 9), retain=True)
    cells = Population(
        "cells", (5,), random.integers(2, 60, 5), retain=True, bias=[0, 1, 0, 0, 0], initial=[0, -2, 0, 0, 0]
    )
    links = (
        Convolution(INPUT, "maps", random.integers(-3, 9, (4, 1, 3, 3)), stride=2, groups=2),
        Synapses.dense("maps", "cells", random.integers(-3, 9, (5, 36))),
    )
    network = SpikingNetwork((2, 7, 7), (maps, cells), links, 134 + np.arange(5), single_lines("abcde"), np.full(5, 2))
    write_nir(network, tmp_path / "x.nir")
    spikes = torch.from_numpy(random.random((14, 6, 2, 7, 7)) < 0.3)
    found = compare_with_snntorch(tmp_path / "x.nir", spikes)
    assert found.different == 0
    assert found.spikes > 20
    for ours, again in zip(sorted_synapses(network), sorted_synapses(read_nir(tmp_path / "x.nir")), strict=True):
        assert np.array_equal(ours, again)
