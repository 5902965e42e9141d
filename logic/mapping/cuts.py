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
from .kept_cuts import Cuts, is_kept, ranked, room_for_cuts, write_cuts
from .word_tables import (
    NO_CLASS,
    VARIABLE,
    WIDTH,
    Integers,
    composed,
    is_essential,
    ones,
    swap,
    threshold_class,
    unread_leaves,
)

_RECENT_BITS = 12
_RECENT = 1 << _RECENT_BITS
_ROUNDING = 1 + 1e-9  # relative, of sums of the same flows in different orders


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
    _enumerate(structure, readers, (classes.weights, classes.keys, classes.values), keep, widest, cuts)
    return cuts


class _Offers(NamedTuple):
    """What each fan-in of an alternative offers, a row a cut: itself as a leaf, then its cuts.

    Args:
        leaves: ``[4R, 6]`` ascending wires; ``R`` rows a fan-in.
        size: ``[4R]`` leaves.
        table: ``[4R]`` truth tables over the leaves.
        mask: ``[4R]`` leaves that are functions of the others.
        sign: ``[4R]`` a bit for each leaf, by its last six bits.
        clean: ``[4R]`` whether the function depends on each leaf.
        flow: ``[4R]`` the sum of the leaves' flows.
        last: ``[4]`` the last row of each fan-in.
    """

    leaves: NDArray[np.int32]
    size: NDArray[np.int64]
    table: NDArray[np.uint64]
    mask: NDArray[np.uint8]
    sign: NDArray[np.uint64]
    clean: NDArray[np.bool_]
    flow: NDArray[np.float64]
    last: NDArray[np.int64]


class _Unions(NamedTuple):
    """The unions of the cuts that are picked so far, a row a level.

    Args:
        leaves: ``[4, 6]``.
        size: ``[4]``.
        sign: ``[4]``.
        apart: ``[4]`` whether no leaf is shared and each is read.
        flow: ``[4]``.
        upcoming: ``[4]`` the row of each fan-in to be picked next.
        picked: ``[4]`` the row picked of each fan-in.
        seat: ``[4]`` the fan-in of each level.
        pieces: ``[4]`` truth tables of the picked cuts over the leaves of their union.
    """

    leaves: NDArray[np.int32]
    size: NDArray[np.int64]
    sign: NDArray[np.uint64]
    apart: NDArray[np.bool_]
    flow: NDArray[np.float64]
    upcoming: NDArray[np.int64]
    picked: NDArray[np.int64]
    seat: NDArray[np.int64]
    pieces: NDArray[np.uint64]


class _Memory(NamedTuple):
    """The classes of functions met lately, by hash: few functions make up nearly all cuts of a circuit.

    Args:
        function: ``[2^b]``.
        kind: ``[2^b]``.
        signed: ``[6]`` room for :func:`threshold_class`.
        place: ``[6]`` likewise.
    """

    function: NDArray[np.uint64]
    kind: NDArray[np.int64]
    signed: NDArray[np.int64]
    place: NDArray[np.int64]


@kernel(forceinline=True)
def _room_for_offers(rows: int) -> _Offers:
    return _Offers(
        np.full((rows, WIDTH), -1, np.int32),
        np.zeros(rows, np.int64),
        np.zeros(rows, np.uint64),
        np.zeros(rows, np.uint8),
        np.zeros(rows, np.uint64),
        np.zeros(rows, np.bool_),
        np.zeros(rows),
        np.zeros(4, np.int64),
    )


@kernel(forceinline=True)
def _room_for_unions() -> _Unions:
    return _Unions(
        np.full((4, WIDTH), -1, np.int32),
        np.zeros(4, np.int64),
        np.zeros(4, np.uint64),
        np.zeros(4, np.bool_),
        np.zeros(4),
        np.zeros(4, np.int64),
        np.zeros(4, np.int64),
        np.zeros(4, np.int64),
        np.zeros(4, np.uint64),
    )


@kernel(forceinline=True)
def _room_for_classes(classes: tuple[Integers, Integers, Integers]) -> _Memory:
    signed, place = np.zeros(WIDTH, np.int64), np.zeros(WIDTH, np.int64)
    nothing = threshold_class(np.uint64(0), classes[0], classes[1], classes[2], signed, place)
    return _Memory(np.zeros(_RECENT, np.uint64), np.full(_RECENT, nothing), signed, place)


