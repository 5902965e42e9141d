"""A process that runs one program: what it prints, what it asks and what it answers, in the order of events."""

import json
import os
import resource
import select
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any

from ..errors import PrologLimit, PrologMissing, PrologTimeout
from ..prolog.border import Limits

_COMMAND = ("swipl", "-q", "-f", "none", "--no-packs", "--no-tty")
_MOST_PRINTED = 100_000_000  # bytes
_BLOCK = 1 << 16
_PATIENCE = 20.0, 60.0  # the fuse, in wall time: so many times the CPU time allowed, and seconds more
_LIBRARIES = 1 << 30  # bytes of address space that Prolog takes besides its stacks


class Session:
    """One process, from its start to its end.

    Once it is ready it can open no file and no connection, and holds no more memory than the limits say.

    Args:
        limits: What it may spend: ``seconds`` of CPU time and ``megabytes``.
        write: Takes what the program prints.
    """

    def __init__(self, limits: Limits, write: Callable[[str], object]) -> None:
        self._limits, self._write = limits, write
        told, telling = os.pipe()
        try:
            self._process = subprocess.Popen(
                [*_COMMAND, str(Path(__file__).with_name("session.pl")), f"/dev/fd/{telling}"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                pass_fds=(telling,),
                bufsize=0,
                start_new_session=True,
            )
        except OSError as error:
            os.close(told)
            raise PrologMissing(f"SWI-Prolog cannot be started ({error.strerror})") from None
        finally:
            os.close(telling)
        self._told = told
        self._begun, self._printed = time.monotonic(), 0
        self._lines = self._read()

    def __enter__(self) -> "Session":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.end()

    @property
    def number(self) -> int:
        """By which the system knows the process."""
        return self._process.pid

    @property
    def cpu_seconds(self) -> float:
        """What the process has used; 0 where it is not told."""
        try:
            return time.clock_gettime((~self._process.pid << 3) | 2)  # the clock that Linux counts a process's time by
        except (AttributeError, OSError):
            return 0.0

    def receive(self) -> list[Any]:
        """The next message: its name and its arguments.

        Raises:
            PrologTimeout: if the time ran out.
            PrologLimit: if the process died, or printed too much.
        """
        for line in self._lines:
            return json.loads(line)
        code = self._process.wait()
        if code in (1, 2, 127):
            raise PrologMissing(f"SWI-Prolog does not start (exit code {code}); install version 9 or later")
        raise PrologLimit(f"SWI-Prolog ended with signal {-code}; the program needs more memory than Limits.megabytes")

    def send(self, text: str) -> None:
        """Sends a term."""
        with suppress(BrokenPipeError):
            rest = memoryview(f"{len(text)}\n{text}".encode())
            stdin = self._process.stdin
            while rest and stdin is not None:
                rest = rest[stdin.write(rest) or 0 :]

    def wall_in(self) -> None:
        """From now on the process can open nothing."""
        if not hasattr(resource, "prlimit"):
            return
        most = self._limits.megabytes * 4 * 2**20 + _LIBRARIES
        for limit, value in (
            (resource.RLIMIT_NOFILE, 0),
            (resource.RLIMIT_FSIZE, 0),
            (resource.RLIMIT_CORE, 0),
            (resource.RLIMIT_AS, most),
        ):
            with suppress(OSError, ValueError):
                resource.prlimit(self._process.pid, limit, (value, value))

    def end(self) -> None:
        """Ends the process."""
        self._process.kill()
        os.close(self._told)
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()
        self._process.wait()

    def _read(self) -> Iterator[bytes]:
        """Whole lines of the channel; what is printed before them is passed on before them."""
        stdout = self._process.stdout
        if stdout is None:
            return
        poll = select.poll()
        poll.register(self._told, select.POLLIN | select.POLLHUP)
        poll.register(stdout, select.POLLIN | select.POLLHUP)
        received, text = bytearray(), b""
        open_ends = {self._told, stdout.fileno()}
        while self._told in open_ends:
            for end, _ in self._await(poll):
                block = os.read(end, _BLOCK)
                if not block:
                    poll.unregister(end)
                    open_ends.discard(end)
                elif end == self._told:
                    received += block
                else:
                    text = self._pass_on(text + block)
            while b"\n" in received:
                line, _, rest = received.partition(b"\n")
                received = bytearray(rest)
                while stdout.fileno() in open_ends and select.select([stdout], [], [], 0)[0]:
                    block = os.read(stdout.fileno(), _BLOCK)
                    if not block:
                        poll.unregister(stdout)
                        open_ends.discard(stdout.fileno())
                    text = self._pass_on(text + block)
                yield bytes(line)

    def _pass_on(self, text: bytes) -> bytes:
        """Writes the whole characters of a text; what is left is the beginning of another."""
        self._printed += len(text)
        if self._printed > _MOST_PRINTED:
            raise PrologLimit(f"the program prints more than {_MOST_PRINTED} bytes")
        whole = len(text)
        while whole and whole > len(text) - 4 and not _is_whole(text[:whole]):
            whole -= 1
        if whole:
            self._write(text[:whole].decode("utf-8", "replace"))
        return text[whole:]

    def _await(self, poll: select.poll) -> list[tuple[int, int]]:
        factor, more = _PATIENCE
        while True:
            found = poll.poll(250)
            elapsed = time.monotonic() - self._begun
            if self.cpu_seconds > self._limits.seconds or elapsed > factor * self._limits.seconds + more:
                raise PrologTimeout(
                    f"Prolog did not finish within {self._limits.seconds:g} s; look for endless recursion, or raise "
                    f"Limits.seconds"
                )
            if found:
                return found


def _is_whole(text: bytes) -> bool:
    try:
        text.decode()
    except UnicodeDecodeError as error:
        return error.reason != "unexpected end of data"
    return True
