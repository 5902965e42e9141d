"""The border to SWI-Prolog: one crossing a request, behind one lock, within limits."""

import atexit
import json
import re
from ctypes import byref, c_char_p
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from threading import Lock
from typing import Any, cast

from ..errors import PrologError, PrologLimit, PrologMissing, PrologTimeout

_LOCK = Lock()  # SWI-Prolog runs one request of ours at a time
_INSTALL = "install it with `apt-get install swi-prolog-nox` (Debian, Ubuntu) or `brew install swi-prolog` (macOS)"

_LOAD = (  # with all libraries at once: a limit that strikes while one is loaded on demand leaves it unusable
    "current_prolog_flag(autoload,Autoload),"
    "setup_call_cleanup(set_prolog_flag(autoload,false),load_files({},[silent(true)]),"
    "set_prolog_flag(autoload,Autoload))"
)


@dataclass(frozen=True)
class Limits:
    """What a request may spend.

    Args:
        inferences: Steps of the Prolog machine.
        seconds: Wall time.
        megabytes: Stacks, as much again for tables, and as much again for what is collected and written.
        answers: Answers of a query.
        instances: Rule instances of a grounding.
        gates: Gates or diagram nodes that a circuit may grow to.
    """

    inferences: int = 100_000_000
    seconds: float = 10.0
    megabytes: int = 512
    answers: int = 100_000
    instances: int = 500_000
    gates: int = 1_000_000


@dataclass(frozen=True)
class Refusal(Exception):
    """Prolog's reply when it does not do what was asked; callers turn it into an error that names the source.

    Args:
        kind: What was wrong, a word of ``reader.pl``, ``grounder.pl`` or ``replayer.pl``.
        offset: Character position in the text, or -1.
        clause: Number of the clause, from 0, or -1.
        text: The offending text.
        message: What Prolog says of it.
    """

    kind: str
    offset: int
    clause: int
    text: str
    message: str


_SPECIAL = re.compile(r"[^ !#-&(-\[\]-~]")
_ESCAPES = {"\n": "\\n", "\\": "\\\\", '"': '\\"', "'": "\\'"}


def _escaped(text: str) -> str:
    """As it is written between quotes."""
    return _SPECIAL.sub(lambda found: _ESCAPES.get(found[0]) or f"\\x{ord(found[0]):x}\\", text)


def quote(text: str) -> str:
    """The text as a Prolog string, in ASCII."""
    return f'"{_escaped(text)}"'


def quote_atom(name: str) -> str:
    """The name as a quoted Prolog atom, in ASCII."""
    return f"'{_escaped(name)}'"


def request(task: str, limits: Limits) -> Any:
    """Prolog's reply to one task, from JSON.

    Args:
        task: A term that ``engine.pl`` performs, in Prolog text.
        limits: What it may spend.

    Raises:
        PrologMissing: if SWI-Prolog cannot be loaded.
        PrologTimeout: if the time ran out.
        PrologLimit: if inferences or memory ran out.
        Refusal: if the task is refused; for the caller to explain.
        PrologError: if SWI-Prolog fails otherwise.
    """
    with _LOCK:
        text = _cross(f"limits({limits.inferences},{limits.seconds},{limits.megabytes * 2**20})", task)
    try:
        reply = cast("dict[str, Any]", json.loads(text))
    except ValueError:  # Python reads no more digits
        raise PrologLimit("a number has more than 4,300 digits; bound the arithmetic") from None
    if "ok" in reply:
        return reply["ok"]
    refusal = Refusal(**reply["error"])
    if refusal.kind == "time":
        raise PrologTimeout(
            f"Prolog did not finish within {limits.seconds:g} s; look for endless recursion, or raise Limits.seconds"
        )
    if refusal.kind == "inferences":
        raise PrologLimit(
            f"Prolog did not finish within {limits.inferences} inferences; look for endless recursion, "
            f"or raise Limits.inferences"
        )
    if refusal.kind == "growing":
        raise PrologLimit("the terms in recursive calls grow without end; bound the recursion")
    if refusal.kind == "memory":
        raise PrologLimit(
            f"Prolog needs more than {limits.megabytes} MB ({refusal.text}); look for endless recursion or terms "
            f"that grow, or raise Limits.megabytes"
        )
    if refusal.kind == "prolog":
        raise PrologError(f"SWI-Prolog failed: {refusal.message}")
    raise refusal


def _cross(limits: str, task: str) -> str:
    """What ``engine.pl`` replies; called under the lock, from any thread."""
    core = _library()
    attached = core.PL_thread_self() == -1
    if attached:
        core.PL_thread_attach_engine(None)
    try:
        serve = _door()
        frame = core.PL_open_foreign_frame()
        try:
            terms = core.PL_new_term_refs(3)
            for term, text in enumerate((limits, task), terms):
                core.PL_put_chars(term, core.PL_STRING | core.REP_UTF8, -1, text.encode())
            reply = c_char_p()
            if not core.PL_call_predicate(None, core.PL_Q_NODEBUG | core.PL_Q_CATCH_EXCEPTION, serve, terms):
                raise PrologError("SWI-Prolog gave no reply")
            core.PL_get_chars(terms + 2, byref(reply), core.CVT_STRING | core.REP_UTF8)
            return (reply.value or b"").decode("ascii")
        finally:
            core.PL_discard_foreign_frame(frame)
    finally:
        if attached:
            core._lib.PL_thread_destroy_engine()  # pyswip does not wrap it


def _library() -> Any:
    """SWI-Prolog's C interface."""
    try:
        import_module("pyswip")
        core = import_module("pyswip.core")
    except Exception as error:  # pyswip raises many kinds when the shared library is not found
        raise PrologMissing(f"SWI-Prolog cannot be loaded ({error}); {_INSTALL}, then `pip install pyswip`") from error
    # Prolog's cleanup stops the thread of library(time), at times while it holds the lock that the cleanup then awaits.
    atexit.unregister(core.cleanupProlog)
    return core


@cache
def _door() -> Any:
    """The predicate that answers requests; the first call loads it."""
    swipl = import_module("pyswip.prolog")
    engine = quote_atom(str(Path(__file__).with_name("engine.pl")))
    try:
        list(swipl.Prolog.query(_LOAD.format(engine), maxresult=1))
    except swipl.PrologError as error:
        raise PrologError(f"SWI-Prolog failed: {error}") from error
    return _library().PL_predicate("serve", 3, "neurosym_engine")
