"""Layers over time, each beside a plain loop or a closed form, and what all of them promise: no state, streaming."""

import copy
import pickle
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from perception import (
    AdaptiveLIF,
    CubaLIF,
    Delay,
    DelayedLinear,
    IntegrateAndFire,
    LeakyIntegrateAndFire,
    LeakyReadout,
    MemoryLayer,
    Neuron,
    NeuronError,
    OneToOne,
    ParallelSpiking,
    Recurrent,
    RefractoryLIF,
    TimeDistributed,
)

STEPS, BATCH, WIDTH = 12, 3, 5


def normal(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def currents(seed: int = 0) -> Tensor:
    return normal(STEPS, BATCH, WIDTH, seed=seed) + 0.3


def linear(seed: int = 1) -> nn.Linear:
    layer = nn.Linear(WIDTH, WIDTH).double()
    layer.weight.data = normal(WIDTH, WIDTH, seed=seed)
    layer.bias.data = normal(WIDTH, seed=seed + 1) / 4
    return layer


LAYERS: dict[str, Callable[[], Neuron | MemoryLayer]] = {
    "recurrent": lambda: Recurrent(LeakyIntegrateAndFire(0.5), linear()),
    "recurrent cuba": lambda: Recurrent(CubaLIF(0.5, 0.75), linear()),
    "one to one": lambda: Recurrent(AdaptiveLIF(), OneToOne(WIDTH, 0).double()),
    "readout": lambda: LeakyReadout(0.5, learn=True),
    "delay": lambda: Delay(WIDTH, 4),
    "delayed linear": lambda: DelayedLinear(WIDTH, 7, 4),
}


@pytest.fixture(params=LAYERS)
def layer(request: pytest.FixtureRequest) -> Neuron | MemoryLayer:
    return LAYERS[request.param]().double()


def advance(
    layer: Neuron | MemoryLayer, signal: Tensor, state: tuple[Tensor, ...] | None
) -> tuple[Tensor, tuple[Tensor, ...]]:
    if isinstance(layer, Neuron):
        firing = layer.fire(signal, state)
        return firing.spikes, firing.state
    return layer.advance(signal, state)


def test_no_state_stays_and_parts_are_the_whole(layer: Neuron | MemoryLayer) -> None:
    signal = currents()
    whole = layer(signal)
    assert torch.equal(layer(signal), whole)
    assert whole.count_nonzero()
    parts, state = list[Tensor](), None
    for part in signal.split([1, 4, 5, 2]):
        sent, state = advance(layer, part, state)
        parts.append(sent)
    torch.testing.assert_close(torch.cat(parts), whole, rtol=0, atol=1e-12)


def test_no_step_sees_a_later_one(layer: Neuron | MemoryLayer) -> None:
    signal = currents()
    other = torch.cat([signal[:6], -signal[6:]])
    torch.testing.assert_close(layer(signal)[:6], layer(other)[:6], rtol=0, atol=1e-12)


def test_gradients_reach_all_parameters(layer: Neuron | MemoryLayer) -> None:
    signal = currents().requires_grad_()
    weights = torch.linspace(1, 2, STEPS, dtype=torch.float64).reshape(-1, 1, 1)
    (layer(signal) * weights).sum().backward()
    for leaf in (signal, *layer.parameters()):
        assert leaf.grad is not None
        assert leaf.grad.isfinite().all()
        assert leaf.grad.count_nonzero()


def test_copied_and_pickled_it_does_alike(layer: Neuron | MemoryLayer) -> None:
    for again in (pickle.loads(pickle.dumps(layer)), copy.deepcopy(layer)):
        assert torch.equal(again(currents()), layer(currents()))


def test_weights_and_numbers_are_saved_and_loaded(layer: Neuron | MemoryLayer) -> None:
    kept = {name: value.clone() for name, value in layer.state_dict().items()}
    before = layer(currents())
    with torch.no_grad():
        for value in layer.parameters():
            value.mul_(0.5).add_(0.25)
    if isinstance(layer, Neuron):
        layer.threshold = 0.125
    assert not torch.equal(layer(currents()), before)
    layer.load_state_dict(kept)
    assert torch.equal(layer(currents()), before)


def test_a_state_of_another_batch_is_refused(layer: Neuron | MemoryLayer) -> None:
    _, state = advance(layer, currents(), None)
    with pytest.raises(NeuronError, match="state"):
        advance(layer, currents()[:, :1], state)


def test_recurrent_neurons_are_a_loop_over_steps() -> None:
    connection, signal = linear(), currents()
    sent = torch.zeros(BATCH, WIDTH, dtype=torch.float64)
    membrane, loop = torch.zeros_like(sent), list[Tensor]()
    for arriving in signal:
        membrane = 0.5 * membrane + arriving + sent @ connection.weight.T + connection.bias
        sent = (membrane >= 1).double()
        membrane = membrane * (1 - sent)
        loop.append(sent)
    found = Recurrent(LeakyIntegrateAndFire(0.5), connection)(signal).detach()
    assert torch.equal(found, torch.stack(loop))
    assert 0.05 < float(found.mean()) < 0.95
    without = LeakyIntegrateAndFire(0.5)(signal)
    assert not torch.equal(found, without)


def test_one_to_one_is_a_diagonal() -> None:
    alone = OneToOne(WIDTH, 3).double()
    full = nn.Linear(WIDTH, WIDTH, bias=False).double()
    alone.weight.data = normal(WIDTH, seed=4)
    full.weight.data = torch.diag(alone.weight.data)
    signal = currents()
    assert torch.equal(Recurrent(CubaLIF(), alone)(signal), Recurrent(CubaLIF(), full)(signal))


def test_recurrent_maps_hear_their_neighbours() -> None:
    convolution = nn.Conv2d(2, 2, 3, padding=1, bias=False).double()
    convolution.weight.data.fill_(1.0)
    signal = torch.zeros(3, 1, 2, 5, 5, dtype=torch.float64)
    signal[0, 0, 0, 2, 2] = 1.0
    spread = Recurrent(LeakyIntegrateAndFire(), convolution)(signal).sum((1, 2, 3, 4))
    assert spread.tolist() == [1, 2 * 9, 2 * 25]


def test_gradients_through_a_recurrence_are_those_of_autograd() -> None:
    """With a soft surrogate, beside a loop whose spikes are made by a straight formula."""
    connection, signal = linear(), currents().requires_grad_()
    layer = Recurrent(LeakyIntegrateAndFire(0.5, surrogate="sigmoid"), connection)
    (layer(signal) * normal(STEPS, BATCH, WIDTH, seed=9)).sum().backward()
    found, weights = signal.grad, connection.weight.grad
    assert found is not None
    assert weights is not None
    signal.grad = connection.weight.grad = None
    from perception import spike

    sent = torch.zeros(BATCH, WIDTH, dtype=torch.float64)
    membrane, loop = torch.zeros_like(sent), list[Tensor]()
    for arriving in signal:
        membrane = 0.5 * membrane + arriving + connection(sent)
        sent = spike(membrane - 1, layer.surrogate)
        membrane = membrane * (1 - sent.detach())
        loop.append(sent)
    (torch.stack(loop) * normal(STEPS, BATCH, WIDTH, seed=9)).sum().backward()
    torch.testing.assert_close(found, signal.grad)
    torch.testing.assert_close(weights, connection.weight.grad)


@pytest.mark.parametrize("rho", [0.0, 0.9])
@pytest.mark.parametrize("reset", ["soft", "hard"])
def test_adaptive_thresholds_are_a_loop_over_steps(rho: float, reset: str) -> None:
    layer = AdaptiveLIF(0.75, rho, 2.0, reset=reset, scale_input=True, threshold=0.3)  # pyright: ignore[reportArgumentType]
    membrane = adaptation = torch.zeros(BATCH, WIDTH, dtype=torch.float64)
    sent, loop = torch.zeros_like(membrane), list[Tensor]()
    signal = 2 * currents().abs()
    for arriving in signal:
        adaptation = rho * adaptation + (1 - rho) * sent
        height = 0.3 + 2.0 * adaptation
        membrane = 0.75 * membrane + 0.25 * arriving
        sent = (membrane >= height).double()
        membrane = membrane - height * sent if reset == "soft" else membrane * (1 - sent)
        loop.append(sent)
    assert torch.equal(layer(signal), torch.stack(loop))
    assert 0.05 < float(layer(signal).mean()) < 0.95


@pytest.mark.parametrize("drive", [1.5, 1.9, 3.0])
def test_an_adaptive_neuron_slows_down_to_its_closed_form(drive: float) -> None:
    """Firing every n-th step, the adaptation at a spike is ``(1 - r) r^(n-1) / (1 - r^n)``."""
    gaps = AdaptiveLIF(beta=0.0, rho=0.9, strength=10.0)(torch.full((400, 1), drive).double()).flatten().nonzero()
    period = next(n for n in range(1, 99) if 1 + 10 * 0.1 * 0.9 ** (n - 1) / (1 - 0.9**n) <= drive)
    found = gaps.flatten().diff()
    assert found[0] < period
    assert set(found[-20:].tolist()) <= {period - 1, period}  # where the drive lies between two


@pytest.mark.parametrize("refractory", [0, 1, 3])
@pytest.mark.parametrize("reset", ["hard", "soft"])
def test_refractory_neurons_are_a_loop_over_steps(refractory: int, reset: str) -> None:
    layer = RefractoryLIF(0.5, refractory, reset=reset)  # pyright: ignore[reportArgumentType]
    signal = 2 * currents().abs()
    found = layer(signal)
    for sample in range(BATCH):
        for place in range(WIDTH):
            membrane, silent = 0.0, 0
            for step in range(STEPS):
                if silent:
                    silent -= 1
                    fired = False
                else:
                    membrane = 0.5 * membrane + float(signal[step, sample, place])
                    fired = membrane >= 1
                    if fired:
                        membrane = 0.0 if reset == "hard" else membrane - 1
                        silent = refractory
                assert bool(found[step, sample, place]) == fired
    if not refractory:
        assert torch.equal(found, LeakyIntegrateAndFire(0.5, reset=reset)(signal))  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize("beta", [0.0, 0.5, 0.9])
@pytest.mark.parametrize("scale", [False, True])
def test_a_leaky_readout_is_an_exponential_filter(beta: float, scale: bool) -> None:
    signal = currents()
    kernel = beta ** torch.arange(STEPS, dtype=torch.float64)
    wanted = torch.stack([(kernel[: t + 1].flip(0)[:, None, None] * signal[: t + 1]).sum(0) for t in range(STEPS)]) * (
        (1 - beta) if scale else 1
    )
    torch.testing.assert_close(LeakyReadout(beta, scale_input=scale)(signal), wanted)


@pytest.mark.parametrize("width", [1.0, 2.5])
def test_delays_are_sums_over_the_past(width: float) -> None:
    layer = DelayedLinear(WIDTH, 4, 3, generator=1).double()
    layer.width = width
    single = Delay(WIDTH, 3, generator=2).double()
    single.width = width
    signal = currents()
    found, moved = layer(signal), single(signal)

    def share(step: int, delay: float) -> float:
        heights = [max(0.0, 1 - abs(k - delay) / width) for k in range(4)]
        return heights[step] / sum(heights)

    assert layer.bias is not None
    for t in range(STEPS):
        for j in range(4):
            total = layer.bias[j].item() * torch.ones(BATCH, dtype=torch.float64)
            for i in range(WIDTH):
                for k in range(min(t, 3) + 1):
                    total += layer.weight[j, i].item() * share(k, layer.delay[j, i].item()) * signal[t - k, :, i]
            torch.testing.assert_close(found[t, :, j], total)
        for c in range(WIDTH):
            wanted = sum(share(k, single.delay[c].item()) * signal[t - k, :, c] for k in range(min(t, 3) + 1))
            torch.testing.assert_close(moved[t, :, c], torch.as_tensor(wanted))


def test_rounded_delays_are_whole_and_shift_alone() -> None:
    layer = Delay(WIDTH, 4, generator=5).double()
    layer.width = 2.0
    assert not layer.whole()
    layer.round_delays()
    assert layer.whole()
    signal, moved = currents(), layer(currents())
    for c, delay in enumerate(layer.delay.int().tolist()):
        assert torch.equal(moved[delay:, :, c], signal[: STEPS - delay, :, c])
        assert not moved[:delay, :, c].any()


def test_a_delay_learns_where_the_spike_is() -> None:
    """One spike must arrive three steps later: gradient descent moves the delay from 1 to 3, with a wide triangle."""
    layer = Delay(1, 6, delay=1.0)
    signal, wanted = torch.zeros(8, 1, 1), torch.zeros(8, 1, 1)
    signal[1], wanted[4] = 1.0, 1.0
    optimizer = torch.optim.Adam(layer.parameters(), lr=0.05)
    for step in range(200):
        layer.width = max(1.0, 4.0 - step / 40)
        optimizer.zero_grad()
        (layer(signal) - wanted).square().sum().backward()
        optimizer.step()
    layer.round_delays()
    assert layer.delay.item() == 3.0
    assert torch.equal(layer(signal), wanted)


@pytest.mark.parametrize(
    ("inner", "shape"),
    [
        (nn.Conv1d(2, 3, 3, padding=1), (2, 9)),
        (nn.Conv2d(2, 3, 3, stride=2), (2, 9, 7)),
        (nn.Conv3d(2, 3, 3, padding=1), (2, 4, 5, 6)),
        (nn.AvgPool2d(2), (2, 8, 8)),
        (nn.MaxPool1d(2), (2, 8)),
        (nn.AdaptiveAvgPool3d(1), (2, 4, 4, 4)),
        (nn.BatchNorm1d(2).eval(), (2, 5)),
        (nn.GroupNorm(1, 4), (4, 3)),
        (nn.LayerNorm(5), (2, 5)),
        (nn.Sequential(nn.Flatten(), nn.Linear(18, 4)), (2, 3, 3)),
    ],
    ids=lambda given: type(given).__name__,
)
def test_torch_layers_see_each_step_alone(inner: nn.Module, shape: tuple[int, ...]) -> None:
    signal = normal(4, 3, *shape).float()
    wanted = torch.stack([inner(step) for step in signal])
    torch.testing.assert_close(TimeDistributed(inner)(signal), wanted)


def test_norms_take_their_statistics_over_time_and_samples() -> None:
    norm = TimeDistributed(nn.BatchNorm2d(3))
    signal = 5 * normal(4, 6, 3, 5, 5).float() + 2
    normalised = norm(signal)
    for channel in range(3):
        seen = signal[:, :, channel]
        wanted = (seen - seen.mean()) / (seen.var(unbiased=False) + 1e-5).sqrt()
        torch.testing.assert_close(normalised[:, :, channel], wanted, rtol=1e-4, atol=1e-4)


def test_clear_refusals() -> None:
    with pytest.raises(NeuronError, match=r"LeakyIntegrateAndFire \(1\) takes \[T, B"):
        TimeDistributed(nn.Sequential(nn.Linear(2, 2), LeakyIntegrateAndFire()))
    with pytest.raises(NeuronError, match="GRU takes"):
        TimeDistributed(nn.GRU(2, 2))
    with pytest.raises(NeuronError, match="needs a layer"):
        TimeDistributed()
    with pytest.raises(NeuronError, match=r"axes \[T, B"):
        TimeDistributed(nn.Linear(2, 2))(torch.ones(2, 2))
    with pytest.raises(NeuronError, match="ParallelSpiking does not run step by step"):
        Recurrent(ParallelSpiking(4), nn.Linear(2, 2))
    with pytest.raises(NeuronError, match="without memory"):
        Recurrent(IntegrateAndFire(), nn.Sequential(nn.Linear(2, 2), IntegrateAndFire()))
    with pytest.raises(NeuronError, match="keep the shape"):
        Recurrent(IntegrateAndFire(), nn.Linear(2, 3))(torch.ones(1, 1, 2))
    with pytest.raises(NeuronError, match="between 0 and 3 steps"):
        Delay(2, 3, delay=4.0)
    with pytest.raises(NeuronError, match="5 features is needed"):
        DelayedLinear(5, 2, 3)(torch.ones(2, 2, 4))
    for wrong in (lambda: LeakyReadout(1.0), lambda: LeakyReadout(0.0, learn=True), lambda: AdaptiveLIF(rho=1.0)):
        with pytest.raises(NeuronError, match="must lie"):
            wrong()
    with pytest.raises(NeuronError, match="number of steps"):
        RefractoryLIF(refractory=-1)
