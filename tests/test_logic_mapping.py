"""A compiled network equals its circuit: all mappings, both balances, waves back to back."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from numpy.typing import NDArray

from logic.circuit import Circuit, CircuitBuilder, Gate, Literal
from logic.compiler import MAPPINGS, compile_circuit
from logic.network import SpikingNetwork

Bits = NDArray[np.bool_]


def evaluate(circuit: Circuit, inputs: Bits) -> Bits:
    """Outputs ``[B, O]`` for inputs ``[B, I]``, gate by gate."""
    wires = np.zeros((circuit.wires, len(inputs)), dtype=bool)
    wires[1 : 1 + inputs.shape[1]] = inputs.T
    for gate, kind in enumerate(circuit.kinds):
        codes = circuit.operands(gate)
        operands = wires[codes >> 1] ^ (codes & 1 == 1)[:, None]
        count = operands.sum(0)
        needed = {Gate.AND: len(codes), Gate.OR: 1, Gate.MAJ: len(codes) // 2 + 1}
        wires[circuit.first_gate + gate] = count % 2 == 1 if kind == Gate.XOR else count >= needed[Gate(int(kind))]
    return (wires[circuit.outputs >> 1] ^ (circuit.outputs & 1 == 1)[:, None]).T


def run(network: SpikingNetwork, lines: Bits, period: int = 1) -> Bits:
    """What the outputs ``[B, O]`` answer to waves ``[B, I]`` that enter one every ``period`` steps."""
    flat = network.flatten()
    steps = len(lines) * period + network.latency
    spikes = np.zeros((steps, flat.inputs + len(flat.threshold)), dtype=bool)
    spikes[: len(lines) * period : period, : flat.inputs] = lines
    membrane = flat.initial.copy()
    for t in range(steps):
        heard = flat.delay <= t
        current = flat.bias.copy()
        sent = spikes[t - flat.delay[heard], flat.pre[heard]]
        np.add.at(current, flat.post[heard], flat.weight[heard] * sent)
        membrane = flat.retain * membrane + current
        fired = membrane >= flat.threshold
        spikes[t, flat.inputs :] = fired
        membrane[fired] = 0
    when = np.arange(len(lines))[:, None] * period + network.latencies
    return spikes[when, network.outputs]


def rails_of(values: Bits) -> Bits:
    return np.stack([~values, values], 2).reshape(len(values), -1)


@st.composite
def circuits(draw: st.DrawFn, kinds: tuple[Gate, ...] = tuple(Gate), complements: bool = True) -> Circuit:
    """Random circuits with gates of all kinds and outputs of every sort: inputs, constants, complements, doubles."""
    make = CircuitBuilder()
    wires = list(make.inputs(*(f"x{i}" for i in range(draw(st.integers(1, 5))))))
    for _ in range(draw(st.integers(0, 9))):
        kind = draw(st.sampled_from(kinds))
        width = draw(st.sampled_from((3, 5) if kind is Gate.MAJ else (2, 3, 4, 7)))
        chosen = [draw(st.sampled_from(wires)) for _ in range(width)]
        wires.append(make.gate(kind, [~wire if complements and draw(st.booleans()) else wire for wire in chosen]))
    outputs: dict[str, Literal] = {}
    for position in range(draw(st.integers(1, 4))):
        wire = draw(st.sampled_from([*wires, make.false]))
        outputs[f"y{position}"] = ~wire if complements and draw(st.booleans()) else wire
    return make.build_from(outputs)


def check(circuit: Circuit, network: SpikingNetwork, dual: bool) -> None:
    rng = np.random.default_rng(0)
    values = rng.random((24, len(circuit.inputs))) < 0.5
    expected = evaluate(circuit, values)
    if dual:
        values, expected = rails_of(values), rails_of(expected)
    assert np.array_equal(run(network, values), expected)


@pytest.mark.parametrize("balance", ["delays", "relays"])
@pytest.mark.parametrize("mapping", [name for name in MAPPINGS if name != "positive"])
@settings(max_examples=60, deadline=None)
@given(circuit=circuits(), aligned=st.booleans(), max_delay=st.sampled_from([None, 1, 2]))
def test_network_equals_circuit(
    mapping: str, balance: str, circuit: Circuit, aligned: bool, max_delay: int | None
) -> None:
    network = compile_circuit(circuit, mapping, balance, aligned=aligned, max_delay=max_delay)
    check(circuit, network, dual=mapping != "single-rail")
    if aligned or balance == "relays":
        assert len(set(network.latencies.tolist())) == 1
    if max_delay:
        assert network.flatten().delay.max(initial=1) <= max_delay


@pytest.mark.parametrize("balance", ["delays", "relays"])
@settings(max_examples=40, deadline=None)
@given(circuit=circuits(kinds=(Gate.AND, Gate.OR, Gate.MAJ), complements=False))
def test_positive_network_equals_circuit(balance: str, circuit: Circuit) -> None:
    check(circuit, compile_circuit(circuit, "positive", balance), dual=False)
