"""Bounds: they hold the probability that enumeration of all worlds gives, move together, and meet."""

from itertools import product

import pytest
import torch
from hypothesis import given, settings, strategies as st
from torch import Tensor

from logic import Circuit, CircuitBuilder, Domain, Gate, Literal, Symbols
from reasoner import Budget, CountingError, Limits, Program, QueryError, bound, infer, prepare

PLENTY = Budget(branches=1_000_000, seconds=60.0)


@st.composite
def circuits(draw: st.DrawFn) -> Circuit:
    """Random circuits over three to five slots, with all kinds of gates and complements."""
    make = CircuitBuilder()
    wires: list[Literal] = []
    for slot, size in enumerate(draw(st.lists(st.integers(1, 3), min_size=3, max_size=5))):
        wires += make.inputs(*(f"s({slot})={value}" for value in range(size)), one_hot=True)
    for _ in range(draw(st.integers(2, 12))):
        kind = draw(st.sampled_from(list(Gate)))
        width = draw(st.sampled_from([1, 3, 5] if kind is Gate.MAJ else [2, 3, 4]))
        chosen = [draw(st.sampled_from(wires)) for _ in range(width)]
        wires.append(make.gate(kind, [~wire if draw(st.booleans()) else wire for wire in chosen]))
    return make.build(a=wires[-1], b=~wires[-1], c=wires[-2])


def beliefs(circuit: Circuit, seed: int, batch: int = 1) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    parts = [torch.randn(batch, len(g), generator=generator, dtype=torch.float64) * 2 for g in circuit.one_hot]
    return torch.cat([part.log_softmax(1) for part in parts], dim=1)


def enumerated(circuit: Circuit, log_probs: Tensor) -> Tensor:
    """``[B, O]``, by plain evaluation of all worlds."""
    totals = torch.zeros(len(log_probs), len(circuit.outputs), dtype=torch.float64)
    for true in product(*circuit.one_hot):
        wires = [False, *(position in true for position in range(len(circuit.inputs)))]
        for gate, kind in enumerate(circuit.kinds.tolist()):
            values = [wires[code >> 1] != bool(code & 1) for code in circuit.operands(gate).tolist()]
            wires.append((all(values), any(values), sum(values) % 2 == 1, 2 * sum(values) > len(values))[kind])
        holds = torch.tensor([wires[code >> 1] != bool(code & 1) for code in circuit.outputs.tolist()])
        totals += log_probs[:, list(true)].sum(1).exp()[:, None] * holds
    return totals


def grid(side: int) -> Circuit:
    """Whether opposite corners of a grid are joined by edges that are there or not."""
    make = CircuitBuilder()
    nodes = list(product(range(side), repeat=2))
    pairs = [(a, (a[0] + i, a[1] + 1 - i)) for a in nodes for i in (0, 1) if max(a[0] + i, a[1] + 1 - i) < side]
    edges = [make.inputs(f"e({n})=0", f"e({n})=1", one_hot=True)[1] for n in range(len(pairs))]
    reached = dict.fromkeys(nodes, make.false) | {nodes[0]: ~make.false}
    for _ in nodes:
        ways = {node: [reached[node]] for node in nodes}
        for (a, b), edge in zip(pairs, edges, strict=True):
            ways[a].append(edge & reached[b])
            ways[b].append(edge & reached[a])
        reached = {node: make.gate(Gate.OR, found) for node, found in ways.items()}
    return make.build(joined=reached[nodes[-1]])


@settings(max_examples=100, deadline=None, derandomize=True)
@given(circuits(), st.integers(0, 1000))
def test_bounds_hold_the_probability_and_move_together_until_they_meet(circuit: Circuit, seed: int) -> None:
    log_probs = beliefs(circuit, seed, batch=2)
    expected = enumerated(circuit, log_probs)
    lower, upper = torch.zeros_like(expected), torch.ones_like(expected)
    for branches in (1, 4, 12, 40):
        found = bound(circuit, log_probs, Budget(branches, 60.0))
        assert (lower - 1e-12 <= found.lower).all()
        assert (found.lower <= expected + 1e-12).all()
        assert (expected - 1e-12 <= found.upper).all()
        assert (found.upper <= upper + 1e-12).all()
        lower, upper = found.lower, found.upper
    found = bound(circuit, log_probs, PLENTY)
    assert found.exact.all()
    torch.testing.assert_close(found.lower, expected, atol=1e-12, rtol=0)
    torch.testing.assert_close(found.upper, expected, atol=1e-12, rtol=0)


