"""Thousands of mixed requests in one process: the memory that it holds must not grow with their number.

``python -m tasks.reliability.memory --requests 3000 --seed 0``. The first third fills caches and the allocators'
reserves; from then on what the process holds at most may rise by no more than chance explains.

``--programs 10000`` asks so many different programs instead, each once, and counts the Prolog workers, in which
programs stay for the next query; what was prepared and is kept for the same query is let go now and then.
"""

import os
import resource
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from reasoner import Program
from reasoner.counting.planning import KEPT, answer_stated

from .mixture import mix
from .process_tree import processes

ALLOWED = 16 << 20  # bytes of rise after the first third
HOSTILE = 0.05  # of the requests


def held() -> int:
    """Bytes of this process in memory now; where the system does not tell, at most so far."""
    state = Path("/proc/self/statm")
    if state.exists():
        return int(state.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def most_held(count: int, threads: int, seed: int) -> tuple[tuple[int, int, int], int]:
    """The most bytes held during each third of the requests, and the number of wrong answers."""
    most, wrong = [0, 0, 0], 0
    for number, reply in enumerate(mix(count, threads, seed, HOSTILE)):
        third = 3 * number // count
        most[third] = max(most[third], held())
        wrong += not reply.right
    return (most[0], most[1], most[2]), wrong


def most_of_programs(count: int, seed: int) -> tuple[tuple[int, int, int], int]:
    """The same of different programs, each asked once, the workers included."""
    most, wrong = [0, 0, 0], 0
    for number in range(count):
        name, size = f"p{seed}x{number}", 5 + number % 50
        facts = " ".join(f"0.5::{name}({one}). sure_{name}({one})." for one in range(size))
        rules = f"walk_{name}(0). walk_{name}(N) :- N > 0, M is N - 1, walk_{name}(M)."
        text = f"{facts} {rules} q(X) :- {name}(X), sure_{name}(X), walk_{name}(X)."
        found = answer_stated(Program.parse(text, ()), f"q({number % size})")
        wrong += abs(sum(found.values()) - 0.5) > 1e-9
        if number % 500 == 0:
            KEPT.clear()
        if number % 50 == 0:
            third = 3 * number // count
            most[third] = max(most[third], held() + _held_by_workers())
    return (most[0], most[1], most[2]), wrong


def _held_by_workers() -> int:
    pages = (Path(f"/proc/{child}/statm") for child in processes(os.getpid()) if child != os.getpid())
    return sum(int(file.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") for file in pages if file.exists())


def main(
    count: Annotated[int, typer.Option("--requests", min=3, help="How many.")] = 3000,
    threads: Annotated[int, typer.Option(min=1, help="That ask at once.")] = 2,
    seed: Annotated[int, typer.Option(min=0, help="Of the requests.")] = 0,
    programs: Annotated[int, typer.Option(min=0, help="Different programs to ask instead.")] = 0,
) -> None:
    """Ask and watch the memory; exit code 1 if it grows or an answer is wrong."""
    most, wrong = most_of_programs(programs, seed) if programs else most_held(count, threads, seed)
    count = programs or count
    rise = max(most[1:]) - most[0]
    spent = resource.getrusage(resource.RUSAGE_SELF)
    Console().print(
        f"seed {seed}: {count} requests, {wrong} wrong; most held in each third: "
        f"{', '.join(f'{one / 1e6:.1f} MB' for one in most)}; {spent.ru_utime + spent.ru_stime:.0f} CPU seconds",
        soft_wrap=True,
    )
    raise typer.Exit(1 if wrong or rise > ALLOWED else 0)


if __name__ == "__main__":
    typer.run(main)
