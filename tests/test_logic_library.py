"""The circuit library against Python's integers."""

from collections.abc import Callable, Sequence

import numpy as np
import pytest
from hypothesis import given, strategies as st

from logic import Circuit, CircuitBuilder, CircuitError, Literal
from logic.evaluation import Bits, evaluate_bits, truth_tables
from logic.library import (
    ALU_OPERATIONS,
    alu,
    at_least,
    at_most,
    carry_select_add,
    equal,
    full_adder,
    half_adder,
    less,
    less_signed,
    multiply,
    popcount,
    ripple_add,
    round_bcd,
    select_from,
    subtract,
)
from logic.lowering import to_and_inverter

Operation = Callable[[Sequence[Literal], Sequence[Literal]], Sequence[Literal] | Literal]
Rule = Callable[[int, int, int], int]

TWO_WORD_CASES: list[tuple[Operation, Rule]] = [
    (ripple_add, lambda a, b, w: a + b),
    (lambda a, b: carry_select_add(a, b, block=2), lambda a, b, w: a + b),
    (subtract, lambda a, b, w: (a - b) % (1 << w) | (a < b) << w),
    (equal, lambda a, b, w: a == b),
    (less, lambda a, b, w: a < b),
    (less_signed, lambda a, b, w: signed(a, w) < signed(b, w)),
    (multiply, lambda a, b, w: a * b),
]


def two_words(width: int, operation: Operation, extra: int = 0) -> Circuit:
    make = CircuitBuilder()
    wires = make.inputs(*(f"x{index}" for index in range(2 * width + extra)))
    result = operation(wires[:width], wires[width:])
    bits = [result] if isinstance(result, Literal) else result
    return make.build_from({f"y{index}": bit for index, bit in enumerate(bits)})


def integers(tables: Bits) -> list[int]:
    """The number that the outputs ``[O, V]`` spell in each vector."""
    return [sum(int(bit) << place for place, bit in enumerate(column)) for column in tables.T]


def signed(value: int, width: int) -> int:
    return value - (1 << width) if value >> (width - 1) else value


@pytest.mark.parametrize("width", [1, 2, 3, 4])
@pytest.mark.parametrize(
    ("operation", "expected"),
    TWO_WORD_CASES,
    ids=["ripple", "select", "subtract", "equal", "less", "signed", "multiply"],
)
def test_two_word_circuits_agree_with_integers(width: int, operation: Operation, expected: Rule) -> None:
    circuit = two_words(width, operation)
    found = integers(truth_tables(circuit))
    mask = (1 << width) - 1
    assert found == [int(expected(row & mask, row >> width, width)) for row in range(1 << (2 * width))]


@given(st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1), st.integers(1, 9))
def test_wide_adders_and_multiplier_agree_with_integers(a: int, b: int, block: int) -> None:
    bits = np.array([[(value >> place) & 1 for value in (a, b) for place in range(32)]], dtype=bool)
    cases: list[tuple[Operation, int]] = [
        (ripple_add, a + b),
        (lambda x, y: carry_select_add(x, y, block=block), a + b),
        (multiply, a * b),
    ]
    for operation, expected in cases:
        assert integers(evaluate_bits(two_words(32, operation), bits).T) == [expected]


def test_carry_in_is_added() -> None:
    for add in (ripple_add, carry_select_add):
        make = CircuitBuilder()
        *word, carry = make.inputs("a0", "a1", "b0", "b1", "c")
        total = add(word[:2], word[2:], carry)
        circuit = make.build_from({f"s{place}": bit for place, bit in enumerate(total)})
        assert integers(truth_tables(circuit)) == [(r & 3) + (r >> 2 & 3) + (r >> 4) for r in range(32)]


def test_one_bit_adders() -> None:
    make = CircuitBuilder()
    a, b, c = make.inputs("a", "b", "c")
    names = ("hs", "hc", "fs", "fc")
    circuit = make.build_from(dict(zip(names, (*half_adder(a, b), *full_adder(a, b, c)), strict=True)))
    tables = truth_tables(circuit)
    assert integers(tables[:2]) == [(r & 1) + (r >> 1 & 1) for r in range(8)]
    assert integers(tables[2:]) == [r.bit_count() for r in range(8)]


def test_decimal_digits_round_up_from_five() -> None:
    make = CircuitBuilder()
    circuit = make.build(up=round_bcd(make.inputs("one", "two", "four", "eight")))
    assert integers(truth_tables(circuit))[:10] == [0, 0, 0, 0, 0, 1, 1, 1, 1, 1]


@pytest.mark.parametrize("width", range(1, 9))
def test_counting(width: int) -> None:
    make = CircuitBuilder()
    bits = make.inputs(*(f"x{index}" for index in range(width)))
    outputs = {f"p{place}": bit for place, bit in enumerate(popcount(bits))}
    places = len(outputs)
    outputs |= {f"least{k}": at_least(k, bits) for k in range(-1, width + 2)}
    outputs |= {f"most{k}": at_most(k, bits) for k in range(-1, width + 2)}
    for circuit in (made := make.build_from(outputs), to_and_inverter(made)):
        tables = truth_tables(circuit)
        ones = [row.bit_count() for row in range(1 << width)]
        assert integers(tables[:places]) == ones
        for row, k in enumerate(range(-1, width + 2)):
            assert tables[places + row].tolist() == [count >= k for count in ones]
            assert tables[places + width + 3 + row].tolist() == [count <= k for count in ones]


@pytest.mark.parametrize("operation", range(8))
def test_alu(operation: int) -> None:
    make = CircuitBuilder()
    wires = make.inputs(*(f"x{index}" for index in range(9)))
    circuit = make.build_from({f"y{i}": bit for i, bit in enumerate(alu(wires[6:], wires[:3], wires[3:6]))})
    rules: list[Callable[[int, int], int]] = [
        lambda a, b: a + b,
        lambda a, b: a - b,
        lambda a, b: a & b,
        lambda a, b: a | b,
        lambda a, b: a ^ b,
        lambda a, b: a < b,
        lambda a, b: ~a,
        lambda a, b: b,
    ]
    assert len(rules) == len(ALU_OPERATIONS)
    found = integers(truth_tables(circuit))[operation << 6 : (operation + 1) << 6]
    assert found == [int(rules[operation](row & 7, row >> 3)) % 8 for row in range(64)]


def test_selection_by_index() -> None:
    make = CircuitBuilder()
    wires = make.inputs(*(f"x{index}" for index in range(6)))
    circuit = make.build(y=select_from(wires[4:], [(wire,) for wire in wires[:4]])[0])
    assert integers(truth_tables(circuit)) == [row >> (row >> 4) & 1 for row in range(64)]


def test_misuse_is_named() -> None:
    make = CircuitBuilder()
    a, b = make.inputs("a", "b")
    with pytest.raises(CircuitError, match="words of 2 and 1 bits"):
        ripple_add((a, b), (a,))
    with pytest.raises(CircuitError, match="selects from 2 words, got 1"):
        select_from((a,), [(b,)])
    with pytest.raises(CircuitError, match="four bits"):
        round_bcd((a, b))
    with pytest.raises(CircuitError, match="blocks of 0 bits"):
        carry_select_add((a,), (b,), block=0)
