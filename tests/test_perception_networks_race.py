"""The race decides as arg-max over the integer evidence does, ties included, for all slots at once."""

import numpy as np
import pytest
import torch
from hypothesis import given, strategies as st

from logic import INPUT, Convolution, Domain, NetworkError, SpikingNetwork, Synapses, simulate, simulate_reference
from perception.networks.race import EVIDENCE, race, value_pairs, with_race


def decided(weights: np.ndarray, spikes: np.ndarray, rounds: int, slots: int = 1) -> list[list[int]]:
    """The winners of each slot when inputs ``[T, F]`` speak for values with weights ``[slots * K, F]``."""
    values = len(weights) // slots
    network = alone(weights, len(spikes), rounds, slots)
    fired = simulate_reference(network, spikes.astype(bool), network.latency + 1)
    assert not fired[: network.latency, network.outputs].any()  # one wave: no winner speaks before the end
    answer = fired[network.latency, network.outputs].reshape(slots, values)
    return [np.flatnonzero(row).tolist() for row in answer]


def alone(weights: np.ndarray, steps: int, rounds: int, slots: int = 1) -> SpikingNetwork:
    look = Synapses.dense(INPUT, EVIDENCE, weights)
    domain = Domain("d", range(len(weights) // slots))
    found = race([look], domain, range(slots), depth=1, steps=steps, rounds=rounds)
    return with_race((weights.shape[1],), (), (), found)


@given(st.data())
def test_the_lowest_of_the_largest_wins_whatever_the_membranes_are(data: st.DataObject) -> None:
    values, inputs, slots = (data.draw(st.integers(low, high)) for low, high in ((2, 5), (1, 5), (1, 3)))
    steps, rounds = data.draw(st.integers(1, 4)), data.draw(st.integers(1, 20))
    limit = data.draw(st.sampled_from([1, 3, 127]))  # small weights tie often
    generator = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    weights = generator.integers(-limit, limit + 1, (slots * values, inputs))
    spikes = generator.random((steps, inputs)) < 0.6
    evidence = (spikes.sum(axis=0) @ weights.T).reshape(slots, values)
    assert decided(weights, spikes, rounds, slots) == [[int(row.argmax())] for row in evidence]


def test_all_ties_go_to_the_lowest_value() -> None:
    assert decided(np.zeros((4, 2)), np.ones((3, 2)), 5) == [[0]]
    assert decided(np.array([[-1], [0], [0]]), np.ones((3, 1)), 5) == [[1]]


def test_evidence_that_turns_late_counts_in_full() -> None:
    weights = np.array([[100, -99], [0, 0]])
    early = np.array([[1, 0]] * 3 + [[0, 1]])  # three steps for the first value, then one against it
    assert decided(weights, early, 1) == decided(weights, early, 30) == [[0]]
    assert decided(np.array([[100, -127], [0, 0]]), np.array([[1, 0], [0, 1]]), 4) == [[1]]


def test_convolutions_race_as_their_synapses_do() -> None:
    generator = np.random.default_rng(0)
    kernel = generator.integers(-9, 10, (6, 2, 2, 2))  # two slots of three values, two maps of 2 x 2 a slot
    domain, source = Domain("d", range(3)), (4, 2, 2)
    found = race([Convolution(INPUT, EVIDENCE, kernel, groups=2)], domain, (0, 1), depth=1, steps=2)
    network = with_race(source, (), (), found)
    spikes = generator.random((2, 8, *source)) < 0.5
    answer = simulate(network, torch.tensor(spikes), network.latency + 1, record=["winners"])["winners"][-1]
    gathered = spikes.sum(axis=0).reshape(8, 2, -1)
    evidence = np.einsum("bsf,skf->bsk", gathered, kernel.reshape(2, 3, -1))
    assert np.array_equal(answer.reshape(8, 2, 3).numpy(), np.eye(3, dtype=bool)[evidence.argmax(axis=2)])


def test_a_later_step_can_be_agreed_on_and_no_weight_is_large() -> None:
    weights = np.random.default_rng(1).integers(-63, 64, (10, 300))
    domain, look = Domain("digit", range(10)), Synapses.dense(INPUT, EVIDENCE, weights)
    found = race([look], domain, (0,), depth=3, steps=4, latency=40)
    assert found.latency == 40
    heaviest = [int(np.abs(p.weight).max()) for p in found.projections if isinstance(p, Synapses)]
    assert max(heaviest) <= 127
    assert len(found.populations[0].bias) == len(value_pairs(10)) == 46
    with pytest.raises(NetworkError, match="step 18 or later, not at 17"):
        race([look], domain, (0,), depth=3, steps=14, latency=17)
