"""Solutions that CP-SAT found, checked by Prolog's own arithmetic."""

from collections.abc import Mapping, Sequence
from functools import cache

from ..errors import PrologError
from ..prolog.border import Limits, request
from ..prolog.terms import Struct, Term
from ..prolog.text import PrologText, quote_atom
from .posting import Key, key_of


def check_solution(terms: Sequence[Term], values: Mapping[Key, int], limits: Limits | None = None) -> None:
    """Asks Prolog whether the constraints hold of the values.

    Args:
        terms: The constraints.
        values: Of all variables.
        limits: What may be spent.

    Raises:
        PrologError: if one does not.

    Example:
        >>> check_solution([Struct("#<", (Struct("$fd", (0,)), 3))], {0: 2})
    """
    written = ",".join(_written(term, values) for term in terms)
    failed = request(limits or Limits(), "check_constraints", PrologText(f"[{written}]", "<constraints>"))
    if failed >= 0:
        raise PrologError(f"a solver found values for which a constraint does not hold: {terms[failed]}")


_PLAIN = frozenset({"+", "-", "*", "#=", "#\\=", "#<", "#>", "#=<", "#>="})  # need no quotes before a bracket


@cache
def _quoted(name: str) -> str:
    return name if name in _PLAIN else quote_atom(name)


def _written(term: Term, values: Mapping[Key, int]) -> str:
    """In functional notation; what is posted is never deep."""
    if isinstance(term, int):
        return str(term)
    if isinstance(term, Struct) and (key := key_of(term)) is not None:
        return str(values[key])
    if isinstance(term, tuple):
        return f"[{','.join([_written(part, values) for part in term])}]"
    if isinstance(term, Struct):
        inside = ",".join([_written(part, values) for part in term.arguments])
        return f"{_quoted(term.functor)}({inside})" if inside else _quoted(term.functor)
    return quote_atom(str(term))
