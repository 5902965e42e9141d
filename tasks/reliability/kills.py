"""Kills long commands with signal 9 at random moments, starts them again, and compares with undisturbed runs.

``python -m tasks.reliability.kills --kills 50 --seed 0``. Half of the kills strike at a random time, half just after a
file has changed, since files are being written then. Half of the commands that may be repeated run over old results.
After the kill every file is whole, and none that was there before is gone; after the second start all is as in the
undisturbed run, and neither files nor processes are left over.

Each command has a process of its own, forked from one that has loaded the libraries: loading them takes longer than
most of the work, and nothing can be lost while it lasts.
"""

import os
import random
import resource
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from importlib import import_module
from multiprocessing import get_context
from multiprocessing.context import ForkProcess
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer
from rich.console import Console

from neurosym.commands import cli

from .jobs import JOBS, Job, content, without_times, write_inputs

_LOADED = (
    "neurosym.addition.run",
    *(f"neurosym.commands.{name}" for name in ("netlists", "solving.puzzles", "vision")),
)
_LOOK = 0.002  # seconds between looks at the folder
_LIMIT = 600.0  # seconds for a command
_OWN = ("stdout", "stderr", "tmp")


@dataclass(frozen=True)
class Undisturbed:
    """A job that nobody stopped.

    Args:
        files: What its files say, by their names.
        printed: What it printed.
        code: Its exit code.
        seconds: How long it took.
        changes: How often its files were seen to change.
    """

    files: dict[str, object]
    printed: object
    code: int
    seconds: float
    changes: int


@dataclass(frozen=True)
class Kill:
    """What became of a job that was killed and started again.

    Args:
        job: Which.
        moment: When it was killed.
        struck: Whether it was still running then.
        faults: What went wrong, none if nothing did.
    """

    job: str
    moment: str
    struck: bool
    faults: tuple[str, ...]


def undisturbed(job: Job, folder: Path) -> Undisturbed:
    """Runs a job to its end in an empty folder."""
    write_inputs(folder)
    start = time.monotonic()
    child = _start(job.command, folder)
    changes = _watch(child, folder, _LIMIT, sys.maxsize)
    code = _end(child)
    return Undisturbed(_files(folder), _printed(folder), code, time.monotonic() - start, changes)


def kill(job: Job, expected: Undisturbed, folder: Path, generator: random.Random) -> Kill:
    """Runs a job, kills it, runs it again and compares.

    Args:
        job: What to run.
        expected: The same job without a kill.
        folder: An empty one.
        generator: Of the moment.
    """
    write_inputs(folder)
    old = job.keeps and generator.random() < 0.5
    if old:
        _run(job.command, folder)
    seconds, changes, delay = generator.uniform(0, expected.seconds), sys.maxsize, 0.0
    moment = f"after {seconds:.2f} s" + ", over an old result" * old
    if expected.changes and generator.random() < 0.5:
        seconds, changes, delay = _LIMIT, generator.randint(1, expected.changes), generator.uniform(0, 0.01)
        moment = f"{1000 * delay:.0f} ms after change {changes} of {expected.changes}" + ", over an old result" * old
    child = _start(job.command, folder)
    _watch(child, folder, seconds, changes)
    time.sleep(delay)
    child.kill()
    struck = _end(child) == -signal.SIGKILL
    faults = _left_running(child.pid) if child.pid else []
    found, torn = _whole_files(folder)
    faults += torn
    if old:
        faults += [f"{name} is not the old file after the kill" for name in expected.files if name not in found]
    code = _run(job.again if job.again and (folder / job.begun).exists() else job.command, folder)
    faults += [] if code == expected.code else [f"ends with {code}: {(folder / 'stderr').read_text()[-300:]}"]
    faults += _compared(_printed(folder), expected.printed)
    found, torn = _whole_files(folder)
    faults += torn
    faults += [f"{name} is left over" for name in found.keys() - expected.files.keys()]
    faults += [f"{name} differs" for name, wanted in expected.files.items() if found.get(name, faults) != wanted]
    return Kill(job.name, moment, struck, tuple(faults))


def kills(count: int, seed: int, jobs: Sequence[Job]) -> Iterator[Kill]:
    """Kills of jobs chosen at random by their weights, until so many have struck; each job runs undisturbed once."""
    for name in _LOADED:
        import_module(name)
    generator = random.Random(seed)
    expected: dict[str, Undisturbed] = {}
    while count:
        (job,) = generator.choices(jobs, [job.weight for job in jobs])
        if job.name not in expected:
            with TemporaryDirectory() as folder:
                expected[job.name] = undisturbed(job, Path(folder))
        with TemporaryDirectory() as folder:
            yield (one := kill(job, expected[job.name], Path(folder), generator))
        count -= one.struck
        if not one.struck:  # the machine has become faster, or the first run compiled kernels
            expected[job.name] = replace(expected[job.name], seconds=0.6 * expected[job.name].seconds)


