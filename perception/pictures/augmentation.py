"""Small random shifts, turns, scalings, shears and bends of pictures, so that few pictures teach more."""

from math import pi
from typing import Literal, TypedDict

import torch
from torch import Tensor
from torch.nn import functional

from logic.randomness import Seed, to_generator


class Distortion(TypedDict, total=False):
    """How far :func:`augment` moves and bends pictures: its arguments by name."""

    shift: float
    turn: float
    scale: float
    shear: float
    bend: float


def augment(
    pictures: Tensor,
    generator: Seed,
    *,
    shift: float = 2.0,
    turn: float = 12.0,
    scale: float = 0.12,
    shear: float = 0.15,
    bend: float = 0.0,
    rim: Literal["zeros", "border"] = "zeros",
) -> Tensor:
    """Pictures, each moved by a random affine map of its own, and bent if asked for.

    Args:
        pictures: ``[..., C, H, W]``, bytes or floats.
        generator: Source of all randomness.
        shift: Largest shift in pixels.
        turn: Largest angle in degrees.
        scale: Largest relative change of size, drawn for each axis.
        shear: Largest shear.
        rim: What comes in from outside: black, or what stands at the border.
        bend: Standard deviation in pixels of a smooth random displacement, drawn at 5x5 points of each picture.

    Returns:
        Floats from 0 to 1 of the same shape.

    Example:
        >>> pictures = torch.zeros(2, 1, 28, 28, dtype=torch.uint8)
        >>> pictures[:, :, 10:18, 10:18] = 255
        >>> changed = augment(pictures, 0)
        >>> changed.shape, bool((changed[0] == changed[1]).all())
        (torch.Size([2, 1, 28, 28]), False)
    """
    generator = to_generator(generator)
    flat = pictures.reshape(-1, *pictures.shape[-3:])
    flat = flat / 255 if pictures.dtype == torch.uint8 else flat
    count, size = flat.shape[0], flat.shape[-1]
    draw = 2 * torch.rand(6, count, generator=generator, device=generator.device).to(flat.device) - 1
    angle = draw[0] * (turn * pi / 180)
    wide, high, slant = 1 + scale * draw[1], 1 + scale * draw[2], shear * draw[3]
    cosine, sine, offset = angle.cos(), angle.sin(), 2 * shift / size * draw[4:]
    rows = [
        torch.stack([wide * cosine, slant * cosine - high * sine, offset[0]], dim=1),
        torch.stack([wide * sine, slant * sine + high * cosine, offset[1]], dim=1),
    ]
    grid = functional.affine_grid(torch.stack(rows, dim=1), list(flat.shape), align_corners=False)
    if bend:
        drawn = torch.randn(count, 2, 5, 5, generator=generator, device=generator.device).to(flat.device)
        drawn = drawn * (2 * bend / size)
        smooth = functional.interpolate(drawn, size=(flat.shape[-2], size), mode="bicubic", align_corners=True)
        grid = grid + smooth.permute(0, 2, 3, 1)
    return functional.grid_sample(flat, grid, padding_mode=rim, align_corners=False).reshape(pictures.shape)
