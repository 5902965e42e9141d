"""Pretraining: the classifier's first layer learns edges from pictures without labels, by STDP."""

import torch
from torch import Tensor

from .classifier import SpikingClassifier
from .stdp import PlasticityRule, learn_kernels, to_initial_layer


def pretrain_first_layer(
    classifier: SpikingClassifier, pictures: Tensor, generator: torch.Generator, rule: PlasticityRule | None = None
) -> Tensor:
    """Replaces the first layer's random weights by kernels that STDP has learned, with equal mean and variance.

    Args:
        classifier: Its ``convolution1`` is changed in place.
        pictures: ``[M, 1, H, W]``, training pictures only; a thousand are plenty.
        generator: Source of all randomness.
        rule: Constants of STDP.

    Returns:
        The learned kernels in [0, 1], ``[F, 1, 5, 5]``, to be looked at.
    """
    weight = classifier.weights()["convolution1"]  # shares its memory with the layer
    filters, channels, height, width = weight.shape
    kernels = learn_kernels(pictures, (filters, channels, height, width), generator, rule)
    weight.copy_(to_initial_layer(kernels))
    return kernels
