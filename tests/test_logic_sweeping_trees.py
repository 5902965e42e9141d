"""Wide gates are proved without a search, however they were split, in about linear time."""

import numpy as np
import pytest

from logic import Circuit, CircuitBuilder, Gate, Literal, compile_certified, prove_equivalent, verify
from logic.evaluation import evaluate
from logic.lowering import to_and_inverter
from logic.sweeping.graph import AndGraph
from logic.sweeping.patterns import simulate
from logic.sweeping.trees import merge_trees


def tree(kind: Gate, count: int, seed: int) -> Circuit:
    """A gate over many inputs as a tree of gates of random widths."""
    random = np.random.default_rng(seed)
    make = CircuitBuilder()
    level = list(make.inputs(*(f"x{at}" for at in range(count))))
    while len(level) > 1:
        width = int(random.integers(2, 5))
        level = [*level[width:], make.gate(kind, level[:width])]
    return make.build(y=level[0])


@pytest.mark.parametrize("kind", [Gate.AND, Gate.OR, Gate.XOR])
def test_trees_over_the_same_operands_are_one(kind: Gate) -> None:
    verdict = prove_equivalent(tree(kind, 2000, 0), tree(kind, 2000, 1), timeout=60)
    assert (verdict.holds, "0 questions" in verdict.detail) == (True, True)
    assert prove_equivalent(tree(kind, 40, 0), tree(kind, 41, 1)).holds is False


@pytest.mark.parametrize("seed", range(20))
def test_merging_keeps_the_function_of_every_node(seed: int) -> None:
    random = np.random.default_rng(seed)
    make = CircuitBuilder()
    wires = list(make.inputs(*(f"x{at}" for at in range(20))))
    for _ in range(120):
        kind = Gate(int(random.integers(4)))
        width = int(random.choice([3, 5, 9, 17])) if kind is Gate.MAJ else int(random.integers(2, 5))
        chosen = [wires[-int(random.integers(1, min(len(wires), 9)))] for _ in range(width)]
        wires.append(make.gate(kind, [~one if random.random() < 0.2 else one for one in chosen]))
    wide = [make.gate(kind, wires[at::step]) for kind in (Gate.OR, Gate.XOR) for at in (0, 1) for step in (2, 3)]
    parity = make.gate(Gate.XOR, wires[:20])
    circuit = make.build(**{f"y{at}": wire for at, wire in enumerate([wires[-1], parity, *wide])})
    graph = AndGraph()
    inputs = graph.inputs(20)
    literals = [graph.add(one, inputs) for one in (circuit, to_and_inverter(circuit))]
    before, after = (np.zeros((len(graph), 4), np.uint64) for _ in range(2))
    before[inputs >> 1] = after[inputs >> 1] = random.integers(0, 1 << 63, (20, 4)).astype(np.uint64)
    simulate(graph.nodes, before)
    assert merge_trees(graph.nodes, len(graph))
    simulate(graph.nodes, after)
    assert (before == after).all()
    for of_wires, one in zip(literals, (circuit, to_and_inverter(circuit)), strict=True):
        ends = of_wires[one.outputs >> 1] ^ (one.outputs & 1)
        values = after[ends >> 1] ^ np.where(ends & 1, ~np.uint64(0), np.uint64(0))[:, None]
        assert (values == evaluate(circuit, before[inputs >> 1])).all()


WIDE = [
    (kind, mapping)
    for kind in [*Gate, None]
    for mapping in ("dual-rail", "majority", "logicsnn", "single-rail", "fail-silent")
    if (kind, mapping) != (Gate.MAJ, "logicsnn")  # a block of 2,001 inputs has 2^2001 patterns
]


@pytest.mark.parametrize(("kind", "mapping"), WIDE)
def test_networks_are_proved_without_certificate_or_search(kind: Gate | None, mapping: str) -> None:
    circuit = cover(400, 40) if kind is None else one_gate(kind, 2001)
    compiled = compile_certified(circuit, mapping)
    for certificate in (compiled.certificate, None):
        verdict = verify(compiled.network, circuit, certificate=certificate, timeout=60)
        assert (verdict.holds, "0 questions" in verdict.detail) == (True, True)


def one_gate(kind: Gate, width: int) -> Circuit:
    make = CircuitBuilder()
    return make.build(y=make.gate(kind, make.inputs(*(f"x{at}" for at in range(width)))))


def cover(cubes: int, width: int) -> Circuit:
    """A sum of random products."""
    random = np.random.default_rng(cubes)
    make = CircuitBuilder()
    inputs = make.inputs(*(f"x{at}" for at in range(width)))
    products: list[Literal] = []
    for _ in range(cubes):
        chosen = random.choice(width, int(random.integers(3, width)), replace=False).tolist()
        products.append(make.gate(Gate.AND, [inputs[at] if random.random() < 0.5 else ~inputs[at] for at in chosen]))
    return make.build(y=make.gate(Gate.OR, products))


@pytest.mark.parametrize("bound", [None, 3, 16])
@pytest.mark.parametrize("kind", [Gate.AND, Gate.XOR])
def test_networks_of_wide_gates_are_proved_without_a_search(kind: Gate, bound: int | None) -> None:
    make = CircuitBuilder()
    circuit = make.build(y=make.gate(kind, make.inputs(*(f"x{at}" for at in range(6000)))))
    network, certificate = compile_certified(circuit, fan_in=bound)
    verdict = verify(network, circuit, certificate=certificate)
    assert (verdict.holds, "0 questions" in verdict.detail) == (True, True)
