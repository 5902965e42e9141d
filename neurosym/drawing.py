"""Circuits and spiking networks drawn as layered graphs in SVG, left to right; what was active stands out.

The layout is the usual one for acyclic graphs (Sugiyama, Tagawa, Toda 1981, "Methods for visual understanding of
hierarchical system structures"): a column for each longest-path depth, then each column is ordered by the mean height
of its neighbours, back and forth, which removes most crossings.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from html import escape
from math import prod

import numpy as np
from numpy.typing import NDArray

from logic import Circuit, Gate, SpikingNetwork

_INK, _QUIET, _ACTIVE, _INHIBIT = "#1f2933", "#9aa5b1", "#D55E00", "#0072B2"
_HEIGHT, _COLUMN, _MARGIN = 620.0, 250.0, 26.0  # pixels
_LABEL_LIMIT = 30  # a column with more nodes than this names only the active ones
_SWEEPS = 12

Integers = NDArray[np.int64]


@dataclass(frozen=True)
class _Graph:
    """Nodes ``0 .. len(names) - 1``, links from earlier to later or back, and the nodes that answer."""

    names: Sequence[str]
    links: Sequence[tuple[int, int, bool]]  # from, to, whether it inhibits or negates
    ends: frozenset[int]


def draw_network(network: SpikingNetwork, active: Collection[int] = (), title: str = "") -> str:
    """A spiking network as SVG text; inhibiting synapses are dashed.

    Args:
        network: Some hundred neurons at most, or the drawing is a thicket.
        active: What fired, numbered as in :class:`logic.FlatNetwork` (inputs first, then all neurons). A synapse
            between two active neurons is highlighted.
        title: Written above.
    """
    flat = network.flatten()
    names = list(network.input_names) or [f"input {i}" for i in range(flat.inputs)]
    names += [
        population.name if population.size == 1 else f"{population.name} {place}"
        for population in network.populations
        for place in range(prod(population.shape))
    ]
    ends: dict[int, list[str]] = {}
    for node, name in zip(network.outputs.tolist(), network.output_names, strict=True):
        ends.setdefault(node, []).append(name)
    for node, shown in ends.items():
        names[node] = ", ".join(shown)
    links = [
        (pre, post + flat.inputs, weight < 0)
        for pre, post, weight in zip(flat.pre.tolist(), flat.post.tolist(), flat.weight.tolist(), strict=True)
    ]
    quiet = "excites", "inhibits"
    return _draw(_Graph(names, sorted(set(links)), frozenset(ends)), frozenset(active), title, "fired", quiet)


def draw_circuit(circuit: Circuit, active: Collection[int] = (), title: str = "") -> str:
    """A circuit as SVG text; links that negate are dashed.

    Args:
        circuit: Some hundred gates at most.
        active: The wires that are true, as in :class:`logic.Circuit` (wire 0 is the constant, then the inputs).
        title: Written above.
    """
    names = ["false", *circuit.inputs, *circuit.register_names]
    names += [f"{Gate(kind).name}" for kind in circuit.kinds.tolist()]
    links = [
        (code >> 1, gate + circuit.first_gate, bool(code & 1))
        for gate in range(len(circuit.kinds))
        for code in circuit.operands(gate).tolist()
    ]
    first_end = len(names)
    names += circuit.output_names
    links += [(code >> 1, first_end + place, bool(code & 1)) for place, code in enumerate(circuit.outputs.tolist())]
    lit = set(active) | {post for pre, post, negates in links if post >= first_end and (pre in active) != negates}
    ends = frozenset(range(first_end, len(names)))
    return _draw(_Graph(names, links, ends), frozenset(lit), title, "true", ("passes on", "negates"))


def _columns(graph: _Graph) -> list[list[int]]:
    """The nodes that matter, by longest path from a source; nodes that answer stand in the last column."""
    forward = sorted({(pre, post) for pre, post, _ in graph.links if pre < post})
    joined = {node for link in forward for node in link} | graph.ends
    depth = dict.fromkeys(sorted(joined), 0)
    for pre, post in sorted(forward, key=lambda link: link[1]):
        depth[post] = max(depth[post], depth[pre] + 1)
    last = max(depth.values(), default=0)
    columns: list[list[int]] = [[] for _ in range(last + 1)]
    for node, level in depth.items():
        columns[last if node in graph.ends else level].append(node)
    return [column for column in columns if column]


def _heights(columns: list[list[int]], graph: _Graph) -> dict[int, float]:
    """The height of each node from 0 to 1, after sweeps that put each node near the mean of its neighbours."""
    neighbours: dict[int, list[int]] = {node: [] for column in columns for node in column}
    for pre, post, _ in graph.links:
        if pre in neighbours and post in neighbours:
            neighbours[pre].append(post)
            neighbours[post].append(pre)
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
    return {node: (place + 0.5) / len(column) for place, node in enumerate(column)}


def _draw(graph: _Graph, active: frozenset[int], title: str, state: str, kinds: tuple[str, str]) -> str:
    columns = _columns(graph)
    height = _heights(columns, graph)
    left = 20 + 6.6 * max((len(graph.names[node]) for node in columns[0]), default=0)
    right = 30 + 6.6 * max((len(graph.names[node]) for node in columns[-1]), default=0)
    top = _MARGIN + (24 if title else 0)
    width, total = left + right + _COLUMN * (len(columns) - 1), top + _HEIGHT + 2 * _MARGIN
    where = {
        node: (left + _COLUMN * place, top + _HEIGHT * height[node])
        for place, column in enumerate(columns)
        for node in column
    }
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {total:.0f}" width="{width:.0f}" '
        f'height="{total:.0f}" font-family="DejaVu Sans, Verdana, sans-serif" font-size="11" fill="{_INK}">'
    ]
    if title:
        parts.append(f'<text x="{left:.0f}" y="20" font-size="13" font-weight="bold">{escape(title)}</text>')
    shown = [link for link in graph.links if link[0] in where and link[1] in where]
    for pre, post, negative in sorted(shown, key=lambda link: {link[0], link[1]} <= active):
        parts.append(_link(where[pre], where[post], negative, {pre, post} <= active))
    for place, column in enumerate(columns):
        radius = float(np.clip(_HEIGHT / len(column) / 2.4, 1.6, 7))
        for node in column:
            parts.append(_node(*where[node], radius, node in active))
            if len(column) <= _LABEL_LIMIT or node in active:
                parts.append(_label(*where[node], graph.names[node], place, len(columns), radius, node in active))
    parts += _legend(left, total - _MARGIN / 2, state, kinds)
    return "\n".join([*parts, "</svg>"])


def _link(start: tuple[float, float], stop: tuple[float, float], negative: bool, lit: bool) -> str:
    (x0, y0), (x1, y1) = start, stop
    bend = (x1 - x0) * 0.45 if x1 > x0 else _COLUMN * 0.3
    colour = (_INHIBIT if negative else _ACTIVE) if lit else _QUIET
    look = 'stroke-width="2.2" opacity="0.95"' if lit else 'stroke-width="0.7" opacity="0.35"'
    dashes = ' stroke-dasharray="4 3"' if negative else ""
    return (
        f'<path d="M{x0:.1f} {y0:.1f}C{x0 + bend:.1f} {y0:.1f} {x1 - bend:.1f} {y1:.1f} {x1:.1f} {y1:.1f}" '
        f'fill="none" stroke="{colour}" {look}{dashes}/>'
    )


def _node(x: float, y: float, radius: float, lit: bool) -> str:
    fill, edge, size = (_ACTIVE, _ACTIVE, radius + 1.5) if lit else ("#ffffff", _QUIET, radius)
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{size:.1f}" fill="{fill}" stroke="{edge}"/>'


def _label(x: float, y: float, name: str, place: int, columns: int, radius: float, lit: bool) -> str:
    gap = radius + 6
    middle = 0 < place < columns - 1
    anchor, x = ("end", x - gap) if place == 0 else ("start", x + gap) if not middle else ("middle", x)
    y = y - radius - 5 if middle else y + 4
    weight = ' font-weight="bold"' if lit else ""
    halo = ' paint-order="stroke" stroke="#ffffff" stroke-width="3"' if middle else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{weight}{halo}>{escape(name)}</text>'


def _legend(x: float, y: float, state: str, kinds: tuple[str, str]) -> list[str]:
    """One line below the drawing: what colours and dashes mean."""
    items = [
        (_node(x + 6, y - 4, 4, True), state),
        (_node(x + 6, y - 4, 5.5, False), f"not {state}"),
        (f'<path d="M{x} {y - 4}h22" stroke="{_ACTIVE}" stroke-width="2.2"/>', kinds[0]),
        (f'<path d="M{x} {y - 4}h22" stroke="{_INHIBIT}" stroke-width="2.2" stroke-dasharray="4 3"/>', kinds[1]),
    ]
    return [
        f'<g transform="translate({110 * place} 0)">{mark}<text x="{x + 28:.0f}" y="{y:.0f}">{text}</text></g>'
        for place, (mark, text) in enumerate(items)
    ]
