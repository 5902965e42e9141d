"""Why nothing fits: few constraints that cannot be met together."""

from collections.abc import Mapping, Sequence

from pysat.solvers import Solver

from ..errors import MeaningError
from ..prolog.terms import Struct, Term
from .encoding import ClauseEncoding, TooLarge
from .integer_formulas import smallest_conflict
from .linear import find_domains
from .posting import Key, keys
from .thread_deadline import Deadline


def find_conflict(
    terms: Sequence[Term], slots: Mapping[Key, Sequence[int]], deadline: Deadline
) -> tuple[list[int], bool]:
    """Constraints that conflict, out of constraints that are known to conflict.

    SAT proposes few constraints and Z3, which takes no domain for granted, confirms them and spares what it can.

    Returns:
        Positions of the constraints, and whether it is proved that each of them is needed.
    """
    proposed = _proposal(terms, slots)
    for chosen in ([proposed] if proposed else []) + [list(range(len(terms)))]:
        try:
            found = smallest_conflict([terms[i] for i in chosen], slots, max(1.0, deadline.left))
        except MeaningError:  # what clauses can say and Z3 cannot, such as an unknown exponent
            break
        if found is not None:
            return [chosen[i] for i in found[0]], found[1]
    return proposed or list(range(len(terms))), False


def _proposal(terms: Sequence[Term], slots: Mapping[Key, Sequence[int]]) -> list[int] | None:
    """A small conflict within the domains of all constraints, with the constraints that make these domains."""
    domains = find_domains(terms, slots)
    if domains is None or not all(domains.values()):
        return None
    marks: dict[int, int] = {}
    try:
        encoding = ClauseEncoding(domains)
        for index, term in enumerate(terms):
            marks[index] = encoding.mark()
            encoding.require(term, (-marks[index],))
    except TooLarge:
        return None
    with Solver(name="glucose4", bootstrap_with=encoding.clauses) as solver:

        def core(kept: Sequence[int]) -> list[int] | None:
            if solver.solve(assumptions=[marks[i] for i in kept]):
                return None
            named = set(solver.get_core() or [])
            return [i for i in kept if marks[i] in named]

        kept = core(list(marks))
        if kept is None:
            return None
        for index in list(kept):
            if index in kept:
                smaller = core([i for i in kept if i != index])
                kept = kept if smaller is None else smaller
    spoken = {key for index in kept for key in keys(terms[index])}
    domain_makers = [
        index
        for index, term in enumerate(terms)
        if isinstance(term, Struct) and term.functor in {"$in", "="} and spoken & set(keys(term))
    ]
    return sorted({*kept, *domain_makers})
