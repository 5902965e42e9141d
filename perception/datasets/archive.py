"""Files out of a tar archive, without unpacking it to disk and within bounds that its headers must keep."""

import bz2
import gzip
import io
import lzma
import tarfile
import zlib
from pathlib import Path
from typing import IO, cast

from .dataset import DatasetError

_MEMBERS = 200_000
_MEMBER_BYTES = 64 << 20  # a part of CIFAR-10 has 30 MB
_HEADER_BYTES = 1 << 20  # of one member: names, extended headers
_ALL_BYTES = 2 << 30  # unpacked, members that nobody wants included
_COMPRESSIONS = {b"\x1f\x8b": gzip.open, b"\xfd7zXZ\0": lzma.open, b"BZh": bz2.open}


def read_members(archive: Path, endings: tuple[str, ...], start: str = "") -> dict[str, bytes]:
    """The files of an archive whose names begin and end so; the archive is read once, from front to back.

    Args:
        archive: A ``.tar``, plain or compressed by gzip, bzip2 or xz.
        endings: What the names may end in.
        start: What they begin with.

    Returns:
        Contents by name.

    Raises:
        DatasetError: if the archive is missing, cut off or damaged, larger than any data set, names places outside of
            itself, or holds something else than plain files under the wanted names.
    """
    found: dict[str, bytes] = {}
    try:
        with archive.open("rb") as file, _unpacked(file) as content, tarfile.open(fileobj=content, mode="r:") as tar:
            for number, member in enumerate(tar):
                name = member.name.removeprefix("./")
                if number == _MEMBERS:
                    raise _TooLarge(f"more than {_MEMBERS:,} members")
                if name.startswith("/") or ".." in name.split("/"):
                    raise tarfile.TarError(f"{name[:200]!r} lies outside of it")
                if name.startswith(start) and name.endswith(endings) and not member.isdir():
                    if name in found:
                        raise tarfile.TarError(f"{name[:200]!r} stands in it twice")
                    found[name] = _read(tar, member, content)
                content.left = _HEADER_BYTES
    except FileNotFoundError:
        raise DatasetError(f"{archive}: there is no such file; check the path or download it") from None
    except _TooLarge as fault:
        raise DatasetError(f"{archive}: holds {fault}, as no data set does; get the archive again") from None
    except (OSError, EOFError, ValueError, RecursionError, tarfile.TarError, lzma.LZMAError, zlib.error) as fault:
        reason = str(fault).partition("\n")[0].rstrip(":")  # more lines say what each kind of compression makes of it
        raise DatasetError(f"{archive}: the archive is damaged ({reason}); get it again") from None
    return found


class _TooLarge(Exception):
    """What the archive holds too much of."""


class _Bounded(io.BufferedIOBase):
    """A file that is neither read nor skipped beyond the bounds, so that sizes are judged before they are unpacked.

    Args:
        file: Unpacked on the way.

    Attributes:
        left: Bytes that may be read until somebody sets it anew.
    """

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.left = _HEADER_BYTES

    def read(self, size: int | None = -1, /) -> bytes:
        if size is None or not 0 <= size <= self.left:
            raise _TooLarge(f"a header of more than {_HEADER_BYTES:,} bytes")
        self.left -= size
        self._judge(self._file.tell() + size)
        return self._file.read(size)

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        self._judge(offset)
        if offset < self._file.tell() - tarfile.BLOCKSIZE:  # going back would unpack all of it again
            raise tarfile.ReadError("a size in it is negative")
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()

    def close(self) -> None:
        self._file.close()

    def _judge(self, end: int) -> None:
        if end > _ALL_BYTES:
            raise _TooLarge(f"more than {_ALL_BYTES:,} bytes when unpacked")


def _unpacked(file: IO[bytes]) -> _Bounded:
    head = file.read(6)
    file.seek(0)
    for mark, opened in _COMPRESSIONS.items():
        if head.startswith(mark):
            return _Bounded(cast(IO[bytes], opened(file, "rb")))
    return _Bounded(file)


def _read(tar: tarfile.TarFile, member: tarfile.TarInfo, content: _Bounded) -> bytes:
    """The content of a plain file."""
    if member.size > _MEMBER_BYTES:
        raise _TooLarge(f"{member.name[:200]!r} of {member.size:,} bytes")
    file = tar.extractfile(member) if member.isreg() and not member.issparse() else None
    if file is None:
        raise tarfile.TarError(f"{member.name[:200]!r} is no plain file")
    content.left = _MEMBER_BYTES
    return file.read()
