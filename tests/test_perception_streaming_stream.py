"""Streams are all steps at once, spike for spike, or refused: presets, layers of a user, and what looks ahead."""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from perception import (
    AdaptiveLIF,
    AdEx,
    CubaLIF,
    Delay,
    DelayedLinear,
    EarlyExit,
    IntegrateAndFire,
    LeakyIntegrateAndFire,
    LeakyReadout,
    MaskedParallelSpiking,
    OneToOne,
    ParallelSpiking,
    Recurrent,
    RefractoryLIF,
    SlidingParallelSpiking,
    Stream,
    StreamError,
    TemporalBatchNorm,
    ThresholdBatchNorm,
    TimeDistributed,
    calibrate_exit,
    preset,
    presets,
    recorded_spikes,
)
from perception.architectures import is_causal
from perception.streaming import StreamState
from tests.architectures import frames, lively, small

STEPS, BATCH, WIDTH = 7, 3, 6
SEEN = [*(name for name in presets() if name.startswith("tiny")), "sew_and_resnet18"]


def signal(*features: int, seed: int = 0, steps: int = STEPS) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(steps, BATCH, *features, generator=generator, dtype=torch.float64) + 0.5


def linear(inputs: int = WIDTH, outputs: int = WIDTH, seed: int = 1) -> nn.Linear:
    layer = nn.Linear(inputs, outputs).double()
    layer.weight.data.normal_(0, 0.7, generator=torch.Generator().manual_seed(seed))
    return layer


def streamed(network: nn.Module, shown: Tensor, parts: list[int] | None = None) -> tuple[Tensor, dict[str, Tensor]]:
    """Logits of each step, and all spikes, of a network that sees step after step."""
    stream, logits, sent = Stream(network), list[Tensor](), dict[str, list[Tensor]]()
    for part in shown.split(parts or [1] * len(shown)):
        with recorded_spikes(network) as spikes:
            seen = stream.steps(part)
        logits.append(seen.logits)
        for name, train in spikes.items():
            sent.setdefault(name, []).append(train)
    return torch.stack(logits), {name: torch.cat(trains) for name, trains in sent.items()}


def check_equal(network: nn.Module, shown: Tensor) -> dict[str, Tensor]:
    with torch.no_grad(), recorded_spikes(network) as wanted:
        whole = network(shown)
    logits, spikes = streamed(network, shown)
    torch.testing.assert_close(logits, whole, rtol=1e-9, atol=1e-9)
    for name, train in wanted.items():
        assert torch.equal(spikes[name], train), name
    assert all(parameter.grad is None for parameter in network.parameters())
    return wanted


@pytest.mark.parametrize("name", SEEN)
def test_presets_stream_as_all_steps_at_once_or_are_refused(name: str) -> None:
    chosen = small(preset(name))
    network, shown = lively(chosen), frames(chosen)
    if is_causal(chosen):
        sent = check_equal(network, shown)
        assert sum(int(train.sum()) for train in sent.values()) > 100
    else:
        with pytest.raises(StreamError, match="step by step"):
            Stream(network, shown[0])


def test_some_presets_are_refused() -> None:
    assert {name for name in SEEN if not is_causal(preset(name))} == {
        "tiny_ost", "tiny_statten", "tiny_sparse", "tiny_anchor"
    }  # fmt: skip


NETWORKS: dict[str, Callable[[], nn.Module]] = {
    "lif": lambda: nn.Sequential(TimeDistributed(linear()), LeakyIntegrateAndFire(0.75), TimeDistributed(linear())),
    "recurrent": lambda: nn.Sequential(Recurrent(LeakyIntegrateAndFire(0.5), linear()), LeakyReadout(0.8)),
    "cuba": lambda: nn.Sequential(Recurrent(CubaLIF(0.5, 0.75), OneToOne(WIDTH, 0).double()), LeakyReadout(0.8)),
    "adaptive": lambda: nn.Sequential(AdaptiveLIF(), RefractoryLIF(), LeakyReadout(0.8, learn=True)),
    "delays": lambda: nn.Sequential(
        Delay(WIDTH, 3).double(), IntegrateAndFire(start=0.5), DelayedLinear(WIDTH, 5, 4).double(), LeakyReadout(0.5)
    ),
    "sliding": lambda: nn.Sequential(SlidingParallelSpiking(3).double(), TimeDistributed(linear())),
    "biophysical": lambda: nn.Sequential(TimeDistributed(_Scaled(2000.0)), AdEx(), TimeDistributed(linear())),
    "norm": lambda: nn.Sequential(
        TimeDistributed(linear()), ThresholdBatchNorm(WIDTH).double(), LeakyIntegrateAndFire()
    ).eval(),
}


