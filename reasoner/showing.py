"""How results are shown: within a screen, as plain text or as HTML in which nothing of a program is markup."""

from collections.abc import Iterable

_LINE, _LINES = 120, 40


def cut(text: str, most: int = _LINE) -> str:
    """The text on one line, and no longer.

    >>> cut("a long line", 8)
    'a long …'
    """
    line = " ".join(text[: 4 * most].split())
    return line if len(line) <= most and len(text) <= 4 * most else line[: most - 1] + "…"


def preformatted(text: str) -> str:
    """HTML of a text as it is, its first lines.

    >>> preformatted("X #< Y")
    '<pre>X #&lt; Y</pre>'
    """
    from html import escape  # for notebooks alone

    lines = text.splitlines()
    more = [f"… {len(lines)} lines in all"] if len(lines) > _LINES else []
    shown = [line if len(line) <= 2 * _LINE else line[: 2 * _LINE - 1] + "…" for line in lines[:_LINES]]
    return f"<pre>{escape(chr(10).join([*shown, *more]))}</pre>"


def table(caption: str, rows: Iterable[tuple[str, ...]]) -> str:
    """HTML of a table.

    >>> table("a & b", [("x", "0.5")])
    '<table><caption>a &amp; b</caption><tr><td>x</td><td>0.5</td></tr></table>'
    """
    from html import escape

    cells = "".join("<tr>" + "".join(f"<td>{escape(cut(cell))}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><caption>{escape(caption)}</caption>{cells}</table>"
