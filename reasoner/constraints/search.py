"""Searching for values that meet constraints: SAT where the variables are few-valued, CP-SAT or Z3 where not."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol, cast

import z3
from pysat.examples.rc2 import RC2Stratified
from pysat.formula import WCNF
from pysat.solvers import Solver

from ..prolog.terms import Struct, Term
from . import cp_sat_search
from .cp_sat_model import NotModelledError
from .encoding import ClauseEncoding, TooLarge
from .integer_formulas import ArithmeticEncoding
from .linear import COMPARISONS, difference, find_bounds, listed
from .posting import Key, key_of
from .thread_deadline import Deadline

COST_STEPS = 1 << 20
"""Steps that a unit of cost is rounded to, for solvers of whole numbers."""

_SAT_SOLVER = "glucose4"  # can be interrupted; see the task puzzle_benchmark for its times

_FEW, MANY = 60_000, 2_000_000
"""Pairs of values that clauses may be made of: where CP-SAT may search instead, and elsewhere."""

Costs = Mapping[Key, Mapping[int, float]]
"""What it costs, 0 or more, that a variable has a value; infinity forbids it."""


class Cheapest(NamedTuple):
    """An assignment of least cost.

    Args:
        values: Of all variables.
        next_cost: Least cost with other values of the variables that cost; infinite if there are none, None if that
            was not found in time.
    """

    values: dict[Key, int]
    next_cost: float | None


class Search(Protocol):
    """Constraints that may grow, and assignments that meet them."""

    @property
    def name(self) -> str:
        """What searches."""
        ...

    def require(self, term: Term) -> None:
        """Adds a constraint."""
        ...

    def exclude(self, values: Mapping[Key, int]) -> None:
        """At least one of these variables must have another value."""
        ...

    def check(self, deadline: Deadline) -> bool | None:
        """Whether the constraints can be met; None if that is not known at the deadline."""
        ...

    def values(self) -> dict[Key, int]:
        """The assignment that the last successful check found."""
        ...


class WeighingSearch(Search, Protocol):
    """A search that proves what it says of costs too."""

    def cheapest(self, costs: Costs, deadline: Deadline) -> Cheapest | bool | None:
        """An assignment of least cost; False if there is none at all, None if the deadline came first."""
        ...


def open_search(
    terms: Sequence[Term], slots: Mapping[Key, Sequence[int]], deadline: Deadline, *, fast: bool = False
) -> Search:
    """A search for what meets the constraints, by clauses if they are few enough.

    Args:
        terms: The constraints.
        slots: Values of the slots that are perceived.
        deadline: For writing them down.
        fast: CP-SAT may be asked where there would be many clauses; what it claims is not proved.

    Raises:
        MeaningError: if a constraint has no meaning here.
        DeadlinePassedError: if there are too many to be written down in time.
    """
    bounds = find_bounds(terms, slots)
    domains = listed(bounds)
    fast = fast and bounds is not None and cp_sat_search.solver() is not None
    if (
        domains is not None
        and (not fast or _are_few(terms, domains))
        and (search := by_clauses(terms, domains, deadline, _FEW if fast else MANY))
    ):
        return search
    if fast and bounds is not None:
        with suppress(NotModelledError):
            return cp_sat_search.CpSatSearch(terms, bounds)
        if domains is not None and (search := by_clauses(terms, domains, deadline, MANY)):
            return search
    search = ArithmeticSearch((), slots)
    for term in terms:
        deadline.check()
        search.require(term)
    return search


def _are_few(terms: Sequence[Term], domains: Mapping[Key, Sequence[int]]) -> bool:
    """Whether it is worth while to try clauses, at first sight."""
    values = sum(map(len, domains.values()))
    if len(terms) * values * values > 4 * _FEW * len(domains) ** 2:
        return False
    sizes = {key: len(found) for key, found in domains.items()}
    return sum(_pairs_of_sum(term, sizes) for term in terms) < _FEW


def _pairs_of_sum(term: Term, sizes: Mapping[Key, int]) -> int:
    """How many pairs of values the sums of a comparison are made of, more or less."""
    if not isinstance(term, Struct) or term.functor not in COMPARISONS:
        return 0
    parts = [
        (abs(coefficient), sizes[key] if (key := key_of(part)) is not None else 2)
        for part, coefficient in difference(*term.arguments).parts.items()
    ]
    whole, _ = _pairs_of_column(parts, 1)
    if whole <= _FEW or term.functor != "#=":
        return whole
    pairs, carry = 0, 1
    while any(coefficient for coefficient, _ in parts):  # as one adds in writing
        column, reach = _pairs_of_column([(coefficient % 10, size) for coefficient, size in parts], carry)
        pairs, carry = pairs + column, reach // 10 + 1
        parts = [(coefficient // 10, size) for coefficient, size in parts]
    return pairs


def _pairs_of_column(parts: Sequence[tuple[int, int]], carry: int) -> tuple[int, int]:
    """Of parts that are added one by one, and how many sums there may be."""
    pairs, sums, reach = 0, carry, carry
    for coefficient, size in parts:
        if coefficient:
            pairs += sums * size
            reach += coefficient * size
            sums = min(sums * size, reach)
    return pairs, reach


def by_clauses(
    terms: Sequence[Term], domains: Mapping[Key, Sequence[int]], deadline: Deadline, budget: int
) -> "ClauseSearch | None":
    """A search by clauses, None if they would be made of more pairs of values than the budget.

    Raises:
        MeaningError: if a constraint has no meaning here.
        DeadlinePassedError: if there are too many to be written down in time.
    """
    try:
        encoding = ClauseEncoding(domains, budget)
        for term in terms:
            deadline.check()
            encoding.require(term)
        return ClauseSearch(encoding)
    except TooLarge:
        return None


@dataclass
class ClauseSearch:
    """A search by a SAT solver."""

    encoding: ClauseEncoding
    name: str = "sat"

    def __post_init__(self) -> None:
        self._solver = Solver(name=_SAT_SOLVER, bootstrap_with=self.encoding.clauses)
        self._told = len(self.encoding.clauses)
        self._model: set[int] = set()

    def require(self, term: Term) -> None:
        """Adds a constraint."""
        self.encoding.require(term)

    def exclude(self, values: Mapping[Key, int]) -> None:
        """At least one of these variables must have another value."""
        literals = [self.encoding.literals[key].get(value) for key, value in values.items()]
        if None not in literals:  # else these values are impossible anyway
            self.encoding.clauses.append([-literal for literal in literals if literal])

    def check(self, deadline: Deadline) -> bool | None:
        """Whether the clauses can be met."""
        if deadline.passed:
            return None
        clauses = self.encoding.clauses
        self._solver.append_formula(clauses[self._told :])
        self._told = len(clauses)
        with deadline.stopping(self._solver.interrupt):
            found = self._solver.solve_limited(expect_interrupt=True)
        self._solver.clear_interrupt()
        if found:
            self._model = {literal for literal in self._solver.get_model() or [] if literal > 0}
        return found

    def values(self) -> dict[Key, int]:
        """The assignment that was found."""
        return self._read(self._model)

    def _read(self, model: set[int]) -> dict[Key, int]:
        return {
            key: next(value for value, literal in group.items() if literal in model)
            for key, group in self.encoding.literals.items()
        }

    def cheapest(self, costs: Costs, deadline: Deadline) -> Cheapest | bool | None:
        """Core-guided MaxSAT (Ignatiev, Morgado and Marques-Silva, "RC2", JSAT 2019)."""
        formula = WCNF()
        formula.extend(self.encoding.clauses)
        for key, of_values in costs.items():
            for value, literal in self.encoding.literals[key].items():
                if of_values[value] == float("inf"):
                    formula.append([-literal])
                elif weight := round(of_values[value] * COST_STEPS):
                    formula.append([-literal], weight=weight)
        found = _weighed(formula, deadline)
        if found is None or isinstance(found, bool):
            return found
        values = self._read(found[0])
        formula.append([-self.encoding.literals[key][values[key]] for key in costs])
        # a fresh start: levels of weights that were settled for the optimum would hide what costs more
        other = _weighed(formula, deadline)
        if other is None:
            return Cheapest(values, None)
        return Cheapest(values, float("inf") if isinstance(other, bool) else other[1] / COST_STEPS)


def _weighed(formula: WCNF, deadline: Deadline) -> tuple[set[int], int] | bool | None:
    """True literals of the cheapest model and its cost; False if there is no model, None at the deadline."""
    if deadline.passed:
        return None
    if not formula.soft:  # which RC2 does not expect
        with Solver(name=_SAT_SOLVER, bootstrap_with=formula.hard) as plain, deadline.stopping(plain.interrupt):
            found = plain.solve_limited(expect_interrupt=True)
            return ({literal for literal in plain.get_model() or [] if literal > 0}, 0) if found else found
    with RC2Stratified(formula, solver=_SAT_SOLVER) as solver, deadline.stopping(solver.interrupt):
        model = solver.compute(expect_interrupt=True)
        if model is None:
            return None if deadline.passed else False
        return {literal for literal in model if literal > 0}, solver.cost


class ArithmeticSearch:
    """A search by Z3 over unbounded integers."""

    name = "z3"

    def __init__(self, terms: Sequence[Term], slots: Mapping[Key, Sequence[int]]) -> None:
        self._encoding = ArithmeticEncoding(slots)
        self._formulas: list[Any] = []
        self._told = 0
        self._solver = z3.Solver(ctx=self._encoding.context)
        self._model: Any = None
        for term in terms:
            self.require(term)

    def require(self, term: Term) -> None:
        """Adds a constraint."""
        self._formulas.append(self._encoding.formula(term))
        self._formulas += self._encoding.sides
        self._encoding.sides.clear()

    def exclude(self, values: Mapping[Key, int]) -> None:
        """At least one of these variables must have another value."""
        self._formulas.append(self._encoding.any_of(self._encoding.variable(k) != v for k, v in values.items()))

    def check(self, deadline: Deadline) -> bool | None:
        """Whether the formulas can be met."""
        if deadline.passed:
            return None
        self._solver.add(*self._formulas[self._told :])
        self._told = len(self._formulas)
        with deadline.stopping(self._encoding.context.interrupt):
            found = self._solver.check()
        if found == z3.sat:
            self._model = self._solver.model()
        return True if found == z3.sat else False if found == z3.unsat else None

    def values(self) -> dict[Key, int]:
        """The assignment that was found."""
        return {
            key: self._model.eval(variable, model_completion=True).as_long()
            for key, variable in self._encoding.variables.items()
        }

    def cheapest(self, costs: Costs, deadline: Deadline) -> Cheapest | bool | None:
        """Z3's own optimisation."""
        context = self._encoding.context
        optimizer = z3.Optimize(ctx=context)
        optimizer.add(*self._formulas)
        parts: list[Any] = [z3.IntVal(0, context)]
        for key, of_values in costs.items():
            for value, cost in of_values.items():
                holds = self._encoding.variable(key) == value
                if cost == float("inf"):
                    optimizer.add(z3.Not(holds))
                elif weight := round(cost * COST_STEPS):
                    parts.append(z3.If(holds, z3.IntVal(weight, context), z3.IntVal(0, context)))
        total = z3.Sum(parts)
        optimizer.minimize(total)
        with deadline.stopping(context.interrupt):
            found = optimizer.check()
        if found != z3.sat:
            return False if found == z3.unsat else None
        self._model = optimizer.model()
        values = self.values()
        optimizer.add(self._encoding.any_of(self._encoding.variable(key) != values[key] for key in costs))
        with deadline.stopping(context.interrupt):
            found = optimizer.check()
        next_cost = None
        if found == z3.sat:
            next_cost = cast("Any", optimizer.model().eval(total)).as_long() / COST_STEPS
        elif found == z3.unsat:
            next_cost = float("inf")
        return Cheapest(values, next_cost)
