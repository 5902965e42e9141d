"""The time and threads that a proof may take, what it says of itself while it runs long, and how it is interrupted.

One watch goes through all steps of a proof. A step looks whether it is late, says now and then how far it is, and ends
early with what it knows; so do all steps after it. Ctrl-C makes a watch late too.
"""

import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from .kernels import work_time

Tell = Callable[[str], None]

_QUIET, _EVERY = 2.0, 1.0  # seconds before the first word, and between two
_LISTENER: ContextVar[Tell | None] = ContextVar("listener", default=None)


@dataclass
class _Shared:
    """What a watch and those made from it have in common."""

    tell: Tell | None
    next: float
    deaf: bool
    interrupted: bool = False


class Watch:
    """Looks at the clock for a long search.

    Args:
        deadline: ``logic.kernels.work_time()`` value at which to give up, or None.
        tell: Is told what goes on, after two seconds and then once a second; by default whoever listens
            (:func:`listening`), else a terminal's error stream.
        jobs: Threads that a step may use.
        deaf: Whether Ctrl-C ends the whole, as if there was no watch.

    Example:
        >>> watch = Watch.of(timeout=60.0)
        >>> with watch.interruptible():
        ...     for done in range(3):
        ...         watch.progress(done, 3, "outputs proved")
        ...         if watch.late():
        ...             break
        >>> watch.late(), watch.interrupted
        (False, False)
    """

    def __init__(
        self, deadline: float | None = None, tell: Tell | None = None, jobs: int = 1, deaf: bool = False
    ) -> None:
        self.deadline, self.jobs = deadline, jobs
        self._shared = _Shared(tell or _LISTENER.get() or _terminal(), work_time() + _QUIET, deaf)

    @classmethod
    def of(cls, timeout: "float | Watch | None", jobs: int = 1) -> "Watch":
        """A watch that gives up after so many seconds from now, never if None; a watch is taken as it is."""
        if isinstance(timeout, Watch):
            return timeout
        return cls(None if timeout is None else work_time() + timeout, jobs=jobs)

    @property
    def interrupted(self) -> bool:
        """Whether Ctrl-C ended what was :meth:`interruptible`."""
        return self._shared.interrupted

    @property
    def left(self) -> float | None:
        """The seconds that are left, 0 if it is late, None if there is no bound."""
        if self.interrupted:
            return 0.0
        return None if self.deadline is None else max(0.0, self.deadline - work_time())

    def late(self) -> bool:
        """Whether the time is up, or Ctrl-C was pressed."""
        return self._shared.interrupted or (self.deadline is not None and work_time() > self.deadline)

    def until(self, seconds: float) -> "Watch":
        """A watch that gives up after so many seconds from now, if not before; Ctrl-C ends both."""
        end = work_time() + seconds
        shorter = Watch(end if self.deadline is None else min(end, self.deadline), jobs=self.jobs)
        shorter._shared = self._shared
        return shorter

    @contextmanager
    def interruptible(self) -> Generator[None]:
        """Ctrl-C within it ends the block, and no more; from then on the watch is late."""
        try:
            yield
        except KeyboardInterrupt:
            if self._shared.deaf:
                raise
            self._shared.interrupted = True

    def say(self, what: str) -> None:
        """What goes on now; told if the last word is some time ago."""
        if self._is_due():
            self._tell(what)

    def progress(self, done: int, of: int, what: str) -> None:
        """How far it is, such as ``1,000 of 20,000 nodes swept``; the text is made only where it is told."""
        if self._is_due():
            self._tell(f"{done:,} of {of:,} {what}")

    def _is_due(self) -> bool:
        return self._shared.tell is not None and work_time() > self._shared.next

    def _tell(self, what: str) -> None:
        if self._shared.tell is not None:
            self._shared.tell(what)
        self._shared.next = work_time() + _EVERY


@contextmanager
def listening(tell: Tell) -> Generator[None]:
    """Within it, watches that are made tell this one what goes on, instead of a terminal."""
    token = _LISTENER.set(tell)
    try:
        yield
    finally:
        _LISTENER.reset(token)


def _terminal() -> Tell | None:
    return _write if sys.stderr.isatty() else None


def _write(what: str) -> None:
    sys.stderr.write(f"neurosym: {what}\n")
    sys.stderr.flush()
