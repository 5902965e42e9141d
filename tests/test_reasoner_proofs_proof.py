"""Explanations: replayed proofs, forged ones refused, meaning in Z3 against the grounding, and the readout."""

import json
from itertools import product
from xml.etree import ElementTree

import pytest
import torch
import z3

from logic import Circuit, Gate, Symbols
from reasoner import (
    DIGITS,
    Limits,
    MeaningError,
    Program,
    PrologLimit,
    ProofError,
    QueryError,
    SlotValue,
    answer_bits,
    explain,
    ground,
    rule_formula,
    slot_bounds,
)
from reasoner.proofs.cheapest import Reason
from reasoner.proofs.proof import replay
from reasoner.proofs.rendering import to_dict, to_dot, to_svg, to_text

ADDITION = Program.parse("% adds\nsum(S) :- digit(0, X), digit(1, Y), S is X + Y.")


def true_outputs(circuit: Circuit, world: tuple[int, ...]) -> set[str]:
    """Names of the outputs that are true in a world, by plain evaluation."""
    wires = [
        False,
        *(v == chosen for group, chosen in zip(circuit.one_hot, world, strict=True) for v in range(len(group))),
    ]

    def read(code: int) -> bool:
        return wires[code >> 1] != bool(code & 1)

    for gate, kind in enumerate(circuit.kinds.tolist()):
        values = [read(code) for code in circuit.operands(gate).tolist()]
        wires.append(all(values) if kind == Gate.AND else any(values))
    return {name for name, code in zip(circuit.output_names, circuit.outputs.tolist(), strict=True) if read(code)}


def seen(first: int, second: int) -> Symbols:
    scores = torch.zeros(1, 2, 10)
    scores[0, 0, first] = scores[0, 1, second] = 5.0
    scores[0, 1, 9] = 3.0
    return Symbols(DIGITS, scores.log_softmax(2))


def test_the_best_two_answers_of_an_addition() -> None:
    best, second = explain(ADDITION, "sum(S)", seen(3, 4))
    assert (best.atom, best.bindings, best.world) == ("sum(7)", {"S": 7}, {("digit", 0): 3, ("digit", 1): 4})
    assert second.atom == "sum(12)"
    assert best.probability > second.probability > second.world_probability > 0
    assert [step.text for step in best.proof.steps] == ["digit(0,3)", "digit(1,4)", "7 is 3+4"]
    assert best.proof.line == 2
    assert best.proof.bindings == (("S", "7"), ("X", "3"), ("Y", "4"))
    assert best.proof.steps[0].probability == pytest.approx(torch.tensor([5.0] + [0.0] * 9).softmax(0)[0].item())
    assert "digit(0,3)" in to_text(best.proof)
    assert json.loads(json.dumps(to_dict(best.proof)))["steps"][2]["text"] == "7 is 3+4"
    assert "7 is 3+4" in to_dot(best.proof)
    picture = ElementTree.fromstring(to_svg(best.proof))
    assert len([shape for shape in picture if shape.tag.endswith("rect")]) == 4


def test_negation_recursion_and_alternatives_are_replayed() -> None:
    text = """e(X, Y) :- digit(0, X), digit(1, Y). e(1, 2). e(2, 3). e(3, 1).
    r(X, Y) :- r(X, Z), e(Z, Y). r(X, Y) :- e(X, Y).
    cut_off(X) :- between(0, 9, X), \\+ r(1, X), (X > 5 -> true ; \\+ (e(X, Y), Y > 2))."""
    program = Program.parse(text)
    (answer,) = explain(program, "cut_off(X)", seen(3, 4), top=1)
    assert any(node.kind == "negation" for node in answer.proof.nodes())
    (reached,) = explain(program, "r(1, 4)", seen(3, 4), top=1)
    assert {node.text for node in reached.proof.nodes()} >= {"e(1,2)", "e(2,3)", "e(3,4)", "digit(0,3)", "digit(1,4)"}


def test_what_is_certain_by_a_very_long_proof_is_a_leaf() -> None:
    program = Program.parse("n(0, 1). n(N, P) :- N > 0, M is N - 1, n(M, P). p(X) :- digit(0, X), n(300, X).")
    (answer,) = explain(program, "p(X)", seen(3, 4))
    (leaf,) = [node for node in answer.proof.nodes() if node.text.startswith("n(300")]
    assert (leaf.text, leaf.kind, leaf.steps) == ("n(300,1)", "rule", ())


def test_a_goal_that_tells_a_variable_from_its_value_is_replayed_as_it_was_called() -> None:
    program = Program.parse(
        "p(X) :- free(X), digit(0, X). free(X) :- var(X), X = 3. free(X) :- nonvar(X), digit(1, X)."
    )
    free, bound = (
        {node.text for node in explain(program, query, seen(3, 3), top=1)[0].proof.nodes()}
        for query in ("p(X)", "p(3)")
    )
    assert {"free(3)", "digit(0,3)"} <= free
    assert "digit(1,3)" not in free
    assert {"free(3)", "nonvar(3)", "digit(0,3)", "digit(1,3)"} <= bound


