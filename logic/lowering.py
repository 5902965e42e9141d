"""Any circuit as an and-inverter graph: two-input ANDs over literals, equal ones made once.

In the literature: an AIG with structural hashing ("strash").
"""

from dataclasses import replace

import numpy as np

from .circuit import Circuit, Gate, Integers
from .kernels import kernel

_AND, _OR, _XOR = int(Gate.AND), int(Gate.OR), int(Gate.XOR)


@kernel()
def _conjunction(a: int, b: int, pairs: Integers, slots: Integers, count: Integers, first: int) -> int:
    """The literal of ``a & b``: simplified, found in the hash table ``slots``, or appended to ``pairs``."""
    if a < b:
        a, b = b, a
    if b == 0 or a == b ^ 1:
        return 0
    if b == 1 or a == b:
        return a
    mask = len(slots) - 1
    mixed = a * 0x9E3779B1 + b * 0x85EBCA77
    slot = (mixed ^ (mixed >> 17)) & mask
    while slots[slot] >= 0:
        gate = slots[slot]
        if pairs[gate, 0] == a and pairs[gate, 1] == b:
            return 2 * (first + gate)
        slot = (slot + 1) & mask
    gate = count[0]
    slots[slot] = gate
    pairs[gate, 0] = a
    pairs[gate, 1] = b
    count[0] = gate + 1
    return 2 * (first + gate)


@kernel()
def _parity(a: int, b: int, pairs: Integers, slots: Integers, count: Integers, first: int) -> int:
    flip = (a ^ b) & 1  # complements move to the result, so that more pairs are equal
    a, b = a & ~1, b & ~1
    one = _conjunction(a, b ^ 1, pairs, slots, count, first)
    other = _conjunction(a ^ 1, b, pairs, slots, count, first)
    return _conjunction(one ^ 1, other ^ 1, pairs, slots, count, first) ^ 1 ^ flip


@kernel()
def _carry(a: int, b: int, c: int, pairs: Integers, slots: Integers, count: Integers, first: int) -> int:
    """The majority of three literals."""
    both = _conjunction(a, b, pairs, slots, count, first)
    neither = _conjunction(a ^ 1, b ^ 1, pairs, slots, count, first)
    third = _conjunction(c, neither ^ 1, pairs, slots, count, first)
    return _conjunction(both ^ 1, third ^ 1, pairs, slots, count, first) ^ 1


@kernel()
def _majority(column: Integers, size: int, pairs: Integers, slots: Integers, count: Integers, first: int) -> int:
    """The majority of ``column[:size]``: full adders count from so high that exactly a majority overflows.

    The first literal is made a plain one (complements of all complement the majority), as proofs write a majority too:
    what was split so is then known again without a search.
    """
    flip = column[0] & 1
    if flip:
        column[:size] ^= 1
    need, top = size // 2 + 1, 0
    while (1 << top) < need:
        top += 1
    begin = (1 << top) - need
    for plane in range(top):
        carries = 0
        if (begin >> plane) & 1:
            column[size] = 1
            size += 1
        head = 0
        while size - head > 1:
            a, b = column[head], column[head + 1]
            c = column[head + 2] if size - head > 2 else 0
            head = min(head + 3, size)
            carry = _carry(a, b, c, pairs, slots, count, first)
            if head < size:  # the last sum of a plane is never read
                both = _parity(a, b, pairs, slots, count, first)
                column[size] = _parity(both, c, pairs, slots, count, first)
                size += 1
            column[carries] = carry  # behind the head: three were read for each one written
            carries += 1
        size = carries
    result = 0
    for item in range(size):  # at most one is true
        result = _conjunction(result ^ 1, column[item] ^ 1, pairs, slots, count, first) ^ 1
    return result ^ flip


@kernel()
def _lower(
    kinds: Integers,
    offsets: Integers,
    literals: Integers,
    image: Integers,
    pairs: Integers,
    slots: Integers,
    first: int,
) -> int:
    """Fills ``image`` (old wire to new literal) and ``pairs``; returns the number of pairs."""
    count = np.zeros(1, dtype=np.int64)
    widest = 1
    for gate in range(len(kinds)):
        widest = max(widest, offsets[gate + 1] - offsets[gate])
    items = np.empty(2 * widest + 64, dtype=np.int64)
    for gate in range(len(kinds)):
        kind, size = kinds[gate], offsets[gate + 1] - offsets[gate]
        for item in range(size):
            literal = literals[offsets[gate] + item]
            items[item] = image[literal >> 1] ^ (literal & 1)
        items[:size].sort()
        if kind == _OR:
            items[:size] ^= 1
        if kind > _XOR:
            image[first + gate] = _majority(items, size, pairs, slots, count, first)
            continue
        head = 0
        while size - head > 1:  # a queue of pairs makes a balanced tree
            if kind == _XOR:
                items[size] = _parity(items[head], items[head + 1], pairs, slots, count, first)
            else:
                items[size] = _conjunction(items[head], items[head + 1], pairs, slots, count, first)
            head += 2
            size += 1
        image[first + gate] = items[head] ^ (kind == _OR)
    return count[0]


def to_and_inverter(circuit: Circuit) -> Circuit:
    """The same function from two-input ANDs alone; inputs, registers, outputs and names stay.

    Wide gates become balanced trees, a parity of two three ANDs, a majority of three four, wider ones a tree of full
    adders. Time and memory are linear in the literals (times their logarithm for wide majorities).

    Example:
        >>> from logic import parse_circuit
        >>> len(to_and_inverter(parse_circuit("y = a ^ b", "eqn")).kinds)
        3
    """
    widths = np.diff(circuit.offsets)
    costs = np.select(
        [circuit.kinds <= _OR, circuit.kinds == _XOR, widths <= 3],
        [widths - 1, 3 * (widths - 1), np.full_like(widths, 4)],
        default=10 * (widths + 64),
    )
    room = int(costs.sum()) + 1
    pairs = np.empty((room, 2), dtype=np.int64)
    slots = np.full(1 << (2 * room).bit_length(), -1, dtype=np.int64)
    image = 2 * np.arange(circuit.wires, dtype=np.int64)
    first = circuit.first_gate
    gates = _lower(circuit.kinds, circuit.offsets, circuit.literals, image, pairs, slots, first)
    return replace(
        circuit,
        kinds=np.zeros(gates, dtype=np.int64),
        offsets=np.arange(0, 2 * gates + 1, 2, dtype=np.int64),
        literals=pairs[:gates].ravel(),
        outputs=image[circuit.outputs >> 1] ^ (circuit.outputs & 1),
        register_next=image[circuit.register_next >> 1] ^ (circuit.register_next & 1),
    )
