"""Evaluation, levels, clocks and lowering against plain Python."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from logic import Circuit, CircuitBuilder, CircuitError, Gate
from logic.evaluation import (
    evaluate,
    evaluate_bits,
    from_words,
    initial_state,
    levels,
    run,
    to_words,
    truth_tables,
    wire_values,
)
from logic.lowering import to_and_inverter


@st.composite
def circuits(draw: st.DrawFn) -> Circuit:
    """Any circuit of few inputs and registers, written directly so that nothing is simplified."""
    inputs, registers = draw(st.integers(0, 4)), draw(st.integers(0, 2))
    kinds: list[int] = []
    literals: list[int] = []
    offsets = [0]
    wires = 1 + inputs + registers
    for _ in range(draw(st.integers(0, 12))):
        kind = draw(st.sampled_from(list(Gate)))
        width = draw(st.sampled_from([1, 3, 5, 7, 9] if kind is Gate.MAJ else [1, 2, 3, 4, 7]))
        literals += draw(st.lists(st.integers(0, 2 * wires - 1), min_size=width, max_size=width))
        kinds.append(int(kind))
        offsets.append(len(literals))
        wires += 1
    ends = draw(st.lists(st.integers(0, 2 * wires - 1), min_size=1, max_size=4))
    return Circuit(
        inputs=tuple(f"x{index}" for index in range(inputs)),
        kinds=np.array(kinds, dtype=np.int64),
        offsets=np.array(offsets),
        literals=np.array(literals, dtype=np.int64),
        outputs=np.array(ends),
        output_names=tuple(f"y{index}" for index in range(len(ends))),
        register_next=np.array([draw(st.integers(0, 2 * wires - 1)) for _ in range(registers)], dtype=np.int64),
        register_initial=np.array([draw(st.integers(0, 1)) for _ in range(registers)], dtype=np.int64),
        register_names=tuple(f"q{index}" for index in range(registers)),
    )


def plain_clock(circuit: Circuit, inputs: list[bool], state: list[bool]) -> tuple[list[bool], list[bool]]:
    wires = [False, *inputs, *state]
    for gate, kind in enumerate(circuit.kinds.tolist()):
        reads = [wires[literal >> 1] ^ bool(literal & 1) for literal in circuit.operands(gate).tolist()]
        ones = sum(reads)
        wires.append([all(reads), any(reads), ones % 2 == 1, ones > len(reads) // 2][kind])
    read = [
        [wires[lit >> 1] ^ bool(lit & 1) for lit in ends.tolist()] for ends in (circuit.outputs, circuit.register_next)
    ]
    return read[0], read[1]


@settings(deadline=None)
@given(circuits(), st.integers(0, 2**32))
def test_a_run_of_clocks_agrees_with_plain_python_also_when_lowered(circuit: Circuit, seed: int) -> None:
    bits = np.random.default_rng(seed).random((3, 70, len(circuit.inputs))) < 0.5
    words = np.stack([to_words(now) for now in bits])
    found = [from_words(now, 70) for now in run(circuit, words)]
    lowered = to_and_inverter(circuit)
    assert (lowered.kinds == Gate.AND).all()
    assert (np.diff(lowered.offsets) == 2).all()
    assert np.array_equal(run(lowered, words), run(circuit, words))
    for vector in range(70):
        state = [bool(value) for value in circuit.register_initial]
        for step in range(3):
            outputs, state = plain_clock(circuit, bits[step, vector].tolist(), state)
            assert found[step][vector].tolist() == outputs


def test_blocks_do_not_change_the_result() -> None:
    make = CircuitBuilder()
    a, b, c = make.inputs("a", "b", "c")
    circuit = make.build(m=make.majority(a, ~b, c))
    words = np.random.default_rng(0).integers(0, 2**64, (3, 200), dtype=np.uint64)
    expected = (words[0] & ~words[1]) | (words[2] & (words[0] | ~words[1]))
    assert np.array_equal(evaluate(circuit, words)[0], expected)
    assert np.array_equal(wire_values(circuit, words)[4], expected)


def test_truth_table_rows_count_inputs_from_the_lowest_bit() -> None:
    make = CircuitBuilder()
    a, b = make.inputs("a", "b")
    tables = truth_tables(make.build(only_a=a & ~b, one=~make.false))
    assert tables.tolist() == [[False, True, False, False], [True] * 4]


def test_equal_structure_is_shared_when_lowered() -> None:
    make = CircuitBuilder()
    a, b, c = make.inputs("a", "b", "c")
    assert len(to_and_inverter(make.build(x=a ^ b, y=~(~a ^ b), z=a ^ b ^ c)).kinds) == 6
    assert len(to_and_inverter(make.build(m=make.majority(a, b, c))).kinds) == 6 + 4


def test_levels_count_gates_on_the_longest_path() -> None:
    make = CircuitBuilder()
    a, b, c = make.inputs("a", "b", "c")
    assert levels(make.build(y=((a & b) | c) ^ a)).tolist() == [0, 0, 0, 0, 1, 2, 3]


def test_misuse_is_named() -> None:
    make = CircuitBuilder()
    (a,) = make.inputs("a")
    circuit = make.build(y=~a)
    with pytest.raises(CircuitError, match=r"give uint64 \[1, W\]"):
        evaluate(circuit, np.zeros((2, 1), dtype=np.uint64))
    with pytest.raises(CircuitError, match="shape"):
        evaluate_bits(circuit, np.zeros(3, dtype=bool))
    nothing = np.zeros(0, dtype=np.int64)
    register = Circuit(
        inputs=(),
        kinds=nothing,
        offsets=np.zeros(1, dtype=np.int64),
        literals=nothing,
        outputs=nothing,
        output_names=(),
        register_next=np.array([3]),
        register_initial=np.array([-1]),
        register_names=("q",),
    )
    with pytest.raises(CircuitError, match="register 'q' has no initial value"):
        initial_state(register, 1)
    with pytest.raises(CircuitError, match="no registers"):
        truth_tables(register)
