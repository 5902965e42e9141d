"""The race decides as arg-max over the integer evidence does, up to its stated resolution, for all slots at once."""

import numpy as np
import pytest
import torch
from torch import Tensor

from logic import Convolution, Domain, SpikingNetwork, Synapses, simulate, simulate_reference
from perception import SpikingClassifier, encode
from perception.networks.race import integer_weights, to_network


@pytest.fixture(scope="module")
def classifier() -> SpikingClassifier:
    generator = torch.Generator().manual_seed(4)
    return SpikingClassifier(Domain("shape", ("a", "b", "c")), generator, channels=(4, 6), hidden=12)


@pytest.fixture(scope="module")
def pictures() -> Tensor:
    return torch.randint(0, 256, (40, 1, 28, 28), generator=torch.Generator().manual_seed(5), dtype=torch.uint8)


@pytest.fixture(scope="module")
def network(classifier: SpikingClassifier, pictures: Tensor) -> SpikingNetwork:
    return to_network(classifier, (0, 1), pictures)


def evidence(network: SpikingNetwork, spikes: Tensor) -> Tensor:
    """What the racers of each slot gather, ``[B, 2, K]``, computed outside the simulation of the race."""
    heard = simulate(network, spikes, 12, record=["hidden"])["hidden"].sum(0).flatten(1).double()
    readout = next(p for p in network.projections if p.target == "racers" and isinstance(p, Convolution))
    halves = heard.reshape(len(heard), 2, -1)
    kernel = torch.tensor(readout.kernel.reshape(2, 3, -1), dtype=torch.float64)
    return torch.einsum("bnh,nkh->bnk", halves, kernel)


def test_one_winner_a_slot_within_the_resolution(
    network: SpikingNetwork, pictures: Tensor, classifier: SpikingClassifier
) -> None:
    spikes = encode(pictures.reshape(20, 2, 28, 28), classifier.steps)
    hold = simulate(network, spikes, network.latency + 4, record=["hold"])["hold"]
    assert hold.flatten(1).any(dim=1).nonzero().flatten().tolist() == [network.latency]
    answer = hold[network.latency].reshape(20, 2, 3)
    assert (answer.sum(dim=2) == 1).all()
    found = evidence(network, spikes)
    won = found.gather(2, answer.int().argmax(dim=2, keepdim=True))[..., 0]
    ramp = int(network.population("racers").bias[0])
    assert (found.amax(dim=2) - won <= ramp).all()
    assert len(answer.int().argmax(dim=2).unique()) > 1  # not one constant answer


def test_losers_are_silenced_and_ties_go_to_the_lowest_value(network: SpikingNetwork) -> None:
    spikes = torch.zeros(4, 1, 2, 28, 28)  # nothing is seen: all membranes are equal, all racers tie
    record = simulate(network, spikes, network.latency + 1)
    assert record["racers"].sum() in (0, 6)
    if record["racers"].any():
        assert record["hold"][network.latency, 0].reshape(2, 3).tolist() == [[True, False, False]] * 2


def test_the_whole_network_follows_the_written_semantics(
    network: SpikingNetwork, pictures: Tensor, classifier: SpikingClassifier
) -> None:
    spikes = encode(pictures[:2].reshape(1, 2, 28, 28), classifier.steps)
    steps = network.latency + 1
    expected = simulate_reference(network, spikes[:, 0].flatten(1).bool().numpy(), steps)
    record = simulate(network, spikes, steps)
    assert np.array_equal(torch.cat([train[:, 0].flatten(1) for train in record.values()], dim=1).numpy(), expected)


def test_integers_fit_eight_bits_and_keep_proportions() -> None:
    weight = np.array([-1.0, 0.5, 0.25])
    integers, threshold = integer_weights(weight)
    assert integers.tolist() == [-127, 64, 32]
    assert threshold == 127


def test_names_say_slot_and_value(network: SpikingNetwork) -> None:
    assert network.output_names == ("shape(0)=a", "shape(0)=b", "shape(0)=c", "shape(1)=a", "shape(1)=b", "shape(1)=c")
    assert all(abs(p.weight).max() > 0 for p in network.projections if isinstance(p, Synapses))
