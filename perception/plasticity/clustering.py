"""Clusters found by STDP: maps compete for feature vectors, and the number of the map that wins is a pseudo-label.

Each feature has two input lines, one that spikes the earlier the higher the feature lies above its mean and one for
below; competing maps learn from these spike times as in :mod:`.stdp_competition`.
:func:`neurosym.training.deep_stdp.learn_from_clusters` trains a network on such labels, in turns.

References:
    Lu and Sengupta, "Deep Unsupervised Learning Using Spike-Timing-Dependent Plasticity", Neuromorphic Computing and
    Engineering 4, 2024 (STDP as the clustering step of deep clustering).
"""

import torch
from torch import Tensor

from logic.randomness import Seed, to_generator

from .competition import CompetitiveRule, compete, competitive_step, first_competition
from .first_spike import latencies
from .timing import PlasticityError

RULE = CompetitiveRule(rate=0.1, bins=4, homeostasis=0.05)  # ours, as the paper's constants were not at hand
_BATCH = 50


def cluster_by_stdp(
    features: Tensor,
    clusters: int,
    generator: Seed,
    rule: CompetitiveRule | None = None,
    *,
    epochs: int = 10,
) -> Tensor:
    """The cluster of each feature vector, ``[M]``, numbers from 0: the map that wins, or comes closest to winning.

    Args:
        features: ``[M, D]``, such as firing rates.
        clusters: Number of maps that compete.
        generator: Source of the first weights and of the order.
        rule: Constants; its ``patches`` have no meaning here.
        epochs: Passes over the features.

    Raises:
        PlasticityError: if there are fewer vectors than clusters, one is not finite, or all are equal.
    """
    generator = to_generator(generator)
    rule = rule or RULE
    if features.dim() != 2 or not 2 <= clusters <= len(features):
        raise PlasticityError(
            f"features [M, D] and 2 to M clusters are needed, got {list(features.shape)} and {clusters} clusters"
        )
    if not bool(features.isfinite().all()):
        raise PlasticityError("features must be finite; look at the network that they come from")
    contrast = features - features.mean(dim=0)
    if not bool(contrast.any()):
        raise PlasticityError("all feature vectors are equal, so there are no clusters; is the network silent?")
    both = torch.cat([contrast, -contrast], dim=1)
    times = latencies(both[:, :, None, None], rule.bins)[:, :, 0, 0]
    state = first_competition((clusters, times.shape[1]), times, rule, generator, never=rule.bins)
    for _ in range(epochs):
        for chosen in torch.randperm(len(times), generator=generator).split(_BATCH):
            state = competitive_step(state, times[chosen], rule, never=rule.bins)
    winner = compete(state, times, never=rule.bins)[0]
    closest = ((times < rule.bins).to(state.weights) @ state.weights.T - state.thresholds).argmax(dim=1)
    return torch.where(winner < 0, closest, winner)
