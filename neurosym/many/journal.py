"""The journal of many items: one JSON line for each that is done, kept as it is, whatever kills the process."""

import fcntl
import json
import os
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self, cast

from .outcome import ManyError

_LONGEST = 64 * 2**20  # bytes of one line


class Journal:
    """A file of JSON lines that grows by one line for each item; a line counts when it ends.

    Args:
        path: The file. It is made, or must hold lines of the same task where ``resume`` is set.
        task: What is done to the items, such as a command and its options; said in each line and compared.
        resume: Go on with a file that is there; its last line is cut off if it did not end.

    Raises:
        ManyError: if the file is there and ``resume`` is not set, is held by another process, is of another task, or
            is no journal.

    Example:
        >>> from tempfile import TemporaryDirectory
        >>> with TemporaryDirectory() as folder:
        ...     place = Path(folder) / "found.jsonl"
        ...     with Journal(place, "square") as journal:
        ...         journal.write("3", {"value": 9})
        ...     with Journal(place, "square", resume=True) as journal:
        ...         sorted(journal.done)
        ['3']
    """

    def __init__(self, path: Path, task: str, resume: bool = False) -> None:
        self.path, self.task = path, task
        self.done: dict[str, Mapping[str, object]] = {}
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o666)
        except OSError as error:
            raise ManyError(f"{path}: cannot be written ({error.strerror}); choose another place") from error
        try:
            self._begin(resume)
        except BaseException:
            os.close(self._handle)
            raise

    def _begin(self, resume: bool) -> None:
        try:
            fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise ManyError(f"{self.path}: is being written by another process; wait for it") from None
        size = os.fstat(self._handle).st_size
        if size and not resume:
            raise ManyError(f"{self.path}: is there already; go on with it by --resume, or remove it")
        with os.fdopen(os.dup(self._handle), "rb") as file:
            file.seek(0)
            whole = 0
            for number, line in enumerate(iter(lambda: file.readline(_LONGEST), b""), 1):
                if not line.endswith(b"\n"):
                    break
                self._remember(line, number)
                whole += len(line)
        if whole < size:
            os.ftruncate(self._handle, whole)

    def _remember(self, line: bytes, number: int) -> None:
        try:
            found = json.loads(line)
            key, task = found["item"], found["task"]
        except (ValueError, KeyError, TypeError, RecursionError):
            raise ManyError(f"{self.path}, line {number}: is no line of a journal; write to another file") from None
        if task != self.task:
            raise ManyError(f"{self.path}, line {number}: was written by '{task}', not by '{self.task}'; use the same")
        self.done[cast(str, key)] = found

    def write(self, key: str, found: Mapping[str, object]) -> None:
        """Adds the line of an item; it is on the disk when this returns.

        Raises:
            ManyError: if there is no room for it.
        """
        line = {"item": key, "task": self.task, **found}
        try:
            left = memoryview(json.dumps(line, allow_nan=False).encode() + b"\n")
            while left:
                left = left[os.write(self._handle, left) :]
            os.fsync(self._handle)
        except OSError as error:
            raise ManyError(f"{self.path}: cannot be written ({error.strerror}); make room, then --resume") from error
        self.done[key] = line

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        fcntl.flock(self._handle, fcntl.LOCK_UN)  # a child between fork and exec holds the handle a little longer
        os.close(self._handle)
