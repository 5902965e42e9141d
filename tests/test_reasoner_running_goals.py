"""Programs that are run: answers, printing, modules, what Prolog users write around labelling; beside SWI-Prolog."""

import subprocess
from pathlib import Path

import pytest

from reasoner import ConstraintProgram, GoalAnswer, Limits, PrologError, PrologTimeout, QueryError, run_goal
from reasoner.constraints import cp_sat_search
from reasoner.prolog.text import PrologText
from tasks.puzzles.strangers import Reply, ask_neurosym, ask_swipl, verdict

_HEAD = ":- use_module(library(clpfd)).\n"


def ran(text: str, goal: str, patience: float = 2.0) -> tuple[list[GoalAnswer], str]:
    """All answers, and what was printed."""
    printed: list[str] = []
    program = PrologText(_HEAD + text, "program.pl")
    return [*run_goal(program, goal, Limits(seconds=10.0), printed.append, patience)], "".join(printed)


PROGRAMS = [
    "go :- X in 1..3, findall(X, label([X]), L), print(L), nl.",
    "go :- forall(( [X, Y] ins 1..3, X #< Y, label([X, Y]) ), ( write(X-Y), nl )).",
    "go :- X in 1..5, X #> 2, once(label([X])), format('~w ~a~n', [X, done]).",
    "go :- X in 1..5, ( X #> 9 -> writeln(yes) ; writeln(no) ), label([X]), writeln(X).",
    "go :- length(L, 3), L ins 0..1, sum(L, #=, 2), findall(L, label(L), Ls), maplist(portray_clause, Ls).",
    "go :- X in 1..9, X * X #= 49, ( X == 7 -> writeln(seven) ; writeln(open) ).",
    "go :- X #> 3, X #< 6, fd_dom(X, D), print(D), nl, fd_inf(X, I), fd_sup(X, S), writeln(I/S).",
    "go :- length(M, 3), maplist([R]>>(length(R, 3), R ins 1..3, all_distinct(R)), M), transpose(M, C),\n"
    "   maplist(all_distinct, C), maplist(label, M), maplist(writeln, M).",
    "go :- maplist(p(1), [1, 2], [3, 4], [5, 6], [7, 8], L), writeln(L).\n"
    "p(N, A, B, C, D, E) :- E #= N + A + B + C + D.",
    "go :- foldl([X, A, B]>>(B #= A + X), [1, 2, 3], 0, S), writeln(S).",
    "go :- X in 1..3, dif(X, 2), findall(X, label([X]), L), writeln(L).",
    "go :- between(1, 4, N), N1 is N * N, X in 1..N1, X #= N1, writeln(X), fail.\ngo :- writeln(end).",
    "go :- tuples_in([[X, Y]], [[1, 2], [2, 3]]), X #> 1, writeln(Y).",
    "go :- length(L, 4), automaton(L, _, L, [source(a), sink(b)], \n"
    "   [arc(a, 0, a), arc(a, 1, b, [N + 1]), arc(b, 0, b)],"
    "   [N], [0], [1]), findall(L, label(L), Ls), writeln(Ls).",
    "go :- length(L, 4), global_cardinality(L, [1-2, 2-1, 3-1], [consistency(value)]), label(L), writeln(L).",
    "go :- X in 0..20, labeling([max(X mod 7)], [X]), writeln(X).",
    "go :- findnsols(2, X, ( X in 1..5, label([X]) ), L), !, writeln(L).",
    "go :- assertz(seen(1)), X in 1..3, label([X]), \\+ seen(X), assertz(seen(X)), writeln(X).\n:- dynamic seen/1.",
    "go :- catch(( X in 1..a, label([X]) ), error(E, _), ( print(E), nl )).",
    "go :- aggregate_all(count, ( [X, Y] ins 1..4, X #\\= Y, label([X, Y]) ), N), writeln(N).",
    'go --> [a].\ngo :- phrase(go, [a]), phrase(("x", [Y]), [0\'x, b]), writeln(Y).',
    ":- table f/2.\nf(0, 0).\nf(1, 1).\nf(N, F) :- N > 1, A is N - 1, B is N - 2, f(A, X), f(B, Y), F is X + Y.\n"
    "go :- f(60, F), writeln(F).",
    ":- op(700, xfx, is_twice).\nX is_twice Y :- X #= 2 * Y.\ngo :- X is_twice 4, writeln(X is_twice 4).",
    "go :- bagof(X-Y, ( member(X, [1, 2]), Y #= X * 2 ), L), writeln(L),\n"
    "   setof(A, B^member(A-B, [b-1, a-2]), S), writeln(S).",
    "go :- X in 1..3, freeze(X, writeln(bound(X))), X #> 2.",
    "go :- b_setval(k, 1), nb_setval(m, 2), b_getval(k, A), nb_getval(m, B), writeln(A/B), nope(A).",
    "go :- writeln(a), halt.\ngo :- writeln(b).",
    ":- initialization(writeln(first)).\ngo :- writeln(second).",
    ":- initialization(first).\nfirst :- writeln(first).\ngo :- writeln(second).",
    "go :- call((fail ; true)), G = writeln(x), call(G), Gs = [writeln(1), writeln(2)], maplist(call, Gs).",
    'go :- format("~a~t~20|~w~n", [name, 1]),\n'
    '   format("~d ~2f ~q ~s~n", [12, 1.5, a, "codes"]), tab(3), print(x), nl.',
    "go :- X = f(Y, Z, Y), print(X), nl, copy_term(X, C), writeq(C), nl, Z = 1.",
]


