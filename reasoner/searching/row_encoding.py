"""Constraints as rows and groups: what costs a network few neurons, where clauses would cost many.

A variable is a group of literals, one a value; a sum is one row over order literals ``[x >= v]``; a relation of two
variables is a list of the pairs that it forbids, or of the values that support each other; a table has one a line.
All else, products of several variables among it, is said by the clauses of :mod:`reasoner.constraints.encoding`.
(In the literature: order encoding, Crawford and Baker, AAAI 1994; support encoding, Gent, ECAI 2002; the table encoding
of Bacchus, "GAC via unit propagation", CP 2007.)
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import pairwise, product
from math import prod
from typing import cast

from logic.search.constraint_rows import Group, Literal, Row, SearchProblem, clause, gather_groups, weighted_row

from ..constraints.definedness import conditions, demands
from ..constraints.encoding import TRUE, ClauseEncoding, Literals
from ..constraints.linear import Linear, apply, linear
from ..constraints.posting import Key, key_of, keys
from ..prolog.terms import Struct, Term

_COMPARED: dict[str, Callable[[int], bool]] = {
    "#=": lambda left: left == 0,
    "=": lambda left: left == 0,
    "#\\=": lambda left: left != 0,
    "#<": lambda left: left < 0,
    "#=<": lambda left: left <= 0,
    "#>": lambda left: left > 0,
    "#>=": lambda left: left >= 0,
}
"""What each comparison says of the left side minus the right one."""

_LISTED = 1_024  # combinations of values of a relation that are gone through one by one
_LINES = 100  # of a table that a relation of three or more variables is written as


class RowEncoding(ClauseEncoding):
    """Rows and groups that hold exactly where the constraints do.

    Args:
        domains: Values of each variable.
        terms: All that will be required; variables of two values that stand in no table and no ``all_distinct`` are one
            literal and its complement.
        budget: As for clauses.
    """

    def __init__(self, domains: Mapping[Key, Sequence[int]], terms: Iterable[Term], budget: int = 2_000_000) -> None:
        self.groups: list[Group] = []
        self.rows: list[Row] = []
        self.source = ""
        self._sources: list[tuple[int, str]] = []  # of the clauses from a place on
        self._order: dict[Key, list[Literal]] = {}
        self._free: list[Literal] = []  # left open where an expression has no value
        self._grouped = {key for term in terms for key in _grouped_keys(term)}
        super().__init__(domains, budget)

    def require_from(self, term: Term, source: str) -> None:
        """Adds a constraint that must hold, posted by a place in the text.

        Raises:
            TooLarge: if the budget is spent.
            MeaningError: if the constraint has no meaning here.
        """
        self.source = source
        self._sources.append((len(self.clauses), source))
        self.require(term)

    def problem(self, names: Mapping[Key, str]) -> SearchProblem:
        """All that was required, over the variables that are spoken of.

        Args:
            names: Of the variables of the program, for the names of the network's lines.
        """
        rows = [*self._clause_rows(), *self.rows]
        guessed = [literal for group in self.literals.values() for literal in dict.fromkeys(map(abs, group.values()))]
        spoken = dict.fromkeys(literal for literal in guessed if literal != TRUE)
        spoken.update(dict.fromkeys(abs(literal) for row in rows for literal in row.literals))
        spoken.update(dict.fromkeys(v for group in self.groups for v in group.variables))
        self.number = {old: new for new, old in enumerate(spoken, start=1)}
        called = {
            abs(self.number_of(literal)): f"{names.get(key, f'_{key}')}={value}" for key, literal, value in self._all()
        }
        signs: Counter[int] = Counter()
        for row in rows:
            signs.update({abs(literal): 1 if literal > 0 else -1 for literal in row.literals})
        alone = {abs(literal) for group in self.literals.values() if len(group) == 2 for literal in group.values()} - {
            v for group in self.groups for v in group.variables
        }
        decisions = [-v if v in alone and signs[v] < 0 else v for v in dict.fromkeys(guessed) if v != TRUE]
        decisions += [-v for v in dict.fromkeys(self._free) if v in spoken]
        return gather_groups(
            SearchProblem(
                len(spoken),
                tuple(row._replace(literals=tuple(map(self.number_of, row.literals))) for row in rows),
                tuple(g._replace(variables=tuple(map(self.number_of, g.variables))) for g in self.groups),
                tuple(map(self.number_of, decisions)),
                names=tuple(called.get(v, f"aux{v}") for v in range(1, len(spoken) + 1)),
            )
        )

    def number_of(self, literal: Literal) -> Literal:
        """A literal of this encoding in the problem made of it."""
        return self.number[literal] if literal > 0 else -self.number[-literal]

    def values(self, true: frozenset[int]) -> dict[Key, int]:
        """The value of each variable where exactly these variables of the problem are true."""
        found: dict[Key, int] = {}
        for key, group in self.literals.items():
            for value, literal in group.items():
                if literal == TRUE or (abs(self.number_of(literal)) in true) == (literal > 0):
                    found[key] = value
        return found

    def _all(self) -> Iterable[tuple[Key, Literal, int]]:
        for key, group in self.literals.items():
            for value, literal in group.items():
                if literal != TRUE and (literal > 0 or -literal not in group.values()):
                    yield key, literal, value

    def _clause_rows(self) -> Iterable[Row]:
        """The clauses, without what always or never holds."""
        starts = [*self._sources, (len(self.clauses), "")]
        source, at = "", 0
        for start, following in starts:
            for literals in self.clauses[at:start]:
                if TRUE not in literals:
                    row = clause([literal for literal in literals if literal != -TRUE], source)
                    if row is not None:
                        yield row
            source, at = following, start

    def _one_of_values(self, key: Key, values: Sequence[int]) -> None:
        if len(values) == 1:
            self.literals[key] = {values[0]: TRUE}
        elif len(values) == 2 and key not in self._grouped:
            literal = self._new()
            self.literals[key] = {values[0]: -literal, values[1]: literal}
        else:
            self.literals[key] = {value: self._new() for value in values}
            self._exactly_one(list(self.literals[key].values()))

    def _exactly_one(self, literals: Sequence[Literal]) -> None:
        if literals:
            self.groups.append(Group(tuple(literals), True, self.source))
        else:
            self._add()

    def _require(self, term: Term, unless: tuple[int, ...]) -> None:
        if isinstance(term, Struct) and term.functor in {"#\\/", "#==>", "#<=="}:
            self._add(*unless, *self._disjuncts(term))
        else:
            super()._require(term, unless)

    def _disjuncts(self, term: Struct) -> list[Literal]:
        """Literals of which one is true exactly where a disjunction, however nested, is."""
        found: list[Literal] = []
        waiting: list[tuple[Struct, int]] = [(term, 1)]
        while waiting:
            part, sign = waiting.pop()
            name, parts = part.functor, cast("tuple[Struct, ...]", part.arguments)
            if name == "#\\" and len(parts) == 1:
                waiting.append((parts[0], -sign))
            elif name == "#\\/" and sign > 0:
                waiting += [(parts[1], 1), (parts[0], 1)]
            elif name in {"#==>", "#<=="} and sign > 0:
                first, second = parts if name == "#==>" else parts[::-1]
                waiting += [(second, 1), (first, -1)]
            elif name == "#/\\" and sign < 0:
                waiting += [(parts[1], -1), (parts[0], -1)]
            else:
                found.append(sign * self.truth(part))
        return found

    def _compared(self, term: Struct) -> int:
        literal = super()._compared(term)
        if conditions(term) or demands(term):
            self._free.append(literal)
        return literal

    def _compare(self, term: Struct, unless: tuple[int, ...]) -> None:
        variables = list(dict.fromkeys(keys(term)))
        domains = [self.literals[key] for key in variables]
        if prod(map(len, domains)) > _LISTED or (len(variables) > 2 and (unless or min(map(len, domains)) < 3)):
            super()._compare(term, unless)
            return
        holds = _COMPARED[term.functor]
        good: list[tuple[int, ...]] = []
        bad: list[tuple[int, ...]] = []
        for values in product(*domains):
            left, right = (_value(part, dict(zip(variables, values, strict=True))) for part in term.arguments)
            (good if left is None or right is None or holds(left - right) else bad).append(values)
        if len(variables) > 2:
            if len(good) <= _LINES:
                self._one_of_rows(domains, good, unless)
            elif len(bad) <= _LINES:
                for values in bad:
                    self._add(*(-domain[value] for domain, value in zip(domains, values, strict=True)))
            else:
                super()._compare(term, unless)
            return
        if len(variables) == 2 and len(bad) > 2 * sum(map(len, domains)):
            self._supports(domains, set(bad), unless)
            return
        for values in bad:
            self._add(*unless, *(-domain[value] for domain, value in zip(domains, values, strict=True)))

    def _supports(self, domains: Sequence[Literals], bad: set[tuple[int, ...]], unless: tuple[int, ...]) -> None:
        """Each value of one variable needs one of those of the other that it goes with."""
        first, second = domains
        for a, literal in first.items():
            good = [other for b, other in second.items() if (a, b) not in bad]
            if len(good) < len(second):
                self._add(*unless, -literal, *good)
        for b, literal in second.items():
            good = [other for a, other in first.items() if (a, b) not in bad]
            if len(good) < len(first):
                self._add(*unless, -literal, *good)

    def _relation(self, name: str, form: Linear, unless: tuple[int, ...]) -> None:
        if name == "#\\=" or not form.parts or any(key_of(part) is None for part in form.parts):
            super()._relation(name, form, unless)
            return
        if name in {"#=", "#>=", "#>"}:
            self._at_least(form, 1 if name == "#>" else 0, unless)
        if name in {"#=", "#=<", "#<"}:
            self._at_least(form.scaled(-1), 1 if name == "#<" else 0, unless)

    def _at_least(self, form: Linear, least: int, unless: tuple[int, ...]) -> None:
        """``form >= least`` as one row over order literals."""
        bound = least - form.constant
        terms: list[tuple[Literal, int]] = []
        for part, coefficient in form.parts.items():
            key = cast("Key", key_of(part))
            values = list(self.literals[key])
            bound -= coefficient * values[0]
            steps = [high - low for low, high in pairwise(values)]
            terms += [
                (literal, coefficient * step) for literal, step in zip(self._at_or_above(key), steps, strict=True)
            ]
        row = weighted_row(terms, bound, self.source)
        if row is not None and unless:
            weights = zip(row.literals, row.weights, strict=True)
            kept = [literal for literal in unless if literal != -TRUE]
            row = (
                None
                if TRUE in kept
                else weighted_row([*weights, *((u, row.bound) for u in kept)], row.bound, self.source)
            )
        if row is not None:
            self.rows.append(row)

    def _at_or_above(self, key: Key) -> list[Literal]:
        """``[x >= v]`` for each value but the least, channelled to the values."""
        group = list(self.literals[key].values())
        if len(group) <= 2:
            return group[1:]
        if key not in self._order:
            order = self._order[key] = [self._new() for _ in group[1:]]
            below, above = [TRUE, *order], [*order, -TRUE]
            for literal, low, high in zip(group, below, above, strict=True):
                self._add(-literal, low)
                self._add(-literal, -high)
                self._add(literal, -low, high)
            for low, high in pairwise(order):
                self._add(-high, low)
        return self._order[key]

    def _all_distinct(self, members: Sequence[Term], unless: tuple[int, ...]) -> None:
        groups = [self._encode(member) for member in members]
        twice = len({key_of(m) for m in members if key_of(m) is not None}) < sum(key_of(m) is not None for m in members)
        if unless or twice or any(literal < 0 for group in groups for literal in group.values()):
            super()._all_distinct(members, unless)
            return
        values = {value for group in groups for value in group}
        exactly = len(values) == len(groups) and all(key_of(m) is not None or isinstance(m, int) for m in members)
        for value in sorted(values):
            holders = [group[value] for group in groups if value in group]
            taken = holders.count(TRUE)
            free = [literal for literal in holders if literal != TRUE]
            if taken > 1:
                self._add()
            elif taken:
                for literal in free:
                    self._add(-literal)
            elif exactly or len(free) > 1:
                self.groups.append(Group(tuple(free), exactly, self.source))

    def _one_of_rows(
        self, members: Sequence[Literals], rows: Iterable[tuple[int, ...]], unless: tuple[int, ...]
    ) -> None:
        fits = [
            row
            for row in dict.fromkeys(rows)
            if len(row) == len(members) and all(value in m for m, value in zip(members, row, strict=True))
        ]
        positive = all(literal > 0 for member in members for literal in member.values())
        if unless or not fits or not positive or len({id(member) for member in members}) < len(members):
            super()._one_of_rows(members, fits, unless)
            return
        lines = [self._new() for _ in fits]
        self._exactly_one(lines)
        for column, member in enumerate(members):
            for value, literal in member.items():
                others = [line for line, row in zip(lines, fits, strict=True) if row[column] != value]
                if literal == TRUE:
                    for line in others:
                        self._add(-line)
                elif len(others) == len(lines):
                    self._add(-literal)
                else:  # either it has the value, or the line is one of those with another
                    self._exactly_one([literal, *others])


def _grouped_keys(term: Term) -> Iterable[Key]:
    """The variables in tables and ``all_distinct``."""
    if isinstance(term, Struct):
        if term.functor in {"$table", "all_distinct"}:
            yield from keys(term)
        else:
            for part in term.arguments:
                yield from _grouped_keys(part)


def _value(term: Term, values: Mapping[Key, int]) -> int | None:
    """The value of an expression, or None where it is undefined.

    Raises:
        MeaningError: if it is none that can be computed.
    """
    key = key_of(term)
    if key is not None:
        return values[key]
    form = linear(term)
    if list(form.parts) != [term]:
        total: int | None = form.constant
        for part, coefficient in form.parts.items():
            value = _value(part, values)
            total = None if total is None or value is None else total + coefficient * value
        return total
    operation = cast("Struct", term)
    operands = [_value(part, values) for part in operation.arguments]
    known = [operand for operand in operands if operand is not None]
    return apply(operation.functor, known) if len(known) == len(operands) else None
