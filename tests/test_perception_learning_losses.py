"""Losses and normalisation against plain formulas written out."""

import pytest
import torch
from torch import nn
from torch.nn import functional

from perception import (
    NeuronError,
    SurrogateHead,
    TemporalBatchNorm,
    ThresholdBatchNorm,
    rate_penalty,
    surrogate_module_loss,
    temporal_loss,
)


def test_temporal_loss_is_the_formula() -> None:
    logits, labels = torch.randn(3, 4, 5), torch.tensor([0, 3, 2, 2])
    entropies = [
        -logits[t, b, labels[b]] + torch.log(torch.exp(logits[t, b]).sum()) for t in range(3) for b in range(4)
    ]
    pull = sum((float(value) - 0.5) ** 2 for value in logits.flatten()) / 60
    expected = 0.9 * torch.stack(entropies).mean() + 0.1 * pull
    torch.testing.assert_close(temporal_loss(logits, labels, weight=0.1, level=0.5), expected)


def test_rate_penalty_is_zero_in_the_band_and_the_square_outside() -> None:
    spikes = torch.zeros(10, 1, 3, 1)
    spikes[:2, :, 1] = 1  # rate 0.2
    spikes[:9, :, 2] = 1  # rate 0.9
    penalty = rate_penalty(spikes, floor=0.1, ceiling=0.5)
    assert penalty.item() == pytest.approx((0.1**2 + 0.4**2) / 3)


def test_surrogate_module_loss_is_the_formula() -> None:
    labels = torch.tensor([1, 0])
    logits, heads = torch.randn(2, 3), [torch.randn(2, 3), torch.randn(2, 3)]

    def divergence(p: torch.Tensor, q: torch.Tensor) -> torch.Tensor:  # KL(q || p)
        p, q = (p / 3).softmax(1), (q / 3).softmax(1)
        return (q * (q / p).log()).sum(1).mean()

    entropy = functional.cross_entropy
    expected = 0.1 / 2 * (entropy(logits, labels) + 0.5 * sum(entropy(head, labels) for head in heads))
    expected = expected + 0.9 / 4 * sum(divergence(head, logits) + divergence(logits, head) for head in heads)
    torch.testing.assert_close(surrogate_module_loss(logits, heads, labels), expected)


def test_the_teacher_of_a_divergence_is_held_constant() -> None:
    labels, head = torch.tensor([1, 0]), torch.randn(2, 3, requires_grad=True)
    logits = head.detach().clone().requires_grad_()
    surrogate_module_loss(logits, [head], labels, agreement=1.0).backward()
    assert head.grad is not None
    assert head.grad.abs().max() < 1e-6  # equal logits agree, so nothing pulls


@pytest.mark.parametrize("channels", [4, 12])
def test_head_reads_a_spike_map(channels: int) -> None:
    head = SurrogateHead(channels, 5, width=8, hidden=6)
    spikes = torch.rand(3, 2, channels, 9, 9).round().requires_grad_()
    logits = head(spikes)
    assert logits.shape == (2, 5)
    logits.square().sum().backward()
    assert spikes.grad is not None
    assert spikes.grad.count_nonzero()


@pytest.mark.parametrize("shape", [(4, 6, 3), (4, 6, 3, 5, 5)])
def test_tdbn_is_batch_norm_over_time_and_batch(shape: tuple[int, ...]) -> None:
    ours, current = ThresholdBatchNorm(3, threshold=0.7, scale=0.5), torch.randn(shape) * 3 + 1
    found = ours(current).transpose(0, 2).flatten(1)
    torch.testing.assert_close(found.mean(1), torch.zeros(3), atol=1e-5, rtol=0)
    torch.testing.assert_close(found.std(1, correction=0), torch.full((3,), 0.35), atol=1e-4, rtol=0)
    theirs = nn.BatchNorm1d(3) if len(shape) == 3 else nn.BatchNorm2d(3)
    theirs(current.flatten(0, 1))
    ours.eval()
    theirs.eval()
    torch.testing.assert_close(ours(current), 0.35 * theirs(current.flatten(0, 1)).unflatten(0, shape[:2]))


def test_tebn_weighs_each_step() -> None:
    current = torch.randn(2, 5, 3, 4, 4)
    norm = TemporalBatchNorm(3, 2)
    plain = ThresholdBatchNorm(3)
    assert torch.equal(norm(current), plain(current))
    with torch.no_grad():
        norm.step_weight.copy_(torch.tensor([2.0, 0.0]))
    torch.testing.assert_close(norm(current), torch.stack([2 * plain(current)[0], 0 * current[1]]))
    with pytest.raises(NeuronError, match="built for 2 steps, got 1"):
        norm(current[:1])
    with pytest.raises(NeuronError, match=r"\[T, B, 3, \.\.\.\] are needed"):
        plain(current[:, :, :2])
