"""The level code: counts tell brightness, first spikes tell it earlier."""

import pytest
import torch
from hypothesis import given, strategies as st

from perception import encode, levels


@given(st.integers(0, 255), st.integers(1, 8))
def test_a_pixel_fires_exactly_at_the_levels_it_reaches(brightness: int, steps: int) -> None:
    spikes = encode(torch.full((1, 1, 1, 1), brightness, dtype=torch.uint8), steps).flatten().tolist()
    assert spikes == [float(brightness / 255 >= 1 - (step + 0.5) / steps) for step in range(steps)]
    assert spikes == sorted(spikes)  # once reached, a falling level stays reached


def test_black_is_silent_and_white_always_fires() -> None:
    pictures = torch.tensor([0, 255], dtype=torch.uint8).reshape(2, 1, 1, 1)
    spikes = encode(pictures, 5)
    assert spikes.shape == (5, 2, 1, 1, 1)
    assert spikes[:, 0].sum() == 0
    assert spikes[:, 1].sum() == 5


def test_bytes_and_floats_agree() -> None:
    pictures = torch.arange(256, dtype=torch.uint8).reshape(1, 1, 16, 16)
    assert torch.equal(encode(pictures, 4), encode(pictures / 255, 4))


def test_levels_fall_evenly() -> None:
    assert levels(4).tolist() == pytest.approx([0.875, 0.625, 0.375, 0.125])