def _start(words: Sequence[str], folder: Path) -> ForkProcess:
    """The command, the first of a group of processes, in a folder with all its temporary files."""
    child = get_context("fork").Process(target=_command, args=(words, folder))
    child.start()
    return child


def _command(words: Sequence[str], folder: Path) -> None:
    """What the forked process does."""
    os.setsid()
    os.chdir(folder)
    (folder / "tmp").mkdir(exist_ok=True)
    os.environ["TMPDIR"] = tempfile.tempdir = str(folder / "tmp")
    for handle, name in ((1, "stdout"), (2, "stderr")):
        os.dup2(os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), handle)
    sys.argv = ["neurosym", *words]
    cli.main()


def _run(words: Sequence[str], folder: Path) -> int:
    return _end(_start(words, folder))


def _end(child: ForkProcess) -> int:
    """The exit code, once the process has ended."""
    child.join(_LIMIT)
    if child.exitcode is None:
        child.kill()
        child.join()
    return child.exitcode or 0


def _watch(child: ForkProcess, folder: Path, seconds: float, most: int) -> int:
    """How often files changed until the command ended, the time was over or they had changed ``most`` times."""
    end, seen, changes = time.monotonic() + seconds, _look(folder), 0
    while child.is_alive() and time.monotonic() < end and changes < most:
        time.sleep(_LOOK)
        now = _look(folder)
        changes, seen = changes + (now != seen), now
    return changes


def _look(folder: Path) -> frozenset[tuple[Path, int, int]]:
    """Names, sizes and times of the files, but for those that go away meanwhile."""
    found: set[tuple[Path, int, int]] = set()
    for top, folders, names in os.walk(folder):  # which passes over folders that go away, as rglob does not
        for path in (Path(top, name) for name in (*folders, *names) if name not in _OWN):
            with suppress(FileNotFoundError):
                state = path.stat()
                found.add((path, state.st_size, state.st_mtime_ns))
    return frozenset(found)


def _left_running(group: int) -> list[str]:
    """Whether a process of the group lives longer than a moment after its first one."""
    end = time.monotonic() + 5
    with suppress(ProcessLookupError):
        while time.monotonic() < end:
            os.killpg(group, 0)
            time.sleep(0.02)
        os.killpg(group, signal.SIGKILL)
        return ["a process is left running"]
    return []


def _whole_files(folder: Path) -> tuple[dict[str, object], list[str]]:
    """What all files say, temporary ones included, and which of the results are torn."""
    found: dict[str, object] = {}
    torn: list[str] = []
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        if name in _OWN or (path.is_dir() and any(path.iterdir())):
            continue
        hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        try:
            found[name] = None if path.is_dir() or hidden else content(path)
        except (ValueError, LookupError) as fault:
            torn.append(f"{name} is torn ({fault})")
    return found, torn


def _compared(printed: object, expected: object) -> list[str]:
    """The first thing that is printed otherwise."""
    rows, wanted = (found if isinstance(found, list) else [found] for found in (printed, expected))
    pairs = zip(rows, wanted, strict=False)
    other = [f"prints {one!s:.200} instead of {two!s:.200}" for one, two in pairs if one != two]
    return other[:1] or ["prints more or fewer lines"] * (len(rows) != len(wanted))


def _files(folder: Path) -> dict[str, object]:
    return _whole_files(folder)[0]


def _printed(folder: Path) -> object:
    return without_times((folder / "stdout").read_text())


def main(
    count: Annotated[int, typer.Option("--kills", min=1, help="How many.")] = 50,
    seed: Annotated[int, typer.Option(min=0, help="Of the jobs and the moments.")] = 0,
    job: Annotated[list[str] | None, typer.Option(help=f"Only these: {', '.join(JOBS)}.")] = None,
) -> None:
    """Kill commands at random moments; exit code 1 if anything was lost, left over or different."""
    console, struck, faulty, start = Console(), Counter[str](), 0, time.monotonic()
    for one in kills(count, seed, [JOBS[name] for name in job or JOBS]):
        struck[one.job] += one.struck
        faulty += bool(one.faults)
        told = ("" if one.struck else "had ended; ") + ("; ".join(one.faults) or "as undisturbed")
        console.print(f"{one.job:12} {one.moment}: {told}", markup=False, soft_wrap=True)
    spent = [resource.getrusage(whose) for whose in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    kinds = ", ".join(f"{name} {times}" for name, times in sorted(struck.items()))
    console.print(
        f"seed {seed}: {struck.total()} kills of running commands ({kinds}), {faulty} with faults; "
        f"{sum(one.ru_utime + one.ru_stime for one in spent):.0f} CPU seconds, {time.monotonic() - start:.0f} s",
        soft_wrap=True,
    )
    raise typer.Exit(1 if faulty else 0)


if __name__ == "__main__":
    typer.run(main)
