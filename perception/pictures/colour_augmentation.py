"""Random changes of colour pictures on the device that they are on: crop, mirror, one of many operations, a hole.

References:
    Cubuk et al., "RandAugment: Practical automated data augmentation with a reduced search space", NeurIPS 2020;
    DeVries and Taylor, "Improved Regularization of Convolutional Neural Networks with Cutout", 2017.
"""

from math import pi

import torch
from torch import Tensor
from torch.nn import functional

from logic.randomness import Seed, to_generator

_GREY = (0.299, 0.587, 0.114)  # of red, green and blue, ITU-R BT.601
_MOVES = ("shear across", "shear down", "shift across", "shift down", "turn")
_COLOURS = ("brightness", "saturation", "contrast", "stretch", "invert the bright", "fewer levels")
_OPERATIONS = ("none", *_MOVES, *_COLOURS)
_MOST_SHEAR, _MOST_SHIFT, _MOST_TURN = 0.3, 0.45, pi / 6


def augment_colours(
    pictures: Tensor,
    generator: Seed,
    *,
    shift: int = 4,
    strength: float = 0.9,
    hole: float = 0.25,
) -> Tensor:
    """Pictures, each shifted, mirrored or not, changed by one operation drawn for it, and perhaps with a hole.

    All pictures go through the same few kernels, so nothing waits for the device.

    Args:
        pictures: ``[B, C, H, W]``, bytes or floats from 0 to 1; with 3 channels red, green and blue.
        generator: Source of all randomness.
        shift: Largest shift in pixels; what comes in from the rim is black.
        strength: Of the operation, from 0 to 1.
        hole: Probability of a grey square of half the picture's size.

    Returns:
        Floats from 0 to 1 of the same shape.

    Example:
        >>> augment_colours(torch.zeros(2, 3, 32, 32, dtype=torch.uint8), 0).shape
        torch.Size([2, 3, 32, 32])
    """
    generator = to_generator(generator)
    flat = pictures / 255 if pictures.dtype == torch.uint8 else pictures
    count, size = len(flat), flat.shape[-1]
    drawn = torch.rand(8, count, generator=generator, device=generator.device).to(flat.device)
    operation = (drawn[0] * len(_OPERATIONS)).long()
    amount = strength * (2 * drawn[1] - 1)
    offset = torch.floor(drawn[2:4] * (2 * shift + 1)) - shift
    mirror = torch.where(drawn[4] < 0.5, -1.0, 1.0)
    moved = _move(flat, operation, amount, 2 * offset / size, mirror)
    return _cut(_recolour(moved, operation, amount).clamp(0, 1), drawn[5:7], drawn[7] < hole)


def _is(name: str, operation: Tensor) -> Tensor:
    return operation == _OPERATIONS.index(name)


def _move(flat: Tensor, operation: Tensor, amount: Tensor, offset: Tensor, mirror: Tensor) -> Tensor:
    """One affine map for each picture: the operation if it is a move, then shift and mirror."""
    zero = torch.zeros_like(amount)
    across, down, right, low, angle = (torch.where(_is(name, operation), amount, zero) for name in _MOVES)
    turn = angle * _MOST_TURN
    rows = [
        [turn.cos() * mirror, across * _MOST_SHEAR - turn.sin(), offset[0] + 2 * _MOST_SHIFT * right],
        [(down * _MOST_SHEAR + turn.sin()) * mirror, turn.cos(), offset[1] + 2 * _MOST_SHIFT * low],
    ]
    maps = torch.stack([torch.stack(row, 1) for row in rows], 1).to(flat.dtype)
    grid = functional.affine_grid(maps, list(flat.shape), align_corners=False)
    return functional.grid_sample(flat, grid, align_corners=False)


def _recolour(flat: Tensor, operation: Tensor, amount: Tensor) -> Tensor:
    """The operation if it is one on colours; a factor ``1 + amount`` pulls towards black, grey or the mean."""
    grey = flat.mean(1, keepdim=True)
    if flat.shape[1] == len(_GREY):
        grey = (flat * flat.new_tensor(_GREY)[:, None, None]).sum(1, keepdim=True)
    factor = (1 + amount).reshape(-1, 1, 1, 1).to(flat.dtype)
    low, high = flat.amin((2, 3), keepdim=True), flat.amax((2, 3), keepdim=True)
    turning = 1 - amount.abs().reshape(-1, 1, 1, 1)  # the stronger, the darker pixels are inverted
    levels = torch.floor(2 ** (8 - 4 * amount.abs())).reshape(-1, 1, 1, 1).to(flat.dtype)
    changed = {
        "brightness": flat * factor,
        "saturation": grey + (flat - grey) * factor,
        "contrast": grey.mean((2, 3), keepdim=True) * (1 - factor) + flat * factor,
        "stretch": torch.where(high > low, (flat - low) / (high - low).clamp_min(1 / 255), flat),
        "invert the bright": torch.where(flat > turning, 1 - flat, flat),
        "fewer levels": torch.floor(flat * levels) / levels,
    }
    for name in _COLOURS:
        flat = torch.where(_is(name, operation).reshape(-1, 1, 1, 1), changed[name], flat)
    return flat


def _cut(flat: Tensor, centre: Tensor, chosen: Tensor) -> Tensor:
    """A grey square around the centre, of half the picture's height and width, in those chosen."""
    height, width = (
        ((torch.arange(size, device=flat.device) + 0.5) / size - place[:, None]).abs() < 0.25
        for size, place in zip(flat.shape[-2:], centre, strict=True)
    )
    square = height[:, :, None] & width[:, None, :] & chosen[:, None, None]
    return flat.masked_fill(square[:, None], 0.5)
