"""Events are counted exactly."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from logic.errors import NetworkError
from logic.simulation.bit_simulator import count_spikes, plan_waves, simulate_bits
from logic.simulation.energy import EnergyModel, count_events
from logic.simulation.word_program import pack_bits
from tests.networks import dual_rail_adder, random_network


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_synaptic_events_one_by_one(seed: int) -> None:
    rng = np.random.default_rng(seed)
    network = random_network(rng, balanced=False)
    trains = simulate_bits(network, rng.random((8, 5, network.input_shape[0])) < 0.5, 12)
    flat = network.flatten()
    expected = sum(
        int(trains[:, :, pre].sum()) for pre, weight in zip(flat.pre, flat.weight, strict=True) if weight != 0
    )
    assert count_events(network, trains.sum(axis=(0, 1)), 60 * network.neurons).synaptic_events == expected


def test_a_dual_rail_adder_spikes_three_times_a_bit() -> None:
    bits, waves = 8, 1000
    network = dual_rail_adder(bits)
    values = np.random.default_rng(1).random((2 * bits + 1, waves)) < 0.5
    spikes = count_spikes(plan_waves(network, codewords=True), pack_bits(values), waves)
    counts = count_events(network, spikes, waves * network.neurons)
    assert spikes[4 * bits + 2 :].sum() == 3 * bits * waves
    assert counts.spikes.sum() == (3 * bits + 2 * bits + 1) * waves
    assert counts.picojoules(EnergyModel(1, 0, 0)) == counts.synaptic_events
    assert counts.picojoules(EnergyModel(0, 0, 2)) == 2 * counts.spikes.sum()
    with pytest.raises(NetworkError, match="spikes need"):
        count_events(network, spikes[1:], 1)