def test_a_grid_is_bounded_more_closely_step_by_step_and_at_last_exactly() -> None:
    circuit = grid(3)
    log_probs = beliefs(circuit, 0)
    expected = prepare(circuit).log_probabilities(log_probs).exp()
    torch.testing.assert_close(expected, enumerated(circuit, log_probs))
    gaps: list[float] = []
    for branches in (1, 50, 150, 1_000_000):
        found = bound(circuit, log_probs, Budget(branches, 60.0))
        assert found.lower - 1e-12 <= expected <= found.upper + 1e-12
        gaps.append((found.upper - found.lower).item())
    assert gaps[0] > gaps[1] > gaps[2] > gaps[3] == 0.0
    assert found.branches < 2**12  # fewer than there are worlds


def test_the_lower_bound_is_differentiable() -> None:
    circuit = grid(3)
    generator = torch.Generator().manual_seed(1)
    scores = torch.randn(2, 12, 2, generator=generator, dtype=torch.float64, requires_grad=True)

    def log_lower(scores: Tensor) -> Tensor:
        return bound(circuit, scores.log_softmax(2).flatten(1), Budget(200, 60.0)).log_lower

    assert torch.autograd.gradcheck(log_lower, (scores,))


def test_time_is_kept() -> None:
    circuit = grid(6)
    found = bound(circuit, beliefs(circuit, 0), Budget(branches=10**9, seconds=0.2))
    assert not found.exact.any()
    assert 0 < found.branches < 10**7
    with pytest.raises(CountingError, match="not made in time"):
        prepare(circuit, seconds=0.01)
    with pytest.raises(CountingError, match="allows nothing"):
        bound(circuit, beliefs(circuit, 0), Budget(seconds=0.0))
    with pytest.raises(CountingError, match=r"needs \[B, 120\]"):
        bound(circuit, torch.zeros(1, 3))


MARK = Domain("mark", ("x", "o", "free"))
ROWS = "row(0,1,2). row(3,4,5). row(6,7,8). row(0,3,6). row(1,4,7). row(2,5,8). row(0,4,8). row(2,4,6)."
WON = Program.parse(f"{ROWS}\nwon(P) :- row(A, B, C), mark(A, P), mark(B, P), mark(C, P), P \\== free.", (MARK,))
FEW = Limits(gates=60)  # enough to ground, not to count


def board(seed: int) -> Symbols:
    generator = torch.Generator().manual_seed(seed)
    return Symbols(MARK, torch.randn(2, 9, 3, generator=generator, dtype=torch.float64).log_softmax(2))


def test_infer_answers_with_bounds_only_when_asked_and_says_so() -> None:
    exact = infer(WON, "won(P)", board(0), budget=PLENTY)
    assert exact.bounds is None
    with pytest.raises(CountingError, match="more than 60 nodes"):
        infer(WON, "won(P)", board(0), FEW)
    bounded = infer(WON, "won(P)", board(0), FEW, Budget(branches=200))
    assert bounded.bounds is not None
    for column, value in enumerate(("o", "x")):
        assert (bounded.bounds.lower[:, column] <= exact.probability(value)).all()
        assert (exact.probability(value) <= bounded.bounds.upper[:, column]).all()
    with pytest.raises(QueryError, match=r"won\(x\) is only known to lie between"):
        bounded.probability("x")
    met = infer(WON, "won(P)", board(0), FEW, PLENTY)
    torch.testing.assert_close(met.probability("x"), exact.probability("x"))


def test_the_most_likely_answer_is_told_only_where_the_bounds_tell_it() -> None:
    expected = infer(WON, "won(P)", board(1)).most_likely()
    assert infer(WON, "won(P)", board(1), FEW, Budget(branches=20_000)).most_likely() == expected
    with pytest.raises(QueryError, match="do not tell the most probable answer"):
        infer(WON, "won(P)", board(1), FEW, Budget(branches=1)).most_likely()
