"""The time that a proof may take, and what it says of itself while it runs long."""

import sys
from collections.abc import Callable

from ..kernels import work_time

_QUIET, _EVERY = 2.0, 1.0  # seconds before the first word, and between two


class Watch:
    """Looks at the clock for a long search.

    Args:
        deadline: ``logic.kernels.work_time()`` value at which to give up, or None.
        tell: Is told what goes on, after two seconds and then once a second; by default a terminal's error stream.
    """

    def __init__(self, deadline: float | None = None, tell: Callable[[str], None] | None = None) -> None:
        self.deadline = deadline
        self._tell = tell if tell is not None else _terminal()
        self._next = work_time() + _QUIET

    def late(self) -> bool:
        """Whether the time is up."""
        return self.deadline is not None and work_time() > self.deadline

    def until(self, seconds: float) -> "Watch":
        """A watch that gives up after so many seconds from now, if not before."""
        end = work_time() + seconds
        shorter = Watch(end if self.deadline is None else min(end, self.deadline), self._tell)
        shorter._next = self._next
        return shorter

    def say(self, what: str) -> None:
        """What goes on now; told if the last word is some time ago."""
        if self._tell is not None and work_time() > self._next:
            self._tell(what)
            self._next = work_time() + _EVERY


def _terminal() -> Callable[[str], None] | None:
    return _write if sys.stderr.isatty() else None


def _write(what: str) -> None:
    sys.stderr.write(f"neurosym: {what}\n")
    sys.stderr.flush()
