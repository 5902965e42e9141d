"""Adders of different architectures are proved equal; a wrong gate anywhere is refuted by a vector that shows it."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from numpy.typing import NDArray

from logic import Circuit, CircuitBuilder, Gate, compile_certified, verify
from logic.kernels import run_kernels, work_time
from logic.library import carry_select_add, multiply, ripple_add
from logic.proving import prove_equivalent
from logic.sweeping.graph import AndGraph
from logic.sweeping.oracle import Hard, Oracle
from logic.sweeping.patterns import simulate
from logic.watch import Watch


def adder(width: int, block: int) -> Circuit:
    """A ripple adder, or a carry-select adder of blocks."""
    make = CircuitBuilder()
    wires = make.inputs(*(f"{word}{bit}" for word in "ab" for bit in range(width)))
    left, right = wires[:width], wires[width:]
    total = carry_select_add(left, right, block=block) if block else ripple_add(left, right)
    return make.build(**{f"s{bit}": literal for bit, literal in enumerate(total)})


def product(width: int, swapped: bool) -> Circuit:
    """An array multiplier, with its operands in either order."""
    make = CircuitBuilder()
    wires = make.inputs(*(f"{word}{bit}" for word in "ab" for bit in range(width)))
    left, right = wires[:width], wires[width:]
    total = multiply(right, left) if swapped else multiply(left, right)
    return make.build(**{f"p{bit}": literal for bit, literal in enumerate(total)})


def mutated(circuit: Circuit, edge: int) -> Circuit:
    """The circuit with one operand complemented."""
    literals = circuit.literals.copy()
    literals[edge] ^= 1
    return Circuit(
        circuit.inputs, circuit.kinds, circuit.offsets, literals, circuit.outputs, circuit.output_names, circuit.one_hot
    )


def values(circuit: Circuit, vectors: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """``[outputs, words]`` by plain simulation."""
    graph = AndGraph()
    wires = graph.add(circuit, graph.inputs(len(circuit.inputs)))
    rows = np.zeros((len(graph), vectors.shape[1]), np.uint64)
    rows[1 : 1 + len(vectors)] = vectors
    simulate(graph.nodes, rows)
    outputs = wires[circuit.outputs >> 1] ^ (circuit.outputs & 1)
    return rows[outputs >> 1] ^ np.where(outputs & 1, np.iinfo(np.uint64).max, 0).astype(np.uint64)[:, None]


@pytest.mark.parametrize("block", [3, 4, 7])
def test_adders_of_different_architectures_agree(block: int) -> None:
    assert prove_equivalent(adder(48, block), adder(48, 0), 30).holds is True


def test_swapped_small_multipliers_agree() -> None:
    assert prove_equivalent(product(4, True), product(4, False), 30).holds is True


def test_mutations_are_judged_as_exhaustive_simulation_does() -> None:
    spec, impl = adder(5, 0), adder(5, 2)
    every = np.arange(1 << 10)
    bits = np.array([(every >> place) & 1 for place in range(10)], np.uint8)
    words = np.packbits(bits, axis=1, bitorder="little").view(np.uint64)
    expected = values(spec, words)
    refuted = 0
    for edge in range(len(impl.literals)):
        wrong = mutated(impl, edge)
        same = bool((values(wrong, words) == expected).all())
        verdict = prove_equivalent(wrong, spec, 30)
        assert verdict.holds is same
        if verdict.counterexample is not None:
            vector = np.array([[verdict.counterexample[name]] for name in spec.inputs], np.uint64)
            assert ((values(wrong, vector) ^ values(spec, vector)) & np.uint64(1)).any()
            refuted += 1
    assert refuted > 50


def test_timeout_is_honoured() -> None:
    with run_kernels("always"):
        prove_equivalent(product(3, True), product(3, False), 10)
    start = work_time()
    assert prove_equivalent(product(16, True), product(16, False), 1).holds is not False
    assert work_time() - start < 4


def test_a_small_window_never_gives_a_model_that_the_whole_cone_forbids() -> None:
    graph = AndGraph()
    literals = graph.inputs(400).tolist()
    everything = literals[0]
    for literal in literals[1:]:
        everything = graph.conjunction(everything, literal)
    impossible = graph.conjunction(everything, literals[0] ^ 1)
    oracle = Oracle(graph.nodes.first, graph.nodes.second, Watch())
    question = oracle.look(everything >> 1, 0, 1000)
    assert isinstance(question, Hard)  # the windows settled nothing
    assert question.solve(1000) is False
    nodes, found = question.model
    assert len(nodes) == 400
    assert found.all()
    question = oracle.look(impossible >> 1, 0, 1000)
    assert (question.solve(1000) if isinstance(question, Hard) else question) is True
    oracle.close()


def xor_chain(names: list[str], order: list[int], flips: list[bool], shape: str) -> Circuit:
    """A parity of inputs in some order, as one gate, a chain, or a tree of gates of three."""
    codes = [2 * (1 + place) + flip for place, flip in zip(order, flips, strict=True)]
    gates: list[list[int]] = []
    while len(codes) > 1:
        width = len(codes) if shape == "gate" else 2 if shape == "chain" else min(3, len(codes))
        gates.append(codes[:width])
        new = 2 * (len(names) + len(gates))
        codes = [new, *codes[width:]] if shape == "chain" else [*codes[width:], new]
    widths = [len(gate) for gate in gates]
    return Circuit(
        inputs=tuple(names),
        kinds=np.full(len(gates), int(Gate.XOR)),
        offsets=np.concatenate([[0], np.cumsum(widths)]),
        literals=np.array([code for gate in gates for code in gate]),
        outputs=np.array(codes),
        output_names=("y",),
    )


@given(st.integers(2, 40), st.data())
@settings(max_examples=60, deadline=None)
def test_parities_are_one_function_however_they_are_built(count: int, data: st.DataObject) -> None:
    names = [f"i{place}" for place in range(count)]
    order = data.draw(st.permutations(range(count)))
    flips = data.draw(st.lists(st.booleans(), min_size=count, max_size=count))
    one, other = (data.draw(st.sampled_from(["gate", "chain", "tree"])) for _ in "ab")
    left = xor_chain(names, list(range(count)), [False] * count, one)
    right = xor_chain(names, list(order), flips, other)
    holds = prove_equivalent(left, replace(right, outputs=right.outputs ^ (sum(flips) % 2))).holds
    assert holds is True
    assert prove_equivalent(left, replace(right, outputs=right.outputs ^ (1 - sum(flips) % 2))).holds is False
    one_less = xor_chain(names, [*order[1:], order[1]], flips, other)
    assert prove_equivalent(left, one_less).holds is False


@pytest.mark.parametrize("mapping", ["dual-rail", "majority", "single-rail", "logicsnn"])
def test_a_parity_of_thousands_is_proved_without_sat(mapping: str) -> None:
    names = [f"i{place}" for place in range(3000)]
    circuit = xor_chain(names, list(range(3000)), [False] * 3000, "gate")
    compiled = compile_certified(circuit, mapping)
    verdict = verify(compiled.network, circuit, certificate=compiled.certificate)
    assert verdict.holds is True
    assert " 0 questions to SAT" in verdict.detail
    wrong = replace(circuit, outputs=circuit.outputs ^ 1)
    assert verify(compiled.network, wrong, certificate=compiled.certificate).holds is False
