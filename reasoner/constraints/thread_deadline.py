"""How long solving may take: CPU time of the thread that solves, so that other load on the machine decides nothing."""

import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager

_FUSE = 20  # times the CPU time may pass on the wall
_PAUSE = 0.01  # seconds between two looks at the clock, at least


class DeadlinePassedError(Exception):
    """What was begun is not finished, and nothing is known of it; caught where that is said."""


class Deadline:
    """A moment in the CPU time of the thread that makes it; on the wall at most 20 times later, and 10 seconds.

    Args:
        seconds: CPU time from now on.

    >>> Deadline(10.0).passed, Deadline(0.0).passed
    (False, True)
    """

    def __init__(self, seconds: float) -> None:
        of_thread = getattr(time, "pthread_getcpuclockid", None)  # not on every system
        clock = of_thread(threading.get_ident()) if of_thread else None
        self._now: Callable[[], float] = time.process_time if clock is None else lambda: time.clock_gettime(clock)
        self._end = self._now() + seconds
        self._seconds = seconds
        self._fuse = time.monotonic() + _FUSE * seconds + 10

    @property
    def left(self) -> float:
        """Seconds that are left, 0 or more."""
        return max(0.0, min(self._end - self._now(), self._fuse - time.monotonic()))

    @property
    def used(self) -> float:
        """Seconds of CPU time since it was made."""
        return self._now() - self._end + self._seconds

    @property
    def passed(self) -> bool:
        """Whether nothing is left."""
        return not self.left

    def check(self) -> None:
        """Ends what is done here if nothing is left.

        Raises:
            DeadlinePassedError: if it has passed.
        """
        if self.passed:
            raise DeadlinePassedError

    @contextmanager
    def stopping(self, interrupt: Callable[[], object]) -> Generator[None]:
        """Calls ``interrupt`` at the deadline unless what is done in the block is done before."""
        done = threading.Event()

        def watch() -> None:
            while not done.wait(max(_PAUSE, self.left)):
                if self.passed:
                    interrupt()  # again and again: a solver that has not begun yet forgets it

        watcher = threading.Thread(target=watch, daemon=True)
        watcher.start()
        try:
            yield
        finally:
            done.set()
            watcher.join()
