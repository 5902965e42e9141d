"""CIFAR-10: the binary version as it is published, and archives of JPEG files in folders named by class.

References:
    Krizhevsky, "Learning Multiple Layers of Features from Tiny Images", 2009.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from ..pictures.picture import PictureError, decode_picture
from .archive import read_members
from .dataset import DatasetError

CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
_SIZE = 32
_RECORD = 1 + 3 * _SIZE * _SIZE
_PARTS = {"train": [f"data_batch_{number}.bin" for number in range(1, 6)], "test": ["test_batch.bin"]}


def read_binary(place: Path, split: str) -> tuple[Tensor, Tensor]:
    """Pictures ``[M, 3, 32, 32]`` (bytes) and labels ``[M]`` of the binary version.

    Args:
        place: Its folder, or the ``.tar.gz`` as it is downloaded.
        split: ``train`` or ``test``.

    Raises:
        DatasetError: if a part is missing, cut off or damaged.
    """
    if place.is_dir():
        found = {name: (place / name).read_bytes() for name in _PARTS[split] if (place / name).is_file()}
    else:
        found = {name.rpartition("/")[2]: data for name, data in read_members(place, tuple(_PARTS[split])).items()}
    for name in _PARTS[split]:
        if name not in found:
            raise DatasetError(f"{place}: holds no {name}; get the binary version of CIFAR-10 again")
        if not found[name] or len(found[name]) % _RECORD:
            raise DatasetError(
                f"{place}: {name} has {len(found[name])} bytes, no multiple of {_RECORD}; it is cut off, get it again"
            )
    table = torch.frombuffer(bytearray(b"".join(found[name] for name in _PARTS[split])), dtype=torch.uint8)
    table = table.reshape(-1, _RECORD)
    return table[:, 1:].reshape(-1, 3, _SIZE, _SIZE).contiguous(), table[:, 0].long()


def read_jpeg_archive(place: Path, split: str, classes: Sequence[str] = CLASSES) -> tuple[Tensor, Tensor]:
    """Pictures ``[M, 3, 32, 32]`` (bytes) and labels ``[M]`` of an archive of ``<split>/<class>/<name>.jpg``.

    Args:
        place: A ``.tar``, however compressed.
        split: ``train`` or ``test``.
        classes: The names of the folders, in the order of the class numbers.

    Raises:
        DatasetError: if the archive or a picture in it is missing, cut off or damaged.
    """
    found = read_members(place, (".jpg",), f"{split}/")
    if not found:
        raise DatasetError(f"{place}: holds no pictures under {split}/; get the archive again")
    pictures = np.empty((len(found), 3, _SIZE, _SIZE), dtype=np.uint8)
    labels: list[int] = []
    for number, name in enumerate(sorted(found)):
        folder = name.split("/")[-2]
        if folder not in classes:
            raise DatasetError(f"{place}: {name} lies in no folder named by a class; expected one of {list(classes)}")
        try:
            pixels = np.asarray(decode_picture(found[name], name).convert("RGB"))
        except PictureError as fault:
            raise DatasetError(f"{place}: {fault}") from None
        if pixels.shape != (_SIZE, _SIZE, 3):
            raise DatasetError(f"{place}: {name} has {pixels.shape[1]} x {pixels.shape[0]} pixels, expected 32 x 32")
        pictures[number] = pixels.transpose(2, 0, 1)
        labels.append(classes.index(folder))
    return torch.from_numpy(pictures), torch.tensor(labels)
