"""Counting: against enumeration of all worlds, and gradients against finite differences."""

from itertools import product

import pytest
import torch
from hypothesis import given, settings, strategies as st
from torch import Tensor

from logic import Circuit, CircuitBuilder, Domain, Gate, Literal, Symbols
from reasoner import DIGITS, CountingError, Program, QueryError, ground, infer, prepare
from reasoner.compilation.normal_form import are_countable, is_countable
from reasoner.compilation.portfolio import plan_circuit
from reasoner.compilation.single import log_probabilities
from reasoner.counting.attribution import Attribution
from reasoner.counting.counter import Counter
from reasoner.counting.planning import answer_stated, prepare_query

ADDITION = Program.parse("sum(S) :- digit(0, X), digit(1, Y), S is X + Y.")


@st.composite
def circuits(draw: st.DrawFn) -> Circuit:
    """Random circuits over two to four slots, with all kinds of gates and complements."""
    make = CircuitBuilder()
    wires: list[Literal] = []
    for slot, size in enumerate(draw(st.lists(st.integers(2, 3), min_size=2, max_size=4))):
        wires += make.inputs(*(f"s({slot})={value}" for value in range(size)), one_hot=True)
    for _ in range(draw(st.integers(1, 10))):
        kind = draw(st.sampled_from(list(Gate)))
        width = draw(st.sampled_from([1, 3, 5] if kind is Gate.MAJ else [1, 2, 3, 4]))
        chosen = [draw(st.sampled_from(wires)) for _ in range(width)]
        wires.append(make.gate(kind, [~wire if draw(st.booleans()) else wire for wire in chosen]))
    return make.build(a=wires[-1], b=~wires[-1], c=wires[len(wires) // 2])


def worlds(circuit: Circuit, log_probs: Tensor) -> list[tuple[tuple[int, ...], float, list[bool]]]:
    """Every world, its probability and its outputs, by plain evaluation."""
    found: list[tuple[tuple[int, ...], float, list[bool]]] = []
    for world in product(*(range(len(group)) for group in circuit.one_hot)):
        true = {group[value] for group, value in zip(circuit.one_hot, world, strict=True)}
        wires = [False, *(position in true for position in range(len(circuit.inputs)))]
        for gate, kind in enumerate(circuit.kinds.tolist()):
            values = [wires[code >> 1] != bool(code & 1) for code in circuit.operands(gate).tolist()]
            by_kind = (all(values), any(values), sum(values) % 2 == 1, 2 * sum(values) > len(values))
            wires.append(by_kind[kind])
        probability = float(log_probs[list(true)].sum().exp())
        found.append((world, probability, [wires[c >> 1] != bool(c & 1) for c in circuit.outputs.tolist()]))
    return found


def beliefs(circuit: Circuit, seed: int, batch: int = 1) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    parts = [torch.randn(batch, len(g), generator=generator, dtype=torch.float64) * 2 for g in circuit.one_hot]
    return torch.cat([part.log_softmax(1) for part in parts], dim=1)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(circuits(), st.integers(0, 1000))
def test_any_circuit_is_counted_exactly(circuit: Circuit, seed: int) -> None:
    log_probs = beliefs(circuit, seed)
    counter = prepare(circuit)
    counted = counter.log_probabilities(log_probs)[0].exp()
    everything = worlds(circuit, log_probs[0])
    expected = torch.tensor([sum(p for _, p, out in everything if out[o]) for o in range(3)], dtype=torch.float64)
    torch.testing.assert_close(counted, expected, atol=1e-12, rtol=1e-9)
    assert are_countable(plan_circuit(circuit, 10_000).sums)


def test_random_circuits_take_both_ways() -> None:
    make = CircuitBuilder()
    a, b = make.inputs("s(0)=0", "s(0)=1", one_hot=True)
    c, _ = make.inputs("s(1)=0", "s(1)=1", one_hot=True)
    assert is_countable(make.build(out=(a & c) | b))
    assert not is_countable(make.build(out=(a & c) | c))  # not exclusive
    assert not is_countable(make.build(out=(a & c) & (b | c)))  # not over different slots


@settings(max_examples=25, deadline=None, derandomize=True)
@given(circuits(), st.integers(0, 1000))
def test_gradients_agree_with_finite_differences(circuit: Circuit, seed: int) -> None:
    counter = prepare(circuit)
    generator = torch.Generator().manual_seed(seed)
    scores = torch.randn(2, len(circuit.inputs), generator=generator, dtype=torch.float64, requires_grad=True)

    def probabilities(scores: Tensor) -> Tensor:
        parts = [scores[:, group.start : group.stop].log_softmax(1) for group in circuit.one_hot]
        return counter.log_probabilities(torch.cat(parts, dim=1)).exp()

    assert torch.autograd.gradcheck(probabilities, (scores,))


@settings(max_examples=50, deadline=None, derandomize=True)
@given(circuits(), st.integers(0, 1000))
def test_one_sample_is_counted_and_attributed_as_a_batch_is(circuit: Circuit, seed: int) -> None:
    counter, log_probs = prepare(circuit), beliefs(circuit, seed).requires_grad_()
    counted = counter.log_probabilities(log_probs)[0]
    one = Attribution(counter.layers, log_probs[0].detach().numpy())
    torch.testing.assert_close(torch.from_numpy(one.outputs), counted.detach())
    alone = log_probabilities(counter.sums, log_probs[0].tolist())
    torch.testing.assert_close(torch.tensor(alone, dtype=torch.float64), counted.detach())
    for output in range(3):
        (expected,) = torch.autograd.grad(counted[output], log_probs, retain_graph=True)
        torch.testing.assert_close(torch.from_numpy(one.shares(output)), expected[0])


NEGATIONS = """
low :- digit(0, X), X < 2.
same(X) :- digit(0, X), digit(1, X).
a :- \\+ low, digit(1, 2).
b :- \\+ digit(0, 1), \\+ digit(1, 2).
c :- b, digit(2, 0). c :- low, \\+ b, digit(2, 1).
loop(X) :- loop(X), digit(1, X). loop(X) :- same(X).
p(1) :- a. p(2) :- b. p(3) :- c. p(4) :- loop(_). p(5) :- \\+ same(2).
"""


@pytest.mark.parametrize("query", ["p(1)", "p(2)", "p(3)", "p(4)", "p(5)", "p(X)"])
def test_sums_from_rules_count_as_the_circuit_of_the_rules_does(query: str) -> None:
    program = Program.parse(NEGATIONS, (Domain("digit", range(3)),))
    grounding = ground(program, query)
    log_probs = beliefs(grounding.circuit, 0)
    expected = Counter(plan_circuit(grounding.circuit, 10_000)).log_probabilities(log_probs)
    counted = prepare_query(program, query).counter.log_probabilities(log_probs)
    torch.testing.assert_close(counted, expected)


def test_addition_sums_to_one_and_is_not_recompiled() -> None:
    generator = torch.Generator().manual_seed(0)
    log_probs = torch.randn(64, 2, 10, generator=generator).log_softmax(2)
    answers = infer(ADDITION, "sum(S)", Symbols(DIGITS, log_probs))
    torch.testing.assert_close(answers.log_probs.exp().sum(1), torch.ones(64))
    joint = torch.einsum("bi,bj->bij", log_probs[:, 0].exp(), log_probs[:, 1].exp())
    seven = torch.stack([joint[:, i, 7 - i] for i in range(8)]).sum(0)
    torch.testing.assert_close(answers.probability(7), seven)
    assert answers.values == tuple(range(19))
    assert answers.index(7) == answers.index("sum(7)") == 7
    assert answers.indices([3, 18]).tolist() == [3, 18]
    assert answers.most_likely()[0] == answers.values[int(answers.log_probs[0].argmax())]
    with pytest.raises(QueryError, match="never has the answer 19"):
        answers.index(19)


def test_zero_probabilities_give_no_nan() -> None:
    certain = torch.full((1, 2, 10), -torch.inf)
    certain[0, 0, 3] = certain[0, 1, 4] = 0.0
    certain.requires_grad_()
    answers = infer(ADDITION, "sum(S)", Symbols(DIGITS, certain))
    assert answers.probability(7).item() == 1.0
    assert answers.probability(8).item() == 0.0
    answers.log_probs[0, [0, 7, 8]].sum().backward()
    assert certain.grad is not None
    assert torch.isfinite(certain.grad).all()


def test_what_is_missing_is_named() -> None:
    one = Symbols(DIGITS, torch.zeros(1, 1, 10).log_softmax(2))
    with pytest.raises(QueryError, match=r"asks for digit\(1"):
        infer(ADDITION, "sum(S)", one)
    with pytest.raises(QueryError, match="domain 'digit'"):
        infer(ADDITION, "sum(S)", ())
    make = CircuitBuilder()
    (free,) = make.inputs("x")
    with pytest.raises(CountingError, match="no one-hot group"):
        prepare(make.build(out=free))
    with pytest.raises(CountingError, match="needs"):
        prepare(ground_circuit()).log_probabilities(torch.zeros(1, 3))


def ground_circuit() -> Circuit:
    make = CircuitBuilder()
    a, _ = make.inputs("s(0)=0", "s(0)=1", one_hot=True)
    return make.build(out=a)


def test_the_budget_is_kept() -> None:
    make = CircuitBuilder()
    pairs = [make.inputs(f"s({n})=0", f"s({n})=1", one_hot=True)[0] for n in range(12)]
    clauses = [pairs[n] & pairs[n + 6] for n in range(6)]
    with pytest.raises(CountingError, match="more than 20 nodes"):
        prepare(make.build(out=make.gate(Gate.OR, clauses)), budget=20)


STATED = """
0.3::a. 0.6::b(1); 0.2::b(2); 0.2::b(3). 0.0::never. 1.0::always.
path(X, Y) :- edge(X, Y). path(X, Y) :- path(X, Z), edge(Z, Y).
0.5::edge(1, 2). 0.4::edge(2, 1). 0.7::edge(2, 3). 0.1::edge(1, 3).
c(X) :- b(X), \\+ a. c(4) :- never, always. c(5) :- always.
query(c(_)). query(path(1, _)). query(never).
"""


@pytest.mark.parametrize("evidence", ["", "evidence(a, false). evidence(path(1, 3))."])
@pytest.mark.parametrize("query", [None, "c(X)", "path(X, Y)"])
def test_what_a_program_states_is_answered_without_torch_as_a_batch_is(query: str | None, evidence: str) -> None:
    program = Program.parse(STATED + evidence, domains=())
    answers = infer(program, query)
    expected = dict(zip(answers.atoms, answers.log_probs[0].exp().tolist(), strict=True))
    assert answer_stated(program, query) == pytest.approx(expected, rel=1e-12, abs=0)
    assert len(expected) > 2


def test_evidence_that_cannot_be_is_refused_alike() -> None:
    program = Program.parse("0.0::a. b :- a. query(b). evidence(b).", domains=())
    messages = []
    for answer in (infer, answer_stated):
        with pytest.raises(QueryError, match="evidence contradicts") as refused:
            answer(program)
        messages.append(str(refused.value))
    assert len({*messages}) == 1
