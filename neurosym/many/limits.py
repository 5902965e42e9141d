"""One item within its limits of time and memory, in the process that computes it."""

import faulthandler
import os
import resource
import signal
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from .beside import Beside
from .outcome import Outcome, State

_OWN = threading.local()  # of each thread: the process beside it
_GRACE = 2.0  # seconds, and once more the limit, that code which does not listen to signals is given


@dataclass(frozen=True)
class ItemLimits:
    """What one item may spend.

    Args:
        seconds: Wall time; an item that does not listen (a solver within native code) is ended with its process after
            twice as long and two seconds. None for no limit.
        megabytes: Memory above what the process held before the item; None for no limit.
    """

    seconds: float | None = None
    megabytes: int | None = None

    def __bool__(self) -> bool:
        """Whether there is any limit."""
        return self.seconds is not None or self.megabytes is not None


class _TooLong(BaseException):
    """The item's time is over; no ``except Exception`` of the item's own may catch it."""


def within_limits(function: Callable[[object], object], key: str, item: object, limits: ItemLimits) -> Outcome:
    """Calls the function on the item; never raises but for an interruption.

    Args:
        function: Of one item.
        key: The item's name.
        item: Given to the function.
        limits: They hold in the main thread of a process alone; a call from another thread is sent to a process of
            that thread's own.
    """
    if limits and threading.current_thread() is not threading.main_thread():
        return _apart(function, key, item, limits)
    began = time.perf_counter()

    def after(state: State, value: object = None, error: str | None = None) -> Outcome:
        return Outcome(key, state, value, error, time.perf_counter() - began)

    try:
        with _bounded(limits):
            value = function(item)
        return after("done", value)
    except _TooLong:
        return after("too long", error=f"took more than {limits.seconds:g} s")
    except MemoryError:
        return after("too large", error=f"needs more than {limits.megabytes} MB")
    except Exception as error:
        return after("failed", error=f"{type(error).__name__}: {' '.join(str(error).split())}")


def _apart(function: Callable[[object], object], key: str, item: object, limits: ItemLimits) -> Outcome:
    if not hasattr(_OWN, "beside"):
        _OWN.beside = Beside()
    return _OWN.beside.call(within_limits, function, key, item, limits)


@contextmanager
def _bounded(limits: ItemLimits) -> Generator[None]:
    def end(_: int, __: FrameType | None) -> None:
        raise _TooLong

    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    handler = signal.getsignal(signal.SIGALRM)
    try:
        if limits.megabytes is not None:
            resource.setrlimit(resource.RLIMIT_AS, (_held() + limits.megabytes * 2**20, hard))
        if limits.seconds is not None:
            signal.signal(signal.SIGALRM, end)
            with Path(os.devnull).open("w") as nowhere:
                faulthandler.dump_traceback_later(2 * limits.seconds + _GRACE, exit=True, file=nowhere)
                signal.setitimer(signal.ITIMER_REAL, limits.seconds)
                yield
        else:
            yield
    finally:
        if limits.seconds is not None:
            signal.setitimer(signal.ITIMER_REAL, 0)
            faulthandler.cancel_dump_traceback_later()
            signal.signal(signal.SIGALRM, handler)
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def _held() -> int:
    """Bytes of address space that this process holds now."""
    statistics = Path("/proc/self/statm")
    if not statistics.exists():  # elsewhere than on Linux: the peak of what is resident is near enough
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return int(statistics.read_text().split()[0]) * resource.getpagesize()
