"""Rules unfolded into formulas: each assignment decides them as the rule in Python does, and as ProbLog does."""

import itertools
from collections.abc import Callable

import pytest
import z3
from problog import get_evaluatable
from problog.program import PrologString

from logic import Domain
from reasoner import MeaningError, Program, rule_formula, slot_bounds

VALUES = range(4)
SMALL = Domain("digit", VALUES)
SLOTS = {("digit", number): z3.Int(f"slot{number}") for number in range(2)}
READ = "digit(0, X), digit(1, Y)"
RULES: dict[str, Callable[[int, int], set[int]]] = {
    f"r(S) :- {READ}, S is X * 3 - abs(Y - 2).": lambda x, y: {x * 3 - abs(y - 2)},
    f"r(S) :- {READ}, X < Y, S is max(X, Y). r(S) :- {READ}, X >= Y, S is min(X, Y).": lambda x, y: {
        max(x, y) if x < y else min(x, y)
    },
    f"r(S) :- {READ}, ( X =:= Y -> S = 1 ; X > 2 -> S = 2 ; S is Y ).": lambda x, y: {
        1 if x == y else 2 if x > 2 else y
    },
    f"r(S) :- {READ}, \\+ same(X, Y), S is X - Y. same(A, A).": lambda x, y: set() if x == y else {x - y},
    f"r(S) :- {READ}, between(1, 3, S), S =\\= X, S =< Y.": lambda x, y: {s for s in (1, 2, 3) if s != x and s <= y},
    f"r(S) :- {READ}, Y =\\= 0, S is X mod Y.": lambda x, y: {x % y} if y else set(),
    f"r(S) :- {READ}, S is (X - 3) // 2 + Y.": lambda x, y: {(x - 3) // 2 + y},
    f"r(S) :- {READ}, ( X = 0 ; Y = 3 ), S is X + Y. r(7) :- digit(0, 1).": lambda x, y: {
        *({x + y} if x == 0 or y == 3 else ()),
        *({7} if x == 1 else ()),
    },
    f"r(S) :- {READ}, pick(p(X, Y), S). pick(p(_, B), B). pick(p(A, _), A) :- A > 1.": lambda x, y: {
        y,
        *({x} if x > 1 else ()),
    },
}
ANSWERS = range(-4, 12)


@pytest.mark.parametrize("text", RULES)
def test_a_formula_is_true_exactly_where_the_rule_has_the_answer(text: str) -> None:
    program = Program.parse(text, (SMALL,))
    formulas = {answer: rule_formula(program, "r(S)", answer, SLOTS) for answer in ANSWERS}
    for x, y in itertools.product(VALUES, repeat=2):
        world = [(SLOTS["digit", 0], z3.IntVal(x)), (SLOTS["digit", 1], z3.IntVal(y))]
        found = {s for s, formula in formulas.items() if z3.is_true(z3.simplify(z3.substitute(formula, *world)))}
        assert found == RULES[text](x, y), (x, y)


BY_PROBLOG = [text for text in RULES if "->" not in text]  # which it does not read


@pytest.mark.parametrize("text", BY_PROBLOG)
def test_problog_has_the_answers_that_are_wanted(text: str) -> None:
    """What the rules mean is not said by us alone."""
    for x, y in ((0, 3), (1, 0), (2, 2), (3, 1)):
        program = f"digit(0, {x}). digit(1, {y}). {text} query(r(_))."
        found = get_evaluatable().create_from(PrologString(program)).evaluate()
        assert {int(str(atom.args[0])) for atom, share in found.items() if share > 0.5} == RULES[text](x, y), (x, y)


def test_slots_have_the_values_of_their_domain() -> None:
    bounds = slot_bounds(Program.parse("p :- digit(0, 1).", (SMALL,)), SLOTS)
    for x, y in itertools.product(range(-1, 5), repeat=2):
        world = [(SLOTS["digit", 0], z3.IntVal(x)), (SLOTS["digit", 1], z3.IntVal(y))]
        assert z3.is_true(z3.simplify(z3.substitute(bounds, *world))) == (x in VALUES and y in VALUES)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("r(S) :- r(S).", "recursive"),
        ("r(S) :- digit(2, S).", "no Z3 variable"),
        ("r(S) :- atom_length(abc, S).", "no meaning over the integers"),
        ("0.5::r(1).", "matter of chance"),
        ("r(S) :- digit(0, X), S is X ** 2.", "no meaning over the integers"),
    ],
)
def test_what_has_no_formula_is_refused_by_name(text: str, words: str) -> None:
    with pytest.raises(MeaningError, match=words):
        rule_formula(Program.parse(text, (SMALL,)), "r(S)", 1, SLOTS)
