"""Subqueries: a goal whose probability a program asks for as it is grounded is answered first, and stated as a fact."""

import time
from collections.abc import Callable, Mapping

from ..errors import ComputedError, PrologTimeout, QueryError, SubqueryError
from ..prolog.border import Limits, request
from ..prolog.program import Program
from ..prolog.terms import from_json
from ..prolog.text import ProofText
from .grounding import Grounding, ground

Evaluate = Callable[[Program, str, Limits], dict[str, float]]
"""The probability of each answer of a query by its text."""

MAX_DEPTH = 20  # subqueries that wait for each other's answers

_ASKED = "'$asked'"
_GIVEN, _ALWAYS = "'$given'", "'$always'"


def ground_answered(program: Program, query: str | None, limits: Limits, evaluate: Evaluate) -> Grounding:
    """The grounding of a program and of the answers to its subqueries, which stand behind its text.

    A subquery that is met stops the grounding; once it is answered, grounding begins anew.

    Args:
        program: The rules.
        query: As :func:`reasoner.grounding.ground` takes it.
        limits: What each grounding may spend; ``seconds`` also bounds all subqueries together.
        evaluate: Asks for the probabilities.

    Raises:
        QueryError: as ``ground``, if a subquery rests on its own answer, or if its evidence is impossible.
        PrologLimit: if a limit is reached.
    """
    deadline = time.monotonic() + limits.seconds
    while True:
        try:
            return ground(program, query, limits)
        except SubqueryError as asked:
            if time.monotonic() > deadline:
                raise PrologTimeout(
                    f"{program.source}: subqueries were not answered within {limits.seconds:g} s; raise Limits.seconds"
                ) from None
            program = _stated(program, asked, _answers(program, asked, limits, evaluate))
        except ComputedError as asked:
            if time.monotonic() > deadline:
                raise PrologTimeout(
                    f"{program.source}: Python predicates were not answered within {limits.seconds:g} s; raise "
                    f"Limits.seconds"
                ) from None
            calls = from_json(request(limits, "term", ProofText(asked.calls, program.source)))
            program = program.computed(calls if isinstance(calls, tuple) else ())


def _answers(program: Program, asked: SubqueryError, limits: Limits, evaluate: Evaluate) -> dict[str, float]:
    """The probability of each answer, given what is given."""
    rule = f"({asked.goal})) :- ({asked.given}), ({asked.goal})."
    if rule in program.text:
        raise QueryError(f"{program.source}: the subquery of '{asked.goal}' rests on its own answer")
    depth = program.text.count(_ASKED) // 3  # three rules for each that is being answered
    if depth == MAX_DEPTH:
        raise QueryError(f"{program.source}: subqueries rest on each other more than {MAX_DEPTH} deep: '{asked.goal}'")
    level = f"{_ASKED}({depth},"
    rules = f"{level} {rule}\n{level} {_GIVEN}) :- {asked.given}.\n{level} {_ALWAYS})."
    found = {
        text.removeprefix(level).removesuffix(")"): probability
        for text, probability in evaluate(program.extended(rules), f"{level} Answer)", limits).items()
    }
    given = found.pop(_GIVEN, 0.0)
    del found[_ALWAYS]
    if given == 0.0:
        raise QueryError(
            f"{program.source}: what is given to the subquery of '{asked.goal}' is impossible: {asked.given}"
        )
    return {text: probability / given for text, probability in found.items()}


def _stated(program: Program, asked: SubqueryError, answers: Mapping[str, float]) -> Program:
    # 15 digits, as ProbLog writes them: what is beyond is the rounding of logarithms
    shown = {text: float(f"{probability:.15g}") for text, probability in (answers or {asked.goal: 0.0}).items()}
    found = ", ".join(f"({text})-{probability!r}" for text, probability in shown.items())
    return program.extended(f"'$answered'(({asked.goal}), ({asked.given}), [{found}]).")
