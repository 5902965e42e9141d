"""The integer network of a perception reads pictures as the perception with rounded weights does, exactly."""

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional

from logic import Convolution, Domain, SpikingNetwork, simulate, simulate_reference
from perception import SpikingClassifier, SpikingVision, encode, evidence_course, quantise, settle_norms, to_network
from perception.integers import EVIDENCE


@pytest.fixture(scope="module")
def classifier() -> SpikingClassifier:
    generator = torch.Generator().manual_seed(5)
    return SpikingClassifier(Domain("shape", ("a", "b", "c")), generator, channels=(4, 6), hidden=12)


@pytest.fixture(scope="module")
def pictures() -> Tensor:
    return torch.randint(0, 256, (40, 1, 28, 28), generator=torch.Generator().manual_seed(5), dtype=torch.uint8)


@pytest.fixture(scope="module")
def network(classifier: SpikingClassifier) -> SpikingNetwork:
    return to_network(classifier, (0, 1))


def rounded_logits(classifier: SpikingClassifier, pictures: Tensor) -> Tensor:
    """Evidence ``[M, K]`` of the classifier in whole numbers, written out here in float64."""
    signal = encode(pictures, classifier.steps).double()
    for whole in quantise(classifier).layers.whole():
        weight = torch.tensor(whole.kernels[0]).double()
        threshold = torch.tensor(whole.threshold)[:, None, None]
        if whole.layer.name == EVIDENCE:
            return functional.conv2d(signal.sum(dim=0), weight).flatten(1)
        membrane, trains = torch.zeros(()), list[Tensor]()
        for now in signal:
            membrane = membrane + functional.conv2d(now, weight, stride=whole.layer.terms[0].stride)
            trains.append((membrane >= threshold).double())
            membrane = torch.where(membrane >= threshold, 0.0, membrane)
        signal = torch.stack(trains)
    raise AssertionError


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


def test_differences_of_the_readout_fit_eight_bits(network: SpikingNetwork, classifier: SpikingClassifier) -> None:
    kernels = [abs(p.kernel).max() for p in network.projections if isinstance(p, Convolution)]
    assert max(kernels) <= 127
    readout = quantise(classifier).layers.whole()[-1].kernels[0]
    assert 124 <= (readout.max(axis=0) - readout.min(axis=0)).max() <= 127


@pytest.mark.parametrize("name", ["tiny_strided_resnet", "tiny_sew_resnet"])
def test_presets_decide_as_their_rounded_layers(name: str) -> None:
    """Biases reach the race from the input; added spikes from several populations."""
    options = {"size": 9, "steps": 2, "widths": (4, 6), "depths": (1, 2)}
    vision = SpikingVision(Domain("shape", ("a", "b", "c")), 0, model=name, options=options)
    shown = torch.randint(0, 256, (30, 2, 1, 9, 9), generator=torch.Generator().manual_seed(1), dtype=torch.uint8)
    settle_norms(vision, lambda: vision.logits(shown))
    vision.network.readout.linear.bias.data = torch.tensor([0.0, 0.3, -0.3])
    quantised = quantise(vision.eval())
    network = to_network(quantised, (0, 1))
    spikes = quantised.input_spikes(shown)
    winners = simulate(network, spikes, network.latency + 1, record=["winners"])["winners"][network.latency]
    evidence = quantised.look(shown).evidence
    assert torch.equal(winners.reshape(60, 3).int().argmax(1), evidence.argmax(1))
    assert len(evidence.argmax(1).unique()) > 1
    course = evidence_course(network, spikes[:, :1])[-1]
    assert course.tolist() == (evidence[:2] - evidence[:2, :1]).long().tolist()


def test_names_say_slot_and_value(network: SpikingNetwork) -> None:
    assert network.output_names == ("shape(0)=a", "shape(0)=b", "shape(0)=c", "shape(1)=a", "shape(1)=b", "shape(1)=c")
