"""How each wire of an and-inverter graph can be built: its own gate, and what a neighbour's spike offers besides.

Two wires over the same two or three leaves help each other: with the carry ``C`` of a full adder at hand, its sum is
the single threshold function ``[a + b + c - 2 C >= 1]``; with ``a & b``, the exclusive or is ``[a + b - 2 ab >= 1]``.
All such pairs are found by truth table, whatever the gates between the leaves and the two wires are.
"""

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from ..circuit import Circuit
from .classes import WIDTH, ThresholdClasses
from .cuts import NO_CLASS, Structure, find_cuts, threshold_class

_KEPT = (10, 10)  # cuts of each wire that are searched for pairs
_HELPERS = 6  # neighbours that are tried for one wire and one set of leaves

Integers = NDArray[np.int64]


def and_structure(graph: Circuit) -> Structure:
    """The gates of an and-inverter graph as they are."""
    pairs = graph.literals.reshape(-1, 2)
    fan_in = np.full((len(pairs), 4), -1, np.int64)
    fan_in[:, :2] = pairs >> 1
    state = (1 - (pairs[:, 0] & 1)) + 2 * (1 - (pairs[:, 1] & 1))
    first = np.concatenate([np.zeros(graph.first_gate, np.int64), np.arange(len(pairs) + 1)])
    order = np.arange(graph.first_gate, graph.wires)
    return Structure(order, first, fan_in, 1 << state, np.full(len(pairs), -1, np.int64))


def helped_structure(graph: Circuit, classes: ThresholdClasses) -> Structure:
    """The gates and, as alternatives, every wire that one neuron can make with a neighbour's help."""
    plain = and_structure(graph)
    cuts = find_cuts(plain, np.bincount(graph.literals >> 1, minlength=graph.wires) + 0.0, classes, _KEPT, 3)
    parts = [_helped(cuts.leaves, cuts.table, cuts.kind, width, classes) for width in (2, 3)]
    owner = np.concatenate([np.arange(graph.first_gate, graph.wires), *(part.wire for part in parts)])
    fan_in = np.concatenate([plain.fan_in, *(part.fan_in for part in parts)])
    table = np.concatenate([plain.table, *(part.table for part in parts)])
    dependent = np.concatenate([plain.dependent, *(np.full(len(part.wire), part.width) for part in parts)])
    sort = np.argsort(owner, kind="stable")
    first = np.concatenate([[0], np.cumsum(np.bincount(owner, minlength=graph.wires))])
    fan_in, table, dependent = fan_in[sort], table[sort], dependent[sort]
    order, dropped = _order(first, fan_in, graph.first_gate)
    table[dropped] = 0  # would close a loop; a constant that is never taken for the wire
    fan_in[dropped] = -1
    return Structure(order, first, fan_in, table, dependent)


class _Helped(NamedTuple):
    width: int
    wire: Integers
    fan_in: Integers
    table: Integers


def _helped(leaves, tables, kinds, width: int, classes: ThresholdClasses) -> _Helped:
    chosen = (leaves[:, :, width - 1] >= 0) & (leaves[:, :, width] < 0)
    wire, cut = np.nonzero(chosen)
    leaf = leaves[wire, cut, :width].astype(np.int64)
    table = (tables[wire, cut] & np.uint64((1 << (1 << width)) - 1)).astype(np.int64)
    hard = kinds[wire, cut] == NO_CLASS
    wires = len(leaves)
    key = np.zeros(len(leaf), np.int64)
    if width == 3:
        _, key = np.unique(leaf[:, 0] * wires + leaf[:, 1], return_inverse=True)
        key = key.reshape(-1)
    else:
        key = leaf[:, 0]
    key = key * wires + leaf[:, -1]
    easy = np.flatnonzero(~hard)
    easy = easy[np.argsort(key[easy], kind="stable")]
    hard = np.flatnonzero(hard)
    low = np.searchsorted(key[easy], key[hard], "left")
    count = np.minimum(np.searchsorted(key[easy], key[hard], "right") - low, _HELPERS)
    mine = np.repeat(hard, count)
    start = np.cumsum(count) - count
    other = easy[np.repeat(low - start, count) + np.arange(len(mine))]
    joint = _joint_tables(width, classes)[table[mine], table[other]]
    good = joint >= 0
    mine, other, joint = mine[good], other[good], joint[good]
    fan_in = np.full((len(mine), 4), -1, np.int64)
    fan_in[:, :width] = leaf[mine]
    fan_in[:, width] = wire[other]
    return _Helped(width, wire[mine], fan_in, joint)


def _joint_tables(width: int, classes: ThresholdClasses) -> Integers:
    """``[f, g]``: a threshold table over the leaves and ``g`` that makes ``f``, the lightest; -1 if there is none."""
    states, tables = 1 << width, 1 << (1 << width)
    functions, size = _threshold_tables(2 * states, *classes[:1], *classes[2:])
    functions = functions[np.argsort(-size, kind="stable")]
    g = np.arange(tables)
    made = (functions[:, None] & (tables - 1) & ~g) | ((functions[:, None] >> states) & g)
    joint = np.full((tables, tables), -1, np.int64)
    joint[made.reshape(-1), np.tile(g, len(functions))] = np.repeat(functions, tables)
    return joint


@njit(cache=True)
def _threshold_tables(states, weights, keys, values):
    signed, place = np.zeros(WIDTH, np.int64), np.zeros(WIDTH, np.int64)
    functions, size = [np.int64(0) for _ in range(0)], [np.int64(0) for _ in range(0)]
    for table in range(1 << states):
        full, width = np.uint64(table), states
        while width < 64:
            full |= full << np.uint64(width)
            width *= 2
        found = threshold_class(full, weights, keys, values, signed, place)
        if found != NO_CLASS:
            functions.append(table)
            size.append(weights[found].sum())
    return np.array(functions), np.array(size)


@njit(cache=True)
def _order(first, fan_in, first_gate):
    """Depth first through all alternatives; those that would close a loop are dropped."""
    wires = len(first) - 1
    state = np.zeros(wires, np.int8)  # 0 new, 1 open, 2 done
    state[:first_gate] = 2
    order = np.zeros(wires - first_gate, np.int64)
    dropped = np.zeros(len(fan_in), np.bool_)
    stack = np.zeros((wires + 1, 2), np.int64)  # wire, position among the fan-ins of all its alternatives
    done = 0
    for root in range(first_gate, wires):
        if state[root]:
            continue
        top = 0
        stack[0, 0], stack[0, 1] = root, 4 * first[root]
        state[root] = 1
        while top >= 0:
            wire, at = stack[top, 0], stack[top, 1]
            if at == 4 * first[wire + 1]:
                state[wire] = 2
                order[done] = wire
                done += 1
                top -= 1
                continue
            stack[top, 1] = at + 1
            source = fan_in[at >> 2, at & 3]
            if source < 0 or dropped[at >> 2]:
                continue
            if state[source] == 1:
                while at >> 2 == first[wire]:  # a wire's own gate stays; the alternative that led here goes
                    state[wire] = 0
                    top -= 1
                    wire, at = stack[top, 0], stack[top, 1] - 1
                dropped[at >> 2] = True
            elif state[source] == 0:
                state[source] = 1
                top += 1
                stack[top, 0], stack[top, 1] = source, 4 * first[source]
    return order, dropped
