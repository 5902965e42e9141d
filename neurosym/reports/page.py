"""A report of a run as one HTML file that needs nothing else: no script, no font, no picture from outside."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import singledispatch
from html import escape
from pathlib import Path
from urllib.parse import quote
from zlib import crc32

from logic.writing import whole_file

from .style import STYLE


@dataclass(frozen=True)
class Text:
    """A paragraph."""

    words: str


@dataclass(frozen=True)
class Tile:
    """A key figure.

    Args:
        value: As it is to be read, with its unit.
        label: What it is, in a few words.
        target: What was asked for, or ``""``.
        meaning: What it says, in one sentence.
        met: Whether the target is reached; None if there is none.
    """

    value: str
    label: str
    target: str = ""
    meaning: str = ""
    met: bool | None = None


@dataclass(frozen=True)
class Tiles:
    """Key figures side by side."""

    tiles: Sequence[Tile]


@dataclass(frozen=True)
class Figure:
    """A drawing and what it shows.

    Args:
        svg: SVG text, as from :mod:`neurosym.reports.figures` and :mod:`logic.drawings`; it becomes a part of the
            page, so that its lines take the page's colours.
        caption: What is to be seen, for a reader who does not know the code.
        wide: Whether it takes the whole width; narrow figures that follow each other stand side by side.
        data: The numbers behind it, folded below.
    """

    svg: str
    caption: str
    wide: bool = True
    data: "Table | None" = None


@dataclass(frozen=True)
class Table:
    """Rows of cells under a head."""

    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    caption: str = ""


@dataclass(frozen=True)
class Preformatted:
    """Text whose line breaks and indents matter: a proof tree, a program, a log."""

    text: str
    caption: str = ""


@dataclass(frozen=True)
class Card:
    """One explained answer.

    Args:
        question: What was asked.
        answer: What was concluded.
        facts: Name and value of what led to it.
        parts: Figures, proofs and texts that show why.
    """

    question: str
    answer: str
    facts: Sequence[tuple[str, str]] = ()
    parts: Sequence["Part"] = ()


@dataclass(frozen=True)
class Points:
    """A list of statements, such as honest limits."""

    points: Sequence[str]


@dataclass(frozen=True)
class Links:
    """Files beside the page, or places in it.

    Args:
        links: For each its name, where it leads (relative to the page), and what is there.
        caption: Of all of them.
    """

    links: Sequence[tuple[str, str, str]]
    caption: str = ""


Part = Text | Tiles | Figure | Table | Preformatted | Card | Points | Links


@dataclass(frozen=True)
class Section:
    """A part of the report with a heading."""

    heading: str
    parts: Sequence[Part]


def write_report(
    path: Path | str, title: str, sections: Sequence[Section], *, subtitle: str = "", footer: str = ""
) -> None:
    """Write the report, or leave what was there: a file is never half-written.

    Args:
        path: The HTML file.
        title: Of the page.
        sections: In the order of reading.
        subtitle: A sentence under the title.
        footer: For example the versions, the seed and the command.

    Raises:
        FileError: if the disk is full, or the file cannot be written for another reason.

    Example:
        >>> from tempfile import TemporaryDirectory
        >>> with TemporaryDirectory() as folder:
        ...     write_report(f"{folder}/page.html", "What was found", [Section("First", [Text("Much.")])])
        ...     "<h1>What was found</h1>" in Path(folder, "page.html").read_text()
        True
    """
    page = to_html(title, sections, subtitle=subtitle, footer=footer)
    with whole_file(Path(path)) as place:
        place.write_text(page, encoding="utf-8")


def to_html(title: str, sections: Sequence[Section], *, subtitle: str = "", footer: str = "") -> str:
    """The page that :func:`write_report` writes."""
    links = "".join(f'<a href="#s{n}">{escape(section.heading)}</a>' for n, section in enumerate(sections, 1))
    body = "".join(
        f'<section id="s{n}"><h2>{escape(section.heading)}</h2>{_parts(section.parts)}</section>'
        for n, section in enumerate(sections, 1)
    )
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; img-src data:; '
        "style-src 'unsafe-inline'\">"
        f'<title>{escape(title)}</title><link rel="icon" href="data:,"><style>{STYLE}</style></head><body>'
        f"<header><h1>{escape(title)}</h1>{_maybe('p', subtitle)}<nav>{links}</nav></header>"
        f"<main>{body}</main>{_maybe('footer', footer)}</body></html>\n"
    )


def inline_svg(svg: str, caption: str) -> str:
    """SVG text as an element of a page: without its prologue, with ids of its own, and a name for those who do not see.

    Example:
        >>> inline_svg('<?xml version="1.0"?><svg><path id="a"/><use xlink:href="#a"/></svg>', "A line")[:62]
        '<svg role="img" aria-label="A line"><path id="f37864814-a"/><u'
    """
    body = svg[svg.index("<svg") :]
    mark = f"f{crc32(svg.encode()):x}-"
    body = re.sub(r'(\bid=")', rf"\g<1>{mark}", body)
    body = re.sub(r'(href="#|url\(#)', rf"\g<1>{mark}", body)
    head = body[: body.index(">")].replace(' role="img"', "")
    return f'<svg role="img" aria-label="{escape(caption)}"{head[4:]}{body[body.index(">") :]}'


def _parts(parts: Iterable[Part]) -> str:
    """The parts one after another, with narrow figures that are neighbours in one row."""
    pieces: list[str] = []
    row: list[str] = []
    for part in parts:
        if isinstance(part, Figure) and not part.wide:
            row.append(_html(part))
            continue
        if row:
            pieces.append(f'<div class="row">{"".join(row)}</div>')
            row = []
        pieces.append(_html(part))
    if row:
        pieces.append(f'<div class="row">{"".join(row)}</div>')
    return "".join(pieces)


def _maybe(tag: str, text: str, kind: str = "") -> str:
    """An element, or nothing if there is no text for it."""
    opening = f'{tag} class="{kind}"' if kind else tag
    return f"<{opening}>{escape(text)}</{tag}>" if text else ""


@singledispatch
def _html(part: Part) -> str:
    raise TypeError(f"a report has no part of type {type(part).__name__}")


@_html.register
def _(part: Text) -> str:
    return f"<p>{escape(part.words)}</p>"


@_html.register
def _(part: Points) -> str:
    return f"<ul>{''.join(f'<li>{escape(point)}</li>' for point in part.points)}</ul>"


@_html.register
def _(part: Links) -> str:
    def item(name: str, place: str, words: str) -> str:
        return f'<li><a href="{escape(quote(place))}">{escape(name)}</a>{escape(f": {words}" if words else "")}</li>'

    return f"{_maybe('p', part.caption)}<ul>{''.join(item(*link) for link in part.links)}</ul>"


@_html.register
def _(part: Tiles) -> str:
    return f'<div class="tiles">{"".join(map(_tile, part.tiles))}</div>'


def _tile(tile: Tile) -> str:
    kind = {True: "met", False: "missed", None: ""}[tile.met]
    word = {True: "reached", False: "missed", None: ""}[tile.met]
    target = ", ".join(filter(None, (f"target: {tile.target}" if tile.target else "", word)))
    return (
        f'<div class="tile {kind}">{_maybe("div", tile.label, "label")}{_maybe("div", tile.value, "value")}'
        f"{_maybe('div', target, 'target')}{_maybe('div', tile.meaning, 'meaning')}</div>"
    )


@_html.register
def _(part: Figure) -> str:
    svg = inline_svg(part.svg, part.caption)
    numbers = "" if part.data is None else f"<details><summary>The numbers</summary>{_html(part.data)}</details>"
    return f'<figure><div class="drawn" tabindex="0">{svg}</div>{_maybe("figcaption", part.caption)}{numbers}</figure>'


@_html.register
def _(part: Table) -> str:
    def row(cells: Sequence[str], tag: str) -> str:
        return f"<tr>{''.join(f'<{tag}>{escape(cell)}</{tag}>' for cell in cells)}</tr>"

    rows = "".join(row(cells, "td") for cells in part.rows)
    return (
        f'<figure class="table" tabindex="0"><table><thead>{row(part.head, "th")}</thead><tbody>{rows}</tbody></table>'
        f"{_maybe('figcaption', part.caption)}</figure>"
    )


@_html.register
def _(part: Preformatted) -> str:
    words = escape(part.text)
    return f'<figure class="pre"><pre tabindex="0">{words}</pre>{_maybe("figcaption", part.caption)}</figure>'


@_html.register
def _(part: Card) -> str:
    facts = "".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in part.facts)
    return (
        f'<article><div class="question">{escape(part.question)}</div><h3>{escape(part.answer)}</h3>'
        f"{f'<dl>{facts}</dl>' if facts else ''}{_parts(part.parts)}</article>"
    )
