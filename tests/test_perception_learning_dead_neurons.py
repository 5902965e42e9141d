"""Dead channels are found and named, living ones are not, and each remedy revives."""

import warnings

import pytest
import torch
from torch import nn

from perception import (
    DeadNeuronDetector,
    DeadNeuronWarning,
    LeakyIntegrateAndFire,
    balance_threshold,
    draw_fluctuating,
    rescale_silent,
    triangular,
)


def model() -> nn.Sequential:
    """Channel 0 fires, channel 1 is far below, channel 2 far above and so out of the window's reach."""
    linear = nn.Linear(1, 3, bias=False)
    with torch.no_grad():
        linear.weight.copy_(torch.tensor([[0.8], [-5.0], [9.0]]))
    return nn.Sequential(linear, LeakyIntegrateAndFire(surrogate=triangular()))


def test_the_layer_is_named_once_with_the_remedies() -> None:
    net, ones = model(), torch.ones(4, 5, 1)
    with DeadNeuronDetector(net, patience=2) as detector:
        net(ones)
        with pytest.warns(DeadNeuronWarning, match=r"layer '1': 2 of 3 channels are dead .*ThresholdBatchNorm"):
            net(ones)
        net(ones)  # a second warning would be an error
    assert detector.dead()["1"].tolist() == [False, True, True]
    rates = detector.rates["1"].tolist()
    net(2 * ones)  # no longer watched
    assert detector.rates["1"].tolist() == rates


def test_living_layers_are_silent_to_the_user() -> None:
    net = nn.Sequential(model()[1])
    with warnings.catch_warnings(), DeadNeuronDetector(net, patience=1):
        warnings.simplefilter("error")
        net(torch.full((4, 2, 3), 0.8))


@pytest.mark.parametrize("drive", [0.1, -0.1])
def test_rescaled_channels_fire(drive: float) -> None:
    linear, neurons = nn.Linear(1, 2, bias=False), LeakyIntegrateAndFire()
    with torch.no_grad():
        linear.weight.copy_(torch.tensor([[drive], [0.8]]))
    ones = torch.ones(6, 3, 1)
    fired = neurons.fire(linear(ones))
    assert not fired.spikes[..., 0].any()
    rescale_silent(linear.weight, fired.membrane, torch.tensor([True, False]))
    assert neurons(linear(ones) * 1.001)[..., 0].any()
    assert linear.weight[1].item() == pytest.approx(0.8)


def test_balanced_thresholds_reach_the_target_rate() -> None:
    neurons, generator = LeakyIntegrateAndFire(threshold=3.0), torch.Generator().manual_seed(0)
    current = torch.rand(50, 40, generator=generator)
    assert neurons(current).mean() < 0.01
    for _ in range(400):
        balance_threshold([neurons], [neurons(current).mean()], target=0.3)
    assert neurons(current).mean().item() == pytest.approx(0.3, abs=0.02)


def test_fluctuating_weights_give_the_stated_spread() -> None:
    generator = torch.Generator().manual_seed(0)
    layer = nn.Linear(1000, 400, bias=False)
    draw_fluctuating(layer, generator, rate=0.1, threshold=1.5, sigmas=3.0)
    spikes = (torch.rand(100, 1000, generator=generator) < 0.1).float()
    assert layer(spikes).std().item() == pytest.approx(0.5, rel=0.05)
