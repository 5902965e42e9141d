"""Events as tables of numbers: ``.npy``, ``.npz`` and ``.csv`` or ``.txt``, by the names of their columns."""

import zipfile
from collections.abc import Mapping, Sequence
from math import prod
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from .events import MOST_BYTES, Events, RecordingError, to_events, unwrapped

UNITS: Mapping[str, float] = {"s": 1e6, "ms": 1e3, "us": 1.0, "ns": 1e-3}
"""Microseconds of a unit of time."""

_NAMES = {
    "t": ("t", "ts", "time", "times", "timestamp", "timestamps", "t_us"),
    "x": ("x", "xs", "x_pos", "column"),
    "y": ("y", "ys", "y_pos", "row"),
    "p": ("p", "ps", "pol", "polarity", "polarities", "on"),
}
_PARTS = 64  # arrays of an archive
_LOOKED_AT = 1 << 20  # events whose polarities are counted


def find_columns(names: Sequence[str]) -> dict[str, str] | None:
    """Which of the names is t, x, y and p; none if one of these is missing.

    Example:
        >>> find_columns(["ts", "xs", "ys", "ps"])
        {'t': 'ts', 'x': 'xs', 'y': 'ys', 'p': 'ps'}
    """
    given = {name.lower(): name for name in names}
    found = {column: given[name] for column, known in _NAMES.items() for name in reversed(known) if name in given}
    return found if len(found) == len(_NAMES) else None


def from_npy(path: Path, unit: str | None) -> Events:
    """The events of a table ``[E, 4]`` or of a structured array.

    Raises:
        RecordingError: if it is none of these, or damaged.
    """
    with path.open("rb") as file:
        return from_array(_load(file, path.stat().st_size, str(path)), str(path), unit)


def from_npz(path: Path, unit: str | None) -> Events:
    """The events of an archive that holds one array, or one for each column.

    Raises:
        RecordingError: if it holds neither, or is damaged.
    """
    source = str(path)
    try:
        with zipfile.ZipFile(path) as archive:
            members = {one.filename.removesuffix(".npy"): one for one in archive.infolist()[:_PARTS]}
            columns = find_columns(list(members))
            wanted = list(columns.values()) if columns else list(members) if len(members) == 1 else []
            wanted = wanted or [name for name in members if name in ("events", "data")]
            if sum(members[name].file_size for name in wanted) > MOST_BYTES:
                raise RecordingError(f"{source}: holds more than {MOST_BYTES:,} bytes; cut the recording into parts")
            arrays: dict[str, NDArray[Any]] = {}
            for name in wanted:
                with archive.open(members[name]) as file:
                    arrays[name] = _load(file, members[name].file_size, f"{source}: {name}")
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, ValueError, OSError) as fault:
        if isinstance(fault, RecordingError):
            raise
        raise RecordingError(
            f"{source}: the archive is damaged ({' '.join(str(fault).split())}); get it again"
        ) from None
    if columns:
        return from_columns({column: arrays[name] for column, name in columns.items()}, source, unit)
    if len(arrays) == 1:
        return from_array(next(iter(arrays.values())), source, unit)
    raise RecordingError(
        f"{source}: holds {', '.join(members) or 'nothing'}; expected one array 'events' or the arrays t, x, y and p"
    )


def from_text(path: Path, unit: str | None) -> Events:
    """The events of a text of four columns: named in its first line, else t, x, y and p.

    Raises:
        RecordingError: if it is none.
    """
    source = str(path)
    try:
        text = path.read_text("utf-8-sig")
        first = text.lstrip("\n").partition("\n")[0].lstrip("# ")
        names = [name.strip() for name in (first.split(",") if "," in first else first.split())]
        columns = find_columns(names)
        lines = [line for line in text.splitlines()[1 if columns else 0 :] if line.strip() and line[0] != "#"]
        table = np.loadtxt(lines, delimiter="," if "," in (lines or [""])[0] else None, ndmin=2, dtype=np.float64)
    except (ValueError, UnicodeError) as fault:
        raise RecordingError(f"{source}: is no table of events ({' '.join(str(fault).split())[:200]})") from None
    if columns and table.shape[1] == len(names):
        return from_columns({one: table[:, names.index(name)] for one, name in columns.items()}, source, unit)
    return from_array(table, source, unit)


