"""Linear forms, intervals and finite domains, against evaluation of every assignment."""

import itertools
import operator
from collections.abc import Callable

import pytest
from hypothesis import assume, given, settings, strategies as st

from reasoner.constraints.integer_formulas import smallest_conflict
from reasoner.constraints.linear import evaluate, find_domains, interval, linear
from reasoner.constraints.posting import Key
from reasoner.constraints.search import ArithmeticSearch
from reasoner.constraints.thread_deadline import Deadline
from reasoner.errors import MeaningError
from reasoner.prolog.terms import Struct, Term

VARIABLES = [Struct("$fd", (number,)) for number in range(3)]
BOUNDS: dict[Key, tuple[float, float]] = {0: (-2, 2), 1: (0, 3), 2: (-1, 1)}
ASSIGNMENTS: list[dict[Key, int]] = [
    dict(enumerate(row)) for row in itertools.product(range(-2, 3), range(4), range(-1, 2))
]


def quotient(a: int, b: int) -> int:
    return abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)


DIRECT: dict[str, Callable[[int, int], int]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "//": quotient,
    "div": operator.floordiv,
    "mod": operator.mod,
    "rem": lambda a, b: a - b * quotient(a, b),
    "min": min,
    "max": max,
}
COMPARE: dict[str, Callable[[int, int], bool]] = {
    "#=": operator.eq,
    "#\\=": operator.ne,
    "#<": operator.lt,
    "#=<": operator.le,
    "#>": operator.gt,
    "#>=": operator.ge,
}


def of_two(name: str, left: Term, right: Term) -> Struct:
    return Struct(name, (left, right))


LEAVES = st.one_of(st.sampled_from(VARIABLES), st.integers(-4, 4))
EXPRESSIONS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.builds(of_two, st.sampled_from(sorted(DIRECT)), inner, inner),
        st.builds(Struct, st.just("abs"), st.tuples(inner)),
        st.builds(Struct, st.just("$sum"), st.tuples(st.tuples(inner, inner, inner))),
    ),
    max_leaves=6,
)


def value(term: Term, values: dict[Key, int]) -> int:
    """The value, term by term; ZeroDivisionError where there is none."""
    if isinstance(term, int):
        return term
    assert isinstance(term, Struct)
    if term.functor == "$fd":
        number = term.arguments[0]
        assert isinstance(number, int)
        return values[number]
    if term.functor == "$sum":
        inside = term.arguments[0]
        assert isinstance(inside, tuple)
        return sum(value(part, values) for part in inside)
    numbers = [value(part, values) for part in term.arguments]
    return abs(numbers[0]) if term.functor == "abs" else DIRECT[term.functor](numbers[0], numbers[1])


def value_or_none(term: Term, values: dict[Key, int]) -> int | None:
    try:
        return value(term, values)
    except ZeroDivisionError:
        return None


@settings(max_examples=120)
@given(EXPRESSIONS)
def test_forms_have_the_value_of_the_expression_and_lie_in_its_interval(term: Term) -> None:
    low, high = interval(term, BOUNDS)
    form = linear(term)
    for values in ASSIGNMENTS:
        wanted = value_or_none(term, values)
        if wanted is None:
            continue
        assert evaluate(term, values) == wanted
        assert form.constant + sum(c * evaluate(part, values) for part, c in form.parts.items()) == wanted
        assert low <= wanted <= high


def test_what_is_undefined_has_no_value() -> None:
    with pytest.raises(MeaningError, match="undefined"):
        evaluate(Struct("//", (1, VARIABLES[0])), {0: 0})


RELATIONS = st.builds(of_two, st.sampled_from(sorted(COMPARE)), EXPRESSIONS, EXPRESSIONS)
DOMAINS: list[Term] = [
    Struct("$in", ((variable,), ((int(BOUNDS[key][0]), int(BOUNDS[key][1])),)))
    for key, variable in enumerate(VARIABLES)
]


def holds(term: Struct, values: dict[Key, int]) -> bool:
    a, b = (value_or_none(part, values) for part in term.arguments)
    return a is not None and b is not None and COMPARE[term.functor](a, b)


@settings(max_examples=60)
@given(st.lists(RELATIONS, min_size=1, max_size=3))
def test_domains_lose_no_solution_and_z3_finds_what_enumeration_does(relations: list[Struct]) -> None:
    solutions = [values for values in ASSIGNMENTS if all(holds(term, values) for term in relations)]
    domains = find_domains([*DOMAINS, *relations], {})
    assert domains is not None
    assert all(values[key] in domain for values in solutions for key, domain in domains.items())
    search = ArithmeticSearch([*DOMAINS, *relations], {})
    for values in solutions:
        search.exclude(values)
    assert search.check(Deadline(20)) is False  # no other
    if solutions:
        fixed = [Struct("#=", (VARIABLES[int(str(key))], number)) for key, number in solutions[-1].items()]
        assert ArithmeticSearch([*DOMAINS, *relations, *fixed], {}).check(Deadline(20))


@settings(max_examples=25)
@given(st.lists(RELATIONS, min_size=2, max_size=3))
def test_a_conflict_of_z3_conflicts_and_none_of_it_can_be_spared(relations: list[Struct]) -> None:
    terms = [*DOMAINS, *relations]
    assume(not any(all(holds(term, values) for term in relations) for values in ASSIGNMENTS))
    found = smallest_conflict(terms, {}, 5.0)
    if found is None:
        return
    positions, minimal = found
    kept = [relations[index - 3] for index in positions if index >= 3]
    if {0, 1, 2} <= set(positions):
        assert not any(all(holds(term, values) for term in kept) for values in ASSIGNMENTS)
    if minimal:
        for index in (index for index in positions if index >= 3):
            rest = [terms[other] for other in positions if other != index]
            assert ArithmeticSearch(rest, {}).check(Deadline(20)) is True
