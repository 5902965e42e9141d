"""A compiled network equals its circuit: all mappings, both balances, waves back to back."""

import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from numpy.typing import NDArray

from logic.circuit import Circuit, CircuitBuilder, Gate, Literal
from logic.formats import read_circuit
from logic.library import multiply
from logic.lowering import to_and_inverter
from logic.mapping import Certificate, ThresholdNetlist, dual, to_network
from logic.mapping.compiler import MAPPINGS, compile_certified, compile_circuit, map_circuit
from logic.mapping.trade import pareto
from logic.network import SpikingNetwork
from logic.rails import single_lines

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


def cone(circuit: Circuit, literal: int, leaves: list[int]) -> int:
    """The truth table of a literal over leaf wires; raises if its cone does not close over them."""
    states = 1 << len(leaves)
    known = {0: 0}
    for position, leaf in enumerate(leaves):
        known[leaf] = sum(1 << state for state in range(states) if state >> position & 1)

    def table(code: int) -> int:
        wire = code >> 1
        if wire not in known:
            if wire < circuit.first_gate:
                raise AssertionError(f"the cone of {literal} leaves {leaves} at input {wire}")
            operands = [table(int(operand)) for operand in circuit.operands(wire - circuit.first_gate)]
            kind, known[wire] = Gate(int(circuit.kinds[wire - circuit.first_gate])), 0
            for state in range(states):
                bits = [operand >> state & 1 for operand in operands]
                needed = {Gate.AND: len(bits), Gate.OR: 1, Gate.MAJ: len(bits) // 2 + 1}
                value = sum(bits) % 2 if kind is Gate.XOR else int(sum(bits) >= needed[kind])
                known[wire] |= value << state
        return known[wire] ^ (code & 1) * (2**states - 1)

    return table(literal)


def occurring_states(spec: Circuit, leaves: list[int]) -> set[int]:
    """What leaf wires can be together: they may depend on each other; looked up for circuits of few inputs."""
    inputs = list(range(1, 1 + len(spec.inputs)))
    if len(inputs) > 6:
        return {*range(1 << len(leaves))}
    tables = [cone(spec, 2 * leaf, inputs) for leaf in leaves]
    return {sum((table >> row & 1) << at for at, table in enumerate(tables)) for row in range(1 << len(inputs))}


def certified_rows(circuit: Circuit, mapping: str, balance: str = "delays") -> int:
    """Prove every row of a certificate whose sources are all named; how many there are."""
    network, certificate = compile_certified(circuit, mapping, balance)
    spec, flat = certificate.specification, network.flatten()
    wires = 1 + np.arange(len(spec.inputs))
    inputs = 2 * wires if flat.inputs == len(wires) else np.stack([2 * wires + 1, 2 * wires], 1).reshape(-1)
    literals = np.concatenate([inputs, certificate.literal])
    proved = 0
    for neuron, literal in enumerate(certificate.literal):
        synapses = np.flatnonzero(flat.post == neuron)
        sources = literals[flat.pre[synapses]]
        leaves = certificate.leaves[certificate.leaf_offsets[neuron] : certificate.leaf_offsets[neuron + 1]]
        if literal < 0 or (sources < 0).any():
            continue
        leaves = sorted(set(leaves.tolist()))
        tables = [cone(spec, int(source), leaves) for source in sources]
        wanted = cone(spec, int(literal), leaves)
        for state in occurring_states(spec, leaves):
            drive = sum(int(w) for w, table in zip(flat.weight[synapses], tables, strict=True) if table >> state & 1)
            fires = drive >= flat.threshold[neuron]
            assert fires == (wanted >> state & 1 == 1)
        proved += 1
    return proved


@pytest.mark.parametrize("balance", ["delays", "relays"])
@pytest.mark.parametrize("mapping", ["single-rail", "fail-silent"])
@settings(max_examples=40, deadline=None)
@given(circuit=circuits())
def test_every_row_of_a_cover_certificate_holds(mapping: str, balance: str, circuit: Circuit) -> None:
    network = compile_circuit(circuit, mapping, balance)
    assert certified_rows(circuit, mapping, balance) == network.neurons


def ripple(bits: int) -> Circuit:
    """``a + b`` from full adders, the first one with a carry of zero bits."""
    make = CircuitBuilder()
    names = [f"{word}{i}" for i in range(bits) for word in "ab"]
    pairs, carry = make.inputs(*names, "carry"), None
    *lines, carry = pairs
    sums: dict[str, Literal] = {}
    for i in range(bits):
        triple = (lines[2 * i], lines[2 * i + 1], carry)
        sums[f"s{i}"], carry = make.gate(Gate.XOR, triple), make.gate(Gate.MAJ, triple)
    return make.build_from({**sums, "out": carry})


def test_sizes_of_a_32_bit_adder() -> None:
    circuit = ripple(32)
    majority = compile_circuit(circuit, "majority").flatten()
    assert len(majority.threshold) == 192
    assert len(majority.weight) == 576
    assert (majority.weight == 1).all()
    assert compile_circuit(circuit, "majority").latency == 33
    assert compile_circuit(circuit, "dual-rail").neurons == 128
    assert compile_circuit(circuit, "single-rail").neurons == 64
    assert compile_circuit(to_and_inverter(circuit), "single-rail").neurons == 64
    for mapping in ("majority", "dual-rail", "fail-silent"):
        assert compile_circuit(circuit, mapping).flatten().weight.min() > 0


def test_sizes_of_a_multiplier_and_certificate() -> None:
    make = CircuitBuilder()
    a, b = make.inputs(*(f"a{i}" for i in range(8))), make.inputs(*(f"b{i}" for i in range(8)))
    product = multiply(a, b)
    circuit = to_and_inverter(make.build_from({f"p{i}": bit for i, bit in enumerate(product)}))
    network = compile_circuit(circuit, "single-rail")
    assert network.neurons <= 2 * 56 + 64  # two a full or half adder, one a partial product; most products vanish
    check(circuit, network, dual=False)
    assert certified_rows(circuit, "single-rail") == network.neurons


def test_minterm_block_has_a_pattern_for_each_state() -> None:
    make = CircuitBuilder()
    operands = make.inputs(*"abc")
    network = compile_circuit(make.build(y=make.gate(Gate.MAJ, operands)), "logicsnn")
    assert (network.neurons, len(network.flatten().weight)) == (10, 32)


@given(weights=st.lists(st.integers(-4, 4), min_size=1, max_size=6), threshold=st.integers(-6, 6))
def test_both_rails_of_a_threshold_function(weights: list[int], threshold: int) -> None:
    """Exactly one rail of a pair fires, for any weights; fewer input spikes never make the wrong one fire."""
    names = single_lines(f"x{i}" for i in range(len(weights)))
    none, empty = np.zeros(0, np.int64), CircuitBuilder().build()
    single = ThresholdNetlist(
        names, np.array([threshold]), np.array([0, len(weights)]), np.arange(len(weights)), np.array(weights),
        np.array([len(weights)]), single_lines("y"), Certificate(empty, np.array([-1]), np.array([0, 0]), none),
    )  # fmt: skip
    network, _ = to_network(dual(single))
    assert network.flatten().weight.min() >= 0
    states = np.indices((2,) * len(weights)).reshape(len(weights), -1).T == 1
    true = states @ np.array(weights) >= threshold
    assert np.array_equal(run(network, rails_of(states)), np.stack([~true, true], 1))
    lost = rails_of(states) & (np.random.default_rng(0).random((len(states), 2 * len(weights))) < 0.7)
    wrong = np.stack([true, ~true], 1)
    assert not (run(network, lost) & wrong).any()


@pytest.mark.skipif("NEUROSYM_DATA" not in os.environ, reason="needs the benchmark circuits")
@pytest.mark.parametrize(
    ("name", "most"), [("adder", 256), ("voter", 4788), ("multiplier", 14113), ("c6288", 698), ("square", 7989)]
)
def test_sizes_of_benchmark_circuits(name: str, most: int) -> None:
    (file,) = (Path(os.environ["NEUROSYM_DATA"]) / "circuits").rglob(f"{name}.aig")
    assert map_circuit(read_circuit(file), "single-rail").neurons <= most


def test_pareto_table_of_an_adder() -> None:
    table = pareto(ripple(4))
    rows = {(row.mapping, row.max_delay): row for row in table}
    assert len(rows) == 10  # 'positive' cannot express a parity
    assert rows["single-rail", None].neurons == 8
    assert rows["majority", None].weight_bits == 2
    assert rows["single-rail", 1].longest_delay == 1
    assert [row.fail_silent for row in table if row.mapping == "single-rail"] == [False, False]
    assert rows["single-rail", None].best
    assert not rows["logicsnn", None].best