@pytest.mark.parametrize("text", PROGRAMS)
def test_what_is_printed_is_what_swi_prolog_prints(text: str, tmp_path: Path) -> None:
    path = tmp_path / "program.pl"
    path.write_text(_HEAD + text)
    wanted = ask_swipl(path, "go", 10.0)
    found = ask_neurosym(path, "go", 10.0)
    if found.state == "refused":  # by an error, as SWI-Prolog ends
        assert "ends in an error" in found.text
        return
    assert verdict(wanted, found) == "equal", (wanted.text, found.text)


def test_answers_come_one_by_one() -> None:
    found, printed = ran("p(X, Y) :- [X, Y] ins 1..3, X + Y #= 4, label([X]), writeln(X).", "p(X, Y)")
    assert [answer.bindings for answer in found] == [{"X": 1, "Y": 3}, {"X": 2, "Y": 2}, {"X": 3, "Y": 1}]
    assert ([answer.by_clpfd for answer in found], printed) == ([1, 2, 3], "1\n2\n3\n")
    run = run_goal(ConstraintProgram.parse("q(X) :- X in 1..1000000."), "q(X)")
    assert next(run).bindings == {"X": 1}
    run.close()


def test_what_is_left_open_is_told() -> None:
    (found,), _ = ran("p(X) :- X #> 3.", "p(X)")
    assert (found.bindings, found.whole) == ({"X": "_"}, False)
    assert [answer.bindings["X"] for answer in ran("p(X) :- X in 2..4.", "p(X)")[0]] == [2, 3, 4]


def test_modules_of_the_same_folder_are_loaded_and_no_others(tmp_path: Path) -> None:
    (tmp_path / "one.pl").write_text(f"{_HEAD}:- use_module(two).\np(X) :- twice(3, X), call(near, X).\nnear(_).\n")
    (tmp_path / "two.pl").write_text(
        f":- module(two, [twice/2, op(700, xfx, ===>)]).\n{_HEAD}twice(X, Y) :- Y #= 2 * X, hidden(Y).\nhidden(_).\n"
    )
    assert [answer.bindings for answer in run_goal(tmp_path / "one.pl", "p(X)")] == [{"X": 6}]
    with pytest.raises(QueryError, match="hidden/1"):
        list(run_goal(tmp_path / "one.pl", "hidden(_)"))
    (tmp_path / "below").mkdir()
    (tmp_path / "below" / "one.pl").write_text(":- use_module('../two').\np(X) :- twice(3, X).\n")
    with pytest.raises(QueryError, match="twice/2"):
        list(run_goal(tmp_path / "below" / "one.pl", "p(X)"))
    with pytest.raises(QueryError, match="twice/2"):  # a text is in no folder
        list(run_goal(PrologText(":- use_module(two).\np(X) :- twice(3, X).", "text"), "p(X)"))


HARD = """
    p(Qs) :- length(Qs, 24), Qs ins 1..24, safe(Qs), label(Qs), writeln(found).
    safe([]).
    safe([Q|Qs]) :- no_attack(Q, Qs, 1), safe(Qs).
    no_attack(_, [], _).
    no_attack(Q0, [Q|Qs], D) :- Q0 #\\= Q, Q0 #\\= Q + D, Q0 #\\= Q - D, E is D + 1, no_attack(Q0, Qs, E).
"""


