"""Competing maps: the rule by hand, its walls under adversarial input, and k-means as an oracle of what it finds."""

import pytest
import torch
from hypothesis import given, settings, strategies as st
from sklearn.cluster import KMeans

from perception import CompetitiveRule, PlasticityError, learn_by_competition
from perception.plasticity.competition import Competition, compete, competitive_step, first_competition, sample_patches


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_the_earliest_map_wins_then_the_strongest() -> None:
    state = Competition(torch.tensor([[1.0, 0.0], [0.0, 1.0], [0.0, 0.9]]), torch.full((3,), 0.5))
    winner, step = compete(state, torch.tensor([[1, 0], [0, 1], [2, 2]]), never=2)
    assert winner.tolist() == [1, 0, -1]
    assert step.tolist() == [0, 0, 2]


def test_one_step_by_hand() -> None:
    rule = CompetitiveRule(rate=0.1, offset=0.2, tau_steps=2.0, homeostasis=0.5)
    state = Competition(torch.tensor([[0.5, 0.6, 0.0], [-0.5, 0.0, 0.0]]), torch.tensor([1.0, 1.0]))
    new = competitive_step(state, torch.tensor([[0, 1, 3]]), rule, never=4)  # map 0 fires at step 1
    trace = [torch.tensor(-1 / 2).exp().item(), 1.0, 0.0]
    expected = [w + 0.1 * (x - 0.2) * (1 - w) * (w + 1) for w, x in zip([0.5, 0.6, 0.0], trace, strict=True)]
    assert new.weights[0].tolist() == pytest.approx(expected)
    assert torch.equal(new.weights[1], state.weights[1])
    assert new.thresholds.tolist() == pytest.approx([1.5, 0.5])  # twice its share, and none of it


@settings(max_examples=25)
@given(
    st.integers(0, 10**6),
    st.floats(0.0, 1e6),
    st.sampled_from(["bright", "one pixel", "noise", "flicker", "same"]),
    st.sampled_from([0.0, 0.1, 0.99]),
)
def test_nothing_runs_away_whatever_is_shown(seed: int, rate: float, kind: str, homeostasis: float) -> None:
    """Absurd rates on saturated, starved, alternating and constant input: weights and thresholds stay in bounds."""
    source = generator(seed)
    shown = {
        "bright": torch.zeros(8, 2, 6, 6, dtype=torch.int64),
        "one pixel": torch.full((8, 2, 6, 6), 4),
        "noise": torch.randint(0, 5, (8, 2, 6, 6), generator=source),
        "flicker": torch.zeros(8, 2, 6, 6, dtype=torch.int64),
        "same": torch.randint(0, 5, (1, 2, 6, 6), generator=source).repeat(8, 1, 1, 1),
    }[kind]
    shown[0, 0, 2, 2] = 0
    batches = [shown if kind != "flicker" or n % 2 else shown + 3 for n in range(20)]
    rule = CompetitiveRule(rate=rate, lower=-0.5, upper=2.0, homeostasis=homeostasis)
    kernels = learn_by_competition([(4, batch) for batch in batches], (5, 2, 3, 3), source, rule)
    assert kernels.isfinite().all()
    assert -0.5 <= kernels.min() <= kernels.max() <= 2.0


def shares(homeostasis: float) -> torch.Tensor:
    """Wins of each map late in training on noise, relative to an equal share."""
    source = generator(1)
    rule = CompetitiveRule(rate=0.05, homeostasis=homeostasis)
    patches = torch.randint(0, 5, (400, 18), generator=source)
    state = first_competition((10, 18), patches, rule, source, never=4)
    counts = torch.zeros(10)
    for number in range(150):
        chosen = patches[torch.randint(400, (100,), generator=source)]
        state = competitive_step(state, chosen, rule, never=4)
        if number >= 100:
            winner = compete(state, chosen, never=4)[0]
            counts += torch.bincount(winner[winner >= 0], minlength=10)
    return counts * 10 / counts.sum()


def test_homeostasis_gives_every_map_its_share() -> None:
    assert shares(0.0).min() < 0.1, "without it some map starves, so the next line tells something"
    assert 0.3 < shares(0.1).min() <= shares(0.1).max() < 3


def test_silenced_maps_come_back() -> None:
    """Thresholds far above any membrane sink until the maps fire again."""
    rule = CompetitiveRule()
    state = Competition(torch.full((3, 9), 0.1), torch.full((3,), 50.0))
    patches = torch.zeros(20, 9, dtype=torch.int64)
    for _ in range(200):
        state = competitive_step(state, patches, rule, never=4)
    assert (compete(state, patches, never=4)[0] >= 0).all()


@pytest.mark.parametrize("seed", range(3))
def test_it_finds_the_clusters_that_k_means_finds(seed: int) -> None:
    source = generator(seed)
    centres = torch.rand(4, 32, generator=source) < 0.3
    truth = torch.randint(4, (1200,), generator=source)
    fired = centres[truth] ^ (torch.rand(1200, 32, generator=source) < 0.04)
    patches = torch.where(fired, 0, 4)
    rule = CompetitiveRule(rate=0.3)
    state = first_competition((4, 32), patches[:100], rule, source, never=4)
    for chosen in patches.repeat(4, 1).split(50):
        state = competitive_step(state, chosen, rule, never=4)
    ours = compete(state, patches, never=4)[0]
    theirs = torch.from_numpy(KMeans(4, random_state=seed).fit(fired.numpy().astype("float64")).labels_)
    pairs = torch.stack([torch.bincount(theirs[ours == k].long(), minlength=4) for k in range(4)])
    assert pairs.max(dim=1).values.sum() > 0.7 * 1200


def test_patches_hold_spikes_and_fit() -> None:
    latencies = torch.full((2, 1, 5, 5), 4)
    latencies[0] = 1
    drawn = sample_patches(latencies, (3, 3), 10, generator(), never=4)
    assert drawn.shape == (10, 9)  # the second picture is silent
    with pytest.raises(PlasticityError, match="larger than its input"):
        sample_patches(latencies, (6, 3), 1, generator(), never=4)
    with pytest.raises(PlasticityError, match="no patch of any picture"):
        learn_by_competition([(4, torch.full((2, 1, 5, 5), 4))], (2, 1, 3, 3), generator())


def test_bad_constants_are_refused() -> None:
    with pytest.raises(PlasticityError, match="offset"):
        CompetitiveRule(offset=1.5)
    with pytest.raises(PlasticityError, match="patches"):
        CompetitiveRule(patches=0)
