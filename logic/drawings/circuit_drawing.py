"""Circuits drawn with the shapes of their gates, left to right; what is true stands out."""

from collections.abc import Collection

from ..circuit import Circuit, Gate
from ..errors import CircuitError
from .layered import Graph, Link, Places, place
from .strokes import LIT, SOFT, legend, link, opening, text

MOST_GATES = 600
_NAMED = 30  # a column with more nodes names only the active ones
_SHAPES = {  # around (0, 0), two by two; the gates of IEEE 91
    Gate.AND: "M-1-1H0a1 1 0 0 1 0 2H-1z",
    Gate.OR: "M-1.1-1Q.2-1 1 0Q.2 1-1.1 1Q-.5 0-1.1-1z",
    Gate.XOR: "M-1-1Q.3-1 1 0Q.3 1-1 1Q-.4 0-1-1zM-1.35-1Q-.75 0-1.35 1",
    Gate.MAJ: "M-1-1L1-.45V.45L-1 1z",
}


def draw_circuit(circuit: Circuit, active: Collection[int] = (), title: str = "") -> str:
    """A circuit as SVG text: gates by their shapes, a ring where a literal is negated, arrows at the answers.

    Args:
        circuit: Some hundred gates at most.
        active: The wires that are true, as in :class:`logic.Circuit` (wire 0 is the constant, then the inputs).
        title: Written above.

    Raises:
        CircuitError: above 600 gates.
    """
    check_drawable(circuit)
    names = ["false", *circuit.inputs, *circuit.register_names]
    names += [f"{Gate(kind).name}" for kind in circuit.kinds.tolist()]
    links = [
        Link(code >> 1, gate + circuit.first_gate, bool(code & 1), pin=pin)
        for gate in range(len(circuit.kinds))
        for pin, code in enumerate(circuit.operands(gate).tolist())
    ]
    first_end = len(names)
    names += [*circuit.output_names, *(f"next {name}" for name in circuit.register_names)]
    ends = [*circuit.outputs.tolist(), *circuit.register_next.tolist()]
    links += [Link(code >> 1, first_end + number, bool(code & 1)) for number, code in enumerate(ends)]
    graph = Graph(names, links, frozenset(range(first_end, len(names))))
    lit = set(active) | {one.post for one in links if one.post >= first_end and (one.pre in active) != one.negative}
    places = place(graph, 34 if title else 12, 40)
    description = (
        f"{len(circuit.inputs)} inputs, {len(circuit.kinds)} gates, {len(circuit.register_names)} registers, "
        f"{len(circuit.output_names)} outputs, from left to right"
    )
    parts = opening(max(places.width, 460), places.height, title, description)
    parts += _links(circuit, graph, places, lit)
    parts += _nodes(circuit, graph, places, lit)
    return "\n".join([*parts, *_legend(places.height - 10, bool(active)), "</svg>"])


def check_drawable(circuit: Circuit) -> None:
    """Refuses a circuit that is too large to be looked at.

    Raises:
        CircuitError: above 600 gates.
    """
    if len(circuit.kinds) > MOST_GATES:
        raise CircuitError(
            f"{len(circuit.kinds)} gates are too many to draw, at most {MOST_GATES}; draw a part, or write the netlist"
        )


def _links(circuit: Circuit, graph: Graph, places: Places, lit: Collection[int]) -> list[str]:
    size = _size(places)
    pins = {
        first + gate: len(circuit.operands(gate))
        for first in (circuit.first_gate,)
        for gate in range(len(circuit.kinds))
    }
    parts: list[str] = []
    for one in sorted(graph.links, key=lambda one: _holds(one, lit)):
        if one.pre not in places.of or one.post not in places.of:
            continue
        (x0, y0), (x1, y1) = places.of[one.pre], places.of[one.post]
        count = pins.get(one.post, 1)
        y1 += size * 1.5 * ((one.pin + 0.5) / count - 0.5)
        x1 -= size * 1.05 if one.post in pins else 4
        x0 += size if one.pre in pins else 4
        ring = 2.6 if one.negative else 0.0
        parts.append(link((x0, y0), (x1 - 2 * ring, y1), False, _holds(one, lit)))
        if one.negative:
            parts.append(_ring(x1 - ring, y1))
    return parts


def _holds(one: Link, lit: Collection[int]) -> bool:
    """Whether a link carries what is true, and helps to make its end so."""
    return one.pre in lit and one.post in lit and not one.negative


def _size(places: Places) -> float:
    return min(13.0, places.row / 2.6)


def _nodes(circuit: Circuit, graph: Graph, places: Places, lit: Collection[int]) -> list[str]:
    size, parts = _size(places), list[str]()
    for number, column in enumerate(places.columns):
        for node in column:
            (x, y), on = places.of[node], node in lit
            gate = node - circuit.first_gate
            named = len(column) <= _NAMED or on
            if 0 <= gate < len(circuit.kinds):
                parts.append(_gate(x, y, size, Gate(int(circuit.kinds[gate])), on))
                if named:
                    parts.append(text(x, y - size - 4, graph.names[node], "middle", on, 9))
            else:
                parts.append(_dot(x, y, on))
                if named:
                    first = number == 0 or node < circuit.first_gate
                    parts.append(
                        text(x + (-9 if first else 9), y + 4, graph.names[node], "end" if first else "start", on)
                    )
    return parts


def _gate(x: float, y: float, size: float, kind: Gate, lit: bool) -> str:
    fill, edge = (LIT, LIT) if lit else ("none", "currentColor")
    faint = "" if lit else f' stroke-opacity="{SOFT}"'
    return (
        f'<path class="gate" transform="translate({x:.1f} {y:.1f}) scale({size:.1f})" d="{_SHAPES[kind]}" '
        f'fill="{fill}" stroke="{edge}"{faint} stroke-width="{1.3 / size:.2f}"/>'
    )


def _dot(x: float, y: float, lit: bool) -> str:
    fill, edge = (LIT, LIT) if lit else ("none", "currentColor")
    return f'<circle class="line" cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{fill}" stroke="{edge}"/>'


def _ring(x: float, y: float) -> str:
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.6" fill="none" stroke="currentColor" stroke-width="1.2"/>'


def _legend(y: float, active: bool) -> list[str]:
    entries = [(_ring(12, 0), "negated")]
    if active:
        entries += [(_dot(12, 0, True), "true"), (_dot(12, 0, False), "false")]
    return legend(16, y, entries)
