"""How a command ends: errors that a user can mend as one line, and the exit codes of the shell's customs.

0 done or proved, 1 refuted or impossible, 2 bad input, 3 unknown within the limits; 128 + the signal's number after an
interruption: 130 Ctrl-C, 143 SIGTERM, 141 when nobody reads the answer any more.
"""

import os
import signal
import sys
import warnings
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from threading import current_thread, main_thread
from types import FrameType
from typing import NoReturn

from ...terminal import complain, say_json

_UNREAD = 141


class _Ended(KeyboardInterrupt):
    """A signal asked the process to end."""

    def __init__(self, number: int) -> None:
        super().__init__(f"signal {number}")
        self.number = number


@contextmanager
def plain_errors(folder: Path | None = None) -> Generator[None]:
    """Turns errors that a user can mend into one line and exit code 2, and signals into theirs.

    A command may answer a signal with what it knows by then; its exit code is the signal's all the same.

    Args:
        folder: Where a checkpoint may lie from which the run can go on, if any.
    """
    ended: list[int] = []

    def end(number: int, _: FrameType | None) -> None:
        """The first signal lets the command tidy up, the second is not needed, the third ends it at once."""
        ended.append(number)
        if len(ended) == 1:
            raise _Ended(number)
        if len(ended) > 2:
            os._exit(128 + number)

    with _signals(end), _plain_warnings():
        try:
            yield
            sys.stdout.flush()
            if ended:  # and the command answered with what it knew by then
                raise SystemExit(128 + ended[0])
        except BrokenPipeError:
            _forget_output()
            raise SystemExit(_UNREAD) from None
        except ModuleNotFoundError as error:
            fail(f"the package '{error.name}' is not installed; run: neurosym doctor")
            raise SystemExit(2) from error
        except KeyboardInterrupt as error:
            _stopped(error, folder)
        except Exception as error:
            from logic.errors import NeurosymError

            if isinstance(error, NeurosymError):
                fail(str(error))
                interruption = _interruption(error)  # of a training, which says itself how to go on
                raise SystemExit(_code(interruption) if interruption else 2) from error
            if isinstance(error, OSError) and _is_about_output(error):
                _forget_output()
                complain(f"the answer cannot be written to standard output ({error.strerror}); make room")
                raise SystemExit(2) from error
            raise


def fail(message: str) -> None:
    """Says why there is no answer: one line on standard error, and to programs that asked for JSON also that."""
    complain(message)
    if "--json" in sys.argv[1:]:
        say_json({"error": message})


def _stopped(error: KeyboardInterrupt, folder: Path | None) -> NoReturn:
    if folder and any(folder.glob("checkpoint*")):
        fail(f"Stopped. The last checkpoint is kept; go on with: neurosym run --resume {folder}")
    elif folder:
        fail("Stopped before the first checkpoint; nothing is kept")
    else:
        fail("Stopped; no file was left half-written")
    raise SystemExit(_code(error)) from error


def _interruption(error: BaseException | None) -> KeyboardInterrupt | None:
    """The signal that an error comes from, if any."""
    while error is not None and not isinstance(error, KeyboardInterrupt):
        error = error.__cause__ or error.__context__
    return error


def _code(error: KeyboardInterrupt) -> int:
    return 128 + (error.number if isinstance(error, _Ended) else signal.SIGINT)


def _is_about_output(error: OSError) -> bool:
    """Whether it is the flush of what was printed that failed: an error without a file."""
    return error.filename is None and error.errno is not None


def _forget_output() -> None:
    """Sends what is still to be printed nowhere, so that the interpreter's last flush does not fail again."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


@contextmanager
def _plain_warnings() -> Generator[None]:
    """Within it, a warning is one line on standard error, without the line of code that it came from."""

    def show(message: Warning | str, *_: object) -> None:
        complain(str(message), "Warning")

    before = warnings.showwarning
    warnings.showwarning = show
    try:
        yield
    finally:
        warnings.showwarning = before


@contextmanager
def _signals(end: object) -> Generator[None]:
    """Within it, SIGINT and SIGTERM are handled; only the main thread can."""
    if current_thread() is not main_thread():
        yield
        return
    kinds = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(kind, end) for kind in kinds]  # pyright: ignore[reportArgumentType] - a handler
    try:
        yield
    finally:
        for kind, handler in zip(kinds, before, strict=True):
            signal.signal(kind, handler)
