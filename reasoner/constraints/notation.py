"""Constraints as the user would write them, over the names that the query gives to its variables."""

from collections.abc import Mapping
from typing import cast

from ..prolog.terms import Struct, Term, Variable
from .posting import Key, key_of

_PRIORITY = {
    "#<==>": 760,
    "#==>": 750,
    "#<==": 750,
    "#\\/": 740,
    "#\\": 730,
    "#/\\": 720,
    **dict.fromkeys(("#=", "#\\=", "#<", "#>", "#=<", "#>=", "="), 700),
    "+": 500,
    "-": 500,
    **dict.fromkeys(("*", "//", "div", "mod", "rem"), 400),
    "^": 200,
}
_SHOWN = 12  # elements of a list that are written out


def name_variables(bindings: Mapping[str, Term]) -> dict[Key, str]:
    """A name for each variable that the query shows: ``X``, or ``Rows[2][3]`` inside lists, counted from 1."""
    names: dict[Key, str] = {}
    waiting: list[tuple[Term, _Path]] = [(term, (name, None)) for name, term in reversed([*bindings.items()])]
    while waiting:
        term, path = waiting.pop()
        key = key_of(term)
        if key is not None:
            if key not in names:
                names[key] = _joined(path)
        elif isinstance(term, Struct | tuple):
            parts = term.arguments if isinstance(term, Struct) else term
            waiting.extend((part, (f"[{index}]", path)) for index, part in reversed([*enumerate(parts, start=1)]))
    return names


_Path = tuple[str, "_Path | None"]
"""The last part of a name and what stands before it."""


def _joined(path: _Path | None) -> str:
    parts: list[str] = []
    while path is not None:
        part, path = path
        parts.append(part)
    return "".join(reversed(parts))


def constraint_text(term: Term, names: Mapping[Key, str]) -> str:
    """The constraint in the notation of library(clpfd).

    >>> constraint_text(Struct("#<", (Struct("*", (2, Struct("$fd", (0,)))), 7)), {0: "X"})
    '2 * X #< 7'
    """
    return _text(term, names, 1200)


def _text(term: Term, names: Mapping[Key, str], allowed: int) -> str:
    key = key_of(term)
    if key is not None:
        return names.get(key) or (f"_{key}" if isinstance(key, int) else f"{key[0]}({key[1]})")
    if isinstance(term, tuple):
        shown = [_text(part, names, 999) for part in term[:_SHOWN]]
        return f"[{', '.join(shown)}{f', ... {len(term)} in all' if len(term) > _SHOWN else ''}]"
    if isinstance(term, Variable):
        return term.name
    if not isinstance(term, Struct):
        return str(term)
    name, parts = term.functor, term.arguments
    if name == "$true":
        return _text(parts[0], names, allowed)
    if name == "$in":
        members, ranges = cast("tuple[tuple[Term, ...], tuple[tuple[Term, Term], ...]]", parts)
        domain = " \\/ ".join(_range_text(low, high) for low, high in ranges)
        inside = members[0] if len(members) == 1 else members
        return f"{_text(inside, names, 699)} {'in' if len(members) == 1 else 'ins'} {domain}"
    if name == "$sum":
        inside = cast("tuple[Term, ...]", parts[0])
        return _bracket(" + ".join(_text(part, names, 500) for part in inside), 500, allowed)
    if name == "$table":
        return f"tuples_in({_text(parts[0], names, 999)}, {_text(parts[1], names, 999)})"
    if name in _PRIORITY and len(parts) == 2:
        own = _PRIORITY[name]
        return _bracket(f"{_text(parts[0], names, own)} {name} {_text(parts[1], names, own - 1)}", own, allowed)
    if name in {"-", "#\\"} and len(parts) == 1:
        return _bracket(f"{name} {_text(parts[0], names, 200)}", 710, allowed)
    inside = ", ".join(_text(part, names, 999) for part in parts)
    return f"{name.lstrip('$')}({inside})" if parts else name


def _range_text(low: Term, high: Term) -> str:
    if low == high:
        return str(low)
    return f"{low.functor if isinstance(low, Struct) else low}..{high.functor if isinstance(high, Struct) else high}"


def _bracket(text: str, priority: int, allowed: int) -> str:
    return f"({text})" if priority > allowed else text
