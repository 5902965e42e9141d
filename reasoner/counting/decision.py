"""Knowledge compilation: any circuit over one-hot inputs as a multi-valued decision diagram, exactly.

In the literature: MDD, the multi-valued form of the (RO)BDD.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf
from time import monotonic

import numpy as np

from logic import Circuit, CircuitBuilder, Gate, Literal

from ..errors import CountingError

FALSE, TRUE = 0, 1


class Diagrams:
    """A shared, reduced, ordered multi-valued decision diagram (MDD) over the slots of a circuit.

    Nodes are numbers; 0 is false and 1 is true. A node asks for the value of one slot and has one child a value;
    equal nodes are made once, so two functions are equal if and only if their nodes are.

    Args:
        sizes: Number of values of each slot, in the order of the diagram.
        budget: Nodes that may be made.
        seconds: Wall time from now on in which they may be made.

    References:
        Srinivasan, Kam, Malik, Brayton, "Algorithms for discrete function manipulation", ICCAD 1990.
    """

    def __init__(self, sizes: Sequence[int], budget: int, seconds: float = inf) -> None:
        self._sizes = tuple(sizes)
        self._budget = budget
        self._seconds, self._deadline = seconds, monotonic() + seconds
        self.nodes: list[tuple[int, tuple[int, ...]]] = [(len(sizes), ()), (len(sizes), ())]
        self._unique: dict[tuple[int, tuple[int, ...]], int] = {}
        self._known: dict[tuple[Gate, int, int], int] = {}

    def node(self, level: int, children: tuple[int, ...]) -> int:
        """The node that asks for slot ``level``.

        Raises:
            CountingError: if the budget is spent, or the time.
        """
        if len(set(children)) == 1:
            return children[0]
        key = (level, children)
        if key not in self._unique:
            if len(self.nodes) >= self._budget:
                raise CountingError(
                    f"exact counting needs a decision diagram of more than {self._budget} nodes; ask a smaller query, "
                    f"write rules that pass less on (a carry, not a sum), or raise Limits.gates"
                )
            if monotonic() > self._deadline:
                raise CountingError(
                    f"the decision diagram for exact counting was not made within {self._seconds:g} s; ask a smaller "
                    f"query, write rules that pass less on (a carry, not a sum), or raise Limits.seconds"
                )
            self._unique[key] = len(self.nodes)
            self.nodes.append(key)
        return self._unique[key]

    def indicator(self, level: int, value: int) -> int:
        """True where slot ``level`` has the value with number ``value``."""
        return self.node(level, tuple(TRUE if v == value else FALSE for v in range(self._sizes[level])))

    def combine(self, kind: Gate, first: int, second: int) -> int:
        """AND, OR or XOR of two nodes."""
        if kind is Gate.AND and FALSE in (first, second):
            return FALSE
        if kind is Gate.OR and TRUE in (first, second):
            return TRUE
        neutral = TRUE if kind is Gate.AND else FALSE
        if first == neutral:
            return second
        if second == neutral:
            return first
        if first == second:
            return FALSE if kind is Gate.XOR else first
        if first > second:
            first, second = second, first
        key = (kind, first, second)
        if key not in self._known:
            if first == TRUE and self.nodes[second][0] == len(self._sizes):
                self._known[key] = FALSE  # XOR of true and true; all else was settled above
            else:
                level = min(self.nodes[first][0], self.nodes[second][0])
                pairs = zip(self._children(first, level), self._children(second, level), strict=True)
                self._known[key] = self.node(level, tuple(self.combine(kind, a, b) for a, b in pairs))
        return self._known[key]

    def _children(self, node: int, level: int) -> tuple[int, ...]:
        own, children = self.nodes[node]
        return children if own == level else (node,) * self._sizes[level]

    def apply(self, kind: Gate, operands: Sequence[int]) -> int:
        """Any gate over any number of nodes."""
        if kind is not Gate.MAJ:
            todo = list(operands)
            while len(todo) > 1:  # pairwise in rounds keeps intermediate diagrams small
                todo = [
                    self.combine(kind, todo[i], todo[i + 1]) if i + 1 < len(todo) else todo[i]
                    for i in range(0, len(todo), 2)
                ]
            return todo[0]
        counts = [TRUE]  # counts[k]: at least k of the operands so far are true
        for operand in operands:
            shifted = [TRUE, *(self.combine(Gate.AND, operand, count) for count in counts)]
            counts = [self.combine(Gate.OR, a, b) for a, b in zip(shifted, [*counts, FALSE], strict=True)]
        return counts[len(operands) // 2 + 1]

    def negate(self, node: int) -> int:
        """Its complement."""
        return self.combine(Gate.XOR, TRUE, node)


@dataclass(frozen=True, eq=False)
class Compiled:
    """Diagrams and the nodes of a circuit's outputs."""

    diagrams: Diagrams
    outputs: tuple[int, ...]


