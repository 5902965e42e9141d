"""A named finite set of values: what a symbol can be."""

from collections.abc import Iterable
from dataclasses import dataclass

from .errors import DomainError


@dataclass(frozen=True)
class Domain:
    """A named finite set; in a program, ``name(I, X)`` says that slot ``I`` has value ``X``.

    Args:
        name: A Prolog atom: lower-case letter first, then letters, digits and underscores.
        values: At least two distinct integers or strings, in the order of the classes.

    Raises:
        DomainError: if the name is no atom or the values repeat or are too few.

    Example:
        >>> Domain("digit", range(10)).index(3)
        3
    """

    name: str
    values: tuple[int | str, ...]

    def __init__(self, name: str, values: Iterable[int | str]) -> None:
        object.__setattr__(self, "name", name)
        object.__setattr__(self, "values", tuple(values))
        if not (name.isascii() and name.isidentifier() and name[0].islower()):
            raise DomainError(f"domain name {name!r} is not a Prolog atom; use a lower-case letter, then letters or _")
        if len(self.values) < 2 or len(set(self.values)) < len(self.values):
            raise DomainError(f"domain '{name}' needs two or more distinct values, got {list(self.values)}")

    def __len__(self) -> int:
        return len(self.values)

    def index(self, value: int | str) -> int:
        """The class number of a value.

        Raises:
            DomainError: if the value is not in the domain.
        """
        try:
            return self.values.index(value)
        except ValueError:
            raise DomainError(f"domain '{self.name}' has no value {value!r}; it has {list(self.values)}") from None
