"""From brightness to spikes: a pixel fires at each step whose level it reaches."""

import torch
from torch import Tensor


def levels(steps: int) -> Tensor:
    """The brightness that a pixel must reach at each step, ``[T]``, from bright to dark, in (0, 1).

    Example:
        >>> levels(4).tolist()
        [0.875, 0.625, 0.375, 0.125]
    """
    return 1 - (torch.arange(steps) + 0.5) / steps


def encode(pictures: Tensor, steps: int) -> Tensor:
    """Spikes of pictures: pixel ``x`` fires at step ``t`` if and only if ``x >= levels(steps)[t]``.

    Bright pixels fire first and most often, so both the first spike's time and the spike count tell the brightness.
    There is no randomness: the same picture always gives the same spikes.

    Args:
        pictures: ``[B, C, H, W]``, bytes from 0 to 255 or floats from 0 to 1.
        steps: Number of steps, ``T``.

    Returns:
        Zeros and ones, ``[T, B, C, H, W]``.

    Example:
        >>> pixels = torch.tensor([0, 100, 255], dtype=torch.uint8).reshape(1, 1, 1, 3)
        >>> encode(pixels, steps=4).flatten(1).T.tolist()  # the train of each pixel
        [[0.0, 0.0, 0.0, 0.0], [0.0, 0.0, 1.0, 1.0], [1.0, 1.0, 1.0, 1.0]]
    """
    brightness = pictures / 255 if pictures.dtype == torch.uint8 else pictures
    level = levels(steps).reshape(-1, 1, 1, 1, 1).to(brightness.device)
    return (brightness >= level).to(torch.float32)
