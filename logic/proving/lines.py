"""The lines of a network by name: ``x`` fires for true, the rails ``x=0`` and ``x=1`` for their value."""

import numpy as np
from numpy.typing import NDArray

from ..errors import NetworkError

Integers = NDArray[np.int64]


def signal(name: str, places: dict[str, int], literals: Integers) -> int:
    """The literal for which the line of that name fires.

    Args:
        name: Of the line.
        places: Where each signal's literal is.
        literals: Of the signals.

    Raises:
        NetworkError: if there is no such signal.
    """
    if name in places:
        return int(literals[places[name]])
    wire, _, value = name.rpartition("=")
    if wire in places and value in ("0", "1"):
        return int(literals[places[wire]]) ^ (value == "0")
    raise NetworkError(f"line {name!r} is not a signal of the circuit; it has {list(places)[:10]} ...")
