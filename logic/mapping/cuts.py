"""Cuts of an and-inverter graph with their truth tables, the best few of each node kept (priority cuts).

A cut of a wire is a set of at most six wires, its leaves, that every path from the inputs passes; the wire is then a
function of the leaves, kept as a 64-bit truth table. Cuts of a gate are unions of cuts of what it reads (Mishchenko,
Cho, Chatterjee and Brayton, 2007, "Combinational and sequential mapping with priority cuts").
"""

from typing import NamedTuple

import numpy as np
from numba import njit, uint64
from numpy.typing import NDArray

from .classes import ThresholdClasses

WIDTH = 6
NO_CLASS = -1  # of a cut whose function is no threshold function; kept only to build greater cuts from

_VARIABLE = np.array(
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
_ALL = np.uint64(0xFFFFFFFFFFFFFFFF)


class Structure(NamedTuple):
    """How each wire can be built from earlier ones.

    Args:
        order: Gate wires, each after all fan-ins of all its alternatives.
        first: ``[W + 1]`` where the alternatives of each wire begin.
        fan_in: ``[A, 4]`` wires, -1 where there are fewer.
        table: ``[A]`` 16-bit truth table over the fan-in wires.
        dependent: ``[A]`` position of a fan-in that is a function of the others, or -1.
    """

    order: NDArray[np.int64]
    first: NDArray[np.int64]
    fan_in: NDArray[np.int64]
    table: NDArray[np.int64]
    dependent: NDArray[np.int64]


class Cuts(NamedTuple):
    """``C`` cuts a wire, the best first.

    Args:
        leaves: ``[W, C, 6]`` ascending wires, -1 where there are fewer.
        table: ``[W, C]`` truth tables over the leaves.
        kind: ``[W, C]`` threshold class or ``NO_CLASS``.
        dependent: ``[W, C]`` bit mask of leaves that are functions of the others.
        count: ``[W]`` cuts in use.
        flow: ``[W]`` area flow: neurons that a wire costs when its cost is shared among its readers.
    """

    leaves: NDArray[np.int32]
    table: NDArray[np.uint64]
    kind: NDArray[np.int16]
    dependent: NDArray[np.uint8]
    count: NDArray[np.int64]
    flow: NDArray[np.float64]


def find_cuts(
    structure: Structure, readers: NDArray[np.float64], classes: ThresholdClasses, keep: tuple[int, int], widest: int
) -> Cuts:
    """The best cuts of every wire by area flow.

    Args:
        structure: The gates.
        readers: ``[W]`` how many neurons are expected to read each wire.
        classes: The threshold functions.
        keep: How many threshold cuts and how many other cuts to keep for each wire.
        widest: Most leaves, up to 6.
    """
    wires, room = len(structure.first) - 1, sum(keep)
    cuts = Cuts(
        leaves=np.full((wires, room, WIDTH), -1, np.int32),
        table=np.zeros((wires, room), np.uint64),
        kind=np.full((wires, room), NO_CLASS, np.int16),
        dependent=np.zeros((wires, room), np.uint8),
        count=np.zeros(wires, np.int64),
        flow=np.zeros(wires),
    )
    _enumerate(*structure, readers, classes.weights, classes.keys, classes.values, keep[0], keep[1], widest, *cuts)
    return cuts


@njit(cache=True)
def _swap(table, low, high):
    shift = uint64((1 << high) - (1 << low))
    moved = _VARIABLE[low] & ~_VARIABLE[high]
    return (table & ~(moved | (moved << shift))) | ((table & moved) << shift) | ((table >> shift) & moved)


@njit(cache=True)
def _ones(table):
    table = table - ((table >> uint64(1)) & uint64(0x5555555555555555))
    table = (table & uint64(0x3333333333333333)) + ((table >> uint64(2)) & uint64(0x3333333333333333))
    table = (table + (table >> uint64(4))) & uint64(0x0F0F0F0F0F0F0F0F)
    return np.int64((table * uint64(0x0101010101010101)) >> uint64(56))


@njit(cache=True)
def threshold_class(table, weights, keys, values, signed, place):
    """The class of a truth table or ``NO_CLASS``; fills ``signed`` (Chow) and ``place`` (variables by weight)."""
    total = _ones(table)
    for i in range(WIDTH):
        chow = 2 * _ones(table & _VARIABLE[i]) - total
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


@njit(cache=True)
def _stretch(table, leaves, size, merged, merged_size):
    j = merged_size - 1
    for i in range(size - 1, -1, -1):
        while merged[j] != leaves[i]:
            j -= 1
        if j != i:
            table = _swap(table, i, j)
    return table


@njit(cache=True)
def _union(a, size_a, b, size_b, out, widest):
    i = j = n = 0
    while i < size_a or j < size_b:
        if n == widest:
            return -1
        if j == size_b or (i < size_a and a[i] < b[j]):
            out[n] = a[i]
            i += 1
        elif i == size_a or b[j] < a[i]:
            out[n] = b[j]
            j += 1
        else:
            out[n] = a[i]
            i += 1
            j += 1
        n += 1
    return n


@njit(cache=True)
def _enumerate(
    order, first, fan_in, tables, dependents, readers, weights, keys, values, keep, keep_other, widest,
    all_leaves, all_table, all_kind, all_dependent, all_count, all_flow,
):  # fmt: skip
    room = keep + keep_other
    leaves = np.full((2, room + 1, WIDTH), -1, np.int32)  # candidates: threshold cuts, other cuts
    table = np.zeros((2, room + 1), np.uint64)
    kind = np.zeros((2, room + 1), np.int16)
    mask = np.zeros((2, room + 1), np.uint8)
    size = np.zeros((2, room + 1), np.int64)
    cost = np.zeros((2, room + 1))
    kept = np.zeros(2, np.int64)
    limit = np.array([keep, keep_other])
    signed, place = np.zeros(WIDTH, np.int64), np.zeros(WIDTH, np.int64)
    partial = np.full((5, WIDTH), -1, np.int32)
    partial_size = np.zeros(5, np.int64)
    chosen = np.zeros(4, np.int64)
    options = np.zeros(4, np.int64)
    pieces = np.zeros(4, np.uint64)
    sizes = np.zeros((4, room + 1), np.int64)
    for wire in order:
        kept[:] = 0
        for way in range(first[wire], first[wire + 1]):
            fans = 0
            while fans < 4 and fan_in[way, fans] >= 0:
                source = fan_in[way, fans]
                options[fans] = 1 if fans == dependents[way] else all_count[source] + 1
                if fans == dependents[way]:
                    pass
                elif fans > 1 or dependents[way] >= 0:
                    options[fans] = min(options[fans], 4)
                sizes[fans, 0] = 1 if source else 0
                for c in range(options[fans] - 1):
                    n = 0
                    while n < WIDTH and all_leaves[source, c, n] >= 0:
                        n += 1
                    sizes[fans, c + 1] = n
                chosen[fans] = 0
                fans += 1
            level = 0  # the fan-in whose cut is to be merged next
            while level >= 0:
                if level == fans or chosen[level] == options[level]:
                    if level < fans:
                        chosen[level] = 0
                    level -= 1
                    if level >= 0:
                        chosen[level] += 1
                    continue
                source, c = fan_in[way, level], chosen[level] - 1
                if c < 0:
                    partial[4, 0] = source
                n = _union(
                    partial[level - 1] if level else partial[4],
                    partial_size[level - 1] if level else 0,
                    partial[4] if c < 0 else all_leaves[source, c],
                    sizes[level, c + 1],
                    partial[level],
                    widest,
                )
                if n < 0:
                    chosen[level] += 1
                    continue
                partial_size[level] = n
                if level < fans - 1:
                    level += 1
                    continue
                chosen[level] += 1
                merged = partial[level]
                # the function of the union
                for f in range(fans):
                    source, c = fan_in[way, f], (chosen[f] - 1 if f < level else chosen[f] - 2)
                    if c < 0:
                        if source == 0:
                            pieces[f] = uint64(0)
                        else:
                            i = 0
                            while merged[i] != source:
                                i += 1
                            pieces[f] = _VARIABLE[i]
                    else:
                        pieces[f] = _stretch(all_table[source, c], all_leaves[source, c], sizes[f, c + 1], merged, n)
                function = uint64(0)
                for state in range(1 << fans):
                    if tables[way] >> state & 1:
                        term = _ALL
                        for f in range(fans):
                            term &= pieces[f] if state >> f & 1 else ~pieces[f]
                        function |= term
                bits = 0
                for f in range(fans):
                    source, c = fan_in[way, f], (chosen[f] - 1 if f < level else chosen[f] - 2)
                    if f == dependents[way]:
                        for i in range(n):
                            if merged[i] == source:
                                bits |= 1 << i
                    elif c >= 0 and all_dependent[source, c]:
                        i = 0
                        for j in range(sizes[f, c + 1]):
                            while merged[i] != all_leaves[source, c, j]:
                                i += 1
                            if all_dependent[source, c] >> j & 1:
                                bits |= 1 << i
                # leaves that do not matter go
                total = n
                for i in range(n - 1, -1, -1):
                    if (function & _VARIABLE[i]) >> uint64(1 << i) == function & ~_VARIABLE[i]:
                        if bits:
                            total = -1
                            break
                        for j in range(i, total - 1):
                            function = _swap(function, j, j + 1)
                            merged[j] = merged[j + 1]
                        total -= 1
                if total < 0:
                    continue
                n = total
                found = threshold_class(function, weights, keys, values, signed, place)
                group = 1 if found == NO_CLASS else 0
                price = 0.0 if group else 1.0
                for i in range(n):
                    price += all_flow[merged[i]]
                at = kept[group]
                if at == limit[group] and (at == 0 or price >= cost[group, at - 1]):
                    continue
                double = False
                for other in range(kept[group]):
                    if size[group, other] == n:
                        same = True
                        for i in range(n):
                            if leaves[group, other, i] != merged[i]:
                                same = False
                                break
                        if same:
                            double = True
                            break
                if double:
                    continue
                at = min(at, limit[group] - 1)
                while at > 0 and (
                    cost[group, at - 1] > price or (cost[group, at - 1] == price and size[group, at - 1] > n)
                ):
                    leaves[group, at] = leaves[group, at - 1]
                    table[group, at], kind[group, at] = table[group, at - 1], kind[group, at - 1]
                    mask[group, at], size[group, at] = mask[group, at - 1], size[group, at - 1]
                    cost[group, at] = cost[group, at - 1]
                    at -= 1
                leaves[group, at, :n] = merged[:n]
                leaves[group, at, n:] = -1
                table[group, at], kind[group, at], mask[group, at] = function, found, bits
                size[group, at], cost[group, at] = n, price
                kept[group] = min(kept[group] + 1, limit[group])
        count = 0
        for group in range(2):
            for c in range(kept[group]):
                all_leaves[wire, count] = leaves[group, c]
                all_table[wire, count], all_kind[wire, count] = table[group, c], kind[group, c]
                all_dependent[wire, count] = mask[group, c]
                count += 1
        all_count[wire] = count
        all_flow[wire] = cost[0, 0] / max(1.0, readers[wire])
