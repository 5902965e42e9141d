"""Streams of what users hold: perceptions, models, event sources, files; and made recordings to try them on."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

import neurosym as ns
from perception import ConvertedNetwork, Events, StreamState


@pytest.fixture(scope="module")
def eye() -> ns.SpikingVision:
    vision = ns.SpikingVision(ns.DIGITS, 0, options={"size": 14})
    frames = torch.rand(8, 4, 1, 14, 14, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        vision.logits(frames[:, None])  # norms see something
    return vision.eval()


def recordings() -> torch.Tensor:
    return torch.randint(0, 256, (3, 5, 1, 14, 14), generator=torch.Generator().manual_seed(1), dtype=torch.uint8)


def test_a_perception_streams_bytes_and_floats(eye: ns.SpikingVision) -> None:
    shown = recordings()
    with torch.no_grad():
        wanted = eye.logits(shown[:, None])
    for frames in (shown, shown / 255):
        stream = ns.stream(eye, frames[:, 0])
        found = torch.stack([stream.step(frames[:, step]).logits for step in range(5)])
        torch.testing.assert_close(found, wanted, rtol=1e-4, atol=1e-5)
    with pytest.raises(ns.PictureError):
        ns.stream(eye).step(shown[:, 0] * 2.0)


def test_a_models_perception_streams(eye: ns.SpikingVision) -> None:
    rule = ns.Program.parse("sum(S) :- digit(0, X), digit(1, Y), S is X + Y.")
    model = ns.Model(eye, rule, "sum(S)")
    seen = ns.stream(model).steps(recordings().transpose(0, 1))
    with torch.no_grad():
        torch.testing.assert_close(seen.mean, eye.logits(recordings()[:, None]).mean(0), rtol=1e-4, atol=1e-5)
    two = {
        "a": ns.Neural(nn.Linear(3, 2), ns.Domain("a", range(2))),
        "b": ns.Neural(nn.Linear(3, 2), ns.Domain("b", range(2))),
    }
    several = ns.Model(
        two,
        ns.Program.parse("c(S) :- a(0, X), b(0, Y), S is X + Y.", tuple(one.domain for one in two.values())),
        "c(S)",
    )
    with pytest.raises(ns.StreamError, match=r"2 perceptions; give one, such as stream\(model.perceptions\['a'\]\)"):
        ns.stream(several)


def test_what_cannot_stream_is_refused(eye: ns.SpikingVision) -> None:
    with pytest.raises(ns.StreamError, match="no module over time"):
        ns.stream(3)  # pyright: ignore[reportArgumentType]
    network = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 3))
    converted = ns.convert(network, torch.rand(16, 4, generator=torch.Generator().manual_seed(0)), "group", steps=4)
    assert isinstance(converted, ConvertedNetwork)
    with pytest.raises(ns.StreamError, match="one still picture"):
        ns.stream(converted)
    with pytest.raises(ns.StreamError, match=r"\.eval\(\)"):
        ns.stream(ns.SpikingVision(3, 0, options={"size": 14}), recordings()[:, 0])


def test_a_state_lies_in_a_file(eye: ns.SpikingVision, tmp_path: Path) -> None:
    shown = recordings().transpose(0, 1)
    stream = ns.stream(eye)
    stream.steps(shown[:2])
    ns.save_stream_state(stream.state, tmp_path / "state.safetensors")
    rest = stream.steps(shown[2:])
    again = ns.stream(eye)
    again.restore(ns.load_stream_state(tmp_path / "state.safetensors"))
    found = again.steps(shown[2:])
    assert torch.equal(found.logits, rest.logits)
    assert torch.equal(found.mean, rest.mean)
    assert isinstance(again.state, StreamState)
    ns.save_model(
        ns.Model(eye, ns.Program.parse("sum(S) :- digit(0, X), digit(1, Y), S is X + Y."), "sum(S)"),
        tmp_path / "m.safetensors",
    )
    with pytest.raises(ns.StreamError, match="holds no state of a stream"):
        ns.load_stream_state(tmp_path / "m.safetensors")


def test_frames_of_an_event_source_hold_each_event_once() -> None:
    generator = np.random.default_rng(0)
    time = np.sort(generator.integers(0, 1000, 300)) + 5_000
    x, y, bright = generator.integers(0, 6, 300), generator.integers(0, 4, 300), generator.integers(0, 2, 300)
    frames = list(ns.frames_of(Events(time, x, y, bright), 100, (4, 6)))
    whole = torch.cat(frames)
    assert whole.shape[1:] == (2, 4, 6)
    counts = np.zeros((len(frames), 2, 4, 6))
    for moment, column, row, up in zip(time, x, y, bright, strict=True):
        counts[(moment - time[0]) // 100, up, row, column] += 1
    assert np.array_equal(whole.numpy(), counts)
    none = np.zeros(0, np.int64)
    assert not list(ns.frames_of(Events(none, none, none, none), 10, (4, 6)))
    with pytest.raises(ns.StreamError, match="at least a microsecond"):
        next(ns.frames_of(Events(time, x, y, bright), 0, (4, 6)))


def test_made_trains_differ_in_time_alone() -> None:
    trains, labels = ns.make_spike_trains(300, generator=3, jitter=0.2)
    tests, truth = ns.make_spike_trains(100, generator=4, jitter=0.2)
    assert torch.equal(trains.sum(1), torch.ones(300, 40))
    assert torch.equal(trains, ns.make_spike_trains(300, generator=3, jitter=0.2)[0])
    when = (trains.argmax(1).float(), tests.argmax(1).float())
    nearest = labels[torch.cdist(when[1], when[0]).argmin(1)]
    assert float((nearest == truth).double().mean()) > 0.9
    other, _ = ns.make_spike_trains(300, generator=3, jitter=0.2, shapes=9)
    assert not torch.equal(other, trains)
    with pytest.raises(ns.DatasetError, match="at least 1"):
        ns.make_spike_trains(0, generator=0)


def test_saccades_are_the_changes_of_moved_pictures() -> None:
    pictures = (torch.rand(3, 1, 9, 9, generator=torch.Generator().manual_seed(0)) < 0.3).float()
    events = ns.saccade_events(pictures, 6)
    assert events.shape == (3, 6, 2, 9, 9)
    seen = pictures[:, 0]
    for step in range(6):
        seen = seen + events[:, step, 1] - events[:, step, 0]
        assert torch.equal(seen.sum((1, 2)), pictures.sum((1, 2, 3)))
    assert torch.equal(seen, pictures[:, 0])  # back where it began
    assert events.any()
    assert torch.equal(ns.saccade_events((255 * pictures).byte(), 6), events)
    with pytest.raises(ns.PictureError, match="are needed"):
        ns.saccade_events(pictures[0], 6)


def test_spike_trains_are_learned_by_rules_too() -> None:
    module = nn.Sequential(ns.TimeDistributed(nn.Linear(40, 4)), ns.LeakyReadout(0.9))
    hearing = ns.SequenceClassifier(module, ns.Domain("sound", range(4)), over="last")
    rule = ns.Program.parse("both(S) :- sound(0, X), sound(1, Y), S is X + Y.", (hearing.domain,))
    model = ns.Model(hearing, rule, "both(S)")
    trains, labels = ns.make_spike_trains(40, generator=1)
    pairs = trains.reshape(20, 2, 50, 40)
    history = ns.fit(model, pairs, labels.reshape(20, 2).sum(1), epochs=1)
    assert np.isfinite(history.epochs[-1].loss)
    percept = hearing(pairs)
    assert torch.equal(percept.symbols.log_probs.flatten(0, 1), hearing.logits(pairs)[-1].log_softmax(1))
    for wrong in (trains[0], trains):
        with pytest.raises(ns.vision.PerceptionError, match=r"axes|expected logits"):
            hearing(wrong)
    with pytest.raises(ns.vision.PerceptionError, match="become one by mean, last, max"):
        ns.SequenceClassifier(module, 4, over="first")  # pyright: ignore[reportArgumentType]
    assert torch.equal(hearing.logits(pairs.bool()), hearing.logits(pairs))
    assert torch.equal(hearing.logits(pairs.to(torch.uint8)), hearing.logits(pairs))
