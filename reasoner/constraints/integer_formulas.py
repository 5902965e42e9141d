"""Constraints as Z3 formulas over unbounded integers: for what is too wide for clauses, and for conflicts."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, cast

import z3

from ..errors import MeaningError
from ..prolog.terms import Struct, Term
from .definedness import DIVISIONS, conditions, demands
from .linear import COMPARISONS, truths
from .posting import Key, key_of
from .thread_deadline import Deadline

_CORE_SECONDS = 5.0
_ATTEMPT_SECONDS = 0.2  # to spare one constraint, at least


class ArithmeticEncoding:
    """Formulas that hold exactly where the constraints do; a quotient by 0 is any number, as Z3 has it."""

    def __init__(self, slots: Mapping[Key, Sequence[int]]) -> None:
        self.context = z3.Context()  # its own: threads may not share one
        self.variables: dict[Key, z3.ArithRef] = {}
        self.sides: list[z3.BoolRef] = []
        for key, values in slots.items():
            self.sides.append(self.any_of([self.variable(key) == value for value in values]))

    def variable(self, key: Key) -> z3.ArithRef:
        """The integer that stands for a variable."""
        return self.variables.setdefault(key, z3.Int(f"v{key}", self.context))

    def formula(self, term: Term) -> z3.BoolRef:
        """The constraint as a formula; what stands for a truth value in it is 0 or 1.

        Raises:
            MeaningError: if it has no meaning here.
        """
        values = [self._integer(truth) for truth in truths(term)]
        return self.all_of([*map(self._formula, (term, *demands(term))), *(z3.Or(v == 0, v == 1) for v in values)])

    def _formula(self, term: Term) -> z3.BoolRef:
        if not isinstance(term, Struct):
            raise MeaningError(f"{term!r} is no constraint")
        name, parts = term.functor, term.arguments
        if name.startswith("#") and name not in COMPARISONS:
            return self._connect(name, [self._formula(part) for part in parts])
        return self.all_of(
            [self._relation(name, parts), *(self._compare("#\\=", c.arguments) for c in conditions(term))]
        )

    def _relation(self, name: str, parts: Sequence[Term]) -> z3.BoolRef:
        if name in COMPARISONS:
            return self._compare(name, parts)
        if name == "$in":
            members, ranges = cast("tuple[tuple[Term, ...], tuple[tuple[Term, Term], ...]]", parts)
            return self.all_of([self._within(self._integer(member), ranges) for member in members])
        if name == "all_distinct":
            members = [self._integer(member) for member in cast("tuple[Term, ...]", parts[0])]
            return z3.Distinct(*members) if len(members) > 1 else z3.BoolVal(True, self.context)
        if name == "$table":
            return self._table(parts)
        if name == "element":
            index, value = self._integer(parts[0]), self._integer(parts[2])
            listed = [self._integer(part) for part in cast("tuple[Term, ...]", parts[1])]
            return self.any_of([self.all_of([index == i, value == part]) for i, part in enumerate(listed, start=1)])
        if name == "$true":
            return cast("z3.BoolRef", self._integer(parts[0]) == 1)
        raise MeaningError(f"'{name}' is no constraint")

    def _connect(self, name: str, parts: Sequence[z3.BoolRef]) -> z3.BoolRef:
        if len(parts) == 1:
            return cast("z3.BoolRef", z3.Not(parts[0]))
        a, b = parts
        found: dict[str, Any] = {
            "#/\\": z3.And(a, b),
            "#\\/": z3.Or(a, b),
            "#\\": z3.Xor(a, b),
            "#==>": z3.Implies(a, b),
            "#<==": z3.Implies(b, a),
            "#<==>": a == b,
        }
        return cast("z3.BoolRef", found[name])

    def _compare(self, name: str, parts: Sequence[Term]) -> z3.BoolRef:
        a, b = self._integer(parts[0]), self._integer(parts[1])
        found = {
            "#=": lambda: a == b,
            "=": lambda: a == b,
            "#\\=": lambda: a != b,
            "#<": lambda: a < b,
            "#=<": lambda: a <= b,
            "#>": lambda: a > b,
            "#>=": lambda: a >= b,
        }
        return cast("z3.BoolRef", found[name]())

    def _integer(self, term: Term) -> Any:
        """An expression; Z3's own types are too loose to say more."""
        if isinstance(term, int):
            return self._number(term)
        key = key_of(term)
        if key is not None:
            return self.variable(key)
        if not isinstance(term, Struct):
            raise MeaningError(f"{term!r} is no integer expression")
        name, parts = term.functor, term.arguments
        if name == "$sum":
            return z3.Sum([self._number(0), *(self._integer(part) for part in cast("tuple[Term, ...]", parts[0]))])
        values = [self._integer(part) for part in parts]
        a, b = values[0], values[-1]
        if name == "^":
            return self._power(a, parts[1])
        if name in DIVISIONS:
            return self._divide(name, a, b)
        operations = {
            "+": lambda: a + b,
            "-": lambda: a - b if len(values) > 1 else -a,
            "*": lambda: a * b,
            "abs": lambda: z3.If(a >= 0, a, -a),
            "min": lambda: z3.If(a <= b, a, b),
            "max": lambda: z3.If(a >= b, a, b),
        }
        if name not in operations:
            raise MeaningError(f"'{name}' is no operation on integers")
        return operations[name]()

    def _power(self, base: Any, exponent: Term) -> Any:
        if not isinstance(exponent, int) or exponent > 64:
            raise MeaningError("^ takes a number up to 64 as exponent, unless few values are possible; narrow them")
        if exponent < 0:  # of 1, -1 and, as library(clpfd) has it, 0
            return z3.If(
                z3.And(base == -1, exponent % 2 == 1),
                self._number(-1),
                z3.If(base == 0, self._number(0), self._number(1)),
            )
        return z3.Product([self._number(1), *([base] * exponent)])

    def _divide(self, name: str, a: Any, b: Any) -> Any:
        """Z3's own division leaves remainders of at least 0; Prolog's round down (div, mod) or to 0 (//, rem)."""
        down: Any = z3.If(b > 0, a / b, (-a) / (-b))
        up: Any = z3.If(b > 0, (-a) / b, a / (-b))
        to_zero: Any = z3.If((a >= 0) == (b > 0), down, -up)
        return {"div": down, "//": to_zero, "mod": a - b * down, "rem": a - b * to_zero}[name]

    def _table(self, parts: Sequence[Term]) -> z3.BoolRef:
        tuples, rows = cast("tuple[tuple[tuple[Term, ...], ...], tuple[tuple[int, ...], ...]]", parts)
        return self.all_of(
            [
                self.any_of(
                    [
                        self.all_of([self._integer(m) == value for m, value in zip(members, row, strict=True)])
                        for row in rows
                        if len(row) == len(members)
                    ]
                )
                for members in tuples
            ]
        )

    def all_of(self, parts: Iterable[Any]) -> z3.BoolRef:
        """The conjunction."""
        return cast("z3.BoolRef", z3.And(*parts, self.context))

    def any_of(self, parts: Iterable[Any]) -> z3.BoolRef:
        """The disjunction."""
        return cast("z3.BoolRef", z3.Or(*parts, self.context))

    def _number(self, value: int) -> Any:
        return z3.IntVal(value, self.context)

    def _within(self, value: Any, ranges: Iterable[tuple[Term, Term]]) -> z3.BoolRef:
        """Inside one of the ranges; an end that is no number is infinite."""
        return self.any_of(
            [
                self.all_of(
                    [
                        *([value >= low] if isinstance(low, int) else []),
                        *([value <= high] if isinstance(high, int) else []),
                    ]
                )
                for low, high in ranges
            ]
        )


