"""The table of targets, which commands, tests, documents and the doctor read; a new target is a line here."""

from difflib import get_close_matches
from pathlib import Path

from ..errors import NetworkError
from .nir import NIR
from .snntorch import SNNTORCH
from .target import Target

TARGETS: tuple[Target, ...] = (NIR, SNNTORCH)


def find_target(name: str) -> Target:
    """The target of a name.

    Raises:
        NetworkError: if there is none; a similar name is named.

    Example:
        >>> find_target("nir").suffix
        '.nir'
    """
    for row in TARGETS:
        if row.name == name:
            return row
    names = [row.name for row in TARGETS]
    near = get_close_matches(name, names, n=1, cutoff=0.5)
    hint = f"did you mean {near[0]!r}? " if near else ""
    raise NetworkError(f"unknown target {name!r}; {hint}known: {', '.join(names)}")


def target_of_file(path: str | Path) -> Target | None:
    """The first target whose files end so; none if the file is of another kind.

    Example:
        >>> target_of_file("adder.nir") is find_target("nir"), target_of_file("adder.blif")
        (True, None)
    """
    return next((row for row in TARGETS if row.suffix == Path(path).suffix), None)
