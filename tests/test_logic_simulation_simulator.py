"""The batched simulator against the written semantics, and both against numbers worked out by hand."""

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings, strategies as st

from logic import INPUT, Convolution, NetworkError, Population, SpikingNetwork, Synapses, simulate, simulate_reference
from logic.rails import single_lines


def random_synapses(rng: np.random.Generator, source: str, target: str, sizes: tuple[int, int], count: int) -> Synapses:
    pre, post = (rng.integers(0, size, count) for size in sizes)
    return Synapses(source, target, pre, post, rng.integers(-3, 4, count), rng.integers(1, 5, count))


def random_memory(rng: np.random.Generator) -> dict[str, Any]:
    """Of a population: a gate, or a membrane with any leak and reset."""
    if rng.random() < 0.3:
        return {}
    return {"retain": True, "leak": int(rng.choice([0, 1, 1, 3])), "reset": str(rng.choice(["zero", "subtract"]))}


def random_network(rng: np.random.Generator) -> SpikingNetwork:
    """Two populations behind a convolution, with random weights, delays, memory, biases and a recurrent projection."""
    window = Convolution(
        INPUT,
        "picture",
        rng.integers(-3, 4, (3, 2, 3, 3)),
        stride=2,
        delay=int(rng.integers(1, 3)),
        padding=int(rng.integers(0, 3)),
    )
    shape = window.shape_from((2, 6, 6))
    size = int(np.prod(shape))
    populations = (
        Population("picture", shape, rng.integers(1, 6, size), bias=rng.integers(-1, 2, size), **random_memory(rng)),
        Population("gates", (5,), rng.integers(-1, 4, 5), initial=rng.integers(-3, 3, 5), **random_memory(rng)),
    )
    projections = (
        window,
        random_synapses(rng, "picture", "gates", (size, 5), 20),
        random_synapses(rng, "gates", "gates", (5, 5), 6),
    )
    return SpikingNetwork(
        (2, 6, 6), populations, projections, np.array([72 + size]), single_lines(["first"]), np.array([0])
    )


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_batched_simulation_is_the_reference(seed: int) -> None:
    rng = np.random.default_rng(seed)
    network = random_network(rng)
    spikes = rng.random((6, 2, 2, 6, 6)) < 0.4
    record = simulate(network, torch.from_numpy(spikes), steps=12)
    for sample in range(2):
        expected = simulate_reference(network, spikes[:, sample].reshape(6, -1), steps=12)
        found = torch.cat([record[name][:, sample].flatten(1) for name in (INPUT, "picture", "gates")], dim=1)
        assert np.array_equal(found.numpy(), expected)


def test_integrate_fire_and_reset_by_hand() -> None:
    neuron = Population("cell", (1,), 5, retain=True, bias=1)
    network = SpikingNetwork(
        (1,), (neuron,), (Synapses(INPUT, "cell", [0], [0], 3),), np.array([1]), single_lines(["cell"]), np.array([1])
    )
    trains = simulate_reference(network, np.ones((4, 1), dtype=bool), steps=7)[:, 1]
    # the membrane: 1, 1+4=5 fires, 4, 4+4=8 fires, 4, then only the bias: 5 fires, 1
    assert np.flatnonzero(trains).tolist() == [1, 3, 5]


def test_recording_less_frees_but_does_not_change() -> None:
    rng = np.random.default_rng(3)
    network, spikes = random_network(rng), torch.from_numpy(rng.random((6, 2, 2, 6, 6)) < 0.4)
    assert torch.equal(simulate(network, spikes, 12, record=["gates"])["gates"], simulate(network, spikes, 12)["gates"])


def test_wrong_input_is_refused() -> None:
    network = random_network(np.random.default_rng(0))
    with pytest.raises(NetworkError, match="spikes need"):
        simulate(network, torch.zeros(3, 1, 2, 5, 6), 4)
    with pytest.raises(NetworkError, match="zeros and ones"):
        simulate(network, torch.full((3, 1, 2, 6, 6), 0.5), 4)
    with pytest.raises(NetworkError, match="cannot record"):
        simulate(network, torch.zeros(3, 1, 2, 6, 6), 4, record=["nobody"])
