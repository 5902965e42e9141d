"""The netlist: an immutable, array-backed Boolean circuit that is counted, compiled and proved."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from itertools import chain
from os import PathLike
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .errors import CircuitError
from .roles import Property, Role, check_roles, find_properties

if TYPE_CHECKING:
    import networkx as nx

Integers = NDArray[np.int64]


class Gate(IntEnum):
    """What a gate computes from its literals, however many there are."""

    AND = 0
    OR = 1
    XOR = 2  # parity
    MAJ = 3  # more than half; an odd number of literals


@dataclass(frozen=True)
class Clock:
    """What all registers of a circuit wait for: an edge of a net that comes from outside and carries no data.

    Args:
        name: Of the net.
        rising: Whether they take their next values when it rises; when it falls otherwise.

    Example:
        >>> str(Clock("clk", rising=False))
        "the falling edge of 'clk'"
    """

    name: str
    rising: bool = True

    def __str__(self) -> str:
        return f"the {'rising' if self.rising else 'falling'} edge of {self.name!r}"


def _integers(values: Iterable[int] | Integers) -> Integers:
    array = np.array(values if isinstance(values, np.ndarray) else list(values), dtype=np.int64)
    array.setflags(write=False)
    return array


@dataclass(frozen=True, eq=False)
class Circuit:
    """A directed acyclic netlist over literals, as in AIGER.

    Wire 0 is constant false; wires ``1 .. I`` are the inputs, the next ``R`` the registers, then one wire a gate.
    A literal is ``2 * wire + complement``, so 0 is false and 1 is true. A gate reads earlier wires only: loops
    cannot be written, except through registers.

    Args:
        inputs: Names, ``I`` of them.
        kinds: ``[G]``, a :class:`Gate` each.
        offsets: ``[G + 1]``; gate ``g`` reads ``literals[offsets[g]:offsets[g + 1]]``.
        literals: ``[E]``, the operands of all gates.
        outputs: ``[O]`` literals.
        output_names: ``O`` names.
        one_hot: Ranges of input positions (from 0) of which exactly one is true: the values of a slot.
        register_next: ``[R]`` literals that the registers take at the next clock.
        register_initial: ``[R]`` values at the first clock, 0 or 1; -1 where it is open (undefined, unknown or free):
            what is said of the circuit must then hold for both.
        register_names: ``R`` names.
        clock: What all registers wait for; None if there are none, or the file names no clock. One step of a circuit is
            one such edge; several clocks, gated ones and latches cannot be expressed.
        roles: ``O`` of them, a :class:`Role` each; empty if all are plain outputs.
        dont_cares: Where outputs may have either value: a circuit without registers over the names of the inputs and
            then the registers, an output of which is true where the output of that name is free. What is evaluated and
            compiled has the values of ``outputs``; a proof against this circuit leaves the free ones out.
        justice: The justice properties, each with the outputs that it holds together.
        free_inputs: Those inputs that stand for what has no value in a file: nets without a driver, and ``x``.

    Raises:
        CircuitError: if lengths disagree, a gate reads a wire that comes later, or a name repeats.
    """

    inputs: tuple[str, ...]
    kinds: Integers
    offsets: Integers
    literals: Integers
    outputs: Integers
    output_names: tuple[str, ...]
    one_hot: tuple[range, ...] = ()
    register_next: Integers = field(default_factory=lambda: _integers(()))
    register_initial: Integers = field(default_factory=lambda: _integers(()))
    register_names: tuple[str, ...] = ()
    clock: Clock | None = None
    roles: tuple[Role, ...] = ()
    dont_cares: "Circuit | None" = None
    justice: tuple[Property, ...] = ()
    free_inputs: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name in ("kinds", "offsets", "literals", "outputs", "register_next", "register_initial"):
            object.__setattr__(self, name, _integers(getattr(self, name)))
        gates, registers = len(self.kinds), len(self.register_names)
        if len(self.offsets) != gates + 1 or self.offsets[0] != 0 or self.offsets[-1] != len(self.literals):
            raise CircuitError(f"offsets must run from 0 to {len(self.literals)} in {gates + 1} entries")
        if len(self.outputs) != len(self.output_names):
            raise CircuitError(f"{len(self.outputs)} outputs bear {len(self.output_names)} names")
        if len(self.register_next) != registers or len(self.register_initial) != registers:
            raise CircuitError("register names, next-state literals and initial values differ in number")
        if registers and (self.register_initial.min() < -1 or self.register_initial.max() > 1):
            raise CircuitError("the first value of a register is 0, 1 or -1, which leaves it open")
        check_roles(self.roles, len(self.outputs), self.justice)
        sources = (*self.inputs, *self.register_names)
        if (free := self.dont_cares) is not None and (
            free.inputs != sources or free.register_names or not set(free.output_names) <= set(self.output_names)
        ):
            raise CircuitError("don't cares are a circuit over the inputs and registers, with outputs of these names")
        if len(set(sources)) < len(sources) or len(set(self.output_names)) < len(self.output_names):
            names = sources if len(set(sources)) < len(sources) else self.output_names
            twice = Counter(names).most_common(1)[0][0]
            raise CircuitError(f"the name {twice!r} is given twice")
        if gates and (self.kinds.min() < 0 or self.kinds.max() > max(Gate)):
            raise CircuitError(f"unknown gate kind; use {[gate.name for gate in Gate]}")
        widths = np.diff(self.offsets)
        if (widths < 1).any():
            raise CircuitError(f"gate {int((widths < 1).argmax())} reads no literal")
        even = (self.kinds == Gate.MAJ) & (widths % 2 == 0)
        if even.any():
            raise CircuitError(f"gate {int(even.argmax())} is a majority of an even number of literals")
        own = np.repeat(np.arange(gates) + self.first_gate, widths)
        late = (self.literals < 0) | (self.literals >= 2 * own)
        if late.any():
            edge = int(late.argmax())
            gate, wire = int(own[edge]) - self.first_gate, int(self.literals[edge]) >> 1
            raise CircuitError(
                f"gate {gate} ({Gate(int(self.kinds[gate])).name}) reads wire {wire}, which is not earlier than its "
                f"own wire {int(own[edge])}; order the gates so that each reads only wires before it"
            )
        for ends in (self.outputs, self.register_next):
            if len(ends) and (ends.min() < 0 or ends.max() >= 2 * self.wires):
                raise CircuitError(f"an output reads a wire that does not exist; there are {self.wires}")
        covered = [position for group in self.one_hot for position in group]
        if len(set(covered)) < len(covered) or any(not 0 <= p < len(self.inputs) for p in covered):
            raise CircuitError("one-hot groups must be disjoint ranges of input positions")

    @property
    def first_gate(self) -> int:
        """The wire of gate 0."""
        return 1 + len(self.inputs) + len(self.register_names)

    @property
    def wires(self) -> int:
        """The number of wires, the constant included."""
        return self.first_gate + len(self.kinds)

    @property
    def open_registers(self) -> tuple[str, ...]:
        r"""The names of the registers whose first value is open.

        Example:
            >>> from logic import parse_circuit
            >>> parse_circuit("INPUT(d)\nOUTPUT(q)\nOUTPUT(r)\nq = DFF(d)\nr = DFF0(d)", "bench").open_registers
            ('q',)
        """
        return tuple(self.register_names[at] for at in np.flatnonzero(self.register_initial < 0).tolist())

    @property
    def properties(self) -> tuple[Property, ...]:
        r"""What is claimed of the circuit, by name: safety properties first, then those of justice.

        Raises:
            CircuitError: if two bear one name.

        Example:
            >>> from logic import parse_circuit
            >>> [one.name for one in parse_circuit("aag 1 1 0 0 0 2\n2\n2\n3\nb1 low\n", "aag").properties]
            ['bad_0', 'low']
        """
        return find_properties(self.roles, self.output_names, self.justice)

    def __repr__(self) -> str:
        from .showing import circuit_text

        return circuit_text(self)

    def _repr_svg_(self) -> str | None:
        """A drawing for notebooks, if it is small enough to be looked at."""
        from .showing import MOST_DRAWN

        if len(self.kinds) > MOST_DRAWN:
            return None
        from . import draw_circuit  # a door: drawings stand on circuits and networks

        return draw_circuit(self)

    def to_networkx(self) -> "nx.MultiDiGraph[Any]":
        """The circuit as a graph of networkx; see :func:`logic.graphs.circuit_graph`.

        Example:
            >>> make = CircuitBuilder()
            >>> a, b = make.inputs("a", "b")
            >>> sorted(make.build(y=a & ~b).to_networkx().edges(data="negated"))
            [(1, 3, False), (2, 3, True), (3, ('output', 'y'), False)]
        """
        from .graphs import circuit_graph

        return circuit_graph(self)

    def operands(self, gate: int) -> Integers:
        """The literals that gate number ``gate`` reads."""
        return self.literals[self.offsets[gate] : self.offsets[gate + 1]]


@dataclass(frozen=True)
class Literal:
    """A wire or its complement inside a builder; ``& | ^ ~`` make new gates."""

    builder: "CircuitBuilder"
    code: int

    def __and__(self, other: "Literal") -> "Literal":
        return self.builder.gate(Gate.AND, (self, other))

    def __or__(self, other: "Literal") -> "Literal":
        return self.builder.gate(Gate.OR, (self, other))

    def __xor__(self, other: "Literal") -> "Literal":
        return self.builder.gate(Gate.XOR, (self, other))

    def __invert__(self) -> "Literal":
        return Literal(self.builder, self.code ^ 1)


class CircuitBuilder:
    """Builds a circuit gate by gate; equal gates are made once (structural hashing).

    Example:
        >>> make = CircuitBuilder()
        >>> a, b = make.inputs("a", "b")
        >>> circuit = make.build(sum=a ^ b, carry=a & b)
        >>> circuit.output_names
        ('sum', 'carry')
    """

    def __init__(self) -> None:
        self._inputs: list[str] = []
        self._one_hot: list[range] = []
        self._gates: list[tuple[Gate, tuple[int, ...]]] = []
        self._known: tuple[dict[tuple[int, ...], int], ...] = tuple({} for _ in Gate)

    @property
    def false(self) -> Literal:
        """The constant false; ``~builder.false`` is true."""
        return Literal(self, 0)

    def inputs(self, *names: str, one_hot: bool = False) -> tuple[Literal, ...]:
        """New inputs; with ``one_hot`` exactly one of them is promised to be true.

        Raises:
            CircuitError: if a gate has been made already; inputs come first.
        """
        if self._gates:
            raise CircuitError(f"inputs {names} come after the first gate; declare all inputs first")
        first = len(self._inputs)
        self._inputs += names
        if one_hot:
            self._one_hot.append(range(first, len(self._inputs)))
        return tuple(Literal(self, 2 * (1 + position)) for position in range(first, len(self._inputs)))

    def gate(self, kind: Gate, operands: Sequence[Literal]) -> Literal:
        """The literal of a gate over ``operands``; constants and repetitions are simplified away.

        Raises:
            CircuitError: if there are no operands, or a majority of an even number.
        """
        return Literal(self, self.code(kind, [operand.code for operand in operands]))

    def code(self, kind: Gate, operands: Sequence[int]) -> int:
        """:meth:`gate` in numbers, for circuits that are built by the thousand: the literal's code, from codes.

        Raises:
            CircuitError: as :meth:`gate`.
        """
        codes, flip = list(operands), 0
        if not codes:
            raise CircuitError(f"{kind.name} gate reads no literal")
        if kind is Gate.AND or kind is Gate.OR:
            absorbing, neutral = (0, 1) if kind is Gate.AND else (1, 0)
            kept = set(codes)
            kept.discard(neutral)
            if absorbing in kept or not kept.isdisjoint([code ^ 1 for code in kept]):
                return absorbing
            if not kept:
                return neutral
            codes = sorted(kept)
        elif kind is Gate.XOR:
            flip = sum(code & 1 for code in codes) & 1
            even = sorted(code & ~1 for code in codes)
            codes = [code for code, count in Counter(even).items() if code and count % 2]
            if not codes:
                return flip
        elif len(codes) % 2 == 0:
            raise CircuitError(f"majority needs an odd number of literals, got {len(codes)}")
        else:
            count = Counter(codes)
            count -= Counter({code: min(times, count[code ^ 1]) for code, times in count.items()})  # x and not x
            codes = sorted(count.elements())
            if 2 * max(count.values()) > len(codes):
                codes = [max(count, key=count.__getitem__)]
            elif len(codes) == 3 and codes[0] <= 1:
                return self.code(Gate.OR if codes[0] else Gate.AND, codes[1:])
        if len(codes) == 1:
            return codes[0] ^ flip
        key, known = tuple(codes), self._known[kind]
        if key not in known:
            known[key] = 1 + len(self._inputs) + len(self._gates)
            self._gates.append((kind, key))
        return 2 * known[key] ^ flip

    def mux(self, select: Literal, when_true: Literal, when_false: Literal) -> Literal:
        """``when_true`` where ``select`` is true, else ``when_false``."""
        return (select & when_true) | (~select & when_false)

    def majority(self, *operands: Literal) -> Literal:
        """Whether more than half of an odd number of literals are true."""
        return self.gate(Gate.MAJ, operands)

    def total(self, operands: Sequence[Literal]) -> tuple[Literal, ...]:
        """How many of the literals are true, in binary, the lowest bit first: full adders in a tree."""
        columns = [list(operands)]
        bits: list[Literal] = []
        for column in columns:
            while len(column) > 1:
                a, b, c = column.pop(0), column.pop(0), column.pop(0) if column else self.false
                if len(columns) == len(bits) + 1:
                    columns.append([])
                columns[-1].append(self.majority(a, b, c))
                column.append(self.gate(Gate.XOR, (a, b, c)))
            bits += column
        return tuple(bits)

    def build(self, **outputs: Literal) -> Circuit:
        """The circuit with the named outputs."""
        return self.build_from(outputs)

    def build_from(self, outputs: dict[str, Literal]) -> Circuit:
        """The circuit with outputs whose names need not be Python names."""
        widths = [len(codes) for _, codes in self._gates]
        return Circuit(
            inputs=tuple(self._inputs),
            kinds=_integers(kind for kind, _ in self._gates),
            offsets=_integers(np.cumsum([0, *widths])),
            literals=_integers(chain.from_iterable(codes for _, codes in self._gates)),
            outputs=_integers(literal.code for literal in outputs.values()),
            output_names=tuple(outputs),
            one_hot=tuple(self._one_hot),
        )


def check_circuit(found: object) -> Circuit:
    """A circuit as what it is.

    Raises:
        CircuitError: if it is none.
    """
    if isinstance(found, Circuit):
        return found
    remedy = "read the file by read_circuit" if isinstance(found, str | PathLike) else "build one by CircuitBuilder"
    raise CircuitError(f"{str(found)[:60]!r} is no circuit but a {type(found).__name__}; {remedy}")
