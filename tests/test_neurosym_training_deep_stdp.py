"""Clusters by STDP against true classes, and a network that learns from them in turns."""

import pytest
import torch
from sklearn.metrics import normalized_mutual_info_score

from neurosym.training.deep_stdp import learn_from_clusters, readout_features
from neurosym.training.fit import TrainingError
from perception import PlasticityError, SpikingVision, cluster_by_stdp, load_dataset, settle_norms


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def vision() -> SpikingVision:
    classes = load_dataset("digits").classes
    return SpikingVision(classes, generator(), model="tiny_ms_resnet", options={"size": 8, "steps": 2})


def information(labels: torch.Tensor, truth: torch.Tensor) -> float:
    return float(normalized_mutual_info_score(truth.numpy(), labels.numpy()))


def test_clusters_of_pixels_tell_of_digits() -> None:
    digits = load_dataset("digits")
    found = cluster_by_stdp(digits.pictures.flatten(1).float(), 10, generator())
    assert torch.equal(found, cluster_by_stdp(digits.pictures.flatten(1).float(), 10, generator()))
    assert information(found, digits.labels) > 0.45  # k-means finds 0.7, chance 0.01
    assert int(torch.bincount(found, minlength=10).max()) < len(found) / 3


def test_blobs_are_found() -> None:
    centres, truth = 5 * torch.randn(3, 20, generator=generator()), torch.arange(150) % 3
    points = centres[truth] + torch.randn(150, 20, generator=generator(1))
    assert information(cluster_by_stdp(points, 3, generator(2)), truth) > 0.95


def test_a_network_learns_its_clusters_in_turns() -> None:
    pictures = load_dataset("digits").pictures[:120]
    learned, again = (
        learn_from_clusters(vision(), pictures, rounds=2, epochs=2, batch=30, learning_rate=1e-2) for _ in range(2)
    )
    assert torch.equal(learned.labels, again.labels)
    assert learned.labels.shape == (120,)
    assert len(learned.agreement) == 1
    assert [len(history.epochs) for history in learned.histories] == [2, 2]
    assert all(history.epochs[1].loss < history.epochs[0].loss for history in learned.histories)


def test_clusters_come_to_tell_of_digits() -> None:
    digits = load_dataset("digits")
    pictures, truth = digits.pictures[:500], digits.labels[:500]
    network = vision()
    settle_norms(network, lambda: network.logits(pictures[:, None]))
    at_first = cluster_by_stdp(readout_features(network, pictures), 10, generator())
    learned = learn_from_clusters(vision(), pictures, rounds=3, epochs=3, batch=32, learning_rate=5e-3)
    assert information(learned.labels, truth) > 1.5 * information(at_first, truth)


def test_what_cannot_be_clustered_is_refused() -> None:
    with pytest.raises(PlasticityError, match="2 to M clusters"):
        cluster_by_stdp(torch.rand(3, 4), 5, generator())
    with pytest.raises(PlasticityError, match="finite"):
        cluster_by_stdp(torch.full((3, 4), torch.nan), 2, generator())
    with pytest.raises(PlasticityError, match="all feature vectors are equal"):
        cluster_by_stdp(torch.ones(3, 4), 2, generator())
    with pytest.raises(TrainingError, match="rounds must be at least 1"):
        learn_from_clusters(vision(), torch.zeros(4, 1, 8, 8), rounds=0)
