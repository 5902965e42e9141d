"""Spike-timing-dependent plasticity of dense and convolutional synapses: pair, trace and weight-dependent rules.

A synapse that carried a spike shortly before its neuron fired grows, one that carried it shortly after shrinks. The
pair rule says by how much for one delay; the trace rule gives the sum over all pairs of two spike trains in one pass.

References:
    Song, Miller and Abbott, "Competitive Hebbian learning through spike-timing-dependent synaptic plasticity", Nature
    Neuroscience 3, 2000 (windows).
    Guetig, Aharonov, Rotter and Sompolinsky, "Learning input correlations through nonlinear temporally asymmetric
    Hebbian plasticity", Journal of Neuroscience 23, 2003 (weight dependence).
    Morrison, Diesmann and Gerstner, "Phenomenological models of synaptic plasticity based on spike timing", Biological
    Cybernetics 98, 2008 (traces).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import exp
from typing import Literal, NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from logic import NeurosymError


class PlasticityError(NeurosymError, ValueError):
    """Constants of a plasticity rule, or spike trains, that cannot be used."""


@dataclass(frozen=True)
class TimingRule:
    """Constants of spike-timing-dependent plasticity; times are in steps.

    Args:
        potentiation: ``A+``, growth for a spike that comes just before the neuron's.
        depression: ``A-`` (positive), shrinkage for a spike that comes just after it.
        tau_plus_steps: Steps in which the growth falls to 1/e.
        tau_minus_steps: Steps in which the shrinkage falls to 1/e.
        exponent: ``mu``; growth is scaled by ``(upper - w)^mu``, shrinkage by ``(w - lower)^mu``. 0 is the additive
            rule, 1 the multiplicative one, whose weights cannot run away.
        lower: Smallest weight.
        upper: Largest weight.
        pairing: ``all`` pairs of spikes count, or each spike sees only the ``nearest`` one before it.
        coincident: What two spikes in the same step do: ``nothing``, ``grow``, or ``both`` rules at full size.

    Raises:
        PlasticityError: if a rate or ``exponent`` is negative, a time constant is not positive, or the bounds cross.
    """

    potentiation: float = 0.01
    depression: float = 0.0105
    tau_plus_steps: float = 20.0
    tau_minus_steps: float = 20.0
    exponent: float = 0.0
    lower: float = 0.0
    upper: float = 1.0
    pairing: Literal["all", "nearest"] = "all"
    coincident: Literal["nothing", "grow", "both"] = "nothing"

    def __post_init__(self) -> None:
        if min(self.potentiation, self.depression, self.exponent) < 0:
            raise PlasticityError(f"potentiation, depression and exponent must not be negative, got {self}")
        if min(self.tau_plus_steps, self.tau_minus_steps) <= 0:
            raise PlasticityError(f"time constants must be positive, got {self}")
        if not self.lower < self.upper:
            raise PlasticityError(f"lower must be below upper, got {self.lower} and {self.upper}")


class Meeting(NamedTuple):
    """What meets at the synapses in one step.

    Args:
        arrived: Spikes that arrive, ``[B, ...]``.
        seen: Traces of theirs that the neurons' spikes see, ``[B, ...]``.
        fired: Spikes of the neurons, ``[B, ...]``.
        felt: Traces of theirs that the spikes that arrive feel, ``[B, ...]``.
    """

    arrived: Tensor
    seen: Tensor
    fired: Tensor
    felt: Tensor


def pair_change(delays: Tensor, rule: TimingRule | None = None) -> Tensor:
    """Change of a weight by one pair: ``A+ exp(-d / tau+)`` for ``d > 0``, ``-A- exp(d / tau-)`` for ``d < 0``.

    Args:
        delays: Time of the neuron's spike less that of the synapse's, in steps, any shape.
        rule: Constants; at ``d = 0`` its ``coincident`` decides. Weight dependence does not enter.

    Returns:
        Floats, same shape.

    Example:
        >>> rule = TimingRule(potentiation=1.0, depression=0.5, tau_plus_steps=1.0)
        >>> pair_change(torch.tensor([1.0, 0.0, -20.0]), rule)  # 1 / e, nothing, -1 / 2e
        tensor([ 0.3679,  0.0000, -0.1839])
    """
    rule = rule or TimingRule()
    late = delays.abs().to(torch.get_default_dtype())
    growth = rule.potentiation * (-late / rule.tau_plus_steps).exp()
    shrinkage = rule.depression * (-late / rule.tau_minus_steps).exp()
    same = {"nothing": 0.0, "grow": rule.potentiation, "both": rule.potentiation - rule.depression}[rule.coincident]
    return torch.where(delays > 0, growth, torch.where(delays < 0, -shrinkage, same))


def bounded(weights: Tensor, growth: Tensor, shrinkage: Tensor, rule: TimingRule) -> Tensor:
    """Weights after a growth and a shrinkage, each scaled by the room that is left, and then clamped.

    Args:
        weights: Any shape.
        growth: Not negative, same shape.
        shrinkage: Not negative, same shape.
        rule: Bounds and exponent.
    """
    if rule.exponent:
        growth = growth * (rule.upper - weights).clamp(min=0) ** rule.exponent
        shrinkage = shrinkage * (weights - rule.lower).clamp(min=0) ** rule.exponent
    return (weights + growth - shrinkage).clamp(rule.lower, rule.upper)


def meetings(before: Tensor, after: Tensor, rule: TimingRule) -> Iterator[Meeting]:
    """What meets at the synapses step by step; nothing is kept from step to step but a trace for each spike train.

    A trace decays by ``exp(-1 / tau)`` per step and grows by one (``nearest``: is set to one) at each spike of its
    train; a neuron's spike reads the trace of the synapse, a synapse's spike that of the neuron.

    Args:
        before: Spikes that arrive, zeros and ones ``[T, B, ...]``.
        after: Spikes of the neurons, ``[T, B, ...]``.
        rule: Constants.

    Raises:
        PlasticityError: if steps or batch differ or there are none.
    """
    if min(before.dim(), after.dim()) < 3 or before.shape[:2] != after.shape[:2] or not before.shape[:2].numel():
        raise PlasticityError(
            f"spikes must be [T, B, I] and [T, B, O] with equal T and B of at least 1, "
            f"got {list(before.shape)} and {list(after.shape)}"
        )
    synapse, neuron = torch.zeros_like(before[0]), torch.zeros_like(after[0])
    for arrived, fired in zip(before, after, strict=True):
        earlier, later = synapse * exp(-1 / rule.tau_plus_steps), neuron * exp(-1 / rule.tau_minus_steps)
        synapse, neuron = (_with_spike(*pair, rule) for pair in ((earlier, arrived), (later, fired)))
        seen = earlier if rule.coincident == "nothing" else synapse
        felt = neuron if rule.coincident == "both" else later
        yield Meeting(arrived, seen, fired, felt)


def _with_spike(trace: Tensor, spikes: Tensor, rule: TimingRule) -> Tensor:
    return torch.maximum(trace, spikes) if rule.pairing == "nearest" else trace + spikes


def learn_timing(weights: Tensor, before: Tensor, after: Tensor, rule: TimingRule | None = None) -> Tensor:
    """Weights of a dense layer after spike trains on both of its sides; changes apply step by step.

    Args:
        weights: ``[O, I]``.
        before: Spikes that arrive, ``[T, B, I]``; changes are a mean over the batch.
        after: Spikes of the neurons, ``[T, B, O]``.
        rule: Constants.

    Returns:
        Weights within the rule's bounds, ``[O, I]``.

    Raises:
        PlasticityError: if the shapes do not fit together.

    Example:
        >>> early, late = torch.tensor([1.0, 0.0]).reshape(2, 1, 1), torch.tensor([0.0, 1.0]).reshape(2, 1, 1)
        >>> grown = learn_timing(torch.full((1, 1), 0.5), early, late)  # the synapse spiked just before the neuron
        >>> shrunk = learn_timing(torch.full((1, 1), 0.5), late, early)
        >>> bool(grown > 0.5 > shrunk)
        True
    """
    rule = rule or TimingRule()
    _check_weights(weights, (after.shape[2:].numel(), before.shape[2:].numel()))
    for met in meetings(before, after, rule):
        weights = _changed(weights, met, rule)
    return weights


def learn_timing_kernels(
    kernels: Tensor,
    before: Tensor,
    after: Tensor,
    rule: TimingRule | None = None,
    *,
    stride: int = 1,
    padding: int = 0,
) -> Tensor:
    """Kernels of a convolution after spike trains on both of its sides, as a mean over batch and positions.

    Args:
        kernels: ``[F, C, k, k]``.
        before: Spikes that arrive, ``[T, B, C, H, W]``.
        after: Spikes of the maps, ``[T, B, F, H', W']``.
        rule: Constants.
        stride: Step of the window.
        padding: Silent pixels around the picture.

    Returns:
        Kernels within the rule's bounds, ``[F, C, k, k]``.

    Raises:
        PlasticityError: if the shapes do not fit together.
    """
    rule, size = rule or TimingRule(), (kernels.shape[2], kernels.shape[3])

    def windows(pictures: Tensor) -> Tensor:  # [B, C, H, W] as [B L, C k k]
        return functional.unfold(pictures, size, stride=stride, padding=padding).transpose(1, 2).flatten(0, 1)

    def places(maps: Tensor) -> Tensor:  # [B, F, H', W'] as [B L, F]
        return maps.flatten(2).transpose(1, 2).flatten(0, 1)

    weights = kernels.flatten(1)
    for met in meetings(before, after, rule):
        patches, neurons = windows(met.arrived), places(met.fired)
        if len(patches) != len(neurons):
            raise PlasticityError(
                f"the maps have {len(neurons)} places, but windows of {list(size)} over {list(before.shape[2:])} have "
                f"{len(patches)}; give stride and padding of the convolution"
            )
        _check_weights(weights, (neurons.shape[1], patches.shape[1]))
        weights = _changed(weights, Meeting(patches, windows(met.seen), neurons, places(met.felt)), rule)
    return weights.reshape(kernels.shape)


def _check_weights(weights: Tensor, wanted: tuple[int, int]) -> None:
    if weights.shape != wanted:
        raise PlasticityError(f"weights must be {list(wanted)}, got {list(weights.shape)}")


def _changed(weights: Tensor, met: Meeting, rule: TimingRule) -> Tensor:
    """Weights ``[O, I]`` after a step, as a mean over the batch."""
    batch = len(met.arrived)
    growth = (met.fired.T @ met.seen) * (rule.potentiation / batch)
    return bounded(weights, growth, (met.felt.T @ met.arrived) * (rule.depression / batch), rule)
