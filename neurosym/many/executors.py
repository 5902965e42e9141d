"""Who computes many items: processes of this machine, or any executor of ``concurrent.futures``, as of a cluster."""

import os
from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import TYPE_CHECKING, Any, Protocol

from .outcome import ManyError

if TYPE_CHECKING:
    from loky import ProcessPoolExecutor

_IDLE = 300  # seconds after which processes that have nothing to do end


class ItemExecutor(Protocol):
    """Takes calls, and knows how many at a time."""

    room: int
    """Calls that are worth sending before one comes back."""

    def submit(self, call: Callable[..., Any], *arguments: Any) -> "Future[Any]":
        """Sends a call."""
        ...

    def mend(self) -> None:
        """What is to be done after a process died."""
        ...

    def close(self) -> None:
        """Lets go of what this class has made."""
        ...


class Lent:
    """An executor that was given; a cluster mends itself, and its owner closes it.

    Args:
        executor: Of whatever kind.
        jobs: Items that are sent to it at a time; twice as many as there are cores here if left out.
    """

    def __init__(self, executor: Executor, jobs: int | None = None) -> None:
        self._executor = executor
        self.room = 2 * checked(jobs)

    def submit(self, call: Callable[..., Any], *arguments: Any) -> "Future[Any]":
        """Sends a call."""
        return self._executor.submit(call, *arguments)

    def mend(self) -> None:
        """Nothing."""

    def close(self) -> None:
        """Nothing."""


class Processes:
    """Processes of this machine, made anew when one dies.

    Args:
        jobs: As many; without it, one for each core.
    """

    def __init__(self, jobs: int | None = None) -> None:
        self.jobs = checked(jobs)
        self.room = 2 * self.jobs  # a process never waits for its next item
        self._pool: ProcessPoolExecutor | None = None

    def submit(self, call: Callable[..., Any], *arguments: Any) -> "Future[Any]":
        """Sends a call."""
        if self._pool is None:
            from loky import ProcessPoolExecutor

            self._pool = ProcessPoolExecutor(self.jobs, timeout=_IDLE)
        return self._pool.submit(call, *arguments)

    def mend(self) -> None:
        """The processes that are left are ended; the next call begins others."""
        if self._pool is not None:
            self._pool.shutdown(wait=False, kill_workers=True)
            self._pool = None

    def close(self) -> None:
        """Ends the processes, whatever they do."""
        self.mend()


class RayExecutor(Executor):
    """Ray as an executor: what is submitted runs as a task of the cluster that ``ray.init`` joined.

    Example:
        >>> import ray, neurosym as ns  # doctest: +SKIP
        >>> ns.map(abs, [-1, -2], RayExecutor())  # doctest: +SKIP
    """

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> "Future[Any]":
        """Sends a call."""
        from ray import remote  # pyright: ignore[reportMissingImports] - an extra

        return remote(max_retries=0)(fn).remote(*args, **kwargs).future()


def checked(jobs: int | None) -> int:
    """The number of jobs, one for each core if none is given.

    Raises:
        ManyError: if it is below one.
    """
    if jobs is not None and jobs < 1:
        raise ManyError(f"{jobs} jobs can do nothing; give one or more")
    return jobs or os.cpu_count() or 1
