"""The best assignment of one alternative: any one, one of least or greatest value, or the most probable reading."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from math import inf
from typing import cast

from ..errors import QueryError
from ..prolog.terms import Struct, Term
from .cp_sat_model import NotModelledError
from .cp_sat_search import CpSatSearch
from .definedness import conditions, demands
from .encoding import TooLarge
from .linear import evaluate, find_bounds
from .posting import Alternative, Key, Posted, keys
from .search import ArithmeticSearch, Costs, Search, WeighingSearch, open_search
from .thread_deadline import Deadline, DeadlinePassedError
from .vouching import confirms, share

OBJECTIVES = {"$least": "#<", "$greatest": "#>"}


@dataclass(frozen=True)
class Found:
    """The best assignment of one alternative."""

    alternative: Alternative
    search: Search
    values: dict[Key, int]
    cost: float = 0.0
    next_cost: float | None = inf
    objective: int | None = None
    proved: bool = True


def constraints(alternative: Alternative) -> list[Posted]:
    """What must hold: what is posted, and that what is optimised has a value."""
    found: list[Posted] = []
    for posted in alternative.posted:
        if is_objective(posted.term):
            found += [posted._replace(term=term) for term in (*conditions(posted.term), *demands(posted.term))]
        else:
            found.append(posted)
    return found


def terms_of(alternative: Alternative) -> list[Term]:
    """The same without places."""
    return [posted.term for posted in constraints(alternative)]


def is_objective(term: Term) -> bool:
    """Whether a term says what is to be least or greatest."""
    return isinstance(term, Struct) and term.functor in OBJECTIVES


def opened(
    alternative: Alternative, slots: Mapping[Key, Sequence[int]], deadline: Deadline, fast: bool = True
) -> Search:
    """A search for an alternative; what is to be best is left to CP-SAT if it knows the constraints."""
    terms = terms_of(alternative)
    if fast and any(is_objective(posted.term) for posted in alternative.posted):
        with suppress(NotModelledError):
            return CpSatSearch(terms, find_bounds(terms, slots))
    return open_search(terms, slots, deadline, fast=fast)


def keys_of(alternative: Alternative) -> set[Key]:
    """The variables that an alternative speaks of."""
    return {key for posted in alternative.posted for key in keys(posted.term)}


def best_of(
    alternative: Alternative, search: Search, slots: Mapping[Key, Sequence[int]], costs: Costs, deadline: Deadline
) -> Found | bool | None:
    """The best assignment of an alternative; False if it has none, None if that is not known."""
    objectives = [posted.term for posted in alternative.posted if is_objective(posted.term)]
    here = {key: of_values for key, of_values in costs.items() if key in keys_of(alternative)}
    if here and objectives:
        raise QueryError("labeling asks for an optimum, and symbols ask for the most probable reading; ask for one")
    if here:
        cheapest = cast("WeighingSearch", search).cheapest(here, deadline)
        if cheapest is None or isinstance(cheapest, bool):
            return cheapest
        cost = sum(of_values[cheapest.values[key]] for key, of_values in here.items())
        return Found(alternative, search, cheapest.values, cost, cheapest.next_cost)
    if objectives and isinstance(search, CpSatSearch):
        return _fast_optimum(alternative, search, cast("Struct", objectives[0]), slots, deadline)
    held = search.check(deadline)
    if not held:
        return held
    found = Found(alternative, search, search.values())
    return _optimum(found, cast("Struct", objectives[0]), slots, deadline) if objectives else found


def _fast_optimum(
    alternative: Alternative,
    search: CpSatSearch,
    objective: Struct,
    slots: Mapping[Key, Sequence[int]],
    deadline: Deadline,
) -> Found | bool | None:
    """The best assignment as CP-SAT says, and whether clauses say so too."""
    try:
        best = search.optimum(objective, deadline)
    except NotModelledError:  # what is to be best
        terms = terms_of(alternative)
        other = open_search(terms, slots, deadline)
        held = other.check(deadline)
        return _optimum(Found(alternative, other, other.values()), objective, slots, deadline) if held else held
    if best is None or isinstance(best, bool):
        return best
    goal = objective.arguments[0]
    value = evaluate(goal, best.values)
    search.require(Struct("#=", (goal, value)))
    return Found(alternative, search, best.values, objective=value, proved=best.proved)


def is_vouched(found: Found, slots: Mapping[Key, Sequence[int]], deadline: Deadline, prove: bool) -> bool:
    """Whether clauses or Z3 prove too that nothing is better, in all or some of the time that is left."""
    objectives = [cast("Struct", p.term) for p in found.alternative.posted if is_objective(p.term)]
    if found.objective is None or not found.proved or not isinstance(found.search, CpSatSearch):
        return found.proved
    better = Struct(OBJECTIVES[objectives[0].functor], (objectives[0].arguments[0], found.objective))
    return confirms([*terms_of(found.alternative), better], slots, {}, share(deadline, prove))


def _optimum(found: Found, objective: Struct, slots: Mapping[Key, Sequence[int]], deadline: Deadline) -> Found:
    """Better and better assignments until none is left; then the last is proved to be the best."""
    goal = objective.arguments[0]
    while True:
        value = evaluate(goal, found.values)
        found = replace(found, objective=value)
        better = Struct(OBJECTIVES[objective.functor], (goal, value))
        try:
            found.search.require(better)
        except (TooLarge, NotModelledError):
            found = replace(found, search=ArithmeticSearch([*terms_of(found.alternative), better], slots))
        held = found.search.check(deadline)
        if not held:
            try:
                search = open_search([*terms_of(found.alternative), Struct("#=", (goal, value))], slots, deadline)
            except DeadlinePassedError:  # nor can anything more be asked
                return replace(found, proved=held is False)
            return replace(found, search=search, proved=held is False)
        found = replace(found, values=found.search.values())


def is_better(found: Found, best: Found) -> bool:
    """Whether one alternative has a better assignment than another."""
    return (found.cost, found.objective or 0) < (best.cost, best.objective or 0)
