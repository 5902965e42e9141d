"""Homeostasis holds under input chosen to break it, where plasticity alone runs away."""

from math import exp

import pytest
import torch
from hypothesis import given, settings, strategies as st

from perception import (
    PlasticityError,
    TimingRule,
    adapt_thresholds,
    integrate_and_fire,
    learn_timing,
    normalize_weights,
    scale_synapses,
)


@settings(max_examples=30)
@given(st.integers(0, 10**6), st.floats(1e-3, 1e3), st.sampled_from([0.0, 1e-30, 1.0, 1e30]))
def test_normalised_weights_sum_to_the_total(seed: int, total: float, size: float) -> None:
    weights = size * torch.randn(4, 2, 3, generator=torch.Generator().manual_seed(seed))
    normal = normalize_weights(weights, total)
    torch.testing.assert_close(normal.abs().flatten(1).sum(dim=1), torch.full((4,), total), rtol=1e-4, atol=0)
    assert (normal * weights >= 0).all()


def test_threshold_settles_at_its_closed_form() -> None:
    spikes = torch.ones(3000, 2, 1)
    settled = adapt_thresholds(torch.tensor([7.0]), spikes, step=0.05, tau_steps=200)
    assert settled.item() == pytest.approx(0.05 / (1 - exp(-1 / 200)), rel=1e-3)
    assert adapt_thresholds(settled, torch.zeros(3000, 2, 1), tau_steps=200).item() == pytest.approx(0, abs=1e-4)


def train(*, held: bool) -> tuple[torch.Tensor, torch.Tensor]:
    """Weights and rates of three neurons under input that always fires, by a rule that only grows."""
    rule = TimingRule(potentiation=0.05, depression=0.0, lower=0.0, upper=1.0, coincident="grow")
    weights, thresholds = torch.full((3, 10), 0.3), torch.zeros(3)
    shown = torch.ones(10, 1, 10)
    rates = torch.zeros(3)
    for _ in range(200):
        current = shown @ weights.T
        spikes = integrate_and_fire(current - thresholds / 10, threshold=2.0)
        rates = spikes.mean(dim=(0, 1))
        weights = learn_timing(weights, shown, spikes, rule)
        if held:
            weights = normalize_weights(weights, 3.0)
            thresholds = adapt_thresholds(thresholds, spikes, step=0.5, tau_steps=200)
    return weights, rates


def test_plasticity_runs_away_alone_and_is_held() -> None:
    weights, rates = train(held=False)
    assert weights.min() > 0.99
    assert rates.min() == 1
    weights, rates = train(held=True)
    torch.testing.assert_close(weights.sum(dim=1), torch.full((3,), 3.0))
    assert 0 < rates.min() <= rates.max() < 0.8


def test_scaling_finds_the_rate_from_either_side() -> None:
    weights = torch.tensor([[0.001], [50.0], [0.3]])
    rates = torch.zeros(3)
    for _ in range(400):
        rates = integrate_and_fire(torch.ones(60, 1, 1) @ weights.T).mean(dim=(0, 1))
        weights = scale_synapses(weights, rates, 0.25, rate=0.05)
    assert ((rates - 0.25).abs() < 0.05).all()


def test_bad_constants_are_refused() -> None:
    with pytest.raises(PlasticityError, match="total"):
        normalize_weights(torch.ones(1, 1), 0)
    with pytest.raises(PlasticityError, match="finite"):
        normalize_weights(torch.tensor([[float("inf"), 1.0]]), 1)
    with pytest.raises(PlasticityError, match="target"):
        scale_synapses(torch.ones(1, 1), torch.ones(1), 0)
