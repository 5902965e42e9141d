"""What is refused as a program is grounded, in sentences that name the place."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from ..errors import ComputedError, PrologLimit, QueryError, SubqueryError
from ..prolog.border import Limits, Refusal
from ..prolog.program import Program
from ..prolog.reasons import reason
from ..prolog.terms import Term, from_json, to_text


def densities_of(rows: list[Any], program: Program) -> dict[str, Term]:
    """From what the value of each continuous atom is drawn, by its text.

    Raises:
        QueryError: if two clauses draw it.
    """
    found: dict[str, Term] = {}
    for head, distribution in rows:
        atom = to_text(from_json(head))
        if atom in found:
            raise QueryError(
                f"{program.source}: the value of '{atom}' is drawn by two clauses; give each an atom of its own"
            )
        found[atom] = from_json(distribution)
    return found


def refuse_symbols(answers: Sequence[str], program: Program) -> None:
    """Raises a ``QueryError`` if an answer holds a value that is still to be drawn."""
    for answer in answers:
        if "'$value'(" in answer or "'$formula'(" in answer:
            shown = answer.replace("'$value'", "value").replace("'$formula'", "")
            raise QueryError(
                f"{program.source}: the answer {shown} holds a continuous value; compare it, or give it to an atom of "
                f"its own by fixed(V) :: name"
            )


def refuse_tests(program: Program, tests: Sequence[Term]) -> None:
    """Raises a ``QueryError`` if continuous values are compared and no samples are drawn."""
    if tests and not program.drawn:
        raise QueryError(
            f"{program.source}: '{to_text(tests[0]).replace('$value', 'value')}' compares what is continuous, whose "
            f"probability is not counted exactly; ask for an estimate by neurosym sample, or by reasoner.sample"
        )


def refused(refusal: Refusal, program: Program, query: str, limits: Limits) -> QueryError | PrologLimit:
    """The error that says what Prolog refused, and where."""
    where, what = program.where(refusal.clause), refusal.text
    asked = f"'{query}'" if query else "a query"
    over = {
        "huge": f"an answer of {asked} is a term of {what} cells, more than 200,000",
        "answers": f"{asked} has {what} answers or more, above Limits.answers = {limits.answers}",
        "instances": f"{asked} needs more than Limits.instances = {what} rule instances",
    }
    if refusal.kind in over:
        return PrologLimit(f"{where}: {over[refusal.kind]}")
    if refusal.kind == "subquery":
        known = f"the probability of '{what}' given {refusal.message} is to be known first; ask by infer or explain"
        return SubqueryError(f"{where}: {known}", what, refusal.message)
    if refusal.kind == "computed":
        return ComputedError(f"{where}: what Python computes is to be known first; ask by infer or explain", what)
    if refusal.kind == "called":
        place = program.call_place(refusal.clause, what)
        return QueryError(f"{program.source}: {reason(refusal)}{program.suggestion(what)}{place}")
    if refusal.kind == "query_unknown":
        defined = ", ".join(sorted({clause.head.indicator for clause in program.clauses}))
        none = f"the program does not define '{what}', so '{query}' has no answer; it defines {defined}"
        return QueryError(f"{where}: {none}{program.suggestion(what)}")
    if refusal.kind == "syntax":
        refusal = replace(refusal, kind="query_syntax")
    return QueryError(f"{where}: {reason(refusal)}")
