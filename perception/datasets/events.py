"""Recordings of event cameras: N-MNIST's .bin, AEDAT 2.0 and 3.1 and .npy to streams of events, and streams to frames.

References:
    Orchard et al., "Converting static image datasets to spiking neuromorphic datasets using saccades", 2015 (.bin).
    iniVation, "AEDAT file formats" (2.0: 32-bit address and time; 3.1: packets of polarity events).
"""

import re
import struct
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from .dataset import DatasetError

LARGEST_SIDE = 2048  # pixels; today's largest event camera has 1280 x 960
_MOST_BYTES = 1 << 27  # of a file; an event takes up to eight times as much in memory
_OVERFLOW_ROW = 240
_HEADER_LINE = re.compile(rb"#[\t\x20-\x7e]*\r?\n")  # of AEDAT 2; an event may begin with '#', too
_LATEST = 2**53  # microseconds; 285 years
_POLARITY_EVENT = 1
_PACKET_HEADER = struct.Struct("<hhiiiiii")  # kind, source, event size, time offset, overflow, capacity, number, valid


@dataclass(frozen=True, eq=False)
class Events:
    """A recording: what changed where and when, in the order of time.

    Args:
        time: Microseconds, ``[E]``, never falling.
        x: Columns ``[E]``.
        y: Rows ``[E]``.
        bright: 1 where it became brighter, 0 where darker, ``[E]``.
    """

    time: NDArray[np.int64]
    x: NDArray[np.int64]
    y: NDArray[np.int64]
    bright: NDArray[np.int64]


def read_events(path: str | Path) -> Events:
    """The events of a file, by the ending of its name.

    ``.bin`` and ``.bs2`` hold 40-bit events, ``.aedat`` says its version in its first line, and ``.npy`` holds a table
    ``[E, 4]`` or a structured array, with the columns ``t`` (microseconds, whole numbers), ``x``, ``y`` and ``p``. Rows
    and columns are numbered as in the file; cameras that count from below stay upside down.

    Raises:
        DatasetError: if the file is missing, too large, of an unknown format, cut off or damaged, or holds events that
            no camera sends.

    Example:
        >>> from tempfile import TemporaryDirectory
        >>> with TemporaryDirectory() as folder:
        ...     np.save(f"{folder}/two.npy", np.array([[5, 1, 2, 1], [9, 3, 4, 0]]))  # t, x, y, p
        ...     found = read_events(f"{folder}/two.npy")
        >>> found.time.tolist(), found.bright.tolist()
        ([5, 9], [1, 0])
    """
    path = Path(path)
    try:
        if (size := path.stat().st_size) > _MOST_BYTES:
            raise DatasetError(f"{path}: has {size:,} bytes, above {_MOST_BYTES:,}; cut the recording into parts")
        if path.suffix == ".npy":
            return _from_table(path)
        data = path.read_bytes()
    except FileNotFoundError:
        raise DatasetError(f"{path}: there is no such file; check the path") from None
    except OSError as fault:
        raise DatasetError(f"{path}: cannot be read as events ({fault}); get the file again") from None
    if path.suffix in (".bin", ".bs2"):
        return parse_compact(data, str(path))
    if data.startswith(b"#!AER-DAT2.0"):
        return _parse_aedat2(data, str(path))
    if data.startswith(b"#!AER-DAT3.1"):
        return _parse_aedat3(data, str(path))
    raise DatasetError(
        f"{path}: is no recording in a known format (it starts with {data[:12]!r}); "
        f"give a .bin, .bs2, .npy, AEDAT 2.0 or AEDAT 3.1 file"
    )


