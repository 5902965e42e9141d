"""Lists that one goal makes for the next: not made, the answers are those with the lists made; proofs have them."""

from dataclasses import replace
from math import prod

import pytest

from neurosym.commands.queries import probabilities
from reasoner import Program, explain, ground

SIGNS = """
    0.3::n(I, 1); 0.5::n(I, 2); 0.2::n(I, 3) :- member(I, [a, c, e]).
    0.6::o(I, +); 0.4::o(I, *) :- member(I, [b, d]).
    all([N], [X]) :- n(N, X).
    all([N, O|T], [X, Y|Z]) :- n(N, X), o(O, Y), all(T, Z).
"""
VALUE = """
    value([X], X).
    value([X, +|T], R) :- value(T, S), R is X + S.
    value([X, *, Y|T], R) :- Z is X * Y, value([Z|T], R).
"""
READERS = {
    "value": SIGNS + VALUE + "r(R) :- all([a, b, c, d, e], L), value(L, R).",
    "looks ahead": SIGNS + VALUE.replace("R is X + S", "length(T, N), R is X + S + N")
    + "r(R) :- all([a, b, c, d, e], L), value(L, R).",
    "keeps its list": SIGNS + VALUE + "r(R-L) :- all([a, b, c], L), value(L, R).",
    "reads it twice": SIGNS + VALUE + "r(R) :- all([a, b, c], L), value(L, R), value(L, R).",
    "makes less": SIGNS + VALUE + "all([_|T], L) :- T = [_, _|_], 0.5 > 0, all(T, L).\n"
    "r(R) :- all([a, b, c], L), value(L, R).",
    "uncertain reader": SIGNS + VALUE + "0.5::value([1, *|T], R) :- value(T, R).\n"
    "r(R) :- all([a, b, c, d, e], L), value(L, R).",
    "any list": SIGNS + "value([], 0). value([_|T], N) :- value(T, M), N is M + 1. all([], []).\n"
    "r(R) :- all([a, b, c, d, e], L), value(L, R).",
    "stops early": SIGNS + "value([], 0). value([1|_], 7). value([X|T], N) :- X \\== 1, value(T, N).\n"
    "r(R) :- all([a, b, c], L), value(L, R).",
}  # fmt: skip


@pytest.mark.parametrize("name", READERS)
def test_the_answers_are_those_with_the_lists_made(name: str) -> None:
    program = Program.parse(READERS[name], ())
    made = replace(program, proved=True)
    assert probabilities(program, "r(_)") == pytest.approx(probabilities(made, "r(_)"), abs=1e-12)
    assert probabilities(program.extended("query(r(_)).")) == pytest.approx(probabilities(made, "r(_)"), abs=1e-12)


def test_lists_are_not_made_where_each_is_read_once() -> None:
    program = Program.parse(READERS["value"], ())
    joined, made = ground(program, "r(_)"), ground(replace(program, proved=True), "r(_)")
    assert sum(map(len, joined.circles)) < sum(map(len, made.circles))
    assert len([text for text in made.atoms.values() if text.startswith("all([a")]) == 3**3 * 2**2
    assert not [text for text in joined.atoms.values() if text.startswith("all([a")]


def test_long_formulas_are_grounded_without_all_their_readings() -> None:
    inputs = ", ".join([f"n{number}, o{number}" for number in range(12)] + ["n12"])
    makes = "all([" + SIGNS.partition("all([")[2]
    chances = "0.5::n(I, 1); 0.5::n(I, 2) :- atom(I). 0.5::o(I, +); 0.5::o(I, *) :- atom(I).\n"
    program = Program.parse(f"{chances}{makes}{VALUE}r(R) :- all([{inputs}], L), value(L, R).", ())
    found = probabilities(program, "r(_)")  # of 2**25 readings
    assert sum(found.values()) == pytest.approx(1.0)
    assert found[f"r({2**13})"] == pytest.approx(prod([0.5] * 25))


def test_proofs_name_the_goals_of_the_program() -> None:
    (answer,) = explain(Program.parse(READERS["value"], ()), "r(6)", (), 1)
    assert "all([a,b,c,d,e]" in str(answer.proof)
