"""A function over many items: in processes of this machine or on a cluster, through one interface."""

from collections import deque
from collections.abc import Callable, Generator, Iterable, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from contextlib import closing, nullcontext, suppress
from dataclasses import asdict
from hashlib import blake2b
from pathlib import Path
from types import FunctionType
from typing import Any, TypeVar, cast

import cloudpickle

from .executors import ItemExecutor, Lent, Processes
from .journal import Journal
from .limits import ItemLimits, within_limits
from .outcome import ManyError, Outcome

Item = TypeVar("Item")
_TRIES = 2  # of an item whose process died


def map(
    function: Callable[[Item], object],
    items: Iterable[Item],
    executor: Executor | None = None,
    *,
    jobs: int | None = None,
    seconds: float | None = None,
    megabytes: int | None = None,
    journal: Path | str | None = None,
    resume: bool = False,
) -> list[Outcome]:
    """Calls a function on many items; each is done once, whatever becomes of the others.

    Args:
        function: Of one item; a lambda or a closure will do. With a journal, what it returns must be writable as JSON.
        items: Anything that can be pickled. With a journal each needs a ``str`` of its own, which names it.
        executor: Any executor of ``concurrent.futures``: of dask (``Client.get_executor()``), of ray
            (:class:`~neurosym.many.executors.RayExecutor`), of threads. Without it, processes of this machine (loky).
        jobs: Processes, or items that are sent to an executor at a time; without it, as many as there are cores.
        seconds: Wall time that each item may take. Limits hold where an item has a main thread: in processes, in
            ray; where it has not, as in threads and dask, each worker gets a process beside it.
        megabytes: Memory that each item may take above what its process held.
        journal: A file of JSON lines, one for each item that is done, written at once.
        resume: Go on with the journal: what is in it is not done again.

    Returns:
        An outcome for each item, in order; a process that dies is restarted, and its items are tried once more.

    Raises:
        ManyError: if two items have one name, or the journal is not of this function.

    Example:
        >>> from concurrent.futures import ThreadPoolExecutor
        >>> with ThreadPoolExecutor() as threads:
        ...     found = map(lambda number: 12 // number, [3, 4, 0], threads)
        >>> [outcome.value for outcome in found], found[2].error
        ([4, 3, None], 'ZeroDivisionError: integer division or modulo by zero')
    """
    listed = list(items)
    keys = [str(item) for item in listed] if journal is not None else [str(place) for place in range(len(listed))]
    record = nullcontext() if journal is None else Journal(Path(journal), _name(function), resume)
    found: dict[str, Outcome] = {}
    with record as kept:
        if kept is not None:
            _refuse_twins(keys, listed)
            found |= {key: _remembered(line) for key, line in kept.done.items()}
        left = [(key, item) for key, item in zip(keys, listed, strict=True) if key not in found]
        work = outcomes(function, left, executor, jobs=jobs, limits=ItemLimits(seconds, megabytes))
        with closing(work):
            for outcome in work:
                found[outcome.key] = outcome
                if kept is not None:
                    kept.write(outcome.key, {key: value for key, value in asdict(outcome).items() if key != "key"})
    return [found[key] for key in keys]


def outcomes(
    function: Callable[[Item], object],
    items: Sequence[tuple[str, Item]],
    executor: Executor | None = None,
    *,
    jobs: int | None = None,
    limits: ItemLimits | None = None,
) -> Generator[Outcome]:
    """As :func:`map` for items with keys: the outcomes as they come, in whatever order.

    When the generator is closed, what runs is stopped and what waits is not begun.
    """
    limits = limits or ItemLimits()
    work: ItemExecutor = Processes(jobs) if executor is None else Lent(executor, jobs)
    call = cast(Callable[[object], object], function)
    waiting = deque((key, item, 1) for key, item in items)
    suspects: deque[tuple[str, Any, int]] = deque()  # whose process died; alone, so that it is known who is guilty
    running: dict[Future[Outcome], tuple[str, Any, int]] = {}
    try:
        while waiting or running or suspects:
            room = work.room if waiting and not suspects else 1
            while len(running) < room and (waiting or suspects) and not (suspects and running):
                entry = (suspects or waiting).popleft()
                with suppress(Exception):  # of an executor that broke before it was seen
                    running[work.submit(within_limits, call, entry[0], entry[1], limits)] = entry
                    continue
                (suspects if suspects else waiting).appendleft(entry)
                work.mend()
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                key, item, tries = running.pop(future)
                try:
                    yield future.result()
                except Exception as error:  # of the executor: the item's own are in its outcome
                    if tries < _TRIES:
                        suspects.append((key, item, tries + 1))
                    else:
                        yield Outcome(key, "died", error=f"the process that computed it ended ({type(error).__name__})")
                    work.mend()
    finally:
        for future in running:
            future.cancel()
        work.close()


def _name(function: Callable[..., object]) -> str:
    """What a journal calls a function: one without a name of its own, as a lambda, by all that it holds."""
    name = f"{function.__module__}.{getattr(function, '__qualname__', type(function).__name__)}"
    if isinstance(function, FunctionType) and "<" not in name:
        return name
    return f"{name} {blake2b(cloudpickle.dumps(function), digest_size=8).hexdigest()}"


def _refuse_twins(keys: Sequence[str], items: Sequence[object]) -> None:
    seen: dict[str, int] = {}
    for place, key in enumerate(keys):
        if key in seen:
            raise ManyError(f"items {seen[key]} and {place} are both named {key!r} in a journal; give each a name")
        seen[key] = place


def _remembered(line: Any) -> Outcome:
    return Outcome(line["item"], line["state"], line["value"], line["error"], line["seconds"])
