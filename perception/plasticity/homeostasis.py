"""Walls against run-away plasticity that go with any rule: normalised weights, adaptive thresholds, synaptic scaling.

Plasticity is positive feedback: a neuron that fires grows and so fires more. Bounds keep weights finite but let all of
them end at the upper one; these functions keep a neuron's total drive and its rate where they should be.

References:
    Diehl and Cook, "Unsupervised learning of digit recognition using spike-timing-dependent plasticity", Frontiers in
    Computational Neuroscience 9, 2015 (normalised weights, adaptive thresholds).
    Turrigiano, "The self-tuning neuron: synaptic scaling of excitatory synapses", Cell 135, 2008 (scaling).
"""

from math import exp

import torch
from torch import Tensor

from .timing import PlasticityError


def normalize_weights(weights: Tensor, total: float) -> Tensor:
    """Weights of which each neuron's sizes sum to ``total``.

    A neuron whose weights are all zero gets equal ones, or it would stay dead for ever.

    Args:
        weights: ``[O, ...]``, one neuron or kernel in each row.
        total: Sum of ``|w|`` of a neuron, positive.

    Returns:
        Same shape; signs are kept.

    Raises:
        PlasticityError: if ``total`` is not positive, or a weight is not finite.

    Example:
        >>> normalize_weights(torch.tensor([[1.0, -3.0], [0.0, 0.0]]), total=2.0).tolist()
        [[0.5, -1.5], [1.0, 1.0]]
    """
    if total <= 0:
        raise PlasticityError(f"total must be positive, got {total}")
    flat = weights.flatten(1)
    if not bool(flat.isfinite().all()):
        raise PlasticityError("weights must be finite; a rule without bounds has run away, give it bounds")
    largest = flat.abs().amax(dim=1, keepdim=True)
    relative = torch.where(largest > 0, flat / largest, 1.0)  # so that the sum of huge weights stays finite
    return (relative * (total / relative.abs().sum(dim=1, keepdim=True))).reshape(weights.shape)


def adapt_thresholds(thresholds: Tensor, spikes: Tensor, *, step: float = 0.05, tau_steps: float = 1e4) -> Tensor:
    """Adaptive part of thresholds after spike trains: it grows by ``step`` per spike and decays otherwise.

    In the long run a neuron that fires at rate ``r`` per step carries ``r step / (1 - exp(-1 / tau))``, so thresholds
    stay finite whatever the input and rates are pulled together.

    Args:
        thresholds: Added to the resting threshold, ``[O]``.
        spikes: Zeros and ones, ``[T, B, O]``; a mean over the batch counts.
        step: Growth per spike.
        tau_steps: Steps in which it falls to 1/e.

    Example:
        >>> spikes = torch.tensor([[[1.0, 0.0]], [[1.0, 0.0]]])  # the first neuron fires twice
        >>> adapt_thresholds(torch.zeros(2), spikes, step=0.5, tau_steps=1e9).tolist()
        [1.0, 0.0]
    """
    decay = exp(-1 / tau_steps)
    for fired in spikes.mean(dim=1):
        thresholds = thresholds * decay + step * fired
    return thresholds


def scale_synapses(weights: Tensor, rates: Tensor, target: float, *, rate: float = 0.1) -> Tensor:
    """Weights scaled so that neurons that fire too often lose drive and silent ones gain it, by a bounded factor.

    Args:
        weights: ``[O, ...]``.
        rates: Spikes per step of each neuron, ``[O]``.
        target: Rate to be reached, positive.
        rate: Largest relative change.

    Raises:
        PlasticityError: if ``target`` is not positive or ``rate`` is not below 1.

    Example:
        >>> weights = scale_synapses(torch.ones(3, 1), rates=torch.tensor([0.0, 0.1, 0.3]), target=0.1, rate=0.5)
        >>> weights.flatten().tolist()  # silent, right, too often
        [1.5, 1.0, 0.5]
    """
    if target <= 0 or not 0 <= rate < 1:
        raise PlasticityError(f"target must be positive and 0 <= rate < 1, got {target} and {rate}")
    factor = 1 + rate * (1 - rates / target).clamp(-1, 1)
    return weights * factor.reshape(-1, *[1] * (weights.dim() - 1))
