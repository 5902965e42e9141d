"""Constraints as clauses: each variable a one-hot group of literals, each constraint over them exactly.

Values of expressions are encoded in one direction only (operands imply the result's literal), which is exact because
results are only ever forbidden, never demanded; an undefined expression has no value. (In the literature: the direct
encoding; Walsh, "SAT v CSP", CP 2000; sums by chains of partial sums, as in Bailleux and Boufkhad, "Efficient CNF
encoding of Boolean cardinality constraints", CP 2003; with large coefficients digit by digit, as one adds in writing;
connectives after Tseitin.)
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import combinations
from math import prod
from typing import cast

from ..errors import MeaningError
from ..prolog.terms import Struct, Term
from .definedness import conditions, demands
from .linear import COMPARISONS, Linear, apply, difference, linear
from .posting import Key, key_of

Literals = dict[int, int]
"""The literal of each value that something can have."""

TRUE = 1
"""A literal that always holds."""

_BASE = 10  # of the sums in writing
_MANY_PAIRS = 20_000  # of values, from which on a sum is written digit by digit
_HOLDS: dict[str, Callable[[int, int], bool]] = {
    "#=": lambda low, high: low == high == 0,
    "#\\=": lambda low, high: low > 0 or high < 0,
    "#<": lambda low, high: high < 0,
    "#=<": lambda low, high: high <= 0,
    "#>": lambda low, high: low > 0,
    "#>=": lambda low, high: low >= 0,
}


class TooLarge(Exception):
    """The clauses would be more than the budget allows; another solver is better suited."""


class ClauseEncoding:
    """Clauses that hold exactly where the constraints do.

    Args:
        domains: Values of each variable.
        budget: Most pairs of values that sums and products may be made of.
    """

    def __init__(self, domains: Mapping[Key, Sequence[int]], budget: int = 2_000_000) -> None:
        self.clauses: list[list[int]] = [[TRUE]]
        self.literals: dict[Key, Literals] = {}
        self.variables = 1
        self._budget = budget
        self._values: dict[Term, Literals] = {}
        self._truths: dict[Term, int] = {}
        for key, values in domains.items():
            self._one_of_values(key, values)

    def _one_of_values(self, key: Key, values: Sequence[int]) -> None:
        self._spend(len(values) ** 2 // 2)
        group = {value: self._new() for value in values}
        self.literals[key] = group
        self.clauses.append(list(group.values()) or [-TRUE])
        self.clauses += [[-a, -b] for a, b in combinations(group.values(), 2)]

    def require(self, term: Term, unless: tuple[int, ...] = ()) -> None:
        """Adds a constraint that must hold, unless one of the literals ``unless`` is true.

        Raises:
            TooLarge: if the budget is spent.
            MeaningError: if the constraint has no meaning here.
        """
        for part in (term, *demands(term)):
            self._require(part, unless)

    def _require(self, term: Term, unless: tuple[int, ...]) -> None:
        if not isinstance(term, Struct):
            raise MeaningError(f"{term!r} is no constraint")
        name, parts = term.functor, term.arguments
        if not name.startswith("#") or name in COMPARISONS:
            for condition in conditions(term):
                self._compare(condition, unless)
        if name in COMPARISONS:
            self._compare(term, unless)
        elif name == "$in":
            members, ranges = cast("tuple[tuple[Term, ...], tuple[tuple[Term, Term], ...]]", parts)
            for member in members:
                for value, literal in self._encode(member).items():
                    if not _inside(value, ranges):
                        self._add(*unless, -literal)
        elif name == "all_distinct":
            self._all_distinct(cast("tuple[Term, ...]", parts[0]), unless)
        elif name == "$table":
            tuples, rows = cast("tuple[tuple[tuple[Term, ...], ...], tuple[tuple[int, ...], ...]]", parts)
            for members in tuples:
                self._one_of_rows([self._encode(member) for member in members], rows, unless)
        elif name == "element":
            self._element(parts, unless)
        elif name == "#/\\":
            self._require(parts[0], unless)
            self._require(parts[1], unless)
        else:
            self._add(*unless, self.truth(term))

    def mark(self) -> int:
        """A fresh literal, to switch constraints on by."""
        return self._new()

    def truth(self, term: Term) -> int:
        """A literal that is true exactly where the reified constraint is."""
        if term not in self._truths:
            self._truths[term] = self._truth(cast("Struct", term))
        return self._truths[term]

    def _truth(self, term: Struct) -> int:
        name, parts = term.functor, term.arguments
        if name == "$true":
            return self._encode(parts[0]).get(1, -TRUE)
        if name == "#\\" and len(parts) == 1:
            return -self.truth(parts[0])
        if name in COMPARISONS or name == "$in":
            compared = self._compared(term) if name in COMPARISONS else self._membership(term)
            for condition in conditions(term):
                compared = -self._or(-compared, -self._compared(condition))
            return compared
        if name not in {"#/\\", "#\\/", "#\\", "#==>", "#<==", "#<==>"}:
            raise MeaningError(f"'{name}' cannot be reified")
        a, b = self.truth(parts[0]), self.truth(parts[1])
        if name == "#/\\":
            return -self._or(-a, -b)
        if name == "#\\/":
            return self._or(a, b)
        if name == "#==>":
            return self._or(-a, b)
        if name == "#<==":
            return self._or(a, -b)
        literal = self._new()
        other = -literal if name == "#<==>" else literal
        self.clauses += [[other, -a, b], [other, a, -b], [-other, a, b], [-other, -a, -b]]
        return literal

    def _compare(self, term: Struct, unless: tuple[int, ...]) -> None:
        """A comparison, met by any values where its expressions have none."""
        self._relation("#=" if term.functor == "=" else term.functor, difference(*term.arguments), unless)

    def _compared(self, term: Struct) -> int:
        """A literal that is true exactly where a comparison is, and free where its expressions have no value."""
        literal = self._new()
        self._compare(term, (-literal,))
        self._compare(Struct(COMPARISONS[term.functor], term.arguments), (literal,))
        return literal

    def _membership(self, term: Struct) -> int:
        """The same for ``X in Domain``."""
        members, ranges = cast("tuple[tuple[Term, ...], tuple[tuple[Term, Term], ...]]", term.arguments)
        literal = self._new()
        for value, value_literal in self._encode(members[0]).items():
            self._add(literal if _inside(value, ranges) else -literal, -value_literal)
        return literal

    def _or(self, a: int, b: int) -> int:
        literal = self._new()
        self.clauses += [[-literal, a, b], [literal, -a], [literal, -b]]
        return literal

    def _new(self) -> int:
        self.variables += 1
        return self.variables

    def _add(self, *literals: int) -> None:
        if TRUE not in literals:
            self.clauses.append([literal for literal in literals if literal != -TRUE] or [-TRUE])

    def _spend(self, pairs: int) -> None:
        self._budget -= pairs
        if self._budget < 0:
            raise TooLarge

    def _encode(self, term: Term) -> Literals:
        """The literal of each value of an expression; for all but variables and numbers in one direction only."""
        if isinstance(term, int):
            return {term: TRUE}
        key = key_of(term)
        if key is not None:
            return self.literals[key]
        if term not in self._values:
            form = linear(term)
            if list(form.parts) == [term] and not form.constant and form.parts[term] == 1:
                operation = cast("Struct", term)
                self._values[term] = self._combine(operation.functor, [self._encode(p) for p in operation.arguments])
            else:
                self._values[term] = self._sum(form)
        return self._values[term]

    def _combine(self, name: str, operands: Sequence[Literals]) -> Literals:
        self._spend(prod(len(operand) for operand in operands))
        found: Literals = {}
        first, second = operands[0], operands[1] if len(operands) > 1 else {0: TRUE}
        for a, literal_a in first.items():
            for b, literal_b in second.items():
                value = apply(name, [a, b] if len(operands) > 1 else [a])
                if value is not None:
                    self._add(-literal_a, -literal_b, found.setdefault(value, self._new()))
        return found

    def _sum(self, form: Linear) -> Literals:
        partial: Literals = {form.constant: TRUE}
        for part, coefficient in form.parts.items():
            partial = self._plus(partial, coefficient, self._encode(part))
        return partial

    def _plus(self, partial: Literals, coefficient: int, operand: Literals) -> Literals:
        if len(partial) == 1 and TRUE in partial.values():
            (start,) = partial
            return {start + coefficient * value: literal for value, literal in operand.items()}
        self._spend(len(partial) * len(operand))
        found: Literals = {}
        for a, literal_a in partial.items():
            for b, literal_b in operand.items():
                total = a + coefficient * b
                if total not in found:
                    found[total] = self._new()
                self.clauses.append([-literal_a, -literal_b, found[total]])
        return found

    def _relation(self, name: str, form: Linear, unless: tuple[int, ...]) -> None:
        """``form name 0``: partial sums from the smallest part on; those that can no longer do are forbidden."""
        if name == "#=" and self._many_sums(form):
            self._by_digits(form, unless)
            return
        holds, fails = _HOLDS[name], _HOLDS[COMPARISONS[name]]
        parts = sorted(form.parts.items(), key=lambda part: (len(self._encode(part[0])), key_of(part[0]) is not None))
        operands = [(c, self._encode(part)) for part, c in parts]
        ends = [(min(c * v for v in o), max(c * v for v in o)) if o else (0, 0) for c, o in operands]
        low, high = sum(a for a, _ in ends), sum(b for _, b in ends)
        partial: Literals = {form.constant: TRUE}
        for index, (coefficient, operand) in enumerate(operands):
            if not partial:
                return
            low, high = low - ends[index][0], high - ends[index][1]
            if index == len(operands) - 1 and index > 0 and key_of(parts[index][0]) is not None:
                self._last(holds, partial, coefficient, operand, unless)
                return
            partial = self._plus(partial, coefficient, operand)
            for value in list(partial):
                if fails(value + low, value + high):
                    self._add(*unless, -partial.pop(value))
                elif holds(value + low, value + high):
                    del partial[value]
        for value, literal in partial.items():
            if not holds(value, value):
                self._add(*unless, -literal)

    def _many_sums(self, form: Linear) -> bool:
        """Whether the coefficients are so unlike that most partial sums differ."""
        sums = pairs = 1
        for part in form.parts:
            pairs += sums * len(self._encode(part))
            sums = min(sums * len(self._encode(part)), _MANY_PAIRS)
        return pairs > _MANY_PAIRS and max(map(abs, form.parts.values()), default=0) >= _BASE

    def _by_digits(self, form: Linear, unless: tuple[int, ...]) -> None:
        """``form #= 0`` as a sum in writing: digit by digit of the coefficients, with carries."""
        carry: Literals = {0: TRUE}
        while form.parts or form.constant:
            higher = {part: _shift(c) for part, c in form.parts.items()}
            total = {value + form.constant - _BASE * _shift(form.constant): literal for value, literal in carry.items()}
            for part, coefficient in form.parts.items():
                if digit := coefficient - _BASE * higher[part]:
                    total = self._plus(total, digit, self._encode(part))
            form = Linear(_shift(form.constant), {part: c for part, c in higher.items() if c})
            for value, literal in total.items():
                if value % _BASE:
                    self._add(*unless, -literal)
            carry = {value // _BASE: literal for value, literal in total.items() if not value % _BASE}
        for value, literal in carry.items():
            if value:
                self._add(*unless, -literal)

    def _last(
        self,
        holds: Callable[[int, int], bool],
        partial: Literals,
        coefficient: int,
        operand: Literals,
        unless: tuple[int, ...],
    ) -> None:
        """Each partial sum allows some values of the last variable, which has exactly one."""
        self._spend(len(partial) * len(operand))
        for value, literal in partial.items():
            good = [other for v, other in operand.items() if holds(value + coefficient * v, value + coefficient * v)]
            if len(good) <= len(operand) // 2 or len(good) == len(operand):
                if len(good) < len(operand):
                    self._add(*unless, -literal, *good)
            else:
                for other in set(operand.values()) - set(good):
                    self._add(*unless, -literal, -other)

    def _all_distinct(self, members: Sequence[Term], unless: tuple[int, ...]) -> None:
        groups = [self._encode(member) for member in members]
        values = {value for group in groups for value in group}
        for value in values:
            holders = [group[value] for group in groups if value in group]
            self._spend(len(holders) ** 2 // 2)
            for a, b in combinations(holders, 2):
                self._add(*unless, -a, -b)
            if len(values) == len(groups) and all(key_of(m) is not None or isinstance(m, int) for m in members):
                self._add(*unless, *holders)  # as many values as variables: each value is taken

    def _one_of_rows(
        self, members: Sequence[Literals], rows: Iterable[tuple[int, ...]], unless: tuple[int, ...]
    ) -> None:
        chosen: list[int] = []
        for row in rows:
            if len(row) == len(members) and all(value in m for m, value in zip(members, row, strict=True)):
                chosen.append(self._new())
                for member, value in zip(members, row, strict=True):
                    self._add(-chosen[-1], member[value])
        self._add(*unless, *chosen)

    def _element(self, parts: Sequence[Term], unless: tuple[int, ...]) -> None:
        listed = cast("tuple[Term, ...]", parts[1])
        for position, literal in self._encode(parts[0]).items():
            if 1 <= position <= len(listed):
                self._relation("#=", difference(listed[position - 1], parts[2]), (*unless, -literal))
            else:
                self._add(*unless, -literal)


def _shift(number: int) -> int:
    """The number without its last digit."""
    return number // _BASE if number >= 0 else -(-number // _BASE)


def _inside(value: int, ranges: Iterable[tuple[Term, Term]]) -> bool:
    return any(
        (not isinstance(low, int) or low <= value) and (not isinstance(high, int) or value <= high)
        for low, high in ranges
    )
