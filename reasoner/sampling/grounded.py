"""Grounding of what is asked, once its subqueries and Python predicates are answered."""

from ..counting.planning import answer_stated
from ..grounding.grounding import Grounding
from ..grounding.subqueries import ground_answered
from ..prolog.border import Limits
from ..prolog.program import Program


def ground_stated(program: Program, query: str | None = None, limits: Limits | None = None) -> Grounding:
    """The relevant ground program of a query, or of all queries and evidence that the program states.

    As :func:`reasoner.ground`; what the program asks as it is grounded is answered, exactly, and stated.

    Raises:
        QueryError, PrologLimit: as :func:`reasoner.ground`.
        CountingError: if a subquery cannot be counted within limits.

    Example:
        >>> found = ground_stated(Program.parse("0.5::a. b(P) :- subquery(a, P). query(b(_)).", ()))
        >>> [answer.text for answer in found.answers]
        ['b(0.5)']
    """
    return ground_answered(program, query, limits or Limits(), answer_stated)
