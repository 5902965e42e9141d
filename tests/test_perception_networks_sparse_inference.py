"""Layers that skip zeros compute what dense ones do, and only where they may."""

import pytest
import torch
from hypothesis import given, settings, strategies
from torch import nn
from torch.nn import functional

from perception import SpikingVision, load_dataset, zero_skipping
from perception.networks.sparse_inference import skipping_convolution, skips


@given(
    kernel=strategies.integers(1, 5),
    stride=strategies.integers(1, 3),
    padding=strategies.integers(0, 3),
    height=strategies.integers(5, 9),
    width=strategies.integers(5, 9),
    levels=strategies.integers(1, 3),
    seed=strategies.integers(0, 99),
)
@settings(max_examples=60, deadline=None)
def test_convolutions_are_those_of_torch(
    kernel: int, stride: int, padding: int, height: int, width: int, levels: int, seed: int
) -> None:
    generator = torch.Generator().manual_seed(seed)
    layer = nn.Conv2d(3, 5, kernel, stride, padding, bias=bool(seed % 2))
    for parameter in layer.parameters():
        nn.init.normal_(parameter, generator=generator)
    fired = torch.rand(2, 3, height, width, generator=generator) < 0.3
    spikes = fired * torch.randint(1, levels + 1, fired.shape, generator=generator).float()
    expected = functional.conv2d(spikes, layer.weight, layer.bias, stride, padding).detach()
    torch.testing.assert_close(skipping_convolution(layer, spikes), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("model", ["tiny_resnet", "tiny_sdt"])
def test_a_network_reads_the_same(model: str) -> None:
    digits = load_dataset("digits", split="test")
    options = {"size": 8, "steps": 2}
    vision = SpikingVision(digits.classes, torch.Generator().manual_seed(0), model=model, options=options)
    pictures = digits.pictures[:40, None]
    vision.logits(pictures)  # sets the norms
    vision.eval()
    with torch.no_grad():
        expected = vision.logits(pictures)
        with zero_skipping(vision, most=2.0):
            found = vision.logits(pictures)
    same = torch.isclose(found, expected, rtol=1e-3, atol=1e-4).all(2)
    assert same.float().mean() > 0.9  # a sum that is rounded otherwise may make a neuron at its threshold fire or not
    assert torch.equal(vision.logits(pictures), vision.logits(pictures))


def test_layers_are_dense_where_they_must_be(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = list[int]()

    def count(layer: nn.Conv2d, spikes: torch.Tensor) -> torch.Tensor:
        calls.append(1)
        return functional.conv2d(spikes, layer.weight, layer.bias).detach()

    monkeypatch.setattr("perception.networks.sparse_inference.skipping_convolution", count)
    layer, few = nn.Conv2d(2, 3, 3), torch.zeros(1, 2, 8, 8)
    with zero_skipping(layer, most=0.1):
        layer(few).sum().backward()
        assert not calls
        with torch.no_grad():
            layer(torch.ones_like(few))
            assert not calls
            layer(few)
            assert len(calls) == 1
    with torch.no_grad():
        layer(few)
    assert len(calls) == 1
    assert not skips(nn.Conv2d(2, 2, 3, groups=2))
    assert not skips(nn.Conv2d(2, 2, (3, 1)))
    assert not skips(nn.Conv2d(2, 2, 1))
    assert not skips(nn.Linear(2, 2))
