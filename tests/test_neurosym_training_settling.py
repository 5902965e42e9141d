"""Statistics of batch norms after short trainings: those of the training pictures under the last weights."""

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
    settle_norms(vision, *(lambda part=part: vision.logits(part[:, None]) for part in pictures.split(16)))
    torch.testing.assert_close(found, statistics(vision))


def test_every_run_counts_alike_for_every_kind_of_norm() -> None:
    norms = nn.ModuleList([nn.BatchNorm1d(2), ThresholdBatchNorm(2)])
    batches = [torch.randn(10, 2), torch.randn(10, 2) + 3, torch.randn(10, 2) * 5]
    settle_norms(norms, *(lambda b=b: (norms[0](b), norms[1](b[None])) for b in batches))
    mean, variance = (torch.stack([f(b) for b in batches]).mean(0) for f in (lambda b: b.mean(0), lambda b: b.var(0)))
    for found, wanted in zip([norms[0].running_mean, norms[0].running_var], [mean, variance], strict=True):
        torch.testing.assert_close(found, wanted)
    for found, wanted in zip([norms[1].mean, norms[1].variance], [mean, variance], strict=True):
        torch.testing.assert_close(found, wanted)
    assert norms[0].momentum == 0.1
    before = [norms[0].running_mean.clone()]
    norms.eval()
    settle_norms(norms, lambda: norms[0](batches[0]))
    assert torch.equal(norms[0].running_mean, before[0])
