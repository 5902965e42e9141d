"""Kernels: loops over arrays that numba compiles once a machine and keeps; what is small runs as plain Python.

To load numba takes longer than most small circuits need, and to compile all kernels half a minute. So a kernel is plain
Python, and compiled (or read from the folder of compiled ones) where its arrays are large, or once plain Python has
cost more than loading numba would. Both run the same lines, so that only the time tells which it was.
"""

import sys
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from functools import cache, update_wrapper
from hashlib import blake2b
from types import FunctionType
from typing import Any, Generic, Literal, ParamSpec, TypeVar, cast

import numpy as np

from .kernel_folder import KernelFolder, find_folder

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")
Mode = Literal["as needed", "always", "never"]

LARGE = 50_000  # entries; plain Python takes about a tenth of a second to go through so many
PATIENCE = 0.3  # seconds of plain Python in a process; about what numba takes to load


class _State:
    """What a process has spent on kernels, and how it runs them."""

    def __init__(self) -> None:
        self.mode: Mode = "as needed"
        self.plain_seconds = 0.0
        self.other_seconds = 0.0  # loading numba and compiling
        self.folder: KernelFolder | None = None
        self.making = threading.RLock()  # two threads would make two of one kernel, and share numba's settings
        self.here = threading.local()  # .plain: whether this thread is inside of a plain kernel


OUTER: dict[str, Any] = {"large": 0, "_nrt": False, "no_cfunc_wrapper": True}
"""Options of a kernel that is always compiled, allocates nothing, and is called from Python."""
INNER: dict[str, Any] = {**OUTER, "no_cpython_wrapper": True}
"""Options of such a kernel that only kernels call: the way from Python would take longer to compile than the kernel."""

_OURS = ("logic.", "reasoner.", "perception.")
_STATE = _State()
_KERNELS: list["Kernel[..., Any]"] = []


class Kernel(Generic[Parameters, Result]):
    """A function that is compiled where that is worth it.

    Args:
        function: Loops over arrays, within what numba compiles and with the same meaning as plain Python: what wraps
            at 64 bits is ``np.uint64``, and other kernels are called by their global names.
        large: As for :func:`kernel`.
        options: Of ``numba.njit``.
    """

    def __init__(self, function: Callable[Parameters, Result], large: int, options: dict[str, Any]) -> None:
        self._function, self._large, self._options = function, large, options
        self._compiled: Callable[Parameters, Result] | None = None
        update_wrapper(self, function)
        _KERNELS.append(self)

    def __call__(self, *args: Parameters.args, **named: Parameters.kwargs) -> Result:
        """Runs it, compiled or plain."""
        if getattr(_STATE.here, "plain", False):  # compiled ones give and take numbers of other types than plain ones
            return self._function(*args, **named)
        if (self._compiled is None or _STATE.mode == "never") and not self._is_worth_compiling(args):
            return self._run_plain(*args, **named)
        try:
            return self.compiled()(*args, **named)
        except OSError:  # the folder of compiled kernels is full, or gone
            forget_folder(f"{kernel_folder().path} cannot be written any more")
        except (ModuleNotFoundError, AttributeError):  # types that another version of ours knew by another name
            forget_folder(f"{kernel_folder().path} holds kernels of another version; remove it")
        return self.compiled()(*args, **named)

    def _is_worth_compiling(self, args: tuple[Any, ...]) -> bool:
        if not self._large or _STATE.mode == "always":
            return True
        return _STATE.mode != "never" and (_STATE.plain_seconds > PATIENCE or _entries(args) >= self._large)

    def _run_plain(self, *args: Parameters.args, **named: Parameters.kwargs) -> Result:
        start, _STATE.here.plain = time.perf_counter(), True
        try:
            with np.errstate(over="ignore"):
                return self._function(*args, **named)
        finally:
            _STATE.here.plain = False
            _STATE.plain_seconds += time.perf_counter() - start

    def compiled(self) -> Callable[Parameters, Result]:
        """What numba makes of it; the kernels that it calls are compiled ones too."""
        if made := self._compiled:
            return made
        with _STATE.making:
            if not (made := self._compiled):
                function = cast(FunctionType, self._function)
                called = {name: function.__globals__.get(name) for name in function.__code__.co_names}
                inner = {name: other.compiled() for name, other in called.items() if isinstance(other, Kernel)}
                copy = FunctionType(function.__code__, function.__globals__ | inner, argdefs=function.__defaults__)
                copy.__qualname__ = function.__qualname__ + (f"-{self.digest()[:8]}" if inner else "")
                made = self._compiled = _compile(copy, self._options)
            return made

    def digest(self) -> str:
        """What it computes, the kernels that it calls included, in hexadecimal digits.

        numba keeps a compiled kernel until the file of that kernel changes. What it calls is compiled into it, and may
        lie in another file; so this is a part of the name of a kernel that calls others.
        """
        code, known = cast(FunctionType, self._function).__code__, cast(FunctionType, self._function).__globals__
        parts = [code.co_code.hex(), *(repr(one) for one in code.co_consts if not hasattr(one, "co_code"))]
        for name in code.co_names:
            other = known.get(name)
            parts.append(other.digest() if isinstance(other, Kernel) else _constant(other))
        return blake2b("|".join(parts).encode(), digest_size=16).hexdigest()

    def forget(self) -> None:
        """Compiles it anew at the next call."""
        self._compiled = None


