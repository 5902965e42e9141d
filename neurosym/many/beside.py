"""A process beside a thread, in which items have a main thread of their own, and with it limits."""

import os
import pickle
import subprocess
import sys
from typing import Any, BinaryIO

import cloudpickle


class BesideError(RuntimeError):
    """The process beside ended before it answered."""


class Beside:
    """A process that computes one call after the other; it begins with the first, and ends with this one."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    def call(self, *call: Any) -> Any:
        """What a function returns for arguments, all in one tuple.

        Raises:
            BesideError: if the process ended; the next call begins another.
        """
        if self._process is None:
            command = [sys.executable, "-m", __name__]
            self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        place, answers = self._process.stdin, self._process.stdout
        try:
            if place is not None and answers is not None:
                cloudpickle.dump(call, place)
                place.flush()
                return pickle.load(answers)  # of a process of our own
        except (EOFError, OSError, pickle.UnpicklingError):
            pass
        self.close()
        raise BesideError("the process beside ended")

    def close(self) -> None:
        """Ends the process, whatever it does."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None

    def __del__(self) -> None:
        """A thread that ends takes its process with it."""
        self.close()


def _serve(calls: BinaryIO, answers: BinaryIO) -> None:
    while True:
        try:
            function, *arguments = pickle.load(calls)
        except EOFError:
            return
        cloudpickle.dump(function(*arguments), answers)
        answers.flush()


if __name__ == "__main__":
    own = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what items print is no answer
    _serve(sys.stdin.buffer, own)
