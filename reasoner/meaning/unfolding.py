"""Meaning: a rule as a Z3 formula, made from the program's text and independent of its grounding."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any, cast

import z3

from logic import Domain

from ..errors import MeaningError
from ..prolog.program import Program
from ..prolog.terms import Struct, Term, Variable, to_text, variables
from ..prolog.text import PrologText

Symbolic = int | z3.ArithRef
Slots = Mapping[tuple[str, int], z3.ArithRef]
_COMPARISONS = {"<", ">", "=<", ">=", "=:=", "=\\="}
_MAX_PATHS = 100_000


@dataclass(frozen=True)
class _Path:
    """One way through the clauses: what the variables are, and under which conditions."""

    values: Mapping[str, "_Bound"]
    conditions: tuple[Any, ...] = ()  # Z3's own types are too loose to say more


_Bound = Struct | str | tuple[Term, ...] | Variable | Symbolic


def rule_formula(program: Program, query: str, answer: Mapping[str, Term] | int, slots: Slots) -> z3.BoolRef:
    r"""True exactly where the query has the answer.

    Clauses are unfolded: a goal of a domain is an integer of the slot (of a domain whose values are not all integers,
    one alternative for each value), ``is`` and comparisons are arithmetic over the integers, the clauses of a
    predicate are alternatives, ``\\+`` is negation.

    Args:
        program: Without recursion.
        query: One goal over variables, such as ``sum(S)``.
        answer: Value of its one variable, or of each by name.
        slots: ``(domain, index)`` to the Z3 integer that stands for what is seen there: the value, or its place among
            the values of a domain that are not all integers (see :func:`seen_as`).

    Raises:
        MeaningError: if a construct has no such meaning here (recursion, terms, other built-ins), or a slot misses.

    Example:
        >>> rule = Program.parse("sum(S) :- digit(0, X), digit(1, Y), S is X + Y.")
        >>> x, y = z3.Ints("x y")
        >>> formula = rule_formula(rule, "sum(S)", 17, {("digit", 0): x, ("digit", 1): y})
        >>> z3.prove(z3.Implies(z3.And(formula, x > y), x == 9))
        proved
    """
    goal = _goal(query)
    names = [name for name in dict.fromkeys(variables(goal)) if name != "_"]
    if isinstance(answer, int):
        if len(names) != 1:
            raise MeaningError(f"'{query}' has {len(names)} variables; give the answer as a value for each name")
        answer = {names[0]: answer}
    unfolding = _Unfolding(program, slots)
    start = _Path({name: cast("_Bound", answer[name]) for name in names})
    paths = unfolding.ask(goal, start)
    return cast("z3.BoolRef", z3.Or([z3.And(list(path.conditions)) for path in paths]))


def slot_bounds(program: Program, slots: Slots) -> z3.BoolRef:
    """Each slot has one of its domain's values."""
    members = [_member(program, name, variable) for (name, _), variable in slots.items()]
    return cast("z3.BoolRef", z3.And(members))


def arithmetic_holds(goal: Term) -> bool:
    """Whether Z3 finds a ground arithmetic goal, such as ``7 is 3+4``, true.

    Raises:
        MeaningError: if it is not arithmetic over the integers.

    >>> arithmetic_holds(Struct("is", (7, Struct("+", (3, 4)))))
    True
    """
    if not isinstance(goal, Struct) or goal.functor not in {"is", *_COMPARISONS}:
        raise MeaningError(f"'{to_text(goal)}' is not arithmetic")
    unfolding = _Unfolding(Program(PrologText("", "<goal>"), (), ()), {})
    claim = z3.Or([z3.And(list(path.conditions)) for path in unfolding.solve(goal, _Path({}), (), "<goal>")])
    return z3.is_true(z3.simplify(claim))


def _goal(query: str) -> Struct:
    clause = Program.parse(f"{query.rstrip().rstrip('.')}.", domains=(), source="<query>").clauses[0]
    return clause.head


