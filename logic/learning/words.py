"""Arithmetic on words of bits, written once for netlists and for data.

A bit is a literal of a circuit builder or a Boolean array of samples: both know ``& | ~``, so a function that
fits the examples is also the circuit that computes it. A word is a list of bits, the least significant first.
"""

from collections.abc import Sequence
from typing import Any, Protocol, TypeVar


class Bitwise(Protocol):
    """A literal, or the values of one signal in all samples."""

    def __and__(self, other: Any, /) -> Any: ...
    def __or__(self, other: Any, /) -> Any: ...
    def __invert__(self) -> Any: ...


Bit = TypeVar("Bit", bound=Bitwise)


def xor(a: Bit, b: Bit) -> Bit:
    """``a`` differs from ``b``: three ANDs, of which an adder shares one."""
    return (a | b) & ~(a & b)


def choose(condition: Bit, yes: Bit, no: Bit) -> Bit:
    """``yes`` where the condition holds, else ``no``."""
    return (condition & yes) | (~condition & no)


def false_of(bit: Bit) -> Bit:
    """The constant false, of the kind of ``bit``."""
    return bit & ~bit


def add_bits(a: Bit, b: Bit, c: Bit) -> tuple[Bit, Bit]:
    """Sum and carry of three bits: a full adder of seven ANDs."""
    half = xor(a, b)
    return xor(half, c), (a & b) | (half & c)


def add(a: Sequence[Bit], b: Sequence[Bit]) -> list[Bit]:
    """The sum of two words of one length, one bit longer."""
    total: list[Bit] = []
    carry = false_of(a[0])
    for x, y in zip(a, b, strict=True):
        bit, carry = add_bits(x, y, carry)
        total.append(bit)
    return [*total, carry]


def subtract_if_fits(a: Sequence[Bit], b: Sequence[Bit]) -> tuple[list[Bit], Bit]:
    """``a - b`` where ``a >= b``, else ``a``, and whether ``a >= b``; nine ANDs a bit."""
    borrow = false_of(a[0])
    changed: list[Bit] = []
    for x, y in zip(a, b, strict=True):
        unlike = xor(y, borrow)
        changed.append(unlike)
        borrow = (y & borrow) | (unlike & ~x)
    return [xor(x, unlike & ~borrow) for x, unlike in zip(a, changed, strict=True)], ~borrow


def at_least(a: Sequence[Bit], b: Sequence[Bit]) -> Bit:
    """Whether ``a >= b``."""
    carry = ~false_of(a[0])
    for x, y in zip(a, b, strict=True):
        carry = (x & ~y) | (carry & (x | ~y))
    return carry


def multiply(a: Sequence[Bit], b: Sequence[Bit], columns: int | None = None) -> list[Bit]:
    """The product of two words, or its lowest ``columns`` bits; columns are reduced by full adders."""
    count = len(a) + len(b) if columns is None else columns
    piles: list[list[Bit]] = [[] for _ in range(count + 1)]
    for i, x in enumerate(a):
        for j, y in enumerate(b):
            if i + j < count:
                piles[i + j].append(x & y)
    return reduce_columns(piles[:count], false_of(a[0]))


def reduce_columns(piles: Sequence[Sequence[Bit]], false: Bit) -> list[Bit]:
    """The word of a sum of bits, where ``piles[i]`` are bits of weight ``2 ** i``; carries out of the top are lost."""
    waiting = [list(pile) for pile in piles]
    total: list[Bit] = []
    for column, pile in enumerate(waiting):
        while len(pile) > 1:
            third = pile.pop(0) if len(pile) > 2 else false
            bit, carry = add_bits(pile.pop(0), pile.pop(0), third)
            pile.append(bit)
            if column + 1 < len(waiting):
                waiting[column + 1].append(carry)
        total.append(pile[0] if pile else false)
    return total


def count_ones(bits: Sequence[Bit]) -> list[Bit]:
    """The number of true bits, as a word."""
    piles: list[list[Bit]] = [list(bits)] + [[] for _ in range(len(bits).bit_length() - 1)]
    return reduce_columns(piles, false_of(bits[0]))


def square_root(a: Sequence[Bit]) -> list[Bit]:
    """The integer square root of a word of even length, digit by digit."""
    false = false_of(a[0])
    remainder: list[Bit] = []
    root: list[Bit] = []  # the most significant digit last
    for pair in range(len(a) - 2, -1, -2):
        remainder = [a[pair], a[pair + 1], *remainder]
        trial = [~false, false, *root]
        width = max(len(remainder), len(trial))
        remainder += [false] * (width - len(remainder))
        remainder, fits = subtract_if_fits(remainder, trial + [false] * (width - len(trial)))
        remainder = remainder[: len(root) + 2]
        root = [fits, *root]
    return root


def divide(a: Sequence[Bit], b: Sequence[Bit]) -> tuple[list[Bit], list[Bit]]:
    """Quotient and remainder by restoring division; dividing by zero gives all ones and ``a``."""
    false = false_of(a[0])
    divisor = [*b, false]
    remainder: list[Bit] = [false] * len(b)
    quotient: list[Bit] = []
    for bit in reversed(a):
        remainder, fits = subtract_if_fits([bit, *remainder], divisor)
        remainder = remainder[: len(b)]
        quotient = [fits, *quotient]
    return quotient, remainder


def look_up(address: Sequence[Bit], table: Sequence[bool]) -> Bit:
    """The entry of a table at the place that a word names; entries beyond the table are false."""
    false = false_of(address[0])
    row = [~false if entry else false for entry in table]
    for bit in address:
        row += [false] * (len(row) % 2)
        row = [choose(bit, row[i + 1], row[i]) for i in range(0, len(row), 2)]
    return row[0]
