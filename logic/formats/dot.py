"""Small circuits in DOT, the language of Graphviz."""

import numpy as np

from ..circuit import Circuit, Gate
from ..drawings.circuit_drawing import check_drawable, draw_circuit
from .format import Format

_FILLS = {"input": "#dceefb", "register": "#e8dcfb", "output": "#dff5dd", "constant": "#eeeeee"}
_GATE_FILLS = {"AND": "#fff3d6", "OR": "#ffe3d6", "XOR": "#fbd6e8", "MAJ": "#d6f5f2"}


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
    check_drawable(circuit)
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


DOT = Format(
    name="Graphviz",
    suffixes=("dot",),
    example=b'digraph circuit {\n  w1 [label="a"];\n  w1 -> w2 [style=solid];\n}\n',
    lacks="At most 600 gates; a picture, which cannot be read.",
    write=lambda circuit: dot_text(circuit).encode("utf-8"),
    mark=rb"digraph|graph|strict",
)
SVG = Format(
    name="drawing",
    suffixes=("svg",),
    example=b'<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>\n',
    lacks=DOT.lacks,
    write=lambda circuit: draw_circuit(circuit).encode("utf-8"),
    mark=rb"<svg|<\?xml",
)
