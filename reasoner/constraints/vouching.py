"""Claims of CP-SAT proved by clauses or Z3, where the time allows; the others are told apart."""

from collections.abc import Mapping, Sequence

from ..errors import MeaningError, PrologError
from ..prolog.terms import Term
from .linear import find_domains
from .posting import Key
from .search import MANY, ArithmeticSearch, by_clauses
from .thread_deadline import Deadline, DeadlinePassedError

_SHARE = 0.2  # of the time that the search took
_LEAST = 0.002  # seconds
_PAIRS = 1_000_000  # of values, of which clauses are made in a second
_ARITHMETIC = 0.2  # seconds below which Z3 need not begin


def share(deadline: Deadline, all_of_it: bool) -> Deadline:
    """What may be spent on a proof of what was found: all that is left, or less than was spent on finding it."""
    return deadline if all_of_it else Deadline(min(deadline.left, max(_LEAST, _SHARE * deadline.used)))


def confirms(
    terms: Sequence[Term], slots: Mapping[Key, Sequence[int]], excluded: Mapping[Key, int], deadline: Deadline
) -> bool:
    """Whether clauses or Z3 prove that nothing meets the constraints, of which CP-SAT says so.

    Args:
        terms: The constraints.
        slots: Values of the slots that are perceived.
        excluded: Values that are not asked for.
        deadline: For the proof.

    Raises:
        PrologError: if they find the contrary.
    """
    try:
        domains = find_domains(terms, slots)
        search = None
        if domains is not None:
            search = by_clauses(terms, domains, deadline, min(MANY, round(_PAIRS * deadline.left)))
        if search is None and deadline.left < _ARITHMETIC:
            return False
        search = search or ArithmeticSearch(terms, slots)
        if excluded:
            search.exclude(excluded)
        held = search.check(deadline)
    except (DeadlinePassedError, MeaningError):
        return False
    if held:
        raise PrologError("CP-SAT says that there is no solution, and another solver finds one; please report it")
    return held is False
