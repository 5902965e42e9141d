"""Joined networks: learned modules against Python integers, back-to-back waves, proofs, and errors."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings, strategies as st
from numpy.typing import NDArray

from logic import Circuit, CircuitBuilder, Gate, Literal, NetworkError, SpikingNetwork, simulate, verify
from logic.assembly.composition import join
from logic.learning import bcd_rounding, full_adder, half_adder, learn_gate, ripple_adder

XOR, AND = learn_gate("0110").snap(), learn_gate("0001").snap()


def waves(network: SpikingNetwork, values: NDArray[np.int_]) -> NDArray[np.int_]:
    """``[W, O]`` dual-rail answers, -1 if not exactly one rail fired, to ``[W, I]`` values entering one wave a step."""
    rails = np.stack([1 - values, values], axis=-1).reshape(len(values), 1, -1)
    trains = simulate(network, torch.from_numpy(rails), len(values) + network.latency)
    lines = np.concatenate([train[:, 0].flatten(1).numpy() for train in trains.values()], axis=1)
    spikes = np.stack(
        [
            lines[latency : latency + len(values), line]
            for line, latency in zip(network.outputs, network.latencies, strict=True)
        ],
        axis=1,
    )
    no, yes = spikes[:, ::2], spikes[:, 1::2]
    return np.where(no ^ yes, yes.astype(int), -1)


def every_input(count: int) -> NDArray[np.int_]:
    return np.arange(2**count)[:, None] >> np.arange(count) & 1


def adder_circuit(width: int) -> Circuit:
    make = CircuitBuilder()
    bits = make.inputs(*(f"{word}{bit}" for word in "ab" for bit in range(width)))
    carry = make.false
    sums: dict[str, Literal] = {}
    for bit, (x, y) in enumerate(zip(bits[:width], bits[width:], strict=True)):
        sums[f"s{bit}"] = x ^ y ^ carry
        carry = make.gate(Gate.MAJ, (x, y, carry))
    return make.build_from(sums | {"carry": carry})


def test_half_adder() -> None:
    network = half_adder()
    values = every_input(2)
    assert network.neurons == 12
    assert network.latencies.tolist() == [2, 2, 2, 2]
    assert np.array_equal(waves(network, values) @ [1, 2], values.sum(axis=1))


def test_full_adder_answers_at_steps_four_and_six() -> None:
    network = full_adder()
    values = every_input(3)
    assert network.neurons == 30
    assert dict(zip(network.output_names, network.latencies.tolist(), strict=True)) == {
        "sum=0": 4,
        "sum=1": 4,
        "carry=0": 6,
        "carry=1": 6,
    }
    assert np.array_equal(waves(network, values) @ [1, 2], values.sum(axis=1))


def test_bcd_rounding() -> None:
    network = bcd_rounding()
    digits = np.arange(16)
    values = digits[:, None] >> np.array([3, 2, 1, 0]) & 1
    assert (network.neurons, network.latency) == (18, 6)
    assert np.array_equal(waves(network, values)[:, 0], (digits >= 5).astype(int))


@pytest.mark.parametrize("width", [1, 4, 32])
def test_adders_add_back_to_back(width: int) -> None:
    network = ripple_adder(width)
    assert network.neurons == 30 * width - 18
    draw = np.random.default_rng(width)
    values = every_input(2 * width) if width <= 4 else draw.integers(0, 2, (60, 2 * width))
    weights = 2 ** np.arange(width + 1).astype(object)
    expected = values[:, :width] @ weights[:-1] + values[:, width:] @ weights[:-1]
    answers = waves(network, values)
    assert answers.min() >= 0
    assert np.array_equal(answers @ weights, expected)


@pytest.mark.parametrize("width", [1, 2, 8, 32])
def test_learned_adders_are_proved(width: int) -> None:
    assert verify(ripple_adder(width), adder_circuit(width), timeout=60).holds is True


@given(st.data())
@settings(max_examples=25, deadline=None)
def test_random_cascades_compute_their_formula(data: st.DataObject) -> None:
    names = ["p", "q", "r"]
    signals = list(names)
    wiring: dict[str, dict[str, str]] = {}
    tables: dict[str, str] = {}
    for number in range(data.draw(st.integers(1, 5))):
        part = f"g{number}"
        tables[part] = data.draw(st.sampled_from(["0110", "0001", "0111", "1011"]))
        sources = [data.draw(st.sampled_from(["", "~"])) + data.draw(st.sampled_from(signals)) for _ in "ab"]
        wiring[part] = dict(zip("ab", sources, strict=True))
        signals.append(f"{part}.y")
    network = join(names, {p: learn_gate(t).snap() for p, t in tables.items()}, wiring, {p: f"~{p}.y" for p in tables})
    inputs = every_input(3)
    known: dict[str, NDArray[np.int_]] = {name: inputs[:, i] for i, name in enumerate(names)}

    def read(signal: str) -> NDArray[np.int_]:
        return known[signal.removeprefix("~")] ^ signal.startswith("~")

    for part, sources in wiring.items():
        table = np.array([int(bit) for bit in tables[part]])
        known[f"{part}.y"] = table[read(sources["a"]) + 2 * read(sources["b"])]
    expected = np.stack([1 - known[f"{part}.y"] for part in tables], axis=1)
    assert np.array_equal(waves(network, inputs), expected)


def test_an_inversion_costs_nothing() -> None:
    network = join(["a", "b"], {"g": XOR}, {"g": {"a": "a", "b": "~b"}}, {"equal": "g.y", "unlike": "~g.y", "a": "a"})
    assert network.neurons == XOR.neurons
    assert waves(network, every_input(2)).tolist() == [[1, 0, 0], [0, 1, 1], [0, 1, 0], [1, 0, 1]]


def test_faults_are_named() -> None:
    pair = {"a": "a", "b": "b"}
    with pytest.raises(NetworkError, match="same parts"):
        join(["a", "b"], {"g": XOR}, {}, {})
    with pytest.raises(NetworkError, match="unknown parts"):
        join(["a", "b"], {"g": XOR}, {"g": {"a": "a", "b": "h.y"}}, {})
    with pytest.raises(NetworkError, match="circle"):
        join(["a"], {"g": XOR, "h": AND}, {"g": {"a": "a", "b": "h.y"}, "h": {"a": "a", "b": "g.y"}}, {})
    with pytest.raises(NetworkError, match="not wired"):
        join(["a"], {"g": XOR}, {"g": {"a": "a"}}, {})
    with pytest.raises(NetworkError, match="no input and no part provides"):
        join(["a", "b"], {"g": XOR}, {"g": pair}, {"y": "g.z"})
    with pytest.raises(NetworkError, match="twice"):
        join(["a", "a"], {}, {}, {})
    with pytest.raises(NetworkError, match="not read"):
        join(["a", "b"], {"g": XOR}, {"g": pair | {"c": "a"}}, {})
