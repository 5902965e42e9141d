"""Files that are written whole or not at all: the one way by which anything of ours is written."""

import errno
import os
import shutil
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from .errors import NeurosymError

_NO_SYNC = (errno.EINVAL, errno.ENOTSUP)  # said by file systems whose folders need none


class FileError(NeurosymError, OSError):
    """A file that cannot be written."""


@contextmanager
def whole_file(path: str | Path) -> Generator[Path]:
    """A place to write a file that takes the place of ``path`` when the block ends well; its folder is made.

    What was written reaches the disk before it takes the place, and the folder after it, so that a crash leaves the
    old content or the new one. Permissions of a file that was there stay, a link stays a link, and a device or pipe
    is written into.

    Args:
        path: Where the file shall be. If the block fails, what was there stays and nothing else is left.

    Raises:
        FileError: if it cannot be written, for example because the disk is full.

    Example:
        >>> with TemporaryDirectory() as folder:
        ...     with whole_file(Path(folder, "note.txt")) as place:
        ...         _ = place.write_text("whole")
        ...     Path(folder, "note.txt").read_text()
        'whole'
    """
    path = Path(path)
    try:
        target = path.resolve() if path.is_symlink() else path
        if target.is_dir():
            raise IsADirectoryError(errno.EISDIR, "it is a folder")
        device = target.exists() and not target.is_file()
        target.parent.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=None if device else target.parent, prefix=".writing-") as folder:
            place = Path(folder) / path.name
            yield place
            if device:
                with place.open("rb") as source, target.open("wb") as sink:
                    shutil.copyfileobj(source, sink)
                return
            if target.exists():
                shutil.copymode(target, place)
            _to_disk(place)
            place.replace(target)
        _to_disk(target.parent)
    except NeurosymError:
        raise
    except OSError as error:
        raise FileError(
            f"{path}: cannot be written ({error.strerror or error}); make room or choose another place. "
            f"Nothing was left half-written."
        ) from error


def _to_disk(path: Path) -> None:
    """Waits until a file's content, or a folder's list of names, is on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in _NO_SYNC:
            raise
    finally:
        os.close(handle)
