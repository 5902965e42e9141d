"""Hostile programs: whatever they build their goals from, nothing outside of them is reached, and the run ends."""

import os
import resource
import subprocess
from pathlib import Path

import pytest

from logic import NeurosymError
from reasoner import GoalAnswer, Limits, PrologLimit, QueryError, run_goal
from reasoner.prolog.text import PrologText

_SECRET = "neurosym-secret"

HARMLESS = {"b_setval(neurosym_recorded, [])"}
"""It is a variable of the program's own, whatever its name."""

ESCAPES = [
    "open(F, read, _)",
    "system:open(F, read, _)",
    "call(open, F, read, _)",
    "call(system:open(F, read), _)",
    "G = open(F, read, _), G",
    "G = open(F, read, _), call(G)",
    "G =.. [open, F, read, _], G",
    "G = system:open(F, read, _), G",
    "M = system, M:open(F, read, _)",
    "call(call, open(F, read, _))",
    "call(',', true, open(F, read, _))",
    "G = (true, open(F, read, _)), G",
    "(true ; fail), G = ( fail ; open(F, read, _) ), G",
    "\\+ \\+ open(F, read, _)",
    "G = open(F, read, _), \\+ \\+ G",
    "findall(x, open(F, read, _), _)",
    "G = open(F, read, _), findall(x, G, _)",
    "call(findall, x, open(F, read, _), _)",
    "G = findall(x, open(F, read, _), _), G",
    "maplist(open(F), [read], [_])",
    "P = open(F), maplist(P, [read], [_])",
    "maplist(system:open(F), [read], [_])",
    "maplist(call, [open(F, read, _)])",
    "maplist(maplist(open(F)), [[read]], [[_]])",
    "maplist([X]>>open(X, read, _), [F])",
    "maplist([X, Y]>>(Z = open(X, read, Y), Z), [F], [_])",
    "L = [X]>>open(X, read, _), call(L, F)",
    "maplist([X]>>open(X), [F], [read], [_])",
    "call([X]>>call(open, X, read), F, _)",
    "maplist(\\X^open(X, read, _), [F])",
    "foldl([M, _, S]>>open(F, M, S), [read], _, _)",
    "forall(member(M, [read]), open(F, M, _))",
    "forall(open(F, read, _), true)",
    "aggregate_all(count, open(F, read, _), _)",
    "bagof(S, M^(M = read, open(F, M, S)), _)",
    "setof(S, M^system:open(F, M, S), _)",
    "G = S^open(F, read, S), bagof(S, G, _)",
    "catch(open(F, read, _), E, (print(E), throw(E)))",
    "catch(throw(x), x, open(F, read, _))",
    "setup_call_cleanup(true, true, open(F, read, _))",
    "call_cleanup(true, open(F, read, _))",
    "once(open(F, read, _))",
    "ignore(open(F, read, _))",
    "not(open(F, read, _))",
    "freeze(X, open(F, read, _)), X = 1",
    "G = open(F, read, _), freeze(X, G), X = 1",
    "when(ground(X), open(F, read, _)), X = 1",
    "phrase(open(F, read), [], _)",
    "phrase(call(open(F), read), _)",
    "phrase(({ open(F, read, _) }), [])",
    "G = { open(F, read, _) }, phrase(G, [])",
    "format('~@', [open(F, read, _)])",
    'format("~*c~@", [1, 0\'x, open(F, read, _)])',
    "format(atom(_), '~`x|~@', [open(F, read, _)])",
    "with_output_to(string(_), open(F, read, _))",
    "write_term(a, [portray_goal([_, _]>>open(F, read, _)), portray(true)])",
    "assertz((q :- open(F, read, _))), q",
    "assertz((q :- G)), G = open(F, read, _), q",
    "C = (q(G) :- G), assertz(C), q(open(F, read, _))",
    "assertz(user:(q :- open(F, read, _))), q",
    "assertz(system:q)",
    "assertz((system:member(_, _) :- true))",
    "asserta((neurosym_calls:refuse(_) :- true))",
    "retract((neurosym_calls:refuse(_) :- _))",
    "retractall(neurosym_allowed:plain(_, _, _))",
    "abolish(neurosym_calls:refuse/1)",
    "dynamic(neurosym_calls:refuse/1)",
    "table(neurosym_calls:refuse/1)",
    "table(q(_, lattice(open/3)))",
    "neurosym_allowed:assertz(plain(open, 3, system)), open(F, read, _)",
    "neurosym_calls:goal(system, open(F, read, _))",
    "G = goal(system, open(F, read, _)), neurosym_calls:G",
    "op(700, xfx, system:is)",
    "set_prolog_flag(occurs_check, error)",
    "consult(F)",
    "[F]",
    "load_files(F, [])",
    "use_module(F), fail",
    "see(F)",
    "tell(F)",
    "read_term(user_input, _, [])",
    "read_file_to_string(F, _, [])",
    "exists_file(F)",
    "delete_file(F)",
    "rename_file(F, x)",
    "shell(ls)",
    "shell('touch pwned', _)",
    "process_create(path(ls), [], [])",
    "tcp_socket(_)",
    "getenv('HOME', _)",
    "setenv(a, b)",
    "thread_create(true, _)",
    "current_stream(_, _, S), close(S)",
    "stream_property(S, mode(append)), write(S, 1)",
    "absolute_file_name(F, _)",
    "working_directory(_, '/')",
    "current_module(_)",
    "clause(neurosym_calls:refuse(_), _)",
    "prolog_load_context(_, _)",
    "tmp_file(a, _)",
    "open_null_stream(_)",
    "set_stream(user_output, alias(x))",
    "op(200, xfx, [system:a])",
    "b_setval(neurosym_recorded, [])",
    "nb_setval(neurosym_recorded, []), nb_getval(neurosym_recorded, _), fail",
    "print_message(error, format('~@', [open(F, read, _)])), fail",
    "predsort([_, _, _]>>open(F, read, _), [b, a], _)",
    "include([X]>>open(X, read, _), [F], _)",
    "limit(1, open(F, read, _))",
    "call_with_time_limit(1, open(F, read, _))",
    "time(open(F, read, _))",
    "apply(open, [F, read, _])",
    "term_to_atom(G, 'open(\"x\", read, _)'), G",
    "atom_to_term('open(x, read, _)', G, _), call(G)",
    "tnot(open(F, read, _))",
    "initialization(open(F, read, _))",
    "between(1, 3, X), (X == 3 -> open(F, read, _) ; fail)",
]


