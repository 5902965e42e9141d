"""Deep networks of STDP alone: each stage against a plain loop, and whether features tell what was never labelled."""

import pytest
import torch
from hypothesis import given, settings, strategies as st

from perception import (
    PlasticityError,
    PlasticityRule,
    StdpLayer,
    difference_of_gaussians,
    learn_network,
    network_features,
    network_latencies,
)
from perception.plasticity.first_spike import FirstSpikes
from perception.plasticity.network import inhibit, pool_latencies

RULE = PlasticityRule(0.1, 0.075, threshold=2.0, bins=15, winners=2, radius=1)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**31))
def test_of_all_maps_at_a_place_only_the_first_spikes(seed: int) -> None:
    random = torch.Generator().manual_seed(seed)
    steps = torch.randint(0, 6, (2, 3, 2, 2), generator=random)  # 5 is no spike
    membranes = torch.rand(2, 3, 2, 2, generator=random)
    found = inhibit(FirstSpikes(steps, membranes), 5)
    for sample in range(2):
        for row in range(2):
            for column in range(2):
                keys = [
                    (int(steps[sample, f, row, column]), -float(membranes[sample, f, row, column])) for f in range(3)
                ]
                winner = keys.index(min(keys))
                wanted = [keys[f][0] if f == winner else 5 for f in range(3)]
                assert found[sample, :, row, column].tolist() == wanted


def test_a_pool_passes_the_earliest_spike() -> None:
    times = torch.tensor([[5, 3, 5, 5, 9], [4, 5, 5, 5, 9], [9, 9, 9, 9, 9]])[None, None]
    assert pool_latencies(times, 2).tolist() == [[[[3, 5]]]]
    assert pool_latencies(times, 1) is times


def test_contrast_is_brighter_or_darker_than_around() -> None:
    flat = torch.full((1, 1, 15, 15), 0.5)
    assert not difference_of_gaussians(flat)[..., 4:-4, 4:-4].any()
    dot = torch.zeros(1, 1, 15, 15)
    dot[0, 0, 7, 7] = 1.0
    on, off = found = difference_of_gaussians(dot)[0]
    assert on.argmax() == off.shape[0] * 7 + 7
    assert off[7, 7] == 0
    assert difference_of_gaussians(dot, floor=0.0)[0, 1, 7, 5] > 0
    torch.testing.assert_close(difference_of_gaussians((dot * 255).to(torch.uint8))[0], found)


def test_two_shapes_that_nobody_named_get_features_of_their_own() -> None:
    generator = torch.Generator().manual_seed(0)
    labels = torch.arange(60) % 2
    pictures = torch.zeros(60, 1, 12, 12)
    for number in range(60):
        place = int(torch.randint(3, 9, (1,), generator=generator))
        shown = pictures[number, 0] if labels[number] else pictures[number, 0].T
        shown[place, 2:10] = 1.0
    layers = (StdpLayer(6, 5, RULE, pool=2),)
    seen = difference_of_gaussians(pictures)
    learned = learn_network(seen, layers, generator, epochs=2)
    assert learned.kernels[0].shape == (6, 2, 5, 5)
    assert 0 <= learned.kernels[0].min() <= learned.kernels[0].max() <= 1
    maps = network_features(learned, seen).unflatten(1, network_latencies(learned, seen).shape[1:]).amax((2, 3))
    means = torch.stack([maps[labels == label].mean(0) for label in (0, 1)])
    guess = torch.cdist(maps, means).argmin(1)
    assert (guess == labels).float().mean() >= 0.9
    again = learn_network(seen, layers, torch.Generator().manual_seed(3))
    assert torch.equal(again.kernels[0], learn_network(seen, layers, 3).kernels[0])


def test_what_does_not_fit_is_refused() -> None:
    pictures = torch.rand(2, 2, 6, 6)
    with pytest.raises(PlasticityError, match="layers of one number of steps"):
        learn_network(pictures, (), 0)
    with pytest.raises(PlasticityError, match="window of 7 does not fit"):
        learn_network(pictures, (StdpLayer(2, 7, RULE),), 0)
