"""Workers: processes that run SWI-Prolog, so that no request can end the process of its caller.

A request is one crossing by pipes. An idle worker is kept for the next request, with the programs that were asked
lately; requests of several threads run in several workers. One that dies, goes on after its limits, or was cut off by
them, is ended, and the next request starts another.
"""

import atexit
import os
import select
import subprocess
import time
from collections import OrderedDict
from collections.abc import Sequence
from contextlib import suppress
from threading import BoundedSemaphore
from typing import NamedTuple

from logic.domain import Domain

from ..errors import PrologLimit, PrologMissing, PrologTimeout
from . import saved_state
from .text import PrologText, quote_atom

MOST = 4  # workers at one time
_SLOTS = 8  # programs that a worker holds
_RENEWED = 5_000  # programs after which a worker is ended: names of predicates are never forgotten
_HELD = 4_000_000  # characters of them together, of several
_COMMAND = ("swipl", "-q", "-f", "none", "--no-packs", "--no-tty")
_INSTALL = "install it with `apt-get install swi-prolog-nox` (Debian, Ubuntu) or `brew install swi-prolog` (macOS)"
_GRACE = 2.0  # CPU seconds that Prolog may need to notice by itself that its time is up
_PATIENCE = 20.0, 60.0  # the fuse, in wall time: so many times the CPU time allowed, and seconds more
_BLOCK = 1 << 20  # bytes read at once
READ = "read"  # the task whose reply is the program itself
_DONE = '{"ok":'
_CUT_OFF = tuple(f'{{"error":{{"kind":"{kind}"' for kind in ("time", "inferences", "memory", "growing"))
"""How replies begin that a limit cut off: where it struck, in the middle of Prolog's own libraries, nobody knows."""


class Resident(NamedTuple):
    """A program that stays in a worker once it is asked.

    Args:
        text: Its rules.
        domains: What can be perceived.
        world: Whether it is run in one world, where nothing is uncertain.
    """

    text: PrologText
    domains: tuple[Domain, ...]
    world: bool = False

    @property
    def domains_text(self) -> str:
        """Domains and world as ``engine.pl`` reads them."""
        return f"domains({write_domains(self.domains)},{str(self.world).lower()})"


def write_domains(domains: Sequence[Domain]) -> str:
    """Domains as a Prolog list."""
    return f"[{','.join(map(_domain, domains))}]"


def _domain(domain: Domain) -> str:
    values = (quote_atom(value) if isinstance(value, str) else str(value) for value in domain.values)
    return f"domain({domain.name},[{','.join(values)}])"


def exchange(limits: str, task: str, seconds: float, program: Resident | None = None) -> str:
    """What ``engine.pl`` replies to a task.

    Args:
        limits: A term ``limits(Inferences, Seconds, Bytes)``, in Prolog text.
        task: A term that ``engine.pl`` performs, in Prolog text.
        seconds: CPU time after which the worker is ended, should Prolog not have ended the request itself.
        program: That the task is about, if any.

    Raises:
        PrologMissing: if SWI-Prolog cannot be started.
        PrologTimeout: if the worker had to be ended.
        PrologLimit: if it died.
    """
    with _pool.free:
        worker = _pool.take(program)
        try:
            reply = worker.ask(limits, task, seconds, program)
        except BaseException:  # a keyboard interrupt too: what the worker does now is of no use
            _pool.end(worker)
            raise
        if reply.startswith(_CUT_OFF) or worker.installed >= _RENEWED:
            _pool.end(worker)
        else:
            _pool.idle.append(worker)
        return reply


def cpu_seconds() -> float:
    """What the workers that live have used, which the time of this process does not hold; 0 where it is not told."""
    return sum(worker.cpu_seconds() for worker in _pool.workers)


def start_early() -> None:
    """Starts a worker that the first request finds ready, for a process that loads something else meanwhile."""
    if not _pool.workers:
        _pool.idle.append(_pool.start())


