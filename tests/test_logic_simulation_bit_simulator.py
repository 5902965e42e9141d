"""The bit-parallel simulator gives the spikes of the reference, whatever the network."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from logic.circuit import CircuitBuilder
from logic.errors import NetworkError
from logic.library import multiply
from logic.lowering import to_and_inverter
from logic.mapping.compiler import compile_circuit
from logic.network import INPUT, Population, SpikingNetwork, Synapses
from logic.rails import single_lines
from logic.simulation import bit_simulator
from logic.simulation.bit_simulator import count_spikes, plan_waves, run_wave_plan, simulate_bits
from logic.simulation.reference import simulate_reference
from logic.simulation.word_gates import Membrane, Template, membrane_template, threshold_template
from logic.simulation.word_program import Operation, count_bits, pack_bits, unpack_bits
from tests.networks import dual_rail_adder, random_network

BOTH = {"codewords": True, "outputs_only": True}
SEEDS = st.integers(0, 2**32 - 1)


def assert_equals_reference(network: SpikingNetwork, rng: np.random.Generator, batch: int, steps: int) -> None:
    spikes = rng.random((int(rng.integers(1, steps + 3)), batch, network.input_shape[0])) < rng.random()
    trains = simulate_bits(network, spikes, steps)
    for member in {0, batch - 1}:
        np.testing.assert_array_equal(trains[:, member], simulate_reference(network, spikes[:, member], steps))
    some = rng.permutation(trains.shape[2])[: int(rng.integers(1, 4))]  # alone: what they do not need is left out
    np.testing.assert_array_equal(simulate_bits(network, spikes, steps, lines=some), trains[:, :, some])


@settings(max_examples=60, deadline=None)
@given(SEEDS)
def test_streams_of_waves(seed: int) -> None:
    rng = np.random.default_rng(seed)
    network = random_network(rng, balanced=True, spread=int(rng.choice([1, 4, 50])))
    assert_equals_reference(network, rng, int(rng.integers(1, 80)), int(rng.integers(1, 20)))


@settings(max_examples=40, deadline=None)
@given(SEEDS)
def test_loops_and_unequal_paths(seed: int) -> None:
    rng = np.random.default_rng(seed)
    assert_equals_reference(random_network(rng, balanced=False), rng, int(rng.integers(1, 80)), 15)


@settings(max_examples=40, deadline=None)
@given(SEEDS)
def test_retained_membranes(seed: int) -> None:
    rng = np.random.default_rng(seed)
    assert_equals_reference(random_network(rng, balanced=False, retain=True), rng, int(rng.integers(1, 80)), 15)


@pytest.mark.parametrize("retain", [False, True])
def test_a_further_call_plans_nothing(retain: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(3)
    network = random_network(rng, balanced=not retain, retain=retain)
    spikes = rng.random((6, 5, network.input_shape[0])) < 0.5
    first = simulate_bits(network, spikes, 9)
    for planner in ("plan_steps", "_wave_plan", "find_slots"):
        monkeypatch.setattr(bit_simulator, planner, None)  # calling it would raise
    np.testing.assert_array_equal(simulate_bits(network, spikes, 9), first)
    np.testing.assert_array_equal(first[:, 4], simulate_reference(network, spikes[:, 4], 9))
    twin = SpikingNetwork(
        network.input_shape,
        network.populations,
        network.projections,
        network.outputs,
        network.output_lines,
        network.latencies,
    )
    with pytest.raises(TypeError):
        simulate_bits(twin, spikes, 9)


def test_forgetful_and_retaining_neurons_together() -> None:
    gate, counter = Population("gate", (1,), 1), Population("counter", (1,), 3, retain=True)
    links = (Synapses(INPUT, "gate", [0], [0], 1), Synapses("gate", "counter", [0], [0], 1, 2))
    network = SpikingNetwork((1,), (gate, counter), links, np.array([2]), single_lines(["third"]), np.array([3]))
    trains = simulate_bits(network, np.ones((12, 70, 1), dtype=bool), 12, lines=[2])
    assert np.flatnonzero(trains[:, 69, 0]).tolist() == [5, 8, 11]  # each third spike, one plus two steps later


@pytest.mark.parametrize("mapping", ["logicsnn", "dual-rail"])
def test_on_codewords_a_block_costs_what_its_gate_costs(mapping: str) -> None:
    make = CircuitBuilder()
    a, b = (make.inputs(*(f"{word}{bit}" for bit in range(6))) for word in "ab")
    product = multiply(a, b)  # patterns equal to wires further back, on many converging paths
    circuit = to_and_inverter(make.build_from({f"p{bit}": literal for bit, literal in enumerate(product)}))
    plan = plan_waves(compile_circuit(circuit, mapping), **BOTH)
    assert len(plan.program.code) <= len(circuit.kinds)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.integers(1, 30), min_size=1, max_size=9), st.integers(-2, 150))
def test_threshold_templates_are_the_threshold_function(weights: list[int], need: int) -> None:
    weights.sort(reverse=True)
    template = threshold_template(tuple(weights), need)
    cases = np.arange(2 ** len(weights))
    operands = cases >> np.arange(len(weights))[:, None] & 1 == 1
    np.testing.assert_array_equal(evaluate(template, operands), np.array(weights) @ operands >= need)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.integers(-9, 9), max_size=3), st.integers(-5, 9), st.integers(-2, 2), st.integers(0, 9), st.booleans()
)
def test_membrane_templates_are_the_neuron(
    weights: list[int], threshold: int, bias: int, leak: int, soft: bool
) -> None:
    bits, count = 7, len(weights)
    template = membrane_template(tuple(weights), Membrane(threshold, bias, leak, soft, bits))
    operands = np.arange(2 ** (count + bits)) >> np.arange(count + bits)[:, None] & 1 == 1
    numbers = (1 << np.arange(bits)) @ operands[count:] - 64
    driven = (numbers >> leak) + bias + np.array(weights, int) @ operands[:count]
    fired = driven >= threshold
    kept = np.where(fired, driven - threshold if soft else 0, driven)
    fits = (abs(driven) < 64) & (abs(kept) < 64)
    spike, *states = (evaluate(template, operands, result) for result in range(1 + bits))
    np.testing.assert_array_equal(spike[fits], fired[fits])
    np.testing.assert_array_equal(((1 << np.arange(bits)) @ np.array(states) - 64)[fits], kept[fits])


def evaluate(template: Template, operands: np.ndarray, result: int = 0) -> np.ndarray:
    """A second, plain reading of what instructions mean."""
    signals = [np.zeros_like(operands[0]), *operands]

    def value(literal: int) -> np.ndarray:
        return signals[literal >> 1] ^ bool(literal & 1)

    for operation, *literals in template.instructions:
        a, b, c = map(value, literals)
        signals.append(
            {
                Operation.AND: a & b,
                Operation.AND3: a & b & c,
                Operation.CHOOSE: (a & b) | c,
                Operation.MAJORITY: a.astype(int) + b + c >= 2,
                Operation.PARITY: a ^ b ^ c,
            }[operation]
        )
    return value(template.results[result])


def test_common_thresholds_are_cheap() -> None:
    assert [len(threshold_template(w, n).instructions) for w, n in [((1, 1, 1), 2), ((2, 1, 1, 1), 3)]] == [1, 3]
    assert len(threshold_template((1,) * 1001, 501).instructions) < 2100  # two instructions a full adder


@pytest.mark.parametrize("options", [{}, {"codewords": True}, {"faulty": True}, {"outputs_only": True}, BOTH])
@pytest.mark.parametrize("threads", [1, 3])
def test_adder_adds(options: dict[str, bool], threads: int) -> None:
    bits, waves = 6, 2**13
    network = dual_rail_adder(bits)
    case = np.arange(waves)
    a, b, c = case & 63, case >> 6 & 63, case >> 12
    values = np.concatenate([a >> np.arange(bits)[:, None] & 1, b >> np.arange(bits)[:, None] & 1, c[None]])
    rails = np.stack([values == 0, values == 1], axis=1).reshape(-1, waves)
    words = pack_bits((values if options.get("codewords") else rails).astype(bool))
    answers = unpack_bits(run_wave_plan(plan_waves(network, **options), words, threads=threads), waves)
    assert (answers[0::2] == 1 - answers[1::2]).all()
    total = (answers[1::2].astype(int) << np.arange(bits + 1)[:, None]).sum(axis=0)
    np.testing.assert_array_equal(total, a + b + c)


@settings(max_examples=40, deadline=None)
@given(SEEDS)
def test_waves_and_counts_equal_the_reference(seed: int) -> None:
    rng = np.random.default_rng(seed)
    network = random_network(rng, balanced=True)
    waves = int(rng.integers(1, 12))
    spikes = rng.random((waves, network.input_shape[0])) < 0.5
    try:
        plan = plan_waves(network)
    except NetworkError:
        return
    trains = simulate_reference(network, spikes, waves + 12)
    expected = np.stack([trains[slot : slot + waves, line] for line, slot in enumerate(plan.slots.tolist())])
    words = pack_bits(spikes.T)
    answers = unpack_bits(run_wave_plan(plan, words), waves)
    late = network.latencies + np.arange(waves)[:, None]
    np.testing.assert_array_equal(answers.T, trains[late, network.outputs])
    lines = np.arange(len(plan.lines))
    np.testing.assert_array_equal(unpack_bits(run_wave_plan(plan, words, lines=lines), waves), expected)
    np.testing.assert_array_equal(count_spikes(plan, words, waves), expected.sum(axis=1))


def test_what_cannot_run_in_waves_is_refused() -> None:
    cell = Population("cell", (1,), 1)
    two_paths = (Synapses(INPUT, "cell", [0, 0], [0, 0], 1, [1, 2]),)
    with pytest.raises(NetworkError, match="two paths differ"):
        plan_waves(SpikingNetwork((1,), (cell,), two_paths, np.array([1]), single_lines("o"), np.array([1])))
    one_path = (Synapses(INPUT, "cell", [0], [0], 1),)
    with pytest.raises(NetworkError, match="'o' is not in step"):
        plan_waves(SpikingNetwork((1,), (cell,), one_path, np.array([1]), single_lines("o"), np.array([2])))
    with pytest.raises(NetworkError, match="codewords need two rails"):
        plan_waves(
            SpikingNetwork((1,), (cell,), one_path, np.array([1]), single_lines("o"), np.array([1]), single_lines("i")),
            codewords=True,
        )
    plan = plan_waves(dual_rail_adder(1), codewords=True)
    with pytest.raises(NetworkError, match=r"words need \[3, W\]"):
        run_wave_plan(plan, np.zeros((6, 1), dtype=np.uint64))


def test_packing() -> None:
    bits = np.random.default_rng(3).random((5, 131)) < 0.4
    words = pack_bits(bits)
    assert words.shape == (5, 3)
    np.testing.assert_array_equal(unpack_bits(words, 131), bits)
    np.testing.assert_array_equal(count_bits(words), bits.sum(axis=1))
    assert words[2, 1] >> np.uint64(7) & np.uint64(1) == bits[2, 71]