def test_the_search_is_asked_where_clpfd_takes_long() -> None:
    """The first label is leftmost, by which 24 queens are slow; the search's values are checked and differ."""
    run = run_goal(PrologText(_HEAD + HARD, "queens.pl"), "p(Qs)", Limits(seconds=20.0), patience=0.0)
    first, second = next(run), next(run)
    run.close()
    assert (first.by_clpfd, first.by_search, second.by_search) == (0, 1, 2)
    assert set(first.searches) <= {"cp-sat", "sat"}
    for answer in (first, second):
        queens = answer.bindings["Qs"]
        assert isinstance(queens, tuple)
        assert len({int(str(q)) + i for i, q in enumerate(queens)}) == len(set(queens)) == 24
    assert first.bindings != second.bindings


@pytest.mark.parametrize("installed", [True, False])
def test_the_best_is_found_by_the_search(monkeypatch: pytest.MonkeyPatch, installed: bool) -> None:
    """With and without CP-SAT, the optimum first and then what comes after it."""
    if not installed:
        monkeypatch.setattr(cp_sat_search, "solver", lambda: None)
    text = "p(X, Y, V) :- [X, Y] ins 0..5, 3 * X + 4 * Y #=< 17, V #= 2 * X + 3 * Y, labeling([max(V)], [X, Y])."
    run = run_goal(PrologText(_HEAD + text, "best.pl"), "p(X, Y, V)", Limits(seconds=20.0), patience=0.0)
    best = [next(run).bindings["V"] for _ in range(4)]
    run.close()
    everything = sorted((2 * x + 3 * y for x in range(6) for y in range(6) if 3 * x + 4 * y <= 17), reverse=True)
    assert best == everything[:4]


def test_a_false_solution_would_be_noticed() -> None:
    """What was posted is checked by arithmetic, whoever found the values."""
    tests = [
        ("X #= Y", [(1, 1)], [(1, 2)]),
        ("X // Y #= 2", [(4, 2), (5, 2)], [(1, 0)]),
        ("(X // Y #= 2) #<==> 0", [(1, 0), (2, 2)], [(4, 2)]),
        ("X mod Y #= 1", [(-3, 2), (3, 2)], [(2, 2)]),
        ("X rem Y #= -1", [(-3, 2)], [(3, 2)]),
        ("X ^ Y #= 8", [(2, 3)], [(3, 2)]),
        ("#\\ X #= Y", [(1, 2)], [(1, 1)]),
        ("X in 1..2 \\/ 5..Y", [(5, 5), (1, 5)], [(3, 5)]),
        ("element(X, [3, 4], Y)", [(1, 3)], [(2, 3), (3, 4)]),
        ("tuples_in([[X, Y]], [[1, 2]])", [(1, 2)], [(2, 1)]),
        ("sum([X, Y], #=<, 3)", [(1, 2)], [(2, 2)]),
        ("(X #= 1) #\\ (Y #= 1)", [(1, 2)], [(1, 1), (2, 2)]),
        ("X #> 1 #==> Y #> 1", [(1, 0), (2, 2)], [(2, 1)]),
        ("max(X, Y) - min(X, Y) #= abs(X - Y)", [(1, 4), (4, 1)], []),
    ]
    rows = [(text, row, good) for text, goods, bads in tests for good, of in ((1, goods), (0, bads)) for row in of]
    goals = [f"( X = {x}, Y = {y}, holds({text}) -> write(1) ; write(0) )" for text, (x, y), _ in rows]
    room = Path(__file__).parent.parent / "reasoner" / "clpfd"
    command = ["swipl", "-q", "-t", "halt", "-g", ", ".join(f"\\+ \\+ {goal}" for goal in goals)]
    files = [str(room / "operators.pl"), str(room / "holding.pl")]
    done = subprocess.run([*command, *files], capture_output=True, text=True, check=True)
    assert [*zip(done.stdout, rows, strict=True)] == [(str(good), (text, row, good)) for text, row, good in rows]


def test_limits_end_a_run() -> None:
    with pytest.raises(PrologTimeout):
        list(run_goal(PrologText("p :- p.", "endless.pl"), "p", Limits(seconds=0.5)))
    with pytest.raises(PrologError, match="memory"):
        list(run_goal(PrologText("p(X) :- p(f(X, X)), q.\nq.", "deep.pl"), "p(1)", Limits(seconds=5, megabytes=16)))


def test_the_verdict_on_a_stranger_names_its_reason() -> None:
    good = Reply("finished", "X = _123\ntime: 0.02\n", 0.1)
    assert verdict(good, Reply("finished", "X = _G9\ntime: 0.5", 0.1)) == "equal"
    assert verdict(good, Reply("finished", "X = 1", 0.1)) == "different"
    assert verdict(good, Reply("not finished", "", 0.1)) == "not finished"
    assert verdict(good, Reply("refused", "a.pl: 'open/3' is not allowed, line 1, column 2\n  x", 0.1)).startswith(
        "refused: 'open/3' is not allowed"
    )
