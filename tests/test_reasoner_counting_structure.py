"""The steps between a circuit and its counts, each by its own contract, against evaluation in every world."""

from collections.abc import Iterator
from itertools import product

import numpy as np
import pytest
from hypothesis import assume, given, settings, strategies as st

from logic import Circuit, CircuitBuilder, Gate, Literal
from reasoner.compilation.diagrams import Diagrams, circuit_diagrams
from reasoner.compilation.exclusivity import Exclusivity
from reasoner.compilation.factoring import factor
from reasoner.compilation.normal_form import are_countable
from reasoner.counting.branching import FALSE, OPEN, TRUE, examine
from reasoner.errors import CountingError
from reasoner.grounding.circuit_sums import sums_of
from reasoner.grounding.sums import Sums

World = tuple[int, ...]


@st.composite
def circuits(draw: st.DrawFn, kinds: tuple[Gate, ...] = (Gate.AND, Gate.OR, Gate.XOR), negated: bool = True) -> Circuit:
    """Random circuits over two to four slots."""
    make = CircuitBuilder()
    wires: list[Literal] = []
    for slot, size in enumerate(draw(st.lists(st.integers(1, 3), min_size=2, max_size=4))):
        wires += make.inputs(*(f"s({slot})={value}" for value in range(size)), one_hot=True)
    for _ in range(draw(st.integers(1, 8))):
        chosen = draw(st.lists(st.sampled_from(wires), min_size=2, max_size=3))
        flip = [negated and draw(st.booleans()) for _ in chosen]
        operands = [~wire if other else wire for wire, other in zip(chosen, flip, strict=True)]
        wires.append(make.gate(draw(st.sampled_from(kinds)), operands))
    return make.build(a=wires[-1], b=wires[len(wires) // 2])


def worlds(one_hot: tuple[range, ...]) -> Iterator[World]:
    return product(*(range(len(group)) for group in one_hot))


def gate_values(circuit: Circuit, world: World) -> list[bool]:
    """The value of each output, gate by gate."""
    true = {group[value] for group, value in zip(circuit.one_hot, world, strict=True)}
    wires = [False, *(position in true for position in range(len(circuit.inputs)))]
    for gate, kind in enumerate(circuit.kinds.tolist()):
        values = [wires[code >> 1] != bool(code & 1) for code in circuit.operands(gate).tolist()]
        wires.append((all(values), any(values), sum(values) % 2 == 1)[kind])
    return [wires[code >> 1] != bool(code & 1) for code in circuit.outputs.tolist()]


def node_values(sums: Sums, world: World) -> list[int]:
    """How many cases of each node are true: more than one where they are not exclusive."""
    true = {group[value] for group, value in zip(sums.one_hot, world, strict=True)}
    values = [0, 1, *(int(position in true) for position in range(sums.inputs))]
    for cases in sums.nodes:
        values.append(sum(all(values[one] for one in case) for case in cases))
    return values


def diagram_sums(circuit: Circuit, nodes: int = 10_000) -> Sums:
    diagrams = Diagrams([len(group) for group in circuit.one_hot], range(len(circuit.one_hot)), nodes)
    return diagrams.sums(circuit_diagrams(circuit, diagrams), circuit.one_hot)


@settings(max_examples=40)
@given(circuits())
def test_a_diagram_is_the_same_function_and_can_be_counted(circuit: Circuit) -> None:
    made = diagram_sums(circuit)
    assert made.one_hot == circuit.one_hot
    assert are_countable(made)
    for world in worlds(circuit.one_hot):
        values = node_values(made, world)
        assert [values[end] for end in made.outputs] == gate_values(circuit, world)


@settings(max_examples=40)
@given(circuits())
def test_a_diagram_knows_what_is_always_and_never_true(circuit: Circuit) -> None:
    """Reduced and ordered diagrams are canonical: a function is constant if and only if its node is."""
    ends = diagram_sums(circuit).outputs
    columns = list(zip(*(gate_values(circuit, world) for world in worlds(circuit.one_hot)), strict=True))
    for end, column in zip(ends, columns, strict=True):
        assert (end == 1) == all(column)
        assert (end == 0) == (not any(column))
    assert (ends[0] == ends[1]) == (columns[0] == columns[1])


def test_the_budget_of_a_diagram_is_kept() -> None:
    make = CircuitBuilder()
    bits = [make.inputs(f"s({slot})=0", f"s({slot})=1", one_hot=True)[1] for slot in range(16)]
    pairs = [make.gate(Gate.AND, [bits[i], bits[i + 8]]) for i in range(8)]  # far apart: 2^8 nodes in this order
    with pytest.raises(CountingError, match="more than 100 nodes"):
        diagram_sums(make.build(a=make.gate(Gate.OR, pairs)), 100)


@settings(max_examples=60)
@given(circuits((Gate.AND, Gate.OR)))
def test_exclusive_is_only_said_of_what_is(circuit: Circuit) -> None:
    sums = sums_of(circuit)
    assume(sums is not None)
    assert sums is not None
    proof = Exclusivity(sums)
    seen = [node_values(sums, world) for world in worlds(sums.one_hot)]
    for number in range(sums.first, sums.first + len(sums.nodes)):
        below = all(max(values[n] for values in seen) <= 1 for n in range(sums.first, number))
        if not below:
            break  # asked of a node only where it holds of all before
        if proof.of(number):
            assert all(values[number] <= 1 for values in seen)


def carry(digits: int) -> Circuit:
    """The carry of a binary sum: exclusive cases only because those of the carry before are."""
    make = CircuitBuilder()
    slots = [
        tuple(make.inputs(f"{name}({digit})=0", f"{name}({digit})=1", one_hot=True) for name in "ab")
        for digit in range(digits)
    ]
    level: list[Literal] = []
    for a, b in slots:
        both = make.gate(Gate.AND, [a[1], b[1]])
        differ = [make.gate(Gate.AND, [a[0], b[1]]), make.gate(Gate.AND, [a[1], b[0]])]
        neither = make.gate(Gate.AND, [a[0], b[0]])
        if not level:
            level = [make.gate(Gate.OR, [neither, *differ]), both]
        else:
            passed = [make.gate(Gate.AND, [one, level[k]]) for k in (0, 1) for one in differ]
            level = [make.gate(Gate.OR, [neither, *passed[:2]]), make.gate(Gate.OR, [both, *passed[2:]])]
    return make.build(carry=level[1], none=level[0])


def test_the_cases_of_a_carry_are_proved_exclusive() -> None:
    sums = sums_of(carry(40))
    assert sums is not None
    proof = Exclusivity(sums)
    assert all(proof.of(number) for number in range(sums.first, sums.first + len(sums.nodes)))
    assert are_countable(sums)


@settings(max_examples=40)
@given(circuits((Gate.AND, Gate.OR)))
def test_factoring_keeps_the_function_and_what_counting_needs(circuit: Circuit) -> None:
    sums = diagram_sums(circuit)
    found = factor(sums)
    assert are_countable(found)
    for world in worlds(sums.one_hot):
        before, after = node_values(sums, world), node_values(found, world)
        assert [before[end] for end in sums.outputs] == [after[end] for end in found.outputs]
        assert max(after) <= 1
    size = [sum(len(case) for cases in one.nodes for case in cases) for one in (sums, found)]
    assert size[1] <= size[0]


@settings(max_examples=40)
@given(circuits(), st.data())
def test_a_partial_reading_decides_only_what_all_its_worlds_agree_on(circuit: Circuit, data: st.DataObject) -> None:
    sizes = [len(group) for group in circuit.one_hot]
    partial = [data.draw(st.integers(-1, size - 1)) for size in sizes]
    readings = np.array([partial, [max(0, value) for value in partial]], dtype=np.int64)
    beliefs = np.concatenate([np.full(size, 1 / size) for size in sizes])
    found = examine(circuit, readings, beliefs)
    compatible = [w for w in worlds(circuit.one_hot) if all(p in (-1, v) for p, v in zip(partial, w, strict=True))]
    for output, mark in enumerate(found.outputs[0].tolist()):
        values = {gate_values(circuit, world)[output] for world in compatible}
        assert mark == OPEN or values == {mark == TRUE}
    whole = gate_values(circuit, tuple(readings[1].tolist()))
    assert found.outputs[1].tolist() == [TRUE if value else FALSE for value in whole]
    slot = int(found.slots[0])
    assert slot == -1 or partial[slot] == -1
    assert found.slots[1] == -1
