"""Identities of converted neurons and networks: each against a closed form or another way to compute the same."""

from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings, strategies as st
from torch import Tensor, nn
from torch.nn import functional

from perception.conversion import CONVERSION_METHODS, convert, fuse_beta, prepare
from perception.conversion.activations import QuantisedClip
from perception.conversion.codes import CODES, DIFFERENTIAL, RATE, SUM
from perception.conversion.graded_units import MultiThresholdUnit, PhaseUnit
from perception.conversion.tracing import trace
from perception.conversion.units import IntegrateAndFire, SpikingUnit, WindowUnit


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
    convolution = nn.Conv2d(4, 6, 3, **settings_)  # type: ignore[arg-type]
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


@pytest.mark.parametrize("steps", [1, 2, 4, 8, 16])
def test_two_phases_a_timed_spike_and_a_constant_current_are_the_quantised_activation(steps: int) -> None:
    x = drawn(5_000, seed=steps).double()
    currents = x.expand(steps, -1)
    wanted = quantised(x, steps).double()
    units = [
        WindowUnit(one(1.0).double(), sending="even"),
        WindowUnit(one(1.0).double(), sending="timed"),
        IntegrateAndFire(one(1.0).double(), start=0.5),
    ]
    for unit in units:
        torch.testing.assert_close(unit.fire(currents).mean(0), wanted, atol=1e-9, rtol=0)
    timed = units[1].fire(currents)
    assert int((timed != 0).sum(0).max()) == 1


def sampled(sending: str, value: float, steps: int, draws: int = 4_000) -> Tensor:
    """Numbers of spikes of as many neurons whose window comes to ``value`` thresholds."""
    unit = WindowUnit(one(1.0).double(), sending=sending, seed=int(100 * value) + steps)  # type: ignore[arg-type]
    currents = torch.zeros(steps, 1, draws, dtype=torch.float64)
    currents[0] = value
    return unit.fire(currents).sum(0).flatten()


@pytest.mark.parametrize("steps", [1, 2, 4, 8])
def test_probabilistic_windows_round_to_a_neighbour_and_the_unbiased_one_is_right_on_average(steps: int) -> None:
    for share in range(21):
        value = 1.2 * steps * share / 20
        for sending in ("random", "unbiased"):
            counts = sampled(sending, value, steps)
            low = min(int(value + 1e-9), steps)
            assert set(counts.unique().tolist()) <= {low, min(low + 1, steps)}
        fraction = value - int(value + 1e-9)
        deviation = (max(fraction * (1 - fraction), 0) / 4_000) ** 0.5
        assert abs(float(sampled("unbiased", value, steps).mean()) - min(value, steps)) <= 4 * deviation + 1e-9


@pytest.mark.parametrize("fraction", [0.2, 0.5, 0.8])
def test_the_bias_of_probabilistic_windows_is_the_known_one(fraction: float) -> None:
    counts = sampled("random", fraction, 2)
    expected = 1.5 * fraction - fraction**2 / 2
    deviation = (expected * (1 - expected) / 4_000) ** 0.5
    assert abs(float(counts.mean()) - expected) < 4 * deviation
    assert abs(expected - fraction) > 4 * deviation


@pytest.mark.parametrize("code", list(CODES))
def test_what_an_island_sends_stands_for_the_function_of_what_it_got(code: str) -> None:
    first, second = drawn(9, 2, 4, 4, seed=1).double(), drawn(9, 2, 4, 4, seed=2).double()
    for given_, function in (((first,), torch.tanh), ((first, second), torch.matmul)):
        result = function(*(CODES[code].estimates(train) for train in given_))
        torch.testing.assert_close(CODES[code].estimates(CODES[code].trains(result)), result, atol=1e-12, rtol=1e-12)
    sent = RATE.trains(torch.tanh(RATE.estimates(first)))
    torch.testing.assert_close(sent.sum(0), 9 * torch.tanh(first.mean(0)), atol=1e-12, rtol=0)


def test_a_differential_mean_is_the_mean_of_what_it_would_have_sent() -> None:
    sent = MultiThresholdUnit(one(1.0), lines=4, differential=True).fire(drawn(12, 300).abs())
    means = DIFFERENTIAL.estimates(sent)
    before = torch.cat([torch.zeros_like(means[:1]), means[:-1]])
    torch.testing.assert_close(means[-1], (before + sent).mean(0), atol=1e-5, rtol=0)


@pytest.mark.parametrize("code", list(CODES))
def test_a_network_without_spikes_is_the_network_in_every_code_at_every_step(code: str) -> None:
    network = small_network()
    method = replace(CONVERSION_METHODS["robust"], code=code)
    converted = convert(network, PICTURES, method, steps=4)
    wanted = converted.analog_layers(PICTURES)
    run = converted.runner(
        4, lambda operation, _: converted.code.trains(wanted[operation.name].expand(4, *wanted[operation.name].shape))
    )
    (found,) = run(PICTURES)
    torch.testing.assert_close(found, network(PICTURES).detach().expand(4, -1, -1), atol=1e-4, rtol=1e-4)


