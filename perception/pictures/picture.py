"""Picture files to tensors, with one clear error for whatever is wrong with them."""

import io
import warnings
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError
from torch import Tensor

from logic import NeurosymError

MOST_PIXELS = 1 << 26  # of one picture
LARGEST_SIDE = 1 << 16  # pixels
BRIGHTEST = 65_535  # of 16-bit grey
DEEPEST = "brightest of 16 bits"  # what a picture's ``info`` tells if its pixels were scaled to bytes
_TOLERANCE = 1e-3  # of floats that were made by arithmetic
_AXES_OF_FRAMES = 6


class PictureError(NeurosymError, ValueError):
    """A picture that cannot be read or does not have the size that is asked for."""


class ScaleWarning(UserWarning):
    """Pixels that were scaled to bytes."""


def read_picture(path: str | Path, size: tuple[int, int] = (28, 28)) -> Tensor:
    """The brightness of a picture file's pixels, colours turned to grey.

    Args:
        path: PNG, JPEG or any other format that Pillow reads.
        size: Expected height and width in pixels.

    Returns:
        Bytes from 0 (black) to 255 (white), ``[1, H, W]``.

    Raises:
        PictureError: if the file is missing, is not a picture, is cut off or has another size.

    Example:
        >>> from tempfile import TemporaryDirectory
        >>> with TemporaryDirectory() as folder:
        ...     Image.new("RGB", (28, 28), "white").save(f"{folder}/paper.png")
        ...     pixels = read_picture(f"{folder}/paper.png")
        >>> pixels.shape, pixels.unique().tolist()
        (torch.Size([1, 28, 28]), [255])
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
    """The picture in a file, colours turned to grey; otherwise as :func:`decode_picture`.

    Raises:
        PictureError: if the file is missing, is not a picture or is cut off.
    """
    return decode_picture(path, str(path)).convert("L")


def decode_picture(source: str | Path | bytes, name: str, brightest: int = BRIGHTEST) -> Image.Image:
    """A picture as it is meant to be seen, grey (mode ``L``) or in colours (``RGB``).

    It is turned as its EXIF orientation says, what is transparent lies on white, and 16-bit grey is scaled so that
    ``brightest`` becomes 255. Its size is looked at before it is decoded.

    Args:
        source: A file, or the bytes of one.
        name: What an error calls it.
        brightest: Of 16-bit grey; what is brighter becomes 255, too.

    Raises:
        PictureError: if there is no file, it is no picture, damaged, too large, or of numbers without a known range.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(source) if isinstance(source, bytes) else source) as image:
                if image.width * image.height > MOST_PIXELS or max(image.size) > LARGEST_SIDE:
                    raise PictureError(
                        f"{name}: the picture has {image.width:,} x {image.height:,} pixels, "
                        f"more than {MOST_PIXELS:,} or {LARGEST_SIDE:,} on a side; make it smaller"
                    )
                return _as_seen(image, name, brightest)
    except PictureError:
        raise
    except FileNotFoundError:
        raise PictureError(f"{name}: there is no such file; check the path") from None
    except IsADirectoryError:
        raise PictureError(f"{name} is a folder; name a picture file in it") from None
    except PermissionError:
        raise PictureError(f"{name}: may not be read; check the file's permissions") from None
    except UnidentifiedImageError:
        raise PictureError(f"{name}: is not a picture in a known format; give a PNG or JPEG file") from None
    except Exception as fault:  # decoders raise whatever a damaged byte makes of them
        reason = " ".join(str(fault).split())[:200] or type(fault).__name__
        raise PictureError(f"{name}: the picture is damaged ({reason}); give an intact file") from None


def _as_seen(image: Image.Image, name: str, brightest: int) -> Image.Image:
    """Turned, on white, and in bytes."""
    if getattr(image, "n_frames", 1) > 1 and image.format not in ("MPO", "PSD"):  # there the first is it
        raise PictureError(f"{name}: holds {getattr(image, 'n_frames', 1):,} pictures; give a file of one")
    deep = is_deep(image)
    seen = ImageOps.exif_transpose(image)
    if deep:
        pixels = np.asarray(seen).astype(np.int32)
        if isinstance(clear := seen.info.get("transparency"), int):
            pixels[pixels == clear] = brightest
        seen = Image.fromarray(((pixels.clip(0, brightest) * 255 + brightest // 2) // brightest).astype(np.uint8))
        seen.info[DEEPEST] = int(pixels.max())
    if seen.mode in ("I", "F"):
        raise PictureError(
            f"{name}: its pixels are numbers of no known range (mode {seen.mode}); scale them to bytes from 0 to 255"
        )
    if "A" in seen.getbands() or "transparency" in seen.info:
        seen = seen.convert("RGBA")
        paper = Image.new("RGBA", seen.size, "white")
        return Image.alpha_composite(paper, seen).convert("RGB")
    return seen.convert("L" if seen.mode in ("1", "L") else "RGB")


def is_deep(image: Image.Image) -> bool:
    """Whether a picture is grey of 16 bits a pixel, which a PNG file calls mode ``I`` in older readers."""
    return image.mode.startswith("I;16") or (image.mode == "I" and image.format == "PNG")


def check_pictures(pictures: Tensor | NDArray[Any], size: tuple[int, int]) -> Tensor:
    """A batch of grey pictures ``[B, N, 1, H, W]``, after a look at its shape and at what its pixels are.

    Raises:
        PictureError: if the shape is another, or as :func:`check_pixels`.

    Example:
        >>> check_pictures(torch.zeros(2, 1, 1, 28, 28), (28, 28)).shape
        torch.Size([2, 1, 1, 28, 28])
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
