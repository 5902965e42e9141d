"""Random waves in blocks: answers and spikes counted exactly as the reference simulation of the same waves does."""

import tracemalloc
from dataclasses import replace

import numpy as np
import pytest

from logic import Circuit, compile_circuit, parse_circuit
from logic.evaluation import random_vectors, to_words
from logic.proving.streams import expected_answers, input_spikes
from logic.simulation import random_run
from logic.simulation.bit_simulator import Clocked
from logic.simulation.random_run import run_random_waves
from logic.simulation.reference import simulate_reference

COUNTER = (
    "INPUT(up)\nOUTPUT(high)\nOUTPUT(low)\nq0 = DFF(d0)\nq1 = DFF(d1)\nd0 = XOR(q0, up)\nc = AND(q0, up)\n"
    "d1 = XOR(q1, c)\nhigh = AND(q0, q1)\nlow = NOR(q0, up)\n"
)
MAPPINGS = ("dual-rail", "single-rail", "majority", "fail-silent")


def counter(first: int = 0) -> Circuit:
    return replace(parse_circuit(COUNTER, "bench"), register_initial=np.array([first, 0]))


def adder() -> Circuit:
    return parse_circuit("s = a ^ b ^ c; d = (a & b) | (c & (a | b))", "eqn")


@pytest.mark.parametrize("mapping", MAPPINGS)
@pytest.mark.parametrize("first", [0, 1])
def test_waves_one_by_one_are_the_reference(mapping: str, first: int) -> None:
    circuit = counter(first)
    network = compile_circuit(circuit, mapping)
    values = random_vectors(np.random.default_rng(3), circuit, (7, 5))
    steps = 7 * network.period + network.latency
    trains = np.stack(
        [simulate_reference(network, input_spikes(network, circuit, values[:, i]), steps) for i in range(5)], axis=1
    )
    run, found = Clocked(network, 5, steps), list[np.ndarray]()
    for wave in range(7):
        lines = to_words(input_spikes(network, circuit, values[wave : wave + 1])[0])
        found.append(run.run(lines, network.period))
    found.append(run.run(np.zeros((len(network.input_lines), 1), np.uint64), network.latency))
    words = np.concatenate(found)[..., 0]
    bits = words[:, None] >> np.arange(5, dtype=np.uint64)[:, None] & np.uint64(1)
    assert np.array_equal(bits.astype(bool), trains[..., network.outputs])
    assert np.array_equal(run.spikes, trains.sum((0, 1)))


@pytest.mark.parametrize("mapping", MAPPINGS)
@pytest.mark.parametrize("make", [counter, adder])
def test_right_networks_make_no_error_and_wrong_ones_as_many_as_are_expected(mapping: str, make: object) -> None:
    circuit = counter() if make is counter else adder()
    network = compile_circuit(circuit, mapping, aligned=True)
    run = run_random_waves(network, circuit, 1000, 4)
    assert (run.waves, run.wrong) == (1024 if circuit.register_names else 1000, 0)
    half = len(network.outputs) // 2
    swapped = replace(network, outputs=np.roll(network.outputs, half), latencies=np.roll(network.latencies, half))
    values = random_vectors(np.random.default_rng(4), circuit, (64, 4096))
    answers = expected_answers(network, circuit, values)
    share = (answers != np.roll(answers, half, axis=2)).mean()
    wrong = run_random_waves(swapped, circuit, 64 * 1024, 4).wrong
    assert wrong / (64 * 1024 * len(network.outputs)) == pytest.approx(share, abs=0.01)


@pytest.mark.parametrize("make", [counter, adder])
def test_blocks_add_up(make: object, monkeypatch: pytest.MonkeyPatch) -> None:
    circuit = counter() if make is counter else adder()
    network = compile_circuit(circuit, "single-rail")
    waves = 3 * 64 * 4096 + 130 if make is counter else 30_000
    monkeypatch.setattr(random_run, "_ROOM", 1)
    monkeypatch.setattr(random_run, "STREAM", 64)
    run = run_random_waves(network, circuit, waves, 1)
    assert run.wrong == 0
    assert run.waves == -(-waves // 64) * 64 if make is counter else waves
    inputs = len(network.input_lines)
    assert run.spikes[:inputs] == pytest.approx(run.waves / 2, rel=0.05)
    single = run_random_waves(network, circuit, 1, 1)
    assert (single.waves, single.wrong) == (1, 0)


def test_memory_does_not_grow_with_the_waves() -> None:
    circuit = counter()
    network = compile_circuit(circuit)
    peaks: list[int] = []
    for waves in (64 * 4096, 8 * 64 * 4096):
        tracemalloc.start()
        run_random_waves(network, circuit, waves)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.2 * peaks[0] < 50e6
