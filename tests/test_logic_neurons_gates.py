"""Latches, C-elements, toggles and burst gates of integer and of model neurons."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from logic import simulate_reference
from logic.neurons.gates import (
    LINES,
    Function,
    IntegerGate,
    answer_waves,
    compare_gates,
    expected_answers,
    integer_gate,
    neuron_gate,
    noise_margin,
    output_spikes,
    random_waves,
)


def unscaled(gate_synapses: int) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    return np.ones((1, gate_synapses))


def synapses(gate: IntegerGate) -> int:
    return len(gate.network.flatten().pre)


@pytest.mark.parametrize("function", list(LINES))
@given(seed=st.integers(0, 10**6))
@settings(max_examples=15, deadline=None)
def test_integer_gates_answer_any_waves(function: Function, seed: int) -> None:
    gate = integer_gate(function)
    waves = random_waves(function, 30, seed)
    answers = answer_waves(gate, waves, unscaled(synapses(gate)))
    assert np.array_equal(answers[:, 0], expected_answers(function, waves))


@pytest.mark.parametrize("function", list(LINES))
def test_integer_gates_are_spiking_networks(function: Function) -> None:
    gate = integer_gate(function)
    waves = random_waves(function, 20, 1)
    spikes = np.zeros((20 * gate.period, waves.shape[1]), dtype=bool)
    spikes[:: gate.period] = waves
    expected = simulate_reference(gate.network, spikes, len(spikes))[:, -1]
    assert np.array_equal(output_spikes(gate, waves, unscaled(synapses(gate)))[:, 0], expected)
    assert expected.any()


@pytest.mark.parametrize("function", list(LINES))
def test_model_neurons_answer_as_the_function_says(function: Function) -> None:
    gate = neuron_gate(function)
    waves = random_waves(function, 40, 5)
    expected = expected_answers(function, waves)
    assert 4 < expected.sum() < 36
    assert np.array_equal(answer_waves(gate, waves, unscaled(len(gate.connections)))[:, 0], expected)


def test_expected_answers_by_hand() -> None:
    latch = np.array([[1, 0], [0, 0], [0, 1], [0, 0]], dtype=bool)
    assert expected_answers("latch", latch).tolist() == [True, True, False, False]
    both, mixed, neither = [0, 1, 0, 1], [1, 0, 0, 1], [1, 0, 1, 0]
    muller = np.array([mixed, both, mixed, neither, mixed], dtype=bool)
    assert expected_answers("c-element", muller).tolist() == [False, True, True, False, False]
    assert expected_answers("toggle", np.array([[1], [0], [1]], dtype=bool)).tolist() == [True, True, False]
    assert expected_answers("burst", np.array([[1, 1], [1, 0]], dtype=bool)).tolist() == [True, False]


def test_margin_of_the_integer_latch_is_the_computed_one() -> None:
    # on and reset: 1 + x - 2 (1 - x) < 1/2 needs x < 1/2; set alone: 1 - x >= 1/2 needs x <= 1/2
    waves = random_waves("latch", 30, 2)
    assert noise_margin(integer_gate("latch"), waves, [0.1, 0.3, 0.49, 0.51, 0.55]) == 0.49


def test_margin_of_the_integer_burst_gate_is_the_computed_one() -> None:
    # one input: 1 + x < 3/2 needs x < 1/2; both: 2 (1 - x) >= 3/2 needs x <= 1/4
    waves = random_waves("burst", 20, 2)
    assert noise_margin(integer_gate("burst"), waves, [0.1, 0.24, 0.26]) == 0.24


def test_broken_weights_are_noticed() -> None:
    for function in LINES:
        gate = neuron_gate(function)
        waves = random_waves(function, 20, 0)
        silent = answer_waves(gate, waves, np.zeros((1, len(gate.connections))))
        assert not np.array_equal(silent[:, 0], expected_answers(function, waves))


def test_the_comparison_has_a_row_for_each_gate_and_kind() -> None:
    rows = compare_gates(count=8, resolution=0.1)
    assert [(row.function, row.neuron) for row in rows] == [
        (function, neuron)
        for function in LINES
        for neuron in ("integer", "Izhikevich" if function == "burst" else "AdEx")
    ]
    assert all(row.latency > 0 and row.margin > 0 for row in rows)
