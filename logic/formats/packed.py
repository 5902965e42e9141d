"""Packed files (gzip, bzip2, xz), as collections of large netlists keep them: ``adder.aig.gz``."""

import bz2
import gzip
import lzma
import zlib
from io import BytesIO
from pathlib import Path

from ..errors import FormatError

_SUFFIXES = (".gz", ".bz2", ".xz")
_MOST = 1 << 30  # bytes of an unpacked file: a small one may unpack to more than fits


def unpacked_name(path: Path) -> Path:
    """The path without the suffix that says how the file is packed.

    Example:
        >>> str(unpacked_name(Path("adder.aig.gz"))), str(unpacked_name(Path("adder.aig")))
        ('adder.aig', 'adder.aig')
    """
    return path.with_suffix("") if path.suffix.lower() in _SUFFIXES else path


def read_bytes(path: Path) -> bytes:
    """All bytes of a file, unpacked if its suffix says that it is packed.

    Raises:
        FormatError: if it cannot be read, is damaged, or holds more than a gibibyte.
    """
    try:
        data = path.read_bytes()
    except OSError as wrong:
        raise FormatError(f"{path}: cannot be read: {wrong.strerror}") from wrong
    if path.suffix.lower() not in _SUFFIXES:
        return data
    try:
        with _opened(path.suffix.lower(), BytesIO(data)) as file:
            found = file.read(_MOST + 1)
    except (OSError, EOFError, zlib.error, lzma.LZMAError) as wrong:
        raise FormatError(f"{path}: cannot be unpacked as its suffix says: {wrong}") from wrong
    if len(found) > _MOST:
        raise FormatError(f"{path}: unpacks to more than {_MOST >> 20} MiB; unpack it, and give a smaller circuit")
    return found


def _opened(suffix: str, file: BytesIO) -> gzip.GzipFile | bz2.BZ2File | lzma.LZMAFile:
    if suffix == ".gz":
        return gzip.GzipFile(fileobj=file)
    return bz2.BZ2File(file) if suffix == ".bz2" else lzma.LZMAFile(file)
