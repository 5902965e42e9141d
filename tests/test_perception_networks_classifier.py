"""The spiking classifier and its twin: shapes, spikes, weights, and that they can learn."""

import pytest
import torch

from logic import Domain
from perception import AnalogTwin, PictureError, SpikingClassifier, encode

DIGITS = Domain("digit", range(10))


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def pictures(batch: int = 3, slots: int = 2) -> torch.Tensor:
    return torch.randint(0, 256, (batch, slots, 1, 28, 28), generator=generator(), dtype=torch.uint8)


def test_percept_has_all_spikes_time_first() -> None:
    percept = SpikingClassifier(DIGITS, generator(), steps=5, channels=(4, 6), hidden=20)(pictures())
    assert {name: tuple(spikes.shape) for name, spikes in percept.spikes.items()} == {
        "input": (5, 6, 1, 28, 28),
        "convolution1": (5, 6, 4, 12, 12),
        "convolution2": (5, 6, 6, 4, 4),
        "hidden": (5, 6, 20),
    }
    for spikes in percept.spikes.values():
        assert set(spikes.unique().tolist()) == {0, 1}
    assert percept.symbols.log_probs.shape == (3, 2, 10)


def test_belief_follows_from_the_weights_alone() -> None:
    """The whole net once more, neuron by neuron step, from the named weights: what a compiler relies on."""
    classifier = SpikingClassifier(DIGITS, generator(), steps=3, channels=(4, 6), hidden=20)
    seen = pictures(2, 1)
    weights = classifier.weights()
    assert [tuple(weight.shape) for weight in weights.values()] == [(4, 1, 5, 5), (6, 4, 5, 5), (20, 96), (10, 20)]
    membranes: dict[str, torch.Tensor] = {}
    logits = torch.zeros(2, 10)
    for signal in encode(seen.flatten(0, 1), 3):
        for name, weight in weights.items():
            convolves = weight.ndim == 4
            current = torch.conv2d(signal, weight, stride=2) if convolves else signal.flatten(1) @ weight.T
            if name == "readout":
                logits += current
                break
            membrane = membranes.get(name, torch.zeros_like(current)) + current
            signal = (membrane >= 1).float()
            membranes[name] = membrane * (1 - signal)
    expected = logits.log_softmax(dim=1).reshape(2, 1, 10)
    torch.testing.assert_close(classifier(seen).symbols.log_probs, expected, atol=1e-5, rtol=1e-4)


def test_no_layer_is_silent_or_saturated_at_the_start() -> None:
    percept = SpikingClassifier(DIGITS, generator())(pictures())
    assert all(0.01 < spikes.mean() < 0.9 for spikes in percept.spikes.values())


def test_bytes_and_floats_and_slots_agree() -> None:
    classifier = SpikingClassifier(DIGITS, generator())
    seen = pictures(2, 3)
    together = classifier(seen).symbols.log_probs
    torch.testing.assert_close(classifier(seen / 255).symbols.log_probs, together)
    alone = classifier(seen[1:, 2:]).symbols.log_probs
    torch.testing.assert_close(alone[0, 0], together[1, 2], atol=1e-5, rtol=1e-4)


def test_weights_follow_the_generator() -> None:
    first, again, other = (SpikingClassifier(DIGITS, generator(seed)).state_dict() for seed in (0, 0, 1))
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not any(torch.equal(first[name], other[name]) for name in first)
    twin = AnalogTwin(DIGITS, generator()).state_dict()
    assert all(torch.equal(first[name], twin[name]) for name in first)  # twins start from the same weights


@pytest.mark.parametrize("kind", [SpikingClassifier, AnalogTwin])
def test_wrong_pictures_are_refused(kind: type[SpikingClassifier] | type[AnalogTwin]) -> None:
    with pytest.raises(PictureError, match="expected"):
        kind(DIGITS, generator())(torch.zeros(4, 1, 28, 28))


@pytest.mark.parametrize("kind", [SpikingClassifier, AnalogTwin])
def test_it_can_learn_by_heart(kind: type[SpikingClassifier] | type[AnalogTwin]) -> None:
    network = kind(DIGITS, generator(), channels=(4, 8), hidden=32)
    seen, labels = pictures(20, 1), torch.arange(20) % 10
    optimizer = torch.optim.Adam(network.parameters(), lr=5e-3)
    for _ in range(60):
        log_probs = network(seen).symbols.log_probs[:, 0]
        loss = torch.nn.functional.nll_loss(log_probs, labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert torch.equal(network(seen).symbols.most_likely()[:, 0], labels)
