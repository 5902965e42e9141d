"""What an event camera sees of still pictures while it moves: a stand-in for recordings such as those of N-MNIST."""

from itertools import pairwise

import torch
from torch import Tensor

from .picture import PictureError, check_pixels


def saccade_events(pictures: Tensor, steps: int = 8, *, reach: int = 2, change: float = 0.2) -> Tensor:
    """Events ``[M, T, 2, H, W]``, zeros and ones, of pictures that a camera looks at while it moves around a triangle.

    At each step the picture is moved to the next place on the way; where it became darker or brighter by ``change`` or
    more, there is an event. N-MNIST was recorded so, by a camera that moved on three straight ways.

    Args:
        pictures: ``[M, 1, H, W]``, bytes, or floats from 0 to 1.
        steps: ``T``.
        reach: How far the camera moves, in pixels.
        change: Of brightness.

    Raises:
        PictureError: if they are no such pictures, or steps or reach are below 1.

    Example:
        >>> line = torch.zeros(1, 1, 5, 5)
        >>> line[..., 2] = 1.0
        >>> saccade_events(line, 3, reach=1)[0, 0, :, 2].tolist()  # darker where it was, brighter where it is
        [[0.0, 0.0, 1.0, 0.0, 0.0], [0.0, 0.0, 0.0, 1.0, 0.0]]

    References:
        Orchard et al., "Converting Static Image Datasets to Spiking Neuromorphic Datasets Using Saccades", 2015.
    """
    if pictures.ndim != 4 or pictures.shape[1] != 1 or steps < 1 or reach < 1:
        raise PictureError(
            f"pictures [M, 1, H, W], and steps and reach of 1 or more are needed, got {list(pictures.shape)}, {steps} "
            f"and {reach}"
        )
    bright = check_pixels(pictures)
    bright = bright / 255 if bright.dtype == torch.uint8 else bright
    corners = [(0, 0), (reach, reach), (0, 2 * reach), (0, 0)]  # rows and columns
    places = [(0, 0)]
    for step in range(1, steps + 1):
        side = min(3 * step // steps, 2)
        share = 3 * step / steps - side
        start, end = corners[side], corners[side + 1]
        row, column = (round((1 - share) * start[axis] + share * end[axis]) for axis in (0, 1))
        places.append((row, column))
    seen = [bright.roll(place, (2, 3)) for place in places]
    changes = torch.stack([later - earlier for earlier, later in pairwise(seen)], 1)
    return torch.cat([changes <= -change, changes >= change], 2).to(torch.float32)
