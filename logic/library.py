"""Circuits everyone needs: adders, comparators, multiplier, counters, selection, a small ALU.

A *word* is a sequence of literals of one builder, the lowest bit first.
"""

from collections.abc import Sequence

from .circuit import Gate, Literal
from .errors import CircuitError

Word = Sequence[Literal]
ALU_OPERATIONS = ("add", "subtract", "and", "or", "xor", "less", "not", "pass")


def half_adder(a: Literal, b: Literal) -> tuple[Literal, Literal]:
    """Sum and carry of two bits."""
    return a ^ b, a & b


def full_adder(a: Literal, b: Literal, c: Literal) -> tuple[Literal, Literal]:
    """Sum and carry of three bits: a parity and a majority."""
    return a.builder.gate(Gate.XOR, (a, b, c)), a.builder.majority(a, b, c)


def ripple_add(a: Word, b: Word, carry: Literal | None = None) -> tuple[Literal, ...]:
    """``a + b + carry`` with one bit more than the words have.

    Raises:
        CircuitError: if the words are empty or differ in width, as in all functions of two words here.
    """
    _check_widths(a, b)
    carry = a[0].builder.false if carry is None else carry
    total: list[Literal] = []
    for left, right in zip(a, b, strict=True):
        bit, carry = full_adder(left, right, carry)
        total.append(bit)
    return (*total, carry)


def carry_select_add(a: Word, b: Word, carry: Literal | None = None, block: int = 4) -> tuple[Literal, ...]:
    """``a + b + carry`` with one bit more; each block is added for both carries and the right sum selected.

    References:
        Bedrij, "Carry-select adder", IRE Transactions on Electronic Computers, 1962.
    """
    _check_widths(a, b)
    if block < 1:
        raise CircuitError(f"blocks of {block} bits; give 1 or more")
    false = a[0].builder.false
    carry = false if carry is None else carry
    total: list[Literal] = []
    for start in range(0, len(a), block):
        left, right = a[start : start + block], b[start : start + block]
        *bits, carry = select(carry, ripple_add(left, right, ~false), ripple_add(left, right, false))
        total += bits
    return (*total, carry)


def subtract(a: Word, b: Word) -> tuple[Literal, ...]:
    """``a - b`` modulo ``2 ** width``, and above it the borrow: whether ``a < b``, unsigned."""
    _check_widths(a, b)
    *bits, carry = ripple_add(a, invert(b), ~a[0].builder.false)
    return (*bits, ~carry)


def invert(word: Word) -> tuple[Literal, ...]:
    """The complement of each bit."""
    return tuple(~bit for bit in word)


def equal(a: Word, b: Word) -> Literal:
    """Whether two words are the same."""
    _check_widths(a, b)
    return a[0].builder.gate(Gate.AND, [~(left ^ right) for left, right in zip(a, b, strict=True)])


def less(a: Word, b: Word) -> Literal:
    """Whether ``a < b``, unsigned: the borrow alone, one majority a bit."""
    _check_widths(a, b)
    borrow = a[0].builder.false
    for left, right in zip(a, b, strict=True):
        borrow = left.builder.majority(~left, right, borrow)
    return borrow


def less_signed(a: Word, b: Word) -> Literal:
    """Whether ``a < b`` in two's complement."""
    _check_widths(a, b)
    return less((*a[:-1], ~a[-1]), (*b[:-1], ~b[-1]))


def multiply(a: Word, b: Word) -> tuple[Literal, ...]:
    """``a * b``, unsigned, as wide as both words together; rows of partial products are added one by one."""
    if not a or not b:
        raise CircuitError("a word without bits; give at least one")
    false = a[0].builder.false
    total: list[Literal] = [left & b[0] for left in a] + [false]
    low: list[Literal] = []
    for right in b[1:]:
        low.append(total[0])
        total = list(ripple_add(total[1:], [left & right for left in a]))
    return (*low, *total)


def round_bcd(digit: Word) -> Literal:
    """Whether a decimal digit rounds up, ``n >= 5``, of four bits; codes 10 to 15 give true.

    References:
        Mo and Wang, "LogicSNN: A Unified Spiking Neural Networks Logical Operation Paradigm", 2021.
    """
    if len(digit) != 4:
        raise CircuitError(f"a decimal digit has four bits, got {len(digit)}")
    one, two, four, eight = digit
    return eight | (four & (two | one))


def popcount(literals: Word) -> tuple[Literal, ...]:
    """How many literals are true."""
    if not literals:
        raise CircuitError("no literals to count; give at least one")
    return literals[0].builder.total(literals)


def at_least(count: int, literals: Word) -> Literal:
    """Whether ``count`` or more literals are true: one majority gate, filled up with constants."""
    if not literals:
        raise CircuitError("no literals to count; give at least one")
    make = literals[0].builder
    if not 0 < count <= len(literals):
        return ~make.false if count <= 0 else make.false
    spare = 2 * count - 1 - len(literals)
    return make.majority(*literals, *([make.false] * spare if spare > 0 else [~make.false] * -spare))


def at_most(count: int, literals: Word) -> Literal:
    """Whether ``count`` or fewer literals are true."""
    return ~at_least(count + 1, literals)


def select(choice: Literal, when_true: Word, when_false: Word) -> tuple[Literal, ...]:
    """One of two words."""
    _check_widths(when_true, when_false)
    return tuple(choice.builder.mux(choice, yes, no) for yes, no in zip(when_true, when_false, strict=True))


def select_from(index: Word, words: Sequence[Word]) -> tuple[Literal, ...]:
    """The word at an index; there are ``2 ** len(index)``."""
    if len(words) != 1 << len(index):
        raise CircuitError(f"an index of {len(index)} bits selects from {1 << len(index)} words, got {len(words)}")
    for choice in index:
        words = [select(choice, yes, no) for no, yes in zip(words[::2], words[1::2], strict=True)]
    return tuple(words[0])


def alu(operation: Word, a: Word, b: Word) -> tuple[Literal, ...]:
    """A word of ``a`` and ``b`` by a three-bit operation, numbered as in ``ALU_OPERATIONS``, modulo ``2 ** width``.

    ``less`` is 1 or 0 (unsigned), ``not`` complements ``a``, ``pass`` is ``b``.
    """
    _check_widths(a, b)
    false = a[0].builder.false
    pairs = list(zip(a, b, strict=True))
    results: list[Word] = [
        ripple_add(a, b)[:-1],
        subtract(a, b)[:-1],
        [left & right for left, right in pairs],
        [left | right for left, right in pairs],
        [left ^ right for left, right in pairs],
        [less(a, b), *[false] * (len(a) - 1)],
        invert(a),
        b,
    ]
    return select_from(operation, results)


def _check_widths(a: Word, b: Word) -> None:
    if len(a) != len(b) or not a:
        raise CircuitError(f"words of {len(a)} and {len(b)} bits; give two of the same width, at least 1")
