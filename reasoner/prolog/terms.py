"""Prolog terms as Python values."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, cast


@dataclass(frozen=True)
class Variable:
    """A variable of a clause, by name."""

    name: str


@dataclass(frozen=True, init=False)
class Struct:
    """A functor with its arguments; an atom has none."""

    functor: str
    arguments: tuple["Term", ...] = ()

    def __init__(self, functor: str, arguments: tuple["Term", ...] = ()) -> None:
        own = self.__dict__  # in half the time of what a frozen class does by itself: there are many
        own["functor"] = functor
        own["arguments"] = arguments

    @property
    def indicator(self) -> str:
        """Name and arity as Prolog writes them, ``sum/1``."""
        return f"{self.functor}/{len(self.arguments)}"


Term = int | float | str | Struct | Variable | tuple["Term", ...]
"""Numbers, strings, atoms and compounds, variables; a proper list is a tuple."""

Value = int | float | str | tuple["Value", ...]
"""A ground answer as users see it: an atom is its name, a compound its text."""


def from_json(data: object) -> Term:
    """The term that the Prolog side wrote: its parts in reading order, or the only part (see ``json_writer.pl``).

    Example:
        >>> from_json([["f", 2], "a", [2], 1, 2])
        Struct(functor='f', arguments=(Struct(functor='a', arguments=()), (1, 2)))
    """
    if not isinstance(data, list):
        return _part(data)
    built: list[Term] = []  # from the last part to the first: the arguments of a compound lie on top
    for part in reversed(cast("list[object]", data)):
        if isinstance(part, list):
            *name, count = cast("list[Any]", part)
            start = len(built) - count
            inside = tuple(reversed(built[start:]))
            del built[start:]
            built.append(Struct(name[0], inside) if name else inside)
        else:
            built.append(_part(part))
    return built[0]


def _part(data: object) -> Term:
    if isinstance(data, int | float):
        return data
    if isinstance(data, str):
        return Struct(data)
    ((tag, content),) = cast("dict[str, object]", data).items()
    return Variable(str(content)) if tag == "v" else str(content)


def to_value(term: Term) -> Value:
    """A ground term as a plain Python value.

    Example:
        >>> to_value((Struct("a"), Struct("f", (1,)), 2))
        ('a', 'f(1)', 2)
    """
    if not isinstance(term, tuple):
        return _plain(term)
    whole: list[Value] = []
    todo: list[tuple[Term, list[Value]]] = [(term, whole)]
    lists: list[tuple[list[Value], int, list[Value]]] = []  # where a list stands, and its elements
    for part, into in todo:  # grows
        if isinstance(part, tuple):
            elements: list[Value] = []
            lists.append((into, len(into), elements))
            into.append(())
            todo += [(element, elements) for element in part]
        else:
            into.append(_plain(part))
    for into, place, elements in reversed(lists):
        into[place] = tuple(elements)
    return whole[0]


def _plain(term: int | float | str | Struct | Variable) -> int | float | str:
    if isinstance(term, Struct):
        return to_text(term) if term.arguments else term.functor
    return term.name if isinstance(term, Variable) else term


def to_text(term: Term) -> str:
    """A term in functional notation, for messages and names.

    Example:
        >>> to_text(Struct("f", (1, (Variable("X"), Struct("a")))))
        'f(1,[X,a])'
    """
    written: list[str] = []
    todo: list[Term] = [term]  # texts among them are written as they are
    while todo:
        part = todo.pop()
        if isinstance(part, Struct) and part.arguments:
            written.append(f"{part.functor}(")
            todo.append(")")
            todo += _separated(part.arguments)
        elif isinstance(part, tuple):
            written.append("[")
            todo.append("]")
            todo += _separated(part)
        else:
            written.append(str(_plain(part)))
    return "".join(written)


def _separated(parts: Sequence[Term]) -> Iterator[Term]:
    """The parts from last to first, with commas between them."""
    for number in reversed(range(len(parts))):
        yield parts[number]
        if number:
            yield ","


def variables(term: Term) -> Iterator[str]:
    """Names of the variables of a term, with repetitions."""
    todo: list[Term] = [term]
    while todo:
        part = todo.pop()
        if isinstance(part, Variable):
            yield part.name
        elif isinstance(part, Struct | tuple):
            todo += reversed(part.arguments if isinstance(part, Struct) else part)


def order(term: Term) -> tuple[object, ...]:
    """A sort key: numbers, then strings, atoms, and compounds and lists by size, name and arguments.

    Example:
        >>> sorted([Struct("b"), Struct("a"), 10, 9, Struct("f", (1,))], key=order)[:3]
        [9, 10, Struct(functor='a', arguments=())]
    """
    key: list[object] = []
    todo: list[Term] = [term]
    while todo:
        part = todo.pop()
        if isinstance(part, int | float):
            key += (0, part)
        elif isinstance(part, str):
            key += (1, part)
        elif isinstance(part, Variable):
            key += (2, part.name)
        else:
            name, parts = ("", part) if isinstance(part, tuple) else (part.functor, part.arguments)
            key += (3, len(parts), name)
            todo += reversed(parts)
    return tuple(key)


def conjuncts(goal: Term) -> list[Term]:
    """The goals of a conjunction, however long, in order; a goal that is none is its own only one.

    Example:
        >>> [to_text(goal) for goal in conjuncts(Struct(",", (Struct("a"), Struct(",", (Struct("b"), Struct("c"))))))]
        ['a', 'b', 'c']
    """
    found: list[Term] = []
    todo = [goal]
    while todo:
        part = todo.pop()
        if isinstance(part, Struct) and part.functor == "," and len(part.arguments) == 2:
            todo += reversed(part.arguments)
        else:
            found.append(part)
    return found
