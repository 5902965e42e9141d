"""Identities of converted neurons and networks: each against a closed form or another way to compute the same."""

from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings, strategies as st
from torch import Tensor, nn
from torch.nn import functional

from perception.conversion import CONVERSION_METHODS, convert, prepare
from perception.conversion.activations import QuantisedClip
from perception.conversion.codes import CODES
from perception.conversion.tracing import trace
from perception.conversion.units import IntegrateAndFire


def drawn(*shape: int, seed: int = 0, spread: float = 1.0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed)) * spread


def one(value: float) -> Tensor:
    return torch.tensor(value)


def quantised(x: Tensor, levels: int, ceiling: float = 1.0) -> Tensor:
    return QuantisedClip(levels, ceiling)(x).detach()


def small_network(seed: int = 0, *, levels: int | None = None) -> nn.Module:
    """Two convolutions with a norm, a pool and a residual sum; trained activations if levels are given."""
    torch.manual_seed(seed)
    network: nn.Module = Residual()
    network.train()
    for _ in range(3):
        network(torch.rand(16, 1, 8, 8))
    if levels:
        network = prepare(network, levels=levels)
        for module in network.modules():
            if isinstance(module, QuantisedClip):
                module.bound.data.fill_(1.5)
    return network.eval()


class Residual(nn.Module):
    """Convolution, norm, pool, and a sum of two branches."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Conv2d(1, 6, 3, padding=1), nn.Conv2d(6, 6, 3, padding=1)
        self.norms = nn.ModuleList([nn.BatchNorm2d(6), nn.BatchNorm2d(6)])
        self.fire, self.join, self.last = nn.ReLU(), nn.ReLU(inplace=True), nn.Linear(96, 5)

    def forward(self, x: Tensor) -> Tensor:
        x = functional.max_pool2d(self.fire(self.norms[0](self.first(x))), 2)
        x = self.join(self.norms[1](self.second(x)) + x)
        return self.last(x.flatten(1))


PICTURES = torch.rand(24, 1, 8, 8, generator=torch.Generator().manual_seed(5))


@pytest.mark.parametrize("levels", [1, 2, 3, 4, 8, 16])
def test_group_neurons_at_one_step_are_the_quantised_activation(levels: int) -> None:
    x = drawn(20_000, spread=1.5)
    sent = IntegrateAndFire(one(1.3), members=levels, start=0.5).fire(x[None])[0]
    assert torch.equal(sent, quantised(x, levels, 1.3))


def test_a_whole_quantised_network_is_its_group_network_at_one_step() -> None:
    network = small_network(levels=8)
    converted = convert(network, PICTURES, "group", steps=1, levels=8)
    answer = converted(PICTURES)
    assert isinstance(answer, Tensor)
    assert torch.equal(answer, torch.as_tensor(converted.analog(PICTURES)))
    assert torch.equal(answer.argmax(1), network(PICTURES).argmax(1))


def members_one_by_one(currents: Tensor, threshold: float, members: int) -> Tensor:
    """Group neurons as they were proposed: members with thresholds ``k th / m`` and one shared reset."""
    potentials = torch.full((members, *currents.shape[1:]), threshold / (2 * members), dtype=currents.dtype)
    thresholds = torch.arange(1, members + 1) * threshold / members
    sent = list[Tensor]()
    for current in currents:
        potentials = potentials + current
        fired = (potentials >= thresholds.reshape(-1, *[1] * (currents.dim() - 1))).to(currents.dtype)
        sent.append(fired.sum(0) * threshold / members)
        potentials = potentials - sent[-1]
    return torch.stack(sent)


@pytest.mark.parametrize("members", [2, 3, 4, 8, 16])
def test_one_state_for_a_group_is_its_members_with_a_shared_reset(members: int) -> None:
    currents = drawn(6, 500, seed=members).double()
    unit = IntegrateAndFire(one(1.0).double(), members=members, start=0.5)
    torch.testing.assert_close(unit.fire(currents), members_one_by_one(currents, 1.0, members), atol=1e-12, rtol=0)


@given(st.floats(-1, 2.5), st.integers(1, 40), st.floats(0.1, 4))
@settings(max_examples=60, deadline=None)
def test_the_rate_of_a_constant_current_is_off_by_half_a_spike_at_most(x: float, steps: int, threshold: float) -> None:
    currents = torch.full((steps, 1), x, dtype=torch.float64)
    sent = IntegrateAndFire(one(threshold).double(), start=0.5).fire(currents)
    wanted = min(max(x, 0.0), threshold)
    assert abs(float(sent.mean()) - wanted) <= threshold / (2 * steps) + 1e-6


@pytest.mark.parametrize(("kernel", "stride", "padding"), [(2, 2, 0), (3, 2, 1), (3, 1, 1), (2, 1, 0)])
@pytest.mark.parametrize("code", list(CODES))
def test_a_pool_of_what_trains_stand_for_is_exact_and_never_falls(
    kernel: int, stride: int, padding: int, code: str
) -> None:
    train = drawn(16, 3, 2, 9, 9).relu()
    estimates = CODES[code].estimates(train)
    pooled = functional.max_pool2d(estimates.flatten(0, 1), kernel, stride, padding).unflatten(0, (16, 3))
    sent = CODES[code].trains(pooled)
    torch.testing.assert_close(CODES[code].estimates(sent), pooled, atol=1e-5, rtol=0)
    if code == "rate":
        summed = functional.max_pool2d(train.cumsum(0).flatten(0, 1), kernel, stride, padding).unflatten(0, (16, 3))
        torch.testing.assert_close(sent.cumsum(0), summed, atol=1.6e-4, rtol=0)
        assert float(sent.min()) >= -1e-5


@pytest.mark.parametrize("name", ["signed", "group", "robust"])
def test_batch_size_and_order_do_not_matter_and_nothing_is_remembered(name: str) -> None:
    converted = convert(small_network(), PICTURES, name, steps=5)
    whole = torch.as_tensor(converted(PICTURES))
    assert torch.equal(whole, torch.as_tensor(converted(PICTURES)))
    for size in (1, 7, 64):
        parts = [torch.as_tensor(converted(part)) for part in PICTURES.split(size)]
        torch.testing.assert_close(torch.cat(parts), whole, atol=1e-6, rtol=0)
    order = torch.randperm(len(PICTURES), generator=torch.Generator().manual_seed(1))
    torch.testing.assert_close(torch.as_tensor(converted(PICTURES[order])), whole[order], atol=1e-6, rtol=0)


def test_fewer_steps_are_the_beginning_of_more() -> None:
    converted = convert(small_network(), PICTURES, "signed", steps=7)
    by_step = torch.as_tensor(converted.outputs_by_step(PICTURES))
    for steps in (1, 3, 7):
        torch.testing.assert_close(by_step[steps - 1], torch.as_tensor(converted(PICTURES, steps)), atol=1e-6, rtol=0)


def test_folded_norms_give_what_the_network_gives() -> None:
    network = small_network()
    graph = trace(network, PICTURES[:2])
    assert not any(operation.target.startswith("batch_norm") for operation in graph.operations)
    converted = convert(network, PICTURES, "robust")
    wanted = network(PICTURES).detach()
    assert float((torch.as_tensor(converted.analog(PICTURES)) - wanted).norm() / wanted.norm()) < 1e-4


@pytest.mark.parametrize("power", [-3, 4])
def test_scaled_by_a_power_of_two_it_sends_the_same_spikes(power: int) -> None:
    currents = drawn(9, 400)
    for unit in (
        IntegrateAndFire(one(0.7), members=4, start=0.5),
        IntegrateAndFire(one(0.7), start=0.5, negative=0.0),
    ):
        plain = unit.fire(currents)
        unit.threshold *= 2.0**power
        assert torch.equal(unit.fire(currents * 2.0**power), plain * 2.0**power)


@pytest.mark.parametrize("settings_", [{"stride": 2, "padding": 1}, {"groups": 2}, {"dilation": 2, "padding": 2}])
def test_synaptic_operations_are_those_of_a_loop_over_synapses(settings_: dict[str, int]) -> None:
    torch.manual_seed(0)
    convolution = nn.Conv2d(4, 6, 3, **settings_)
    network = nn.Sequential(nn.Conv2d(1, 4, 1), nn.ReLU(), convolution)
    pictures = torch.rand(3, 1, 6, 6)
    converted = convert(network, pictures, replace(CONVERSION_METHODS["robust"], start=0.5), steps=3)
    spikes = next(iter(converted.spikes(pictures).values()))
    height = convolution(torch.zeros(1, 4, 6, 6)).shape[2]
    count = 0
    stride, padding, dilation = convolution.stride[0], int(convolution.padding[0]), convolution.dilation[0]
    per_group_in, per_group_out = 4 // convolution.groups, 6 // convolution.groups
    for step, picture, channel, row, column in spikes.nonzero().tolist():
        del step, picture
        for out_row in range(height):
            for out_column in range(height):
                inside = [
                    out_row * stride - padding + dilation * i == row
                    and out_column * stride - padding + dilation * j == column
                    for i in range(3)
                    for j in range(3)
                ]
                count += sum(inside) * per_group_out * (channel // per_group_in < convolution.groups)
    assert converted.measure(pictures).synaptic_operations == pytest.approx(count / 3)
    assert converted.measure(pictures).events == int((spikes != 0).sum()) / 3
