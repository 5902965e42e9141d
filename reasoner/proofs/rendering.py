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
    words = {"fact": f"seen, {_surety(proof.probability)}", "builtin": "computed", "negation": "no proof"}
    return words[proof.kind]


def _surety(probability: float) -> str:
    """How probable a leaf is; what is rare by its odds, which three digits would show as nothing."""
    if 0 < probability < 0.0005:
        return f"odds of 1 to {1 / probability - 1:,.0f}"
    return "p > 0.999" if 0.9995 <= probability < 1 else f"p = {probability:.3f}"


def _own_width(node: Proof) -> float:
    return 20 + _WIDTH * max(len(node.text), len(_note(node)))


def to_text(proof: Proof, indent: str = "") -> str:
    """The tree as indented lines.

    Example:
        >>> print(to_text(Proof("p", "rule", 1, steps=(Proof("q", "fact", probability=0.5),))))
        p   [rule, line 1]
          q   [seen, p = 0.500]
    """
    lines: list[str] = []
    todo = [(proof, indent)]
    while todo:
        node, before = todo.pop()
        lines.append(f"{before}{node.text}   [{_note(node)}]")
        todo += [(step, before + "  ") for step in reversed(node.steps)]
    return "\n".join(lines)


def to_dict(proof: Proof) -> dict[str, Any]:
    """The tree as dictionaries and lists that ``json`` can write.

    Example:
        >>> to_dict(Proof("p", "fact"))["kind"]
        'fact'
    """
    whole: list[dict[str, Any]] = []
    todo = [(proof, whole)]
    for node, outside in todo:  # grows
        steps: list[dict[str, Any]] = []
        outside.append(
            {
                "text": node.text,
                "kind": node.kind,
                "line": node.line,
                "bindings": dict(node.bindings),
                "probability": node.probability,
                "steps": steps,
            }
        )
        todo += [(step, steps) for step in node.steps]
    return whole[0]


def to_dot(proof: Proof) -> str:
    r"""The tree in the language of Graphviz.

    Example:
        >>> print(to_dot(Proof("p", "rule", 1, steps=(Proof("q", "fact"),))), end="")
        digraph proof {
          node [shape=box, style="rounded,filled", fontname="Helvetica"];
          n1 [label="p\nrule, line 1", fillcolor="#dbe9ff"];
          n2 [label="q\nseen, p = 1.000", fillcolor="#d9f2dd"];
          n1 -> n2;
        }
    """
    lines = ["digraph proof {", '  node [shape=box, style="rounded,filled", fontname="Helvetica"];']
    todo: list[tuple[Proof, int | None]] = [(proof, None)]
    number = 0
    while todo:
        node, parent = todo.pop()
        number += 1
        label = f"{node.text}\n{_note(node)}".replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
        lines.append(f'  n{number} [label="{label}", fillcolor="{_COLOURS[node.kind]}"];')
        if parent is not None:
            lines.append(f"  n{parent} -> n{number};")
        todo += [(step, number) for step in reversed(node.steps)]
    return "\n".join([*lines, "}"]) + "\n"


def to_svg(proof: Proof) -> str:
    """The tree as one SVG picture: parents centred above their steps.

    Example:
        >>> to_svg(Proof("p", "fact")).startswith("<svg")
        True
    """
    boxes: list[str] = []
    lines: list[str] = []
    order = [*proof.nodes()]
    below: dict[int, float] = {}  # of each node the width of its steps, side by side
    total: dict[int, float] = {}  # and with itself
    for node in reversed(order):
        below[id(node)] = sum(total[id(step)] for step in node.steps) + _GAP_X * max(0, len(node.steps) - 1)
        total[id(node)] = max(_own_width(node), below[id(node)])
    height = 0.0
    todo: list[tuple[Proof, float, float, tuple[float, float] | None]] = [(proof, 8.0, 8.0, None)]
    while todo:
        node, left, top, parent = todo.pop()
        own, middle = _own_width(node), left + total[id(node)] / 2
        height = max(height, top + _HEIGHT)
        if parent is not None:
            x, y = parent
            lines.append(f'<line x1="{x:.0f}" y1="{y}" x2="{middle:.0f}" y2="{top}" stroke="currentColor"/>')
        boxes.append(
            f'<rect x="{middle - own / 2:.0f}" y="{top:.0f}" width="{own:.0f}" height="{_HEIGHT}" rx="6" '
            f'fill="{_COLOURS[node.kind]}" stroke="#777"/>'
            f'<text x="{middle:.0f}" y="{top + 18:.0f}">{escape(node.text)}</text>'
            f'<text font-size="11" fill="#454f59" x="{middle:.0f}" y="{top + 35:.0f}">{escape(_note(node))}</text>'
        )
        start = left + (total[id(node)] - below[id(node)]) / 2
        for step in node.steps:
            todo.append((step, start, top + _HEIGHT + _GAP_Y, (middle, top + _HEIGHT)))
            start += total[id(step)] + _GAP_X
    width = total[id(proof)]
    box = f'viewBox="0 0 {width + 16:.0f} {height + 8:.0f}" width="{width + 16:.0f}"'
    look = 'font-family="sans-serif" font-size="13" text-anchor="middle" fill="#1f2933"'  # boxes are light on any page
    return f'<svg xmlns="http://www.w3.org/2000/svg" {box} {look}>{"".join(lines + boxes)}</svg>'