def smallest_conflict(
    terms: Sequence[Term], slots: Mapping[Key, Sequence[int]], seconds: float
) -> tuple[list[int], bool] | None:
    """Positions of constraints that cannot be met together, as few as time allows.

    Args:
        terms: Constraints.
        slots: Values of the slots.
        seconds: CPU time.

    Returns:
        The positions and whether it is proved that none can be spared, or None if it was not proved in time that the
        constraints conflict.
    """
    encoding = ArithmeticEncoding(slots)
    formulas = [encoding.formula(term) for term in terms]
    marks = [z3.Bool(f"posted{index}", encoding.context) for index in range(len(terms))]
    solver = z3.Solver(ctx=encoding.context)
    solver.add(*encoding.sides)
    for mark, formula in zip(marks, formulas, strict=True):
        solver.add(z3.Implies(mark, formula))
    deadline = Deadline(min(seconds, _CORE_SECONDS))

    def core(kept: Iterable[int], until: Deadline) -> list[int] | bool | None:
        """Positions that conflict, False if none do, None if that was not found in time."""
        if deadline.passed or until.passed:
            return None
        with until.stopping(encoding.context.interrupt):
            found = solver.check(*(marks[i] for i in kept))
        if found != z3.unsat:
            return False if found == z3.sat else None
        named = {str(mark) for mark in solver.unsat_core()}
        return [i for i in range(len(terms)) if f"posted{i}" in named]

    kept = core(range(len(terms)), deadline)
    if not isinstance(kept, list):
        return None
    attempt = max(_ATTEMPT_SECONDS, _CORE_SECONDS - deadline.left)  # sparing one is no harder, or hopeless
    minimal = True
    for index in list(kept):
        if index in kept:
            smaller = core([i for i in kept if i != index], Deadline(min(attempt, deadline.left)))
            kept = smaller if isinstance(smaller, list) else kept
            minimal &= smaller is not None
    return kept, minimal
