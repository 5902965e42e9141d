"""The border to Prolog: texts checked once, workers that die alone, terms of any depth, limits that are counts."""

import os
import signal
from math import log
from pathlib import Path

import pytest
from hypothesis import given, strategies as st
from problog import get_evaluatable
from problog.program import PrologString

from neurosym.commands.queries import LimitError, limits_from, report_file
from reasoner import (
    ConstraintProgram,
    Limits,
    Program,
    ProgramError,
    PrologLimit,
    PrologTimeout,
    QueryError,
    explain_queries,
    infer,
    solve,
    to_dict,
    to_svg,
    to_text,
)
from reasoner.prolog import workers
from reasoner.prolog.border import request
from reasoner.prolog.terms import Struct, Term, Variable, conjuncts, from_json, order, to_text as term_text, to_value
from reasoner.prolog.text import PrologText, QueryText
from reasoner.proofs.rendering import to_dot

DEEP = f"{'(' * 20_000}1{')' * 20_000}"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (f"p(X) :- X #= {DEEP}.", "nested more than 1000 deep.*line 1, column 1014"),
        ("p.\nq(\0).", "NUL character"),
        (f"p.\np({'7' * 2_000_000}).", "more than 4000 digits.*line 2, column 3"),
        (f"p(1_000_{'000_ ' * 5000}0).", "more than 4000 digits"),
        (f"p(0x{'f' * 5000}).", "more than 4000 digits"),
    ],
)
def test_every_text_is_checked_before_prolog_sees_it(text: str, words: str, tmp_path: Path) -> None:
    file = tmp_path / "program.pl"
    file.write_text(text)
    for read in (Program.parse, ConstraintProgram.parse):
        with pytest.raises(ProgramError, match=f"(?s){words}"):
            read(text)
    for read_file in (Program.read, ConstraintProgram.read):
        with pytest.raises(ProgramError, match=f"(?s)program.pl.*{words}"):
            read_file(file)
    with pytest.raises(QueryError, match=words.split(".*")[0]):
        QueryText(text, "<query>")


def test_queries_are_checked_as_programs_are() -> None:
    with pytest.raises(QueryError, match="nested more than 1000"):
        infer(Program.parse("0.5::p(1).", ()), f"p({DEEP})")
    with pytest.raises(QueryError, match="nested more than 1000"):
        solve(ConstraintProgram.parse("p(X) :- X in 1..2."), f"p({DEEP})")


def test_brackets_and_digits_in_quotes_and_comments_do_not_count() -> None:
    inside = "(" * 2000 + "7" * 5000
    assert infer(Program.parse(f"p('{inside}'). % {inside}\n/* {inside} */ query(p(_)).", ())).atoms[0].startswith("p(")


def test_a_byte_order_mark_is_left_out(tmp_path: Path) -> None:
    file = tmp_path / "bom.pl"
    file.write_bytes(b"\xef\xbb\xbfp. query(p).")
    assert infer(Program.read(file, ())).probability("p").item() == 1.0
    assert PrologText("\ufeffp.", "x").text == "p."


def test_a_worker_that_dies_ends_its_request_alone() -> None:
    request(Limits(), "term", PrologText("a", "x"))
    pool = workers._pool  # pyright: ignore[reportPrivateUsage]
    (dead,) = pool.idle[-1:]
    os.kill(dead.process.pid, signal.SIGSTOP)
    os.kill(dead.process.pid, signal.SIGKILL)
    dead.process.wait()
    assert request(Limits(), "term", PrologText("b", "x")) == "b"
    with pytest.raises(PrologLimit, match="ended with signal 9"):
        raise dead._obituary()  # pyright: ignore[reportPrivateUsage]


