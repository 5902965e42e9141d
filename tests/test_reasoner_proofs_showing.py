"""Public objects on a screen, in a notebook and in another process."""

import multiprocessing
import pickle

import networkx
import pytest
import torch

from logic import Symbols
from reasoner import (
    DIGITS,
    Budget,
    ConstraintProgram,
    Counter,
    Program,
    Proof,
    best_proofs,
    best_worlds,
    bound,
    count_shortcuts,
    explain,
    ground,
    infer,
    prepare,
    solve,
    to_text,
)

RULE = Program.parse("sum(S) :- digit(0, X), digit(1, Y), S is X + Y.")
BELIEFS = Symbols(DIGITS, torch.arange(20.0).view(1, 2, 10).sin().double().log_softmax(2))
HOSTILE = ConstraintProgram.parse("p('<script>alert(1)</script>', X) :- X in 1..3, X #< 2.", source="<b>")
OBJECTS: dict[str, object] = {
    "program": RULE,
    "grounding": ground(RULE, "sum(S)"),
    "answers": infer(RULE, "sum(S)", BELIEFS),
    "counter": prepare(ground(RULE, "sum(S)").circuit),
    "bounds": bound(ground(RULE, "sum(S)").circuit, BELIEFS.log_probs.flatten(1), Budget(branches=100)),
    "answer": explain(RULE, "sum(S)", BELIEFS)[0],
    "proof": explain(RULE, "sum(S)", BELIEFS)[1].proof,
    "ranked": best_proofs(RULE, "sum(S)", BELIEFS, 7, 1)[0],
    "world": best_worlds(RULE, "sum(S)", 7, BELIEFS)[0],
    "shortcuts": count_shortcuts(RULE, "sum(S)", answers=[0, 18]),
    "constraints": HOSTILE,
    "solution": solve(HOSTILE, "p(A, X)"),
    "conflict": solve(HOSTILE, "(p(A, X), X #> 2)"),
    "sudoku": solve(ConstraintProgram.parse("p([[A, B], [B, A]]) :- A in 1..1, B in 2..2."), "p(Rows)"),
}


@pytest.mark.parametrize("name", OBJECTS)
def test_a_repr_fits_a_screen_and_html_holds_no_foreign_markup(name: str) -> None:
    shown = OBJECTS[name]
    assert len(repr(shown)) < 400
    assert "\n" not in repr(shown)
    assert len(str(shown)) < 4000
    for kind in ("_repr_html_", "_repr_svg_"):
        if hasattr(shown, kind):
            page = getattr(shown, kind)()
            assert "<script" not in page
            assert page.startswith("<")


def test_what_notebooks_show_is_there() -> None:
    for name in ("program", "answers", "answer", "ranked", "constraints", "solution"):
        assert hasattr(OBJECTS[name], "_repr_html_"), name
    assert hasattr(OBJECTS["proof"], "_repr_svg_")
    assert "&lt;script&gt;" in OBJECTS["constraints"]._repr_html_()  # pyright: ignore
    assert "<td>2</td>" in OBJECTS["sudoku"]._repr_html_()  # pyright: ignore


@pytest.mark.parametrize("name", OBJECTS)
def test_objects_come_through_pickle_as_they_were(name: str) -> None:
    before = OBJECTS[name]
    after = pickle.loads(pickle.dumps(before))
    assert repr(after) == repr(before)
    assert str(after) == str(before)
    if isinstance(before, Counter):
        log_probs = BELIEFS.log_probs.flatten(1)
        assert torch.equal(after.log_probabilities(log_probs), before.log_probabilities(log_probs))


def test_a_spawned_worker_takes_and_returns_them() -> None:
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        answers = pool.apply(infer, (RULE, "sum(S)", BELIEFS))
        solution = pool.apply(solve, (HOSTILE, "p(A, X)"))
    assert answers.probability(7).item() == pytest.approx(infer(RULE, "sum(S)", BELIEFS).probability(7).item())
    assert solution.bindings["X"] == 1


def test_a_proof_is_printed_and_becomes_a_graph() -> None:
    proof = OBJECTS["proof"]
    assert isinstance(proof, Proof)
    assert str(proof) == to_text(proof)
    graph = proof.to_networkx()
    assert networkx.is_arborescence(graph)
    nodes = list(proof.nodes())
    assert [graph.nodes[number]["text"] for number in range(len(nodes))] == [node.text for node in nodes]
    assert [graph.out_degree(number) for number in range(len(nodes))] == [len(node.steps) for node in nodes]
