"""A data set of one's own: a folder of pictures or of recordings, surveyed first and then read file by file."""

import warnings
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from logic import Domain

from ..pictures.picture import BRIGHTEST, DEEPEST, PictureError, ScaleWarning, decode_picture
from ..recordings import RecordingWarning, read_events
from .dataset import Dataset, DatasetError
from .layout import Layout, find_files
from .preparation import FITTINGS, Fitting, Preparation

FINEST = 48  # pixels across a recording's frames, unless more are asked for
_MOST_BYTES = 2 << 30  # of all pictures or frames
_TOGETHER = 1 << 16  # pixels that are compared at once
_DEPTHS = (10, 12, 14, 16)  # bits that cameras have; files say 16

Stamp = tuple[str, int, int]  # path, time of the last change, bytes


@dataclass(frozen=True)
class FolderOptions:
    """What may be said of the files of a folder.

    Args:
        resize: Height and width to which all are brought; as they are if none. Frames of recordings are counted on so
            many or fewer pixels across, at most 48 if none.
        fitting: How pictures of another form are: ``pad``, ``crop`` or ``stretch``.
        unit: Of times in tables of events, ``s``, ``ms``, ``us`` or ``ns``.

    Raises:
        DatasetError: if they make no sense.
    """

    resize: int | None = None
    fitting: Fitting = "pad"
    unit: str | None = None

    def __post_init__(self) -> None:
        if self.resize is not None and not 4 <= self.resize <= 2048:
            raise DatasetError(f"pictures are resized to 4 to 2,048 pixels, got {self.resize}")
        if self.fitting not in FITTINGS[1:]:
            raise DatasetError(f"there is no fitting {self.fitting!r}; choose pad, crop or stretch")


def load_folder(place: Path, split: str, steps: int, options: FolderOptions | None = None) -> Dataset:
    """The pictures, or the recordings of an event camera, of a folder, as :func:`.layout.find_files` finds them.

    Pictures are grey if all are, else in colours; 16-bit grey is divided by what the brightest of all asks for (told by
    a warning), what is transparent lies on white, and photographs are turned as they were taken. Recordings are binned
    to frames of the smallest square that holds the cameras of both splits, numbered as in the files.

    Args:
        place: The folder.
        split: ``train``, ``test`` or ``val``.
        steps: Frames per recording, ``T``.
        options: What is said of the files.

    Raises:
        DatasetError: if a part is missing or empty, kinds or sizes are mixed, or a file is damaged.
    """
    options = options or FolderOptions()
    layout = find_files(place)
    if split not in layout.parts:
        raise DatasetError(f"{place}: has no part {split}; it has {', '.join(layout.parts)}")
    chosen = layout.parts[split]
    labels = torch.tensor([layout.classes.index(label) for _, label in chosen])
    preparation = (_for_recordings if layout.recordings else _for_pictures)(layout, steps, options)
    each = _bytes_of(preparation)
    if (total := len(chosen) * each) > _MOST_BYTES:
        raise DatasetError(
            f"{place}: {len(chosen)} times {_told(preparation)} take {total / 2**30:.1f} GiB, above "
            f"{_MOST_BYTES / 2**30:.0f}; give --resize, smaller or fewer files"
        )
    if len(layout.classes) < 2:
        raise DatasetError(
            f"{place}: holds files of one class, {list(layout.classes)}; two are needed to tell them apart"
        )
    samples = _read_all([file for file, _ in chosen], preparation)
    return Dataset(str(place), samples, labels, Domain("class", layout.classes), preparation)


def _bytes_of(preparation: Preparation) -> int:
    height, width = preparation.size
    return height * width * (preparation.steps * 2 * 4 if preparation.steps else preparation.channels)


def _told(preparation: Preparation) -> str:
    height, width = preparation.size
    return f"{preparation.steps} frames of {width} x {height}" if preparation.steps else "pictures"


