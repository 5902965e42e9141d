"""Constraints as a model of OR-tools CP-SAT, in its text format: linear forms with conditions, products, tables.

A condition is a list of literals under which a constraint must hold (in CP-SAT: enforcement literals); ``-i - 1`` is
the negation of literal ``i``. What is met or not is said by two such constraints; inside a disjunction one suffices.
"""

from collections.abc import Iterable, Mapping, Sequence
from math import inf
from typing import cast

from ..prolog.terms import Struct, Term
from .cp_sat_pairs import Pairs
from .definedness import DIVISIONS, conditions, demands
from .linear import COMPARISONS, Interval, Linear, difference, interval, linear
from .posting import Key, key_of
from .ranges import gaps, joined, pairs, ranges_of

_WIDEST = 2**56  # of sums, so that CP-SAT's 64 bits hold them
_FAR = 2**62  # beyond all sums
_TABLE = "$table"
_PARTIAL = DIVISIONS | {"^"}


class NotModelledError(Exception):
    """CP-SAT has no such constraint, or no such numbers; another search is asked."""


class CpSatModel:
    """A model that holds exactly where the constraints do.

    Args:
        bounds: Least and greatest value of each variable.
        allowed: Values of the variables that have gaps.

    Raises:
        NotModelledError: if a variable has no bounds.
    """

    def __init__(self, bounds: Mapping[Key, Interval], allowed: Mapping[Key, Iterable[int]]) -> None:
        self.indices: dict[Key, int] = {}
        self._bounds = dict(bounds)
        self._ends: list[tuple[int, int]] = []
        self._farthest = 1  # of all ends
        self._texts: list[str] = []
        self._parts: dict[Term, int] = {}
        self._literals: dict[tuple[Term, bool], int] = {}
        self._pairs = Pairs()
        self._count = 0  # of constraints, by which intervals are named
        self._true = self._variable((1, 1))
        self._possible = all(low <= high for low, high in bounds.values()) and all(allowed.values())
        if not self._possible:
            self._say("bool_or { }")
            self.indices = dict.fromkeys(bounds, self._true)
            return
        for key, ends in bounds.items():
            self.indices[key] = self._variable(ends, allowed.get(key))

    def text(self, objective: Linear | None = None) -> str:
        """The model, with a linear form to be made least."""
        for constraint in self._pairs.said(self._ends, self._count):
            self._say(constraint)
        if objective is None or not self._possible:
            return "\n".join(self._texts)
        coefficients, offset = self._coefficients(objective)
        return "\n".join([*self._texts, f"objective {{ {_linear_text(coefficients)} offset: {offset} }}"])

    def require(self, term: Term) -> None:
        """Adds a constraint.

        Raises:
            NotModelledError: if CP-SAT does not have it.
        """
        if self._possible:
            self._require(term, (), True)

    def exclude(self, values: Mapping[Key, int]) -> None:
        """At least one of these variables has another value."""
        others = [Struct("#\\=", (_variable_term(key), value)) for key, value in values.items()]
        if self._possible:
            self._clause([self._literal(other, True) for other in others], ())

    def _variable(self, ends: Interval, values: Iterable[int] | None = None) -> int:
        low, high = ends
        if max(-low, high) > _WIDEST:
            raise NotModelledError
        domain = ranges_of(values) if values is not None else [int(low), int(high)]
        self._ends.append((int(domain[0]), int(domain[-1])))
        self._farthest = max(self._farthest, -self._ends[-1][0], self._ends[-1][1])
        self._texts.append(f"variables {{ domain: {domain} }}")
        return len(self._ends) - 1

    def _require(self, term: Term, condition: tuple[int, ...], positive: bool) -> None:
        """The constraint, or its contrary, must hold under the condition."""
        if not isinstance(term, Struct):
            raise NotModelledError
        name, parts = term.functor, term.arguments
        if not name.startswith("#") or name in COMPARISONS:
            self._refuse_undefined(term)
        if name in COMPARISONS:
            self._relation(name if positive else COMPARISONS[name], difference(*parts), condition)
        elif name == "$in":
            self._membership(parts, condition, positive)
        elif name == "$true":
            self._clause([self._literal(term, positive)], condition)
        elif name == "#\\" and len(parts) == 1:
            self._require(parts[0], condition, not positive)
        elif name == "#/\\" or (name == "#\\/" and not positive):
            if positive or name == "#\\/":
                self._require(parts[0], condition, positive)
                self._require(parts[1], condition, positive)
            else:
                self._clause([self._literal(part, False) for part in parts], condition)
        elif name == "#\\/":
            if not condition and self._one_after_the_other(parts):
                return
            self._clause([self._literal(part, True) for part in parts], condition)
        elif name in {"#==>", "#<=="}:
            cause, effect = parts if name == "#==>" else (parts[1], parts[0])
            if positive:
                self._clause([self._literal(cause, False), self._literal(effect, True)], condition)
            else:
                self._require(cause, condition, True)
                self._require(effect, condition, False)
        elif name in {"#<==>", "#\\"}:
            self._equivalence(parts, condition, positive == (name == "#<==>"))
        elif condition or not positive:
            raise NotModelledError
        else:
            self._global(name, parts)

    def _refuse_undefined(self, term: Struct) -> None:
        """What may have no value, even where it does not count."""
        if _is_total(term):
            return
        for condition in conditions(term):
            low, high = interval(condition.arguments[0], self._bounds)
            if low <= 0 <= high:
                raise NotModelledError
        if any(demands(term)):
            raise NotModelledError

    def _one_after_the_other(self, parts: Sequence[Term]) -> bool:
        """Whether it says that one of two tasks ends before the other begins, which is noted."""
        found: list[tuple[int, int, int]] = []  # the first task, how long it takes, the second
        for part in parts:
            if not isinstance(part, Struct) or part.functor not in {"#=<", "#>="}:
                return False
            left, right = part.arguments if part.functor == "#=<" else reversed(part.arguments)
            coefficients, length = self._coefficients(difference(left, right))
            if sorted(coefficients.values()) != [-1, 1] or length <= 0:
                return False
            first, second = sorted(coefficients, key=lambda index: -coefficients[index])
            found.append((first, length, second))
        (first, length, second), (other, other_length, one) = found
        if (first, second) != (one, other):
            return False
        self._pairs.follow((first, length), (second, other_length))
        return True

    def _equivalence(self, parts: Sequence[Term], condition: tuple[int, ...], same: bool) -> None:
        for mark, other in (parts, reversed(parts)):
            if not condition and isinstance(mark, Struct) and mark.functor == "$true":
                literal = self._truth(mark)
                self._require(other, (literal,), same)
                self._require(other, (-literal - 1,), not same)
                return
        a, b = (self._truth(part) for part in parts)
        b = b if same else -b - 1
        self._clause([-a - 1, b], condition)
        self._clause([a, -b - 1], condition)

    def _literal(self, term: Term, positive: bool) -> int:
        """A literal under which the constraint, or its contrary, holds."""
        if isinstance(term, Struct) and term.functor == "$true":
            literal = self._truth(term)
            return literal if positive else -literal - 1
        if (term, positive) not in self._literals:
            self._literals[term, positive] = literal = self._variable((0, 1))
            self._require(term, (literal,), positive)
        return self._literals[term, positive]

    def _truth(self, term: Term) -> int:
        """A literal that is true exactly where the constraint holds."""
        if isinstance(term, Struct) and term.functor == "$true":
            value = term.arguments[0]
            if isinstance(value, int):
                return self._true if value == 1 else -self._true - 1
            key = key_of(value)
            if key is None:
                raise NotModelledError
            low, high = self._ends[self.indices[key]]
            if (low, high) not in {(0, 1), (0, 0), (1, 1)}:
                raise NotModelledError
            return self.indices[key]
        literal = self._literal(term, True)
        if (term, False) not in self._literals:
            self._literals[term, False] = -literal - 1
            self._require(term, (-literal - 1,), False)
        elif self._literals[term, False] != -literal - 1:
            self._clause([literal, self._literals[term, False]], ())
            self._clause([-literal - 1, -self._literals[term, False] - 1], ())
        return literal

    def _clause(self, literals: Sequence[int], condition: tuple[int, ...]) -> None:
        self._say(f"bool_or {{ literals: {[*literals]} }}", condition)

    def _say(self, constraint: str, condition: tuple[int, ...] = ()) -> None:
        enforced = f"enforcement_literal: {[*condition]} " if condition else ""
        self._texts.append(f"constraints {{ {enforced}{constraint} }}")
        self._count += 1

    def _relation(self, name: str, form: Linear, condition: tuple[int, ...]) -> None:
        """``form name 0``."""
        coefficients, constant = self._coefficients(form)
        if name == "#\\=" and not condition and sorted(coefficients.values()) == [-1, 1]:
            first, second = sorted(coefficients, key=lambda index: -coefficients[index])  # first - second + constant
            self._pairs.differ(first, second, -constant)
            return
        value = -constant
        domain = {
            "#=": (value, value),
            "=": (value, value),
            "#\\=": (-_FAR, value - 1, value + 1, _FAR),
            "#<": (-_FAR, value - 1),
            "#=<": (-_FAR, value),
            "#>": (value + 1, _FAR),
            "#>=": (value, _FAR),
        }[name]
        self._within(coefficients, domain, condition)

    def _within(self, coefficients: Mapping[int, int], domain: Sequence[int], condition: tuple[int, ...]) -> None:
        if not domain:
            self._clause([], condition)
        elif not coefficients:
            if not any(low <= 0 <= high for low, high in pairs(domain)):
                self._clause([], condition)
        else:
            self._say(f"linear {{ {_linear_text(coefficients)} domain: {[*domain]} }}", condition)

    def _membership(self, parts: Sequence[Term], condition: tuple[int, ...], positive: bool) -> None:
        members, ranges = cast("tuple[tuple[Term, ...], tuple[tuple[Term, Term], ...]]", parts)
        for member in members:
            coefficients, constant = self._coefficients(linear(member))
            low = sum(min(c * self._ends[i][0], c * self._ends[i][1]) for i, c in coefficients.items()) + constant
            high = sum(max(c * self._ends[i][0], c * self._ends[i][1]) for i, c in coefficients.items()) + constant
            inside = sorted(
                (max(low, a if isinstance(a, int) else low), min(high, b if isinstance(b, int) else high))
                for a, b in ranges
            )
            within = joined([(a, b) for a, b in inside if a <= b])
            if not positive:
                within = gaps(within, low, high)
            self._within(coefficients, [end - constant for pair in within for end in pair], condition)

    def _global(self, name: str, parts: Sequence[Term]) -> None:
        if name == "all_distinct":
            members = cast("tuple[Term, ...]", parts[0])
            self._say(f"all_diff {{ {' '.join(f'exprs {{ {self._expression(m)} }}' for m in members)} }}")
        elif name == _TABLE:
            tuples, rows = cast("tuple[tuple[tuple[Term, ...], ...], tuple[tuple[int, ...], ...]]", parts)
            for members in tuples:
                fitting = [row for row in rows if len(row) == len(members)]
                if not fitting:
                    self._clause([], ())
                    continue
                columns = " ".join(f"exprs {{ {self._expression(member)} }}" for member in members)
                self._say(f"table {{ {columns} values: {[value for row in fitting for value in row]} }}")
        elif name == "element":
            index, listed, value = parts
            places = cast("tuple[Term, ...]", listed)
            self._membership(((index,), ((1, len(places)),)), (), True)
            start = self._expression(Struct("-", (index, 1)), "linear_index")
            target = self._expression(value, "linear_target")
            self._say(f"element {{ {start} {target} {' '.join(self._expression(p, 'exprs') for p in places)} }}")
        else:
            raise NotModelledError

    def _expression(self, term: Term, name: str | None = None, factor: int = 1) -> str:
        """An affine expression of one variable."""
        coefficients, offset = self._coefficients(linear(term))
        if len(coefficients) > 1:
            coefficients, offset = {self._same(coefficients, offset): 1}, 0
        text = f"{_linear_text({i: factor * c for i, c in coefficients.items()})} offset: {factor * offset}"
        return f"{name} {{ {text} }}" if name else text

    def _same(self, coefficients: Mapping[int, int], offset: int) -> int:
        """A variable for a sum."""
        low = sum(min(c * self._ends[i][0], c * self._ends[i][1]) for i, c in coefficients.items()) + offset
        high = sum(max(c * self._ends[i][0], c * self._ends[i][1]) for i, c in coefficients.items()) + offset
        found = self._variable((low, high))
        self._within({**coefficients, found: -1}, [-offset, -offset], ())
        return found

    def _coefficients(self, form: Linear) -> tuple[dict[int, int], int]:
        """Of each variable of the model, and what is added."""
        found: dict[int, int] = {}
        reach = abs(form.constant)
        for part, coefficient in form.parts.items():
            key = key_of(part)
            index = self.indices[key] if key is not None else self._part(part)
            found[index] = found.get(index, 0) + coefficient
            reach += abs(coefficient) * self._farthest
        if reach > _WIDEST:
            raise NotModelledError
        return found if all(found.values()) else {index: c for index, c in found.items() if c}, form.constant

    def _part(self, term: Term) -> int:
        """A variable for an operation that is not linear."""
        if term not in self._parts:
            self._parts[term] = self._operation(cast("Struct", term))
        return self._parts[term]

    def _operation(self, term: Struct) -> int:
        name, parts = term.functor, term.arguments
        ends = interval(term, self._bounds)
        if abs(ends[0]) == inf or abs(ends[1]) == inf:
            raise NotModelledError
        if name in DIVISIONS:
            return self._division(name, parts, ends)
        if name == "^":
            exponent = parts[1]
            if not isinstance(exponent, int) or not 2 <= exponent <= 60:
                raise NotModelledError
            rest: Term = parts[0] if exponent == 2 else Struct("^", (parts[0], exponent - 1))
            return self._part(Struct("*", (parts[0], rest)))
        found = self._variable(ends)
        own = f"target {{ vars: {found} coeffs: {-1 if name == 'min' else 1} }}"
        if name == "*":
            self._say(f"int_prod {{ {own} {' '.join(self._expression(p, 'exprs') for p in parts)} }}")
        elif name == "abs":
            both = " ".join(self._expression(parts[0], "exprs", factor) for factor in (1, -1))
            self._say(f"lin_max {{ {own} {both} }}")
        elif name in {"min", "max"}:
            factor = -1 if name == "min" else 1
            self._say(f"lin_max {{ {own} {' '.join(self._expression(p, 'exprs', factor) for p in parts)} }}")
        else:
            raise NotModelledError
        return found

    def _division(self, name: str, parts: Sequence[Term], ends: Interval) -> int:
        (low, high), (least, most) = (interval(part, self._bounds) for part in parts)
        if least <= 0 <= most:
            raise NotModelledError
        own = "target {{ vars: {} coeffs: 1 }}"
        if name == "//" or (name == "div" and low >= 0 and least > 0):
            found = self._variable(ends)
            self._say(f"int_div {{ {own.format(found)} {' '.join(self._expression(p, 'exprs') for p in parts)} }}")
            return found
        if least > 0 and (name == "rem" or (name == "mod" and low >= 0)):
            found = self._variable((0 if low >= 0 else 1 - most, most - 1))
            self._say(f"int_mod {{ {own.format(found)} {' '.join(self._expression(p, 'exprs') for p in parts)} }}")
            return found
        divisor = parts[1]
        if not isinstance(divisor, int) or divisor <= 0 or name not in {"div", "mod"}:
            raise NotModelledError
        quotient, rest = self._variable((low // divisor, high // divisor)), self._variable((0, divisor - 1))
        coefficients, offset = self._coefficients(linear(parts[0]))
        self._within({**coefficients, quotient: -divisor, rest: -1}, [-offset, -offset], ())
        return quotient if name == "div" else rest


def _is_total(term: Term) -> bool:
    """Whether an expression or comparison has a value wherever its parts do."""
    if isinstance(term, Struct):
        return term.functor not in _PARTIAL and all(map(_is_total, term.arguments))
    return not isinstance(term, tuple) or all(map(_is_total, term))


def _variable_term(key: Key) -> Term:
    return Struct("$fd", (key,)) if isinstance(key, int) else Struct("$seen", key)


def _linear_text(coefficients: Mapping[int, int]) -> str:
    return f"vars: {[*coefficients]} coeffs: {[*coefficients.values()]}"
