"""Wide gates are proved without a search, however they were split, in about linear time."""

import numpy as np
import pytest

from logic import Circuit, CircuitBuilder, Gate, compile_certified, prove_equivalent, verify
from logic.evaluation import evaluate
from logic.proving.wide_gates import gathered


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
def test_gathered_gates_are_the_same_circuit(seed: int) -> None:
    random = np.random.default_rng(seed)
    make = CircuitBuilder()
    wires = list(make.inputs(*(f"x{at}" for at in range(8))))
    for _ in range(120):
        kind = Gate(int(random.integers(4)))
        width = 3 if kind is Gate.MAJ else int(random.integers(2, 5))
        chosen = [wires[-int(random.integers(1, min(len(wires), 9)))] for _ in range(width)]
        wires.append(make.gate(kind, [~one if random.random() < 0.2 else one for one in chosen]))
    chain = make.gate(Gate.OR, wires[-60:])
    circuit = make.build(y=wires[-1], z=chain, u=make.gate(Gate.OR, [chain, *wires[:9]]))
    words = random.integers(0, 1 << 63, (8, 4)).astype(np.uint64)
    assert (evaluate(gathered(circuit), words) == evaluate(circuit, words)).all()


@pytest.mark.parametrize("bound", [None, 3, 16])
@pytest.mark.parametrize("kind", [Gate.AND, Gate.XOR])
def test_networks_of_wide_gates_are_proved_without_a_search(kind: Gate, bound: int | None) -> None:
    make = CircuitBuilder()
    circuit = make.build(y=make.gate(kind, make.inputs(*(f"x{at}" for at in range(6000)))))
    network, certificate = compile_certified(circuit, fan_in=bound)
    verdict = verify(network, circuit, certificate=certificate)
    assert (verdict.holds, "0 questions" in verdict.detail) == (True, True)