def test_what_prolog_does_not_end_is_ended_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "_GRACE", -0.3)  # before Prolog looks
    with pytest.raises(PrologTimeout, match=r"did not finish within 0\.5 s"):
        infer(Program.parse("p :- forall(between(1, inf, X), X > 0). query(p).", ()), limits=Limits(seconds=0.5))
    monkeypatch.undo()
    assert infer(Program.parse("0.5::a. query(a).", ())).probability("a").item() == 0.5


def test_limits_hold_for_reading() -> None:
    text = "".join(f"p({number}).\n" for number in range(50_000))
    with pytest.raises(PrologLimit, match="inferences"):
        Program.parse(text, (), limits=Limits(inferences=10_000))
    with pytest.raises(PrologTimeout):
        Program.parse(text, (), limits=Limits(seconds=0.05))


def test_long_bodies_and_disjunctions_are_not_deep() -> None:
    for joint in (",", ";"):
        program = Program.parse(f"q. p :- {joint.join(['q'] * 3000)}. query(p).", ())
        assert infer(program).probability("p").item() == 1.0
    assert len(conjuncts(Program.parse(f"q. p :- {','.join(['q'] * 3000)}.", ()).clauses[1].body)) == 3000


def test_annotated_disjunctions_of_many_heads() -> None:
    heads = "; ".join(f"{1 / 4000}::a({number})" for number in range(4000))
    answers = infer(Program.parse(f"{heads}. b :- a(X), X < 1000. query(b). query(a(_)).", ()))
    assert len(answers.atoms) == 4001
    assert answers.probability("b").item() == pytest.approx(0.25)


@pytest.mark.parametrize("depth", [500, 20_000])
def test_deep_answers_are_answered(depth: int) -> None:
    program = Program.parse(f"w(_, A, f(A)). p(T) :- numlist(1, {depth}, L), foldl(w, L, a, T). query(p(_)).", ())
    (atom,) = infer(program).atoms
    assert atom == f"p({'f(' * depth}a{')' * depth})"
    if depth < 1000:
        (answer,) = explain_queries(program)
        assert answer.proof.text == atom


def test_deep_proofs_are_explained_and_drawn() -> None:
    text = "0.5::e(X, Y) :- Y is X + 1. p(0). p(N) :- N > 0, M is N - 1, e(M, N), p(M). query(p(330))."
    (answer,) = explain_queries(Program.parse(text, ()))
    assert answer.log_probability == pytest.approx(330 * log(0.5))
    facts = [node for node in answer.proof.nodes() if node.kind == "fact"]
    assert len(facts) == 330
    assert to_text(answer.proof).count("\n") + 1 == sum(1 for _ in answer.proof.nodes())
    assert to_svg(answer.proof).count("<rect") == to_dot(answer.proof).count("label=") == 330 * 6 + 1
    depth, node = 0, to_dict(answer.proof)
    while node["steps"]:
        depth, node = depth + 1, node["steps"][-1]
    assert depth == 330


def test_small_probabilities_are_shown_as_logarithms(tmp_path: Path) -> None:
    file = tmp_path / "small.pl"
    file.write_text("0.01::e(X) :- between(1, 300, X). p(0). p(N) :- N > 0, e(N), M is N - 1, p(M). query(p(300)).")
    assert report_file(file, None, Limits(), False, False) == "p(300)  e^-1381.5511"
    assert '"log_probability": -1381.55' in report_file(file, None, Limits(), False, True)
    assert report_file(file, None, Limits(), True, False).startswith("p = e^-1381.5511\np(300)")


