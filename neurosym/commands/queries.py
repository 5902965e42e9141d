"""Queries: what a program in a file asks, answered and explained."""

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, fields, replace
from math import exp
from pathlib import Path
from typing import TYPE_CHECKING, Any

from logic.errors import NeurosymError
from reasoner.counting.planning import Prepared, answer_stated, answered, logs_stated, prepare_query
from reasoner.errors import CountingError, PlainPrologError
from reasoner.prolog.border import Limits
from reasoner.prolog.program import Program

if TYPE_CHECKING:
    from reasoner import Answer

TIMEOUT = 60.0  # CPU seconds for reading, grounding and counting, each
_SHOWN = 100  # answers of a query that are explained
_SMALLEST = sys.float_info.min
_NEVER = -1e29  # below, a logarithm stands for what cannot be


def probabilities(program: Program, query: str | None = None, limits: Limits | None = None) -> dict[str, float]:
    """The probability of each answer by atom, given the program's evidence if it is the program's own queries.

    Args:
        program: A program that perceives nothing.
        query: One goal; without it, the program's own queries.
        limits: What it may spend.

    Raises:
        QueryError: if nothing is asked, the program cannot be run, or it needs something perceived.
        PrologLimit, CountingError: if a limit is reached.
    """
    return answer_stated(program, query, limits)


def query_file(path: Path, query: str | None = None, limits: Limits | None = None) -> dict[str, float]:
    """The logarithm of the probability of each answer of a program in a file.

    Args:
        path: The program, which perceives nothing.
        query: One goal; without it, the program's own queries.
        limits: What reading, grounding and counting may spend, each.

    Raises:
        ProgramError: if the file cannot be read or its program is refused.
        QueryError, PrologLimit, CountingError: as :func:`probabilities`.
    """
    return logs_stated(Program.read(path, (), limits), query, limits)


def explain_file(path: Path, query: str | None = None, limits: Limits | None = None) -> "list[Answer]":
    """Why each possible answer of a program in a file holds: its most probable proof, replayed.

    Args:
        path: The program, which perceives nothing.
        query: One goal; without it, the program's own queries.
        limits: What reading, and grounding and counting of each answer, may spend.

    Raises:
        ProgramError, QueryError, PrologLimit, CountingError: as :func:`query_file`.
    """
    from reasoner import explain, explain_queries  # loaded by those who ask why

    program = Program.read(path, (), limits)
    if query is not None:
        return explain(program, query, (), _SHOWN, limits)
    return explain_queries(program, (), limits)


def report_file(
    path: Path, query: str | None, limits: Limits, proofs: bool, as_json: bool, counting: bool = False
) -> str:
    """What the command `query` shows: of each answer its probability and, if asked for, its most probable proof.

    A probability below the smallest float is shown as a power of e; in JSON there is then `log_probability`. Where
    exact counting is over the limits, bounds are shown, and why.

    Args:
        path: The program, which perceives nothing.
        query: One goal; without it, the program's own queries.
        limits: What it may spend.
        proofs: Whether proofs are shown.
        as_json: Whether it is JSON.
        counting: Whether it is told how the answers were counted.

    Raises:
        ProgramError, QueryError, PrologLimit, CountingError: as :func:`query_file` and :func:`explain_file`.
    """
    if proofs:
        answers = explain_file(path, query, limits)
        if as_json:
            return json.dumps({one.atom: _as_dict(one) for one in answers}, indent=2)
        return "\n\n".join(map(_as_text, answers))
    try:
        program = Program.read(path, (), limits)
    except PlainPrologError as error:
        raise PlainPrologError(f"{error}; as it states no probability, run it: neurosym solve {path} GOAL") from None
    prepared = prepare_query(program, query, limits)
    if isinstance(prepared.counting, CountingError):
        return _bounds_report(prepared, query, limits, as_json)
    found = answered(prepared.grounding, prepared.plan)
    report = asdict(prepared.plan.report) if counting else {}
    if as_json:
        answers = {atom: _for_json(log) for atom, log in found.items()}
        return json.dumps({"answers": answers, "counting": report} if counting else answers, indent=2)
    width = max(map(len, found), default=0)
    lines = [f"{atom:<{width}}  {shown(log)}" for atom, log in found.items()]
    if counting:
        lines.append("counted by: {method}; {nodes} nodes, width {width}, {seconds:.3g} s to compile".format(**report))
    return "\n".join(lines)


def _bounds_report(prepared: Prepared, query: str | None, limits: Limits, as_json: bool) -> str:
    """Between what the probabilities lie; the batch has one sample."""
    from reasoner import Budget, infer

    found = infer(prepared.grounding.program, query, (), limits, Budget(4 * limits.gates, limits.seconds))
    bounds = found.bounds
    low = found.log_probs[0].exp() if bounds is None else bounds.lower[0]
    pairs = [*zip(low.tolist(), (low if bounds is None else bounds.upper[0]).tolist(), strict=True)]
    if as_json:
        both = {atom: {"lower": low, "upper": high} for atom, (low, high) in zip(found.atoms, pairs, strict=True)}
        return json.dumps(both, indent=2)
    width = max(map(len, found.atoms), default=0)
    lines = [f"{atom:<{width}}  {low:.8g} to {high:.8g}" for atom, (low, high) in zip(found.atoms, pairs, strict=True)]
    return "\n".join([*lines, f"bounds, since {prepared.counting}"])


def limits_from(seconds: float, raised: Sequence[str]) -> Limits:
    """The limits of a command.

    Args:
        seconds: Its `--timeout`.
        raised: Texts such as `megabytes=2048`, each of a field of :class:`reasoner.Limits`.

    Raises:
        LimitError: if one is not of that kind.

    Example:
        >>> limits_from(60.0, ["answers=500000"]).answers
        500000
    """
    names = [field.name for field in fields(Limits) if field.name != "seconds"]
    found: dict[str, int] = {}
    for text in raised:
        name, _, value = text.partition("=")
        if name not in names or not value.isascii() or not value.isdecimal() or not 0 < int(value) < 10**15:
            raise LimitError(f"--limit {text}: write NAME=NUMBER with one of the names {', '.join(names)}")
        found[name] = int(value)
    return replace(Limits(seconds=seconds), **found)


class LimitError(NeurosymError, ValueError):
    """A limit that is none."""


def shown(log_probability: float) -> str:
    """A probability for readers, however small.

    Example:
        >>> shown(0.0), shown(-1381.551), shown(-1e30)
        ('1', 'e^-1381.551', '0')
    """
    value = exp(log_probability)
    return f"e^{log_probability:.8g}" if value < _SMALLEST and log_probability > _NEVER else f"{value:.8g}"


def _for_json(log_probability: float) -> float | dict[str, float]:
    small = shown(log_probability).startswith("e^")
    return {"log_probability": log_probability} if small else exp(log_probability)


def _as_text(answer: "Answer") -> str:
    from reasoner import to_text

    given = [f"given {to_text(one)}" for one in answer.given]
    return "\n".join([f"p = {shown(answer.log_probability)}", to_text(answer.proof), *given])


def _as_dict(answer: "Answer") -> dict[str, Any]:
    from reasoner import to_dict

    given = {"given": [to_dict(one) for one in answer.given]} if answer.given else {}
    share = _for_json(answer.log_probability)
    found = share if isinstance(share, dict) else {"probability": share}
    return {**found, "proof": to_dict(answer.proof), **given}
