"""The integer network of a classifier reads pictures as the classifier with rounded weights does, exactly."""

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional

from logic import Domain, SpikingNetwork, simulate, simulate_reference
from perception import SpikingClassifier, encode, evidence_course, to_network
from perception.networks.classifier_network import integer_readout, integer_weights


@pytest.fixture(scope="module")
def classifier() -> SpikingClassifier:
    generator = torch.Generator().manual_seed(4)
    return SpikingClassifier(Domain("shape", ("a", "b", "c")), generator, channels=(4, 6), hidden=12)


@pytest.fixture(scope="module")
def pictures() -> Tensor:
    return torch.randint(0, 256, (40, 1, 28, 28), generator=torch.Generator().manual_seed(5), dtype=torch.uint8)


@pytest.fixture(scope="module")
def network(classifier: SpikingClassifier) -> SpikingNetwork:
    return to_network(classifier, (0, 1))


def rounded_logits(classifier: SpikingClassifier, pictures: Tensor) -> Tensor:
    """Logits ``[M, K]`` of the classifier with integer weights and thresholds, written out here in float64."""
    weights = {
        name: layer.get_parameter("weight").detach().double().numpy() for name, layer in classifier.layers.items()
    }
    signal = encode(pictures, classifier.steps).double()
    for name in ("convolution1", "convolution2", "hidden"):
        integers, threshold = integer_weights(weights[name])
        weight, membrane, trains = torch.tensor(integers).double(), torch.zeros(()), list[Tensor]()
        for now in signal:
            drive = (
                functional.linear(now.flatten(1), weight)
                if name == "hidden"
                else functional.conv2d(now, weight, stride=2)
            )
            membrane = membrane + drive
            trains.append((membrane >= threshold).double())
            membrane = torch.where(membrane >= threshold, 0.0, membrane)
        signal = torch.stack(trains)
    return signal.sum(dim=0) @ torch.tensor(integer_readout(weights["readout"])).double().T


def test_winners_are_the_arg_max_of_the_rounded_classifier(
    network: SpikingNetwork, pictures: Tensor, classifier: SpikingClassifier
) -> None:
    spikes = encode(pictures.reshape(20, 2, 28, 28), classifier.steps)
    winners = simulate(network, spikes, network.latency + 4, record=["winners"])["winners"]
    assert winners.flatten(1).any(dim=1).nonzero().flatten().tolist() == [network.latency]
    answer = winners[network.latency].reshape(40, 3)
    assert (answer.sum(dim=1) == 1).all()
    assert torch.equal(answer.int().argmax(dim=1), rounded_logits(classifier, pictures).argmax(dim=1))
    assert len(answer.int().argmax(dim=1).unique()) > 1  # not one constant answer


def test_the_course_of_the_evidence_ends_at_the_logits(
    network: SpikingNetwork, pictures: Tensor, classifier: SpikingClassifier
) -> None:
    course = evidence_course(network, encode(pictures[:2].reshape(1, 2, 28, 28), classifier.steps))
    logits = rounded_logits(classifier, pictures[:2])
    assert course[-1].tolist() == (logits - logits[:, :1]).long().tolist()


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
    readout = integer_readout(np.random.default_rng(0).normal(size=(10, 128)))
    assert 124 <= (readout.max(axis=0) - readout.min(axis=0)).max() <= 127


def test_names_say_slot_and_value(network: SpikingNetwork) -> None:
    assert network.output_names == ("shape(0)=a", "shape(0)=b", "shape(0)=c", "shape(1)=a", "shape(1)=b", "shape(1)=c")
