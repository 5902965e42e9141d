"""Claims of CP-SAT proved by clauses or Z3, where the time allows; the others are told apart."""

from collections.abc import Mapping, Sequence

from ..errors import MeaningError, PrologError
from ..prolog.terms import Term
from .posting import Key
from .search import open_search
from .thread_deadline import Deadline, DeadlinePassedError

_SHARE = 0.4  # of the time that the search took
_LEAST = 0.002  # seconds


def share(deadline: Deadline) -> Deadline:
    """What may be spent on a proof of what was found: less than on finding it."""
    return Deadline(min(deadline.left, max(_LEAST, _SHARE * deadline.used)))


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
        search = open_search(terms, slots, deadline)
        if excluded:
            search.exclude(excluded)
        held = search.check(deadline)
    except (DeadlinePassedError, MeaningError):
        return False
    if held:
        raise PrologError("CP-SAT says that there is no solution, and another solver finds one; please report it")
    return held is False
