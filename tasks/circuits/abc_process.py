"""ABC in a process of its own, with a limit, and the CPU seconds that it took."""

import resource
import subprocess


def run_abc(abc: str, script: str, timeout: float) -> tuple[str, float]:
    """What ABC prints, and its CPU seconds; it is ended after ``timeout`` of them.

    Args:
        abc: The executable.
        script: Commands.
        timeout: CPU seconds.
    """
    limit = int(timeout) + 1

    def bounded() -> None:
        resource.setrlimit(resource.RLIMIT_CPU, (limit, limit))

    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run([abc, "-q", script], capture_output=True, text=True, check=False, preexec_fn=bounded)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return done.stdout, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
