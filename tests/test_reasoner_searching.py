"""Programs solved by spikes against SAT: the same answers, counts and refusals, over the whole language."""

import numpy as np
import pytest

from logic import simulate_reference
from reasoner import ConstraintProgram, Limits, MeaningError, compile_search, solve, solve_in_spikes
from reasoner.constraints.optimising import constraints
from reasoner.constraints.posting import key_of, post
from reasoner.constraints.search import open_search
from reasoner.constraints.thread_deadline import Deadline
from reasoner.searching.spiking_search import search_problem
from tasks.puzzles.random_constraints import random_programs

QUERY = "p(A, B, C, T)"


def all_solutions(program: ConstraintProgram, query: str) -> set[tuple[object, ...]]:
    """By SAT, one excluded after the other."""
    found: set[tuple[object, ...]] = set()
    for way in post(program, query, Limits()).alternatives:
        search = open_search([posted.term for posted in constraints(way)], {}, Deadline(20.0))
        free = [key for term in way.bindings.values() if (key := key_of(term)) is not None]
        while search.check(Deadline(20.0)):
            values = search.values()
            keys = [key_of(term) for term in way.bindings.values()]
            found.add(tuple(t if k is None else values[k] for t, k in zip(way.bindings.values(), keys, strict=True)))
            if not free:
                break
            search.exclude({key: values[key] for key in free})
    return found


def test_random_programs_have_as_many_solutions_as_sat_finds() -> None:
    checked = 0
    for program in random_programs(80, seed=5):
        parsed = ConstraintProgram.parse(str(program))
        found = solve_in_spikes(parsed, QUERY, count=True, steps=100_000)
        expected = all_solutions(parsed, QUERY)
        assert (found.solvable, found.count) == (bool(expected), len(expected)), str(program)
        assert not expected or tuple(found.bindings.values()) in expected
        checked += bool(expected)
    assert checked > 30


@pytest.mark.parametrize(
    ("goal", "count"),
    [
        ("[X, Y, Z] ins 1..9, all_distinct([X, Y, Z]), X + Y + Z #= 15", 48),
        ("[X, Y, Z] ins 0..1, X + Y + Z #>= 2", 4),
        ("[X, Y] ins 1..9, X * Y #= 12, Z #= X - Y", 4),
        ("tuples_in([[X, Y, Z]], [[1, 2, 3], [1, 2, 4], [2, 2, 4]]), Y #= 2", 3),
        ("[X, Y, Z] ins 1..3, all_distinct([X, Y, Z]), X #= 2", 2),
        ("X in 1..30, Y in 1..30, 3 * X - 2 * Y #= 5, Z #= 0", 10),
        ("[X, Y, Z] ins 1..2, all_distinct([X, Y, Z])", 0),
        ("X in 1..3, X #> 3, Y #= 1, Z #= 1", 0),
    ],
)
def test_counts_are_exact(goal: str, count: int) -> None:
    program = ConstraintProgram.parse(f"p(X, Y, Z) :- {goal}.")
    assert solve_in_spikes(program, "p(X, Y, Z)", count=True, steps=200_000).count == count
    assert len(all_solutions(program, "p(X, Y, Z)")) == count


def test_ways_through_the_rules_are_searched_in_turn() -> None:
    program = ConstraintProgram.parse("p(X) :- X in 1..3, X #> 5.  p(X) :- X in 4..6, X #\\= 5.")
    found = solve_in_spikes(program, "p(X)")
    assert found.bindings["X"] in (4, 6)
    assert solve_in_spikes(program, "p(X)", count=True).count == 2
    with pytest.raises(MeaningError, match="in 2 ways"):
        compile_search(program, "p(X)")


def test_uniqueness_is_of_the_querys_variables() -> None:
    program = ConstraintProgram.parse(
        "p(X) :- X in 1..3, Y in 1..3, X + Y #= 4, X #> 2.  q(X) :- X in 1..2, Y in 1..2, Y #> 0."
    )
    assert solve_in_spikes(program, "p(X)", unique=True).unique is True
    assert solve_in_spikes(program, "q(X)", unique=True).unique is False
    assert solve_in_spikes(program, "q(X)", count=True).count == 2


def test_a_compiled_program_is_an_ordinary_network() -> None:
    program = ConstraintProgram.parse("p(X, Y) :- [X, Y] ins 1..3, X + Y #= 5, X #< Y.")
    network = compile_search(program, "p(X, Y)")
    trains = simulate_reference(network, np.zeros((0, 0), bool), 40)
    names = [str(line) for line in network.output_lines]
    at = int(trains[:, network.outputs[names.index("solved")]].argmax())
    shown = {
        name for name, source in zip(names, network.outputs, strict=True) if "=" in name and trains[at - 3, source]
    }
    assert shown == {"X=2", "Y=3"}


def test_clue_lines_say_what_is_given() -> None:
    program = ConstraintProgram.parse("p(X, Y) :- [X, Y] ins 1..3, X #\\= Y.")
    problem = search_problem(program, "p(X, Y)", clues=True)
    assert [problem.name(v) for v in problem.clues] == [f"{name}={value}" for name in "XY" for value in (1, 2, 3)]
    assert len(compile_search(program, "p(X, Y)", clues=True).input_lines) == 6


def test_what_has_no_bounded_form_is_refused_with_its_line() -> None:
    wide = ConstraintProgram.parse("p(X, Y, Z) :-\n    [X, Y, Z] ins 0..3000,\n    X * Y * Z #= 77.")
    with pytest.raises(MeaningError, match=r"line 3.*too many neurons"):
        solve_in_spikes(wide, "p(X, Y, Z)")
    with pytest.raises(MeaningError, match=r"no finite domain"):
        solve_in_spikes(ConstraintProgram.parse("p(X) :- X #> 3."), "p(X)")
    with pytest.raises(MeaningError, match=r"line 1.*optimum"):
        solve_in_spikes(ConstraintProgram.parse("p(X) :- X in 1..3, labeling([min(X)], [X])."), "p(X)")


def test_not_finished_says_nothing() -> None:
    text = "p(Q) :- Q = [A, B, C, D, E], Q ins 1..4, all_distinct(Q)."
    program = ConstraintProgram.parse(text)
    assert solve(program, "p(Q)").solvable is False
    assert solve_in_spikes(program, "p(Q)", steps=40).solvable is None
    assert solve_in_spikes(program, "p(Q)", steps=40, unique=True).unique is None
    assert solve_in_spikes(program, "p(Q)", steps=40, count=True).count is None
    found = solve_in_spikes(program, "p(Q)")
    assert (found.solvable, found.steps > 40) == (False, True)