@kernel()
def _enumerate(
    structure: Structure,
    readers: NDArray[np.float64],
    classes: tuple[Integers, Integers, Integers],
    keep: tuple[int, int],
    widest: int,
    cuts: Cuts,
) -> None:
    stride = keep[0] + keep[1] + 1  # what is made here has sizes that the compiler knows
    offers, unions = _room_for_offers(4 * stride), _room_for_unions()
    kept, memory = room_for_cuts(keep), _room_for_classes(classes)
    offered, offered_size, offered_table, offered_mask = offers.leaves, offers.size, offers.table, offers.mask
    offered_sign, offered_clean, offered_flow, last = offers.sign, offers.clean, offers.flow, offers.last
    leaves, size, sign, apart, flow = unions.leaves, unions.size, unions.sign, unions.apart, unions.flow
    recent, recent_kind = memory.function, memory.kind
    kept_leaves, kept_size, kept_sign, kept_cost = kept.leaves, kept.size, kept.sign, kept.cost
    rank, worst, used, limit = kept.rank, kept.worst, kept.used, kept.limit
    upcoming, picked, seat, pieces = unions.upcoming, unions.picked, unions.seat, unions.pieces
    flows = cuts.flow
    for turn in range(len(structure.order)):
        wire: int = structure.order[turn]
        kept.used[:], kept.worst[:] = 0, np.inf
        for way in range(structure.first[wire], structure.first[wire + 1]):
            fans, masked = _offer(way, structure, cuts, offers)
            helped, gate = structure.dependent[way] >= 0, structure.table[way]
            essential = is_essential(gate, fans)
            for level in range(fans):  # a helper is picked first, since it is a leaf of every union
                seat[level] = (fans - 1 if level == 0 else level - 1) if helped else level
                upcoming[level] = level * stride
            bound = max(worst[0] - 1, worst[1]) * _ROUNDING
            level = 0  # whose cut is to be merged next
            while level >= 0:
                fan: int = seat[level]
                row: int = upcoming[fan]
                if row > last[fan]:
                    upcoming[fan] = fan * stride
                    level -= 1
                    continue
                picked[fan] = row
                upcoming[fan] = row + 1
                if level == 0:
                    if offered_size[row] > widest:
                        continue
                    n, sign[0] = offered_size[row], offered_sign[row]
                    apart[0], flow[0] = offered_clean[row], offered_flow[row]
                    for i in range(n):
                        leaves[0, i] = offered[row, i]
                else:
                    before = sign[level - 1]
                    if ones(offered_sign[row] | before) > widest:
                        continue
                    sign[level] = offered_sign[row] | before
                    apart[level] = offered_clean[row] and apart[level - 1] and offered_sign[row] & before == 0
                    flow[level] = offered_flow[row] + flow[level - 1]
                    if apart[level] and essential and level == fans - 1 and flow[level] > bound:
                        continue
                    n = _union(leaves, level, size[level - 1], offered, row, offered_size[row], widest)
                    if n < 0:
                        continue
                size[level] = n
                if level < fans - 1:
                    level += 1
                    continue
                for f in range(fans):
                    row = picked[f]
                    piece, j = offered_table[row], n - 1
                    for i in range(offered_size[row] - 1, -1, -1):
                        while leaves[level, j] != offered[row, i]:
                            j -= 1
                        if j == i:  # this leaf and all before it keep their places
                            break
                        piece = swap(np.uint64(piece), int(i), int(j))
                    pieces[f] = piece
                function = composed(gate, fans, pieces)
                unread = 0 if apart[level] and essential else unread_leaves(function, n)
                price, other_price = 1.0, 0.0  # of a neuron and its leaves, and of the leaves alone
                for i in range(n):
                    if not unread >> i & 1:
                        leaf: int = leaves[level, i]
                        price += flows[leaf]
                        other_price += flows[leaf]
                if price >= worst[0] and other_price >= worst[1]:
                    continue
                slot = function * np.uint64(0x9E3779B97F4A7C15) >> np.uint64(64 - _RECENT_BITS)
                if recent[slot] != function:
                    recent[slot] = function
                    recent_kind[slot] = threshold_class(
                        function, classes[0], classes[1], classes[2], memory.signed, memory.place
                    )
                group = 1 if recent_kind[slot] == NO_CLASS else 0
                if group:
                    price = other_price
                if price >= worst[group]:
                    continue
                if is_kept(kept_leaves, kept_size, kept_sign, used, group, leaves, level, n, sign[level]):
                    continue
                bits = 0
                if masked:
                    for f in range(fans):
                        row = picked[f]
                        bits |= _moved(offered_mask[row], offered, row, offered_size[row], leaves, level)
                row = ranked(rank, kept_cost, kept_size, used[group], limit[group], group, price, n)
                for i in range(WIDTH):
                    kept_leaves[group, row, i] = leaves[level, i] if i < n else -1
                kept.table[group, row], kept.kind[group, row] = function, recent_kind[slot]
                kept.mask[group, row], kept.silent[group, row] = bits, unread
                kept_size[group, row], kept_sign[group, row], kept_cost[group, row] = n, sign[level], price
                used[group] = min(used[group] + 1, limit[group])
                if used[group] == limit[group]:
                    worst[group] = kept_cost[group, rank[group, limit[group] - 1]]
                    bound = max(worst[0] - 1, worst[1]) * _ROUNDING
        write_cuts(wire, kept, readers[wire], cuts)


