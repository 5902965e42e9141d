"""Integer expressions as linear forms, their bounds, and the finite domains that follow from what is posted."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import inf
from typing import cast

from ..errors import MeaningError
from ..prolog.terms import Struct, Term
from .posting import Key, key_of, keys

COMPARISONS = {"#=": "#\\=", "#\\=": "#=", "#<": "#>=", "#>=": "#<", "#>": "#=<", "#=<": "#>", "=": "#\\="}
"""Each comparison and its negation."""

Interval = tuple[float, float]
"""Two exact integers, or infinity where there is no bound."""

_ROUNDS = 20  # of narrowing; enough for chains of definitions that are posted out of order
_MOST_BITS = 10_000  # of a power
_WIDEST = 10_000  # values of a variable that are listed; more are better left to arithmetic


@dataclass(frozen=True)
class Linear:
    """``sum of coefficient * part + constant``; a part is a variable or an expression that is not linear."""

    constant: int = 0
    parts: Mapping[Term, int] = field(default_factory=dict[Term, int])

    def scaled(self, factor: int) -> "Linear":
        """The form times a number."""
        return Linear(self.constant * factor, {part: factor * c for part, c in self.parts.items()} if factor else {})


def linear(term: Term) -> Linear:
    """The linear form of an expression.

    Raises:
        MeaningError: if it is no integer expression.

    >>> x = Struct("$fd", (0,))
    >>> linear(Struct("-", (Struct("*", (3, x)), Struct("+", (x, 5))))) == Linear(-5, {x: 2})
    True
    """
    parts: dict[Term, int] = {}
    return _linear(_gathered(term, 1, parts), parts)


def _linear(constant: int, parts: dict[Term, int]) -> Linear:
    return Linear(constant, parts if all(parts.values()) else {part: c for part, c in parts.items() if c})


def _gathered(term: Term, factor: int, parts: dict[Term, int]) -> int:
    """Adds the parts of ``factor * term`` to others and returns its constant."""
    if isinstance(term, int):
        return factor * term
    if not isinstance(term, Struct):
        raise MeaningError(f"{term!r} is no integer expression")
    name, inside = term.functor, term.arguments
    if name == "+":
        return _gathered(inside[0], factor, parts) + _gathered(inside[1], factor, parts)
    if name == "-" and len(inside) == 2:
        return _gathered(inside[0], factor, parts) + _gathered(inside[1], -factor, parts)
    if name == "-":
        return _gathered(inside[0], -factor, parts)
    if name == "$sum":
        return sum(_gathered(part, factor, parts) for part in cast("tuple[Term, ...]", inside[0]))
    if name == "*":
        left, right = linear(inside[0]), linear(inside[1])
        if not left.parts:
            return _gathered(inside[1], factor * left.constant, parts)
        if not right.parts:
            return _gathered(inside[0], factor * right.constant, parts)
    parts[term] = parts.get(term, 0) + factor
    return 0


def difference(left: Term, right: Term) -> Linear:
    """The linear form of ``left - right``."""
    parts: dict[Term, int] = {}
    constant = _gathered(left, 1, parts)
    return _linear(constant + _gathered(right, -1, parts), parts)


def apply(name: str, values: Sequence[int]) -> int | None:
    """The value of an operation on integers as library(clpfd) defines it, or None where it is undefined.

    Raises:
        MeaningError: if there is no such operation, or its value is too large.

    >>> apply("//", [-7, 2]), apply("div", [-7, 2]), apply("mod", [1, 0])
    (-3, -4, None)
    """
    first, second = values[0], values[-1]
    if name in {"//", "div", "mod", "rem"} and second == 0:
        return None
    if name == "^" and second < 0 and first not in {1, -1}:
        return None if first else 0
    if name == "^" and abs(first) > 1 and second * first.bit_length() > _MOST_BITS:
        raise MeaningError(f"{first}^{second} is too large a number")
    truncated = abs(first) // abs(second) * (1 if (first < 0) == (second < 0) else -1) if second else 0
    operations = {
        "*": lambda: first * second,
        "//": lambda: truncated,
        "div": lambda: first // second,
        "mod": lambda: first % second,
        "rem": lambda: first - second * truncated,
        "^": lambda: first ** abs(second),  # a negative exponent is left only to 1 and -1
        "abs": lambda: abs(first),
        "min": lambda: min(first, second),
        "max": lambda: max(first, second),
    }
    if name not in operations:
        raise MeaningError(f"'{name}' is no operation on integers")
    return operations[name]()


def evaluate(term: Term, values: Mapping[Key, int]) -> int:
    """The value of an expression.

    Raises:
        MeaningError: if it is undefined, such as a division by 0.
    """
    key = key_of(term)
    if key is not None:
        return values[key]
    form = linear(term)
    if list(form.parts) != [term]:
        return form.constant + sum(c * evaluate(part, values) for part, c in form.parts.items())
    operation = cast("Struct", term)
    found = apply(operation.functor, [evaluate(part, values) for part in operation.arguments])
    if found is None:
        raise MeaningError(f"'{operation.functor}' is undefined here")
    return found


Bounds = tuple[dict[Key, Interval], dict[Key, set[int]]]
"""Least and greatest value of each variable, and the values of those that have gaps."""


def find_domains(posted: Iterable[Term], slots: Mapping[Key, Sequence[int]]) -> dict[Key, list[int]] | None:
    """A finite domain for each variable, as wide as what is posted allows at first sight.

    Args:
        posted: The constraints.
        slots: Values of the slots that are perceived.

    Returns:
        The values in ascending order, or None if some variable has no finite domain that can be listed.

    >>> x, y = Struct("$fd", (0,)), Struct("$fd", (1,))
    >>> find_domains([Struct("$in", ((x,), ((1, 2),))), Struct("#=", (y, Struct("+", (x, 10))))], {})
    {0: [1, 2], 1: [11, 12]}
    """
    return listed(find_bounds(posted, slots))


def listed(found: Bounds | None) -> dict[Key, list[int]] | None:
    """The values of each variable within its bounds, if all can be listed."""
    if found is None:
        return None
    bounds, allowed = found
    if any(high - low >= _WIDEST and key not in allowed for key, (low, high) in bounds.items()):
        return None
    return {
        key: sorted(v for v in allowed[key] if low <= v <= high)
        if key in allowed
        else list(range(int(low), int(high) + 1))
        for key, (low, high) in bounds.items()
    }


def find_bounds(posted: Iterable[Term], slots: Mapping[Key, Sequence[int]]) -> Bounds | None:
    """What is posted allows of each variable at first sight, by bounds; None if some variable has none.

    Args:
        posted: The constraints.
        slots: Values of the slots that are perceived.
    """
    try:
        return _find_bounds(list(posted), slots)
    except OverflowError:  # a number too large to be set beside infinity
        return None


def _find_bounds(terms: Sequence[Term], slots: Mapping[Key, Sequence[int]]) -> Bounds | None:
    bounds: dict[Key, Interval] = {key: (min(values), max(values)) for key, values in slots.items()}
    allowed: dict[Key, set[int]] = {key: set(values) for key, values in slots.items()}
    for key in (key for term in terms for key in keys(term)):
        bounds.setdefault(key, (-inf, inf))
    for term in terms:
        _note_membership(term, bounds, allowed)
    open_keys = {key for key, (low, high) in bounds.items() if low == -inf or high == inf}
    if not open_keys:
        return bounds, allowed
    relations = [
        (term.functor, difference(*term.arguments))
        for term in terms
        if isinstance(term, Struct) and term.functor in COMPARISONS
    ]
    elements = [term.arguments for term in terms if isinstance(term, Struct) and term.functor == "element"]
    for _ in range(_ROUNDS):
        open_keys = {key for key, (low, high) in bounds.items() if low == -inf or high == inf}
        if not open_keys:
            break
        before = dict(bounds)
        for name, form in relations:
            _narrow(name, form, bounds, open_keys)
        for _, listed, value in elements:
            key = key_of(value)
            if key in open_keys and listed:
                ends = [interval(part, bounds) for part in cast("tuple[Term, ...]", listed)]
                _meet(bounds, key, min(low for low, _ in ends), max(high for _, high in ends))
        if bounds == before:
            return None
    if any(low == -inf or high == inf for low, high in bounds.values()):
        return None
    return bounds, allowed


def _meet(bounds: dict[Key, Interval], key: Key, low: float, high: float) -> None:
    bounds[key] = (max(bounds[key][0], low), min(bounds[key][1], high))


def _note_membership(term: Term, bounds: dict[Key, Interval], allowed: dict[Key, set[int]]) -> None:
    """Takes in what a constraint says of single variables; truth values anywhere inside are 0 or 1."""
    if not isinstance(term, Struct):
        return
    if term.functor == "$in":
        members, ranges = cast("tuple[tuple[Term, ...], tuple[tuple[Term, Term], ...]]", term.arguments)
        ends = [(a if isinstance(a, int) else -inf, b if isinstance(b, int) else inf) for a, b in ranges]
        low, high = min(a for a, _ in ends), max(b for _, b in ends)
        for key in (key for member in members if (key := key_of(member)) is not None):
            _meet(bounds, key, low, high)
            if len(ends) > 1 and sum(max(0, b - a + 1) for a, b in ends) <= _WIDEST:
                inside = {v for a, b in ends for v in range(int(a), int(b) + 1)}
                allowed[key] = allowed.get(key, inside) & inside
    elif term.functor == "$table":
        tuples, rows = cast("tuple[tuple[tuple[Term, ...], ...], tuple[tuple[int, ...], ...]]", term.arguments)
        for members in tuples:
            for column, member in enumerate(members):
                key = key_of(member)
                inside = {row[column] for row in rows if len(row) == len(members)}
                if key is not None and inside:
                    _meet(bounds, key, min(inside), max(inside))
                    allowed[key] = allowed.get(key, inside) & inside
    elif term.functor == "element":
        key = key_of(term.arguments[0])
        if key is not None:
            _meet(bounds, key, 1, len(cast("tuple[Term, ...]", term.arguments[1])))
    for truth in truths(term):
        key = key_of(truth)
        if key is not None:
            _meet(bounds, key, 0, 1)


def truths(term: Term) -> Iterable[Term]:
    """The variables and numbers that stand for truth values in a constraint."""
    if isinstance(term, Struct) and term.functor == "$true":
        yield term.arguments[0]
    elif isinstance(term, Struct) and term.functor.startswith("#") and term.functor not in COMPARISONS:
        for part in term.arguments:
            yield from truths(part)


def _narrow(name: str, form: Linear, bounds: dict[Key, Interval], open_keys: set[Key]) -> None:
    """Bounds of the open variables of ``form name 0`` from those of all others."""
    for part, coefficient in form.parts.items():
        key = key_of(part)
        if key is None or key not in open_keys:
            continue
        low: float = form.constant
        high: float = form.constant
        for other, c in form.parts.items():
            if other is not part:
                a, b = interval(other, bounds)
                low, high = low + min(c * a, c * b), high + max(c * a, c * b)
        # coefficient * key lies in [-high, -low] for an equation, at most -low for =<, at least -high for >=
        least = -high if name in {"#=", "=", "#>=", "#>"} else -inf
        most = -low if name in {"#=", "=", "#=<", "#<"} else inf
        if coefficient < 0:
            least, most = most, least
        _meet(bounds, key, -_floor(-least, coefficient), _floor(most, coefficient))


def _floor(value: float, divisor: int) -> float:
    """The quotient, rounded down; exact for integers of any size."""
    return value / divisor if abs(value) == inf else value // divisor


def interval(term: Term, bounds: Mapping[Key, Interval]) -> Interval:
    """Bounds of an expression from those of its variables; infinite where nothing better is known."""
    key = key_of(term)
    if key is not None:
        return bounds[key]
    if isinstance(term, int):
        return (term, term)
    form = linear(term)
    if list(form.parts) != [term]:
        low: float = form.constant
        high: float = form.constant
        for part, c in form.parts.items():
            a, b = interval(part, bounds)
            low, high = low + min(c * a, c * b), high + max(c * a, c * b)
        return (low, high)
    name, parts = cast("Struct", term).functor, cast("Struct", term).arguments
    ends = [interval(part, bounds) for part in parts]
    if any(abs(end) == inf for pair in ends for end in pair):
        return (0, inf) if name == "abs" else (-inf, inf)
    (a, b), (c, d) = ends[0], ends[-1]
    if name == "*":
        products = [a * c, a * d, b * c, b * d]
        return (min(products), max(products))
    if name in {"min", "max"}:
        choose = min if name == "min" else max
        return (choose(a, c), choose(b, d))
    if name == "abs":
        return (0 if a <= 0 <= b else min(abs(a), abs(b)), max(abs(a), abs(b)))
    if name == "^" and 0 <= c <= d <= _MOST_BITS // max(1, int(max(-a, b)).bit_length()):
        most = max(1, abs(a), abs(b)) ** d
        return (0 if a >= 0 else -most, most)
    if name in {"mod", "rem"}:
        most = max(abs(c), abs(d)) - 1
        return (-most, most)
    if name in {"//", "div"}:
        most = max(abs(a), abs(b))
        return (-most, most)
    return (-inf, inf)
