"""Published recordings and spike trains: DVS128 Gesture and CIFAR10-DVS as frames, Heidelberg's spoken words as trains.

References:
    Amir et al., "A Low Power, Fully Event-Based Gesture Recognition System", CVPR 2017 (DVS128 Gesture).
    Li, Liu, Ji, Li and Shi, "CIFAR10-DVS: An Event-Stream Dataset for Object Classification", 2017.
    Cramer, Stradmann, Schemmel and Zenke, "The Heidelberg Spiking Data Sets for the Systematic Evaluation of Spiking
    Neural Networks", TNNLS 2020 (SHD, SSC).
"""

import csv
import gzip
import re
import zlib
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from zipfile import BadZipFile, ZipFile

import numpy as np
import torch
from torch import Tensor

from logic import FileError, whole_file

from ..recordings import Events, bin_events, read_events
from ..recordings.hierarchical import opened, read, within
from .colour import CLASSES
from .dataset import DatasetError

GESTURES = (
    "hand_clapping", "right_hand_wave", "left_hand_wave", "right_arm_clockwise", "right_arm_counter_clockwise",
    "left_arm_clockwise", "left_arm_counter_clockwise", "arm_roll", "air_drums", "air_guitar", "other",
)  # fmt: skip
CAMERA = (128, 128)
_CHANNELS = 700  # of the artificial cochlea
_SECONDS = {"shd": 1.4, "ssc": 1.0}  # that the trains last
_FOR_TEST = 10  # one in so many of CIFAR10-DVS, the last of each class, as is usual
_MOST_BYTES = 2 << 30
_RECORDINGS = (".aedat", ".aedat4")
_CHUNK = 1 << 20  # bytes that are unpacked at a time


def load_gestures(folder: Path, split: str, steps: int, across: int | None) -> tuple[Tensor, Tensor]:
    """Frames ``[M, T, 2, H, W]`` and gestures ``[M]`` of ``<trial>.aedat`` with ``<trial>_labels.csv``.

    Each row of labels is a sample, from its start to its end.

    Args:
        folder: With ``trials_to_train.txt`` and ``trials_to_test.txt``.
        split: ``train`` or ``test``.
        steps: Frames of a gesture.
        across: Pixels across, at most; the camera's 128 if none.

    Raises:
        DatasetError: if a file is missing, damaged or has other labels.
    """
    table = folder / f"trials_to_{split}.txt"
    trials = [line.strip() for line in _lines(table) if line.strip()]
    if not trials:
        raise DatasetError(f"{table}: names no trials; the file is cut off, get it again")
    samples: list[Tensor] = []
    labels: list[int] = []
    cuts = {trial: list(_cuts(folder / Path(trial).name)) for trial in trials}
    coarse = _coarse(sum(map(len, cuts.values())), steps, across, str(folder))
    for trial in trials:
        events = read_events(folder / Path(trial).name)
        for label, start, end in cuts[trial]:
            samples.append(bin_events(_between(events, start, end), steps, CAMERA, coarse=coarse))
            labels.append(label)
    return torch.stack(samples), torch.tensor(labels)


def _lines(file: Path) -> list[str]:
    try:
        return file.read_text("utf-8-sig").splitlines()
    except (OSError, UnicodeError) as fault:
        raise DatasetError(f"{file}: cannot be read ({fault}); unpack the data set there") from None


def _cuts(recording: Path) -> Iterator[tuple[int, int, int]]:
    """Gesture, start and end of each sample of a recording."""
    table = recording.with_name(f"{recording.stem}_labels.csv")
    for number, row in enumerate(csv.reader(_lines(table)[1:]), start=2):
        try:
            label, start, end = (int(cell) for cell in row[:3])
        except ValueError:
            label, start, end = 0, 0, 0
        if not 1 <= label <= len(GESTURES) or start >= end:
            raise DatasetError(f"{table}: line {number} is {','.join(row)!r}, expected class,start,end; get it again")
        yield label - 1, start, end


def _between(events: Events, start: int, end: int) -> Events:
    first, last = np.searchsorted(events.time, [start, end])
    part = slice(int(first), int(last))
    return replace(
        events, time=events.time[part], x=events.x[part], y=events.y[part], bright=events.bright[part]
    )  # fmt: skip


