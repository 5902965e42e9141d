"""The JSON netlist of yosys: what its parts are called, as far as they are read here."""

from typing import NotRequired, TypedDict

Bit = int | str
"""The number of a net, or ``0``, ``1``, ``x``, ``z``."""


class Port(TypedDict):
    """A port: its bits from the lowest, and how they are counted."""

    direction: str
    bits: list[Bit]
    offset: NotRequired[int]
    upto: NotRequired[int]


class Cell(TypedDict):
    """A cell: what it is, and the bits at each of its ports."""

    type: str
    parameters: dict[str, str]
    attributes: dict[str, str]
    connections: dict[str, list[Bit]]


class Net(TypedDict):
    """A name of bits; ``hide_name`` is 1 for names that yosys made up."""

    hide_name: int
    bits: list[Bit]
    attributes: dict[str, str]
    offset: NotRequired[int]
    upto: NotRequired[int]


class Module(TypedDict):
    """The one module that is left when all is flat."""

    attributes: dict[str, str]
    ports: dict[str, Port]
    cells: dict[str, Cell]
    netnames: dict[str, Net]


def bit_name(name: str, wire: Port | Net, place: int) -> str:
    """What one bit of a wire is called, as its declaration counts them.

    Args:
        name: Of the wire.
        wire: Its bits.
        place: Of the bit, from the lowest.

    Example:
        >>> bit_name("a", {"direction": "input", "bits": [2, 3, 4, 5], "offset": 4}, 0)
        'a[4]'
        >>> bit_name("y", {"direction": "output", "bits": [6, 7], "upto": 1}, 0)
        'y[1]'
    """
    width, first = len(wire["bits"]), wire.get("offset", 0)
    if width == 1 and not first:
        return name
    return f"{name}[{first + (width - 1 - place if wire.get('upto') else place)}]"
