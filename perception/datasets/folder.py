"""A data set of one's own: a folder with ``train`` and ``test``, in each a folder for each class, in that the files."""

from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from logic import Domain, NeurosymError

from ..pictures.picture import MOST_PIXELS
from .dataset import Dataset, DatasetError
from .events import Events, bin_events, read_events

_RECORDINGS = (".aedat", ".bin", ".bs2", ".npy")
_PICTURES = (".bmp", ".jpeg", ".jpg", ".png")
_SPLITS = ("train", "test")


def load_folder(place: Path, split: str, steps: int) -> Dataset:
    """The pictures, or the recordings of an event camera, of a folder ``<split>/<class>/<file>``.

    Pictures are of one size, grey if all are, else in colours. Recordings are binned to frames of the smallest square
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
    return torch.stack([bin_events(events, steps, (side, side)) for events in read[split]])


def _furthest(events: Events) -> int:
    return max(int(events.x.max(initial=0)), int(events.y.max(initial=0)))


def _pictures(files: dict[str, list[Path]], split: str) -> Tensor:
    read = {file: _pixels(file) for found in files.values() for file in found}
    shapes = {pixels.shape[:2] for pixels in read.values()}
    if len(shapes) > 1:
        sizes = ", ".join(f"{width} x {height}" for height, width in sorted(shapes)[:3])
        raise DatasetError(f"{files[split][0].parent.parent}: pictures have the sizes {sizes}; scale them to one")
    grey = all((pixels == pixels[:, :, :1]).all() for pixels in read.values())
    chosen = np.stack([read[file] for file in files[split]])
    return torch.from_numpy(chosen[..., : 1 if grey else 3].transpose(0, 3, 1, 2).copy())


def _pixels(file: Path) -> np.ndarray:
    try:
        with Image.open(file) as picture:
            if picture.width * picture.height > MOST_PIXELS:
                raise DatasetError(
                    f"{file}: {picture.width} x {picture.height} pixels are too many; scale it down first"
                )
            return np.asarray(picture.convert("RGB"))
    except NeurosymError:
        raise
    except Exception as fault:  # the readers of Pillow raise what their formats happen to make of damaged bytes
        raise DatasetError(f"{file}: is damaged or no picture ({fault}); get the file again") from None
