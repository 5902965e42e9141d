"""Queries: what a program in a file asks, answered and explained."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reasoner import Limits, Program
from reasoner.counting.planning import answer_stated

if TYPE_CHECKING:
    from reasoner import Answer

_SHOWN = 100  # answers of a query that are explained


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


def query_file(path: Path, query: str | None = None, seconds: float = 60.0) -> dict[str, float]:
    """The probability of each answer of a program in a file.

    Raises:
        ProgramError: if the file cannot be read or its program is refused.
        QueryError, PrologLimit, CountingError: as :func:`probabilities`.
    """
    return probabilities(Program.read(path, domains=()), query, Limits(seconds=seconds))


def explain_file(path: Path, query: str | None = None, seconds: float = 60.0) -> "list[Answer]":
    """Why each possible answer of a program in a file holds: its most probable proof, replayed.

    Args:
        path: The program, which perceives nothing.
        query: One goal; without it, the program's own queries.
        seconds: For the grounding, and again for counting, of each answer.

    Raises:
        ProgramError, QueryError, PrologLimit, CountingError: as :func:`query_file`.
    """
    from reasoner import explain, explain_queries  # loaded by those who ask why

    program, limits = Program.read(path, domains=()), Limits(seconds=seconds)
    if query is not None:
        return explain(program, query, (), _SHOWN, limits)
    return explain_queries(program, (), limits)


def report_file(path: Path, query: str | None, seconds: float, proofs: bool, as_json: bool) -> str:
    """What the command `query` shows: of each answer its probability and, if asked for, its most probable proof.

    Raises:
        ProgramError, QueryError, PrologLimit, CountingError: as :func:`query_file` and :func:`explain_file`.
    """
    if proofs:
        answers = explain_file(path, query, seconds)
        if as_json:
            return json.dumps({one.atom: _as_dict(one) for one in answers}, indent=2)
        return "\n\n".join(map(_as_text, answers))
    found = query_file(path, query, seconds)
    if as_json:
        return json.dumps(found, indent=2)
    width = max(map(len, found), default=0)
    return "\n".join(f"{atom:<{width}}  {value:.8g}" for atom, value in found.items())


def _as_text(answer: "Answer") -> str:
    from reasoner import to_text

    given = [f"given {to_text(one)}" for one in answer.given]
    return "\n".join([f"p = {answer.probability:.8g}", to_text(answer.proof), *given])


def _as_dict(answer: "Answer") -> dict[str, Any]:
    from reasoner import to_dict

    given = {"given": [to_dict(one) for one in answer.given]} if answer.given else {}
    return {"probability": answer.probability, "proof": to_dict(answer.proof)} | given
