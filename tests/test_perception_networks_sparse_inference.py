"""Layers that skip zeros compute what dense ones do, and only where they may."""

import pytest
import torch
from torch import nn
from torch.nn import functional

from perception import SpikingVision, load_dataset, zero_skipping


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
    calls = list[float]()

    def count(*given: torch.Tensor, most: float, **_: object) -> torch.Tensor:
        calls.append(most)
        return functional.conv2d(given[0], given[1], given[2])

    monkeypatch.setattr("perception.sparsity.convolution.spike_convolution", count)
    layer, few = nn.Conv2d(2, 3, 3), torch.zeros(1, 2, 8, 8)
    with zero_skipping(layer, most=0.1):
        layer(few).sum().backward()
        assert calls == [0.1]
    with zero_skipping(layer, most=0):
        layer(few)
    layer(few)
    assert len(calls) == 1
    for other in (nn.Conv2d(2, 2, 3, groups=2), nn.Conv2d(2, 2, (3, 1)), nn.Conv2d(2, 2, 3, padding="same")):
        with zero_skipping(other):
            assert torch.equal(other(few), nn.Conv2d.forward(other, few))
    assert len(calls) == 1
