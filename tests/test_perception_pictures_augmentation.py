"""Augmentation moves pictures a little, and only by its generator."""

import torch

from perception import augment


def block() -> torch.Tensor:
    picture = torch.zeros(1, 1, 28, 28, dtype=torch.uint8)
    picture[..., 10:18, 10:18] = 255
    return picture


def test_nothing_moves_when_all_ranges_are_zero() -> None:
    still = augment(block(), torch.Generator().manual_seed(0), shift=0, turn=0, scale=0, shear=0)
    torch.testing.assert_close(still, block() / 255, atol=1e-4, rtol=0)


def test_shape_range_and_determinism() -> None:
    pictures = block().expand(6, 2, 1, 28, 28)
    first = augment(pictures, torch.Generator().manual_seed(1))
    assert first.shape == pictures.shape
    assert first.min() >= 0
    assert first.max() <= 1 + 1e-6
    assert torch.equal(first, augment(pictures, torch.Generator().manual_seed(1)))
    assert not torch.equal(first[0, 0], first[0, 1])  # each picture has a map of its own


def test_the_centre_moves_at_most_as_far_as_told() -> None:
    pictures = block().expand(200, 1, 28, 28)
    moved = augment(pictures, torch.Generator().manual_seed(2), shift=2, turn=0, scale=0, shear=0)[:, 0]
    place = torch.arange(28) + 0.5
    for axis in (1, 2):
        centre = (moved.sum(dim=3 - axis) * place).sum(dim=1) / moved.sum(dim=(1, 2))
        distance = (centre - 14).abs()
        assert 1.5 < distance.max() <= 2 + 1e-3
