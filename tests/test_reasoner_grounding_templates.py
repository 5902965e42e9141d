"""Samples that differ only in names share a template, and only where the program cannot tell the names apart."""

import re
from pathlib import Path

import pytest

import reasoner
from reasoner import Program, QueryError, infer
from reasoner.counting.planning import KEPT, prepare_query, with_facts
from reasoner.grounding.templates import RESPECTING, TAKING_APART, abstracted, is_shared

DIGITS = "nn(net, [X], Y, [0, 1, 2]) :: digit(X, Y)."
RULE = f"{DIGITS} sum([], 0). sum([X|Xs], S) :- digit(X, D), sum(Xs, R), S is D + R."


@pytest.mark.parametrize(
    ("query", "facts", "names", "template"),
    [
        ("sum([a, b], S)", "", ["a", "b"], "sum(['input 0', 'input 1'], S)"),
        ("sum([b, a], S)", "", ["a", "b"], "sum(['input 0', 'input 1'], S)"),  # in order of appearance
        ("sum([a, a], S)", "", ["a"], "sum(['input 0', 'input 0'], S)"),
        ("sum( [ 'a' ],S)", "", ["a"], "sum( [ 'input 0' ],S)"),
        ("s(img( 1 ), t(img(2)), S)", "", ["img(1)", "img(2)"], "s('input 0', t('input 1'), S)"),
        ("s(img(1), img(2), S)", "", ["img(1)"], "s(img(1), img(2), S)"),  # the other is left: they may be compared
        ("s(a, b - a)", "", ["a"], "s(a, b - a)"),  # no argument alone
        ("s(3, S)", "", ["3"], "s(3, S)"),  # a number may be computed with
        ("s(X)", "", [], "s(X)"),
        (r"s(a, '\x61\')", "", ["a"], r"s(a, '\x61\')"),  # which is a too
    ],
)
def test_names_become_placeholders(query: str, facts: str, names: list[str], template: str) -> None:
    assert abstracted(query, facts, names).query == template


def test_facts_are_part_of_the_template() -> None:
    one, two = (
        abstracted(f"who({names[0]}, X)", f"edge({names[0]}, {names[1]}). age({names[1]}, 3). % a comment", names)
        for names in (["ann", "bo"], ["cy", "dan"])
    )
    assert one[:2] == two[:2] == ("who('input 0', X)", "edge('input 0', 'input 1'). age('input 1', 3). % a comment")
    assert (one.names, two.names) == (("ann", "bo"), ("cy", "dan"))


@pytest.mark.parametrize(
    ("more", "shared"),
    [
        ("", True),
        ("special(a).", False),
        ("p(X) :- digit(X, special(a)).", False),
        ("0.3 :: q(a).", False),
        ("p(X, Y) :- X @< Y.", False),
        ("p(X) :- atom_length(X, 3).", False),
        ("p(X) :- X =.. [_, 1].", False),
        ("p(Xs, Ys) :- maplist(digit, Xs, Ys), length(Xs, 2), \\+ member(3, Ys).", True),
    ],
)
def test_what_a_program_can_tell_apart_is_not_shared(more: str, shared: bool) -> None:
    assert is_shared(Program.parse(f"{RULE} {more}", ()), abstracted("sum([a, b], S)", "", ["a", "b"])) == shared


@pytest.mark.parametrize("name", ["member", "pi", "true", "compare"])
def test_names_with_a_meaning_are_not_shared(name: str) -> None:
    assert not is_shared(Program.parse(RULE, ()), abstracted(f"sum([{name}], S)", "", [name]))


def test_facts_that_take_names_apart_are_not_shared() -> None:
    rule = Program.parse(f":- dynamic best/2. {RULE}", ())
    facts = "best(X, Y) :- msort([X, Y, a], _)."
    assert not is_shared(rule, abstracted("sum([a, b], S)", facts, ["a", "b"]))


def test_every_builtin_is_known_to_respect_names_or_not() -> None:
    folder = Path(str(reasoner.__file__)).parent / "interpreter"
    written = re.findall(r"^builtin\((?:_ )?'?([^\s(')]+)", (folder / "builtins.pl").read_text(), re.MULTILINE)
    written += re.findall(r"^([a-z]\w*)\(", (folder / "library.pl").read_text(), re.MULTILINE)
    assert len(written) > 90
    assert set(written) - {"Goal"} <= TAKING_APART | RESPECTING


def test_a_template_grounds_to_the_same_circuit() -> None:
    program = Program.parse(f":- dynamic skip/1. {RULE} some(Xs, X) :- member(X, Xs), \\+ skip(X), digit(X, 2).", ())
    template = abstracted("some([left, right, up], X)", "skip(right).", ["left", "right", "up"])
    assert is_shared(program, template)
    found = prepare_query(with_facts(program, template.facts), template.query)
    known = prepare_query(with_facts(program, "skip(right)."), "some([left, right, up], X)")
    assert tuple(map(template.restored, found.values)) == known.values == ("left", "up")
    assert tuple(map(template.renamed, known.values)) == found.values
    assert found.plan.sums.nodes == known.plan.sums.nodes


def test_what_was_prepared_is_kept() -> None:
    program = Program.parse(RULE, ())
    assert prepare_query(program, "sum([a, b], S)") is prepare_query(program, "sum([a, b], S)")
    assert (program, "sum([a, b], S)", None) in KEPT
    assert with_facts(program, "p(1).") is with_facts(program, "p(1).")
    assert with_facts(program, " ") is program


def test_a_declared_predicate_is_false_until_facts_come() -> None:
    program = Program.parse(":- dynamic parent/2, child/2. grand(X, Z) :- parent(X, Y), parent(Y, Z).")
    with pytest.raises(QueryError, match="no answer"):
        infer(program, "grand(ann, X)")
    answers = infer(program.extended("parent(ann, bo). 0.25 :: parent(bo, cy)."), "grand(ann, X)")
    assert answers.values == ("cy",)
    assert answers.log_probs.exp().item() == pytest.approx(0.25)
