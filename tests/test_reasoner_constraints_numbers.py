"""Constraints on numbers too many to list, too large for floats, or with coefficients that make too many sums."""

import itertools

import pytest
from hypothesis import given, settings, strategies as st

from reasoner import ConstraintProgram, PrologLimit, QueryError, Solution, solve
from reasoner.constraints import cp_sat_search, encoding as clauses, search as search_module


def solved(body: str, *names: str) -> Solution:
    query = f"p({', '.join(names)})"
    return solve(ConstraintProgram.parse(f"{query} :- {body}."), query)


@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        ("X in 0..1000000000, X * X #= 1000000", 1000),
        ("X in 0..1000000000 \\/ 2000000000..3000000000, X #> 5, X #< 7", 6),
        ("X #= Y + 9007199254740993, Y in 0..1, Y #> 0", 2**53 + 2),  # a float would lose the one
        ("X #= Y * 10^400, Y in 1..2, Y #\\= 1", 2 * 10**400),
        ("Y in 0..3, X #= 0^Y, Y #= 0", 1),
        ("Y in 0..9, 2^Y #= 512, X #= Y", 9),
        (
            "Y in 0..1000000000, X #<==> (Y #> 5), X #\\= 1, Y #> 2",
            0,
        ),  # Z3's integers are no truth values by themselves
    ],
)
def test_the_only_value_is_found_whatever_its_size(body: str, wanted: int) -> None:
    found = solved(body, "X")
    assert found.bindings == {"X": wanted}
    assert found.unique


def test_a_conflict_over_powers_is_named() -> None:
    found = solved("Y in 0..5, 2^Y #= X, X #> 64", "X", "Y")
    assert found.solvable is False
    assert any("#> 64" in conflict.constraint for conflict in found.conflicts)


def test_numbers_that_python_does_not_read_are_refused() -> None:
    with pytest.raises(PrologLimit, match="digits"):
        solved("X #= 10^5000", "X")


def test_a_sum_of_long_words_is_added_in_writing() -> None:
    """DONALD + GERALD = ROBERT has one solution (Newell and Simon, "Human problem solving", 1972)."""
    letters = "DONALGERBT"
    words = {
        word: " + ".join(f"{10 ** (5 - i)} * {letter}" for i, letter in enumerate(word))
        for word in ("DONALD", "GERALD", "ROBERT")
    }
    found = solved(
        f"X = [{','.join(letters)}], X ins 0..9, all_distinct(X), D #> 0, G #> 0, R #> 0, "
        f"{words['DONALD']} + {words['GERALD']} #= {words['ROBERT']}",
        "X",
    )
    digits = dict(zip(letters, found.bindings["X"] if isinstance(found.bindings["X"], tuple) else (), strict=True))
    donald, gerald, robert = (int("".join(str(digits[c]) for c in word)) for word in words)
    assert (donald + gerald, donald, gerald) == (robert, 526485, 197485)
    assert (found.unique, found.solver) == (True, "sat")


@settings(max_examples=25)
@given(st.lists(st.integers(-250, 250), min_size=3, max_size=3), st.integers(-600, 600), st.booleans())
def test_sums_in_writing_have_the_solutions_that_enumeration_finds(a: list[int], total: int, reified: bool) -> None:
    wanted = {row for row in itertools.product(range(-2, 4), repeat=3) if sum(map(int.__mul__, a, row)) == total}
    relation = f"scalar_product({a}, [X, Y, Z], #=, {total})"
    if reified:
        relation = f"B #<==> ({a[0]} * X + ({a[1]}) * Y + ({a[2]}) * Z #= {total}), B #= 1"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clauses, "_MANY_PAIRS", 0)
        found = solved(f"[X, Y, Z] ins -2..3, {relation}", "X", "Y", "Z")
    assert found.solvable is bool(wanted)
    if wanted:
        assert tuple(found.bindings[name] for name in "XYZ") in wanted
        assert found.unique is (len(wanted) == 1)


def test_grammar_rules_describe_lists_and_their_goals_have_a_place() -> None:
    text = """
        rising(L) :- phrase(above(1), L).
        above(N) --> [X], { X in 0..3, X #> N }, above(X).
        above(N) --> { N #= 3 }.
    """
    assert solve(ConstraintProgram.parse(text), "rising([A, B])").bindings == {"A": 2, "B": 3}
    with pytest.raises(QueryError, match="line 1"):
        solve(ConstraintProgram.parse("p(L) :- chain(L, #<)."), "p(L)")


@pytest.mark.parametrize("name", ["z3", "cp-sat"])
def test_what_clauses_take_on_is_bounded(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Over the budget of clauses, another solver takes over with the same answer, with and without CP-SAT."""
    if name == "z3":
        monkeypatch.setattr(cp_sat_search, "solver", lambda: None)
    elif cp_sat_search.solver() is None:
        pytest.skip("CP-SAT is not installed")
    small = search_module.ClauseEncoding
    monkeypatch.setattr(search_module, "ClauseEncoding", lambda domains, _: small(domains, budget=10))  # pyright: ignore[reportUnknownLambdaType]
    found = solved("[X, Y] ins 0..9, X + Y #= 17, X #> Y", "X", "Y")
    assert (found.bindings, found.unique, found.solver) == ({"X": 9, "Y": 8}, True, name)
