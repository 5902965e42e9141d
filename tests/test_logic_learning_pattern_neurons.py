"""Learned gates: every small truth table in the predicted epochs, wrong teachers, and proofs of the result."""

from math import ceil, exp
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from numpy.typing import NDArray

from logic import INPUT, Population, SpikingNetwork, Synapses, simulate_reference
from logic.errors import LearningError
from logic.learning import LearnedGate, PairRule, learn_gate, learn_gates, prove_gate, table_circuit, training_report
from logic.learning.pattern_neurons import PERIOD
from logic.rails import rail_lines


def all_tables(fan_in: int) -> list[list[int]]:
    rows = 2**fan_in
    return [[number >> row & 1 for row in range(rows)] for number in range(2**rows)]


def simulated_rows(gate: LearnedGate) -> NDArray[np.bool_]:
    """``[2 ** k, 2]`` answers of the snapped network to all rows, one wave a step."""
    network = gate.snap()
    rows = 2**gate.fan_in
    waves = np.zeros((rows, 2 * gate.fan_in), dtype=bool)
    for row in range(rows):
        for i in range(gate.fan_in):
            waves[row, 2 * i + (row >> i & 1)] = True
    trains = simulate_reference(network, waves, rows + network.latency)
    return trains[network.latency :, network.outputs]


def one_hot(table: tuple[int, ...]) -> NDArray[np.bool_]:
    return np.array([[value == 0, value == 1] for value in table])


@pytest.mark.parametrize("fan_in", [1, 2, 3])
def test_all_functions_are_exact_in_the_predicted_epochs(fan_in: int) -> None:
    gates = learn_gates(all_tables(fan_in))
    assert len(gates) == 2**2**fan_in
    for gate in gates:
        assert gate.epochs == gate.rule.predicted_epochs == 6
        assert set(np.unique(gate.weights)) <= {0, 64}
        assert np.array_equal(simulated_rows(gate), one_hot(gate.table))


@pytest.mark.parametrize(("amplitude", "epochs"), [(0.02, 28), (0.05, 12), (0.1, 6), (0.2, 3), (0.5, 2)])
def test_real_weights_need_the_epochs_of_the_closed_form(amplitude: float, epochs: int) -> None:
    rule = PairRule(amplitude, maximum=1, integer=False)
    assert rule.predicted_epochs == ceil(0.5 / (amplitude * exp(-0.1))) == epochs
    assert {gate.epochs for gate in learn_gates(all_tables(2), rule)} == {epochs}


def test_too_few_epochs_do_not_settle() -> None:
    gate = learn_gate("0110", epochs=5)
    assert gate.epochs is None
    assert gate.history.shape == (6, 2, 4)


@pytest.mark.parametrize("amplitude", [0.02, 0.05])
def test_one_teacher_in_five_may_err(amplitude: float) -> None:
    tables = np.random.default_rng(3).integers(0, 2, (200, 4)).tolist()
    rule = PairRule(amplitude, maximum=1, integer=False)
    gates = learn_gates(tables, rule, epochs=200, flip=0.2, seed=7)
    wrong = sum(not np.array_equal(simulated_rows(gate), one_hot(gate.table)) for gate in gates)
    assert wrong == 0


def test_a_teacher_that_always_errs_teaches_the_complement() -> None:
    assert np.array_equal(simulated_rows(learn_gate("0110", flip=1.0)), one_hot((1, 0, 0, 1)))


