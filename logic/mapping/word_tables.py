"""Truth tables over six variables in a machine word: variables swapped, gates composed, threshold classes found."""

import numpy as np
from numpy.typing import NDArray

from ..kernels import kernel

Integers = NDArray[np.int64]
WIDTH = 6
NO_CLASS = -1  # of a function that is no threshold function

VARIABLE = np.array(
    [
        0xAAAAAAAAAAAAAAAA,
        0xCCCCCCCCCCCCCCCC,
        0xF0F0F0F0F0F0F0F0,
        0xFF00FF00FF00FF00,
        0xFFFF0000FFFF0000,
        0xFFFFFFFF00000000,
    ],
    dtype=np.uint64,
)
ALL = np.uint64(0xFFFFFFFFFFFFFFFF)


@kernel(inline="always")
def swap(table: np.uint64, low: int, high: int) -> np.uint64:
    """The truth table with two variables exchanged."""
    shift = np.uint64((1 << high) - (1 << low))
    moved = VARIABLE[low] & ~VARIABLE[high]
    return (table & ~(moved | (moved << shift))) | ((table & moved) << shift) | ((table >> shift) & moved)


@kernel()
def ones(table: np.uint64) -> np.int64:
    """How many entries are one (in the literature: population count)."""
    table = table - ((table >> np.uint64(1)) & np.uint64(0x5555555555555555))
    table = (table & np.uint64(0x3333333333333333)) + ((table >> np.uint64(2)) & np.uint64(0x3333333333333333))
    table = (table + (table >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return np.int64((table * np.uint64(0x0101010101010101)) >> np.uint64(56))


@kernel()
def threshold_class(
    table: np.uint64, weights: Integers, keys: Integers, values: Integers, signed: Integers, place: Integers
) -> int:
    """The class of a truth table or ``NO_CLASS``; fills ``signed`` (Chow) and ``place`` (variables by weight)."""
    total = ones(table)
    for i in range(WIDTH):
        chow = 2 * ones(table & VARIABLE[i]) - total
        signed[i] = chow
        size = abs(chow)
        j = i
        while j > 0 and abs(signed[place[j - 1]]) < size:
            place[j] = place[j - 1]
            j -= 1
        place[j] = i
    key = 0
    for i in range(WIDTH - 1, -1, -1):
        key = key * 128 + abs(signed[place[i]])
    key = key * 128 + total
    slot = key % 1000003 & (len(keys) - 1)
    while keys[slot] != key:
        if keys[slot] < 0:
            return NO_CLASS
        slot = (slot + 1) & (len(keys) - 1)
    return values[slot]


@kernel()
def is_essential(table: int, fans: int) -> bool:
    """Whether a truth table depends on each of its fan-ins."""
    for fan in range(fans):
        read = False
        for state in range(1 << fans):
            read |= (table >> state ^ table >> (state ^ 1 << fan)) & 1 == 1
        if not read:
            return False
    return True


@kernel(forceinline=True)
def composed(gate: int, fans: int, pieces: NDArray[np.uint64]) -> np.uint64:
    """The function of a gate of functions."""
    function = np.uint64(0)
    for state in range(1 << fans):
        if gate >> state & 1:
            term = ALL
            for f in range(fans):
                term &= pieces[f] if state >> f & 1 else ~pieces[f]
            function |= term
    return function


@kernel(forceinline=True)
def unread_leaves(function: np.uint64, n: int) -> int:
    """Bit mask of the leaves that a function does not depend on."""
    unread = 0
    for i in range(n):
        if (function & VARIABLE[i]) >> np.uint64(1 << i) == function & ~VARIABLE[i]:
            unread |= 1 << i
    return unread