class _Worker:
    """One process."""

    def __init__(self) -> None:
        try:
            self.process = subprocess.Popen(
                [*_COMMAND, *saved_state.arguments(_COMMAND[0])],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                bufsize=0,
                start_new_session=True,  # Ctrl-C is for us
            )
        except OSError as error:
            raise PrologMissing(f"SWI-Prolog cannot be started ({error.strerror}); {_INSTALL}") from None
        stdin, stdout = self.process.stdin, self.process.stdout
        if stdin is None or stdout is None:
            raise PrologMissing("SWI-Prolog was started without pipes")
        self._stdin, self._stdout = stdin, stdout
        self._ready = select.poll()
        self._ready.register(stdout, select.POLLIN | select.POLLHUP)
        self.installed = 0  # programs so far
        self.held: OrderedDict[Resident, int] = OrderedDict()  # with their slots, the least recently asked first

    def ask(self, limits: str, task: str, seconds: float, program: Resident | None) -> str:
        """The reply to a task about a program, which is sent along if it is not held."""
        if program is None:
            return self._exchange((limits, "", "", "", task), seconds)
        if program in self.held and task != READ:
            self.held.move_to_end(program)
            return self._exchange((limits, f"slot {self.held[program]}", "", "", task), seconds)
        slot = self.held.pop(program, None) or self._make_room(len(program.text.text), limits, seconds)
        self.installed += 1
        reply = self._exchange((limits, f"slot {slot}", program.domains_text, program.text.text, task), seconds)
        if reply.startswith(_DONE):  # otherwise it may not have been installed
            self.held[program] = slot
        return reply

    def _make_room(self, characters: int, limits: str, seconds: float) -> int:
        """A slot for a program; those asked least recently are forgotten."""
        total = characters + sum(len(program.text.text) for program in self.held)
        while self.held and total > _HELD:
            program, slot = self.held.popitem(last=False)
            total -= len(program.text.text)
            self._exchange((limits, f"slot {slot}", "", "", "forget"), seconds)
        if len(self.held) == _SLOTS:
            return self.held.popitem(last=False)[1]
        return next(slot for slot in range(1, _SLOTS + 1) if slot not in self.held.values())

    def _exchange(self, texts: Sequence[str], seconds: float) -> str:
        """The reply to a message."""
        message = "".join(f"{len(text)}\n{text}" for text in texts).encode("utf-8", "surrogatepass")
        begun, used = time.monotonic(), self.cpu_seconds()
        with suppress(BrokenPipeError):
            rest = memoryview(message)
            while rest:
                rest = rest[self._stdin.write(rest) or 0 :]
        received, length, header = bytearray(), -1, 0
        while length < 0 or len(received) < header + length:
            self._await(seconds, begun, used)
            block = os.read(self._stdout.fileno(), _BLOCK)
            if not block:
                raise self._obituary()
            received += block
            if length < 0 and b"\n" in received:
                header = received.index(b"\n") + 1
                length = int(received[:header])
        return received[header:].decode("ascii")

    def end(self) -> None:
        """Ends the process."""
        self.process.kill()
        self.close()
        self.process.wait()

    def close(self) -> None:
        """Closes the pipes on this side."""
        for pipe in (self._stdin, self._stdout):
            with suppress(OSError):
                pipe.close()

    def _await(self, seconds: float, begun: float, used: float) -> None:
        """Waits for bytes, or the end of them."""
        while True:
            elapsed = time.monotonic() - begun
            if self._ready.poll(1000 * max(0.25, seconds + _GRACE - elapsed)):
                return
            factor, more = _PATIENCE
            if self.cpu_seconds() - used > seconds + _GRACE or time.monotonic() - begun > factor * seconds + more:
                raise PrologTimeout(
                    f"Prolog did not finish within {seconds:g} s; look for endless recursion, or raise Limits.seconds"
                )

    def cpu_seconds(self) -> float:
        """What the process has used so far; 0 where the system does not tell."""
        try:
            return time.clock_gettime((~self.process.pid << 3) | 2)  # the clock that Linux counts a process's time by
        except (AttributeError, OSError):
            return 0.0

    def _obituary(self) -> PrologLimit | PrologMissing:
        code = self.process.wait()
        how = f"signal {-code}" if code < 0 else f"exit code {code}"
        if code in (1, 2, 127):
            return PrologMissing(f"SWI-Prolog does not start ({how}); {_INSTALL}, version 9 or later")
        return PrologLimit(f"SWI-Prolog ended with {how}; the program, or a term of it, is too large or too deep")


class Pool:
    """The workers of this process."""

    def __init__(self) -> None:
        self.free = BoundedSemaphore(MOST)
        self.idle: list[_Worker] = []
        self.workers: list[_Worker] = []

    def take(self, program: Resident | None) -> _Worker:
        """An idle worker that lives, one that holds the program if there is one, or a new one."""
        while self.idle:
            with suppress(IndexError, ValueError):  # another thread may be faster
                worker = next((one for one in self.idle if program in one.held), self.idle[-1])
                self.idle.remove(worker)
                if worker.process.poll() is None:
                    return worker
                self.end(worker)
        return self.start()

    def start(self) -> _Worker:
        """A new worker."""
        worker = _Worker()
        self.workers.append(worker)
        return worker

    def end(self, worker: _Worker) -> None:
        """Ends a worker and forgets it."""
        worker.end()
        self.workers.remove(worker)

    def end_all(self) -> None:
        """Ends all workers."""
        for worker in [*self.workers]:
            self.end(worker)

    def renounce(self) -> None:
        """In a forked process: the workers stay with the parent."""
        for worker in self.workers:
            worker.close()
            worker.process.returncode = 0  # not our child
        self.__init__()


_pool = Pool()
atexit.register(_pool.end_all)
os.register_at_fork(after_in_child=_pool.renounce)
