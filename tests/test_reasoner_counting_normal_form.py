"""Normal form: what is taken as decomposable and deterministic must be, against all worlds; what is known to be, is."""

from itertools import product

import pytest
import torch
from hypothesis import given, settings, strategies as st

from logic import Circuit, CircuitBuilder, Domain, Gate, Literal
from reasoner import DIGITS, Program, ground, prepare
from reasoner.compilation.factoring import factor
from reasoner.compilation.normal_form import is_countable

LABEL = Domain("label", range(10))
RECURSIVE = {
    "carry": (
        "carry(4, 0).\n"
        "carry(I, C) :- I < 4, J is I + 1, carry(J, B), digit(I, X), K is 4 + I, digit(K, Y), C is (X + Y + B) // 10.",
        "carry(0, C)",
    ),
    "automaton": (
        "state(0, X) :- digit(0, X).\nstate(N, X) :- N > 0, M is N - 1, state(M, Y), K is N * 10 + Y, digit(K, X).",
        "state(3, X)",
    ),
    "path": (
        "path(9).\npath(I) :- I < 9, digit(I, S), S > 0, J is I + S, J =< 9, path(J).\nstart :- path(0).",
        "start",
    ),
    "addition": (
        "correct :- total(0, Carry), label(0, Carry).\ntotal(3, 0).\n"
        "total(I, Carry) :- I < 3, Next is I + 1, total(Next, Before), digit(I, X), J is 3 + I, digit(J, Y),"
        " S is X + Y + Before, Z is S mod 10, label(Next, Z), Carry is S // 10.",
        "correct",
    ),
}


@st.composite
def nested(draw: st.DrawFn) -> Circuit:
    """ANDs and ORs over few slots, so that a good part of them is decomposable and deterministic."""
    make = CircuitBuilder()
    slots = [make.inputs(*(f"s({s})={v}" for v in range(3)), one_hot=True) for s in range(draw(st.integers(2, 4)))]
    gates: list[Literal] = [make.false]
    for _ in range(draw(st.integers(2, 8))):
        pivot, *rest = draw(st.permutations(slots))
        cases: list[Literal] = []
        for value in draw(st.permutations(pivot))[: draw(st.integers(1, 3))]:
            value = ~value if draw(st.integers(0, 9)) == 0 else value
            other = draw(st.sampled_from([*rest[0], *gates]))
            cases.append(make.gate(Gate.AND, [value, other, draw(st.sampled_from([~make.false, *gates]))]))
        gates.append(make.gate(Gate.OR, cases))
    return make.build(a=gates[-1], b=gates[-2])


@settings(max_examples=150, deadline=None, derandomize=True)
@given(nested())
def test_countable_circuits_are_decomposable_and_deterministic(circuit: Circuit) -> None:
    if not is_countable(circuit):
        return
    worlds = list(product(*(group for group in circuit.one_hot)))
    true_in: list[set[int]] = [set()]
    for position in range(len(circuit.inputs)):
        true_in.append({number for number, world in enumerate(worlds) if position in world})
    everything = set(range(len(worlds)))
    for gate, kind in enumerate(circuit.kinds.tolist()):
        operands = [everything - true_in[c >> 1] if c & 1 else true_in[c >> 1] for c in circuit.operands(gate).tolist()]
        if kind == Gate.OR:
            assert sum(map(len, operands)) == len(set().union(*operands))
            true_in.append(set().union(*operands))
        else:
            true_in.append(everything.intersection(*operands))
    even = torch.cat([torch.full((len(group),), 1 / len(group)).double().log() for group in circuit.one_hot])
    counted = prepare(circuit).log_probabilities(even[None])[0].exp()
    expected = [len(true_in[c >> 1]) if not c & 1 else len(everything - true_in[c >> 1]) for c in circuit.outputs]
    torch.testing.assert_close(counted, torch.tensor(expected).double() / len(worlds))


def test_the_random_circuits_hold_enough_countable_ones() -> None:
    found: list[bool] = []

    @settings(max_examples=100, deadline=None, derandomize=True, database=None)
    @given(nested())
    def collect(circuit: Circuit) -> None:
        found.append(is_countable(circuit))

    collect()
    assert 10 < sum(found) < len(found) - 10


@pytest.mark.parametrize("name", RECURSIVE)
def test_recursive_programs_are_counted_as_they_stand(name: str) -> None:
    text, query = RECURSIVE[name]
    assert is_countable(ground(Program.parse(text, (DIGITS, LABEL)), query).circuit)


def test_the_same_carry_twice_is_not_taken_for_two_cases() -> None:
    make = CircuitBuilder()
    a, b = make.inputs("s(0)=0", "s(0)=1", one_hot=True)
    c, d = make.inputs("s(1)=0", "s(1)=1", one_hot=True)
    e, f = make.inputs("s(2)=0", "s(2)=1", one_hot=True)
    low, high, both = (a & c) | (b & d), (a & d) | (b & c), (a & c) | (b & c)
    assert is_countable(make.build(out=(low & e) | (high & e)))
    assert is_countable(make.build(out=(low & e) | (low & f)))
    assert not is_countable(make.build(out=(low & e) | (both & e)))
    assert not is_countable(make.build(out=(low & e) | low))


def test_factoring_takes_the_carry_out_and_shares_the_sums_of_two_digits() -> None:
    text, query = RECURSIVE["addition"]
    for domains in ((DIGITS, LABEL), (LABEL, DIGITS)):
        given = ground(Program.parse(text, domains), query).written_sums()
        assert given is not None
        sums = factor(given)
        pairs = [cases for cases in sums.nodes if len(cases) > 1 and all(len(case) == 2 for case in cases)]
        assert sum(len(cases) for cases in sums.nodes) < 600  # of 603 rules with five parts each
        assert len(sums.nodes) < 80
        assert pairs
