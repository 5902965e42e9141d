"""Random changes of colour pictures: what they keep, what the operations do, and blends counted pixel by pixel."""

import pytest
import torch
from torch import Tensor

from perception import augment, augment_colours, blend
from perception.pictures.colour_augmentation import _OPERATIONS, _recolour  # pyright: ignore[reportPrivateUsage]


def drawn(count: int = 16, seed: int = 0) -> Tensor:
    return torch.rand(count, 3, 32, 32, generator=torch.Generator().manual_seed(seed))


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_without_strength_pictures_are_shifted_and_mirrored_only() -> None:
    pictures = torch.randint(0, 256, (64, 3, 32, 32), generator=generator(), dtype=torch.uint8)
    pictures[:, :, :2] = torch.tensor([0, 255], dtype=torch.uint8).reshape(2, 1)  # so that there is nothing to stretch
    changed = augment_colours(pictures, generator(1), shift=2, strength=0.0, hole=0.0)
    padded = torch.nn.functional.pad(pictures / 255, (2, 2, 2, 2))
    places = [(mirrored, down, right) for mirrored in (False, True) for down in range(5) for right in range(5)]
    found = list[tuple[bool, int, int]]()
    for picture, source in zip(changed, padded, strict=True):
        windows = [source[:, down : down + 32, right : right + 32] for _, down, right in places]
        apart = [
            float((picture - (window.flip(2) if place[0] else window)).abs().max())
            for place, window in zip(places, windows, strict=True)
        ]
        assert min(apart) < 0.01  # "fewer levels" rounds to 255 parts at any strength
        found.append(places[apart.index(min(apart))])
    assert len({place[0] for place in found}) == 2
    assert len({place[1:] for place in found}) > 10


def test_range_shape_and_determinism() -> None:
    pictures = drawn(200)
    changed = augment_colours(pictures, generator(2))
    assert changed.shape == pictures.shape
    assert 0 <= float(changed.min()) <= float(changed.max()) <= 1
    assert torch.equal(changed, augment_colours(pictures, generator(2)))
    assert not torch.equal(changed, augment_colours(pictures, generator(3)))
    grey = augment_colours(pictures[:, :1], generator(2))
    assert grey.shape == (200, 1, 32, 32)


@pytest.mark.parametrize(
    ("name", "amount", "expected"),
    [
        ("brightness", -0.5, [0.1, 0.2, 0.4]),
        ("saturation", -1.0, [0.299 * 0.2 + 0.587 * 0.4 + 0.114 * 0.8] * 3),
        ("contrast", 0.0, [0.2, 0.4, 0.8]),
        ("invert the bright", 0.5, [0.2, 0.4, 0.2]),
        ("fewer levels", 1.0, [3 / 16, 6 / 16, 12 / 16]),
        ("none", 1.0, [0.2, 0.4, 0.8]),
    ],
)
def test_operations_on_colours_by_hand(name: str, amount: float, expected: list[float]) -> None:
    picture = torch.tensor([0.2, 0.4, 0.8]).reshape(1, 3, 1, 1).expand(1, 3, 4, 4)
    found = _recolour(picture, torch.tensor([_OPERATIONS.index(name)]), torch.tensor([amount]))
    torch.testing.assert_close(found[0, :, 1, 2], torch.tensor(expected))


def test_holes_are_grey_squares_of_half_the_size() -> None:
    pictures = torch.ones(40, 3, 32, 32)
    cut = augment_colours(pictures, generator(), shift=0, strength=0.0, hole=1.0)
    areas = (cut == 0.5).all(1).flatten(1).sum(1)
    assert int(areas.max()) == 16 * 16
    assert int(areas.min()) >= 8 * 8  # a square at a corner is cut off by the rims
    whole = augment_colours(pictures, generator(), shift=0, strength=0.0, hole=0.0)
    torch.testing.assert_close(whole, pictures, rtol=0, atol=1e-5)


def test_mixed_pictures_are_weighted_sums() -> None:
    pictures = drawn()
    found = blend(pictures, generator(), cut=0.0)
    assert found.partners.tolist() == [15, *range(15)]
    weights = found.shares.reshape(-1, 1, 1, 1)
    torch.testing.assert_close(found.pictures, weights * pictures + (1 - weights) * pictures[found.partners])


def test_shares_follow_the_arcsine_law() -> None:
    shares = blend(torch.zeros(20_000, 1, 1, 1), generator(), cut=0.0).shares
    assert float(shares.mean()) == pytest.approx(1 / 2, abs=0.01)
    assert float(shares.var()) == pytest.approx(1 / 8, abs=0.005)  # of Beta(1/2, 1/2)


def test_cut_pictures_hold_a_rectangle_of_the_other_whose_area_is_its_share() -> None:
    values = torch.arange(1.0, 17.0).reshape(-1, 1, 1, 1).expand(16, 3, 32, 24)
    found = blend(values, generator(), cut=1.0)
    own, other = values, values[found.partners]
    assert bool(((found.pictures == own) | (found.pictures == other)).all())
    kept = (found.pictures == own)[:, 0].flatten(1).float().mean(1)
    torch.testing.assert_close(found.shares, kept)
    for picture, value in zip(found.pictures, other, strict=True):
        inside = picture[0] == value[0, 0, 0]
        rows, columns = inside.any(1), inside.any(0)
        assert torch.equal(inside, rows[:, None] & columns)  # one rectangle
    assert len(set(kept.tolist())) > 8


def test_bytes_become_floats() -> None:
    pictures = torch.full((4, 3, 8, 8), 255, dtype=torch.uint8)
    for cut in (0.0, 1.0):
        assert torch.equal(blend(pictures, generator(), cut=cut).pictures, torch.ones(4, 3, 8, 8))


@pytest.mark.parametrize("name", ["augment", "augment_colours", "blend"])
def test_all_that_is_drawn_moves_to_the_pictures_device(name: str) -> None:
    """On a device without memory: whatever stayed on the processor would not fit the rest."""
    pictures = torch.empty(4, 3, 32, 32, device="meta")
    if name == "blend":
        found = [blend(pictures, generator(), cut=cut) for cut in (0.0, 1.0)]
        assert all(part.is_meta for one in found for part in one)
    else:
        change = {"augment": augment, "augment_colours": augment_colours}[name]
        changed = change(pictures, generator())
        assert changed.is_meta
        assert changed.shape == pictures.shape
