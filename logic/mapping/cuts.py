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

Integers = NDArray[np.int64]
WIDTH = 6
_RECENT_BITS = 12
_RECENT = 1 << _RECENT_BITS
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
        silent: ``[W, C]`` bit mask of leaves that the function does not depend on; they only close the cone.
        used: ``[W]`` cuts in use.
        flow: ``[W]`` area flow: neurons that a wire costs when its cost is shared among its readers.
    """

    leaves: NDArray[np.int32]
    table: NDArray[np.uint64]
    kind: NDArray[np.int16]
    dependent: NDArray[np.uint8]
    silent: NDArray[np.uint8]
    used: NDArray[np.int64]
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
        silent=np.zeros((wires, room), np.uint8),
        used=np.zeros(wires, np.int64),
        flow=np.zeros(wires),
    )
    _enumerate(*structure, readers, classes.weights, classes.keys, classes.values, keep[0], keep[1], widest, *cuts)
    return cuts


@njit(cache=True)
def _swap(table: np.uint64, low: int, high: int) -> np.uint64:
    shift = uint64((1 << high) - (1 << low))
    moved = _VARIABLE[low] & ~_VARIABLE[high]
    return (table & ~(moved | (moved << shift))) | ((table & moved) << shift) | ((table >> shift) & moved)


@njit(cache=True)
def _ones(table: np.uint64) -> np.int64:
    table = table - ((table >> uint64(1)) & uint64(0x5555555555555555))
    table = (table & uint64(0x3333333333333333)) + ((table >> uint64(2)) & uint64(0x3333333333333333))
    table = (table + (table >> uint64(4))) & uint64(0x0F0F0F0F0F0F0F0F)
    return np.int64((table * uint64(0x0101010101010101)) >> uint64(56))


@njit(cache=True)
def threshold_class(
    table: np.uint64, weights: Integers, keys: Integers, values: Integers, signed: Integers, place: Integers
) -> int:
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
def _stretch(
    table: np.uint64,
    offered: NDArray[np.int32],
    fan: int,
    option: int,
    size: int,
    partial: NDArray[np.int32],
    level: int,
    n: int,
) -> np.uint64:
    """The truth table of an offered cut over the ``n`` leaves of a union that holds its own."""
    j = n - 1
    for i in range(size - 1, -1, -1):
        while partial[level, j] != offered[fan, option, i]:
            j -= 1
        if j != i:
            table = _swap(table, i, j)
    return table


@njit(cache=True)
def _union(
    partial: NDArray[np.int32], level: int, size: int, offered: NDArray[np.int32], option: int, other: int, widest: int
) -> int:
    """Row ``level`` becomes row ``level - 1`` and an offered cut; its leaves, or -1 where they are too many."""
    i = j = n = 0
    while i < size or j < other:
        if n == widest:
            return -1
        if j == other or (i < size and partial[level - 1, i] < offered[level, option, j]):
            partial[level, n] = partial[level - 1, i]
            i += 1
        elif i == size or offered[level, option, j] < partial[level - 1, i]:
            partial[level, n] = offered[level, option, j]
            j += 1
        else:
            partial[level, n] = partial[level - 1, i]
            i += 1
            j += 1
        n += 1
    return n


@njit(cache=True)
def _enumerate(
    order: Integers,
    first: Integers,
    fan_in: Integers,
    tables: Integers,
    dependents: Integers,
    readers: NDArray[np.float64],
    weights: Integers,
    keys: Integers,
    values: Integers,
    keep: int,
    keep_other: int,
    widest: int,
    all_leaves: NDArray[np.int32],
    all_table: NDArray[np.uint64],
    all_kind: NDArray[np.int16],
    all_dependent: NDArray[np.uint8],
    all_silent: NDArray[np.uint8],
    all_count: Integers,
    all_flow: NDArray[np.float64],
) -> None:
    room = keep + keep_other
    # Candidates: threshold cuts and other cuts, their rows by rank, and what the last costs once there is no room.
    leaves = np.full((2, room, WIDTH), -1, np.int32)
    table = np.zeros((2, room), np.uint64)
    kind = np.zeros((2, room), np.int16)
    mask = np.zeros((2, room), np.uint8)
    silent = np.zeros((2, room), np.uint8)
    size = np.zeros((2, room), np.int64)
    sign = np.zeros((2, room), np.uint64)
    cost = np.zeros((2, room))
    rank = np.zeros((2, room), np.int64)
    worst = np.zeros(2)
    kept = np.zeros(2, np.int64)
    limit = np.array([keep, keep_other])
    signed, place = np.zeros(WIDTH, np.int64), np.zeros(WIDTH, np.int64)
    # What each fan-in offers: itself as a leaf, then its cuts; which of them is picked, and the unions of the picked.
    offered = np.full((4, room + 1, WIDTH), -1, np.int32)
    offered_size = np.zeros((4, room + 1), np.int64)
    offered_table = np.zeros((4, room + 1), np.uint64)
    offered_mask = np.zeros((4, room + 1), np.uint8)
    offered_sign = np.zeros((4, room + 1), np.uint64)
    options = np.zeros(4, np.int64)
    upcoming, picked = np.zeros(4, np.int64), np.zeros(4, np.int64)
    partial = np.full((4, WIDTH), -1, np.int32)
    partial_size = np.zeros(4, np.int64)
    partial_sign = np.zeros(4, np.uint64)
    pieces = np.zeros(4, np.uint64)
    # The classes of functions met lately, by hash: few functions make up nearly all cuts of a circuit.
    recent = np.zeros(_RECENT, np.uint64)
    recent_kind = np.full(_RECENT, threshold_class(uint64(0), weights, keys, values, signed, place))
    for wire in order:
        kept[:], worst[:] = 0, np.inf
        for way in range(first[wire], first[wire + 1]):
            fans = 0
            while fans < 4 and fan_in[way, fans] >= 0:
                source = fan_in[way, fans]
                helper = fans == dependents[way]
                options[fans] = 1 if helper else all_count[source] + 1
                if fans > 1 or dependents[way] >= 0:
                    options[fans] = min(options[fans], 4)
                offered[fans, 0, 0], offered_size[fans, 0] = source, 1 if source else 0
                offered_table[fans, 0] = _VARIABLE[0] if source else uint64(0)
                offered_mask[fans, 0] = 1 if helper else 0
                offered_sign[fans, 0] = uint64(1) << uint64(source & 63) if source else uint64(0)
                for c in range(1, options[fans]):
                    n, seen = 0, uint64(0)
                    while n < WIDTH and all_leaves[source, c - 1, n] >= 0:
                        leaf = all_leaves[source, c - 1, n]
                        offered[fans, c, n] = leaf
                        seen |= uint64(1) << uint64(leaf & 63)
                        n += 1
                    offered_size[fans, c], offered_sign[fans, c] = n, seen
                    offered_table[fans, c], offered_mask[fans, c] = (
                        all_table[source, c - 1],
                        all_dependent[source, c - 1],
                    )
                upcoming[fans] = 0
                fans += 1
            level = 0  # the fan-in whose cut is to be merged next
            while level >= 0:
                if upcoming[level] == options[level]:
                    upcoming[level] = 0
                    level -= 1
                    continue
                c = upcoming[level]
                picked[level] = c
                upcoming[level] += 1
                if level == 0:
                    n = offered_size[0, c]
                    partial[0, :n], partial_sign[0] = offered[0, c, :n], offered_sign[0, c]
                    if n > widest:
                        continue
                else:
                    partial_sign[level] = partial_sign[level - 1] | offered_sign[level, c]
                    if _ones(partial_sign[level]) > widest:
                        continue
                    n = _union(partial, level, partial_size[level - 1], offered, c, offered_size[level, c], widest)
                    if n < 0:
                        continue
                partial_size[level] = n
                if level < fans - 1:
                    level += 1
                    continue
                merged = partial[level]
                # the function of the union
                for f in range(fans):
                    c = picked[f]
                    pieces[f] = _stretch(offered_table[f, c], offered, f, c, offered_size[f, c], partial, level, n)
                function = uint64(0)
                for state in range(1 << fans):
                    if tables[way] >> state & 1:
                        term = _ALL
                        for f in range(fans):
                            term &= pieces[f] if state >> f & 1 else ~pieces[f]
                        function |= term
                unread = 0
                for i in range(n):
                    if (function & _VARIABLE[i]) >> uint64(1 << i) == function & ~_VARIABLE[i]:
                        unread |= 1 << i
                price, other_price = 1.0, 0.0
                for i in range(n):
                    if not unread >> i & 1:
                        price += all_flow[merged[i]]
                        other_price += all_flow[merged[i]]
                if price >= worst[0] and other_price >= worst[1]:
                    continue
                slot = function * uint64(0x9E3779B97F4A7C15) >> uint64(64 - _RECENT_BITS)
                if recent[slot] != function:
                    recent[slot] = function
                    recent_kind[slot] = threshold_class(function, weights, keys, values, signed, place)
                found = recent_kind[slot]
                group = 1 if found == NO_CLASS else 0
                if group:
                    price = other_price
                if price >= worst[group]:
                    continue
                double = False
                for other in range(kept[group]):
                    if size[group, other] == n and sign[group, other] == partial_sign[level]:
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
                bits = 0
                for f in range(fans):
                    c, i = picked[f], 0
                    if not offered_mask[f, c]:
                        continue
                    for j in range(offered_size[f, c]):
                        while merged[i] != offered[f, c, j]:
                            i += 1
                        bits |= (offered_mask[f, c] >> j & 1) << i
                at = min(kept[group], limit[group] - 1)
                row = kept[group] if kept[group] < limit[group] else rank[group, at]
                while at > 0:
                    before = rank[group, at - 1]
                    if cost[group, before] < price or (cost[group, before] == price and size[group, before] <= n):
                        break
                    rank[group, at] = before
                    at -= 1
                rank[group, at] = row
                for i in range(WIDTH):
                    leaves[group, row, i] = merged[i] if i < n else -1
                table[group, row], kind[group, row], mask[group, row] = function, found, bits
                size[group, row], cost[group, row], silent[group, row] = n, price, unread
                sign[group, row] = partial_sign[level]
                kept[group] = min(kept[group] + 1, limit[group])
                if kept[group] == limit[group]:
                    worst[group] = cost[group, rank[group, limit[group] - 1]]
        count = 0
        for group in range(2):
            for place_of in range(kept[group]):
                row = rank[group, place_of]
                for i in range(WIDTH):
                    all_leaves[wire, count, i] = leaves[group, row, i]
                all_table[wire, count], all_kind[wire, count] = table[group, row], kind[group, row]
                all_dependent[wire, count], all_silent[wire, count] = mask[group, row], silent[group, row]
                count += 1
        all_count[wire] = count
        all_flow[wire] = cost[0, rank[0, 0]] / max(1.0, readers[wire])
