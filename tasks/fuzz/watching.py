"""A process that tries inputs under limits, watched from outside: it may die, hang or grow without harm."""

import multiprocessing
import os
import resource
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from types import TracebackType

from .mutation import Files

_ROOT = Path(__file__).resolve().parents[2]
_FUSE = 4  # times the limit at which an input is given up, in CPU time; ten times that in wall time
_GLANCE = 0.2  # seconds from look to look


@dataclass(frozen=True)
class Found:
    """What became of an input.

    Args:
        kind: ``result``, ``refused``, ``traceback``, ``memory``, ``slow``, ``hang`` or ``crash``; all but the first two
            are faults.
        place: Of a traceback: the error and the line of ours that it came from; of a crash: the signal.
        seconds: CPU time.
        text: The traceback.
    """

    kind: str
    place: str = ""
    seconds: float = 0.0
    text: str = ""

    @property
    def fault(self) -> bool:
        """Whether it may not happen."""
        return self.kind not in ("result", "refused")


class Watched:
    """Tries inputs in a process of its own, and starts another when that dies.

    Args:
        attempt: What is tried; returns ``result`` or ``refused``. A function of a module.
        seconds: CPU time that an input may take; at twice that it is slow.
        memory: Bytes that an input may take beyond what the process has after a first good input.
        first: A good input.
        method: How the process is started.
    """

    def __init__(
        self, attempt: Callable[[Files], str], seconds: float, memory: int, first: Files, method: str = "spawn"
    ) -> None:
        self._context = multiprocessing.get_context(method)
        self._attempt, self._seconds, self._memory, self._first = attempt, seconds, memory, first
        self._start()

    def _start(self) -> None:
        self._ours, theirs = self._context.Pipe()
        arguments = (self._attempt, theirs, self._memory, self._first)
        self._process = self._context.Process(target=_try_inputs, args=arguments, daemon=True)  # pyright: ignore[reportAttributeAccessIssue]
        self._process.start()
        theirs.close()
        self._ours.recv()  # ready

    def __enter__(self) -> "Watched":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.join()
        self._ours.close()

    def _answers(self) -> bool:
        """Waits for what became of an input, as long as it may take."""
        most = _FUSE * self._seconds
        begin, end = _processor_seconds(self._process.pid), time.monotonic() + 10 * most
        while not self._ours.poll(_GLANCE):
            if _processor_seconds(self._process.pid) > begin + most or time.monotonic() > end:
                return False
        return True

    def __call__(self, files: Files) -> Found:
        """What becomes of an input."""
        self._ours.send(files)
        try:
            if not self._answers():
                found = Found("hang", seconds=_FUSE * self._seconds)
                self._process.kill()
            else:
                found: Found = self._ours.recv()
                slow = found.seconds > 2 * self._seconds
                return Found("slow", found.place, found.seconds, found.text) if slow and not found.fault else found
        except EOFError:
            self._process.join()
            found = Found("crash", f"exit {self._process.exitcode}")
        self._process.join()
        self._ours.close()
        self._start()
        return found


def _processor_seconds(process: int | None) -> float:
    """CPU time that a process has taken; 0 if it is gone."""
    try:
        told = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(told[11]) + int(told[12])) / os.sysconf("SC_CLK_TCK")


def _try_inputs(attempt: Callable[[Files], str], theirs: Connection, memory: int, first: Files) -> None:
    """The process: tries what it is sent until nobody sends."""
    attempt(first)  # so that what is loaded once is loaded before the limit
    most = _address_space() + memory
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    theirs.send("ready")
    while True:
        try:
            files = theirs.recv()
        except EOFError:
            return
        start = _spent()
        try:
            found = Found(attempt(files))
        except MemoryError as error:
            found = Found("memory", _place(error), text=traceback.format_exc())
        except Exception as error:
            found = Found("traceback", _place(error), text=traceback.format_exc())
        theirs.send(Found(found.kind, found.place, _spent() - start, found.text))


def _spent() -> float:
    """CPU seconds of this process, of those that it has waited for, and of its workers of Prolog."""
    told = [resource.getrusage(whose) for whose in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    workers = sys.modules.get("reasoner.prolog.workers")
    return sum(one.ru_utime + one.ru_stime for one in told) + (workers.cpu_seconds() if workers else 0.0)


def _address_space() -> int:
    """Bytes of address space that this process has."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    return pages * resource.getpagesize()


def _place(error: BaseException) -> str:
    """The error, and the last line of ours that it passed."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if Path(frame.filename).is_relative_to(_ROOT) and ".venv" not in frame.filename]
    last = (ours or frames)[-1]
    where = Path(last.filename)
    return f"{type(error).__name__} at {where.relative_to(_ROOT) if ours else where.name}:{last.lineno}"
