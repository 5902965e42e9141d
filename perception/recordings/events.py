"""A recording of an event camera: what changed where and when, in the order of time, whatever the file was."""

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from logic import NeurosymError

LARGEST_SIDE = 2048  # pixels; today's largest event camera has 1280 x 960
MOST_BYTES = 1 << 27  # of a recording, packed or not
_LATEST = 2**53  # microseconds; 285 years

Numbers = NDArray[np.integer[Any]]


class DatasetError(NeurosymError, ValueError):
    """A data set that is unknown, missing, damaged or does not fit together; the text names the file and the remedy."""


class RecordingError(DatasetError):
    """A recording that cannot be read, or holds what no camera sends."""


class RecordingWarning(UserWarning):
    """A recording that was mended while it was read; the text says how."""


@dataclass(frozen=True, eq=False)
class Events:
    """A recording: what changed where and when, in the order of time.

    Args:
        time: Microseconds, ``[E]``, never falling.
        x: Columns ``[E]``.
        y: Rows ``[E]``.
        bright: 1 where it became brighter, 0 where darker, ``[E]``.
        size: Height and width of the camera, if the file tells them.
    """

    time: Numbers
    x: Numbers
    y: Numbers
    bright: Numbers
    size: tuple[int, int] | None = None

    def __len__(self) -> int:
        return len(self.time)


def unwrapped(time: Numbers, bits: int) -> NDArray[np.int64]:
    """Times of a counter of so many bits that began again from its least value whenever it was full.

    A fall of at least half of its range is taken for that; a smaller one is an event that came late.

    Example:
        >>> unwrapped(np.array([250, 255, 3, 1, 9], dtype=np.uint8), 8).tolist()
        [250, 255, 259, 257, 265]
    """
    time = time.astype(np.int64)
    steps = np.diff(time)
    half, full = 1 << bits - 1, 1 << bits
    turns = np.cumsum((steps <= -half).astype(np.int64) - (steps >= half))  # back, if an event of before comes late
    turns -= np.minimum(np.minimum.accumulate(turns), 0) if len(turns) else 0  # a long pause is no turn back
    return np.concatenate([time[:1], time[1:] + turns * full])


def to_events(
    time: Numbers, x: Numbers, y: Numbers, bright: Numbers, source: str, size: tuple[int, int] | None = None
) -> Events:
    """A recording of any format, put into the order of time, if a camera can have sent it.

    Warns:
        RecordingWarning: if events came out of order.

    Raises:
        RecordingError: if an event lies outside of any camera, or of the one that the file tells, or of all time.
    """
    height, width = size or (LARGEST_SIDE, LARGEST_SIDE)
    if not 0 < height <= LARGEST_SIDE or not 0 < width <= LARGEST_SIDE:
        raise RecordingError(f"{source}: states a camera of {width} x {height} pixels; the file is damaged")
    outside = (x < 0) | (x >= width) | (y < 0) | (y >= height)
    if outside.any():
        place = int(outside.argmax())
        camera = f"its camera has {width} x {height}" if size else f"cameras have at most {LARGEST_SIDE} of each"
        raise RecordingError(
            f"{source}: event {place} lies at column {x[place]}, row {y[place]}; {camera}, so the file is damaged or "
            f"its columns are not t, x, y and p"
        )
    if len(time) and not -_LATEST < time.min() <= time.max() < _LATEST:
        raise RecordingError(
            f"{source}: its times reach from {time.min()} to {time.max()} microseconds; the file is damaged, or times "
            f"are of another unit (--time-unit ns)"
        )
    if late := int((np.diff(time) < 0).sum()):
        warnings.warn(
            f"{source}: {late:,} of {len(time):,} events came after a later one; they were put into the order of time",
            RecordingWarning,
            stacklevel=2,
        )
        order = np.argsort(time, kind="stable")
        time, x, y, bright = time[order], x[order], y[order], bright[order]
    return Events(time.astype(np.int64), x.astype(np.int16), y.astype(np.int16), bright.astype(np.uint8), size)
