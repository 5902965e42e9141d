"""Blends of two pictures that count as both: mixed like two layers of film, or cut together.

References:
    Zhang et al., "mixup: Beyond Empirical Risk Minimization", ICLR 2018; Yun et al., "CutMix: Regularization Strategy
    to Train Strong Classifiers with Localizable Features", ICCV 2019.
"""

from math import pi
from typing import NamedTuple

import torch
from torch import Tensor

from logic.randomness import Seed, to_generator


class Blended(NamedTuple):
    """Pictures of a batch, each blended with another one of it.

    Args:
        pictures: ``[B, ..., H, W]``.
        partners: The number of the other picture, ``[B]``.
        shares: What is left of a picture itself, ``[B]`` from 0 to 1.
    """

    pictures: Tensor
    partners: Tensor
    shares: Tensor


def blend(pictures: Tensor, generator: Seed, *, cut: float = 0.5) -> Blended:
    """Pictures blended with the one before them in the batch, in shares of their own.

    Shares are drawn from Beta(1/2, 1/2), by its inverse ``sin^2(pi u / 2)``: one of the two mostly prevails.

    Args:
        pictures: ``[B, ..., H, W]``, bytes or floats.
        generator: Source of all randomness.
        cut: Probability that the batch is cut together, a rectangle of the other into each, instead of mixed.

    Returns:
        Floats, from 0 to 1 if bytes were given.

    Example:
        >>> pictures = torch.stack([torch.zeros(1, 8, 8), torch.ones(1, 8, 8)])
        >>> mixed = blend(pictures, 0)
        >>> bool(torch.allclose(mixed.pictures[1].mean(), mixed.shares[1]))  # so much is left of the white one
        True
    """
    generator = to_generator(generator)
    flat = pictures / 255 if pictures.dtype == torch.uint8 else pictures
    count, device = len(flat), flat.device
    drawn = torch.rand(4, count, generator=generator, device=generator.device).to(device)
    other = flat.roll(1, 0)
    partners = torch.arange(count, device=device).roll(1)
    shares = torch.sin(drawn[0] * (pi / 2)).square()
    if float(torch.rand((), generator=generator, device=generator.device)) >= cut:
        weights = shares.reshape(-1, *[1] * (flat.ndim - 1)).to(flat.dtype)
        return Blended(flat * weights + other * (1 - weights), partners, shares)
    side = (1 - shares).sqrt()  # of the rectangle, relative to the picture's
    inside = [
        _covered(centre, side, size) for centre, size in zip(drawn[1:3], flat.shape[-2:], strict=True)
    ]  # fmt: skip
    hole = inside[0][:, :, None] & inside[1][:, None, :]
    shares = 1 - hole.flatten(1).to(torch.float32).mean(1)  # exact, where the rim cuts a rectangle
    hole = hole.reshape(count, *[1] * (flat.ndim - 3), *hole.shape[1:])
    return Blended(torch.where(hole, other, flat), partners, shares)


def _covered(centre: Tensor, side: Tensor, size: int) -> Tensor:
    """Which of ``size`` pixels lie within half a side of the centre, ``[B, size]``; all lengths relative."""
    place = (torch.arange(size, device=centre.device) + 0.5) / size
    return (place - centre[:, None]).abs() < side[:, None] / 2
