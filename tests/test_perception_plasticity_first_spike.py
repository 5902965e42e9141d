"""STDP: the rule by hand, its bounds, and what it learns."""

import pytest
import torch
from hypothesis import given, settings, strategies as st

from perception import PlasticityRule, convergence, latencies, learn_kernels, plasticity_step, to_initial_layer


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def bars(count: int, seed: int) -> torch.Tensor:
    """Pictures of one horizontal or one vertical bright bar."""
    pictures = torch.zeros(count, 1, 12, 12, dtype=torch.uint8)
    places = torch.randint(1, 11, (count,), generator=generator(seed)).tolist()
    for number, place in enumerate(places):
        if number % 2:
            pictures[number, 0, :, place] = 200
        else:
            pictures[number, 0, place, :] = 200
    return pictures


def test_bright_pixels_fire_first_and_black_ones_never() -> None:
    picture = torch.tensor([[0, 10, 20], [30, 40, 50], [60, 0, 0]], dtype=torch.uint8).reshape(1, 1, 3, 3)
    assert latencies(picture, 3).flatten().tolist() == [3, 2, 2, 1, 1, 0, 0, 3, 3]
    assert latencies(torch.zeros(1, 1, 2, 2), 3).flatten().tolist() == [3] * 4


def test_one_step_by_hand() -> None:
    rule = PlasticityRule(potentiation=0.1, depression=0.05, threshold=1.0, winners=1, radius=0, bins=2)
    weights = torch.tensor([[0.6, 0.5], [0.2, 0.5]]).reshape(2, 1, 1, 2)
    new = plasticity_step(weights, torch.tensor([[[0, 0]]]), rule)  # map 0 sums to 1.1 at once, map 1 stays below
    expected = torch.tensor([[0.6 + 0.1 * 0.24, 0.5 + 0.1 * 0.25], [0.2, 0.5]])
    torch.testing.assert_close(new.reshape(2, 2), expected)
    late = plasticity_step(torch.tensor([[[[1.0, 0.5]]]]), torch.tensor([[[0, 1]]]), rule)
    torch.testing.assert_close(late.flatten(), torch.tensor([1.0, 0.5 - 0.05 * 0.25]))


def test_the_earliest_wins_before_the_strongest() -> None:
    rule = PlasticityRule(threshold=0.5, winners=1, radius=0, bins=2)
    weights = torch.tensor([[0.0, 0.9], [0.6, 0.0]]).reshape(2, 1, 1, 2)
    new = plasticity_step(weights, torch.tensor([[[0, 1]]]), rule)
    assert torch.equal(new[0], weights[0])
    assert new[1, 0, 0, 0] > weights[1, 0, 0, 0]


def test_a_winner_inhibits_its_neighbourhood() -> None:
    rule = PlasticityRule(threshold=0.5, winners=3, radius=1, bins=1)
    weights = torch.tensor([0.9, 0.8, 0.7]).reshape(3, 1, 1, 1)
    near = plasticity_step(weights, torch.zeros(1, 1, 2, dtype=torch.int64), rule)
    assert (near != weights).flatten().tolist() == [True, False, False]
    far = plasticity_step(weights, torch.zeros(1, 1, 3, dtype=torch.int64), rule)
    assert (far != weights).flatten().tolist() == [True, True, False]


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 1000), st.floats(0.01, 5.0), st.floats(0.01, 5.0), st.integers(1, 2))
def test_weights_stay_within_bounds(seed: int, potentiation: float, depression: float, stride: int) -> None:
    rule = PlasticityRule(potentiation, depression, threshold=2.0, bins=4)
    weights = torch.rand(4, 1, 3, 3, generator=generator(seed))
    noise = torch.randint(0, 256, (5, 1, 8, 8), generator=generator(seed + 1), dtype=torch.uint8)
    for picture in latencies(noise, rule.bins):
        weights = plasticity_step(weights, picture, rule, stride=stride)
        assert weights.min() >= 0
        assert weights.max() <= 1


@pytest.mark.parametrize("seed", range(3))
def test_it_converges_to_selective_kernels(seed: int) -> None:
    rule = PlasticityRule(potentiation=0.05, depression=0.0375, threshold=4.0, winners=1, radius=0)
    kernels = learn_kernels(bars(800, seed), (2, 1, 5, 5), generator(seed), rule)
    assert convergence(kernels) < 0.01 < convergence(torch.full((2, 1, 5, 5), 0.8))
    rows, columns = kernels[:, 0].sum(dim=2), kernels[:, 0].sum(dim=1)
    spread = (rows.max(dim=1).values - columns.max(dim=1).values).tolist()
    assert min(spread) < -3 < 3 < max(spread)  # one map has learned the vertical bar, the other the horizontal one


def test_the_same_generator_gives_the_same_kernels() -> None:
    first, again, other = (learn_kernels(bars(20, 0), (2, 1, 5, 5), generator(seed)) for seed in (0, 0, 1))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_convergence_by_hand() -> None:
    assert convergence(torch.tensor([0.0, 1.0])) == 0
    assert convergence(torch.tensor([0.5, 1.0])) == pytest.approx(0.125)


def test_initial_layer_has_zero_mean_and_kaiming_variance() -> None:
    layer = to_initial_layer(torch.rand(6, 2, 5, 5, generator=generator())).flatten(1)
    torch.testing.assert_close(layer.mean(dim=1), torch.zeros(6), atol=1e-6, rtol=0)
    torch.testing.assert_close(layer.square().mean(dim=1), torch.full((6,), 2 / 50))
    assert not to_initial_layer(torch.full((1, 1, 5, 5), 0.8)).any()