def test_limits_come_from_the_command() -> None:
    assert limits_from(3.0, ["megabytes=64", "gates=7"]) == Limits(seconds=3.0, megabytes=64, gates=7)
    for wrong in ("megabytes", "seconds=3", "megabytes=-1", "memory=3", "gates=1e9"):
        with pytest.raises(LimitError, match="NAME=NUMBER"):
            limits_from(1.0, [wrong])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (":- table sp(_, _, lattice(or/3)).\nsp(a, b, 1).", "keeps some answers only.*line 1"),
        (":- dynamic(p). p(1).", "not allowed.*not be obeyed"),
        ("t(2.0, X)::a(X). query(a(1)).", "cannot be learned"),
        ("edge(a, b). path(X) :- egde(X, _). query(path(_)).", "egde/2'; did you mean edge/2"),
        ("edge(a, b). path(X) :- edge(X). query(path(_)).", "edge/1'; did you mean edge/2"),
    ],
)
def test_what_would_not_be_obeyed_is_refused(text: str, words: str) -> None:
    with pytest.raises(ProgramError, match=f"(?s){words}"):
        Program.parse(text, ())


def test_plain_tables_are_accepted() -> None:
    text = ":- table p/1, q(_, _). p(1). q(X, Y) :- p(X), Y = X. query(q(_, _))."
    assert infer(Program.parse(text, ())).atoms == ("q(1,1)",)


def test_what_is_collected_is_a_list() -> None:
    for collect in ("findall(X, p(X), foo)", "L = foo, findall(X, p(X), L)", "all(X, p(X), [a|b])"):
        with pytest.raises(QueryError, match="is no list"):
            infer(Program.parse(f"0.5::p(1). q :- {collect}. query(q).", ()))


def test_a_query_without_answers_has_the_probability_0() -> None:
    text = "p(1) :- fail. 0.5::a. query(p(_)). query(a)."
    answers = infer(Program.parse(text, ()))
    found = dict(zip(answers.atoms, answers.log_probs[0].exp().tolist(), strict=True))
    rival = {
        str(atom).split("(")[0]: value
        for atom, value in get_evaluatable().create_from(PrologString(text)).evaluate().items()
    }
    assert {atom.split("(")[0]: value for atom, value in found.items()} == pytest.approx(rival)


scalars = st.one_of(
    st.integers(-(10**20), 10**20),
    st.floats(allow_nan=False, allow_infinity=False),
    st.builds(Struct, st.text(st.characters(exclude_categories=["C"]), min_size=1, max_size=5)),
)
terms: st.SearchStrategy[Term] = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(tuple),
        st.builds(Struct, st.sampled_from(["f", "g h", "+"]), st.lists(inner, min_size=1, max_size=3).map(tuple)),
    ),
    max_leaves=12,
)


def quoted(term: Term) -> str:
    """The term in Prolog's canonical notation."""
    if isinstance(term, Struct):
        name = "'" + term.functor.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n") + "'"
        return f"{name}({','.join(map(quoted, term.arguments))})" if term.arguments else name
    return f"[{','.join(map(quoted, term))}]" if isinstance(term, tuple) else repr(term)


@given(terms)
def test_terms_cross_the_border_unchanged(term: Term) -> None:
    assert from_json(request(Limits(), "term", PrologText(quoted(term), "x"))) == term


@given(st.lists(terms, max_size=6))
def test_the_order_of_terms_is_that_of_nested_keys(found: list[Term]) -> None:
    def nested(term: Term) -> tuple[object, ...]:
        if isinstance(term, int | float):
            return 0, term
        name, parts = ("", term) if isinstance(term, tuple) else (term.functor, term.arguments)  # type: ignore[union-attr]
        return 3, len(parts), name, tuple(map(nested, parts))

    assert sorted(found, key=order) == sorted(found, key=nested)


def test_terms_of_any_depth() -> None:
    deep: Term = Struct("a")
    for _ in range(50_000):
        deep = Struct("f", (deep,))
    assert term_text(deep) == f"{'f(' * 50_000}a{')' * 50_000}" == to_value(deep)
    assert len(order(deep)) == 3 * 50_001
    assert to_value(((1, (Struct("a"), ())), 2)) == ((1, ("a", ())), 2)
    assert from_json([["f", 2], {"v": "X"}, [2], {"s": "t"}, "a"]) == Struct("f", (Variable("X"), ("t", Struct("a"))))
