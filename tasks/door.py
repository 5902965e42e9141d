"""The door: what a first answer costs on the command line, beside ProbLog's own command, in CPU seconds of one run.

Commands take turns, so that a busy machine slows all of them alike; medians are compared. The limits are ratios to
``problog coins.pl``, that of ``--help`` to ``problog --help``.
"""

import argparse
import resource
import subprocess
import sys
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import NamedTuple

from neurosym.terminal import say

COINS = "0.4::heads(1). 0.7::heads(2).\nwin :- heads(1), heads(2).\nquery(win).\n"
ADDER = "s = a ^ b ^ c;\nt = (a * b) + (a * c) + (b * c);\n"
PROBLOG, HELP = "problog coins.pl", "problog --help"


class Door(NamedTuple):
    """A command, what it is compared with, and how many times as long it may take."""

    command: str
    beside: str
    limit: float


DOORS = (
    Door("neurosym --help", HELP, 1.0),
    Door("neurosym query coins.pl", PROBLOG, 3.0),
    Door("neurosym solve sudoku", PROBLOG, 4.5),
    Door("neurosym verify adder.eqn", PROBLOG, 4.5),
)


def measure(commands: list[str], rounds: int) -> dict[str, float]:
    """CPU seconds of each command with its children, the median of interleaved rounds; a first one is not counted."""
    seconds: dict[str, list[float]] = {command: [] for command in commands}
    with TemporaryDirectory() as folder:
        (Path(folder) / "coins.pl").write_text(COINS)
        (Path(folder) / "adder.eqn").write_text(ADDER)
        for round_ in range(rounds + 1):
            for command in commands:
                name, *rest = command.split()
                before = _children()
                subprocess.run([_beside(name), *rest], cwd=folder, check=True, capture_output=True)
                if round_:
                    seconds[command].append(_children() - before)
    return {command: median(found) for command, found in seconds.items()}


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _beside(name: str) -> str:
    """The command of this name that was installed with this interpreter."""
    return str(Path(sys.executable).with_name(name))


def main() -> None:
    """Print the table; exit code 1 if a command is over its limit."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    found = measure([HELP, PROBLOG, *(door.command for door in DOORS)], parser.parse_args().rounds)
    say("| command | CPU ms | ratio | at most | beside |\n|---|---|---|---|---|")
    over = 0
    for door in DOORS:
        ratio = found[door.command] / found[door.beside]
        over += ratio > door.limit
        say(
            f"| `{door.command}` | {1000 * found[door.command]:.0f} | {ratio:.2f} | {door.limit:g} | "
            f"`{door.beside}`, {1000 * found[door.beside]:.0f} ms |"
        )
    sys.exit(over > 0)


if __name__ == "__main__":
    main()
