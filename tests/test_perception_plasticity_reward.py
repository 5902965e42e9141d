"""Reward-modulated plasticity: closed forms, the same trace step by step, bounds, and learning from rewards alone."""

from math import exp

import pytest
import torch
from hypothesis import given, settings, strategies as st

from perception import (
    PlasticityError,
    RewardRule,
    TimingRule,
    decide,
    latencies,
    learn_decisions,
    learn_rewarded,
    learn_timing,
)

WIDE = TimingRule(lower=-9, upper=9)


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def at(steps: int, *spikes: int) -> torch.Tensor:
    train = torch.zeros(steps, 1, 1)
    train[list(spikes)] = 1
    return train


@pytest.mark.parametrize("reward", [1.0, -0.5])
@pytest.mark.parametrize("wait", [0, 3, 9])
def test_a_late_reward_pays_what_is_left_of_the_pair(reward: float, wait: int) -> None:
    rewards = torch.zeros(20, 1)
    rewards[7 + wait] = reward
    learned = learn_rewarded(torch.zeros(1, 1), at(20, 2), at(20, 7), rewards, WIDE, tau_steps=4)
    assert learned.item() == pytest.approx(reward * 0.01 * exp(-5 / 20) * exp(-wait / 4), rel=1e-5)


def test_no_reward_no_change_and_an_eligibility_that_fades_at_once_is_the_plain_rule() -> None:
    before, after = ((torch.rand(12, 3, n, generator=generator(n)) < 0.4).float() for n in (4, 2))
    start = torch.full((2, 4), 0.5)
    assert torch.equal(learn_rewarded(start, before, after, torch.zeros(12, 3)), start)
    plain = learn_timing(start, before, after, WIDE)
    torch.testing.assert_close(
        learn_rewarded(start, before, after, torch.ones(12, 3), WIDE, tau_steps=1e-3), plain, rtol=1e-5, atol=1e-6
    )


def test_each_sample_is_paid_for_its_own_spikes() -> None:
    before, after = torch.cat([at(6, 1), at(6)], dim=1), torch.cat([at(6, 2), at(6, 2)], dim=1)
    rewards = torch.zeros(6, 2)
    rewards[:, 1] = 1  # the sample whose synapse was silent
    assert learn_rewarded(torch.zeros(1, 1), before, after, rewards, WIDE).item() == 0


def test_the_synapse_that_brings_reward_wins() -> None:
    """Two inputs drive a neuron equally; only spikes caused by the first are followed by a reward, four steps later."""
    source, weights = generator(), torch.full((1, 2), 0.5)
    rule = TimingRule(0.05, 0.02, exponent=1, coincident="grow")
    for _ in range(150):
        cause = int(torch.randint(2, (1,), generator=source))
        before, after, rewards = torch.zeros(8, 1, 2), at(8, 2), torch.zeros(8, 1)
        before[1, 0, cause] = 1
        rewards[6] = 1.0 if cause == 0 else -1.0
        weights = learn_rewarded(weights, before, after, rewards, rule, tau_steps=8)
    assert weights[0, 0] > 0.9
    assert weights[0, 1] < 0.1


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10**6), st.floats(-1e6, 1e6), st.sampled_from([0.0, 1.0]))
def test_bounds_hold_whatever_the_reward(seed: int, reward: float, exponent: float) -> None:
    before, after = ((torch.rand(10, 2, 3, generator=generator(seed + n)) < 0.7).float() for n in range(2))
    rule = TimingRule(exponent=exponent, lower=-0.5, upper=2.0)
    learned = learn_rewarded(torch.zeros(3, 3), before, after, torch.full((10, 2), reward), rule)
    assert learned.isfinite().all()
    assert -0.5 <= learned.min() <= learned.max() <= 2.0


