"""Kernels learned in batches: maps compete for patches of spikes, winners follow the power-law rule of Lee et al.

Each patch belongs to the map whose membrane reaches its threshold first. That map moves each synapse by
``rate (trace - offset) (upper - w) (w - lower)``, where the trace tells how recently the synapse spiked: recent ones
grow, silent ones shrink. Three walls keep this from running away: the factors vanish at the bounds, weights are
clamped, and a map that wins more than its share gets a higher threshold, one that wins less a lower one.

The rule is that of the paper; the time constant, the competition and the thresholds' adaptation are ours, since the
paper's constants were not at hand.

References:
    Lee, Panda, Srinivasan and Roy, "Training Deep Spiking Convolutional Neural Networks With STDP-Based Unsupervised
    Pre-training Followed by Supervised Fine-Tuning", Frontiers in Neuroscience 12, 2018.
    Diehl and Cook, "Unsupervised learning of digit recognition using spike-timing-dependent plasticity", Frontiers in
    Computational Neuroscience 9, 2015 (adaptive thresholds).
"""

from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import Tensor

from logic.randomness import Seed, to_generator

from .timing import PlasticityError


@dataclass(frozen=True)
class CompetitiveRule:
    """Constants of competitive plasticity.

    Args:
        rate: ``eta``, for the mean over the patches that a map has won in a batch.
        offset: Trace at which a synapse neither grows nor shrinks.
        tau_steps: Steps in which a trace falls to 1/e.
        lower: Smallest weight.
        upper: Largest weight.
        bins: Steps of the latency code for inputs that are not spikes.
        patches: Random patches of each picture.
        homeostasis: Relative change of a threshold per batch for a map that wins twice its share.
        quantile: First thresholds are this quantile of the strongest membranes of the first batch.

    Raises:
        PlasticityError: if a constant lies outside its range.
    """

    rate: float = 0.1
    offset: float = 0.2
    tau_steps: float = 4.0
    lower: float = -1.0
    upper: float = 1.0
    bins: int = 8
    patches: int = 16
    homeostasis: float = 0.1
    quantile: float = 0.3

    def __post_init__(self) -> None:
        if self.rate < 0 or not 0 < self.offset < 1 or self.tau_steps <= 0 or not 0 <= self.quantile <= 1:
            raise PlasticityError(f"rate >= 0, 0 < offset < 1, tau_steps > 0 and quantile in [0, 1], got {self}")
        if not self.lower < self.upper or min(self.bins, self.patches) < 1 or not 0 <= self.homeostasis < 1:
            raise PlasticityError(f"lower < upper, bins and patches >= 1 and 0 <= homeostasis < 1, got {self}")


@dataclass(frozen=True, eq=False)
class Competition:
    """State of competing maps between batches.

    Args:
        weights: Within the rule's bounds, ``[F, D]``.
        thresholds: Of the maps, positive, ``[F]``.
    """

    weights: Tensor
    thresholds: Tensor


def sample_patches(latencies: Tensor, kernel: tuple[int, int], count: int, generator: Seed, *, never: int) -> Tensor:
    """Random windows of latencies in which something spikes.

    Args:
        latencies: Step of each first spike, ``[B, C, H, W]``.
        kernel: Height and width of a window.
        count: Windows drawn from each picture; those without any spike are dropped.
        generator: Source of the positions.
        never: Latency of what does not spike.

    Returns:
        ``[N, C * height * width]`` with ``N <= B * count``.

    Raises:
        PlasticityError: if the window is larger than the picture.
    """
    generator = to_generator(generator)
    height, width = kernel
    if height > latencies.shape[2] or width > latencies.shape[3]:
        raise PlasticityError(f"kernel {height}x{width} is larger than its input {list(latencies.shape[2:])}")
    windows = latencies.unfold(2, height, 1).unfold(3, width, 1)  # a view, [B, C, H', W', h, w]
    batch, _, rows, columns = windows.shape[:4]
    row = torch.randint(rows, (batch, count), generator=generator)
    column = torch.randint(columns, (batch, count), generator=generator)
    drawn = windows[torch.arange(batch)[:, None], :, row, column].flatten(0, 1).flatten(1)
    return drawn[(drawn < never).any(dim=1)]


