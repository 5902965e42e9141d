"""Pictures of small circuits: Graphviz's DOT text, and SVG laid out in levels without Graphviz."""

from html import escape

import numpy as np

from .circuit import Circuit, Gate, Integers
from .errors import CircuitError
from .evaluation import levels

MOST_GATES = 600
_COLUMN, _ROW, _WIDTH, _HEIGHT, _MARGIN = 130, 34, 76, 22, 30
_FILLS = {"input": "#dceefb", "register": "#e8dcfb", "output": "#dff5dd", "constant": "#eeeeee"}
_GATE_FILLS = {"AND": "#fff3d6", "OR": "#ffe3d6", "XOR": "#fbd6e8", "MAJ": "#d6f5f2"}


def _check(circuit: Circuit) -> None:
    if len(circuit.kinds) > MOST_GATES:
        raise CircuitError(
            f"{len(circuit.kinds)} gates are too many to draw, at most {MOST_GATES}; draw a part, or write the netlist"
        )


def _boxes(circuit: Circuit) -> list[tuple[str, str]]:
    """Kind and label of each wire's box, then of each output's."""
    boxes = [("constant", "0")]
    boxes += [("input", name) for name in circuit.inputs]
    boxes += [("register", name) for name in circuit.register_names]
    boxes += [(Gate(kind).name, Gate(kind).name) for kind in circuit.kinds.tolist()]
    return boxes + [("output", name) for name in circuit.output_names]


def _arrows(circuit: Circuit) -> list[tuple[int, int, bool, bool]]:
    """From box, to box, complemented, and into a register (back from the last level to the first)."""
    own = np.repeat(np.arange(len(circuit.kinds)) + circuit.first_gate, np.diff(circuit.offsets))
    arrows = [
        (lit >> 1, wire, bool(lit & 1), False)
        for lit, wire in zip(circuit.literals.tolist(), own.tolist(), strict=True)
    ]
    ends = enumerate(circuit.outputs.tolist(), start=circuit.wires)
    arrows += [(literal >> 1, box, bool(literal & 1), False) for box, literal in ends]
    following = enumerate(circuit.register_next.tolist(), start=1 + len(circuit.inputs))
    return arrows + [(literal >> 1, box, bool(literal & 1), True) for box, literal in following]


def dot_text(circuit: Circuit) -> str:
    """The circuit in Graphviz's language; complemented wires are dashed with a dot at the end.

    Raises:
        CircuitError: above 600 gates.
    """
    _check(circuit)
    lines = ["digraph circuit {", "  rankdir=LR; node [shape=box, style=filled, fontname=sans, fontsize=10];"]
    arrows = _arrows(circuit)
    used = {arrow[0] for arrow in arrows}
    for box, (kind, label) in enumerate(_boxes(circuit)):
        if box or 0 in used:
            quoted = label.replace("\\", "\\\\").replace('"', '\\"')
            lines.append(f'  w{box} [label="{quoted}", fillcolor="{(_FILLS | _GATE_FILLS)[kind]}"];')
    for start, stop, complement, back in arrows:
        style = "style=dashed, arrowhead=dot" if complement else "style=solid"
        lines.append(f"  w{start} -> w{stop} [{style}{', constraint=false' if back else ''}];")
    return "\n".join((*lines, "}\n"))


def _places(circuit: Circuit, arrows: list[tuple[int, int, bool, bool]]) -> tuple[Integers, Integers]:
    """Column and row of each box: columns are levels, rows follow the mean row of what a box reads (barycentres).

    References:
        Sugiyama, Tagawa and Toda, "Methods for visual understanding of hierarchical system structures", 1981.
    """
    level = levels(circuit)
    column = np.concatenate([level, np.full(len(circuit.outputs), int(level.max()) + 1)])
    row = np.zeros(len(column), dtype=np.int64)
    reads: list[list[int]] = [[] for _ in column]
    read_by: list[list[int]] = [[] for _ in column]
    for start, stop, _, back in arrows:
        if not back:
            reads[stop].append(start)
            read_by[start].append(stop)
    columns = [np.flatnonzero(column == index).tolist() for index in range(int(column.max()) + 1)]
    for boxes in columns:
        row[boxes] = np.arange(len(boxes))
    for sweep in range(6):
        neighbours, order = (read_by, columns[::-1]) if sweep % 2 else (reads, columns)
        for boxes in order:
            centre = {
                box: float(np.mean(row[neighbours[box]])) if neighbours[box] else float(row[box]) for box in boxes
            }
            row[sorted(boxes, key=lambda box, centre=centre: (centre[box], box))] = np.arange(len(boxes))
    return column, row


def svg_text(circuit: Circuit) -> str:
    """The circuit as a picture that needs nothing else; complemented wires are dashed and end in a dot.

    Raises:
        CircuitError: above 600 gates.
    """
    _check(circuit)
    arrows = _arrows(circuit)
    column, row = _places(circuit, arrows)
    tallest = int(row.max()) + 1
    heights = np.array([int((column == index).sum()) for index in range(int(column.max()) + 1)])
    x = _MARGIN + column * _COLUMN
    y = _MARGIN + row * _ROW + (tallest - heights[column]) * _ROW // 2
    width, height = int(x.max()) + _WIDTH + _MARGIN, int(y.max()) + _HEIGHT + 2 * _MARGIN
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        'font-family="sans-serif" font-size="10">',
        f'<rect width="{width}" height="{height}" fill="white"/>',
    ]
    for start, stop, complement, back in arrows:
        x0, y0, x1, y1 = x[start] + _WIDTH, y[start] + _HEIGHT // 2, x[stop], y[stop] + _HEIGHT // 2
        bend = 45 if not back else 90
        stroke = "#b0408f" if back else "#667788"
        dashes = ' stroke-dasharray="4 3"' if complement else ""
        path = f"M{x0},{y0} C{x0 + bend},{y0} {x1 - bend},{y1} {x1},{y1}"
        parts.append(f'<path d="{path}" fill="none" stroke="{stroke}"{dashes}/>')
        if complement:
            parts.append(f'<circle cx="{x1 - 3}" cy="{y1}" r="3" fill="white" stroke="{stroke}"/>')
    used = {arrow[0] for arrow in arrows}
    for box, (kind, label) in enumerate(_boxes(circuit)):
        if not box and 0 not in used:
            continue
        short = label if len(label) <= 12 else label[:11] + "…"
        parts.append(
            f'<g><title>{escape(label)}</title><rect x="{x[box]}" y="{y[box]}" width="{_WIDTH}" height="{_HEIGHT}" '
            f'rx="4" fill="{(_FILLS | _GATE_FILLS)[kind]}" stroke="#445566"/><text x="{x[box] + _WIDTH // 2}" '
            f'y="{y[box] + 15}" text-anchor="middle">{escape(short)}</text></g>'
        )
    return "\n".join((*parts, "</svg>\n"))
