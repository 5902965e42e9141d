"""Where the nodes of a layered graph stand: a column for each depth, few crossings.

The layout is the usual one for acyclic graphs (Sugiyama, Tagawa, Toda 1981, "Methods for visual understanding of
hierarchical system structures"): a column for each longest-path depth, then each column is ordered by the mean height
of its neighbours, back and forth, which removes most crossings.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

COLUMN = 150.0
"""Pixels from column to column."""
_ROW, _LOW = 46.0, 9.0  # pixels from node to node where there is room, and in the fullest columns
_TALLEST = 1400.0
_SWEEPS = 12


@dataclass(frozen=True)
class Link:
    """A link of a graph.

    Args:
        pre: Where it begins.
        post: Where it ends.
        negative: Whether it inhibits or negates.
        label: Written beside it; empty for none.
        pin: At which of its end's inputs it ends, from 0.
    """

    pre: int
    post: int
    negative: bool
    label: str = ""
    pin: int = 0


@dataclass(frozen=True)
class Graph:
    """Nodes ``0 .. len(names) - 1`` and links from earlier to later, or back.

    Args:
        names: Of the nodes.
        links: Between them.
        ends: The nodes that answer; they stand in the last column.
    """

    names: Sequence[str]
    links: Sequence[Link]
    ends: frozenset[int]


@dataclass(frozen=True)
class Places:
    """Where everything stands.

    Args:
        columns: The nodes that matter, from left to right.
        of: Centre of each node, in pixels.
        width: Of the whole drawing.
        height: Of the whole drawing.
        row: Pixels from node to node in the fullest column.
    """

    columns: list[list[int]]
    of: dict[int, tuple[float, float]]
    width: float
    height: float
    row: float


def place(graph: Graph, top: float, bottom: float) -> Places:
    """Gives each node that matters its place, below ``top`` pixels and above ``bottom`` more."""
    columns = _columns(graph)
    height = _heights(columns, graph)
    fullest = max((len(column) for column in columns), default=1)
    row = float(np.clip(_TALLEST / fullest, _LOW, _ROW))
    tall = max(fullest * row, 2 * _ROW)
    left = 24 + 7.0 * max((len(graph.names[node]) for node in columns[0]), default=0) if columns else 0
    right = 34 + 7.0 * max((len(graph.names[node]) for node in columns[-1]), default=0) if columns else 0
    of = {
        node: (left + COLUMN * number, top + tall * height[node])
        for number, column in enumerate(columns)
        for node in column
    }
    return Places(columns, of, left + right + COLUMN * max(len(columns) - 1, 0), top + tall + bottom, row)


def _columns(graph: Graph) -> list[list[int]]:
    """The nodes that matter, by longest path from a source; nodes that answer stand in the last column."""
    forward = sorted({(link.pre, link.post) for link in graph.links if link.pre < link.post})
    joined = {node for link in forward for node in link} | graph.ends
    depth = dict.fromkeys(sorted(joined), 0)
    for pre, post in sorted(forward, key=lambda link: link[1]):
        depth[post] = max(depth[post], depth[pre] + 1)
    last = max(depth.values(), default=0)
    columns: list[list[int]] = [[] for _ in range(last + 1)]
    for node, level in depth.items():
        columns[last if node in graph.ends else level].append(node)
    return [column for column in columns if column]


def _heights(columns: list[list[int]], graph: Graph) -> dict[int, float]:
    """The height of each node from 0 to 1, after sweeps that put each node near the mean of its neighbours."""
    neighbours: dict[int, list[int]] = {node: [] for column in columns for node in column}
    for link in graph.links:
        if link.pre in neighbours and link.post in neighbours:
            neighbours[link.pre].append(link.post)
            neighbours[link.post].append(link.pre)
    height: dict[int, float] = {}
    for column in columns:
        height |= _level(column)
    for sweep in range(_SWEEPS):
        order = columns[1:-1] if len(columns) > 2 else []  # inputs and outputs keep the order that they were given
        for column in order if sweep % 2 else reversed(order):
            means = {node: float(np.mean([height[n] for n in neighbours[node]] or [0.5])) for node in column}
            height |= _level(sorted(column, key=lambda node: means[node]))
    return height


def _level(column: list[int]) -> dict[int, float]:
    return {node: (number + 0.5) / len(column) for number, node in enumerate(column)}
