"""Pretraining changes the first layer, and only that."""

import torch

from logic import Domain
from perception import SpikingClassifier, pretrain_first_layer, to_initial_layer


def test_only_the_first_layer_changes() -> None:
    generator = torch.Generator().manual_seed(0)
    classifier = SpikingClassifier(Domain("digit", range(10)), generator, channels=(4, 5), hidden=6)
    before = {name: weight.clone() for name, weight in classifier.weights().items()}
    pictures = torch.zeros(30, 1, 28, 28, dtype=torch.uint8)
    pictures[::2, :, :, 12:14] = 255
    pictures[1::2, :, 12:14, :] = 255
    kernels = pretrain_first_layer(classifier, pictures, generator)
    after = classifier.weights()
    assert torch.equal(after["convolution1"], to_initial_layer(kernels))
    assert kernels.min() >= 0
    assert kernels.max() <= 1
    assert [name for name in before if not torch.equal(before[name], after[name])] == ["convolution1"]
    assert all(parameter.requires_grad for parameter in classifier.parameters())
