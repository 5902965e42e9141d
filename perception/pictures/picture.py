"""Picture files to tensors, with one clear error for whatever is wrong with them."""

from pathlib import Path

import numpy as np
import torch
from PIL import Image, UnidentifiedImageError
from torch import Tensor

from logic import NeurosymError


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


def check_pictures(pictures: Tensor, size: tuple[int, int]) -> None:
    """Sees that a batch of pictures has the shape ``[B, N, 1, H, W]``.

    Raises:
        PictureError: if it has not.
    """
    if pictures.ndim != 5 or tuple(pictures.shape[2:]) != (1, *size):
        raise PictureError(
            f"pictures have shape {list(pictures.shape)}, expected [samples, slots, 1, {size[0]}, {size[1]}]"
        )
