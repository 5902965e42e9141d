"""Posting: the rules are run once by the Prolog side, and what they posted comes back as terms."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from ..errors import NotPostedError, QueryError
from ..prolog.border import Limits, Refusal, request
from ..prolog.reasons import sentence
from ..prolog.terms import Struct, Term, from_json
from ..prolog.text import QueryText
from .constraint_program import ConstraintProgram

_UNASKED = frozenset({"query_syntax", "query"})


class Posted(NamedTuple):
    """A constraint, and where in the text it was posted.

    Args:
        line: Line of the goal that posted it, from 1; 0 if the query did.
        source: Text of that goal.
        term: The constraint over numbered variables ``$fd(K)``.
    """

    line: int
    source: str
    term: Term


class Alternative(NamedTuple):
    """One way through the rules: a conjunction of constraints.

    Args:
        bindings: The query's variables.
        posted: In the order of posting.
    """

    bindings: dict[str, Term]
    posted: tuple[Posted, ...]


@dataclass(frozen=True)
class Posting:
    """What a query posts: a disjunction of conjunctions.

    Args:
        alternatives: Each way through the rules; none if the rules fail before anything is solved.
        failed: Comparisons of numbers that failed on the way.
        prints: Whether the rules reach a goal that prints, which is passed over.
    """

    alternatives: tuple[Alternative, ...]
    failed: tuple[Posted, ...]
    prints: bool


def post(program: ConstraintProgram, query: str, limits: Limits) -> Posting:
    """Runs the rules and returns the constraints that they post.

    Raises:
        QueryError: if the query is no goal; with line and column.
        NotPostedError: if a rule that is reached does more than post constraints.
        PrologLimit: if a limit is reached.
    """
    asked = QueryText(query, program.source)
    try:
        found = request(limits, "constrain", program.prolog, program.domains, asked, limits.answers)
    except Refusal as refusal:
        error = QueryError if refusal.kind in _UNASKED else NotPostedError
        raise error(sentence(refusal, program.prolog)) from None
    lines: dict[tuple[int, int], tuple[int, str]] = {}

    def posted(row: list[Any]) -> Posted:
        start, end, term = row
        if (start, end) not in lines:
            lines[start, end] = (0, query) if start < 0 else (program.line(start), program.text[start:end])
        return Posted(*lines[start, end], _slots_named(from_json(term)))

    return Posting(
        tuple(
            Alternative(
                {name: from_json(term) for name, term in alternative["bindings"]},
                tuple(map(posted, alternative["posted"])),
            )
            for alternative in found["alternatives"]
        ),
        tuple(map(posted, found["failed"])),
        found["prints"],
    )


def _slots_named(term: Term) -> Term:
    """What is said of a slot, as an equation with the variable of that slot."""
    if isinstance(term, Struct) and term.functor in {"$slot", "$class"}:
        name, slot, value = term.arguments
        return Struct("=", (Struct("$seen", (name.functor if isinstance(name, Struct) else name, slot)), value))
    return term


Key = int | tuple[str, int]
"""A variable: the number of ``$fd(K)``, or a slot ``("digit", 3)``."""


_VARIABLES = frozenset({"$fd", "$seen"})


def key_of(term: Term) -> Key | None:
    """The variable that a term is, or None."""
    if isinstance(term, Struct) and term.functor == "$fd":
        number = term.arguments[0]
        return number if isinstance(number, int) else None
    if isinstance(term, Struct) and term.functor == "$seen":
        domain, slot = term.arguments
        return (domain, slot) if isinstance(domain, str) and isinstance(slot, int) else None
    return None


def keys(term: Term) -> Iterator[Key]:
    """The variables in a term of any depth, with repetitions."""
    waiting = [term]
    while waiting:
        part = waiting.pop()
        if isinstance(part, Struct):
            key = key_of(part) if part.functor in _VARIABLES else None
            if key is not None:
                yield key
            else:
                waiting.extend(reversed(part.arguments))
        elif isinstance(part, tuple):
            waiting.extend(reversed(part))


def replaced(term: Term, value_of: Callable[[Key], Term]) -> Term:
    """The term, of any depth, with something else for each variable.

    >>> replaced((Struct("$fd", (0,)), 5), lambda key: 7)
    (7, 5)
    """
    waiting: list[tuple[Term, bool]] = [(term, False)]
    built: list[Term] = []
    while waiting:
        part, parts_built = waiting.pop()
        key = key_of(part)
        inside = part.arguments if isinstance(part, Struct) else part if isinstance(part, tuple) else ()
        if key is not None:
            built.append(value_of(key))
        elif parts_built:
            split = len(built) - len(inside)
            own = tuple(built[split:])
            built[split:] = [Struct(part.functor, own) if isinstance(part, Struct) else own]
        elif inside:
            waiting.append((part, True))
            waiting.extend((inner, False) for inner in reversed(inside))
        else:
            built.append(part)
    return built[0]
