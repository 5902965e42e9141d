"""Textbook programs print and answer what SWI-Prolog does, and what was allowed for them reaches nothing else."""

from contextlib import closing, suppress
from pathlib import Path

import pytest

from reasoner import Limits, QueryError, run_goal
from reasoner.prolog.text import PrologText
from tasks.problog.textbook import asked, compare
from tasks.problog.textbook_goals import GOALS

PROGRAMS = {
    "p01": "my_last(X, [X]). my_last(X, [_|L]) :- my_last(X, L).",
    "p41": """goldbach_list(A, B) :- A > B, !.
        goldbach_list(A, B) :- writef('%t and %4r|%4l|%4c|', [A, x, y, z]), nl, A2 is A + 2, goldbach_list(A2, B).
        goldbach_list(A, B, _) :- goldbach_list(A, B).""",
    "p46": """:- op(910, yfx, and). and(A, B) :- A, B. or(A, B) :- A ; B. bind(true). bind(fail).
        table(A, B, E) :- bind(A), bind(B), write(A/B), (E -> writeln(true) ; writeln(fail)), fail.""",
    "p47": ":- ensure_loaded(p46). :- op(900, fy, not). :- op(920, yfx, or).",
    "p48": """:- ensure_loaded(p47). :- op(930, yfx, equ). equ(A, B) :- A == B.
        table([A, B, C], E) :- bind(A), bind(B), bind(C), E, write([A, B, C]), nl, fail.""",
    "p49": """:- dynamic gray_c/2.
        gray(1, ['0', '1']).
        gray(N, L) :- N > 1, M is N - 1, gray(M, K), findall(X, (member(A, K), atom_concat('0', A, X)), L).
        gray_alt(N, L) :- setof(X, gray(N, X), L).
        gray_c(N, L) :- gray(N, L), asserta((gray_c(N, L) :- !)).""",
    "p87": """depth_first_order(G, A, S) :- recorda(seen, A), flag(steps, N, N + 1), phrase(two(S), [A, G]),
        recorded(seen, B, R), erase(R), format("~w ~a~n", [B, N]).
        two([X, Y]) --> [X], [Y], !.""",
    "p89": "is_bipartite(graph(Ns, _)) :- checklist(atom, Ns), sublist(==(a), Ns, L), writeln(L).",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in PROGRAMS.items():
        (tmp_path / f"{name}.pl").write_text(text)
    return tmp_path


@pytest.mark.parametrize(("name", "goal"), [(name, goal) for name in PROGRAMS if name in GOALS for goal in GOALS[name]])
def test_both_print_the_same(name: str, goal: str, folder: Path) -> None:
    found = compare(folder, name, goal, 10.0)
    assert found.ours == found.theirs
    assert found.ours


@pytest.mark.parametrize(
    "goal",
    [
        "checklist(shell, [ls])",
        "sublist(shell, [ls], _)",
        "sublist([X]>>shell(X), [ls], _)",
        "checklist(system:shell, [ls])",
        "writef('%4r', [a]), shell(ls)",
    ],
)
def test_what_is_allowed_for_them_calls_nothing_else(goal: str) -> None:
    with pytest.raises(QueryError, match="not allowed"), closing(run_goal(PrologText("p.", "p.pl"), goal)) as answers:
        next(answers)


@pytest.mark.parametrize(
    "goal",
    [
        "recorded(K, _)",
        "(recorded('program: seen', X), writeln(X))",
        "(flag(neurosym_modules, X, X), X > 0)",
        "(current_op(200, xfy, ^), erase(_))",
        "flag(a, _, shell(ls))",
    ],
)
def test_records_and_flags_are_the_programs_own(goal: str) -> None:
    printed: list[str] = []
    program = PrologText("p.", "p.pl")
    with suppress(QueryError), closing(run_goal(program, goal, Limits(seconds=2.0), printed.append)) as answers:
        assert next(answers, None) is None  # an error is as good as a no
    assert printed == []


def test_only_named_variables_are_shown() -> None:
    assert "copy_term([L1, X]" in asked("f(X, L1, _Y, a_b)")
