"""Hostile programs asked by the hundred: no traceback, no crash, at most 2 GB and twice the limit of time.

Time is CPU time of everything that a program takes: our process, its workers of Prolog, their start, and their end.
"""

import json
import os
import select
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Annotated, NamedTuple, cast

import typer
from rich.console import Console
from rich.progress import track

from logic.errors import NeurosymError
from reasoner import ConstraintProgram, Limits, Program, explain, infer, solve

from ..reliability.process_tree import cpu_seconds, end, megabytes
from .hostile_programs import Hostile, hostile_programs

MEGABYTES = 2048
_PATIENCE = 120.0  # seconds of wall time until a silent process is ended
_GLANCE = 0.5  # seconds from look to look at what is held


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
            str(infer(Program.parse(program.text, (), limits=limits), limits=limits))
        else:
            for answer in explain(
                Program.parse(program.text, (), limits=limits), program.goal or "p(X)", (), 1, limits
            ):
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
            before = cpu_seconds(child.pid)
            requests, replies = cast("tuple[typer.FileTextWrite, typer.FileText]", (child.stdin, child.stdout))
            requests.write(json.dumps(program) + "\n")
            requests.flush()
            patience, most = time.monotonic() + _PATIENCE, 0.0
            while not select.select([replies], [], [], _GLANCE)[0] and time.monotonic() < patience:
                most = max(most, megabytes(child.pid))
            line = replies.readline() if select.select([replies], [], [], 0)[0] else ""
            used, most = cpu_seconds(child.pid) - before, max(most, megabytes(child.pid))
            if not line:
                code = child.poll()
                verdict = f"TIME: silent for {_PATIENCE:g} s" if code is None else f"CRASH: exit code {code}"
                _end(child)
                child = None
            else:
                verdict = json.loads(line)
                if used > 2 * seconds:
                    verdict = f"TIME: {used:.1f} s of CPU time; {verdict}"
                if most > MEGABYTES:
                    verdict = f"MEMORY: {most:.0f} MB; {verdict}"
                    _end(child)
                    child = None
            yield Outcome(program, verdict, used, most)
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
    end(child.pid)
    child.communicate()


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
