"""Ground rules: components, what can hold, circuits and sums of rules in circles, against brute force over worlds."""

from itertools import product

import networkx
import numpy as np
import pytest
import torch
from hypothesis import assume, given, strategies as st

from logic import Domain, Symbols
from logic.evaluation import evaluate_bits
from reasoner import Program, QueryError, infer
from reasoner.compilation.normal_form import are_countable
from reasoner.grounding.components import components
from reasoner.grounding.grounding import ground
from reasoner.grounding.rules import Row, in_order, relevant
from reasoner.grounding.unrolling import build_circuit, feedback

NODES = 7
graphs = st.lists(st.lists(st.integers(0, NODES - 1), max_size=3), min_size=NODES, max_size=NODES)


@given(graphs)
def test_components_are_those_of_networkx_each_after_what_it_reaches(successors: list[list[int]]) -> None:
    found = components(dict(enumerate(successors)))
    graph = networkx.DiGraph([(a, b) for a, others in enumerate(successors) for b in others])
    graph.add_nodes_from(range(NODES))
    assert {frozenset(one) for one in found} == {
        frozenset(one) for one in networkx.strongly_connected_components(graph)
    }
    place = {node: number for number, one in enumerate(found) for node in one}
    assert all(place[b] <= place[a] for a, b in graph.edges)


@given(graphs)
def test_without_the_feedback_nodes_there_is_no_circle(successors: list[list[int]]) -> None:
    cut = set(feedback(dict(enumerate(successors))))
    graph = networkx.DiGraph([(a, b) for a, others in enumerate(successors) for b in others if not {a, b} & cut])
    assert networkx.is_directed_acyclic_graph(graph)


ATOMS, INPUTS = 4, 3  # leaf -1 - i is input i
bodies = st.lists(st.one_of(st.integers(0, ATOMS - 1), st.integers(-INPUTS, -1)), min_size=0, max_size=3)
rules = st.lists(st.tuples(st.integers(0, ATOMS - 1), bodies), min_size=1, max_size=8)


def least_model(rows: list[Row], world: tuple[bool, ...]) -> set[int]:
    """What follows in a world, by naive iteration."""
    true: set[int] = set()
    while True:
        new = {head for _, head, body in rows if all(item in true if item >= 0 else world[-1 - item] for item in body)}
        if new == true:
            return true
        true = new


@given(rules)
def test_circuits_of_rules_in_circles_are_their_least_models(written: list[tuple[int, list[int]]]) -> None:
    rows = list(dict.fromkeys(Row(0, head, tuple(body)) for head, body in written))
    program = Program.parse("p.", ())
    ordered = in_order(relevant(rows, {}, range(ATOMS)), {}, {atom: str(atom) for atom in range(ATOMS)}, program)
    names = [[f"i{number}=1", f"i{number}=0"] for number in range(INPUTS)]
    circuit = build_circuit(
        ordered.circles,
        {-1 - i: 2 * i for i in range(INPUTS)},
        {},
        names,
        {f"a{n}": n for n in range(ATOMS)},
        (),
        10**6,
    )
    worlds = [*product((False, True), repeat=INPUTS)]
    bits = np.array([[world[i] == holds for i in range(INPUTS) for holds in (True, False)] for world in worlds])
    found = evaluate_bits(circuit, bits)
    place = {name: number for number, name in enumerate(circuit.output_names)}
    for number, world in enumerate(worlds):
        expected = least_model(rows, world)
        assert {atom for atom in range(ATOMS) if found[number, place[f"a{atom}"]]} == expected
        assert expected <= ordered.possible


@given(rules, st.lists(st.integers(1, 99), min_size=INPUTS, max_size=INPUTS))
def test_probabilities_of_random_rules_are_those_of_all_worlds(
    written: list[tuple[int, list[int]]], shares: list[int]
) -> None:
    lines = [f"{share / 100}::i{-1 - number}." for number, share in enumerate(shares, -INPUTS)]
    for head, body in written:
        goals = [f"a{item}" if item >= 0 else f"i{-1 - item}" for item in body]
        lines.append(f"a{head} :- {', '.join(goals)}." if goals else f"a{head}.")
    asked = sorted({head for head, _ in written})
    undefined = {item for _, body in written for item in body if item >= 0} - set(asked)
    assume(not undefined)
    answers = infer(Program.parse("\n".join([*lines, *(f"query(a{atom})." for atom in asked)]), ()))
    rows = [Row(0, head, tuple(body)) for head, body in written]
    share_of = {-1 - number: share / 100 for number, share in enumerate(shares, -INPUTS)}
    expected = dict.fromkeys(asked, 0.0)
    for world in product((False, True), repeat=INPUTS):
        weight = 1.0
        for number, holds in enumerate(world):
            weight *= share_of[number] if holds else 1 - share_of[number]
        for atom in least_model(rows, world):
            expected[atom] += weight
    for atom in asked:
        assert answers.probability(f"a{atom}").item() == pytest.approx(expected[atom])


def test_many_independent_facts_are_a_small_tree() -> None:
    program = Program.parse("0.001::e(X) :- between(1, 3000, X). 0.3::f. a :- e(_). a :- f. query(a).", ())
    sums = ground(program).written_sums()
    assert sums is not None
    assert are_countable(sums)
    assert len(sums.nodes) < 3 * 3000
    assert infer(program).probability("a").item() == pytest.approx(1 - 0.999**3000 * 0.7)
    shared = "0.01::e(X) :- between(1, 101, X). 0.3::f. a :- e(_). a :- f. b :- f, a. query(b). evidence(a)."
    expected = 0.3 / (1 - 0.99**101 * 0.7)
    assert infer(Program.parse(shared, ())).probability("b").item() == pytest.approx(expected)
    few = Program.parse("0.01::e(X) :- between(1, 100, X). a :- e(_). query(a).", ())
    assert infer(few).probability("a").item() == pytest.approx(1 - 0.99**100)


NETWORK = "nn(net, [X], Y, [0, 1, 2]) :: digit(X, Y). "


def read(text: str, query: str, slots: int) -> object:
    """What is most likely where slot i surely shows i."""
    domain = Domain("net", range(3))
    seen = torch.full((1, slots, 3), -30.0)
    for slot in range(slots):
        seen[0, slot, slot] = 0.0
    return infer(Program.parse(NETWORK + text, ()), query, Symbols(domain, seen.log_softmax(2))).most_likely()[0]


@pytest.mark.parametrize("body", ["digit(X, A), digit(Y, B)", "digit(Y, B), digit(X, A)"])
def test_the_order_of_goals_does_not_say_which_picture_is_meant(body: str) -> None:
    rule = f"f(X, Y, Z) :- {body}, Z is A * 10 + B. "
    assert read(rule, "f(a, b, Z)", 2) == 1
    assert read(rule, "f(b, a, Z)", 2) == 1
    assert read(rule, "f(img('A b'), img(\"c\"), Z)", 2) == 1
    assert read(rule, "f(2, 1, Z)", 3) == 21
    assert read(rule + "pair(P, Q, Z) :- f(s(P), s(Q), Z).", "pair(a, b, Z)", 2) == 1
    with pytest.raises(QueryError, match=r"net' is asked about a and b.*name the inputs in the query"):
        read(rule + "both(Z) :- f(a, b, Z).", "both(Z)", 2)


def test_one_input_needs_no_name() -> None:
    assert read("z(Z) :- digit(only, Z).", "z(Z)", 1) == 0
