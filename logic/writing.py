"""Files that are written whole or not at all, by one process at a time."""

import errno
import fcntl
import os
import shutil
import time
from collections.abc import Generator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from .errors import NeurosymError

_PATIENCE = 60.0  # seconds to wait for another process that writes the same file
_NO_LOCKS = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.EINVAL)  # a file system that knows none


class FileError(NeurosymError, OSError):
    """A file that cannot be written."""


@contextmanager
def whole_file(path: Path) -> Generator[Path]:
    """A place to write a file that takes the place of ``path`` when the block ends well; its folder is made.

    Args:
        path: Where the file shall be. If the block fails, what was there stays and nothing else is left. If the
            process is killed, what was there stays and the next writing of the same file cleans up.

    Raises:
        FileError: if it cannot be written, for example because the disk is full.

    Example:
        >>> from tempfile import TemporaryDirectory
        >>> with TemporaryDirectory() as folder:
        ...     with whole_file(Path(folder) / "some.txt") as place:
        ...         _ = place.write_text("content")
        ...     (Path(folder) / "some.txt").read_text()
        'content'
    """
    with whole_files(path) as (place,):
        yield place


@contextmanager
def whole_files(*paths: Path) -> Generator[tuple[Path, ...]]:
    """As :func:`whole_file` for files that belong together: none takes its place before all are on the disk.

    Args:
        paths: Different files; those of which nothing is written stay as they are.
    """
    current = paths[0]
    try:
        with ExitStack() as stack:
            places: list[Path] = []
            for current in sorted(paths):  # one order for all processes, so that no two wait for each other
                stack.enter_context(_writing_folder(current))
            places = [_folder(path) / path.name for path in paths]
            yield tuple(places)
            written = [(place, current) for place, current in zip(places, paths, strict=True) if place.exists()]
            for place, current in written:
                _settle(place, current)
            for place, current in written:
                place.replace(current)
            for current in {path.parent: path for path in paths}.values():
                _synchronize(current.parent)
    except NeurosymError:
        raise
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else str(error)  # HDF5 tells of it in several lines
        raise FileError(
            f"{current}: cannot be written ({reason}); make room or choose another place. "
            f"Nothing was left half-written."
        ) from error


def _folder(path: Path) -> Path:
    """Where a file is written before it takes its place; the same for all who write it, so that one cleans up."""
    return path.parent / f".writing-{path.name}"


@contextmanager
def _writing_folder(path: Path) -> Generator[None]:
    """The empty folder to write in, held by this process alone; the system lets go of it when the process dies."""
    if path.exists() and not path.is_file():
        raise OSError("there is something that is no plain file")
    if path.parent.exists() and not path.parent.is_dir():
        raise OSError(f"{path.parent} is no folder")
    path.parent.mkdir(parents=True, exist_ok=True)
    folder, end = _folder(path), time.monotonic() + _PATIENCE
    while (held := _held(folder)) is None:
        if time.monotonic() > end:
            raise OSError("another process has been writing it for a minute")
        time.sleep(0.01)
    try:
        for left in folder.iterdir():  # by a process that was killed
            left.unlink()
        yield
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(held)


def _held(folder: Path) -> int | None:
    """A handle of the folder, locked; None if another process holds it or has just removed it."""
    with suppress(FileExistsError):
        folder.mkdir()
    try:
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except FileNotFoundError:
        return None
    try:
        if _locked(handle) and os.path.samestat(os.fstat(handle), folder.stat()):
            return handle
    except FileNotFoundError:
        pass
    except BaseException:
        os.close(handle)
        raise
    os.close(handle)
    return None


def _locked(held: int) -> bool:
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        if error.errno not in _NO_LOCKS:
            raise
    return True


def _settle(place: Path, path: Path) -> None:
    """Gives a written file the rights of the one that it replaces, or those of a new file, and puts it on the disk."""
    rights = path.stat().st_mode & 0o777 if path.exists() else place.parent.stat().st_mode & 0o666
    place.chmod(rights)
    _synchronize(place)


def _synchronize(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
