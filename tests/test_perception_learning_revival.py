"""Each remedy of dead neurons, by name, in a network that has a silent layer."""

import pytest
import torch
from torch import nn

from perception import (
    REMEDIES,
    LeakyIntegrateAndFire,
    NeuronError,
    ThresholdBatchNorm,
    neuron,
    revive,
    triangular,
)

PICTURES = torch.rand(6, 5, 40, generator=torch.Generator().manual_seed(0)) * 0.2


def silent(norm: bool = True) -> nn.Sequential:
    """Currents far below the threshold, in all three channels."""
    generator = torch.Generator().manual_seed(1)
    linear = nn.Linear(40, 3, bias=False)
    with torch.no_grad():
        linear.weight.uniform_(0.005, 0.01, generator=generator)
    neurons = LeakyIntegrateAndFire(surrogate=triangular(0.2), detach_reset=False, reset="soft")
    between = ThresholdBatchNorm(3, scale=0.01) if norm else nn.Identity()
    return nn.Sequential(linear, between, neurons)


def learning(network: nn.Module, shown: torch.Tensor = PICTURES) -> bool:
    """Whether any gradient reaches the weights."""
    network.zero_grad()
    network(shown).sum().backward()
    gradient = network.get_parameter("0.weight").grad
    return gradient is not None and bool(gradient.any())


@pytest.mark.parametrize("norm", [True, False])
@pytest.mark.parametrize(
    "remedy", ["wide_surrogate", "threshold_norm", "fluctuating_weights", "balanced_threshold", "rescaled_weights"]
)
def test_a_silent_layer_learns_again(remedy: str, norm: bool) -> None:
    network = silent(norm)
    assert not network(PICTURES).any()
    assert not learning(network)
    if remedy == "threshold_norm" and not norm:
        with pytest.raises(NeuronError, match="no norm stands before '2'"):
            revive(network, "2", remedy, lambda: network(PICTURES), torch.Generator())
        return
    if remedy == "fluctuating_weights" and norm:
        return  # the norm takes the size of the weights away
    source = torch.Generator().manual_seed(2)
    shown = PICTURES if remedy != "fluctuating_weights" else (PICTURES > 0.1).float()
    revive(network, "2", remedy, lambda: network(shown), source)
    assert learning(network, shown)
    if remedy != "wide_surrogate":
        assert network(1.001 * shown if norm else 1.2 * shown).any()


def test_options_of_the_neurons_are_set() -> None:
    network = silent()

    def apply(remedy: str) -> nn.Module:
        revive(network, "2", remedy, lambda: network(PICTURES), torch.Generator())
        return network[2]

    first = apply("half_start")
    assert isinstance(first, LeakyIntegrateAndFire)
    current = torch.full((1, 1, 3), 0.75)
    assert first(current).all()  # 0.5 * 0.5 + 0.75
    assert not LeakyIntegrateAndFire()(current).any()
    assert torch.equal(first.fire(current, (torch.zeros(1, 3),)).spikes, torch.zeros(1, 1, 3))  # a state goes before it
    apply("detached_reset")
    assert first.detach_reset
    learned = apply("learned_leak")
    assert learned is first
    assert isinstance(first.beta, nn.Parameter)
    assert (first.start, first.reset, first.detach_reset) == (0.5, "soft", True)
    assert first.beta.item() == pytest.approx(0.5)


@pytest.mark.parametrize("remedy", REMEDIES)
def test_what_is_revived_survives_saving(remedy: str) -> None:
    revived, again = silent(), silent()
    shown = (PICTURES > 0.1).float()
    revive(revived, "2", remedy, lambda: revived(shown), torch.Generator().manual_seed(2))
    again.load_state_dict(revived.state_dict())
    assert torch.equal(again(shown), revived(shown))
    trained = [{name for name, _ in network.named_parameters()} for network in (revived, again)]
    assert trained[0] == trained[1]
    assert ("2.beta" in trained[0]) == (remedy == "learned_leak")


def test_every_remedy_is_tested_here() -> None:
    assert set(REMEDIES) == {
        "wide_surrogate", "threshold_norm", "fluctuating_weights", "learned_leak", "half_start", "balanced_threshold",
        "detached_reset", "rescaled_weights",
    }  # fmt: skip


def test_what_cannot_be_revived_is_refused() -> None:
    network = silent()
    with pytest.raises(NeuronError, match="unknown remedy 'prayer'; there are wide_surrogate"):
        revive(network, "2", "prayer", lambda: None, torch.Generator())
    with pytest.raises(NeuronError, match="'1' is no layer of neurons; there are 2"):
        revive(network, "1", "half_start", lambda: None, torch.Generator())
    with pytest.raises(NeuronError, match="layer '2' did not run"):
        revive(network, "2", "half_start", lambda: None, torch.Generator())
    network[2] = neuron("sliding_psn")
    with pytest.raises(NeuronError, match="for leaky neurons"):
        revive(network, "2", "half_start", lambda: network(PICTURES), torch.Generator())
    with pytest.raises(NeuronError, match="between 0 and the threshold, got"):
        neuron("lif", start=1.5)