def test_the_first_epoch_follows_from_reference_spikes() -> None:
    """Oracle: spikes of the reference simulator, pairs of nearest spikes by hand; weights are too small to matter."""
    table = (0, 1, 1, 1)
    lines = np.zeros((4 * PERIOD, 6), dtype=bool)  # four rails and two teacher lines
    for row, value in enumerate(table):
        lines[row * PERIOD, 4 + 1 - value] = True
        lines[row * PERIOD + 1, [row & 1, 2 + (row >> 1)]] = True
        lines[row * PERIOD + 2, 4 + value] = True
    rails = np.array([[1, 0, 1, 0, 0, 0], [0, 1, 1, 0, 0, 0], [1, 0, 0, 1, 0, 0], [0, 1, 0, 1, 0, 0]])
    network = SpikingNetwork(
        (6,),
        (Population("patterns", (4,), 2), Population("outputs", (2,), 64)),
        (
            Synapses.dense(INPUT, "patterns", rails),
            Synapses.dense("patterns", "outputs", np.full((2, 4), 32)),
            Synapses(INPUT, "outputs", [4, 5], [0, 1], 64),
        ),
        np.array([10, 11]),
        rail_lines("y"),
        np.array([2, 2]),
    )
    trains = simulate_reference(network, lines, len(lines))
    weights = np.full((2, 4), 32.0)
    for output in (0, 1):
        for pattern in range(4):
            for after in np.flatnonzero(trains[:, 10 + output]):
                for before in np.flatnonzero(trains[:, 6 + pattern]):
                    interval = int(after - before)
                    if 0 < abs(interval) <= 5:
                        weights[output, pattern] += np.sign(interval) * round(6.4 * exp(-abs(interval) / 10))
    assert np.array_equal(learn_gate(table).history[1], weights)


def test_training_is_deterministic() -> None:
    first, second = (learn_gate("10010110", flip=0.3, seed=11, epochs=20).history for _ in range(2))
    assert np.array_equal(first, second)
    assert not np.array_equal(first, learn_gate("10010110", flip=0.3, seed=12, epochs=20).history)


@given(st.lists(st.integers(0, 1), min_size=16, max_size=16))
@settings(max_examples=15, deadline=None)
def test_four_inputs_are_learned_and_proved(table: list[int]) -> None:
    gate = learn_gate(table)
    assert gate.epochs == 6
    assert prove_gate(gate).holds is True


@given(st.sampled_from([2, 4, 8]), st.data())
@settings(max_examples=15, deadline=None)
def test_learning_a_batch_is_learning_one_by_one(size: int, data: st.DataObject) -> None:
    rows = st.lists(st.integers(0, 1), min_size=size, max_size=size)
    tables = data.draw(st.lists(rows, min_size=1, max_size=4))
    for gate, table in zip(learn_gates(tables), tables, strict=True):
        assert np.array_equal(gate.history, learn_gate(table).history)


def test_a_half_trained_gate_is_refuted() -> None:
    gate = learn_gate("0110", flip=1.0)
    verdict = prove_gate(gate)
    assert verdict.holds is False
    assert verdict.counterexample is not None


def test_report_names_epochs_and_weights() -> None:
    text = training_report(learn_gate("0110"))
    assert "reached after 6, predicted 6" in text
    assert "6 neurons" in text


@pytest.mark.parametrize("table", ["", "011", "01x0", "0" * 32])
def test_bad_tables_are_refused(table: str) -> None:
    with pytest.raises(LearningError, match="truth table"):
        learn_gate(table)


@pytest.mark.parametrize(
    "constants", [{"amplitude": 0.0}, {"amplitude": 0.001}, {"tau_steps": -1.0}, {"window": 6}, {"maximum": 7}]
)
def test_bad_rules_are_refused(constants: dict[str, Any]) -> None:
    with pytest.raises(LearningError):
        PairRule(**constants)


def test_mixed_sizes_and_bad_arguments_are_refused() -> None:
    with pytest.raises(LearningError, match="sizes"):
        learn_gates(["01", "0110"])
    with pytest.raises(LearningError, match="probability"):
        learn_gate("01", flip=2.0)
    with pytest.raises(LearningError, match="epochs"):
        learn_gate("01", epochs=-1)
    with pytest.raises(LearningError, match="names"):
        learn_gate("01").snap(["a", "b"])
    with pytest.raises(LearningError, match="rows"):
        table_circuit([0, 1], ["a", "b"])
