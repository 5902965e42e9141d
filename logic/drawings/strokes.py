"""Strokes of a drawing: links with arrows, names, a legend; they take the colour of the text around, light or dark."""

from collections.abc import Sequence
from html import escape

LIT, INHIBIT = "#D55E00", "#0072B2"
"""What is active, and what inhibits while it is; both can be told apart without seeing colours well (Okabe, Ito)."""
SOFT = 0.72
"""Opacity of what is not active: a contrast above 4 to 1 on white and on black."""

_STYLE = (  # where the drawing is a file of its own; on a page the page's colours hold
    "<style>svg.drawing:root{color:#1f2933;background:#fff}"
    "@media (prefers-color-scheme:dark){svg.drawing:root{color:#e6eaee;background:#11161c}}</style>"
)


def opening(width: float, height: float, title: str, description: str) -> list[str]:
    """The first lines of an SVG text; screen readers are told what it shows."""
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="drawing" viewBox="0 0 {width:.0f} {height:.0f}" '
        f'width="{width:.0f}" height="{height:.0f}" role="img" '
        'font-family="DejaVu Sans, Verdana, sans-serif" font-size="11" fill="currentColor" stroke="none">',
        f"<title>{escape(title or 'drawing')}</title><desc>{escape(description)}</desc>{_STYLE}",
    ]
    if title:
        lines.append(f'<text x="16" y="20" font-size="13" font-weight="bold">{escape(title)}</text>')
    return lines


def along(start: tuple[float, float], stop: tuple[float, float], share: float) -> tuple[float, float]:
    """A point of the curve that :func:`link` draws, from 0 at its start to 1."""
    (x0, y0), (x1, y1) = start, stop
    bend, rest = _bend(x0, x1), 1 - share
    x = rest**3 * x0 + 3 * rest**2 * share * (x0 + bend) + 3 * rest * share**2 * (x1 - bend) + share**3 * x1
    return x, y0 + (y1 - y0) * (3 - 2 * share) * share**2


def _bend(x0: float, x1: float) -> float:
    return (x1 - x0) * 0.45 if x1 > x0 else 60.0


def link(start: tuple[float, float], stop: tuple[float, float], negative: bool, lit: bool, tip: str = "") -> str:
    """A curve that ends in an arrow, or, where it is negative and dashed, in a bar."""
    (x0, y0), (x1, y1) = start, stop
    bend = _bend(x0, x1)
    colour = (INHIBIT if negative else LIT) if lit else "currentColor"
    look = 'stroke-width="2.2"' if lit else f'stroke-width="1.1" stroke-opacity="{SOFT}"'
    dashes = ' stroke-dasharray="5 3"' if negative else ""
    told = f"<title>{escape(tip)}</title>" if tip else ""
    end = f"M{x1:.1f} {y1 - 5:.1f}v10" if negative else f"M{x1 - 6:.1f} {y1 - 3.5:.1f}l6 3.5l-6 3.5"
    return (
        f'<g fill="none" stroke="{colour}" {look}>{told}<path d="M{x0:.1f} {y0:.1f}C{x0 + bend:.1f} {y0:.1f} '
        f'{x1 - bend:.1f} {y1:.1f} {x1:.1f} {y1:.1f}"{dashes}/><path d="{end}"/></g>'
    )


def text(x: float, y: float, words: str, anchor: str, lit: bool = False, size: int = 11) -> str:
    """Words at a place; bold if what they name is active."""
    weight = ' font-weight="bold"' if lit else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}"{weight}>{escape(words)}</text>'


def legend(x: float, y: float, entries: Sequence[tuple[str, str]]) -> list[str]:
    """One line below the drawing: each mark, drawn from (0, 0) to (24, 0), and what it means."""
    parts: list[str] = []
    for mark, words in entries:
        parts.append(f'<g transform="translate({x:.0f} {y - 4:.0f})">{mark}</g>{text(x + 30, y, words, "start")}')
        x += 44 + 6.6 * len(words)
    return parts