def test_nothing_outside_is_reached(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each of them ends in an error or fails, one after the other; nothing is opened, written or changed."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "secret.txt").write_text(f"secret('{_SECRET}').\n")
    clauses = "\n".join(f"p({number}, F) :- {body}." for number, body in enumerate(ESCAPES))
    program = PrologText(f":- use_module(library(clpfd)).\n{clauses}", "hostile.pl")
    goal = f"findall(I, ( between(0, {len(ESCAPES)}, I), catch(p(I, 'secret.txt'), _, fail) ), L)"
    printed: list[str] = []
    (found,) = run_goal(program, goal, Limits(seconds=20.0), printed.append)
    assert found.warnings == ()
    assert [body for body in (ESCAPES[int(str(number))] for number in _listed(found)) if body not in HARMLESS] == []
    assert _SECRET not in "".join(printed)
    assert [path.name for path in tmp_path.iterdir()] == ["secret.txt"]


def _listed(found: GoalAnswer) -> tuple[object, ...]:
    listed = found.bindings["L"]
    return listed if isinstance(listed, tuple) else ()


@pytest.mark.parametrize("body", ESCAPES[::40])
def test_what_is_not_allowed_is_named(body: str) -> None:
    with pytest.raises(QueryError, match="is not allowed in programs"):
        list(run_goal(PrologText(f"p(F) :- {body}.", "hostile.pl"), "p(x)"))


@pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="limits of another process are set on Linux alone")
def test_the_process_itself_can_open_nothing() -> None:
    """Behind the wall of words there is another: the system refuses files, were one predicate overlooked."""
    from reasoner.running.process import Session

    with Session(Limits(), str) as session:
        assert session.receive() == ["ready"]
        session.wall_in()
        limits = Path(f"/proc/{session.number}/limits").read_text()
    assert [line.split()[3] for line in limits.splitlines() if line.startswith("Max open files")] == ["0"]
    assert [line.split()[3] for line in limits.splitlines() if line.startswith("Max file size")] == ["0"]


@pytest.mark.parametrize(
    "body",
    [
        "repeat, fail",
        "p(F)",
        "numlist(1, 100000000, _)",
        "X is 7 ** (7 ** 13), Y is X mod 10, print(Y)",
        "format('~*c', [100000000000, 0'x])",
        "with_output_to(string(_), (repeat, write(xxxxxxxxxxxxxxxxxxxx), fail))",
        "repeat, writeln(xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx), fail",
        "assertz(q(F)), repeat, atom_concat(F, x, _), assertz(q(F)), fail",
        "X = f(X), print(X), p(F)",
    ],
)
def test_what_does_not_end_is_ended(body: str) -> None:
    with pytest.raises((PrologLimit, NeurosymError)):
        list(run_goal(PrologText(f"p(F) :- {body}.", "endless.pl"), "p(x)", Limits(seconds=0.5, megabytes=64)))


def test_no_process_is_left() -> None:
    def running() -> list[str]:
        command = ["ps", "-ww", "-o", "args", "--ppid", str(os.getpid())]
        listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        return [line for line in listed.splitlines() if "running/session.pl" in line]

    run = run_goal(PrologText("p(1).\np(2).", "two.pl"), "p(X)")
    assert next(run).bindings == {"X": 1}
    assert len(running()) == 1
    run.close()
    assert running() == []
