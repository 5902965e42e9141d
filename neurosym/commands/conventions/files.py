"""The files of a command, looked at before anything is computed: inputs that exist, outputs that harm nothing."""

import fcntl
import os
import re
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path

from logic.errors import NeurosymError

_HEAD = 4_096  # bytes that tell a file's kind


class PathError(NeurosymError, ValueError):
    """A file that is not there, or that a command would harm."""


_MARKS: Mapping[str, bytes] = {  # of files that are neither circuits nor networks
    ".safetensors": rb"(?s).{8}\{",  # eight bytes of length, then JSON
    ".html": rb"(?i)<!doctype|<html",
    ".vcd": rb"\$",
    ".cnf": rb"p cnf|c ",
    ".dot": rb"digraph",
    ".pl": rb"% (learned|grounded) by neurosym",
}


def _mark(suffix: str) -> bytes:
    """A regular expression that the beginning of files of a kind matches; what any file matches if it is unknown."""
    if suffix in _MARKS:
        return _MARKS[suffix]
    from logic.formats.known_formats import FORMATS
    from logic.targets import TARGETS

    marks = {f".{known}": row.mark for row in FORMATS for known in row.suffixes}
    marks |= {target.suffix: target.mark for target in TARGETS}
    return marks.get(suffix, b"")


def existing(path: Path) -> Path:
    """The file itself.

    Raises:
        PathError: if there is none; names of files beside it that are nearly the same are told.
    """
    if path.is_file() or path.is_fifo() or path.is_char_device():
        return path
    if path.is_dir():
        raise PathError(f"{path}: is a folder; give a file in it")
    try:
        beside = [entry.name for entry in path.parent.iterdir()]
    except OSError:
        raise PathError(f"{path}: there is no folder {path.parent}; check the path") from None
    from difflib import get_close_matches  # for messages alone

    close = get_close_matches(path.name, beside, 1)
    raise PathError(f"{path}: there is no such file; " + (f"did you mean {close[0]}?" if close else "check the path"))


def writable(path: Path, *inputs: Path | None, kinds: tuple[str, ...] = ()) -> Path:
    """The path, if writing there would destroy nothing but an earlier output of the same kind.

    Args:
        path: Where to.
        inputs: Files that the command reads.
        kinds: Suffixes of which it must have one; any if left out.

    Raises:
        PathError: if it would, or the folder cannot be written.
    """
    if kinds and path.suffix not in kinds:
        raise PathError(f"{path}: is written as {' or '.join(kinds)}; give a name that ends so")
    if path.is_dir():
        raise PathError(f"{path}: is a folder; give the name of a file in it")
    if any(given is not None and given.exists() and path.exists() and path.samefile(given) for given in inputs):
        raise PathError(f"{path}: is read by this command; write to another file")
    if path.is_file():
        try:
            with path.open("rb") as file:
                head = file.read(_HEAD)
        except OSError as fault:
            raise PathError(f"{path}: cannot be looked at ({fault.strerror}); write to another file") from None
        starts = head, head.lstrip(b"\xef\xbb\xbf \t\r\n")
        if head and not any(re.match(_mark(path.suffix), start) for start in starts):
            raise PathError(f"{path}: holds something else than {path.suffix} files do; remove it or write elsewhere")
    folder = next(parent for parent in (path.absolute().parent, *path.absolute().parents) if parent.exists())
    if not folder.is_dir() or not os.access(folder, os.W_OK | os.X_OK):
        raise PathError(f"{path}: cannot be written, since {folder} is no folder that this user may write in")
    return path


@contextmanager
def claimed(path: Path) -> Generator[None]:
    """Within it, no other process claims the same output; a claim ends with its process, however that ends.

    Args:
        path: The output, a file or a folder.

    Raises:
        PathError: if another process has claimed it.
    """
    place = path.with_name(f".{path.name}.claimed")
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        file = os.open(place, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as fault:
        raise PathError(f"{path}: cannot be written ({fault.strerror}); choose another place") from None
    try:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            free = place.exists() and place.stat().st_ino == os.fstat(file).st_ino  # not one that its holder removed
        except BlockingIOError:
            free = False
        if not free:
            raise PathError(f"{path}: another command is writing there; wait for it or choose another output")
        try:
            yield
        finally:
            place.unlink(missing_ok=True)
    finally:
        os.close(file)
