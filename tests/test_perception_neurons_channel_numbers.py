"""Decays and thresholds that learn, one for all or one a channel: gradients, ranges, and what is saved of them."""

import copy
import io
from dataclasses import replace
from typing import Any, cast

import pytest
import torch
from torch import Tensor, nn

from perception import (
    CubaLIF,
    IntegrateAndFire,
    LeakyIntegrateAndFire,
    Neuron,
    NeuronError,
    ParametricLIF,
    arctan,
    neuron,
    spike,
)
from perception.neurons import Reset, ScanRule, Tier, leaky_scan

CURRENT = torch.randn(6, 4, 3, 2, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64).abs()
WEIGHTS = torch.randn(6, 4, 3, 2, 2, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
BETAS, LIMITS = [0.2, 0.5, 0.9], [0.6, 1.0, 1.7]


def learned(values: list[float] | float) -> nn.Parameter:
    return nn.Parameter(torch.tensor(values, dtype=torch.float64))


def spread(number: Tensor) -> Tensor:
    return number.reshape(-1, 1, 1) if number.ndim else number


def loop(layer: LeakyIntegrateAndFire, beta: Tensor, threshold: Tensor) -> Tensor:
    """The equations step by step, differentiated by autograd: the oracle."""
    beta, threshold = spread(beta), spread(threshold)
    membrane, spikes = layer.start * threshold, list[Tensor]()
    for x in CURRENT.unbind(0):
        membrane = beta * membrane + (1 - beta if layer.scale_input else 1) * x
        fired = spike(membrane - threshold, layer.surrogate)
        held = fired.detach() if layer.detach_reset else fired
        membrane = membrane * (1 - held) if layer.reset == "hard" else membrane - threshold * held
        spikes.append(fired)
    return torch.stack(spikes)


@pytest.mark.parametrize("tier", ["eager", "native", "recorded"])
@pytest.mark.parametrize(("reset", "detach"), [("hard", True), ("hard", False), ("soft", True), ("soft", False)])
@pytest.mark.parametrize("channels", [True, False])
def test_gradients_by_decay_and_threshold_are_those_of_a_plain_loop(
    tier: Tier, reset: Reset, detach: bool, channels: bool
) -> None:
    numbers = (BETAS, LIMITS) if channels else (0.7, 0.8)
    layer = LeakyIntegrateAndFire(
        learned(numbers[0]), threshold=learned(numbers[1]), reset=reset, detach_reset=detach, tier=tier,
        scale_input=detach, start=0.5,
    )  # fmt: skip
    assert {name for name, _ in layer.named_parameters()} == {"beta", "threshold"}
    theirs = [learned(value) for value in numbers]
    expected = loop(layer, *theirs)
    spikes = layer(CURRENT)
    assert torch.equal(spikes, expected)
    assert 0 < spikes.mean() < 1
    (spikes * WEIGHTS).sum().backward()
    (expected * WEIGHTS).sum().backward()
    for mine, other in zip((layer.beta, layer.threshold), theirs, strict=True):
        torch.testing.assert_close(cast(Tensor, mine).grad, other.grad)


@pytest.mark.parametrize("tier", ["eager", "native"])
def test_membranes_have_the_derivatives_of_finite_differences_where_no_spike_moves(tier: Tier) -> None:
    rule = ScanRule(1.0, arctan(), "soft")

    def membranes(current: Tensor, decay: Tensor, gain: Tensor, threshold: Tensor) -> Tensor:
        numbers = [number.reshape(1, 3, 1, 1) for number in (decay, gain)]
        limit = replace(rule, threshold=threshold.reshape(1, 3, 1, 1))
        return leaky_scan(current, limit, decay=numbers[0], gain=numbers[1], tier=tier).membranes

    given = CURRENT[:, :2].clone().requires_grad_(), learned(BETAS), learned([0.7, 1.0, 1.3]), learned(LIMITS)
    assert torch.autograd.gradcheck(membranes, given)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_tiers_agree_on_numbers_of_channels(dtype: torch.dtype) -> None:
    for reset in cast(list[Reset], ["hard", "soft"]):
        layers = [
            LeakyIntegrateAndFire(BETAS, threshold=LIMITS, reset=reset, tier=tier)
            for tier in cast(list[Tier], ["eager", "native", "recorded"])
        ]
        current = CURRENT.to(dtype)
        for memory in (current, current.transpose(2, 4).contiguous().transpose(2, 4)):
            eager, native, recorded = (layer.fire(memory) for layer in layers)
            for other in (native, recorded):
                assert torch.equal(eager.spikes, other.spikes)
                assert torch.equal(eager.membrane, other.membrane)
        alone = LeakyIntegrateAndFire(BETAS[1], threshold=LIMITS[1], reset=reset)
        assert torch.equal(layers[1](current)[:, :, 1], alone(current[:, :, 1]))


def test_a_parameter_given_as_threshold_learns() -> None:
    torch.manual_seed(0)
    layer = IntegrateAndFire(threshold=nn.Parameter(torch.tensor([5.0, 0.3])))
    optimizer = torch.optim.Adam(layer.parameters(), 0.05)
    current = torch.rand(20, 8, 2)
    for _ in range(150):
        optimizer.zero_grad()
        (layer(current).mean((0, 1)) - 0.25).square().sum().backward()
        optimizer.step()
    assert (layer(current).mean((0, 1)) - 0.25).abs().max() < 0.06


def test_numbers_stay_in_their_range_and_can_come_back() -> None:
    layer = LeakyIntegrateAndFire(learned(0.9), threshold=learned(0.5), scale_input=True, reset="soft")
    with torch.no_grad():
        cast(Tensor, layer.beta).fill_(1.3)
        cast(Tensor, layer.threshold).fill_(-2.0)
    assert cast(Tensor, layer.decay()).item() < 1
    (layer(CURRENT) * WEIGHTS).sum().backward()
    for number in layer.parameters():
        assert number.grad is not None
        assert number.grad.isfinite()
        assert number.grad != 0
    assert "beta=1 (learned)" not in repr(layer)


@pytest.mark.parametrize("kind", ["lif", "if", "plif", "lsg", "cuba_lif"])
def test_what_is_learned_is_saved_and_loaded(kind: str) -> None:
    def made() -> Neuron:
        options: dict[str, Any] = {"beta": nn.Parameter(torch.full((3,), 0.5))} if kind in ("lif", "cuba_lif") else {}
        return neuron(kind, threshold=nn.Parameter(torch.ones(3)), **options)

    layer, again = made(), made()
    with torch.no_grad():
        for number in layer.parameters():
            number += torch.rand_like(number) / 4
    file = io.BytesIO()
    torch.save(layer.state_dict(), file)
    file.seek(0)
    again.load_state_dict(torch.load(file))
    current = CURRENT.float()
    assert torch.equal(again(current), layer(current))
    assert torch.equal(copy.deepcopy(layer)(current), layer(current))
    assert not torch.equal(made()(current), layer(current))


def test_plain_numbers_are_part_of_the_state_and_old_states_lack_them() -> None:
    layer, other = LeakyIntegrateAndFire(0.25, threshold=0.5, start=0.5), LeakyIntegrateAndFire()
    state = layer.state_dict()
    assert {name: value.tolist() for name, value in state.items()} == {
        "beta": 0.25, "threshold": 0.5, "start": 0.5, "learned": [False, False],
    }  # fmt: skip
    assert not [*layer.parameters(), *layer.buffers()]
    other.load_state_dict(state)
    assert (other.beta, other.threshold, other.start) == (0.25, 0.5, 0.5)
    other.load_state_dict({})
    assert other.threshold == 0.5
    nn.Sequential(other).load_state_dict({"0.threshold": torch.tensor(2.0)})
    assert other.threshold == 2.0


def test_numbers_of_channels_in_a_parametric_leak() -> None:
    layer = ParametricLIF([0.25, 0.5, 0.75]).double()
    torch.testing.assert_close(layer.decay(), torch.tensor([0.25, 0.5, 0.75]).double())
    layer(CURRENT).sum().backward()
    assert layer.leak.grad is not None
    assert layer.leak.grad.count_nonzero() == 3


def test_clear_refusals() -> None:
    with pytest.raises(
        NeuronError, match=r"threshold has one number for each of \[2\] channels, but the current \[6, "
    ):
        LeakyIntegrateAndFire(threshold=[1.0, 2.0])(CURRENT)
    with pytest.raises(NeuronError, match="the threshold must be positive, got -1 to 1; scale the currents"):
        CubaLIF(threshold=torch.tensor([-1.0, 1.0]))
    with pytest.raises(NeuronError, match=r"beta must lie between 0 and 1, got 0\.5 to 1\.5"):
        LeakyIntegrateAndFire([0.5, 1.5])
    with pytest.raises(NeuronError, match="beta must lie between 0 and 1, got nan"):
        LeakyIntegrateAndFire(float("nan"))
    with pytest.raises(NeuronError, match="the threshold of a IntegerLIF is one number, got a Parameter"):
        neuron("integer_lif", threshold=nn.Parameter(torch.tensor(1.0)))
    with pytest.raises(NeuronError, match="floating-point numbers"):
        LeakyIntegrateAndFire(threshold=nn.Parameter(torch.ones(2, dtype=torch.int64), requires_grad=False))
