"""Recordings by the endings of their names and by how they begin."""

from collections.abc import Callable, Mapping
from pathlib import Path

from .aedat import parse_aedat2, parse_aedat3
from .aedat4 import MAGIC, parse_aedat4
from .compact import parse_compact
from .events import MOST_BYTES, Events, RecordingError
from .hierarchical import from_hdf5
from .prophesee import parse_dat, parse_raw
from .tables import UNITS as UNITS, from_npy, from_npz, from_text

_TABLES: Mapping[str, Callable[[Path, str | None], Events]] = {
    ".npy": from_npy, ".npz": from_npz, ".csv": from_text, ".txt": from_text,
    ".h5": from_hdf5, ".hdf5": from_hdf5,
}  # fmt: skip
_STREAMS: Mapping[str, Callable[[bytes, str], Events]] = {
    ".bin": parse_compact, ".bs2": parse_compact, ".dat": parse_dat, ".raw": parse_raw
}  # fmt: skip
_MARKS = (
    (MAGIC.strip(), parse_aedat4),
    (b"#!AER-DAT3.1", parse_aedat3),
    (b"#!AER-DAT2.0", parse_aedat2),
)
RECORDINGS = (".aedat", ".aedat4", *_STREAMS, *(ending for ending in _TABLES if ending not in (".csv", ".txt")))
"""Endings of files that are recordings wherever they are found; tables as text are so only where they are named."""


def read_events(path: str | Path, unit: str | None = None) -> Events:
    """The events of a file, by the ending of its name.

    ``.bin`` and ``.bs2`` hold 40-bit events; ``.aedat`` and ``.aedat4`` say their version in the first line (2.0, 3.1,
    4.0); ``.raw`` and ``.dat`` are Prophesee's (EVT 2.0, 2.1, 3.0); ``.npy``, ``.npz``, ``.h5``, ``.csv`` and ``.txt``
    hold tables with the columns ``t``, ``x``, ``y`` and ``p``. Rows and columns are numbered as in the file; cameras
    that count from below stay upside down. Events that come out of order are sorted by time, with a warning.

    Args:
        path: The file.
        unit: Of the times in a table, ``s``, ``ms``, ``us`` or ``ns``; microseconds, in whole numbers, if left out.
            Other files tell their own.

    Raises:
        DatasetError: if the file is missing, too large, of an unknown format, cut off or damaged, or holds events that
            no camera sends, or times of which the unit is not known.

    Example:
        >>> import numpy as np
        >>> from tempfile import TemporaryDirectory
        >>> with TemporaryDirectory() as folder:
        ...     np.save(f"{folder}/two.npy", np.array([[5, 1, 2, 1], [9, 3, 4, 0]]))  # t, x, y, p
        ...     found = read_events(f"{folder}/two.npy")
        >>> found.time.tolist(), found.bright.tolist()
        ([5, 9], [1, 0])
    """
    path = Path(path)
    if unit is not None and unit not in UNITS:
        raise RecordingError(f"there is no unit of time {unit!r}; choose {', '.join(UNITS)}")
    suffix = path.suffix.lower()
    try:
        if (size := path.stat().st_size) > MOST_BYTES:
            raise RecordingError(f"{path}: has {size:,} bytes, above {MOST_BYTES:,}; cut the recording into parts")
        if suffix in _TABLES:
            return _TABLES[suffix](path, unit)
        data = path.read_bytes()
    except FileNotFoundError:
        raise RecordingError(f"{path}: there is no such file; check the path") from None
    except OSError as fault:
        if isinstance(fault, RecordingError):
            raise
        raise RecordingError(f"{path}: cannot be read as events ({fault}); get the file again") from None
    parse = next((reader for mark, reader in _MARKS if data.startswith(mark)), _STREAMS.get(suffix))
    if parse is None:
        raise RecordingError(
            f"{path}: is no recording in a known format (it starts with {data[:12]!r}); give one of "
            f"{', '.join(RECORDINGS)}, AEDAT 2.0, 3.1 or 4.0"
        )
    return parse(data, str(path))
