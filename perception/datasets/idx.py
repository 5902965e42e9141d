"""IDX files, the format of MNIST and its kin: a header of big-endian sizes, then bytes.

References:
    LeCun, Cortes and Burges, "The MNIST database of handwritten digits", 1998.
"""

import gzip
import zlib
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from .dataset import DatasetError

_UNSIGNED_BYTE = 0x08
_MOST_BYTES = 1 << 30


def read_idx(path: str | Path, axes: int) -> Tensor:
    """The bytes of an IDX file, gzipped or not.

    Args:
        path: The file; if its name ends in ``.gz`` it is unpacked on the way.
        axes: Number of axes that it must have: 3 for pictures ``[M, H, W]``, 1 for labels ``[M]``.

    Returns:
        Bytes, of the shape that the file states.

    Raises:
        DatasetError: if the file is missing, no IDX file of bytes, of another shape, or cut off.

    Example:
        >>> from tempfile import TemporaryDirectory
        >>> with TemporaryDirectory() as folder:
        ...     path = Path(folder) / "labels-idx1-ubyte"
        ...     _ = path.write_bytes(bytes([0, 0, 8, 1, 0, 0, 0, 3, 7, 2, 1]))  # bytes, one axis, three of them
        ...     labels = read_idx(path, axes=1)
        >>> labels.tolist()
        [7, 2, 1]
    """
    path = Path(path)
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
            data = file.read(_MOST_BYTES + 1)
    except FileNotFoundError:
        raise DatasetError(f"{path}: there is no such file; check the path or download it") from None
    except (OSError, EOFError, zlib.error) as fault:
        raise DatasetError(f"{path}: cannot be unpacked ({fault}); get the file again") from None
    if len(data) > _MOST_BYTES:
        raise DatasetError(f"{path}: holds more than {_MOST_BYTES:,} bytes, as no IDX file of pictures does")
    start = 4 + 4 * axes
    if len(data) < start or data[:2] != b"\0\0" or data[2] != _UNSIGNED_BYTE:
        raise DatasetError(f"{path}: is no IDX file of bytes (it starts with {data[:4].hex(' ')}); get the file again")
    if data[3] != axes:
        raise DatasetError(f"{path}: has {data[3]} axes, expected {axes}; pictures and labels may be exchanged")
    shape = np.frombuffer(data, ">u4", axes, 4).astype(int).tolist()
    expected = int(np.prod(shape, dtype=object))
    if len(data) - start != expected:
        raise DatasetError(
            f"{path}: states the shape {shape}, that is {expected} bytes, but holds {len(data) - start}; "
            f"the file is cut off or damaged, get it again"
        )
    return torch.from_numpy(np.frombuffer(bytearray(data), np.uint8, offset=start)).reshape(shape)