@kernel(forceinline=True)
def _offer(way: int, structure: Structure, cuts: Cuts, offers: _Offers) -> tuple[int, bool]:
    """Fills in what the fan-ins of an alternative offer; how many there are, and whether any leaf is dependent."""
    offered, offered_size, offered_table, offered_mask = offers.leaves, offers.size, offers.table, offers.mask
    offered_sign, offered_clean, offered_flow = offers.sign, offers.clean, offers.flow
    leaves, table, dependents, silent = cuts.leaves, cuts.table, cuts.dependent, cuts.silent
    used, flows, fan_in, dependent = cuts.used, cuts.flow, structure.fan_in, structure.dependent[way]
    stride, fans, masked = len(offered_size) // 4, 1, dependent >= 0
    while fans < 4 and fan_in[way, fans] >= 0:
        fans += 1
    for fan in range(fans):
        source, row = fan_in[way, fan], fan * stride
        helper = fan == dependent
        options = 1 if helper else used[source] + 1
        if fan > 1 or dependent >= 0:
            options = min(options, 4)
        offered[row, 0], offered_size[row] = source, 1 if source else 0
        offered_table[row] = VARIABLE[0] if source else np.uint64(0)
        offered_mask[row] = 1 if helper else 0
        offered_sign[row] = np.uint64(1) << np.uint64(source & 63) if source else np.uint64(0)
        offered_clean[row], offered_flow[row] = source > 0, flows[source]
        for cut in range(options - 1):
            row += 1
            n, seen, flow = 0, np.uint64(0), 0.0
            while n < WIDTH and leaves[source, cut, n] >= 0:
                leaf = leaves[source, cut, n]
                offered[row, n] = leaf
                seen |= np.uint64(1) << np.uint64(leaf & 63)
                flow += flows[leaf]
                n += 1
            offered_size[row], offered_sign[row] = n, seen
            offered_clean[row], offered_flow[row] = n > 0 and silent[source, cut] == 0, flow
            offered_table[row], offered_mask[row] = table[source, cut], dependents[source, cut]
            masked |= offered_mask[row] > 0
        offers.last[fan] = row
    return fans, masked


@kernel(forceinline=True)
def _union(
    leaves: NDArray[np.int32], level: int, one: int, offered: NDArray[np.int32], row: int, other: int, widest: int
) -> int:
    """Merges the union of the level before with an offered cut; how many leaves that has, or -1 if too many."""
    i, j, n = 0, 0, 0
    while i < one and j < other and n < widest:
        a, b = leaves[level - 1, i], offered[row, j]
        leaves[level, n] = min(a, b)
        i, j, n = i + (a <= b), j + (b <= a), n + 1
    if n + one - i + other - j > widest:
        return -1
    for k in range(i, one):
        leaves[level, n] = leaves[level - 1, k]
        n += 1
    for k in range(j, other):
        leaves[level, n] = offered[row, k]
        n += 1
    return n


@kernel(forceinline=True)
def _moved(
    mask: np.uint8, offered: NDArray[np.int32], row: int, size: int, leaves: NDArray[np.int32], level: int
) -> int:
    """A bit mask over an offered cut's leaves as one over the leaves of the union."""
    bits, i = 0, 0
    if mask:
        for j in range(size):
            while leaves[level, i] != offered[row, j]:
                i += 1
            bits |= (int(mask) >> j & 1) << i
    return bits
