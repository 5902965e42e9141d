"""Boards on which a search in spikes is seen: candidates vanish, values appear, conflicts wipe them.

A still is one step of a run. A film is the whole run as one SVG file that moves by itself, without a script: each
candidate and each value has the steps at which its rails turn, and nothing is drawn twice.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from itertools import chain
from math import ceil, sqrt
from typing import Any, cast

import numpy as np

from logic.search.recording import SearchRecord

from .figures import BLUE, FAINT, INK, ORANGE, RED

_CELL, _LINE, _STEP = 42, 28, 30  # units: a cell's side, a line's height, the room for a value in a line
_SECONDS, _LONGEST, _HELD = 0.09, 24.0, 2.5  # of a film: a step, the whole run at most, the end
_NAME = re.compile(r"(?P<variable>\w+(\[\d+\])*)=(?P<value>-?\d+)")
_CANDIDATE, _HIDDEN = "#7b8794", "none"
_FONT = "DejaVu Sans, Helvetica, Arial, sans-serif"


@dataclass(frozen=True)
class Spot:
    """Where a value of a cell is drawn: small while it is a candidate, large once it is found.

    Args:
        variable: Of the record, from 0.
        cell: The variables of all values of its cell.
        text: The value.
        small: Middle, base line and size of the candidate's text.
        large: The same of the value's.
    """

    variable: int
    cell: tuple[int, ...]
    text: str
    small: tuple[float, float, float]
    large: tuple[float, float, float]


@dataclass(frozen=True)
class Board:
    """The spots of a program and what stands still around them: ``under``, SVG text."""

    spots: Sequence[Spot]
    under: str
    width: float
    height: float


def board_of(record: SearchRecord, bindings: Mapping[str, object]) -> Board:
    """The board that a query's variables form: a list of lists is a board, of anything else each variable is a line.

    Args:
        record: Of a run.
        bindings: The query's variables and their values in the solution, for cells that were known before the search.

    Example:
        >>> from logic.search.constraint_rows import SearchProblem
        >>> problem = SearchProblem(4, (), names=("Rows[1][1]=1", "Rows[1][1]=2", "Rows[2][2]=1", "Rows[2][2]=2"))
        >>> nothing = np.zeros((1, 4), np.bool_)
        >>> board = board_of(SearchRecord(problem, 0, nothing, nothing, (), (), None, None), {"Rows": ((1, 2), (2, 1))})
        >>> [(spot.text, spot.cell) for spot in board.spots]
        [('1', (0, 1)), ('2', (0, 1)), ('1', (2, 3)), ('2', (2, 3))]
    """
    found: dict[str, dict[int, int]] = {}
    for variable in range(record.problem.variables):
        named = _NAME.fullmatch(record.problem.name(variable + 1))
        if named:
            found.setdefault(named["variable"], {})[int(named["value"])] = variable
    for name, value in bindings.items():
        rows = cast("tuple[Any, ...]", value) if isinstance(value, tuple) else ()
        if rows and all(isinstance(row, tuple) and row for row in rows):
            return _grid(name, rows, found)
    return _lines(found)


def _grid(name: str, rows: Sequence[Sequence[object]], found: Mapping[str, Mapping[int, int]]) -> Board:
    """Cells in rows and columns, with boxes if the sides are a square number."""
    height, width = len(rows), max(map(len, rows))
    values = sorted(set(chain.from_iterable(found.values())))
    side = max(2, ceil(sqrt(len(values))))
    root = round(sqrt(height))
    box = root if root * root == height == width else 0
    under, spots = [], list[Spot]()
    for r, row in enumerate(rows):
        for c, known in enumerate(row):
            x, y = c * _CELL, r * _CELL
            large = (x + _CELL / 2, y + 30.0, 25.0)
            own = found.get(f"{name}[{r + 1}][{c + 1}]", {})
            if not own:
                under.append(f'<rect x="{x}" y="{y}" width="{_CELL}" height="{_CELL}" fill="#e9eef2"/>')
                under.append(_text(str(known), large, INK, weight=700))
            pitch = (_CELL - 6) / side
            for value, variable in own.items():
                order = values.index(value)
                small = (x + 3 + pitch * (order % side + 0.5), y + 3 + pitch * (order // side + 0.8), pitch * 0.8)
                spots.append(Spot(variable, tuple(own.values()), str(value), small, large))
    for across, lines, length in ((True, height, width), (False, width, height)):
        for line in range(lines + 1):
            at, end = line * _CELL, length * _CELL
            way = f"M0 {at}H{end}" if across else f"M{at} 0V{end}"
            thick = 2.4 if line % (box or lines) == 0 else 0.7
            under.append(f'<path d="{way}" stroke="{INK}" stroke-width="{thick}"/>')
    return Board(spots, "".join(under), width * _CELL, height * _CELL)


def _lines(found: Mapping[str, Mapping[int, int]]) -> Board:
    """A line for each variable, with its values in columns."""
    values = sorted(set(chain.from_iterable(found.values())))
    left = 8.5 * max(map(len, found), default=1) + 10
    under, spots = [], list[Spot]()
    for line, (name, own) in enumerate(found.items()):
        base = line * _LINE + 20.0
        under.append(
            f'<text x="{left - 10}" y="{base}" text-anchor="end" font-size="14" fill="{INK}">{escape(name)}</text>'
        )
        under.append(
            f'<path d="M0 {(line + 1) * _LINE}H{left + _STEP * len(values)}" stroke="{FAINT}" stroke-width="0.7"/>'
        )
        for value, variable in own.items():
            x = left + _STEP * (values.index(value) + 0.5)
            spots.append(Spot(variable, tuple(own.values()), str(value), (x, base, 12.0), (x, base + 1.5, 19.0)))
    return Board(spots, "".join(under), left + _STEP * len(values), len(found) * _LINE)


def moments(record: SearchRecord, most: int = 6) -> list[int]:
    """Steps that tell the story: the way to the end since the last conflict, in even strides of what is known."""
    last = record.steps - 1 if record.solved is None else record.solved
    first = min(max((step + 4 for step in record.conflicts if step < last - 4), default=1), last)
    known = (record.true | record.false).sum(1)[first : last + 1]
    wanted = np.linspace(known[0], known[-1], most)
    return sorted({*(first + int(np.argmax(known >= level)) for level in wanted[:-1]), last})


def still(record: SearchRecord, board: Board, step: int) -> str:
    """The board at one step, from 0, as SVG."""
    parts = [_title(f"Candidates and values at step {record.first + step}"), board.under]
    for spot in board.spots:
        small, large = _colours(record.true[step : step + 1], record.false[step : step + 1], spot)
        parts += [_text(spot.text, spot.small, small[0])] if small[0] != _HIDDEN else []
        parts += [_text(spot.text, spot.large, large[0], weight=700)] if large[0] != _HIDDEN else []
    return _svg(parts, board.width, board.height)


def film(record: SearchRecord, board: Board) -> str:
    """The whole run as one SVG that moves by itself, again and again; a bar below shows guesses and conflicts."""
    length = min(_LONGEST, max(4.0, record.steps * _SECONDS))
    clock = _Clock(record.steps, length, length + _HELD)
    parts = [_title(f"{record.steps} steps of a search: candidates vanish, values appear"), board.under]
    for spot in board.spots:
        small, large = _colours(record.true, record.false, spot)
        for place, colours, weight in ((spot.small, small, 400), (spot.large, large, 700)):
            seen = [colour for colour in colours if colour != _HIDDEN]
            if seen:
                shown = ["0" if colour == _HIDDEN else "1" for colour in colours]
                filled = [seen[0] if colour == _HIDDEN else colour for colour in colours]
                moving = clock.turning("opacity", shown) + clock.turning("fill", filled)
                parts.append(_text(spot.text, place, filled[0], moving, weight, opacity=shown[0]))
    border = ["0"] * record.steps
    for step in record.conflicts:
        border[step : step + 4] = ["1"] * len(border[step : step + 4])
    parts.append(
        f'<rect x="0" y="0" width="{board.width}" height="{board.height}" fill="none" stroke-width="5" '
        f'stroke="{RED}" opacity="0">{clock.turning("opacity", border)}</rect>'
    )
    y = board.height + 14
    bar = f'<rect x="0" y="{y}" height="6" rx="3" fill='
    parts.append(f'{bar}"#e4e7eb" width="{board.width}"/>')
    parts.append(f'{bar}"#aab6c1" width="{board.width}">{clock.running("width", board.width)}</rect>')
    for colour, steps in ((ORANGE, [step for step, _ in record.guesses]), (RED, record.conflicts)):
        for step in dict.fromkeys(steps):
            x = board.width * step / record.steps
            parts.append(f'<circle cx="{x:.1f}" cy="{y + 3}" r="3.4" fill="{colour}" stroke="#fff"/>')
    return _svg(parts, board.width, board.height + 24)


@dataclass(frozen=True)
class _Clock:
    """Steps as seconds of a film: all steps within ``length``, then the end is held until ``total``."""

    steps: int
    length: float
    total: float

    def turning(self, attribute: str, states: Sequence[str]) -> str:
        """An attribute that jumps where its state changes; nothing if it never does."""
        turns = [0, *(step for step in range(1, len(states)) if states[step] != states[step - 1])]
        if len(turns) == 1:
            return ""
        times = ";".join(f"{step / self.steps * self.length / self.total:.4f}" for step in turns)
        return self._animate(attribute, (states[step] for step in turns), times, ' calcMode="discrete"')

    def running(self, attribute: str, end: float) -> str:
        """An attribute that grows from 0 to its end while the search runs."""
        return self._animate(attribute, ("0", str(end), str(end)), f"0;{self.length / self.total:.4f};1")

    def _animate(self, attribute: str, values: Iterable[str], times: str, mode: str = "") -> str:
        return (
            f'<animate attributeName="{attribute}" values="{";".join(values)}" keyTimes="{times}"{mode} '
            f'dur="{self.total:.2f}s" repeatCount="indefinite"/>'
        )


def _colours(true: np.ndarray, false: np.ndarray, spot: Spot) -> tuple[list[str], list[str]]:
    """Of the candidate and of the value at each step ``[T]``; red where a cell has two values."""
    values = true[:, list(spot.cell)].sum(1)
    open_ = ~false[:, spot.variable] & (values == 0)
    small = [_CANDIDATE if shown else _HIDDEN for shown in open_]
    large = [
        _HIDDEN if not on else RED if count > 1 else BLUE
        for on, count in zip(true[:, spot.variable], values, strict=True)
    ]
    return small, large


def _text(
    text: str,
    place: tuple[float, float, float],
    colour: str,
    moving: str = "",
    weight: int = 400,
    opacity: str = "1",
) -> str:
    x, y, size = place
    size = size if len(text) < 3 else size * 2 / len(text)
    faint = "" if opacity == "1" else f' opacity="{opacity}"'
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="middle" font-size="{size:.1f}" font-weight="{weight}" '
        f'fill="{colour}"{faint}>{moving}{escape(text)}</text>'
    )


def _title(text: str) -> str:
    return f"<title>{escape(text)}</title>"


def _svg(parts: Iterable[str], width: float, height: float) -> str:
    paper = f'<rect x="-3" y="-3" width="{width + 6}" height="{height + 6}" rx="4" fill="#fff"/>'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" viewBox="-3 -3 {width + 6} {height + 6}" '
        f'width="{width + 6}" height="{height + 6}" font-family="{_FONT}">{paper}{"".join(parts)}</svg>\n'
    )