class _Scaled(nn.Module):
    def __init__(self, factor: float) -> None:
        super().__init__()
        self.factor = factor

    def forward(self, given: Tensor) -> Tensor:
        return self.factor * given


@pytest.mark.parametrize("name", NETWORKS)
def test_layers_of_ours_stream(name: str) -> None:
    network, shown = NETWORKS[name](), signal(WIDTH)
    check_equal(network, shown)
    with torch.no_grad():
        pieces, _ = streamed(network, shown, [3, 1, 3])
        torch.testing.assert_close(pieces, network(shown)[[2, 3, 6]], rtol=1e-9, atol=1e-9)


class Of(nn.Module):
    """A function as a module, with a neuron behind it."""

    def __init__(self, function: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.function, self.neuron = function, LeakyIntegrateAndFire(0.75)

    def forward(self, given: Tensor) -> Tensor:
        return self.neuron(self.function(given))


_WEIGHT = torch.randn(WIDTH, WIDTH, generator=torch.Generator().manual_seed(3), dtype=torch.float64)

EACH_STEP_ALONE: dict[str, Callable[[Tensor], Tensor]] = {
    "matrix": lambda x: x @ _WEIGHT,
    "softmax": lambda x: 5 * x.softmax(-1),
    "mean over features": lambda x: x - x.mean(-1, keepdim=True),
    "mean over samples": lambda x: x - x.mean(1, keepdim=True),
    "cat": lambda x: torch.cat([x, -x], -1),
    "stack": lambda x: torch.stack([x, 1 - x], 2).flatten(2),
    "products": lambda x: x.unsqueeze(-1) @ x.unsqueeze(-2),
    "einsum": lambda x: torch.einsum("tbi,tbj->tbij", x, x),
    "slices": lambda x: x[:, :, 1:4] + x[..., :3],
    "layer norm": lambda x: functional.layer_norm(x, [WIDTH]),
    "transposed samples": lambda x: x.transpose(1, 2).relu().transpose(1, 2),
    "zeros of steps": lambda x: x + x.new_zeros(x.shape[0], 1, WIDTH),
    "chunks": lambda x: x.chunk(2, -1)[0] * x.chunk(2, -1)[1],
    "where": lambda x: torch.where(x > 0, x, 0.1 * x),
    "cumulative": lambda x: x.cumsum(-1),
    "pool": TimeDistributed(nn.Unflatten(1, (1, WIDTH)), nn.AvgPool1d(3)),
    "pads": lambda x: torch.constant_pad_nd(x, [1, 1]),
}

OTHER_STEPS: dict[str, tuple[Callable[[Tensor], Tensor], str]] = {
    "mean": (lambda x: x.mean(0, keepdim=True) + x, "'mean' takes all steps together"),
    "softmax": (lambda x: x.softmax(0), "'softmax' works along the steps"),
    "cumulative": (lambda x: x.cumsum(0), "'cumsum' works along the steps"),
    "flip": (lambda x: x.flip(0), "'flip' works along the steps"),
    "roll": (lambda x: x.roll(1, 0), "'roll' works along the steps"),
    "last": (lambda x: x + x[-1], "takes all steps together"),
    "later": (lambda x: x + torch.cat([x[1:], x[:1]]), "steps"),
    "share": (lambda x: x / x.shape[0], "computes with the number of steps"),
    "number": (lambda x: x + torch.arange(x.shape[0], dtype=x.dtype)[:, None, None], "number of steps"),
    "attention": (lambda x: torch.einsum("tbi,sbi->tsb", x, x).mean(1)[..., None] + x, "'einsum'"),
    "products": (lambda x: (x.transpose(0, 1) @ x.transpose(0, 1).mT).transpose(0, 1), "steps"),
    "largest": (lambda x: x - x.amax((0, 2), keepdim=True), "'amax' takes all steps together"),
    "convolution over time": (
        lambda x: functional.conv1d(x.permute(1, 2, 0), _WEIGHT[:, :, None].expand(-1, -1, 3), padding=1).permute(
            2, 0, 1
        ),
        "moves the steps",
    ),
    "samples as steps": (lambda x: x.flatten(0, 1)[:, None], "takes samples for steps"),
    "turned": (lambda x: x.transpose(0, 1).reshape(x.shape), "moves the steps"),
    "dropout": (lambda x: functional.dropout(x, 0.5, training=True), "draws for each run"),
    "noise": (lambda x: x + torch.rand_like(x), "'rand_like' has no rule"),
    "sorted": (lambda x: x.sort(0)[0], "'sort' works along the steps"),
    "norm over all": (lambda x: functional.layer_norm(x.transpose(0, 2), [x.shape[0]]).transpose(0, 2), "steps"),
}


@pytest.mark.parametrize("name", EACH_STEP_ALONE)
def test_what_leaves_each_step_to_itself_streams(name: str) -> None:
    check_equal(Of(EACH_STEP_ALONE[name]), signal(WIDTH))


@pytest.mark.parametrize("name", OTHER_STEPS)
def test_what_looks_at_other_steps_is_refused(name: str) -> None:
    function, message = OTHER_STEPS[name]
    network, shown = Of(function), signal(WIDTH)
    network(shown)  # it runs with all steps at once
    with pytest.raises(StreamError, match=message):
        Stream(network, shown[0])


@pytest.mark.parametrize(
    ("network", "message"),
    [
        (nn.Sequential(ParallelSpiking(STEPS).double()), "'0': a ParallelSpiking looks at later steps"),
        (nn.Sequential(MaskedParallelSpiking(STEPS, 2).double()), "MaskedParallelSpiking needs all steps at once"),
        (nn.Sequential(TimeDistributed(nn.BatchNorm1d(WIDTH).double())), r"call \.eval\(\) first"),
        (nn.Sequential(ThresholdBatchNorm(WIDTH).double()), r"\.eval\(\) first"),
        (
            nn.Sequential(TimeDistributed(nn.BatchNorm1d(WIDTH, track_running_stats=False).double())),
            "statistics of all",
        ),
        (nn.Sequential(TemporalBatchNorm(WIDTH, STEPS).double()).eval(), "cannot be traced|fixed number"),
        (nn.Sequential(nn.LSTM(WIDTH, WIDTH).double()), "fixed number of steps"),
    ],
    ids=["psn", "masked", "batch norm", "tdbn", "no running", "tebn", "lstm"],
)
def test_layers_that_need_all_steps_are_refused(network: nn.Module, message: str) -> None:
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    with pytest.raises(StreamError, match=message):
        Stream(network, signal(WIDTH)[0])
    assert all(torch.equal(tensor, before[name]) for name, tensor in network.state_dict().items())


def test_a_mode_that_changes_is_looked_at_again() -> None:
    network = nn.Sequential(TimeDistributed(nn.BatchNorm1d(WIDTH).double()), LeakyIntegrateAndFire()).eval()
    stream = Stream(network, signal(WIDTH)[0])
    stream.step(signal(WIDTH)[0])
    network.train()
    with pytest.raises(StreamError, match="eval"):
        stream.step(signal(WIDTH)[0])


class Twice(nn.Module):
    """Neurons that are used twice in a step keep two memories."""

    def __init__(self) -> None:
        super().__init__()
        self.neuron, self.weights = LeakyIntegrateAndFire(0.75), linear()

    def forward(self, given: Tensor) -> Tensor:
        return self.neuron(self.weights(self.neuron(given)))


def test_neurons_used_twice_have_two_memories() -> None:
    network, shown = Twice(), 2 * signal(WIDTH)
    with torch.no_grad():
        assert torch.equal(streamed(network, shown)[0], network(shown))
        assert network(shown).count_nonzero()


def test_a_state_is_kept_and_given_back() -> None:
    network, shown = NETWORKS["recurrent"](), signal(WIDTH)
    stream = Stream(network)
    with pytest.raises(StreamError, match="no step yet"):
        _ = stream.state
    stream.steps(shown[:3])
    kept = StreamState.from_tensors({name: tensor.clone() for name, tensor in stream.state.to_tensors().items()})
    first = stream.steps(shown[3:])
    again = Stream(network)
    again.restore(kept)
    second = again.steps(shown[3:])
    assert torch.equal(first.logits, second.logits)
    assert torch.equal(first.mean, second.mean)
    assert second.steps.tolist() == [STEPS] * BATCH
    stream.restore(kept)
    assert torch.equal(stream.steps(shown[3:]).logits, first.logits)  # the state given was not changed
    other = Stream(nn.Sequential(TimeDistributed(linear()), LeakyIntegrateAndFire()))
    with pytest.raises(StreamError, match="layer '0', which this Sequential has not"):
        other.restore(kept)
    with pytest.raises(StreamError, match="no state of a stream"):
        StreamState.from_tensors({"steps": torch.zeros(1)})


@pytest.mark.parametrize("name", ["recurrent", "delays", "biophysical", "adaptive"])
def test_some_samples_begin_anew_while_others_go_on(name: str) -> None:
    network, shown = NETWORKS[name](), signal(WIDTH)
    stream = Stream(network)
    stream.steps(shown[:3])
    stream.reset(torch.tensor([False, True, False]))
    seen = stream.steps(shown[3:])
    with torch.no_grad():
        torch.testing.assert_close(seen.logits[[0, 2]], network(shown)[-1][[0, 2]])
        torch.testing.assert_close(seen.mean[1], network(shown[3:]).mean(0)[1])
    assert seen.steps.tolist() == [7, 4, 7]
    with pytest.raises(StreamError, match="follows 3 samples"):
        stream.step(shown[0, :2])
    with pytest.raises(StreamError, match=r"mask of \[3\] booleans"):
        stream.reset(torch.tensor([1]))
    stream.reset()
    with torch.no_grad():
        assert torch.equal(stream.step(shown[0, :2]).logits, network(shown[:1, :2])[0])


def test_decisions_come_when_they_are_sure() -> None:
    """Beside a plain loop over running means."""
    network, shown = NETWORKS["lif"](), signal(WIDTH, steps=12)
    exit = EarlyExit((9.0, 1.0, 1.0, 0.5, 0.5, 0.0), 0.9)
    with torch.no_grad():
        logits = network(shown)
    stream = Stream(network, exit=exit, step_seconds=0.002)
    decided, latency = [-1] * BATCH, [0] * BATCH
    seen = stream.step(shown[0])
    for step in range(12):
        seen = stream.step(shown[step]) if step else seen
        mean = logits[: step + 1].mean(0)
        for sample in range(BATCH):
            best = mean[sample].topk(2)
            if decided[sample] < 0 and best.values[0] - best.values[1] >= exit.margins[min(step, 5)]:
                decided[sample], latency[sample] = int(best.indices[0]), step + 1
        assert seen.decision.tolist() == decided
        assert seen.latency.tolist() == latency
    assert bool(seen.decided.all())
    assert len(set(latency)) > 1
    assert seen.latency_seconds is not None
    assert seen.latency_seconds.tolist() == pytest.approx([0.002 * steps for steps in latency])


def test_margins_are_calibrated_on_recordings() -> None:
    network = NETWORKS["lif"]()
    recordings = torch.randn(10, 200, WIDTH, generator=torch.Generator().manual_seed(5)).double() + 0.5
    stream = Stream(network)
    found = calibrate_exit(stream, recordings, agreement=0.95)
    with torch.no_grad():
        final = network(recordings).mean(0).argmax(1)
    answers = found(stream, recordings)
    assert 1 < answers.average_steps < 10
    assert float((answers.outputs.argmax(1) == final).double().mean()) >= 0.9
    followed = Stream(network, exit=found)
    seen = followed.steps(recordings)
    assert torch.equal(seen.latency, answers.steps)
    assert torch.equal(seen.decision, answers.outputs.argmax(1))