def bin_events(events: Events, steps: int, size: tuple[int, int], duration: int | None = None) -> Tensor:
    """Events counted in frames of equal duration.

    Args:
        events: The recording.
        steps: Number of frames, ``T``.
        size: Height and width of the camera.
        duration: Microseconds that the frames cover from the first event on; the whole recording if none. Later
            events are left out.

    Returns:
        Counts ``[T, 2, H, W]`` as floats; polarity 0 is towards dark, 1 towards bright.

    Raises:
        DatasetError: if there are no steps or an event lies outside the camera.

    Example:
        >>> time, x, y, bright = (np.array(column) for column in ([0, 10, 90], [2, 2, 0], [1, 1, 0], [1, 1, 0]))
        >>> frames = bin_events(Events(time, x, y, bright), steps=2, size=(2, 3), duration=100)
        >>> frames.shape, frames[0, 1, 1, 2].item(), frames[1, 0, 0, 0].item()
        (torch.Size([2, 2, 2, 3]), 2.0, 1.0)
    """
    height, width = size
    if steps < 1 or (duration is not None and duration < 1):
        raise DatasetError(f"steps and duration must be at least 1, got {steps} and {duration}")
    frames = torch.zeros(steps, 2, height, width)
    if not len(events.time):
        return frames
    outside = (events.x < 0) | (events.x >= width) | (events.y < 0) | (events.y >= height)
    if outside.any():
        first = int(outside.argmax())
        raise DatasetError(
            f"event {first} lies at column {events.x[first]}, row {events.y[first]}, outside the camera of "
            f"{width} x {height}; give the camera's size"
        )
    since = events.time - events.time[0]
    step = since * steps // (duration or int(since[-1]) + 1)
    inside = step < steps
    place = ((step * 2 + events.bright) * height + events.y) * width + events.x
    counts = np.bincount(place[inside], minlength=frames.numel())
    return torch.from_numpy(counts).to(torch.float32).reshape(frames.shape)


def parse_compact(data: bytes, source: str) -> Events:
    """40-bit big-endian events: a byte for x, one for y, one bit of polarity, 23 bits of microseconds.

    An event in row 240, which the camera does not have, is a marker of an overflow: 2^13 microseconds are added to the
    times from there on.

    Raises:
        DatasetError: if the number of bytes is no multiple of five.
    """
    if len(data) % 5:
        raise DatasetError(f"{source}: {len(data)} bytes are no whole number of 5-byte events; the file is cut off")
    table = np.frombuffer(data, np.uint8).reshape(-1, 5).astype(np.int64)
    marker = table[:, 1] == _OVERFLOW_ROW
    time = ((table[:, 2] & 0x7F) << 16 | table[:, 3] << 8 | table[:, 4]) + (np.cumsum(marker) << 13)
    table, time = table[~marker], time[~marker]
    return _checked(time, table[:, 0], table[:, 1], table[:, 2] >> 7, source)


def _checked(
    time: NDArray[np.int64], x: NDArray[np.int64], y: NDArray[np.int64], bright: NDArray[np.int64], source: str
) -> Events:
    """A recording of any format, if a camera can have sent it in this order."""
    outside = (x < 0) | (x >= LARGEST_SIDE) | (y < 0) | (y >= LARGEST_SIDE)
    if outside.any():
        place = int(outside.argmax())
        raise DatasetError(
            f"{source}: event {place} lies at column {x[place]}, row {y[place]}; cameras have at most {LARGEST_SIDE} "
            f"of each, so the file is damaged or its columns are not t, x, y and p"
        )
    if len(time) and not -_LATEST < time.min() <= time.max() < _LATEST:
        raise DatasetError(f"{source}: its times reach from {time.min()} to {time.max()} microseconds; it is damaged")
    if len(time) and (np.diff(time) < 0).any():
        place = int((np.diff(time) < 0).argmax()) + 1
        raise DatasetError(
            f"{source}: event {place} comes at {time[place]} us, before the one in front of it; the file is damaged"
        )
    return Events(time, x, y, bright)


def _from_table(path: Path) -> Events:
    table = _load_table(path)
    names = table.dtype.names
    if names is not None and {"t", "x", "y", "p"} <= set(names):
        columns = [table[name] for name in "txyp"]
    elif names is None and table.ndim == 2 and table.shape[1] == 4:
        columns = list(table.T)
    else:
        raise DatasetError(
            f"{path}: has the shape {list(table.shape)} and the columns {names}; expected [E, 4] or t, x, y and p"
        )
    time, x, y, p = (
        _whole(np.asarray(column), name, path) for column, name in zip(columns, ("times", "x", "y", "p"), strict=True)
    )
    return _checked(time, x, y, (p > 0).astype(np.int64), str(path))


