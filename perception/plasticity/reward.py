"""Plasticity under reward: a synapse remembers what it would change, and a reward or a punishment makes it so.

Two forms. Synapses between spike trains keep an eligibility trace, which the reward of each step turns into a change
(:func:`learn_rewarded`). Maps that stand for classes decide about a picture by the neuron that wins, and that neuron
alone learns, by the rule if the class was right and by its opposite if it was wrong (:func:`learn_decisions`), so that
a network of STDP layers classifies without any other classifier.

References:
    Izhikevich, "Solving the distal reward problem through linkage of STDP and dopamine signaling", Cerebral Cortex 17,
    2007 (eligibility).
    Mozafari, Ganjtabesh, Nowzari-Dalini, Thorpe and Masquelier, "Bio-inspired digit recognition using reward-modulated
    spike-timing-dependent plasticity in deep convolutional networks", Pattern Recognition 94, 2019 (decisions; the
    default rates are larger than theirs, which are meant for 60,000 pictures).
"""

from dataclasses import dataclass
from math import exp, inf, isfinite

import torch
from torch import Tensor
from torch.nn import functional

from logic.randomness import Seed, to_generator

from .first_spike import FirstSpikes, choose_winners, first_spikes, learn_at
from .timing import PlasticityError, TimingRule, bounded, meetings


def learn_rewarded(
    weights: Tensor,
    before: Tensor,
    after: Tensor,
    rewards: Tensor,
    rule: TimingRule | None = None,
    *,
    tau_steps: float = 20.0,
    rate: float = 1.0,
) -> Tensor:
    """Weights of a dense layer after spike trains on both of its sides and a reward at each step.

    ``e[t] = exp(-1 / tau) e[t-1] + growth[t] - shrinkage[t]``, of each sample for itself, and
    ``dw[t] = rate mean_b r[t, b] e[t, b]``, scaled and clamped by the rule's bounds.

    Args:
        weights: ``[O, I]``.
        before: Spikes that arrive, ``[T, B, I]``.
        after: Spikes of the neurons, ``[T, B, O]``.
        rewards: Positive for a reward, negative for a punishment, ``[T, B]``.
        rule: What pairs of spikes ask for, and the bounds.
        tau_steps: Steps in which an eligibility falls to 1/e.
        rate: Factor of all changes.

    Returns:
        Weights within the rule's bounds, ``[O, I]``.

    Raises:
        PlasticityError: if shapes do not fit together, ``tau_steps`` is not positive or a reward is not finite.

    Example:
        >>> before, after = (torch.tensor(train).reshape(3, 1, 1) for train in ([1.0, 0.0, 0.0], [0.0, 1.0, 0.0]))
        >>> reward = torch.tensor([0.0, 0.0, 1.0]).reshape(3, 1)  # it comes one step late
        >>> weight = torch.full((1, 1), 0.5)
        >>> bool(learn_rewarded(weight, before, after, reward) > weight)
        True
        >>> bool(learn_rewarded(weight, before, after, -reward) < weight)
        True
    """
    rule = rule or TimingRule()
    if not tau_steps > 0 or not rate >= 0:
        raise PlasticityError(f"tau_steps must be positive and rate not negative, got {tau_steps} and {rate}")
    if rewards.shape != before.shape[:2] or not bool(rewards.isfinite().all()):
        raise PlasticityError(f"finite rewards {list(before.shape[:2])} are needed, got {list(rewards.shape)}")
    shape = (after.shape[2:].numel(), before.shape[2:].numel())
    if weights.shape != shape:
        raise PlasticityError(f"weights must be {list(shape)}, got {list(weights.shape)}")
    eligible, decay = before.new_zeros((before.shape[1], *shape)), exp(-1 / tau_steps)
    for met, reward in zip(meetings(before, after, rule), rewards.to(before), strict=True):
        eligible.mul_(decay).baddbmm_(met.fired[:, :, None], met.seen[:, None], alpha=rule.potentiation)
        eligible.baddbmm_(met.felt[:, :, None], met.arrived[:, None], alpha=-rule.depression)
        change = torch.tensordot(reward, eligible, 1) * (rate / len(reward))
        weights = bounded(weights, change.clamp(min=0), (-change).clamp(min=0), rule)
    return weights


@dataclass(frozen=True)
class RewardRule:
    """Constants of learning to decide; each rate is times ``w (1 - w)``.

    Args:
        reward_growth: Rate of a rewarded neuron's synapses that fired in time.
        reward_shrinkage: Rate (positive) of its other synapses.
        punish_shrinkage: Rate (positive) of a punished neuron's synapses that fired in time.
        punish_growth: Rate of its other synapses.
        threshold: Membrane at which a neuron fires, the earliest decides; infinite: the highest membrane after the
            last step decides, so that no picture is left undecided.
        bins: Steps of the latencies.
        adaptive: Whether rewards are scaled by the share of wrong decisions of the pass before, and punishments by
            that of right ones, which keeps a network that is nearly always right from learning its pictures by heart.

    Raises:
        PlasticityError: if a rate is negative or above 1, or another constant is not positive.
    """

    reward_growth: float = 0.04
    reward_shrinkage: float = 0.03
    punish_shrinkage: float = 0.04
    punish_growth: float = 0.005
    threshold: float = inf
    bins: int = 15
    adaptive: bool = True

    def __post_init__(self) -> None:
        rates = (self.reward_growth, self.reward_shrinkage, self.punish_shrinkage, self.punish_growth)
        if not all(0 <= rate <= 1 for rate in rates):
            raise PlasticityError(f"rates must lie between 0 and 1, got {self}")
        if not self.threshold > 0 or self.bins < 1:
            raise PlasticityError(f"threshold and bins must be positive, got {self}")


