"""Reasoning shortcuts: known counts, brute force over all maps on random programs, and honest budgets."""

from itertools import product

import pytest
import torch
from hypothesis import given, settings, strategies as st

from logic import Domain, Symbols
from reasoner import DIGITS, Program, QueryError, Shortcuts, count_shortcuts, infer

ADDITION = "sum(S) :- digit(0, X), digit(1, Y), S is X + Y."
EVEN_ODD = ((0, 6), (2, 8), (4, 6), (4, 8), (1, 5), (3, 7), (1, 9), (3, 9))


def addition(digits: int) -> Program:
    return Program.parse(ADDITION, (Domain("digit", range(digits)),))


def test_known_counts_of_the_field() -> None:
    full = count_shortcuts(addition(10), "sum(S)")
    assert (full.count, full.exact, full.unique, full.warning()) == (1, True, True, None)
    half = count_shortcuts(addition(5), "sum(S)", readings=[(0, 0), (0, 1), (2, 3), (2, 4)])
    assert (half.count, half.exact, half.unique, half.unseen) == (3, True, False, ())
    assert "3 meanings" in str(half.warning())
    assert "digit 2 for 3, digit 3 for 2, digit 4 for 3" in str(half.warning())
    even_odd = count_shortcuts(addition(10), "sum(S)", readings=EVEN_ODD)
    assert (even_odd.count, even_odd.exact) == (36, True)
    distinct = count_shortcuts(addition(10), "sum(S)", readings=EVEN_ODD, distinct=True)
    assert sorted(meaning["digit", 0] for meaning in distinct.meanings) == [0, 5]


def brute_force(program: Program, slots: int, values: int, readings: list[tuple[int, ...]]) -> set[tuple[int, ...]]:
    """All maps of the values that occur (others stay at 0) under which all answers of all readings follow."""
    domain = program.domains[0]
    worlds = list(product(range(values), repeat=slots))
    certain = torch.full((len(worlds), slots, values), -1e6)
    for row, world in enumerate(worlds):
        certain[row, range(slots), list(world)] = 0.0
    holds = infer(program, "p(X)", Symbols(domain, certain.log_softmax(2))).log_probs.exp() > 0.5
    answers = {world: set(torch.nonzero(row)[:, 0].tolist()) for world, row in zip(worlds, holds, strict=True)}
    occurring = {value for reading in readings if answers[reading] for value in reading}
    return {
        meaning
        for meaning in product(*(range(values) if value in occurring else (0,) for value in range(values)))
        if all(answers[reading] <= answers[tuple(meaning[value] for value in reading)] for reading in readings)
    }


def as_tuples(found: Shortcuts, values: int) -> set[tuple[object, ...]]:
    return {tuple(meaning.get(("v", value), 0) for value in range(values)) for meaning in found.meanings}


@settings(max_examples=40)
@given(
    st.sampled_from(
        ("X * Y", "(X + Y) mod 2", "max(X, Y)", "abs(X - Y)", "X + 2 * Y", "X - X * Y", "min(X, 2) + min(Y, 1)")
    ),
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=6),
    st.booleans(),
)
def test_counts_are_those_of_brute_force(rule: str, readings: list[tuple[int, int]], every: bool) -> None:
    program = Program.parse(f"p(Z) :- v(0, X), v(1, Y), Z is {rule}.", (Domain("v", range(4)),))
    occurring = list(product(range(4), repeat=2)) if every else list(readings)
    found = count_shortcuts(program, "p(Z)", readings=None if every else readings)
    assert found.exact
    assert found.count == len(found.meanings) == len(as_tuples(found, 4))
    assert as_tuples(found, 4) == brute_force(program, 2, 4, occurring)


def test_answers_leave_out_readings_without_them() -> None:
    program = Program.parse("p(S) :- v(0, X), v(1, Y), S is X + Y.", (Domain("v", range(4)),))
    some = count_shortcuts(program, "p(S)", answers=[1, 2])
    readings = [pair for pair in product(range(4), repeat=2) if sum(pair) in (1, 2)]
    assert as_tuples(some, 4) == brute_force(program, 2, 4, readings)
    assert some.unseen == (("v", 3),)


def test_a_program_with_two_domains_maps_each() -> None:
    shape, colour = Domain("shape", ("disc", "box")), Domain("colour", ("red", "blue"))
    program = Program.parse("p(yes) :- shape(0, disc), colour(0, red).", (shape, colour))
    found = count_shortcuts(program, "p(yes)")
    assert (found.count, found.unseen) == (1, (("shape", "box"), ("colour", "blue")))


def test_a_budget_is_not_taken_for_a_proof() -> None:
    some = count_shortcuts(addition(10), "sum(S)", readings=EVEN_ODD, most=5)
    assert (some.count, some.exact, some.unique) == (5, False, False)
    assert "at least 5 meanings" in str(some.warning())
    none = count_shortcuts(addition(10), "sum(S)", seconds=0.0)
    assert (none.count, none.exact, none.unique, none.warning()) == (0, False, None, None)


def test_carries_of_many_digits_have_one_meaning() -> None:
    text = """top(C) :- carry(0, C). carry(6, 0).
    carry(I, C) :- I < 6, J is I + 1, carry(J, B), digit(I, X), K is 6 + I, digit(K, Y), C is (X + Y + B) // 10."""
    found = count_shortcuts(Program.parse(text, (DIGITS,)), "top(C)", seconds=30)
    assert found.unique is True


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(QueryError, match=r"digit\(0\), digit\(1\), got \(1,\)"):
        count_shortcuts(addition(10), "sum(S)", readings=[(1,)])
    with pytest.raises(QueryError, match="never has the answer 19"):
        count_shortcuts(addition(10), "sum(S)", answers=[19])