def _load_table(path: Path) -> NDArray[Any]:
    """The array of a ``.npy`` file, whose header is held against the size of the file before it is read."""
    try:
        with path.open("rb") as file:
            version = np.lib.format.read_magic(file)
            read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
            shape, _, kind = read(file)
            stated, left = prod(shape) * kind.itemsize, path.stat().st_size - file.tell()
            if kind.hasobject or stated > left:
                raise ValueError(f"it states {stated:,} bytes of {kind} and holds {left:,}")
            file.seek(0)
            return np.load(file, allow_pickle=False)
    except OSError:
        raise
    except Exception as fault:  # a damaged header is parsed as Python, which has many ways to fail
        reason = " ".join(str(fault).split())[:200]
        raise DatasetError(f"{path}: cannot be read as a table of events ({reason}); get the file again") from None


def _whole(column: NDArray[Any], name: str, path: Path) -> NDArray[np.int64]:
    """A column of whole numbers."""
    if column.ndim != 1 or column.dtype.kind not in "biuf":
        raise DatasetError(f"{path}: its {name} are {column.dtype} of shape {list(column.shape)}, expected numbers [E]")
    with np.errstate(invalid="ignore"):
        found = column.astype(np.int64)
    strange = found != column
    if strange.any():
        raise DatasetError(
            f"{path}: its {name} hold {column[strange][0]}, expected whole numbers; times are microseconds: multiply "
            f"seconds by 1,000,000, round and save them again"
        )
    return found


def _parse_aedat2(data: bytes, source: str) -> Events:
    """Pairs of 32-bit big-endian address and time; the address of a DVS128, or of a DAVIS if the header names one."""
    start = 0
    while line := _HEADER_LINE.match(data, start):
        start = line.end()
        if line.group().startswith(b"#End Of ASCII Header"):
            break
    if (len(data) - start) % 8:
        raise DatasetError(f"{source}: {len(data) - start} bytes are no whole number of 8-byte events; it is cut off")
    table = np.frombuffer(data, ">u4", offset=start).astype(np.int64).reshape(-1, 2)
    if re.search(rb"davis", data[:start], re.IGNORECASE):
        table = table[(table[:, 0] >> 31 | table[:, 0] >> 10 & 1) == 0]  # neither a grey value nor a trigger
        address = table[:, 0]
        x, y, bright = address >> 12 & 0x3FF, address >> 22 & 0x1FF, address >> 11 & 1
    else:
        address = table[:, 0]
        x, y, bright = address >> 1 & 0x7F, address >> 8 & 0x7F, 1 - (address & 1)  # a DVS128 sends 0 for brighter
    return _checked(table[:, 1], x, y, bright, source)


def _parse_aedat3(data: bytes, source: str) -> Events:
    """Packets with a little-endian header each; events other than polarity events and invalid ones are passed over."""
    mark = b"#!END-HEADER"
    place = data.find(b"\n", data.find(mark)) + 1
    if mark not in data or not place:
        raise DatasetError(f"{source}: the header has no end; the file is cut off or damaged")
    found = [np.empty((0, 2), dtype=np.int64)]
    while place < len(data):
        if len(data) - place < _PACKET_HEADER.size:
            raise DatasetError(f"{source}: the packet at byte {place} is cut off; get the file again")
        kind, _, size, _, overflow, _, count, _ = _PACKET_HEADER.unpack_from(data, place)
        place += _PACKET_HEADER.size
        if size < 0 or count < 0 or place + size * count > len(data):
            raise DatasetError(f"{source}: the packet before byte {place} is cut off; get the file again")
        if kind == _POLARITY_EVENT:
            if size != 8:
                raise DatasetError(f"{source}: polarity events of {size} bytes, expected 8; the file is damaged")
            packet = np.frombuffer(data, "<u4", 2 * count, place).astype(np.int64).reshape(-1, 2)
            packet[:, 1] += overflow << 31
            found.append(packet[packet[:, 0] & 1 == 1])
        place += size * count
    table = np.concatenate(found)
    return _checked(table[:, 1], table[:, 0] >> 17 & 0x7FFF, table[:, 0] >> 2 & 0x7FFF, table[:, 0] >> 1 & 1, source)
