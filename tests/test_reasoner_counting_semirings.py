"""Semirings and worlds: every question against enumeration of all worlds."""

from collections.abc import Sequence
from itertools import product
from math import log

import pytest
import torch
from hypothesis import given, settings, strategies as st
from torch import Tensor

from logic import Circuit, CircuitBuilder, Gate, Literal
from reasoner import Counter, CountingError, prepare
from reasoner.counting.semirings import LOG, PROBABILITY, count_worlds, entropy
from reasoner.counting.worlds import most_probable_worlds


@st.composite
def circuits(draw: st.DrawFn) -> Circuit:
    """Random circuits over two or three slots."""
    make = CircuitBuilder()
    wires: list[Literal] = []
    for slot, size in enumerate(draw(st.lists(st.integers(1, 3), min_size=2, max_size=3))):
        wires += make.inputs(*(f"s({slot})={value}" for value in range(size)), one_hot=True)
    for _ in range(draw(st.integers(1, 6))):
        kind = draw(st.sampled_from([Gate.AND, Gate.OR, Gate.XOR]))
        chosen = draw(st.lists(st.sampled_from(wires), min_size=2, max_size=3))
        wires.append(make.gate(kind, [~wire if draw(st.booleans()) else wire for wire in chosen]))
    return make.build(a=wires[-1], b=~wires[-1])


def true_worlds(circuit: Circuit, beliefs: Tensor) -> list[list[tuple[float, tuple[int, ...]]]]:
    """Probability and values of the worlds of each output, by plain evaluation."""
    found: list[list[tuple[float, tuple[int, ...]]]] = [[] for _ in circuit.outputs]
    for world in product(*(range(len(group)) for group in circuit.one_hot)):
        true = {group[value] for group, value in zip(circuit.one_hot, world, strict=True)}
        wires = [False, *(position in true for position in range(len(circuit.inputs)))]
        for gate, kind in enumerate(circuit.kinds.tolist()):
            values = [wires[code >> 1] != bool(code & 1) for code in circuit.operands(gate).tolist()]
            wires.append((all(values), any(values), sum(values) % 2 == 1)[kind])
        for output, code in enumerate(circuit.outputs.tolist()):
            if wires[code >> 1] != bool(code & 1):
                found[output].append((float(beliefs[list(true)].sum().exp()), world))
    return found


def beliefs_of(one_hot: Sequence[range], seed: int) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    parts = [torch.randn(len(g), generator=generator, dtype=torch.float64).log_softmax(0) for g in one_hot]
    return torch.cat(parts)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(circuits(), st.integers(0, 1000))
def test_every_question_agrees_with_enumeration(circuit: Circuit, seed: int) -> None:
    beliefs = beliefs_of(circuit.one_hot, seed)
    counter = prepare(circuit)
    uncertain = entropy(counter, beliefs[None])[0]
    for output, worlds in enumerate(true_worlds(circuit, beliefs)):
        total = sum(p for p, _ in worlds)
        for semiring, inputs in (
            (PROBABILITY, PROBABILITY.label(beliefs[:, None])),
            (LOG, LOG.label(beliefs[:, None])),
        ):
            values = semiring.evaluate(counter.on(torch.device("cpu")), inputs)
            value = values[counter.layers.outputs[output], 0, 0]
            assert (value.exp() if semiring is LOG else value).item() == pytest.approx(total)
        assert count_worlds(counter, output) == len(worlds)
        found = most_probable_worlds(counter, output, beliefs, k=5)
        ranked = sorted(worlds, reverse=True)[:5]
        assert [world.log_probability for world in found] == pytest.approx([log(p) for p, _ in ranked])
        assert {world.values for world in found} <= {world for _, world in worlds}
        assert len({world.values for world in found}) == len(ranked)
        if not worlds:
            assert uncertain[output] == 0
            continue
        assert uncertain[output].item() == pytest.approx(-sum(p / total * log(p / total) for p, _ in worlds), abs=1e-9)


def chain(slots: int) -> Counter:
    """Whether the last of some slots with ten values is reached: digits that never fall."""
    make = CircuitBuilder()
    values = [make.inputs(*(f"s({slot})={value}" for value in range(10)), one_hot=True) for slot in range(slots)]
    level = list(values[0])
    for slot in values[1:]:
        level = [make.gate(Gate.AND, [slot[value], make.gate(Gate.OR, level[: value + 1])]) for value in range(10)]
    return prepare(make.build(rising=make.gate(Gate.OR, level)))


def test_large_counts_are_exact() -> None:
    from math import comb

    assert count_worlds(chain(30), 0) == comb(39, 9)  # multisets of 30 of ten digits
    assert count_worlds(chain(2), 0) == 55


def test_many_worlds_come_in_order() -> None:
    counter = chain(4)
    beliefs = beliefs_of(counter.sums.one_hot, 3)
    found = most_probable_worlds(counter, 0, beliefs, k=200)
    assert len(found) == 200
    assert all(list(world.values) == sorted(world.values) for world in found)
    best = sorted(
        (w for w in product(range(10), repeat=4) if list(w) == sorted(w)),
        key=lambda w: -sum(beliefs[10 * slot + value].item() for slot, value in enumerate(w)),
    )[:200]
    assert [world.values for world in found] == best


def test_no_world_is_refused() -> None:
    counter = chain(2)
    with pytest.raises(CountingError, match="at least 1"):
        most_probable_worlds(counter, 0, beliefs_of(counter.sums.one_hot, 0), k=0)
