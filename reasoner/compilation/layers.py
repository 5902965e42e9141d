"""Layers: sums of products as index tables, so that all nodes of one depth are evaluated at once."""

from collections import defaultdict
from collections.abc import Sequence
from itertools import chain, product
from typing import Any, Generic, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from ..grounding.sums import FALSE, IMPOSSIBLE, TRUE, Case, Sums

SMALL = 2048  # entries; layers that are smaller are worth one call, not several
DENSE = 0.25  # of the pairs of two slots; a block of which fewer are used is left sparse


Arrays = NDArray[Any]
Table = TypeVar("Table")
"""Arrays here; tensors where :class:`reasoner.Counter` counts a batch."""


class Dense(NamedTuple, Generic[Table]):
    """A layer whose nodes are sums over pairs of values of two slots: blocks of one shape, as a matrix product.

    Args:
        left: ``[K, blocks]``, rows of the first slot's values.
        right: ``[L, blocks]``, rows of the second slot's.
        matrix: ``[nodes, K * L]``, whether the node of a block counts the pair.
    """

    left: Table
    right: Table
    matrix: Table


class Layer(NamedTuple, Generic[Table]):
    """Nodes of one depth; they read earlier rows and write ``start`` and those that follow.

    Args:
        start: First row.
        children: ``[nodes, cases, width]`` rows of the buffer: a sum of products; padded with the false row (a case)
            and the true row (a factor).
        dense: The same as a matrix product, if it is one.
    """

    start: int
    children: Table
    dense: Dense[Table] | None = None


class Layers(NamedTuple, Generic[Table]):
    """Layers in an order in which values flow.

    Args:
        layers: The layers.
        rows: Length of the buffer: false, true, the inputs, then the nodes.
        outputs: ``[O]``, the row of each output.
        row_of: The row of each node of the sums.
    """

    layers: tuple[Layer[Table], ...]
    rows: int
    outputs: Table
    row_of: Sequence[int]


def layered(sums: Sums) -> Layers[Arrays]:
    """The sums as layers: by depth, then by shape."""
    first = sums.first
    depth = [0] * (first + len(sums.nodes))
    by_depth: dict[int, list[int]] = defaultdict(list)
    for number, cases in enumerate(sums.nodes, first):
        depth[number] = 1 + max([depth[child] for child in chain.from_iterable(cases)])
        by_depth[depth[number]].append(number)
    row = np.arange(len(depth))
    layers: list[Layer[Arrays]] = []
    rows = first
    for level in sorted(by_depth):
        for members, blocks in _buckets(by_depth[level], sums):
            if blocks:  # one after the other, as they come; in the buffer node by node
                members = np.array(members).reshape(len(blocks), -1).T.flatten().tolist()
            row[members] = rows + np.arange(len(members))
            cases = [sums.nodes[number - first] for number in members]
            dense = _dense(cases, blocks, sums) if blocks else None
            layers.append(Layer(rows, _table(cases, row), dense))
            rows += len(members)
    return Layers(tuple(layers), rows, row[list(sums.outputs)], tuple(row.tolist()))


def evaluated(layers: Layers[Arrays], log_probs: NDArray[np.float64]) -> NDArray[np.float64]:
    """``[O]``, the log-probability of each output.

    Args:
        layers: Of a plan or a counter.
        log_probs: ``[I]``, of each input.
    """
    buffer = np.empty(layers.rows)
    buffer[FALSE], buffer[TRUE] = IMPOSSIBLE, 0.0
    buffer[2 : 2 + len(log_probs)] = log_probs
    for start, children, _ in layers.layers:
        values = np.take(buffer, children[:, :, 0])
        for factor in range(1, children.shape[2]):
            values += np.take(buffer, children[:, :, factor])
        own = buffer[start : start + len(children)]
        if values.shape[1] == 1:
            own[:] = values[:, 0]
        else:
            most = np.maximum.reduce(values, 1, keepdims=True)
            values -= most
            np.log(np.add.reduce(np.exp(values, out=values), 1), out=own)
            own += most[:, 0]
    return buffer[layers.outputs].clip(IMPOSSIBLE)