def _load(file: IO[bytes], size: int, source: str) -> NDArray[Any]:
    """An array, whose header is held against the size of the file before it is read."""
    try:
        version = np.lib.format.read_magic(file)
        read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        shape, columns_first, kind = read(file)
        stated, left = prod(shape) * kind.itemsize, size - file.tell()
        if kind.hasobject or stated > left or min(shape, default=0) < 0:
            raise ValueError(f"it states {stated:,} bytes of {kind} and holds {left:,}")
        flat = np.frombuffer(file.read(stated), kind)
        return flat.reshape(shape, order="F" if columns_first else "C")
    except OSError:
        raise
    except Exception as fault:  # a damaged header is parsed as Python, which has many ways to fail
        reason = " ".join(str(fault).split())[:200]
        raise RecordingError(f"{source}: cannot be read as a table of events ({reason}); get the file again") from None


def from_array(table: NDArray[Any], source: str, unit: str | None) -> Events:
    """The events of a table ``[E, 4]`` or of a structured array.

    Raises:
        RecordingError: if it is neither, or its columns are in another order.
    """
    if table.dtype.names and (columns := find_columns(table.dtype.names)):
        return from_columns({one: table[name] for one, name in columns.items()}, source, unit)
    if table.dtype.names or table.ndim != 2 or table.shape[1] != 4:
        raise RecordingError(
            f"{source}: has the shape {list(table.shape)} and the columns {table.dtype.names}; expected [E, 4] or t, "
            f"x, y and p"
        )
    columns = dict(zip("txyp", table.T, strict=True))
    if table.dtype.kind in "biuf":
        _check_order(columns, source)
    return from_columns(columns, source, unit)


def _check_order(columns: Mapping[str, NDArray[Any]], source: str) -> None:
    """Refuses a table without names whose columns are evidently in another order."""
    steps = {name: np.diff(column.astype(np.float64)) for name, column in columns.items()}
    values = len(np.unique(columns["p"][:_LOOKED_AT]))
    if values > 2:
        reason = f"the last holds {values} values, expected the two polarities"
    elif (steps["t"] < 0).any() and any((steps[one] >= 0).all() and steps[one].any() for one in "xyp"):
        reason = "the first is in no order and another is"
    else:
        return
    raise RecordingError(
        f"{source}: its columns are not t, x, y and p ({reason}); save them in this order, or as a structured array "
        f"with these names"
    )


def from_columns(columns: Mapping[str, NDArray[Any]], source: str, unit: str | None) -> Events:
    """The events of four columns by name.

    Args:
        columns: ``t``, ``x``, ``y`` and ``p``; what is above 0 in ``p`` is brighter.
        source: What an error calls them.
        unit: Of the time, one of :data:`UNITS`; microseconds if left out, in whole numbers.

    Raises:
        RecordingError: if the columns do not fit together or hold other than numbers.
    """
    if len({len(np.atleast_1d(column)) for column in columns.values()}) > 1:
        told = ", ".join(f"{len(np.atleast_1d(column))} {name}" for name, column in columns.items())
        raise RecordingError(f"{source}: its columns differ in length ({told}); the file is damaged")
    time = columns["t"]
    if unit in (None, "us") or time.ndim != 1 or time.dtype.kind not in "iuf":
        time = _whole(time, "times", source)
        time = unwrapped(time, 32) if columns["t"].dtype.kind in "iu" and columns["t"].dtype.itemsize == 4 else time
    else:
        if not np.isfinite(time).all():
            raise RecordingError(f"{source}: its times hold NaN or infinite values; the file is damaged")
        if time.dtype.kind == "f":
            time = time.astype(np.float64)
        first = time[:1] * 0 if not len(time) or abs(float(time[0])) < 2**31 else time[:1]  # clocks since 1970
        time = np.rint((time - first) * UNITS[unit or "us"])
        if len(time) and not np.abs(time).max() < 2**53:
            raise RecordingError(f"{source}: its times last {time.max() - time.min():.3g} us; they are of another unit")
        time = time.astype(np.int64)
    x, y, p = (_whole(columns[name], name, source) for name in "xyp")
    return to_events(time, x, y, (p > 0).astype(np.uint8), source)


def _whole(column: NDArray[Any], name: str, source: str) -> NDArray[np.int64]:
    """A column of whole numbers."""
    if column.ndim != 1 or column.dtype.kind not in "biuf":
        raise RecordingError(
            f"{source}: its {name} are {column.dtype} of shape {list(column.shape)}, expected numbers [E]"
        )
    with np.errstate(invalid="ignore"):
        found = column.astype(np.int64)
    strange = found != column
    if strange.any():
        value = column[strange][0]
        remedy = (
            "microseconds; say the unit of these: --time-unit s, ms or ns (unit='s'), or multiply seconds by "
            "1,000,000, round and save them again"
            if name == "times"
            else "pixels, numbered from 0, and polarities; the columns may be in another order than t, x, y and p"
        )
        raise RecordingError(f"{source}: its {name} hold {value}, expected whole numbers, {remedy}")
    return found
