"""CPU seconds as the limit of a prover: of ABC or any command in a process of its own, and of ours in this one."""

import resource
import subprocess
import time
from typing import NamedTuple

from logic import CircuitError
from logic.watch import Watch


class Run(NamedTuple):
    """What a process printed and took."""

    output: str
    cpu: float  # seconds
    wall: float  # seconds


def run_abc(abc: str, script: str, timeout: float) -> Run:
    """What ABC prints, and what it took; it is ended after ``timeout`` CPU seconds.

    Args:
        abc: The executable.
        script: Commands.
        timeout: CPU seconds.
    """
    return run_command([abc, "-q", script], timeout)


def run_command(command: list[str], timeout: float) -> Run:
    """What a command prints, and what it and its children took; it is ended after ``timeout`` CPU seconds.

    Args:
        command: The words.
        timeout: CPU seconds.

    Raises:
        CircuitError: if there is no such command.
    """
    limit = int(timeout) + 1

    def bounded() -> None:
        resource.setrlimit(resource.RLIMIT_CPU, (limit, limit))

    before, wall = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, preexec_fn=bounded)
    except FileNotFoundError as error:
        raise CircuitError(f"{command[0]} is not installed, or not on the path") from error
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Run(done.stdout, cpu, time.perf_counter() - wall)


class CpuWatch(Watch):
    """Ends a proof of ours after so many CPU seconds of this process, however busy the machine is.

    Args:
        seconds: CPU seconds from now.
    """

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self._end = time.process_time() + seconds

    def late(self) -> bool:
        """Whether they are spent, or Ctrl-C was pressed."""
        return self.interrupted or time.process_time() > self._end