def compete(state: Competition, patches: Tensor, *, never: int) -> tuple[Tensor, Tensor]:
    """Which map wins each patch, and when.

    Args:
        state: Weights and thresholds.
        patches: Latencies ``[N, D]``.
        never: Latency of what does not spike; also the number of steps.

    Returns:
        Map that reaches its threshold first, then by the largest excess over it, -1 if none does, ``[N]``; and the
        step at which it does, ``[N]``.
    """
    step = torch.full((len(patches),), never)
    winner = torch.full((len(patches),), -1)
    for now in range(never):
        excess = (patches <= now).to(state.weights.dtype) @ state.weights.T - state.thresholds
        best, leader = excess.max(dim=1)
        fires = (winner < 0) & (best >= 0)
        winner = torch.where(fires, leader, winner)
        step = torch.where(fires, now, step)
    return winner, step


def competitive_step(state: Competition, patches: Tensor, rule: CompetitiveRule, *, never: int) -> Competition:
    """State after one batch of patches.

    Args:
        state: Weights ``[F, D]`` and thresholds ``[F]``.
        patches: Latencies ``[N, D]``.
        rule: Constants.
        never: Latency of what does not spike.
    """
    winner, step = compete(state, patches, never=never)
    won = winner >= 0
    patches, winner, step = patches[won], winner[won], step[won]
    age = (step[:, None] - patches).to(state.weights.dtype)
    trace = torch.where(age >= 0, (-age.clamp(min=0) / rule.tau_steps).exp(), 0.0)
    wins = torch.bincount(winner, minlength=len(state.weights)).to(state.weights.dtype)
    total = torch.zeros_like(state.weights).index_add_(0, winner, trace - rule.offset)
    change = rule.rate * total / wins.clamp(min=1)[:, None]
    room = (rule.upper - state.weights) * (state.weights - rule.lower)
    weights = (state.weights + change * room).clamp(rule.lower, rule.upper)
    share = wins * len(wins) / max(len(won), 1)  # 1 for a map that wins as often as all others
    factor = 1 + rule.homeostasis * (share - 1).clamp(-1, 1)
    return Competition(weights, (state.thresholds * factor).clamp(min=1e-3))


def first_competition(
    shape: tuple[int, int], patches: Tensor, rule: CompetitiveRule, generator: Seed, *, never: int
) -> Competition:
    """Small random weights and thresholds that a part ``1 - quantile`` of patches reaches.

    Args:
        shape: ``(F, D)``.
        patches: Latencies ``[N, D]``, at least one.
        rule: Constants.
        generator: Source of the weights.
        never: Latency of what does not spike.
    """
    generator = to_generator(generator)
    middle, spread = (rule.upper + rule.lower) / 2, (rule.upper - rule.lower) / 2
    weights = torch.empty(shape).normal_(middle, 0.3 * spread, generator=generator).clamp(rule.lower, rule.upper)
    strongest = ((patches < never).to(weights.dtype) @ weights.T).max(dim=1).values
    threshold = strongest.quantile(rule.quantile).clamp(min=1e-3)
    return Competition(weights, threshold.expand(shape[0]).clone())


def learn_by_competition(
    batches: Iterable[tuple[int, Tensor]],
    shape: tuple[int, int, int, int],
    generator: Seed,
    rule: CompetitiveRule | None = None,
) -> Tensor:
    """Kernels learned from batches of latencies, each seen once.

    Args:
        batches: Each the number of steps, and the step of each first spike, ``[B, C, H, W]``, that number for none.
        shape: Of the kernels, ``(F, C, h, w)``.
        generator: Source of the first weights and of the patches.
        rule: Constants.

    Returns:
        Kernels within the rule's bounds, ``[F, C, h, w]``.

    Raises:
        PlasticityError: if nothing ever spikes, or a kernel is larger than its input.
    """
    generator = to_generator(generator)
    rule = rule or CompetitiveRule()
    maps, channels, height, width = shape
    state: Competition | None = None
    for never, batch in batches:
        patches = sample_patches(batch, (height, width), rule.patches, generator, never=never)
        if not len(patches):
            continue
        if state is None:
            state = first_competition((maps, channels * height * width), patches, rule, generator, never=never)
        state = competitive_step(state, patches, rule, never=never)
    if state is None:
        raise PlasticityError("no patch of any picture carries a spike, so nothing can be learned; give other pictures")
    return state.weights.reshape(shape)
