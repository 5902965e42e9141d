"""Programs written for DeepProbLog: its constructs load and ground as they stand, with answers by enumeration."""

from itertools import product

import pytest
import torch

from logic import Domain, Symbols
from reasoner import Program, ProgramError, QueryError, explain, infer

CARDS = """
nn(net1, [X], Z, [jack, queen, king]) :: rank(X, Z).
1/3::house(jack); 1/3::house(queen); 1/3::house(king).
hand([card(R), card(R)], pair(R)).
hand(Cards, high(R)) :- member(card(R), Cards).
value(high(jack), 0). value(high(queen), 1). value(high(king), 2).
value(pair(jack), 3). value(pair(queen), 4). value(pair(king), 5).
best(Cards, R) :- hand(Cards, H), value(H, R), \\+(hand(Cards, H2), value(H2, R2), R2 > R).
outcome(R1, R2, win) :- R1 > R2.
outcome(R1, R2, loss) :- R1 < R2.
outcome(R, R, draw).
game([A, B], Outcome) :- house(H), rank(A, R1), rank(B, R2), best([card(R1), card(H)], V1),
    best([card(R2), card(H)], V2), outcome(V1, V2, Outcome).
"""
FORWARD = """
nn(relation, E, R, [child, sibling]) :: related(E, R).
nn(encoder, [Text], Code) :: encode(Text, Code).
edge(s(A, B, Text), Edge) :- encode(Text, Code), related([Code], R), Edge =.. [R, A, B].
edges([], []).
edges([S|Ss], [E|Es]) :- edge(S, E), edges(Ss, Es).
follows(Text, X, R, Y) :- edges(Text, Facts), member(R, [child, sibling]), Goal =.. [R, X, Y], forward(Facts, Goal).
forward(Facts, Goal) :- member(Goal, Facts).
forward(Facts, Goal) :- \\+member(Goal, Facts), step(Facts, More), forward(More, Goal).
step(Facts, All) :-
    findall(H, (rule(H, B), maplist([X]>>member(X, Facts), B), \\+member(H, Facts)), [N|Ns]),
    append([N|Ns], Facts, All).
rule(child(X, Y), [child(X, Z), sibling(Z, Y)]).
rule(sibling(X, Y), [sibling(X, Z), sibling(Z, Y)]).
"""


def beliefs(program: Program, name: str, slots: int, seed: int) -> tuple[Symbols, list[list[float]]]:
    domain = program.domain(name)
    log_probs = (
        torch.randn(1, slots, len(domain), generator=torch.Generator().manual_seed(seed)).double().log_softmax(2)
    )
    return Symbols(domain, log_probs), log_probs[0].exp().tolist()


def test_negated_conjunctions() -> None:
    program = Program.parse(CARDS, ())
    symbols, cards = beliefs(program, "net1", 2, 0)

    def value(card: int, house: int) -> int:
        return 3 + card if card == house else max(card, house)

    expected = {"win": 0.0, "loss": 0.0, "draw": 0.0}
    for a, b, house in product(range(3), repeat=3):
        first, second = value(a, house), value(b, house)
        outcome = "win" if first > second else "loss" if first < second else "draw"
        expected[outcome] += cards[0][a] * cards[1][b] / 3
    answers = infer(program, "game([tensor(train(0)), tensor(train(1))], Outcome)", symbols)
    assert dict(zip(answers.values, answers.log_probs[0].exp().tolist(), strict=True)) == pytest.approx(expected)
    best = explain(program, "game([tensor(train(0)), tensor(train(1))], O)", symbols)[0]
    assert best.probability == pytest.approx(max(expected.values()))


def test_lambdas_embeddings_and_forward_chaining() -> None:
    program = Program.parse(FORWARD, ())
    asked = """follows([s(0, 1, 'a b'), s(1, 2, "c")], 0, R, 2)"""
    symbols, edge = beliefs(program, "relation", 2, 1)
    answers = infer(program, asked, symbols)
    expected = {"child": edge[0][0] * edge[1][1], "sibling": edge[0][1] * edge[1][1]}
    assert dict(zip(answers.values, answers.log_probs[0].exp().tolist(), strict=True)) == pytest.approx(expected)


def test_neural_facts_and_calls_built_by_rules() -> None:
    text = """nn(valid, [X]) :: ok(X). edge(_, X, Y, _) :- member(X-Y, [0-1, 1-2]), ok(X-Y).
        path(T, X, Y, D) :- D > 0, edge(T, X, Z, D - 1), call(path, T, Z, Y, D-1). path(T, X, Y, D) :- edge(T, X, Y, D).
        reach(R, X, Y) :- relation(R), length([a, b, c], D), call(R, [t], X, Y, D-1). relation(path). relation(edge)."""
    program = Program.parse(text, ())
    symbols, found = beliefs(program, "valid", 2, 2)
    both = found[0][0] * found[1][0]
    assert infer(program, "reach(R, 0, 2)", symbols).probability("path").item() == pytest.approx(both)
    assert program.domains == (Domain("valid", ("true", "false")),)


def test_what_is_nowhere_defined_matters_when_it_is_reached() -> None:
    text = "0.5::a.\ntext(T) :- words(T).\nb(X) :- a, X = 1.\nc :- a,\n  b(X), nowhere(X).\n"
    program = Program.parse(text, (), "model.pl")
    assert infer(program, "b(X)").probability(1).item() == pytest.approx(0.5)
    with pytest.raises(
        QueryError, match=r"model.pl: 'nowhere/1' is called.*line 5, column 9\n    b\(X\), nowhere\(X\)"
    ):
        infer(program, "c")
    with pytest.raises(ProgramError, match=r"'words/1'.*line 1, column 12"):
        Program.parse("text(T) :- words(T).", ())
