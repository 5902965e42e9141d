"""Cuts of an and-inverter graph with their truth tables, the best few of each node kept (priority cuts).

A cut of a wire is a set of at most six wires, its leaves, that every path from the inputs passes; the wire is then a
function of the leaves, kept as a 64-bit truth table. Cuts of a gate are unions of cuts of what it reads (Mishchenko,
Cho, Chatterjee and Brayton, 2007, "Combinational and sequential mapping with priority cuts").
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..kernels import kernel
from .classes import ThresholdClasses

Integers = NDArray[np.int64]
WIDTH = 6
_RECENT_BITS = 12
_RECENT = 1 << _RECENT_BITS
_ROUNDING = 1 + 1e-9  # relative, of sums of the same flows in different orders
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


@kernel(inline="always")
def _swap(table: np.uint64, low: int, high: int) -> np.uint64:
    shift = np.uint64((1 << high) - (1 << low))
    moved = _VARIABLE[low] & ~_VARIABLE[high]
    return (table & ~(moved | (moved << shift))) | ((table & moved) << shift) | ((table >> shift) & moved)


@kernel()
def _ones(table: np.uint64) -> np.int64:
    table = table - ((table >> np.uint64(1)) & np.uint64(0x5555555555555555))
    table = (table & np.uint64(0x3333333333333333)) + ((table >> np.uint64(2)) & np.uint64(0x3333333333333333))
    table = (table + (table >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return np.int64((table * np.uint64(0x0101010101010101)) >> np.uint64(56))


@kernel()
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


@kernel()
def _essential(table: int, fans: int) -> bool:
    """Whether a truth table depends on each of its fan-ins."""
    for fan in range(fans):
        read = False
        for state in range(1 << fans):
            read |= (table >> state ^ table >> (state ^ 1 << fan)) & 1 == 1
        if not read:
            return False
    return True


@kernel()
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
    # What each fan-in offers, a row a cut: itself as a leaf, then its cuts. A cut is clean if its function depends on
    # each of its leaves; the flow is that of its leaves.
    stride = room + 1
    offered = np.full((4 * stride, WIDTH), -1, np.int32)
    offered_size = np.zeros(4 * stride, np.int64)
    offered_table = np.zeros(4 * stride, np.uint64)
    offered_mask = np.zeros(4 * stride, np.uint8)
    offered_sign = np.zeros(4 * stride, np.uint64)
    offered_clean = np.zeros(4 * stride, np.bool_)
    offered_flow = np.zeros(4 * stride)
    # A fan-in a level: the row to be picked next and the last; the row picked, and the unions of the picked ones.
    upcoming, last, picked = np.zeros(4, np.int64), np.zeros(4, np.int64), np.zeros(4, np.int64)
    partial = np.full((4, WIDTH), -1, np.int32)
    partial_size = np.zeros(4, np.int64)
    partial_sign = np.zeros(4, np.uint64)
    partial_apart = np.zeros(4, np.bool_)  # whether no leaf is shared and each is read
    partial_flow = np.zeros(4)
    seat = np.zeros(4, np.int64)
    pieces = np.zeros(4, np.uint64)
    # The classes of functions met lately, by hash: few functions make up nearly all cuts of a circuit.
    recent = np.zeros(_RECENT, np.uint64)
    recent_kind = np.full(_RECENT, threshold_class(np.uint64(0), weights, keys, values, signed, place))
    for wire in order:
        kept[:], worst[:] = 0, np.inf
        bound = np.inf
        for way in range(first[wire], first[wire + 1]):
            fans = 1
            while fans < 4 and fan_in[way, fans] >= 0:
                fans += 1
            helped, masked = dependents[way] >= 0, dependents[way] >= 0
            for fan in range(fans):
                source, row = fan_in[way, fan], fan * stride
                helper = fan == dependents[way]
                options = 1 if helper else all_count[source] + 1
                if fan > 1 or helped:
                    options = min(options, 4)
                offered[row, 0], offered_size[row] = source, 1 if source else 0
                offered_table[row] = _VARIABLE[0] if source else np.uint64(0)
                offered_mask[row] = 1 if helper else 0
                offered_sign[row] = np.uint64(1) << np.uint64(source & 63) if source else np.uint64(0)
                offered_clean[row], offered_flow[row] = source > 0, all_flow[source]
                for c in range(options - 1):
                    row += 1
                    n, seen, flow, unread = 0, np.uint64(0), 0.0, all_silent[source, c]
                    while n < WIDTH and all_leaves[source, c, n] >= 0:
                        leaf = all_leaves[source, c, n]
                        offered[row, n] = leaf
                        seen |= np.uint64(1) << np.uint64(leaf & 63)
                        flow += all_flow[leaf]
                        n += 1
                    offered_size[row], offered_sign[row] = n, seen
                    offered_clean[row], offered_flow[row] = n > 0 and unread == 0, flow
                    offered_table[row], offered_mask[row] = all_table[source, c], all_dependent[source, c]
                    masked |= offered_mask[row] > 0
                last[fan] = row
                upcoming[fan] = fan * stride
            essential = _essential(tables[way], fans)
            for level in range(fans):  # a helper is picked first, since it is a leaf of every union
                seat[level] = (fans - 1 if level == 0 else level - 1) if helped else level
            level = 0  # whose cut is to be merged next
            while level >= 0:
                fan = seat[level]
                row = upcoming[fan]
                if row > last[fan]:
                    upcoming[fan] = fan * stride
                    level -= 1
                    continue
                picked[fan] = row
                upcoming[fan] = row + 1
                n, seen, apart, flow = offered_size[row], offered_sign[row], offered_clean[row], offered_flow[row]
                if level == 0:
                    if n > widest:
                        continue
                    for i in range(n):
                        partial[0, i] = offered[row, i]
                else:
                    before = partial_sign[level - 1]
                    if _ones(seen | before) > widest:
                        continue
                    apart, flow = (
                        apart and partial_apart[level - 1] and seen & before == 0,
                        flow + partial_flow[level - 1],
                    )
                    seen |= before
                    if apart and essential and level == fans - 1 and flow > bound:
                        continue
                    i, j, one, other, n = 0, 0, partial_size[level - 1], n, 0
                    while i < one and j < other and n < widest:
                        a, b = partial[level - 1, i], offered[row, j]
                        partial[level, n] = min(a, b)
                        i, j, n = i + (a <= b), j + (b <= a), n + 1
                    if n + one - i + other - j > widest:
                        continue
                    for k in range(i, one):
                        partial[level, n] = partial[level - 1, k]
                        n += 1
                    for k in range(j, other):
                        partial[level, n] = offered[row, k]
                        n += 1
                partial_size[level], partial_sign[level] = n, seen
                partial_apart[level], partial_flow[level] = apart, flow
                if level < fans - 1:
                    level += 1
                    continue
                for f in range(fans):
                    row = picked[f]
                    piece, j = offered_table[row], n - 1
                    for i in range(offered_size[row] - 1, -1, -1):
                        while partial[level, j] != offered[row, i]:
                            j -= 1
                        if j == i:  # this leaf and all before it keep their places
                            break
                        piece = _swap(np.uint64(piece), int(i), int(j))
                    pieces[f] = piece
                function = np.uint64(0)
                for state in range(1 << fans):
                    if tables[way] >> state & 1:
                        term = _ALL
                        for f in range(fans):
                            term &= pieces[f] if state >> f & 1 else ~pieces[f]
                        function |= term
                unread = 0
                if not (apart and essential):
                    for i in range(n):
                        if (function & _VARIABLE[i]) >> np.uint64(1 << i) == function & ~_VARIABLE[i]:
                            unread |= 1 << i
                price, other_price = 1.0, 0.0
                for i in range(n):
                    if not unread >> i & 1:
                        price += all_flow[partial[level, i]]
                        other_price += all_flow[partial[level, i]]
                if price >= worst[0] and other_price >= worst[1]:
                    continue
                slot = function * np.uint64(0x9E3779B97F4A7C15) >> np.uint64(64 - _RECENT_BITS)
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
                    if size[group, other] == n and sign[group, other] == seen:
                        same = True
                        for i in range(n):
                            if leaves[group, other, i] != partial[level, i]:
                                same = False
                                break
                        if same:
                            double = True
                            break
                if double:
                    continue
                bits = 0
                if masked:
                    for f in range(fans):
                        row, i = picked[f], 0
                        if not offered_mask[row]:
                            continue
                        for j in range(offered_size[row]):
                            while partial[level, i] != offered[row, j]:
                                i += 1
                            bits |= (offered_mask[row] >> j & 1) << i
                at = min(kept[group], limit[group] - 1)
                row = kept[group] if kept[group] < limit[group] else rank[group, at]
                while at > 0:
                    ahead = rank[group, at - 1]
                    if cost[group, ahead] < price or (cost[group, ahead] == price and size[group, ahead] <= n):
                        break
                    rank[group, at] = ahead
                    at -= 1
                rank[group, at] = row
                for i in range(WIDTH):
                    leaves[group, row, i] = partial[level, i] if i < n else -1
                table[group, row], kind[group, row], mask[group, row] = function, found, bits
                size[group, row], cost[group, row], silent[group, row] = n, price, unread
                sign[group, row] = seen
                kept[group] = min(kept[group] + 1, limit[group])
                if kept[group] == limit[group]:
                    worst[group] = cost[group, rank[group, limit[group] - 1]]
                    bound = max(worst[0] - 1, worst[1]) * _ROUNDING
        count = 0
        for group in range(2):
            for position in range(kept[group]):
                row = rank[group, position]
                for i in range(WIDTH):
                    all_leaves[wire, count, i] = leaves[group, row, i]
                all_table[wire, count], all_kind[wire, count] = table[group, row], kind[group, row]
                all_dependent[wire, count], all_silent[wire, count] = mask[group, row], silent[group, row]
                count += 1
        all_count[wire] = count
        all_flow[wire] = cost[0, rank[0, 0]] / max(1.0, readers[wire])
