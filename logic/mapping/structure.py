"""How each wire of an and-inverter graph can be built: its own gate, and what a neighbour's spike offers besides.

Two wires over the same two or three leaves help each other: with the carry ``C`` of a full adder at hand, its sum is
the single threshold function ``[a + b + c - 2 C >= 1]``; with ``a & b``, the exclusive or is ``[a + b - 2 ab >= 1]``.
All such pairs are found by truth table, whatever the gates between the leaves and the two wires are.
"""

from collections.abc import Iterator
from itertools import combinations
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..circuit import Circuit
from ..kernels import kernel
from .classes import WIDTH, ThresholdClasses
from .cuts import Structure, find_cuts
from .kept_cuts import Cuts
from .word_tables import NO_CLASS, threshold_class

_KEPT = (6, 6)  # cuts of each wire that are searched for pairs
_MIX = np.array([1, 0x9E3779B97F4A7C1, 0x5851F42D4C957F2], np.int64)
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


def helped_structures(graph: Circuit, classes: ThresholdClasses) -> Iterator[Structure]:
    """The gates with, as alternatives, what one neuron can make with a neighbour's help.

    First with helpers over the same leaves, then also with helpers over two of three leaves: more choice, which an
    area flow does not always use well, so the caller tries both.
    """
    plain = and_structure(graph)
    cuts = find_cuts(
        plain, np.bincount(graph.literals >> 1, minlength=graph.wires).astype(np.float64), classes, _KEPT, 3
    )
    two, three = _functions(cuts, 2), _functions(cuts, 3)
    ordered = _joined(plain, [*_helped(two, two, classes), *_helped(three, three, classes)])
    place = np.zeros(graph.wires, np.int64)
    place[ordered.order] = np.arange(len(ordered.order))
    yield ordered
    late = [_filtered(part, place) for part in _helped(three, two, classes)]
    yield _joined(ordered, late)


def _filtered(part: "_Helped", place: Integers) -> "_Helped":
    """Only what keeps the order of the wires."""
    good = place[part.fan_in[:, part.width]] < place[part.wire]
    return _Helped(part.width, part.wire[good], part.fan_in[good], part.table[good])


def _joined(plain: Structure, parts: "list[_Helped]") -> Structure:
    """A structure with further alternatives, without those that would close a loop."""
    wires = len(plain.first) - 1
    owner = np.concatenate([np.repeat(np.arange(wires), np.diff(plain.first)), *(part.wire for part in parts)])
    fan_in = np.concatenate([plain.fan_in, *(part.fan_in for part in parts)])
    table = np.concatenate([plain.table, *(part.table for part in parts)])
    dependent = np.concatenate([plain.dependent, *(np.full(len(part.wire), part.width) for part in parts)])
    sort = np.argsort(owner, kind="stable")
    first = np.concatenate([[0], np.cumsum(np.bincount(owner, minlength=wires))])
    fan_in = fan_in[sort]
    order, dropped = _order(first, fan_in, wires - len(plain.order))
    kept = ~dropped
    first = np.concatenate([[0], np.cumsum(np.bincount(owner[sort][kept], minlength=wires))])
    return Structure(order, first, fan_in[kept], table[sort][kept], dependent[sort][kept])


class _Helped(NamedTuple):
    """Alternatives: ``wire`` as ``table`` of its fan-ins, the last of which, the helper, depends on the others."""

    width: int
    wire: Integers
    fan_in: Integers
    table: Integers


class _Functions(NamedTuple):
    """Cuts of one size: ``wire[m]`` is ``table[m]`` over ``leaf[m]``, a threshold function or not."""

    wire: Integers
    leaf: Integers
    table: Integers
    easy: NDArray[np.bool_]


def _functions(cuts: Cuts, width: int) -> _Functions:
    wire, cut = np.nonzero((cuts.leaves[:, :, width - 1] >= 0) & (cuts.leaves[:, :, width] < 0))
    table = (cuts.table[wire, cut] & np.uint64((1 << (1 << width)) - 1)).astype(np.int64)
    leaf = cuts.leaves[wire, cut, :width].astype(np.int64)
    return _Functions(wire, leaf, table, cuts.kind[wire, cut] != NO_CLASS)


def _key(leaves: Integers) -> Integers:
    """One number for each row; equal rows have equal numbers, others almost never."""
    return (leaves * _MIX[: leaves.shape[1]]).sum(1)


def _helped(own: _Functions, helper: _Functions, classes: ThresholdClasses) -> Iterator[_Helped]:
    """Wires that are no threshold function of their leaves, but are one of the leaves and a wire over some of them."""
    width, within = own.leaf.shape[1], helper.leaf.shape[1]
    joint_tables, easy = _joint_tables(width, classes), np.flatnonzero(helper.easy)
    hard = np.flatnonzero(~own.easy)
    states = np.arange(1 << width)
    for positions in combinations(range(width), within):
        key, wanted = _key(helper.leaf[easy]), _key(own.leaf[hard][:, positions])
        sort = np.argsort(key, kind="stable")
        low, high = (np.searchsorted(key[sort], wanted, side) for side in ("left", "right"))
        count = np.minimum(high - low, _HELPERS)
        mine, start = np.repeat(hard, count), np.cumsum(count) - count
        other = easy[sort[np.repeat(low - start, count) + np.arange(len(mine))]]
        seen = sum((states >> position & 1) << place for place, position in enumerate(positions))
        helper_table = ((helper.table[other][:, None] >> seen & 1) << states).sum(1)
        joint = joint_tables[own.table[mine], helper_table]
        good = (joint >= 0) & (helper.leaf[other] == own.leaf[mine][:, positions]).all(1)
        fan_in = np.full((int(good.sum()), 4), -1, np.int64)
        fan_in[:, :width], fan_in[:, width] = own.leaf[mine[good]], helper.wire[other[good]]
        yield _Helped(width, own.wire[mine[good]], fan_in, joint[good])


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


@kernel(large=0)
def _threshold_tables(states: int, weights: Integers, keys: Integers, values: Integers) -> tuple[Integers, Integers]:
    signed, place = np.zeros(WIDTH, np.int64), np.zeros(WIDTH, np.int64)
    functions, size = [np.int64(0) for _ in range(0)], [np.int64(0) for _ in range(0)]
    for table in range(1 << states):
        full, width = np.uint64(table), states
        while width < 64:
            full |= full << np.uint64(width)
            width *= 2
        found = threshold_class(full, weights, keys, values, signed, place)
        if found != NO_CLASS:
            functions.append(np.int64(table))
            size.append(weights[found].sum())
    return np.array(functions), np.array(size)


@kernel()
def _order(first: Integers, fan_in: Integers, first_gate: int) -> tuple[Integers, NDArray[np.bool_]]:
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