def test_a_wrong_proof_is_not_shown() -> None:
    grounding = ground(ADDITION, "sum(S)")
    seven, eight = (grounding.answers[number].atom for number in (7, 8))
    belief: dict[tuple[str, int, int | str], float] = {
        ("digit", slot, value): 0.1 for slot in (0, 1) for value in range(10)
    }
    world: dict[tuple[str, int], int | str] = {("digit", 0): 3, ("digit", 1): 5}
    right = next(i for i in grounding.instances if i.head == eight and SlotValue("digit", 0, 3) in i.body)
    assert replay(grounding, Reason(right, ()), world, belief, Limits()).text == "sum(8)"
    forged = right._replace(head=seven)
    elsewhere = next(i for i in grounding.instances if i.head == seven and SlotValue("digit", 0, 3) in i.body)
    for wrong in (forged, elsewhere):  # what does not follow, and what does not hold in this world
        with pytest.raises(ProofError, match=r"failed when replayed, at 'sum\(7\)'"):
            replay(grounding, Reason(wrong, ()), world, belief, Limits())
    with pytest.raises(PrologLimit, match="within 100 inferences"):  # a limit is no wrong proof
        replay(grounding, Reason(right, ()), world, belief, Limits(inferences=100))


def test_one_sample_at_a_time() -> None:
    with pytest.raises(QueryError, match="batch holds 2"):
        explain(ADDITION, "sum(S)", Symbols(DIGITS, torch.zeros(2, 2, 10).log_softmax(2)))


RULES = Program.parse("""
plus(S) :- digit(0, X), digit(1, Y), S is X + Y.
mixed(S) :- digit(0, X), digit(1, Y), (X > Y -> S is (X - Y * 2) mod 5 ; small(X), S is (X - Y) // 2 + 20 ; S is 7).
small(X) :- X < 4.
small(X) :- \\+ X < 8.
table(S) :- digit(0, X), name(X, N), digit(1, Y), S is N * (Y rem 3) + max(X, Y) - abs(-1) + (X - 5) div 2.
name(0, 4). name(1, 9). name(X, X) :- between(2, 7, X), X \\= 5.
""")


@pytest.mark.parametrize("query", ["plus(S)", "mixed(S)", "table(S)"])
def test_meaning_equals_grounding(query: str) -> None:
    slots = {("digit", 0): z3.Int("a"), ("digit", 1): z3.Int("b")}
    grounding = ground(RULES, query)
    truth = {world: true_outputs(grounding.circuit, world) for world in product(range(10), repeat=2)}
    for answer in grounding.answers:
        value = answer.bindings["S"]
        assert isinstance(value, int)
        formula = rule_formula(RULES, query, value, slots)
        for world, names in truth.items():
            pairs = [(variable, z3.IntVal(seen)) for variable, seen in zip(slots.values(), world, strict=True)]
            assert z3.is_true(z3.simplify(z3.substitute(formula, *pairs))) == (answer.text in names)
    other = z3.Solver()
    other.add(slot_bounds(RULES, slots), rule_formula(RULES, query, 1000, slots))
    assert other.check() == z3.unsat


def test_what_has_no_meaning_is_refused() -> None:
    slots = {("digit", 0): z3.Int("a")}
    program = Program.parse("p(X) :- p(X).\nq(X) :- digit(0, Y), length(Y, X).\nr(X) :- digit(3, X).")
    for query, words in (("p(X)", "line 1.*recursive"), ("q(X)", "line 2.*length/2"), ("r(X)", r"digit\(3")):
        with pytest.raises(MeaningError, match=words):
            rule_formula(program, query, 1, slots)


def test_bits_of_the_sum() -> None:
    circuit = answer_bits(ground(ADDITION, "sum(S)"))
    assert set(circuit.kinds.tolist()) <= {Gate.AND, Gate.OR}
    assert not (circuit.literals & 1).any()
    assert circuit.output_names[:3] == ("bit0=0", "bit0=1", "bit1=0")
    for world in product(range(10), repeat=2):
        expected = {f"bit{bit}={sum(world) >> bit & 1}" for bit in range(5)}
        assert true_outputs(circuit, world) == expected


def test_bits_with_negation_read_no_complement() -> None:
    program = Program.parse("p(1) :- digit(0, X), \\+ digit(1, X).\np(0) :- \\+ p(1).")
    circuit = answer_bits(ground(program, "p(B)"))
    assert not (circuit.literals & 1).any()
    for world in product(range(10), repeat=2):
        assert true_outputs(circuit, world) == {f"bit0={int(world[0] != world[1])}"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("p(X) :- digit(0, X). p(3) :- digit(1, 3).", r"'p\(0\)' holds together with 'p\(3\)'"),
        ("p(X) :- digit(0, X), X > 2.", r"no answer when digit\(0\)=[012]$|no answer when digit\(0\)=[012];"),
        ("p(X) :- digit(0, Y), X is Y - 1.", "needs exactly one variable"),
    ],
)
def test_bits_need_one_answer_in_every_world(text: str, words: str) -> None:
    with pytest.raises(QueryError, match=words):
        answer_bits(ground(Program.parse(text), "p(X)"))
