"""What a process and all that it has started take: CPU time and memory, as Linux tells them from outside.

Workers have sessions of their own, so they are found by their parents. The time of one that has ended is its parent's
once that has waited for it: seen from outside, no second is lost or counted twice.
"""

import os
import signal
from collections import defaultdict
from contextlib import suppress
from pathlib import Path

_TICK = os.sysconf("SC_CLK_TCK")
_OWN, _OF_ENDED = slice(11, 13), slice(13, 15)  # user and system time, in the fields after the name


def processes(root: int) -> dict[int, list[str]]:
    """The process and all below it that live, with the fields of their status after the name.

    Args:
        root: Number of the process.

    Returns:
        The fields by number; empty if the process is gone.
    """
    fields: dict[int, list[str]] = {}
    children: defaultdict[int, list[int]] = defaultdict(list)
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it has ended meanwhile
            told = (folder / "stat").read_text().rpartition(")")[2].split()
            fields[int(folder.name)] = told
            children[int(told[1])].append(int(folder.name))
    found: dict[int, list[str]] = {}
    waiting = [root]
    while waiting:
        number = waiting.pop()
        if number in fields and number not in found:
            found[number] = fields[number]
            waiting += children[number]
    return found


def cpu_seconds(root: int) -> float:
    """CPU time of the process, of all below it, and of those that they have waited for."""
    return sum(sum(map(int, [*told[_OWN], *told[_OF_ENDED]])) for told in processes(root).values()) / _TICK


def megabytes(root: int) -> float:
    """The most memory that one of the processes has held so far."""
    return max((_peak(number) for number in processes(root)), default=0.0)


def _peak(number: int) -> float:
    with suppress(OSError):
        for line in Path(f"/proc/{number}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    return 0.0


def end(root: int) -> None:
    """Kills the process and all below it."""
    for number in processes(root):
        with suppress(ProcessLookupError):
            os.kill(number, signal.SIGKILL)