def compile_diagrams(circuit: Circuit, budget: int, seconds: float = inf) -> Compiled:
    """Decision diagrams of all outputs, with slots in the order of the circuit's one-hot groups.

    Raises:
        CountingError: if an input stands in no one-hot group, the circuit has registers, or the budget is spent.
    """
    check_inputs(circuit)
    diagrams = Diagrams([len(group) for group in circuit.one_hot], budget, seconds)
    nodes = [FALSE] * circuit.first_gate
    for level, group in enumerate(circuit.one_hot):
        for value, position in enumerate(group):
            nodes[1 + position] = diagrams.indicator(level, value)
    literals, offsets = circuit.literals.tolist(), circuit.offsets.tolist()

    def read(literal: int) -> int:
        node = nodes[literal >> 1]
        return diagrams.negate(node) if literal & 1 else node

    for gate, kind in enumerate(circuit.kinds.tolist()):
        operands = [read(literal) for literal in literals[offsets[gate] : offsets[gate + 1]]]
        nodes.append(diagrams.apply(Gate(kind), operands))
    return Compiled(diagrams, tuple(read(literal) for literal in circuit.outputs.tolist()))


def check_inputs(circuit: Circuit) -> None:
    """Refuse a circuit whose inputs are not all values of slots.

    Raises:
        CountingError: naming the input.
    """
    if circuit.register_names:
        raise CountingError("a circuit with registers cannot be counted; unroll it first")
    covered = {position for group in circuit.one_hot for position in group}
    for position, name in enumerate(circuit.inputs):
        if position not in covered:
            raise CountingError(f"input '{name}' belongs to no one-hot group; declare a slot with two values for it")


def to_circuit(circuit: Circuit, budget: int, seconds: float = inf) -> Circuit:
    """An equal circuit that is decomposable and deterministic: ANDs of a slot's value and a child, ORs over values.

    Raises:
        CountingError: as :func:`compile_diagrams`.

    Example:
        >>> make = CircuitBuilder()
        >>> a, b = (make.inputs(f"{name}=0", f"{name}=1", one_hot=True) for name in "ab")
        >>> to_circuit(make.build(differ=make.gate(Gate.XOR, [a[1], b[1]])), budget=100).output_names
        ('differ',)
    """
    compiled = compile_diagrams(circuit, budget, seconds)
    make = CircuitBuilder()
    inputs = [make.inputs(*(circuit.inputs[position] for position in group), one_hot=True) for group in circuit.one_hot]
    wires: list[Literal] = [make.false, ~make.false]
    for level, children in compiled.diagrams.nodes[2:]:
        by_child: dict[int, list[Literal]] = {}
        for value, child in enumerate(children):
            by_child.setdefault(child, []).append(inputs[level][value])
        branches = [
            make.gate(Gate.AND, (wires[child], make.gate(Gate.OR, values))) for child, values in by_child.items()
        ]
        wires.append(make.gate(Gate.OR, branches))
    return _without_dead_gates(
        make.build_from({name: wires[node] for name, node in zip(circuit.output_names, compiled.outputs, strict=True)})
    )


def _without_dead_gates(circuit: Circuit) -> Circuit:
    """The circuit without gates that no output reads; the inputs all stay."""
    literals, offsets = circuit.literals.tolist(), circuit.offsets.tolist()
    first = circuit.first_gate
    needed = {literal >> 1 for literal in circuit.outputs.tolist()}
    for gate in range(len(circuit.kinds) - 1, -1, -1):
        if gate + first in needed:
            needed.update(literal >> 1 for literal in literals[offsets[gate] : offsets[gate + 1]])
    kept = [gate for gate in range(len(circuit.kinds)) if gate + first in needed]
    wire = {old: old for old in range(first)} | {gate + first: first + new for new, gate in enumerate(kept)}

    def moved(codes: list[int]) -> list[int]:
        return [2 * wire[code >> 1] + (code & 1) for code in codes]

    operands = [moved(literals[offsets[gate] : offsets[gate + 1]]) for gate in kept]
    return Circuit(
        inputs=circuit.inputs,
        kinds=circuit.kinds[kept],
        offsets=np.cumsum([0, *(len(row) for row in operands)]),
        literals=np.array([code for row in operands for code in row], dtype=np.int64),
        outputs=np.array(moved(circuit.outputs.tolist()), dtype=np.int64),
        output_names=circuit.output_names,
        one_hot=circuit.one_hot,
    )
