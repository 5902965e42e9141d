"""The border to SWI-Prolog: one crossing a request, within limits."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

from logic.domain import Domain

from ..errors import PrologError, PrologLimit, PrologTimeout
from .text import PrologText
from .workers import Resident, exchange, write_domains


@dataclass(frozen=True)
class Limits:
    """What a request may spend.

    Args:
        inferences: Steps of the Prolog machine.
        seconds: CPU time, so that what else runs on the machine decides nothing.
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


Argument = PrologText | int | Sequence[Domain]
"""What crosses: texts that are checked, numbers, and domains."""


def request(limits: Limits, task: str, *arguments: Argument, program: Resident | None = None) -> Any:
    """Prolog's reply to one task, from JSON.

    Args:
        limits: What it may spend.
        task: The name of a task that ``engine.pl`` performs.
        arguments: Of the task.
        program: That the task is about; it is read by a worker once, and stays there for the next request.

    Raises:
        PrologMissing: if SWI-Prolog cannot be started.
        PrologTimeout: if the time ran out.
        PrologLimit: if inferences or memory ran out.
        Refusal: if the task is refused; for the caller to explain.
        PrologError: if SWI-Prolog fails otherwise.

    Example:
        >>> request(Limits(), "term", PrologText("f(X, [1])", "<example>"))
        [['f', 2], {'v': '_'}, [1], 1]
    """
    bounds = f"limits({limits.inferences},{limits.seconds},{limits.megabytes * 2**20})"
    written = f"{task}({','.join(map(_written, arguments))})" if arguments else task
    text = exchange(bounds, written, limits.seconds, program)
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


def _written(argument: Argument) -> str:
    if isinstance(argument, PrologText):
        return argument.quoted
    return str(argument) if isinstance(argument, int) else write_domains(argument)


def prolog_version() -> tuple[str, int]:
    """The version of SWI-Prolog, and what it takes 3 + 4 for; raises as :func:`request`."""
    number, value = request(Limits(), "version")
    return f"{number // 10000}.{number // 100 % 100}.{number % 100}", value