def seen_as(domain: Domain, value: int | str) -> int:
    """The integer that stands for a value: itself, or its place if the domain's values are not all integers.

    Example:
        >>> seen_as(Domain("coin", ("heads", "tails")), "tails"), seen_as(Domain("even", (0, 2, 4)), 4)
        (1, 4)
    """
    numbers = all(isinstance(one, int) for one in domain.values)
    return value if numbers and isinstance(value, int) else domain.index(value)


def _member(program: Program, name: str, variable: z3.ArithRef) -> z3.BoolRef:
    domain = program.domain(name)
    numbers = [seen_as(domain, value) for value in domain.values]
    if numbers == list(range(numbers[0], numbers[-1] + 1)):
        return cast("z3.BoolRef", z3.And(variable >= numbers[0], variable <= numbers[-1]))
    return cast("z3.BoolRef", z3.Or([variable == number for number in numbers]))


class _Unfolding:
    """The clauses of a program, unfolded goal by goal; variables are renamed apart by clause instance."""

    def __init__(self, program: Program, slots: Slots) -> None:
        self._program = program
        self._slots = slots
        self._fresh = count()
        self._paths = 0

    def ask(self, goal: Struct, path: _Path) -> Iterator[_Path]:
        """All paths through a query."""
        yield from self.solve(_rename(goal, "", self._fresh), path, (), "query")

    def solve(self, goal: Term, path: _Path, active: tuple[str, ...], where: str) -> Iterator[_Path]:
        """All paths through a goal."""
        if not isinstance(goal, Struct):
            raise MeaningError(f"{where}: '{to_text(goal)}' is not a goal")
        arguments = goal.arguments
        match goal.functor, len(arguments):
            case (",", 2):
                for middle in self.solve(arguments[0], path, active, where):
                    yield from self.solve(arguments[1], middle, active, where)
            case (";", 2):
                first = arguments[0]
                if isinstance(first, Struct) and first.functor == "->" and len(first.arguments) == 2:
                    yield from self._choose(first, arguments[1], path, active, where)
                else:
                    yield from self.solve(first, path, active, where)
                    yield from self.solve(arguments[1], path, active, where)
            case ("->", 2):
                yield from self._choose(goal, Struct("fail"), path, active, where)
            case ("\\+" | "not", 1):
                yield self._unless(arguments[0], path, active, where)
            case ("true", 0):
                yield path
            case ("fail" | "false", 0):
                return
            case _:
                yield from self._call(goal, path, active, where)

    def _unless(self, goal: Term, path: _Path, active: tuple[str, ...], where: str) -> _Path:
        inner = [z3.And(list(p.conditions)) for p in self.solve(goal, _Path(path.values), active, where)]
        return _Path(path.values, (*path.conditions, z3.Not(z3.Or(inner))))

    def _choose(
        self, branch: Struct, otherwise: Term, path: _Path, active: tuple[str, ...], where: str
    ) -> Iterator[_Path]:
        condition, then = branch.arguments
        for chosen in self.solve(condition, path, active, where):
            yield from self.solve(then, chosen, active, where)
        yield from self.solve(otherwise, self._unless(condition, path, active, where), active, where)

    def _call(self, goal: Struct, path: _Path, active: tuple[str, ...], where: str) -> Iterator[_Path]:
        clauses = [clause for clause in self._program.clauses if clause.head.indicator == goal.indicator]
        if clauses:
            if goal.indicator in active:
                raise MeaningError(f"{where}: '{goal.indicator}' is recursive; only rules without recursion unfold")
            for clause in clauses:
                self._count(where)
                suffix = f"#{next(self._fresh)}"
                place = f"{self._program.source}, line {clause.line}"
                if clause.chances or clause.network:
                    raise MeaningError(f"{place}: '{clause.text}' is a matter of chance; only certain rules unfold")
                entered: _Path | None = path
                for given, wanted in zip(goal.arguments, clause.head.arguments, strict=True):
                    entered = entered and self._unify(given, _rename(wanted, suffix, self._fresh), entered, place)
                if entered:
                    body = _rename(clause.body, suffix, self._fresh)
                    yield from self.solve(body, entered, (*active, goal.indicator), place)
        elif len(goal.arguments) == 2 and any(goal.functor == domain.name for domain in self._program.domains):
            yield from self._perceive(goal, path, where)
        else:
            yield from self._builtin(goal, path, where)

    def _count(self, where: str) -> None:
        self._paths += 1
        if self._paths > _MAX_PATHS:
            raise MeaningError(f"{where}: unfolding needs more than {_MAX_PATHS} clause instances")

    def _perceive(self, goal: Struct, path: _Path, where: str) -> Iterator[_Path]:
        slot = self._value(goal.arguments[0], path)
        if not isinstance(slot, int):
            raise MeaningError(f"{where}: the slot of '{to_text(goal)}' is not a fixed integer")
        if (goal.functor, slot) not in self._slots:
            raise MeaningError(f"{where}: no Z3 variable is given for {goal.functor}({slot}, ...)")
        variable = self._slots[goal.functor, slot]
        seen = _Path(path.values, (*path.conditions, _member(self._program, goal.functor, variable)))
        domain, given = self._program.domain(goal.functor), self._value(goal.arguments[1], seen)
        if all(isinstance(value, int) for value in domain.values):
            yield from _some(self._equal(given, variable, seen, where))
            return
        for value in domain.values:
            self._count(where)
            here = _Path(path.values, (*path.conditions, variable == domain.index(value)))
            yield from _some(self._equal(given, Struct(value) if isinstance(value, str) else value, here, where))

    def _builtin(self, goal: Struct, path: _Path, where: str) -> Iterator[_Path]:
        if len(goal.arguments) == 2:
            left, right = goal.arguments
            if goal.functor == "is":
                result, conditions = self._evaluate(right, path, where)
                sure = _Path(path.values, (*path.conditions, *conditions))
                yield from _some(self._equal(self._value(left, sure), result, sure, where))
                return
            if goal.functor == "=":
                yield from _some(self._unify(left, right, path, where))
                return
            if goal.functor == "\\=":
                yield self._unless(Struct("=", (left, right)), path, (), where)
                return
            if goal.functor in _COMPARISONS:
                first, more = self._evaluate(left, path, where)
                second, most = self._evaluate(right, path, where)
                yield _Path(path.values, (*path.conditions, *more, *most, _compare(goal.functor, first, second)))
                return
        if goal.functor == "between" and len(goal.arguments) == 3:
            yield from self._between(goal, path, where)
            return
        raise MeaningError(
            f"{where}: '{goal.indicator}' has no meaning over the integers here; use is, comparisons, =, between/3"
        )

    def _between(self, goal: Struct, path: _Path, where: str) -> Iterator[_Path]:
        low, high, number = (self._value(argument, path) for argument in goal.arguments)
        if not isinstance(low, int) or not isinstance(high, int):
            raise MeaningError(f"{where}: the bounds of '{to_text(goal)}' are not fixed integers")
        if isinstance(number, Variable):
            for value in range(low, high + 1):
                yield _Path({**path.values, number.name: value}, path.conditions)
        elif isinstance(number, int | z3.ArithRef):
            yield _Path(path.values, (*path.conditions, z3.And(number >= low, number <= high)))

    def _value(self, term: Term, path: _Path) -> _Bound:
        """What a term is on this path: a variable stays one while it is unbound."""
        value: object = term
        while isinstance(value, Variable) and value.name in path.values:
            value = path.values[value.name]
        if isinstance(value, float):
            raise MeaningError(f"the number {value} is not an integer")
        return value  # pyright: ignore[reportReturnType]

    def _unify(self, left: Term, right: Term, path: _Path, where: str) -> _Path | None:
        return self._equal(self._value(left, path), self._value(right, path), path, where)

    def _equal(self, left: _Bound, right: _Bound, path: _Path, where: str) -> _Path | None:
        if isinstance(left, Variable):
            if isinstance(right, Variable) and left == right:
                return path
            return _Path({**path.values, left.name: right}, path.conditions)
        if isinstance(right, Variable):
            return _Path({**path.values, right.name: left}, path.conditions)
        if isinstance(left, int | z3.ArithRef) and isinstance(right, int | z3.ArithRef):
            if isinstance(left, int) and isinstance(right, int):
                return path if left == right else None
            return _Path(path.values, (*path.conditions, left == right))  # pyright: ignore[reportArgumentType]
        parts = [_parts(side) for side in (left, right)]
        if parts[0][0] != parts[1][0]:
            return None
        joined: _Path | None = path
        for one, other in zip(parts[0][1], parts[1][1], strict=True):
            joined = joined and self._unify(one, other, joined, where)
        return joined

    def _evaluate(self, term: Term, path: _Path, where: str) -> tuple[Symbolic, tuple[Any, ...]]:
        """An arithmetic expression, and the conditions under which Prolog can evaluate it."""
        value = self._value(term, path)
        if isinstance(value, int | z3.ArithRef):
            return value, ()
        if not isinstance(value, Struct) or not value.arguments:
            raise MeaningError(f"{where}: '{to_text(term)}' is not an integer expression that is bound here")
        pairs = [self._evaluate(argument, path, where) for argument in value.arguments]
        conditions = tuple(condition for _, more in pairs for condition in more)
        numbers: Sequence[z3.ArithRef] = [z3.IntVal(n) if isinstance(n, int) else n for n, _ in pairs]
        if value.functor in {"//", "mod", "rem", "div"} and len(numbers) == 2:
            conditions += (numbers[1] != 0,)  # pyright: ignore[reportAssignmentType]
        result = _arithmetic(value.functor, numbers)
        if result is None:
            raise MeaningError(f"{where}: '{value.indicator}' has no meaning over the integers here")
        simple = z3.simplify(result)
        return (simple.as_long() if isinstance(simple, z3.IntNumRef) else result), conditions


