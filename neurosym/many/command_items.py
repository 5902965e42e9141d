"""A command on many items: each as the command itself would do it, in processes or on a cluster, kept as JSON lines."""

import json
import os
import shlex
from collections.abc import Callable, Generator, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from ..terminal import progress_bar
from .asking import Asked, named
from .executors import RayExecutor
from .journal import Journal
from .limits import ItemLimits
from .mapping import outcomes
from .outcome import ManyError, Outcome

Run = Callable[[Sequence[str]], tuple[int, str, str]]


def run_asked(asked: Asked, run: Run) -> list[Mapping[str, object]]:
    """Does what is asked, but what the journal holds already.

    Args:
        asked: The command, its items and options.
        run: What runs a command line: its exit code, what it printed, what it complained of.

    Returns:
        The line of each item, in order.

    Raises:
        ManyError: if the journal cannot be gone on with, or the cluster not be reached.
    """
    with (
        Journal(Path(asked.own["--json-lines"]), asked.task, "--resume" in asked.own) as kept,
        _executor(asked) as executor,
    ):
        keys = {shlex.join(item): item for item in asked.items}
        left = [(key, item) for key, item in keys.items() if key not in kept.done]
        call = _Call(run, asked.command, tuple(asked.options), str(Path.cwd()))
        limits = ItemLimits(asked.number("--item-seconds", float), asked.number("--item-megabytes", int))
        work = outcomes(call, left, executor, jobs=asked.number("--jobs", int), limits=limits)
        with closing(work), _progress(asked.task, len(keys), len(keys) - len(left)) as advance:
            for outcome in work:
                kept.write(outcome.key, _line(outcome))
                advance()
        return [kept.done[key] for key in keys]


@dataclass(frozen=True)
class _Call:
    """One item, done as the command itself does it."""

    run: Run
    command: str
    options: tuple[str, ...]
    home: str

    def __call__(self, item: tuple[str, ...]) -> dict[str, object]:
        if os.getcwd() != self.home:  # noqa: PTH109 - of a cluster's process
            os.chdir(self.home)
        options = [named(option, item) for option in self.options]
        code, printed, complaints = self.run([self.command, *item, *options, "--json"])
        try:
            answer = json.loads(printed) if printed.strip() else None
        except ValueError:
            answer = printed
        return {"code": code, "answer": answer, "complaints": complaints.splitlines()}


def _line(outcome: Outcome) -> dict[str, object]:
    found = outcome.value if isinstance(outcome.value, dict) else {"code": _unfinished(outcome), "answer": None}
    state = {"state": outcome.state, "error": outcome.error, "seconds": round(outcome.seconds, 6)}
    return {**state, **found}


def _unfinished(outcome: Outcome) -> int:
    return 2 if outcome.state in ("failed", "died") else 3


def code_of(line: Mapping[str, object]) -> int:
    """The exit code in a line of the journal; 2 if it holds none of ours."""
    code = line.get("code")
    return code if isinstance(code, int) and code in (0, 1, 3) else 2


@contextmanager
def _executor(asked: Asked) -> Generator[Executor | None]:
    address = asked.own.get("--cluster")
    if address is None:
        yield None
    elif address.startswith("ray"):
        import ray  # pyright: ignore[reportMissingImports] - an extra

        with ray.init(address=address if address.startswith("ray:") else None, log_to_driver=False):
            yield RayExecutor()
    else:
        from distributed import Client  # pyright: ignore[reportMissingImports] - an extra

        try:
            client = Client(address, timeout=10)
        except (OSError, ValueError) as error:
            raise ManyError(f"--cluster {address}: cannot be reached ({error}); is its scheduler running?") from error
        with client:
            yield client.get_executor()


@contextmanager
def _progress(task: str, items: int, done: int) -> Generator[Callable[[], None]]:
    """A bar of items on standard error where a person looks at it."""
    from rich.console import Console

    console = Console(stderr=True)
    with progress_bar(console, console.is_terminal) as bar:
        shown = bar.add_task(task, total=items, completed=done)
        yield lambda: bar.advance(shown)
