"""Statistics of batch norms after short trainings: those of the training pictures under the last weights."""

from functools import partial

import pytest
import torch
from torch import nn

from neurosym import Labelled, fit
from perception import SpikingVision, settle_norms
from perception.architectures.normalization import ThresholdBatchNorm

SMALL = {"size": 8, "steps": 2, "widths": [4, 8], "depths": [1, 1]}


def shapes(count: int, seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Bars that lie and bars that stand, at random places, dim and noisy."""
    generator = torch.Generator().manual_seed(seed)
    labels = torch.arange(count) % 2
    pictures = 0.2 * torch.rand(count, 1, 8, 8, generator=generator)
    for number, place in enumerate(torch.randint(1, 7, (count,), generator=generator).tolist()):
        rows = pictures[number, 0] if labels[number] else pictures[number, 0].T
        rows[place] += 0.6
    return pictures, labels


def statistics(network: nn.Module) -> torch.Tensor:
    found = [tensor.flatten() for name, tensor in network.named_buffers() if "running" in name]
    return torch.cat(found)


@pytest.mark.parametrize("average", [0.0, 0.9])
def test_after_few_steps_they_are_those_of_the_training_pictures(average: float) -> None:
    pictures, labels = shapes(64, 0)
    vision = SpikingVision(2, 0, model="tiny_ms_resnet", options=SMALL)
    fit(Labelled(vision), pictures, labels, epochs=2, batch=16, average=average)
    found = statistics(vision)
    vision.train()
    settle_norms(vision, *(partial(vision.logits, part[:, None]) for part in pictures.split(16)))
    torch.testing.assert_close(found, statistics(vision))


def test_every_run_counts_alike_for_every_kind_of_norm() -> None:
    usual, ours = nn.BatchNorm1d(2), ThresholdBatchNorm(2)
    norms = nn.ModuleList([usual, ours])
    batches = [torch.randn(10, 2), torch.randn(10, 2) + 3, torch.randn(10, 2) * 5]

    def look(batch: torch.Tensor) -> None:
        usual(batch)
        ours(batch[None])

    settle_norms(norms, *(partial(look, batch) for batch in batches))
    mean = torch.stack([batch.mean(0) for batch in batches]).mean(0)
    variance = torch.stack([batch.var(0) for batch in batches]).mean(0)
    for found in (usual.running_mean, ours.mean):
        torch.testing.assert_close(found, mean)
    for found in (usual.running_var, ours.variance):
        torch.testing.assert_close(found, variance)
    assert usual.momentum == ours.momentum == 0.1
    norms.eval()
    settle_norms(norms, partial(look, batches[0]))
    torch.testing.assert_close(usual.running_mean, mean)
