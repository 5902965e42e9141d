"""ProbLog in a process of its own, which is ended with the compilers that it starts when a program takes too long."""

import json
import os
import select
import signal
import subprocess
import sys
import warnings
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Self

from problog import get_evaluatable
from problog.errors import InconsistentEvidenceError, ProbLogError
from problog.formula import LogicDAG
from problog.program import PrologString
from problog.tasks.mpe import mpe_maxsat

CRASH = "ProbLog fails on an error of its own"  # an assertion of its cycle breaking, say: nothing to compare with
UNFINISHED = "ProbLog does not finish"
Verdict = dict[str, float] | str
"""Atom to probability, or the kind of refusal."""


class ProbLogProcess:
    """Asks ProbLog, and waits no longer than ``seconds`` of wall time for one program.

    ProbLog has other programs compile its formulas, which at times never end, and its process grows with each program:
    so it is the first of a group of processes that are killed together, and it is replaced after ``renewed`` programs.
    """

    def __init__(self, seconds: float = 20.0, renewed: int = 200) -> None:
        self._seconds = seconds
        self._renewed = renewed
        self._asked = 0
        self._child: subprocess.Popen[str] | None = None
        self._folder = TemporaryDirectory()  # for what its solvers leave behind

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()
        self._folder.cleanup()

    def ask(self, text: str, task: str = "query") -> Verdict:
        """ProbLog's answers, the kind of its refusal, ``CRASH`` or ``UNFINISHED``.

        Args:
            text: The program.
            task: ``query`` for the probability of its queries, ``mpe`` for that of its most probable world.
        """
        if self._asked == self._renewed:
            self._end()
        if self._child is None:
            command = [sys.executable, "-P", str(Path(__file__).resolve())]
            self._child = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
                start_new_session=True,
                cwd=self._folder.name,
            )
            self._asked = 0
        self._asked += 1
        requests, replies = self._child.stdin, self._child.stdout
        if requests is None or replies is None:
            raise RuntimeError("a process without pipes; open it with subprocess.PIPE")
        requests.write(json.dumps([task, text]) + "\n")
        requests.flush()
        reply = replies.readline() if select.select([replies], [], [], self._seconds)[0] else ""
        if not reply:
            self._end()
            return UNFINISHED
        return json.loads(reply)

    def _end(self) -> None:
        if self._child is not None:
            os.killpg(self._child.pid, signal.SIGKILL)
            self._child.communicate()
            self._child = None


def ask_problog(text: str) -> Verdict:
    """The same, asked in this process and without a limit."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # ProbLog warns of every '=='
            found = get_evaluatable().create_from(PrologString(text)).evaluate()
    except InconsistentEvidenceError:
        return "evidence"
    except ProbLogError as error:
        return "not stratified" if type(error).__name__ == "NegativeCycle" else f"refused: {type(error).__name__}"
    except Exception:
        return CRASH
    return {str(atom).replace(" ", ""): float(value) for atom, value in found.items()}


def ask_world(text: str) -> Verdict:
    """The probability of ProbLog's most probable world, as that of ``world``; asked in this process."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            dag = LogicDAG.createFrom(PrologString(text), avoid_name_clash=True, label_all=True, labels=[("output", 1)])
            share, _ = mpe_maxsat(dag)
    except InconsistentEvidenceError:
        return "evidence"
    except ProbLogError as error:
        return "not stratified" if type(error).__name__ == "NegativeCycle" else f"refused: {type(error).__name__}"
    except Exception:
        return CRASH
    return {"world": float(share)}


def _serve() -> None:
    """A program in each line of the standard input, a verdict in each of the output, for nothing else to write to."""
    replies = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    for line in sys.stdin:
        task, text = json.loads(line)
        replies.write(json.dumps((ask_world if task == "mpe" else ask_problog)(text)) + "\n")
        replies.flush()


if __name__ == "__main__":
    _serve()
