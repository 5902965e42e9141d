"""What is large, deep or printed: answered or refused in one sentence, never lost in a traceback."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from reasoner import ConstraintProgram, Limits, PrologLimit, QueryError, solve
from reasoner.constraints.notation import name_variables
from reasoner.constraints.posting import keys, replaced
from reasoner.constraints.thread_deadline import Deadline
from reasoner.prolog.terms import Struct, Term

CHAINS = {
    "E + X": ("0", "S #= E, S #= 3", 3),
    "E - X": ("0", "S #= E, S #= -3", -3),
    "max(E, X)": ("0", "S #= E, S #= 1", 1),
    "(X #= 1) #\\/ E": ("0", "S #<==> E, S #= 0", 0),
    "E #/\\ (X #= 1)": ("1", "S #<==> E, S #= 1", 1),
    "(X #= 1) #\\ E": ("0", "S #<==> E, S #= 1", 1),
}


@pytest.mark.parametrize("step", CHAINS)
def test_long_chains_that_loops_build_are_solved(step: str) -> None:
    first, goal, wanted = CHAINS[step]
    text = f"e(0, {first}). e(N, {step}) :- N > 0, X in 0..1, M is N - 1, e(M, E).\np(S) :- e(600, E), {goal}."
    assert solve(ConstraintProgram.parse(text), "p(S)").bindings == {"S": wanted}


def test_what_nests_deeper_by_itself_is_refused_with_its_place() -> None:
    text = "e(0, 0). e(N, abs(E - 1)) :- N > 0, M is N - 1, e(M, E).\np(X) :- X in 0..1, e(200, E), E + X #= 1."
    assert solve(ConstraintProgram.parse(text), "p(S)").bindings == {"S": 1}  # numbers alone are evaluated
    with pytest.raises(QueryError, match=r"nested more than 100 deep.*line 2"):
        solve(ConstraintProgram.parse(text.replace("e(0, 0)", "e(0, X) :- X in 0..1")), "p(S)")


def test_terms_of_any_depth_are_walked() -> None:
    deep: Term = Struct("$fd", (0,))
    for _ in range(20_000):
        deep = Struct("s", (deep,))
    assert list(keys(deep)) == [0]
    assert list(keys(replaced(deep, lambda _: 1))) == []
    assert name_variables({"X": deep})[0] == "X" + "[1]" * 20_000


def test_an_impossible_puzzle_over_wide_domains_is_proved_impossible() -> None:
    found = solve(ConstraintProgram.parse("p(X, Y) :- X in 0..9, Y in 0..5000, X*X #= 3 + 10*Y."), "p(X, Y)")
    assert found.solvable is False
    assert any("X * X" in conflict.constraint for conflict in found.conflicts)


def test_an_objective_too_wide_for_clauses_is_optimised() -> None:
    text = "p(X, Y) :- [X, Y] ins 0..3000, X + Y #= 3001, labeling([max(X * Y)], [X, Y])."
    found = solve(ConstraintProgram.parse(text), "p(X, Y)", seconds=30)
    assert found.solvable
    assert found.objective is not None
    assert not found.proved_optimal or found.objective == 1500 * 1501


def test_printing_changes_nothing() -> None:
    text = "go(X) :- X in 1..3, X #> 2, label([X]), writeln(X), format('~w~n', [X]), nl."
    assert solve(ConstraintProgram.parse(text), "go(X)").bindings == {"X": 3}


def test_limits_apply_to_reading_and_can_be_raised() -> None:
    text = " ".join(f"p({i})." for i in range(3000))
    with pytest.raises(PrologLimit):
        ConstraintProgram.parse(text, limits=Limits(inferences=10_000))
    assert len(ConstraintProgram.parse(text, limits=Limits(inferences=10**9)).heads) == 3000
    with pytest.raises(QueryError, match=r"Limits\.answers"):
        solve(ConstraintProgram.parse(text), "p(X)")
    assert solve(ConstraintProgram.parse(text), "p(X)", limits=Limits(answers=5000)).solvable


def test_a_deadline_counts_the_work_of_its_own_thread() -> None:
    deadline = Deadline(0.05)
    time.sleep(0.1)
    assert not deadline.passed
    other = threading.Thread(target=lambda: sum(range(3_000_000)))
    other.start()
    other.join()
    assert not deadline.passed
    stopped = threading.Event()
    with deadline.stopping(stopped.set):
        while not stopped.is_set():
            sum(range(1000))
    assert deadline.passed


def test_threads_solve_by_z3_beside_each_other() -> None:
    def ask(number: int) -> object:
        text = f"p(X, Y) :- [X, Y] ins 0..1000000000, X * X #= {number * number}, Y #= X // 2, Y #> 0."
        return solve(ConstraintProgram.parse(text), "p(X, Y)").bindings["X"]

    with ThreadPoolExecutor(max_workers=8) as pool:
        assert list(pool.map(ask, range(1000, 1024))) == list(range(1000, 1024))


def test_what_is_too_long_to_be_written_down_in_time_is_not_decided() -> None:
    """Clauses are refused for the many digits of the sum, and formulas for it take seconds."""
    text = "e(0, 0). e(N, E + X) :- N > 0, X in 0..1, M is N - 1, e(M, E). p(S) :- e(20000, E), S #= E."
    start = time.process_time()
    found = solve(ConstraintProgram.parse(text), "p(S)", seconds=0.5, limits=Limits(answers=1000, seconds=10))
    assert found.solvable is None
    assert time.process_time() - start < 4


def test_an_endless_optimum_is_the_best_that_was_found_in_time() -> None:
    found = solve(ConstraintProgram.parse("p(X) :- X #> 24, labeling([max(X)], [X])."), "p(X)", seconds=0.5)
    assert found.solvable is True
    assert isinstance(found.bindings["X"], int)
    assert found.bindings["X"] > 24
    assert (found.proved_optimal, found.unique) == (False, None)
