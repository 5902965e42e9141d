"""Spiking networks drawn with thresholds, weights and delays, left to right; what fired stands out."""

from collections import Counter
from collections.abc import Collection
from math import prod

from ..network import SpikingNetwork
from .layered import Graph, Link, place
from .strokes import LIT, SOFT, along, legend, link, opening, text

_LABELLED = 80  # synapses; of more, weights and delays are shown where the pointer rests
_NAMED = 30  # a column with more neurons names only the active ones


def draw_network(
    network: SpikingNetwork, active: Collection[int] = (), title: str = "", *, path_only: bool = False
) -> str:
    """A spiking network as SVG text.

    A neuron bears its threshold; a synapse its weight and, if it is longer than one step, its delay; one that inhibits
    is dashed and ends in a bar. A neuron that keeps its membrane has a double edge.

    Args:
        network: Some hundred neurons at most, or the drawing is a thicket.
        active: What fired, numbered as in :class:`logic.FlatNetwork` (inputs first, then all neurons). A synapse
            between two active neurons is highlighted.
        title: Written above.
        path_only: Leave out what did not fire: the path that led to the answer, of a network of any size.
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
    synapses = zip(flat.pre.tolist(), flat.post.tolist(), flat.weight.tolist(), flat.delay.tolist(), strict=True)
    links = [
        Link(pre, post + flat.inputs, weight < 0, f"{weight:+d}" + (f", {delay} steps" if delay > 1 else ""))
        for pre, post, weight, delay in sorted(set(synapses))
    ]
    lit = frozenset(active)
    if path_only:
        links = [one for one in links if one.pre in lit and one.post in lit]
    graph = Graph(names, links, frozenset(ends) & lit if path_only else frozenset(ends))
    places = place(graph, 34 if title else 12, 40)
    description = (
        f"{network.neurons} neurons and {len(links)} synapses, from {flat.inputs} inputs to {len(ends)} outputs"
    )
    parts = opening(max(places.width, 620), places.height, title, description)
    radius, named = min(11.0, places.row / 2.6), Counter[int]()
    for one in sorted(links, key=lambda one: {one.pre, one.post} <= lit):
        if one.pre in places.of and one.post in places.of:
            (x0, y0), (x1, y1) = places.of[one.pre], places.of[one.post]
            start, stop = (x0 + (4 if one.pre < flat.inputs else radius), y0), (x1 - radius - 1, y1)
            parts.append(link(start, stop, one.negative, {one.pre, one.post} <= lit, one.label))
            if len(links) <= _LABELLED:
                x, y = along(start, stop, 0.5 + 0.15 * (named[one.post] % 3))  # names of neighbours stand apart
                parts.append(text(x, y - 3, one.label, "middle", size=8))
                named[one.post] += 1
    for number, column in enumerate(places.columns):
        for node in column:
            (x, y), on = places.of[node], node in lit
            neuron = node - flat.inputs
            if neuron < 0:
                parts.append(_circle(x, y, 4, on))
            else:
                parts.append(_circle(x, y, radius, on, bool(flat.retain[neuron])))
                if radius > 7:
                    parts.append(text(x, y + 3.5, str(int(flat.threshold[neuron])), "middle", size=9))
            if len(column) <= _NAMED or on:
                if 0 < number < len(places.columns) - 1:
                    parts.append(text(x, y - radius - 4, names[node], "middle", on, 9))
                else:
                    anchor, shift = ("end", -9.0) if neuron < 0 else ("start", radius + 5)
                    parts.append(text(x + shift, y + 4, names[node], anchor, on))
    return "\n".join([*parts, *_legend(places.height - 10, bool(active)), "</svg>"])


def _circle(x: float, y: float, radius: float, lit: bool, double: bool = False) -> str:
    fill, edge = (LIT, LIT) if lit else ("none", "currentColor")
    faint = "" if lit else f' stroke-opacity="{SOFT}"'
    inner = (
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius - 2.5:.1f}" fill="none" stroke="{edge}"{faint}/>'
        if double
        else ""
    )
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}" fill="{fill}" stroke="{edge}"{faint}/>{inner}'


def _legend(y: float, active: bool) -> list[str]:
    entries = [
        (_circle(12, 0, 7, False) + text(12, 3.5, "2", "middle", size=9), "neuron and its threshold"),
        (link((0, 0), (24, 0), False, False), "excites"),
        (link((0, 0), (24, 0), True, False), "inhibits"),
    ]
    if active:
        entries.append((_circle(12, 0, 6, True), "fired"))
    return legend(16, y, entries)