def load_cifar10_dvs(folder: Path, split: str, steps: int, across: int | None) -> tuple[Tensor, Tensor]:
    """Frames ``[M, T, 2, H, W]`` and classes ``[M]`` of ``<class>/<name>_<number>.aedat``.

    There is no split of the publishers; the last tenth of each class, by number, is the test part.

    Args:
        folder: With a folder for each class.
        split: ``train`` or ``test``.
        steps: Frames of a recording.
        across: Pixels across, at most; as many as fit into 2 GiB if none.

    Raises:
        DatasetError: if a class is missing or a file damaged.
    """
    chosen: list[tuple[Path, int]] = []
    for label, name in enumerate(CLASSES):
        files = sorted(
            (file for file in (folder / name).glob("*") if file.suffix in _RECORDINGS),
            key=lambda file: _number(file.stem),
        )
        if not files:
            raise DatasetError(f"{folder / name}: holds no .aedat or .aedat4; unpack {name}.zip there")
        learned = len(files) - max(1, len(files) // _FOR_TEST)
        chosen += [(file, label) for file in (files[:learned] if split == "train" else files[learned:])]
    coarse = _coarse(len(chosen), steps, across, str(folder))
    frames = [bin_events(read_events(file), steps, CAMERA, coarse=coarse) for file, _ in chosen]
    return torch.stack(frames), torch.tensor([label for _, label in chosen])


def _number(name: str) -> tuple[int, str]:
    found = re.findall(r"\d+", name)
    return int(found[-1]) if found else -1, name


def _coarse(count: int, steps: int, across: int | None, source: str) -> int:
    """Pixels that are counted as one, so that all frames fit."""
    coarse = -(-CAMERA[0] // across) if across else 1
    while count * steps * 8 * (-(-CAMERA[0] // coarse)) ** 2 > _MOST_BYTES:
        if across or coarse >= CAMERA[0]:
            raise DatasetError(f"{source}: {count} recordings of {steps} frames do not fit into 2 GiB; ask for fewer")
        coarse += 1
    return coarse


def load_words(name: str, folder: Path, split: str, steps: int) -> tuple[Tensor, Tensor]:
    """Spikes counted in bins, ``[M, T, 700]``, and the words' numbers ``[M]`` of ``<name>_<split>.h5``.

    Args:
        name: ``shd`` or ``ssc``.
        folder: With the files.
        split: ``train`` or ``test``, of SSC also ``val``.
        steps: Bins, ``T``; together they last 1.4 s (SHD) or 1 s (SSC), and later spikes are counted in the last.

    Raises:
        DatasetError: if the file is missing or damaged, or the trains do not fit into memory.
    """
    file = folder / f"{name}_{'valid' if split == 'val' else split}.h5"
    if not file.is_file():
        _unpack(file)
    with opened(file) as content:
        found, times, units = (within(content, key) for key in ("labels", "spikes/times", "spikes/units"))
        labels = np.asarray(read(found, f"{file}: labels")).astype(np.int64).ravel()
        if not len(labels) == len(times) == len(units):
            raise DatasetError(f"{file}: {len(labels)} labels for {len(times)} and {len(units)} trains; get it again")
        if (total := len(labels) * steps * _CHANNELS * 4) > _MOST_BYTES:
            raise DatasetError(
                f"{file}: {len(labels):,} trains of {steps} steps take {total / 2**30:.1f} GiB, above 2; ask for "
                f"fewer steps"
            )
        trains = torch.zeros(len(labels), steps * _CHANNELS)
        for number in range(len(labels)):
            trains[number] = _train(times[number], units[number], steps, _SECONDS[name], f"{file}: sample {number}")
    return trains.unflatten(1, (steps, _CHANNELS)), torch.from_numpy(labels)


def _unpack(file: Path) -> None:
    """Makes a file out of the ``.zip`` or ``.gz`` that it is published as.

    Raises:
        DatasetError: if there is none, or it is damaged or larger than any.
    """
    packed = next((one for ending in (".zip", ".gz") if (one := file.with_name(file.name + ending)).is_file()), None)
    if packed is None:
        raise DatasetError(f"{file}: there is no such file; put it, or the published {file.name}.zip, there")
    try:
        with ExitStack() as stack:
            if packed.suffix == ".gz":
                source = stack.enter_context(gzip.open(packed))
            else:
                source = stack.enter_context(stack.enter_context(ZipFile(packed)).open(file.name))
            with whole_file(file) as place, place.open("wb") as target:
                for _ in range(_MOST_BYTES // _CHUNK):
                    if not (part := source.read(_CHUNK)):
                        return
                    target.write(part)
                raise ValueError(f"it holds more than {_MOST_BYTES:,} bytes")
    except (
        KeyError,
        EOFError,
        ValueError,
        RuntimeError,
        NotImplementedError,
        BadZipFile,
        zlib.error,
        OSError,
    ) as fault:
        if isinstance(fault, FileError):
            raise
        raise DatasetError(f"{packed}: cannot be unpacked ({' '.join(str(fault).split())}); get it again") from None


def _train(times: Sequence[float], units: Sequence[int], steps: int, seconds: float, source: str) -> Tensor:
    """One train, counted."""
    time, unit = np.asarray(times, np.float64), np.asarray(units).astype(np.int64)
    if (
        len(time) != len(unit)
        or not np.isfinite(time).all()
        or (len(unit) and not 0 <= unit.min() <= unit.max() < _CHANNELS)
    ):
        raise DatasetError(f"{source} holds times or channels that are none of {_CHANNELS}; get the file again")
    step = np.clip(time * (steps / seconds), 0, steps - 1).astype(np.int64)
    counts = np.bincount(step * _CHANNELS + unit, minlength=steps * _CHANNELS)
    return torch.from_numpy(counts).to(torch.float32)
