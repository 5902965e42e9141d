"""Lines of a network: a signal of two rails has two of them, a signal of one rail has one.

A line is a pair of a signal's name and a rail, never a name with a special ending, so that signals may bear any name.
In the literature: dual-rail (one-hot) encoding of asynchronous circuits.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .errors import NetworkError


class Line(NamedTuple):
    """Where a network is given, or gives, a signal's value.

    Args:
        signal: The signal's name; any text.
        rail: The value for which the line fires, 0 or 1, if the signal has two lines; else none: it fires for true.

    Example:
        >>> str(Line("carry", 0)), str(Line("carry")), str(Line("carry=0"))
        ('carry=0', 'carry', 'carry=0')
        >>> Line("carry", 0) == Line("carry=0")
        False
    """

    signal: str
    rail: int | None = None

    def __str__(self) -> str:
        return self.signal if self.rail is None else f"{self.signal}={self.rail}"

    @property
    def negated(self) -> bool:
        """Whether the line fires for false."""
        return self.rail == 0


class Matched(NamedTuple):
    """What lines say of the signals of a circuit.

    Args:
        place: ``[L]`` position of each line's signal.
        negated: ``[L]`` whether the line fires for false.
    """

    place: NDArray[np.int64]
    negated: NDArray[np.bool_]


def single_lines(names: Iterable[str]) -> tuple[Line, ...]:
    """One line for each signal.

    Example:
        >>> single_lines("ab")
        (Line(signal='a', rail=None), Line(signal='b', rail=None))
    """
    return tuple(Line(name) for name in names)


def rail_lines(names: Iterable[str]) -> tuple[Line, ...]:
    """Two lines for each signal, the one for 0 first.

    Example:
        >>> [str(line) for line in rail_lines("ab")]
        ['a=0', 'a=1', 'b=0', 'b=1']
    """
    return tuple(Line(name, value) for name in names for value in (0, 1))


def match_lines(lines: Sequence[Line], signals: Sequence[str]) -> Matched:
    """Which signal each line belongs to, and whether it fires for false.

    Example:
        >>> match_lines([Line("y", 0), Line("y=0")], ["y", "y=0"])
        Matched(place=array([0, 1]), negated=array([ True, False]))

    Raises:
        NetworkError: if a line's signal is none of them.
    """
    places = {name: position for position, name in enumerate(signals)}
    for line in lines:
        if line.signal not in places:
            raise NetworkError(f"line '{line}' is not a signal of the circuit; it has {list(signals)[:10]} ...")
    place = np.array([places[line.signal] for line in lines], np.int64)
    return Matched(place, np.array([line.rail == 0 for line in lines], np.bool_))


def by_line(lines: Sequence[Line], values: Sequence[int]) -> dict[Line, int]:
    """What belongs to each line.

    Raises:
        NetworkError: if a line is given twice.
    """
    found = dict(zip(lines, values, strict=True))
    if len(found) < len(lines):
        raise NetworkError(f"the line '{Counter(lines).most_common(1)[0][0]}' is given twice")
    return found


def rail_pairs(lines: Sequence[Line]) -> NDArray[np.int64]:
    """The positions ``[wires, 2]`` of the two rails of each signal, in the order of the rails for 1.

    Example:
        >>> rail_pairs(rail_lines("ab")).tolist()
        [[0, 1], [2, 3]]

    Raises:
        NetworkError: if some line is not one of two rails.
    """
    place = {line: index for index, line in enumerate(lines)}
    pairs = [(place.get(Line(line.signal, 0), -1), index) for line, index in place.items() if line.rail == 1]
    if 2 * len(pairs) != len(lines) or not pairs or min(pairs)[0] < 0:
        raise NetworkError("codewords need two rails, 'wire=0' and 'wire=1', for every wire")
    return np.array(pairs, dtype=np.int64)


def has_two_rails(lines: Sequence[Line]) -> bool:
    """Whether there are lines and all of them come as the two rails of a signal."""
    try:
        return len(rail_pairs(lines)) > 0
    except NetworkError:
        return False


def lines_of_names(names: Sequence[str]) -> tuple[Line, ...]:
    """Lines from names as files of format 1 hold them, in which a rail is the ending ``=0`` or ``=1``.

    Names that all come in such pairs are rails; all others stand for themselves.

    Example:
        >>> lines_of_names(["y=0", "y=1"]) == rail_lines("y"), lines_of_names(["y", "y=1"]) == (Line("y"), Line("y=1"))
        (True, True)
    """
    lines = [Line(name[:-2], int(name[-1])) if name[-2:] in ("=0", "=1") else Line(name) for name in names]
    return tuple(lines) if has_two_rails(lines) else single_lines(names)
