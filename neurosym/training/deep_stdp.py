"""Deep-STDP: a network learns without labels from pseudo-labels that STDP finds in its own features, in turns.

References:
    Lu and Sengupta, "Deep Unsupervised Learning Using Spike-Timing-Dependent Plasticity", Neuromorphic Computing and
    Engineering 4, 2024.
    Caron, Bojanowski, Joulin and Douze, "Deep clustering for unsupervised learning of visual features", ECCV 2018.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from perception import CompetitiveRule, SpikingVision, cluster_by_stdp, settle_norms
from perception.architectures import draw_weights

from .errors import TrainingError
from .fit import fit
from .history import History
from .labelled import Labelled

_CHUNK = 256  # pictures looked at together


@dataclass(frozen=True, eq=False)
class Clustering:
    """What a network has learned from clusters.

    Args:
        labels: Pseudo-label of each picture in the last round, ``[M]``.
        agreement: Share of pictures that, in each round after the first, found themselves with the same others: the
            share that keep their label if clusters are matched by their greatest overlap.
        histories: The training of each round.
    """

    labels: Tensor
    agreement: tuple[float, ...]
    histories: tuple[History, ...]


@torch.no_grad()
def readout_features(vision: SpikingVision, pictures: Tensor) -> Tensor:
    """Firing rates of the neurons that the readout hears, ``[M, D]``.

    Args:
        vision: In evaluation while it looks; its mode stays.
        pictures: ``[M, C, H, W]`` or frames ``[M, T, C, H, W]``.
    """
    heard = list[Tensor]()
    hook = vision.network.readout.register_forward_pre_hook(
        lambda _, inputs: heard.append(inputs[0].mean(0).flatten(1))
    )
    training = vision.training
    vision.eval()
    try:
        for part in pictures.split(_CHUNK):
            vision.logits(part[:, None])
    finally:
        hook.remove()
        vision.train(training)
    return torch.cat(heard)


def learn_from_clusters(
    vision: SpikingVision,
    pictures: Tensor,
    *,
    rounds: int = 3,
    epochs: int = 2,
    batch: int = 64,
    learning_rate: float = 3e-3,
    seed: int = 0,
    rule: CompetitiveRule | None = None,
    augment: Callable[[Tensor, torch.Generator], Tensor] | None = None,
) -> Clustering:
    """Trains a network without labels; fine-tune it, or read its features with :func:`readout_features`.

    Each round clusters the features by STDP, starts the readout anew, since the clusters have no fixed order, and
    trains the network on the clusters' numbers. There are as many clusters as the network has classes.

    Args:
        vision: Changed in place.
        pictures: Training pictures ``[M, C, H, W]``, or frames ``[M, T, C, H, W]``.
        rounds: How often to cluster and train.
        epochs: Passes over the pictures in each round.
        batch: As for :func:`neurosym.fit`.
        learning_rate: As for :func:`neurosym.fit`.
        seed: Of all randomness.
        rule: Constants of the clustering.
        augment: As for :func:`neurosym.fit`.

    Raises:
        TrainingError: if ``rounds`` is below 1, or all pictures fall into one cluster.
        PlasticityError: if the features cannot be clustered.
    """
    if rounds < 1:
        raise TrainingError(f"rounds must be at least 1, got {rounds}")
    generator = torch.Generator().manual_seed(seed)
    clusters = len(vision.domain)
    labels, agreement, histories = torch.empty(0, dtype=torch.int64), list[float](), list[History]()
    settle_norms(vision, lambda: vision.logits(pictures[:_CHUNK, None]))
    for number in range(rounds):
        found = cluster_by_stdp(readout_features(vision, pictures), clusters, generator, rule)
        if len(found.unique()) < 2:
            raise TrainingError("all pictures fell into one cluster; more homeostasis or other pictures are needed")
        if number:
            table = torch.bincount(labels * clusters + found, minlength=clusters**2).reshape(clusters, clusters)
            agreement.append(float(table.max(dim=1).values.sum()) / len(found))
        labels = found
        draw_weights(vision.network.readout, generator)
        histories.append(
            fit(
                Labelled(vision),
                pictures,
                labels,
                epochs=epochs,
                batch=batch,
                learning_rate=learning_rate,
                seed=seed + number,
                augment=augment,
            )
        )
    return Clustering(labels, tuple(agreement), tuple(histories))
