"""Where expressions have no value: solution sets as library(clpfd) of SWI-Prolog 9.0.4 has them."""

import itertools
import math
from collections.abc import Callable

import pytest

from reasoner import ConstraintProgram, solve
from reasoner.constraints import search as search_module
from reasoner.constraints.encoding import TooLarge
from tasks.puzzles import constraint_agreement
from tasks.puzzles.constraint_agreement import ask_clpfd, judge, minimise
from tasks.puzzles.random_constraints import Node, RandomProgram, random_programs

VALUES = range(-2, 3)


def truncated(a: int, b: int) -> int:
    return math.trunc(a / b)


def power(a: int, b: int) -> int | None:
    """As library(clpfd) has it: 0 to a negative power is 0; None where it fails."""
    return a**b if b >= 0 else 0 if a == 0 else a**-b if abs(a) == 1 else None


CASES: dict[str, Callable[[int, int, int], bool]] = {
    "(A #\\= 0) #==> (C // A #>= 1)": lambda a, b, c: a == 0 or truncated(c, a) >= 1,
    "B #<==> (C // A #>= 1)": lambda a, b, c: b == int(a != 0 and truncated(c, a) >= 1),
    "B #<==> (C mod A #\\= 1)": lambda a, b, c: b == int(a != 0 and c % a != 1),
    "#\\ (C div A #= 1)": lambda a, b, c: not (a != 0 and c // a == 1),
    "(C rem A #= 0) #\\/ (B #= 0)": lambda a, b, c: (a != 0 and math.fmod(c, a) == 0) or b == 0,
    "B #<==> (C // (A // 2) #>= 0)": lambda a, b, c: b == int(abs(a) == 2 and truncated(c, truncated(a, 2)) >= 0),
    "B #<==> (C #= C + 0 * (C // A))": lambda a, b, c: b == int(a != 0),
    "C #= 0 * (B // A)": lambda a, b, c: a != 0 and c == 0,
    "B #<==> (C // A #= C // A)": lambda a, b, c: b == int(a != 0),
    "B #<==> (1 // 0 #= A)": lambda a, b, c: b == 0,
    "B #<==> (0 // 0 #= 0 #\\/ A #= 1)": lambda a, b, c: b == int(a == 1),
    "A // 0 #= B": lambda a, b, c: False,
    "(C // A #= 1) #<==> (C // B #= 1)": lambda a, b, c: (
        (a != 0 and truncated(c, a) == 1) == (b != 0 and truncated(c, b) == 1)
    ),
    "A ^ B #= C": lambda a, b, c: power(a, b) == c,
    "#\\ (A ^ B #= C)": lambda a, b, c: power(a, b) not in {c, None},
    "#\\ (A + 0 * A ^ B #= C)": lambda a, b, c: power(a, b) is not None and a != c,
    "A #= 2 ^ (-1) #\\/ B #= 1": lambda a, b, c: False,
    "0 ^ (-1) #= A": lambda a, b, c: a == 0,
    "#\\ (2 ^ (B // A) #= C)": lambda a, b, c: a == 0 or (truncated(b, a) >= 0 and 2 ** truncated(b, a) != c),
    "element(A, [B, C, 2], C)": lambda a, b, c: a in {1, 2} and [b, c][a - 1] == c,
}


WITH_Z3 = [body for body in CASES if "^ B" not in body and "^ (B" not in body]  # it takes only known exponents


@pytest.mark.parametrize(("body", "by_z3"), [*((body, False) for body in CASES), *((body, True) for body in WITH_Z3)])
def test_the_innermost_constraint_is_false_where_it_is_undefined(
    body: str, by_z3: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each assignment is asked by itself, so that a verdict for one cannot hide another."""
    if by_z3:
        monkeypatch.setattr(search_module, "ClauseEncoding", _refuse)
    wanted = {row for row in itertools.product(VALUES, repeat=3) if CASES[body](*row)}
    domains = "[A, B, C] ins -2..2"
    found = solve(ConstraintProgram.parse(f"p(A, B, C) :- {domains}, {body}."), "p(A, B, C)")
    assert found.solvable is bool(wanted)
    rows = [row for row in itertools.product(VALUES, repeat=3) if (hash(row) + len(body)) % 12 == 0]
    for row in rows:
        a, b, c = row
        program = ConstraintProgram.parse(f"p(A, B, C) :- {domains}, {body}, A #= {a}, B #= {b}, C #= {c}.")
        assert solve(program, "p(A, B, C)").solvable is (row in wanted), row


def _refuse(*_: object) -> None:
    raise TooLarge


def test_a_value_to_optimise_must_be_there() -> None:
    program = ConstraintProgram.parse("p(A) :- A in -3..3, labeling([max(6 // A)], [A]).")
    assert solve(program, "p(A)").objective == 6
    nowhere = ConstraintProgram.parse("p(A) :- A in 0..0, labeling([max(6 // A)], [A]).")
    assert solve(nowhere, "p(A)").solvable is False


def test_random_programs_have_the_solutions_of_clpfd() -> None:
    programs = list(random_programs(40, 7))
    verdicts = [judge(program, wanted) for program, wanted in zip(programs, ask_clpfd(programs), strict=True)]
    assert not [v for v in verdicts if v.startswith("DIFFERENT")]
    assert verdicts.count("equal") > 30


def test_a_difference_is_found_and_minimised(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a prover that takes no heed of divisors, the rest of the program is stripped away."""
    variables = [Node("expression", name) for name in "ABC"]
    quotient = Node("expression", "({} // {})", (variables[0], Node("expression", "abs({})", (variables[1],))))
    relation = Node("truth", "({} #= {})", (quotient, variables[2]))
    other = Node("truth", "({} #> {})", (variables[2], Node("expression", "(-3)")))
    program = RandomProgram(("0..2", "0..2", "0..2", "0..1"), (relation, other))
    assert judge(program, ask_clpfd([program])[0]) == "equal"
    monkeypatch.setattr("reasoner.constraints.encoding.conditions", lambda _: [])  # pyright: ignore[reportUnknownLambdaType]
    assert judge(program, ask_clpfd([program])[0]).startswith("DIFFERENT")
    smallest = minimise(program)
    assert len(smallest.constraints) == 1
    assert "abs" not in str(smallest)


def test_what_clpfd_refuses_is_no_difference() -> None:
    assert judge(RandomProgram(("0..1",) * 4, ()), "type_error(x)") == "clpfd refuses: type_error"
    assert constraint_agreement.NAMES == ("A", "B", "C", "T")
