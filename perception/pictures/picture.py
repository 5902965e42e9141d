"""Picture files to tensors, with one clear error for whatever is wrong with them."""

from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError
from torch import Tensor

from logic import NeurosymError

_TOLERANCE = 1e-3  # of floats that were made by arithmetic
_AXES_OF_FRAMES = 6


class PictureError(NeurosymError, ValueError):
    """A picture that cannot be read or does not have the size that is asked for."""


def read_picture(path: str | Path, size: tuple[int, int] = (28, 28)) -> Tensor:
    """The brightness of a picture file's pixels, colours turned to grey.

    Args:
        path: PNG, JPEG or any other format that Pillow reads.
        size: Expected height and width in pixels.

    Returns:
        Bytes from 0 (black) to 255 (white), ``[1, H, W]``.

    Raises:
        PictureError: if the file is missing, is not a picture, is cut off or has another size.
    """
    height, width = size
    grey = open_picture(path)
    if (grey.height, grey.width) != size:
        raise PictureError(
            f"{path}: the picture is {grey.width} x {grey.height} pixels, expected {width} x {height}; "
            f"crop or resize it first"
        )
    return torch.from_numpy(np.array(grey))[None]


def open_picture(path: str | Path) -> Image.Image:
    """The picture in a file, colours turned to grey.

    Raises:
        PictureError: if the file is missing, is not a picture or is cut off.
    """
    try:
        with Image.open(path) as image:
            return image.convert("L")
    except FileNotFoundError:
        raise PictureError(f"{path}: there is no such file; check the path") from None
    except IsADirectoryError:
        raise PictureError(f"{path} is a folder; name a picture file in it") from None
    except PermissionError:
        raise PictureError(f"{path}: may not be read; check the file's permissions") from None
    except UnidentifiedImageError:
        raise PictureError(f"{path}: is not a picture in a known format; give a PNG or JPEG file") from None
    except (OSError, SyntaxError, Image.DecompressionBombError) as fault:
        raise PictureError(f"{path}: the picture is damaged ({fault}); give an intact file") from None


def check_pictures(pictures: Tensor | NDArray[Any], size: tuple[int, int]) -> Tensor:
    """A batch of grey pictures ``[B, N, 1, H, W]``, after a look at its shape and at what its pixels are.

    Raises:
        PictureError: if the shape is another, or as :func:`check_pixels`.
    """
    pictures = check_pixels(pictures)
    if pictures.ndim != 5 or tuple(pictures.shape[2:]) != (1, *size):
        raise PictureError(
            f"pictures have shape {list(pictures.shape)}, expected [samples, slots, 1, {size[0]}, {size[1]}]"
        )
    return pictures


def check_pixels(pictures: Tensor | NDArray[Any]) -> Tensor:
    """Pictures as a tensor, if their pixels are bytes from 0 to 255 or floats from 0 to 1.

    Frames of an event camera, ``[B, N, T, C, H, W]``, hold counts, which may be larger.

    Args:
        pictures: Any shape; an array of numpy is taken as it is.

    Raises:
        PictureError: if the numbers are of another type or range, such as floats from 0 to 255.

    Example:
        >>> check_pixels(np.zeros((2, 1, 1, 28, 28), dtype=np.uint8)).dtype
        torch.uint8
    """
    if isinstance(pictures, np.ndarray):
        pictures = torch.from_numpy(np.ascontiguousarray(pictures))
    if not isinstance(pictures, Tensor):  # pyright: ignore[reportUnnecessaryIsInstance] - from users
        raise PictureError(f"pictures are a tensor or an array of numpy, got a {type(pictures).__name__}")
    if pictures.dtype == torch.uint8 or pictures.is_meta or not pictures.numel():
        return pictures
    if pictures.dtype == torch.bool:
        return pictures.float()
    if not pictures.is_floating_point():
        raise PictureError(f"pixels are {pictures.dtype}; give bytes from 0 to 255 (.to(torch.uint8))")
    least, most = torch.stack(torch.aminmax(pictures.detach())).tolist()
    if not (isfinite(least) and isfinite(most)):
        raise PictureError("pictures hold NaN or infinite values; look at how they were read")
    if least < -_TOLERANCE or (most > 1 + _TOLERANCE and pictures.ndim < _AXES_OF_FRAMES):
        raise PictureError(
            f"pixels are floats from {least:.4g} to {most:.4g}, expected 0 to 1; "
            f"divide those from 0 to 255 by 255, or give bytes (.to(torch.uint8))"
        )
    return pictures