@dataclass(frozen=True, eq=False)
class Decisions:
    """Maps that stand for classes, and what they have learned.

    Args:
        kernels: In [0, 1], ``[F, C, k, k]``.
        classes: Class of each map, ``[F]``.
        rule: As they learned.
        right: Share of right decisions in each pass, made before learning from it.
    """

    kernels: Tensor
    classes: Tensor
    rule: RewardRule
    right: tuple[float, ...]


def decide(decisions: Decisions, times: Tensor) -> Tensor:
    """The class of the neuron that wins each picture, ``[M]``; -1 where none fires.

    Args:
        decisions: As :func:`learn_decisions` gives them.
        times: Latencies ``[M, C, H, W]``.
    """
    rule, found = decisions.rule, list[int]()
    for part in times.split(50):
        first = _responses(decisions.kernels, part, rule)
        for sample in range(len(part)):
            one = FirstSpikes(first.steps[sample : sample + 1], first.membranes[sample : sample + 1])
            places = choose_winners(one, rule.bins, 1, 0)
            found.append(int(decisions.classes[places[0][0]]) if places else -1)
    return torch.tensor(found)


def learn_decisions(
    times: Tensor,
    labels: Tensor,
    generator: Seed,
    rule: RewardRule | None = None,
    *,
    classes: int,
    maps: int = 4,
    kernel: int | None = None,
    epochs: int = 10,
) -> Decisions:
    """Maps that learn to decide about pictures from nothing but whether their decision was right.

    Args:
        times: Latencies ``[M, C, H, W]``, of :func:`perception.latencies`, or of :func:`perception.network_latencies`
            behind layers that STDP has trained; training pictures only.
        labels: Classes ``[M]``, numbers from 0.
        generator: Source of the first weights, normal around 0.8, and of the order of the pictures.
        rule: Constants; its ``bins`` are those of the latencies.
        classes: Number of classes.
        maps: Maps of each class.
        kernel: Height and width of their windows; those of the pictures if none is given.
        epochs: Passes over the pictures.

    Raises:
        PlasticityError: if numbers of pictures and labels differ, a label is no class, or a window does not fit.

    Example:
        >>> left, right = torch.tensor([[0, 15], [0, 15]]), torch.tensor([[15, 0], [15, 0]])
        >>> times = torch.stack([left, right] * 20)[:, None]  # 15 is the latency of what never spikes
        >>> labels = torch.tensor([0, 1] * 20)
        >>> bool((decide(learn_decisions(times, labels, 0, classes=2), times) == labels).all())
        True
    """
    generator = to_generator(generator)
    rule = rule or RewardRule()
    if times.dim() != 4 or not len(times) or labels.shape != times.shape[:1]:
        raise PlasticityError(f"latencies [M, C, H, W] and M labels, got {list(times.shape)} and {list(labels.shape)}")
    if classes < 1 or maps < 1 or int(labels.min()) < 0 or int(labels.max()) >= classes:
        raise PlasticityError(f"labels must lie between 0 and {classes - 1}, with at least one map for each class")
    if int(times.max()) > rule.bins:
        raise PlasticityError(f"latencies reach {int(times.max())} of {rule.bins} steps; give the rule their 'bins'")
    size = kernel or min(times.shape[2:])
    if size > min(times.shape[2:]):
        raise PlasticityError(f"a window of {size} does not fit into an input of {list(times.shape[2:])}")
    shape = (classes * maps, times.shape[1], size, size)
    kernels = torch.empty(shape).normal_(0.8, 0.05, generator=generator).clamp(0, 1)
    meant = torch.arange(classes).repeat_interleave(maps)
    right, shares = 0.5, list[float]()
    for _ in range(epochs):
        hits = 0
        weight = (1 - right, right) if rule.adaptive else (1.0, 1.0)
        for number in torch.randperm(len(times), generator=generator).tolist():
            first = _responses(kernels, times[number, None], rule)
            places = choose_winners(first, rule.bins, 1, 0)
            if not places:
                continue
            hit = bool(meant[places[0][0]] == labels[number])
            hits += hit
            rates = (
                (rule.reward_growth, rule.reward_shrinkage) if hit else (-rule.punish_shrinkage, -rule.punish_growth)
            )
            kernels = learn_at(
                kernels,
                times[number],
                places[0],
                int(first.steps[(0, *places[0])]),
                potentiation=rates[0] * weight[not hit],
                depression=rates[1] * weight[not hit],
            )
        right = hits / len(times)
        shares.append(right)
    return Decisions(kernels, meant, rule, tuple(shares))


def _responses(kernels: Tensor, times: Tensor, rule: RewardRule) -> FirstSpikes:
    """When neurons fire; without a threshold, all at the last step, where the highest membrane wins."""
    if isfinite(rule.threshold):
        return first_spikes(kernels, times, rule.threshold, rule.bins)
    membranes = functional.conv2d((times < rule.bins).to(kernels.dtype), kernels)
    return FirstSpikes(torch.full_like(membranes, rule.bins - 1, dtype=torch.int64), membranes)