def _some(path: _Path | None) -> Iterator[_Path]:
    if path is not None:
        yield path


def _parts(value: _Bound) -> tuple[object, tuple[Term, ...]]:
    """What must agree for two values to be equal, and what is compared further."""
    if isinstance(value, Struct):
        return value.indicator, value.arguments
    if isinstance(value, tuple):  # a list that is not empty is its head and its tail, as [H|T] has them
        return ("[|]/2", (value[0], value[1:])) if value else ("[]", ())
    return (type(value), value) if isinstance(value, str) else (int, ()), ()


def _rename(term: Term, suffix: str, fresh: Iterator[int]) -> Term:
    """A term with variables of a clause instance; each ``_`` is one of its own."""
    if isinstance(term, Variable):
        return Variable(f"_#{next(fresh)}" if term.name == "_" else term.name + suffix)
    if isinstance(term, Struct):
        return Struct(term.functor, tuple(_rename(argument, suffix, fresh) for argument in term.arguments))
    return tuple(_rename(element, suffix, fresh) for element in term) if isinstance(term, tuple) else term


def _compare(name: str, left: Symbolic, right: Symbolic) -> Any:
    first: Any = z3.IntVal(left) if isinstance(left, int) else left
    comparisons = {
        "<": first < right,
        ">": first > right,
        "=<": first <= right,
        ">=": first >= right,
        "=:=": first == right,
        "=\\=": first != right,
    }
    return comparisons[name]


def _arithmetic(name: str, numbers: Sequence[Any]) -> Any:  # Z3's own types are too loose to say more
    """Prolog's integer arithmetic; Z3's own division rounds so that the remainder is never negative."""
    if len(numbers) == 1:
        (one,) = numbers
        return {"-": -one, "+": one, "abs": z3.If(one < 0, -one, one)}.get(name)
    if len(numbers) != 2:
        return None
    left, right = numbers
    match name:
        case "+":
            return left + right
        case "-":
            return left - right
        case "*":
            return left * right
        case "min":
            return z3.If(left < right, left, right)
        case "max":
            return z3.If(left < right, right, left)
        case "//" | "div" | "mod" | "rem":  # as in ProbLog all round down; the remainder has the sign of the divisor
            floor = z3.If(right < 0, (-left) / (-right), left / right)
            return floor if name in ("//", "div") else left - right * floor
        case _:
            return None
