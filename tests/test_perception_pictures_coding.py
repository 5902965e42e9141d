"""Codes: rates by counting, latencies by their formula, phases back to bytes, changes by hand; no memory."""

import pytest
import torch
from hypothesis import given, strategies as st

from perception import CodingError, delta_code, direct_code, encode_as, latency_code, phase_code, rate_code

BYTES = torch.arange(256, dtype=torch.uint8).reshape(1, 1, 16, 16)


def test_rates_are_brightness() -> None:
    generator = torch.Generator().manual_seed(0)
    rates = rate_code(BYTES, 4000, generator).mean(0)
    assert (rates - BYTES / 255).abs().max() < 4.5 * (0.25 / 4000) ** 0.5
    assert torch.equal(rates.flatten()[[0, 255]], torch.tensor([0.0, 1.0]))


def test_the_generator_alone_decides_rates() -> None:
    runs = [rate_code(BYTES, 5, torch.Generator().manual_seed(seed)) for seed in (1, 1, 2)]
    assert torch.equal(runs[0], runs[1])
    assert not torch.equal(runs[0], runs[2])


@pytest.mark.parametrize("steps", [2, 8, 50])
def test_latency_is_one_spike_the_brighter_the_earlier(steps: int) -> None:
    spikes = latency_code(BYTES, steps).flatten(1)
    assert spikes.shape == (steps, 256)
    bright = BYTES.flatten() / 255 > 0.01
    assert torch.equal(spikes.sum(0), bright.float())
    times = spikes.argmax(0)[bright]
    exact = (1 - BYTES.flatten()[bright] / 255) * (steps - 1)
    assert ((times - exact).abs() <= 0.5 + 1e-4).all()
    assert torch.equal(latency_code(BYTES, steps).flatten(1), spikes)


@given(st.binary(min_size=1, max_size=30))
def test_eight_phases_tell_a_byte(content: bytes) -> None:
    levels = torch.tensor(list(content), dtype=torch.uint8)[:, None]
    spikes = phase_code(levels, 16)
    worth = 2.0 ** -(1 + torch.arange(8.0))
    for part in spikes.split(8):
        assert torch.equal((part * worth[:, None, None]).sum(0) * 256, levels.float())
    assert torch.equal(phase_code(levels / 255, 16), spikes)


def test_changes_by_hand() -> None:
    frames = torch.tensor([0.0, 0.5, 0.45, 0.2, 0.2, 1.0]).reshape(6, 1)
    assert delta_code(frames, 0.1).flatten().tolist() == [0, 1, 0, -1, 0, 1]


def test_direct_is_the_picture_at_every_step() -> None:
    found = direct_code(BYTES, 3)
    assert all(torch.equal(step, BYTES / 255) for step in found)


@pytest.mark.parametrize("code", ["levels", "rate", "latency", "phase", "direct"])
def test_codes_have_names_and_batches_do_not_mix(code: str) -> None:
    pictures = torch.rand(3, 1, 4, 4) * torch.tensor([0.5, 1.0, 0.02]).reshape(3, 1, 1, 1)
    generator = torch.Generator().manual_seed(0)
    whole = encode_as(code, pictures, 6, generator)
    assert whole.shape == (6, 3, 1, 4, 4)
    if code != "rate":
        assert torch.equal(whole[:, :1], encode_as(code, pictures[:1], 6, generator))


def test_nonsense_is_refused() -> None:
    good, generator = torch.rand(1, 1, 2, 2), torch.Generator()
    for make, text in (
        (lambda: encode_as("morse", good, 4, generator), "choose one of levels, rate"),
        (lambda: encode_as("rate", good, 0, generator), "at least one step"),
        (lambda: rate_code(good + 1, 4, generator), "floats from 0 to 1"),
        (lambda: phase_code(good * float("nan"), 4), "floats from 0 to 1"),
        (lambda: direct_code(torch.ones(2, 2, dtype=torch.int64), 4), "int64"),
        (lambda: latency_code(good, 1), "at least 2 steps"),
        (lambda: delta_code(good, 0.0), "positive"),
    ):
        with pytest.raises(CodingError, match=text):
            make()
