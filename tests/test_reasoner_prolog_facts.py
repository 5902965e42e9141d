"""Long texts: facts of constants are stored as they are read, and nothing of what a program means changes by that."""

import time

import pytest

from reasoner import Limits, Program, explain, infer
from reasoner.counting.planning import answer_stated
from reasoner.errors import ProgramError, PrologLimit, QueryError
from reasoner.prolog.workers import cpu_seconds

FEW = 12_000
PLAIN = "".join(f"edge({node},{node * 7 % FEW}).\n" for node in range(FEW))
CHANCES = "".join(f"0.25::link(n{node}, 'a b', {node}).\n" for node in range(FEW))
RULES = """two(X, Z) :- edge(X, Y), edge(Y, Z). t(0.4)::on. both(X) :- on, link(n1, _, X), \\+ link(n2, _, _).
small(L) :- findall(X, (edge(X, Y), Y < 20, X < 300), L). query(both(_)). evidence(on).
"""


def test_a_long_text_means_what_a_short_one_means() -> None:
    program = Program.parse(f"{PLAIN}{RULES}{CHANCES}", ())
    assert answer_stated(program) == pytest.approx({"both(1)": 0.25 * 0.75})
    assert answer_stated(program, "two(1, X)") == {"two(1,49)": 1.0}
    assert answer_stated(program, "small(L)") == {"small([0,1,2])": 1.0}
    assert answer_stated(program, f"link(n{FEW - 1}, A, B)") == pytest.approx(
        {f"link(n{FEW - 1},'a b',{FEW - 1})": 0.25}
    )
    (answer,) = explain(program, "both(1)", ())
    facts = [node for node in answer.proof.nodes() if node.text.startswith("link(n1")]
    assert {node.line for node in facts if node.kind == "rule"} == {FEW + 2 + 2}
    assert [clause.head.indicator for clause in program.queries] == ["query/1"]
    assert program.learned == (FEW + 1,)


def test_its_clauses_are_read_when_they_are_asked_for() -> None:
    program = Program.parse(f"{PLAIN}{RULES}", ())
    assert len(program.clauses) == FEW + 6
    assert program.clauses[FEW].head.indicator == "two/2"
    assert program.line(FEW - 1) == FEW
    assert program.clauses[5].text == "edge(5,35)"
    assert [clause.line for clause in program.clauses[3:6]] == [4, 5, 6]
    assert len(program.extended("edge(a, b).").clauses) == FEW + 7


def test_facts_among_rules_keep_their_place() -> None:
    text = f"{PLAIN}first(X) :- findall(Y, edge(-1, Y), [X|_]). edge(-1, b) :- edge(1, 7). edge(-1, a)."
    assert answer_stated(Program.parse(text, ()), "first(X)") == {"first(b)": 1.0}
    denied = f"{CHANCES}0.5:: \\+ link(n3, 'a b', 3). q :- link(n3, _, _)."
    assert answer_stated(Program.parse(denied, ()), "q") == pytest.approx({"q": 0.125})


def test_what_is_wrong_in_a_long_text_is_refused_with_its_place() -> None:
    for wrong, words in (
        ("edge(1, 2", f"line {FEW + 1}"),
        ("member(1, 2).\nX = 3.", f"line {FEW + 2}"),
        ("p(1) :- shell(ls).", f"shell/1.*line {FEW + 1}"),
        ("1.5::edge(a, b). query(edge(a, b)).", "probabilities"),
    ):
        with pytest.raises((ProgramError, QueryError), match=f"(?s){words}"):
            infer(Program.parse(f"{PLAIN}{wrong}", ()))
    with pytest.raises(PrologLimit, match=r"MB"):
        Program.parse(f"{PLAIN}{CHANCES}", (), limits=Limits(megabytes=2))


def test_a_long_text_loads_quickly() -> None:
    text = "".join(f"0.5::edge({node},{node}).\n" for node in range(100_000))
    before = time.process_time() + cpu_seconds()
    program = Program.parse(text, ())
    assert time.process_time() + cpu_seconds() - before < 3.0  # 0.5 s alone
    answer_stated(program, "edge(5, 5)")
    before = time.process_time() + cpu_seconds()
    assert answer_stated(program, "edge(77, 77)") == pytest.approx({"edge(77,77)": 0.5})
    assert time.process_time() + cpu_seconds() - before < 0.02  # 1 ms alone