@given(st.integers(1, 12), st.integers(0, 30))
@settings(max_examples=40, deadline=None)
def test_sums_come_to_rest_at_the_quantised_activation(levels: int, seed: int) -> None:
    x = drawn(200, seed=seed).double()
    currents = torch.cat([x[None], torch.zeros(2 * levels + 2, 200)]).double()
    unit = IntegrateAndFire(one(1.0).double(), members=levels, cap=1, start=0.5, negative=0.0, total=levels)
    sent = unit.fire(currents)
    torch.testing.assert_close(SUM.estimates(sent)[-1], quantised(x, levels).double(), atol=1e-6, rtol=0)
    out = (sent * levels).cumsum(0).round()
    assert 0 <= float(out.min()) <= float(out.max()) <= levels


def test_a_whole_sum_coded_network_comes_to_rest_at_the_quantised_network() -> None:
    network = small_network(levels=4)
    converted = convert(network, PICTURES, "bipolar-sum", steps=40, levels=4)
    torch.testing.assert_close(torch.as_tensor(converted(PICTURES)), network(PICTURES).detach(), atol=1e-4, rtol=1e-4)


@given(st.floats(1e-3, 1), st.integers(1, 64), st.floats(0.01, 50), st.data())
@settings(max_examples=60, deadline=None)
def test_fused_beliefs_are_the_mean_and_variance_of_the_posterior(
    rate: float, steps: int, strength: float, data: st.DataObject
) -> None:
    count = data.draw(st.integers(0, steps))
    rates, counts = (torch.tensor([[value]], dtype=torch.float64) for value in (rate, float(count)))
    mean, variance = fuse_beta(rates, counts, steps, strength)
    first, second = strength + count, strength * (1 / rate - 1) + steps - count
    assert abs(mean.item() - first / (first + second)) < 1e-12
    wanted = first * second / ((first + second) ** 2 * (first + second + 1))
    assert abs(variance.item() - wanted) < 1e-12


UNITS = {
    "integrate-and-fire": lambda: IntegrateAndFire(one(0.8), start=0.5),
    "group": lambda: IntegrateAndFire(one(0.8), members=4, start=0.5),
    "signed": lambda: IntegrateAndFire(one(0.8), start=0.5, negative=0.0),
    "burst": lambda: IntegrateAndFire(one(0.8), cap=5),
    "sum": lambda: IntegrateAndFire(one(0.8), members=4, cap=1, start=0.5, negative=0.0, total=4),
    "multi-threshold": lambda: MultiThresholdUnit(one(0.8)),
    "differential": lambda: MultiThresholdUnit(one(0.8), lines=1, differential=True),
    "even": lambda: WindowUnit(one(0.8)),
    "timed": lambda: WindowUnit(one(0.8), sending="timed"),
    "unbiased": lambda: WindowUnit(one(0.8), sending="unbiased"),
    "phase": lambda: PhaseUnit(one(0.8)),
}


@pytest.mark.parametrize("kind", list(UNITS))
class TestUnits:
    """What every unit keeps: the contract of ``SpikingUnit``."""

    def test_currents_are_left_alone_and_nothing_is_remembered(self, kind: str) -> None:
        unit: SpikingUnit = UNITS[kind]()
        currents = drawn(6, 3, 5)
        before = currents.clone()
        first = unit.fire(currents)
        assert torch.equal(currents, before)
        assert first.shape == currents.shape
        assert torch.equal(unit.fire(currents), first)

    def test_pictures_do_not_see_each_other(self, kind: str) -> None:
        unit: SpikingUnit = UNITS[kind]()
        currents = drawn(6, 4, 5)
        whole = unit.fire(currents)
        assert torch.equal(torch.cat([unit.fire(currents[:, n : n + 1]) for n in range(4)], 1), whole)

    def test_spikes_are_of_its_alphabet(self, kind: str) -> None:
        unit: SpikingUnit = UNITS[kind]()
        sent = unit.fire(drawn(6, 40, 50, spread=3.0))
        if kind not in ("phase", "timed"):
            assert 1 <= len(sent.unique()) - 1 <= unit.symbols
        assert unit.bits >= 1
        assert unit.alphabet

    def test_thresholds_may_differ_between_channels(self, kind: str) -> None:
        unit: SpikingUnit = UNITS[kind]()
        currents = drawn(6, 4, 5)
        thresholds = torch.linspace(0.5, 2.0, 5).reshape(1, 5)
        unit.threshold = thresholds
        together = unit.fire(currents)
        if kind == "unbiased":  # its draws are laid out over all neurons
            return
        for channel in range(5):
            unit.threshold = thresholds[0, channel]
            torch.testing.assert_close(unit.fire(currents[..., channel]), together[..., channel])
