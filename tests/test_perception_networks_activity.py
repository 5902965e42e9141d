"""Activity: every count against brute force over single spikes and synapses."""

import pytest
import torch

from logic import Domain
from perception import SpikingClassifier, measure_activity


def operations_by_brute_force(spikes: torch.Tensor, layer: torch.nn.Module) -> int:
    """Goes through all outputs and steps and counts the spikes in each output's window."""
    weight = layer.get_parameter("weight")
    if weight.ndim == 2:
        return int(spikes.sum()) * weight.shape[0]
    total, size = 0, weight.shape[-1]
    for row in range(0, spikes.shape[-2] - size + 1, 2):
        for column in range(0, spikes.shape[-1] - size + 1, 2):
            total += int(spikes[..., row : row + size, column : column + size].sum()) * weight.shape[0]
    return total


@pytest.mark.parametrize("size", [28, 25])
def test_counts_equal_brute_force(size: int) -> None:
    generator = torch.Generator().manual_seed(0)
    classifier = SpikingClassifier(Domain("digit", range(10)), generator, channels=(3, 4), hidden=8, size=size)
    percept = classifier(torch.rand(2, 2, 1, size, size, generator=generator))
    activity = measure_activity(classifier, percept)
    assert [layer.name for layer in activity.layers] == ["input", *classifier.layers]
    sent = percept.spikes["input"]
    for row, (name, layer) in zip(activity.layers[1:], classifier.layers.items(), strict=True):
        assert row.synaptic_operations == pytest.approx(operations_by_brute_force(sent, layer) / 4)
        dense = torch.ones_like(sent[:1, :1])
        assert row.multiplications == operations_by_brute_force(dense, layer)
        sent = percept.spikes.get(name, torch.zeros(0))
    for row in activity.layers[:-1]:
        spikes = percept.spikes[row.name]
        assert row.spikes == pytest.approx(int(spikes.sum()) / 4)
        assert row.rate == pytest.approx(spikes.mean().item())
        assert row.neurons == spikes[0, 0].numel()
    assert activity.layers[-1].spikes == 0
    assert activity.spiking_joules == pytest.approx(0.9e-12 * activity.synaptic_operations)
    assert activity.analog_joules == pytest.approx(4.6e-12 * activity.multiplications)


def test_multiplications_of_the_standard_net_by_hand() -> None:
    classifier = SpikingClassifier(Domain("digit", range(10)), torch.Generator().manual_seed(0))
    activity = measure_activity(classifier, classifier(torch.zeros(1, 1, 1, 28, 28)))
    expected = 12 * 12 * 16 * 25 + 4 * 4 * 32 * 16 * 25 + 512 * 128 + 128 * 10
    assert activity.multiplications == expected
    assert activity.synaptic_operations == 0  # a black picture sends no spike, so nothing is computed