def test_one_decision_by_hand() -> None:
    """Map 0 of two answers; the label says so, and then that it was wrong."""
    times = torch.tensor([[[[0, 1]]]])
    for label, sign in ((0, 1), (1, -1)):
        rule = RewardRule(0.1, 0.2, 0.1, 0.2, bins=1, adaptive=False)
        learned = learn_decisions(
            times, torch.tensor([label]), generator(), rule, classes=2, maps=1, kernel=1, epochs=1
        )
        start = torch.empty(2, 1, 1, 1).normal_(0.8, 0.05, generator=generator())
        winner = int(start.flatten().argmax())
        sign = 1 if winner == label else -1
        w = start[winner, 0, 0, 0].item()
        assert learned.kernels[winner, 0, 0, 0].item() == pytest.approx(w + sign * 0.1 * w * (1 - w))
        assert torch.equal(learned.kernels[1 - winner], start[1 - winner])
        assert learned.right == (float(sign == 1),)


def bars(count: int, seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Bright bars in three directions on noise, anywhere, and which direction it is."""
    source = generator(seed)
    pictures = torch.rand(count, 1, 9, 9, generator=source) * 0.2
    labels = torch.randint(3, (count,), generator=source)
    places = torch.randint(1, 8, (count,), generator=source)
    for picture, label, place in zip(pictures, labels.tolist(), places.tolist(), strict=True):
        if label == 0:
            picture[0, place] += 1
        elif label == 1:
            picture[0, :, place] += 1
        else:
            picture[0, torch.arange(9), (torch.arange(9) + place) % 9] += 1
    return latencies(torch.where(pictures > 0.5, pictures, 0.0), 6), labels


@pytest.mark.parametrize("threshold", [3.0, torch.inf])
def test_decisions_are_learned_from_rewards_alone(threshold: float) -> None:
    times, labels = bars(150, 0)
    test_times, test_labels = bars(150, 1)
    rule = RewardRule(bins=6, threshold=threshold)
    learned = learn_decisions(times, labels, generator(), rule, classes=3, maps=4, kernel=5, epochs=6)
    assert learned.right[0] < 0.8 < 0.9 < learned.right[-1]
    assert (decide(learned, test_times) == test_labels).float().mean() > 0.9
    assert 0 <= learned.kernels.min() <= learned.kernels.max() <= 1
    shuffled = labels[torch.randperm(150, generator=generator())]
    fooled = learn_decisions(times, shuffled, generator(), rule, classes=3, maps=4, kernel=5, epochs=2)
    assert (decide(fooled, test_times) == test_labels).float().mean() < 0.7


def test_what_fires_nowhere_is_undecided() -> None:
    times, labels = bars(10, 0)
    learned = learn_decisions(times, labels, generator(), RewardRule(bins=6, threshold=99.0), classes=3, epochs=1)
    assert decide(learned, times).tolist() == [-1] * 10
    assert learned.right == (0.0,)


def test_what_does_not_fit_is_refused() -> None:
    times, labels = bars(4, 0)
    with pytest.raises(PlasticityError, match="rates must lie between 0 and 1"):
        RewardRule(reward_growth=2.0)
    with pytest.raises(PlasticityError, match="latencies reach 6 of 3 steps"):
        learn_decisions(times, labels, generator(), RewardRule(bins=3), classes=3)
    with pytest.raises(PlasticityError, match="labels must lie between 0 and 1"):
        learn_decisions(times, torch.full((4,), 2), generator(), RewardRule(bins=6), classes=2)
    with pytest.raises(PlasticityError, match="M labels"):
        learn_decisions(times, labels[:2], generator(), classes=3)
    with pytest.raises(PlasticityError, match="window of 20"):
        learn_decisions(times, labels, generator(), classes=3, kernel=20)
    with pytest.raises(PlasticityError, match=r"finite rewards \[3, 1\]"):
        learn_rewarded(torch.zeros(1, 1), at(3), at(3), torch.full((3, 1), torch.nan))
    with pytest.raises(PlasticityError, match="tau_steps must be positive"):
        learn_rewarded(torch.zeros(1, 1), at(3), at(3), torch.zeros(3, 1), tau_steps=0)
    with pytest.raises(PlasticityError, match=r"weights must be \[1, 1\]"):
        learn_rewarded(torch.zeros(2, 1), at(3), at(3), torch.zeros(3, 1))
