"""What one Verilog module is made of, as far as one flat module goes."""

from dataclasses import dataclass, field

from ..netlist import Netlist


@dataclass
class Cell:
    """An instance of another module.

    Args:
        module: Its name.
        named: What its ports are connected to, by name.
        ordered: The same, by position.
        line: Of the text.
    """

    module: str
    named: dict[str, str]
    ordered: list[str]
    line: int


@dataclass
class Register:
    """A flip-flop.

    Args:
        following: Literal of its next value.
        clock: What it waits for; None where the text names no clock.
        rising: Which edge.
        line: Of the text.
    """

    following: int
    clock: str | None
    rising: bool
    line: int


@dataclass
class Module:
    """What a module declares, filled statement by statement.

    Args:
        name: Its name.
        netlist: Its wires and gates.
        line: Of the text.
        ports: In their order.
        directions: Direction and line of each port.
        vectors: The bits of each vector, in the order of its range.
        registers: By the wire that holds them.
        initials: First values, by wire, with their lines.
        cells: Instances of other modules.
    """

    name: str
    netlist: Netlist
    line: int
    ports: list[str] = field(default_factory=list)
    directions: dict[str, tuple[str, int]] = field(default_factory=dict)
    vectors: dict[str, list[str]] = field(default_factory=dict)
    registers: dict[str, Register] = field(default_factory=dict)
    initials: dict[str, tuple[int, int]] = field(default_factory=dict)
    cells: list[Cell] = field(default_factory=list)