def to_sums(layers: Layers[Arrays], one_hot: tuple[range, ...]) -> Sums:
    """Layers as sums again, a node for each row.

    Args:
        layers: Without gaps between them.
        one_hot: Positions of the inputs of each slot.
    """
    nodes: list[tuple[Case, ...]] = []
    for layer in layers.layers:
        for cases in layer.children.tolist():
            kept = [tuple(sorted([one for one in case if one != TRUE])) for case in cases if FALSE not in case]
            nodes.append(tuple(kept) or ((FALSE,),))
    return Sums(one_hot, nodes, tuple(layers.outputs.tolist()))


def _table(nodes: Sequence[Sequence[Case]], row: np.ndarray) -> Arrays:
    count, width = max(map(len, nodes)), max(map(len, chain.from_iterable(nodes)))
    table = np.full((len(nodes), count, width), FALSE, dtype=np.int64)
    lengths = np.array([[*map(len, cases), *[0] * (count - len(cases))] for cases in nodes])
    inside = np.arange(width) < lengths[:, :, None]
    table[inside] = row[list(chain.from_iterable(chain.from_iterable(nodes)))]
    table[~inside & (lengths[:, :, None] > 0)] = TRUE
    return table


def _buckets(members: Sequence[int], sums: Sums) -> list[tuple[list[int], list[tuple[int, int]]]]:
    """The members in groups of like shape; a group of dense blocks comes with the slots of each block."""
    slot_of = sums.slot_of
    pairs: dict[tuple[int, int], list[int]] = defaultdict(list)
    shapes: dict[tuple[int, int], list[int]] = defaultdict(list)
    for number in members:
        cases = sums.nodes[number - sums.first]
        slots = _slots(cases, slot_of)
        if slots is not None:
            pairs[slots].append(number)
        else:
            shapes[max(map(len, cases)), (len(cases) - 1).bit_length()].append(number)
    found: list[tuple[list[int], list[tuple[int, int]]]] = []
    alike: dict[object, tuple[list[int], list[tuple[int, int]]]] = {}
    for (left, right), numbers in pairs.items():
        shifts = 2 + sums.one_hot[left].start, 2 + sums.one_hot[right].start
        patterns = sorted(
            (tuple(sorted([(a - shifts[0], b - shifts[1]) for a, b in sums.nodes[number - sums.first]])), number)
            for number in numbers
        )
        sizes = len(sums.one_hot[left]), len(sums.one_hot[right])
        if sum(len(pattern) for pattern, _ in patterns) < max(16, DENSE * sizes[0] * sizes[1]):
            for number in numbers:
                shapes[2, (len(sums.nodes[number - sums.first]) - 1).bit_length()].append(number)
            continue
        group, blocks = alike.setdefault((sizes, tuple(pattern for pattern, _ in patterns)), ([], []))
        group += [number for _, number in patterns]
        blocks.append((left, right))
    found += alike.values()
    merged: list[int] = []
    shape = 0, 0
    for (width, bits), numbers in sorted(shapes.items()):
        larger = max(shape[0], width), max(shape[1], bits)
        if merged and (len(merged) + len(numbers)) * larger[0] << larger[1] > SMALL:
            found.append((merged, []))
            merged, larger = [], (width, bits)
        merged, shape = merged + numbers, larger
    return [*found, (merged, [])] if merged else found


def _slots(cases: Sequence[Case], slot_of: Sequence[int]) -> tuple[int, int] | None:
    """The two slots of which every case takes a value each, if so; the first is that of the lower inputs."""
    if {*map(len, cases)} != {2} or max([case[1] for case in cases]) >= len(slot_of) + 2:
        return None
    slots = {(slot_of[a - 2], slot_of[b - 2]) for a, b in cases}
    return slots.pop() if len(slots) == 1 else None


def _dense(nodes: Sequence[Sequence[Case]], blocks: Sequence[tuple[int, int]], sums: Sums) -> Dense[Arrays]:
    values = [range(2 + group.start, 2 + group.stop) for group in sums.one_hot]
    left, right = values[blocks[0][0]], values[blocks[0][1]]
    column = {pair: index for index, pair in enumerate(product(left, right))}
    matrix = np.zeros((len(nodes) // len(blocks), len(column)), dtype=np.float32)
    for line, cases in zip(matrix, nodes[:: len(blocks)], strict=True):  # the first block's; the others' are alike
        line[[column[a, b] for a, b in cases]] = 1.0
    return Dense(
        np.array([values[slot] for slot, _ in blocks]).T.copy(),
        np.array([values[slot] for _, slot in blocks]).T.copy(),
        matrix,
    )
