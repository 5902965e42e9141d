"""Hostile programs asked by the hundred: no traceback, no crash, at most 2 GB and twice the limit of time."""

import json
import os
import select
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, NamedTuple, cast

import typer
from rich.console import Console
from rich.progress import track

from logic.errors import NeurosymError
from reasoner import ConstraintProgram, Limits, Program, explain, infer, solve

from .hostile_programs import Hostile, hostile_programs

MEGABYTES = 2048
GRACE = 1.5  # seconds of CPU time that starting a process of Prolog, writing and reading may take
_PAGE = os.sysconf("SC_PAGE_SIZE")
_TICK = os.sysconf("SC_CLK_TCK")
_PATIENCE = 120.0  # seconds of wall time until a silent process is ended


class Outcome(NamedTuple):
    """What became of a program.

    Args:
        program: The program.
        verdict: ``answered``, ``refused: ...`` or what went wrong, in capitals.
        seconds: CPU time of our process and of those that it started.
        megabytes: The most memory that one of them held.
    """

    program: Hostile
    verdict: str
    seconds: float
    megabytes: float

    @property
    def wrong(self) -> bool:
        """Whether it broke a promise."""
        return self.verdict.partition(":")[0].isupper()


def ask(program: Hostile, seconds: float) -> str:
    """``answered`` or ``refused: ERROR``, in this process; other exceptions pass."""
    limits = Limits(seconds=seconds, answers=1000)
    try:
        if program.door == "solve":
            parsed = ConstraintProgram.parse(program.text, limits=limits)
            str(solve(parsed, program.goal or "p(X)", seconds=seconds, limits=limits))
        elif program.door == "query":
            str(infer(Program.parse(program.text, ()), limits=limits))
        else:
            for answer in explain(Program.parse(program.text, ()), program.goal or "p(X)", (), 1, limits):
                str(answer)
    except NeurosymError as error:
        if len(str(error)) > 20_000:
            return f"LONG: a message of {len(str(error))} characters"
        return f"refused: {type(error).__name__}"
    return "answered"


def run(programs: Iterable[Hostile], seconds: float = 2.0) -> Iterator[Outcome]:
    """Each program, in a process that is replaced when it dies."""
    child: subprocess.Popen[str] | None = None
    try:
        for program in programs:
            if child is None:
                child = _start(seconds)
            before = _spent(child.pid)
            requests, replies = cast("tuple[typer.FileTextWrite, typer.FileText]", (child.stdin, child.stdout))
            requests.write(json.dumps(program) + "\n")
            requests.flush()
            line = replies.readline() if select.select([replies], [], [], _PATIENCE)[0] else ""
            used, megabytes = _spent(child.pid) - before, _most_memory(child.pid)
            if not line:
                code = child.poll()
                verdict = f"TIME: silent for {_PATIENCE:g} s" if code is None else f"CRASH: exit code {code}"
                _end(child)
                child = None
            else:
                verdict = json.loads(line)
                if used > 2 * seconds + GRACE:
                    verdict = f"TIME: {used:.1f} s of CPU time; {verdict}"
                if megabytes > MEGABYTES:
                    verdict = f"MEMORY: {megabytes:.0f} MB; {verdict}"
                    _end(child)
                    child = None
            yield Outcome(program, verdict, used, megabytes)
    finally:
        if child is not None:
            _end(child)


def _start(seconds: float) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tasks.problog.hostile", "--serve", "--seconds", str(seconds)]
    child = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        start_new_session=True,
    )  # fmt: skip
    if child.stdout is None or child.stdout.readline() != "ready\n":
        raise NeurosymError(
            "the process that asks hostile programs did not start; see: python -m tasks.problog.hostile"
        )
    return child


def _end(child: subprocess.Popen[str]) -> None:
    os.killpg(child.pid, signal.SIGKILL)
    child.communicate()


def _session(leader: int) -> Iterator[tuple[Path, list[str]]]:
    """The processes of a session and the fields of their status, as Linux writes them."""
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[3]) == leader:
            yield folder, fields


def _spent(leader: int) -> float:
    """CPU seconds of the processes of a session and of those that they have waited for."""
    return sum(sum(map(int, fields[11:15])) for _, fields in _session(leader)) / _TICK


def _most_memory(leader: int) -> float:
    """Megabytes that the largest process of a session holds now."""
    return max((int(fields[21]) * _PAGE / 2**20 for _, fields in _session(leader)), default=0.0)


def _serve(seconds: float) -> None:
    """A program in each line of the standard input, a verdict in each of the output."""
    replies = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    for warm in (
        Hostile("warm", "query", "0.5::p(1). query(p(_)).", None),
        Hostile("warm", "solve", "p(X) :- X in 1..2.", "p(X)"),
        Hostile("warm", "explain", "0.5::p(1).", "p(X)"),
    ):
        ask(warm, 20.0)
    replies.write("ready\n")
    replies.flush()
    for line in sys.stdin:
        try:
            verdict = ask(Hostile(*json.loads(line)), seconds)
        except BaseException as error:
            verdict = f"TRACEBACK: {type(error).__name__}: {str(error)[:200]}"
        replies.write(json.dumps(verdict) + "\n")
        replies.flush()


def main(
    count: Annotated[int, typer.Option(min=1, help="How many programs.")] = 300,
    seed: Annotated[int, typer.Option(min=0, help="The same seed writes the same programs.")] = 0,
    seconds: Annotated[float, typer.Option(min=0.1, help="The limit that each program has.")] = 2.0,
    serve: Annotated[bool, typer.Option(hidden=True)] = False,
) -> None:
    """Query, solve and explain hostile programs; exit code 1 on a traceback, a crash or limits not kept."""
    if serve:
        _serve(seconds)
        return
    programs = track(hostile_programs(count, seed), "programs", total=count, console=Console(stderr=True))
    counts: Counter[str] = Counter()
    slowest, largest = 0.0, 0.0
    for found in run(programs, seconds):
        counts[found.verdict.partition(":")[0] if found.wrong else found.verdict] += 1
        slowest, largest = max(slowest, found.seconds), max(largest, found.megabytes)
        if found.wrong:
            typer.echo(
                f"{found.program.kind} ({found.program.door}): {found.verdict}\n    {found.program.text[:200]!r}"
            )
    figures = {"slowest_cpu_seconds": round(slowest, 2), "largest_megabytes": round(largest)}
    typer.echo(json.dumps({"programs": count, "seed": seed, **dict(sorted(counts.items())), **figures}))
    raise typer.Exit(int(any(name.isupper() for name in counts)))


if __name__ == "__main__":
    typer.run(main)
