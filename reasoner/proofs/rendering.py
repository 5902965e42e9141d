"""Proofs on paper: indented text, JSON-able dictionaries, Graphviz source and self-contained SVG."""

from html import escape
from typing import Any

from .proof import Proof

_COLOURS = {"rule": "#dbe9ff", "fact": "#d9f2dd", "builtin": "#f3ecd2", "negation": "#f6dede"}
_WIDTH, _HEIGHT, _GAP_X, _GAP_Y = 7.2, 44, 14, 34  # width of a letter, height of a box, gaps, in pixels


def _note(proof: Proof) -> str:
    """What stands beside a node: its rule's line and bindings, or its probability."""
    if proof.kind == "rule":
        bound = ", ".join(f"{name} = {value}" for name, value in proof.bindings)
        return f"rule, line {proof.line}" + (f": {bound}" if bound else "")
    return {"fact": f"seen, p = {proof.probability:.3f}", "builtin": "computed", "negation": "no proof"}[proof.kind]


def to_text(proof: Proof, indent: str = "") -> str:
    """The tree as indented lines."""
    lines = [f"{indent}{proof.text}   [{_note(proof)}]"]
    return "\n".join([*lines, *(to_text(step, indent + "  ") for step in proof.steps)])


def to_dict(proof: Proof) -> dict[str, Any]:
    """The tree as dictionaries and lists that ``json`` can write."""
    return {
        "text": proof.text,
        "kind": proof.kind,
        "line": proof.line,
        "bindings": dict(proof.bindings),
        "probability": proof.probability,
        "steps": [to_dict(step) for step in proof.steps],
    }


def to_dot(proof: Proof) -> str:
    """The tree in the language of Graphviz."""
    lines = ["digraph proof {", '  node [shape=box, style="rounded,filled", fontname="Helvetica"];']

    def visit(node: Proof) -> int:
        number = len(lines)
        label = f"{node.text}\n{_note(node)}".replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
        lines.append(f'  n{number} [label="{label}", fillcolor="{_COLOURS[node.kind]}"];')
        lines.extend(f"  n{number} -> n{visit(step)};" for step in node.steps)
        return number

    visit(proof)
    return "\n".join([*lines, "}"]) + "\n"


def to_svg(proof: Proof) -> str:
    """The tree as one SVG picture: parents centred above their steps."""
    boxes: list[str] = []
    lines: list[str] = []

    def width(node: Proof) -> float:
        own = 20 + _WIDTH * max(len(node.text), len(_note(node)))
        return max(own, sum(width(step) for step in node.steps) + _GAP_X * max(0, len(node.steps) - 1))

    def draw(node: Proof, left: float, top: float) -> tuple[float, float]:
        """Draws a subtree; returns the middle of its root and its lowest edge."""
        total, own = width(node), 20 + _WIDTH * max(len(node.text), len(_note(node)))
        middle, bottom = left + total / 2, top + _HEIGHT
        below = left + (total - sum(width(s) for s in node.steps) - _GAP_X * max(0, len(node.steps) - 1)) / 2
        for step in node.steps:
            child, lowest = draw(step, below, top + _HEIGHT + _GAP_Y)
            lines.append(
                f'<line x1="{middle:.0f}" y1="{top + _HEIGHT}" x2="{child:.0f}" y2="{top + _HEIGHT + _GAP_Y}"/>'
            )
            bottom, below = max(bottom, lowest), below + width(step) + _GAP_X
        boxes.append(
            f'<rect x="{middle - own / 2:.0f}" y="{top:.0f}" width="{own:.0f}" height="{_HEIGHT}" rx="6" '
            f'fill="{_COLOURS[node.kind]}"/><text x="{middle:.0f}" y="{top + 18:.0f}">{escape(node.text)}</text>'
            f'<text class="note" x="{middle:.0f}" y="{top + 35:.0f}">{escape(_note(node))}</text>'
        )
        return middle, bottom

    _, height = draw(proof, 8, 8)
    box = f'viewBox="0 0 {width(proof) + 16:.0f} {height + 8:.0f}" width="{width(proof) + 16:.0f}"'
    style = "text{font:13px sans-serif;text-anchor:middle}.note{font-size:11px;fill:#555}line,rect{stroke:#777}"
    return f'<svg xmlns="http://www.w3.org/2000/svg" {box}><style>{style}</style>{"".join(lines + boxes)}</svg>'
