"""Prolog terms as Python values."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast


@dataclass(frozen=True)
class Variable:
    """A variable of a clause, by name."""

    name: str


@dataclass(frozen=True)
class Struct:
    """A functor with its arguments; an atom has none."""

    functor: str
    arguments: tuple["Term", ...] = ()

    @property
    def indicator(self) -> str:
        """Name and arity as Prolog writes them, ``sum/1``."""
        return f"{self.functor}/{len(self.arguments)}"


Term = int | float | str | Struct | Variable | tuple["Term", ...]
"""Numbers, strings, atoms and compounds, variables; a proper list is a tuple."""

Value = int | float | str | tuple["Value", ...]
"""A ground answer as users see it: an atom is its name, a compound its text."""


def from_json(data: object) -> Term:
    """The term that the Prolog side wrote (see ``json_writer.pl``)."""
    if isinstance(data, int | float):
        return data
    if isinstance(data, list):
        name, *arguments = cast("list[object]", data)
        return Struct(str(name), tuple(from_json(argument) for argument in arguments))
    ((tag, content),) = cast("dict[str, object]", data).items()
    if tag == "l":
        return tuple(from_json(element) for element in cast("list[object]", content))
    return Variable(str(content)) if tag == "v" else str(content)


def to_value(term: Term) -> Value:
    """A ground term as a plain Python value."""
    if isinstance(term, Struct):
        return term.functor if not term.arguments else to_text(term)
    if isinstance(term, tuple):
        return tuple(to_value(element) for element in term)
    return to_text(term) if isinstance(term, Variable) else term


def to_text(term: Term) -> str:
    """A term in functional notation, for messages and names."""
    if isinstance(term, Struct):
        inside = ",".join(to_text(argument) for argument in term.arguments)
        return f"{term.functor}({inside})" if inside else term.functor
    if isinstance(term, tuple):
        return f"[{','.join(to_text(element) for element in term)}]"
    return term.name if isinstance(term, Variable) else str(term)


def variables(term: Term) -> Iterator[str]:
    """Names of the variables of a term, with repetitions."""
    if isinstance(term, Variable):
        yield term.name
    elif isinstance(term, Struct | tuple):
        for part in term.arguments if isinstance(term, Struct) else term:
            yield from variables(part)


def order(term: Term) -> tuple[object, ...]:
    """A sort key: numbers, then strings, atoms, and compounds and lists by size, name and arguments."""
    if isinstance(term, int | float):
        return (0, term)
    if isinstance(term, str):
        return (1, term)
    if isinstance(term, Variable):
        return (2, term.name)
    name, parts = ("", term) if isinstance(term, tuple) else (term.functor, term.arguments)
    return (3, len(parts), name, tuple(order(part) for part in parts))
