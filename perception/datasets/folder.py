"""A data set of one's own: a folder with ``train`` and ``test``, in each a folder for each class, in that the files."""

import warnings
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from logic import Domain

from ..pictures.picture import SCALE, PictureError, ScaleWarning, decode_picture
from ..recordings import RECORDINGS, Events, bin_events, read_events
from .dataset import Dataset, DatasetError

_RECORDINGS = RECORDINGS
_PICTURES = (".bmp", ".jpeg", ".jpg", ".png")
_SPLITS = ("train", "test")
_MOST_BYTES = 2 << 30  # of all pictures or frames


def load_folder(place: Path, split: str, steps: int) -> Dataset:
    """The pictures, or the recordings of an event camera, of a folder ``<split>/<class>/<file>``.

    Pictures are of one size, grey if all are, else in colours; 16-bit grey is divided by 257, what is transparent lies
    on white, and photographs are turned as they were taken. Recordings are binned to frames of the smallest square
    that holds the events of both splits, numbered as in the files.

    Args:
        place: The folder.
        split: ``train`` or ``test``.
        steps: Frames per recording, ``T``.

    Raises:
        DatasetError: if a part is missing or empty, kinds or sizes are mixed, or a file is damaged.
    """
    for name in _SPLITS:
        if not (place / name).is_dir():
            raise DatasetError(f"{place}: holds no folder {name}; put the files into {name}/<class>/")
    classes = sorted(folder.name for folder in (place / "train").iterdir() if folder.is_dir())
    files = {name: _files(place / name, classes) for name in _SPLITS}
    kinds = {file.suffix.lower() in _RECORDINGS for found in files.values() for file in found}
    if len(kinds) == 2:
        raise DatasetError(f"{place}: holds both pictures and recordings; keep them apart")
    pictures = _recordings(files, split, steps) if kinds.pop() else _pictures(files, split)
    labels = torch.tensor([classes.index(file.parent.name) for file in files[split]])
    return Dataset(str(place), pictures, labels, Domain("class", classes))


def _files(folder: Path, classes: list[str]) -> list[Path]:
    found = sorted(f for f in folder.glob("*/*") if f.suffix.lower() in (*_RECORDINGS, *_PICTURES))
    if not found:
        raise DatasetError(f"{folder}: holds no <class>/<file> ending in {', '.join((*_PICTURES, *_RECORDINGS))}")
    if strange := [file for file in found if file.parent.name not in classes]:
        raise DatasetError(f"{strange[0]}: its class has no folder in train; there are {', '.join(classes)}")
    return found


def _recordings(files: dict[str, list[Path]], split: str, steps: int) -> Tensor:
    read = {name: [read_events(file) for file in found] for name, found in files.items()}
    side = 1 + max(_furthest(events) for found in read.values() for events in found)
    _check_size(files[split], steps * 2 * side * side * 4, f"{steps} frames of {side} x {side}")
    return torch.stack([bin_events(events, steps, (side, side)) for events in read[split]])


def _furthest(events: Events) -> int:
    return max(int(events.x.max(initial=0)), int(events.y.max(initial=0)))


def _pictures(files: dict[str, list[Path]], split: str) -> Tensor:
    """The pictures of a split; those of the other one are looked at, one by one, and let go."""
    first = _decoded(files[split][0])
    size = first.height, first.width
    _check_size(files[split], 3 * first.width * first.height, "pictures")
    chosen = np.empty((len(files[split]), 1, *size), np.uint8)
    scaled = 0
    own = {file: number for number, file in enumerate(files[split])}
    for file in (*(file for name, found in files.items() if name != split for file in found), *own):
        picture = _decoded(file)
        if (picture.height, picture.width) != size:
            told = ", ".join(f"{width} x {height}" for height, width in sorted({size, (picture.height, picture.width)}))
            raise DatasetError(f"{file}: pictures have the sizes {told}; scale them to one")
        scaled += SCALE in picture.info
        pixels = np.asarray(picture)
        if chosen.shape[1] == 1 and not _is_grey(pixels):
            chosen = np.repeat(chosen, 3, axis=1)
        if file in own:
            chosen[own[file]] = pixels if pixels.ndim == 2 else np.moveaxis(pixels, -1, 0)[: chosen.shape[1]]
    if scaled:
        place = files[split][0].parent.parent.parent
        warnings.warn(f"{place}: {scaled} pictures have 16 bits a pixel and were divided by 257", ScaleWarning, 2)
    return torch.from_numpy(chosen)


def _is_grey(pixels: NDArray[np.uint8]) -> bool:
    return pixels.ndim == 2 or all(bool((row == row[:, :1]).all()) for row in pixels)


def _decoded(file: Path) -> Image.Image:
    try:
        return decode_picture(file, str(file))
    except PictureError as fault:
        raise DatasetError(str(fault)) from None


def _check_size(files: list[Path], each: int, what: str) -> None:
    """Refuses what would not fit into memory, before it is made."""
    if (total := len(files) * each) > _MOST_BYTES:
        raise DatasetError(
            f"{files[0].parent.parent}: {len(files)} times {what} take {total / 2**30:.1f} GiB, "
            f"above {_MOST_BYTES / 2**30:.0f}; give smaller or fewer files"
        )
