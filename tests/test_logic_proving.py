"""The prover against brute force: right networks are proved, mutants refuted exactly when a vector shows it."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from logic import Circuit, CircuitBuilder, Gate, Population, SpikingNetwork, Synapses
from logic.mapping import dual_rail, minterm_blocks, single_rail, to_network
from logic.proving import prove_equivalent, prove_network
from logic.rails import Line
from logic.simulation.reference import simulate_reference
from logic.sweeping.graph import AndGraph
from logic.sweeping.patterns import simulate
from logic.sweeping.thresholds import threshold

MAPPINGS = {"single-rail": single_rail, "dual-rail": dual_rail, "logicsnn": minterm_blocks}


def random_circuit(seed: int, inputs: int = 5, gates: int = 12) -> Circuit:
    generator = np.random.default_rng(seed)
    make = CircuitBuilder()
    signals = list(make.inputs(*(f"x{i}" for i in range(inputs))))
    for _ in range(gates):
        chosen = [signals[i] for i in generator.choice(len(signals), 2, replace=False)]
        chosen = [~x if generator.integers(2) else x for x in chosen]
        signals.append(make.gate(Gate(int(generator.integers(3))), chosen))
    return make.build(y=signals[-1], z=signals[-2])


def answers(circuit: Circuit, vector: tuple[int, ...]) -> list[int]:
    values = [0, *vector]
    for gate, kind in enumerate(circuit.kinds):
        bits = [values[x >> 1] ^ (x & 1) for x in circuit.operands(gate).tolist()]
        values.append({0: min(bits), 1: max(bits), 2: sum(bits) % 2}[int(kind)])
    return [values[x >> 1] ^ (x & 1) for x in circuit.outputs.tolist()]


def wrong(network: SpikingNetwork, circuit: Circuit, vector: tuple[int, ...]) -> bool:
    value = dict(zip(circuit.inputs, vector, strict=True))

    def spike(line: Line, of: dict[str, int]) -> bool:
        return of[line.signal] == (1 if line.rail is None else line.rail)

    spikes = np.array([[spike(line, value) for line in network.input_lines]])
    trains = simulate_reference(network, spikes, network.latency + 1)
    said = dict(zip(circuit.output_names, answers(circuit, vector), strict=True))
    return any(
        trains[latency, output] != spike(line, said)
        for line, output, latency in zip(network.output_lines, network.outputs, network.latencies, strict=True)
    )


@given(st.lists(st.integers(-4, 4), min_size=1, max_size=6), st.integers(-5, 9), st.randoms())
@settings(max_examples=60, deadline=None)
def test_threshold_sums_are_written_exactly(weights: list[int], need: int, random: object) -> None:
    graph = AndGraph(4096)
    literals = graph.inputs(3)
    chosen = np.array([literals[i % 3] ^ (i // 3) for i in range(len(weights))])
    found = threshold(graph.nodes, chosen, np.array(weights), need)
    words = np.zeros((len(graph), 1), np.uint64)
    for row, bits in enumerate(itertools.product((0, 1), repeat=3)):
        for literal, bit in zip(literals, bits, strict=True):
            words[literal >> 1, 0] |= np.uint64(bit << row)
    simulate(graph.nodes, words)
    for row, bits in enumerate(itertools.product((0, 1), repeat=3)):
        total = sum(w * (bits[i % 3] ^ (i // 3)) for i, w in enumerate(weights))
        assert (int(words[found >> 1, 0]) >> row ^ found) & 1 == (total >= need)


@pytest.mark.parametrize("mapping", MAPPINGS)
def test_compiled_circuits_are_proved(mapping: str) -> None:
    for seed in range(8):
        circuit = random_circuit(seed)
        network, _ = to_network(MAPPINGS[mapping](circuit))
        assert prove_network(network, circuit).holds is True


def mutate(network: SpikingNetwork, generator: np.random.Generator) -> SpikingNetwork:
    populations, projections = list(network.populations), list(network.projections)
    if generator.integers(2):
        at = int(generator.integers(len(populations)))
        threshold = populations[at].threshold.copy()
        threshold[generator.integers(len(threshold))] += generator.choice([-1, 1])
        populations[at] = Population(populations[at].name, populations[at].shape, threshold, bias=populations[at].bias)
    else:
        at = int(generator.integers(len(projections)))
        synapses = projections[at]
        assert isinstance(synapses, Synapses)
        weight = synapses.weight.copy()
        place = generator.integers(len(weight))
        weight[place] = generator.choice([0, weight[place] + 1, weight[place] - 1, -weight[place]])
        projections[at] = Synapses(
            synapses.source, synapses.target, synapses.pre, synapses.post, weight, synapses.delay
        )
    return SpikingNetwork(
        network.input_shape,
        tuple(populations),
        tuple(projections),
        network.outputs,
        network.output_lines,
        network.latencies,
        network.input_lines,
    )


@pytest.mark.parametrize("mapping", MAPPINGS)
def test_mutants_are_judged_as_brute_force_does(mapping: str) -> None:
    generator = np.random.default_rng(7)
    seen: set[bool] = set()
    for seed in range(25):
        circuit = random_circuit(seed % 5)
        network, _ = to_network(MAPPINGS[mapping](circuit))
        mutant = mutate(network, generator)
        bad = [v for v in itertools.product((0, 1), repeat=5) if wrong(mutant, circuit, v)]
        verdict = prove_network(mutant, circuit)
        assert verdict.holds is (not bad)
        if verdict.counterexample is not None:
            assert tuple(verdict.counterexample[name] for name in circuit.inputs) in bad
        seen.add(not bad)
    assert False in seen


@given(st.integers(0, 10_000), st.integers(0, 10_000))
@settings(max_examples=30, deadline=None)
def test_two_circuits_agree_iff_all_vectors_say_so(one: int, two: int) -> None:
    left, right = random_circuit(one % 40, 4, 6), random_circuit(two % 40, 4, 6)
    same = all(answers(left, v) == answers(right, v) for v in itertools.product((0, 1), repeat=4))
    assert prove_equivalent(left, right).holds is same


def test_one_hot_inputs_are_promised() -> None:
    make = CircuitBuilder()
    a, b, c = make.inputs("a", "b", "c", one_hot=True)
    spec = make.build(y=a | b)
    other = CircuitBuilder()
    _, _, last = other.inputs("a", "b", "c", one_hot=True)
    assert prove_equivalent(other.build(y=~last), spec).holds is True
    assert c.code == last.code