def kernel(
    *, large: int = LARGE, **options: Any
) -> Callable[[Callable[Parameters, Result]], Kernel[Parameters, Result]]:
    """Makes a function a :class:`Kernel`.

    Args:
        large: Entries of a call's arrays from which on it is compiled at once; 0 for what is never run plain.
        options: Of ``numba.njit``.

    Example:
        >>> @kernel(nogil=True)
        ... def total(numbers):
        ...     found = 0
        ...     for number in numbers:
        ...         found += number
        ...     return found
        >>> int(total(np.arange(5)))
        10
    """
    return lambda function: Kernel(function, large, options)


@contextmanager
def run_kernels(mode: Mode) -> Generator[None]:
    """Within it all kernels run compiled (``always``) or plain (``never``); for set-up and for tests."""
    before, _STATE.mode = _STATE.mode, mode
    try:
        yield
    finally:
        _STATE.mode = before


def work_time() -> float:
    """Seconds, as :func:`time.perf_counter`, but standing still while numba is loaded or compiles."""
    return time.perf_counter() - _STATE.other_seconds


def kernel_folder() -> KernelFolder:
    """Where compiled kernels are kept; looked for once."""
    if _STATE.folder is None:
        _STATE.folder = find_folder()
    return _STATE.folder


def forget_folder(reason: str) -> None:
    """Compiles in memory from now on."""
    with _STATE.making:
        _STATE.folder = KernelFolder(None, reason)
        for one in _KERNELS:
            one.forget()


def _constant(value: object) -> str:
    """A global value as numba compiles it in; empty for what is no constant."""
    return repr(value) if isinstance(value, bool | int | float | str | tuple | np.integer) else ""


def _entries(args: tuple[Any, ...]) -> int:
    """How many entries the arrays among the arguments have together, also those in tuples."""
    found = 0
    for one in args:
        if isinstance(one, np.ndarray):
            found += one.size
        elif isinstance(one, tuple):
            found += _entries(cast("tuple[Any, ...]", one))
    return found


def _compile(function: FunctionType, options: dict[str, Any]) -> Any:
    start = time.perf_counter()
    numba, folder = _load_numba(), kernel_folder().path
    config = numba.config
    before = config.CACHE_DIR, getattr(config, "CACHE_LOCATOR_CLASSES", "")
    try:
        if folder is not None:  # there and nowhere else
            config.CACHE_DIR, config.CACHE_LOCATOR_CLASSES = str(folder), "UserProvidedCacheLocator"
            try:
                return numba.njit(cache=True, **options)(function)
            except RuntimeError:  # numba's way to say that the folder cannot be written
                forget_folder(f"{folder} cannot be written any more")
        return numba.njit(**options)(function)
    finally:
        config.CACHE_DIR, config.CACHE_LOCATOR_CLASSES = before
        _STATE.other_seconds += time.perf_counter() - start


@cache
def _load_numba() -> Any:
    """numba, which is heard from then on: what compiles takes no time of :func:`work_time`, and says so at first."""
    import numba
    from numba.core import event

    class Listener(event.Listener):
        depth, start = 0, 0.0

        def on_start(self, event: Any) -> None:
            if not self.depth:
                self.start = time.perf_counter()
                if event.data["dispatcher"].__module__.startswith(_OURS):
                    _say_once()
            self.depth += 1

        def on_end(self, event: Any) -> None:
            self.depth -= 1
            if not self.depth:
                _STATE.other_seconds += time.perf_counter() - self.start

    event.register("numba:compile", Listener())
    return numba


@cache
def _say_once() -> None:
    folder = kernel_folder()
    kept = f"kept in {folder.path}" if folder.path else f"kept nowhere: {folder.reason}"
    sys.stderr.write(f"neurosym: compiling kernels for this machine, up to half a minute ({kept})\n")