def _read_all(files: Sequence[Path], preparation: Preparation) -> Tensor:
    """All files, one after the other, into one tensor; warnings of many are told once."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        samples: Tensor | None = None
        for number, file in enumerate(files):
            read = preparation.read(file)
            if samples is None:
                samples = torch.empty(len(files), *read.shape, dtype=read.dtype)
            samples[number] = read
    _retell(caught)
    if samples is None:
        raise DatasetError("there are no files to be read")
    return samples


def _retell(caught: Sequence[warnings.WarningMessage]) -> None:
    """The first warning of each kind, and how many more there are."""
    for kind, count in Counter(one.category for one in caught).items():
        first = next(str(one.message) for one in caught if one.category is kind)
        more = f" (and {count - 1} more files)" if count > 1 and issubclass(kind, RecordingWarning) else ""
        warnings.warn(first + more, kind, stacklevel=3)


def _stamps(layout: Layout) -> tuple[Stamp, ...]:
    """What a survey depends on."""
    found: list[Stamp] = []
    for files in layout.parts.values():
        for file, _ in files:
            told = file.stat()
            found.append((str(file), told.st_mtime_ns, told.st_size))
    return tuple(found)


def _for_recordings(layout: Layout, steps: int, options: FolderOptions) -> Preparation:
    side = _camera(_stamps(layout), options.unit)
    wanted = options.resize or FINEST
    most = max(map(len, layout.parts.values()))
    coarse = -(-side // wanted)
    while options.resize is None and most * steps * 8 * (-(-side // coarse)) ** 2 > _MOST_BYTES and coarse < side:
        coarse += 1
    if coarse > 1 and options.resize is None:
        told = -(-side // coarse)
        warnings.warn(
            f"{layout.place}: events of {side} x {side} pixels are counted on {told} x {told}, each {coarse} across; "
            f"--resize chooses",
            ScaleWarning,
            stacklevel=3,
        )
    size = -(-side // coarse)
    return Preparation(2, (size, size), steps, camera=(side, side), coarse=coarse, unit=options.unit)


@lru_cache(maxsize=4)
def _camera(stamps: tuple[Stamp, ...], unit: str | None) -> int:
    """The side of the smallest square that holds the events and the cameras of all files."""
    side = 1
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RecordingWarning)  # told when they are read for good
        for path, *_ in stamps:
            events = read_events(path, unit)
            side = max(side, 1 + int(events.x.max(initial=0)), 1 + int(events.y.max(initial=0)), *(events.size or ()))
    return side


def _for_pictures(layout: Layout, steps: int, options: FolderOptions) -> Preparation:
    found = _survey(_stamps(layout))
    channels = 1 if found.grey else 3
    brightest = BRIGHTEST
    if found.deep:
        bits = next(bits for bits in _DEPTHS if found.brightest < 1 << bits)
        brightest = (1 << bits) - 1
        warnings.warn(
            f"{layout.place}: {found.deep} pictures have 16 bits a pixel and were divided by {brightest / 255:.4g} "
            f"(the brightest pixel is {found.brightest:,})",
            ScaleWarning,
            stacklevel=3,
        )
    if options.resize is not None:
        size = options.resize, options.resize
        return Preparation(channels, size, fitting=options.fitting, brightest=brightest)
    if found.other is not None:
        sizes = ", ".join(f"{width} x {height}" for height, width in sorted({found.size, found.other[1]}))
        raise DatasetError(
            f"{found.other[0]}: pictures have the sizes {sizes}; scale them to one, for example by --resize 32"
        )
    return Preparation(channels, found.size, brightest=brightest)


@dataclass(frozen=True)
class _Survey:
    """What is true of all pictures.

    Args:
        size: Height and width of the first.
        other: The first that has others, and these.
        grey: Whether none has colours.
        deep: How many are grey of 16 bits.
        brightest: Pixel of these.
    """

    size: tuple[int, int]
    other: tuple[str, tuple[int, int]] | None
    grey: bool
    deep: int
    brightest: int


@lru_cache(maxsize=4)
def _survey(stamps: tuple[Stamp, ...]) -> _Survey:
    """Looks at all pictures, one by one, and lets them go."""
    first, other, grey, deep, brightest = (0, 0), None, True, 0, 0
    for number, (path, *_) in enumerate(stamps):
        picture = _decoded(path)
        size = picture.height, picture.width
        first = first if number else size
        other = other or ((path, size) if size != first else None)
        grey = grey and _is_grey(np.asarray(picture))
        deep += DEEPEST in picture.info
        brightest = max(brightest, int(picture.info.get(DEEPEST, 0)))
    return _Survey(first, other, grey, deep, brightest)


def _is_grey(pixels: NDArray[np.uint8]) -> bool:
    if pixels.ndim == 2:
        return True
    rows = max(1, _TOGETHER // pixels.shape[1])
    parts = (pixels[start : start + rows] for start in range(0, len(pixels), rows))
    return all(bool((part == part[:, :, :1]).all()) for part in parts)


def _decoded(path: str) -> Image.Image:
    try:
        return decode_picture(path, path)
    except PictureError as fault:
        raise DatasetError(str(fault)) from None
