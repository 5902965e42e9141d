"""The checker's own graph of conjunctions and its own questions to SAT; nothing of it serves the search."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pysat.solvers import Solver

from ..circuit import Circuit
from ..kernels import kernel, work_time

Integers = NDArray[np.int64]
Bits = NDArray[np.bool_]
Number = int | np.signedinteger[Any]
_ENGINE = "glucose4"  # takes conflict budgets
_CHUNK = 2_000  # conflicts between two looks at the clock
PLAIN, ASSUMED, ASKED = range(3)  # how a machine's classes are taken


class OutOfTimeError(Exception):
    """The checker was stopped by its deadline."""


class _Arrays(NamedTuple):
    left: Integers  # [capacity] smaller operand, or -1 for a variable
    right: Integers  # [capacity]
    slots: Integers  # hash table of nodes, by their operands
    used: Integers  # [1]


@kernel(large=0, _nrt=False)
def _both(g: _Arrays, a: Number, b: Number) -> Number:  # pragma: no cover - compiled
    """The literal of a conjunction, looked up or made."""
    low, high = min(a, b), max(a, b)
    if low == 0 or high == low ^ 1:
        return 0
    if low == 1 or low == high:
        return high
    size = len(g.slots)
    at = (low * 7_368_787 + high * 12_582_917) % size
    while g.slots[at]:
        if g.left[g.slots[at]] == low and g.right[g.slots[at]] == high:
            return 2 * g.slots[at]
        at += 1
        if at == size:
            at = 0
    node = g.used[0]
    g.used[0] = node + 1
    g.left[node], g.right[node], g.slots[at] = low, high, node
    return 2 * node


@kernel(large=0, _nrt=False)
def _write(
    g: _Arrays,
    first: Integers,
    second: Integers,
    images: Integers,
    known: Number,
    heads: Integers,
    phase: Bits,
    mode: Number,
    start: Number,
    equal: Integers,
) -> tuple[Number, Number]:  # pragma: no cover - compiled
    """Fills the images of a machine's nodes; those of the first ``known`` are given, -1 where their class tells.

    Returns:
        The node at which a question stands (its own image is filled), or the number of nodes, and how many rows of
        ``equal [_, 2]`` were filled with what is assumed.
    """
    rows = 0
    for node in range(start, len(first)):
        if node >= known:
            a = images[first[node] >> 1] ^ (first[node] & 1)
            b = images[second[node] >> 1] ^ (second[node] & 1)
            images[node] = _both(g, a, b)
        head = heads[node]
        if mode and head != node:
            told = images[head] ^ np.int64(phase[node] != phase[head])
            if images[node] != told and images[node] >= 0:
                if mode == 2:
                    return node, rows
                equal[rows, 0], equal[rows, 1] = images[node], told
                rows += 1
            images[node] = told
    return len(first), rows


@kernel(large=0)
def _gates(
    g: _Arrays, kinds: Integers, offsets: Integers, literals: Integers, wires: Integers, wire: Number
) -> None:  # pragma: no cover - compiled
    """Writes a circuit; ``wires`` holds the images of its sources."""
    for gate in range(len(kinds)):
        begin, end = offsets[gate], offsets[gate + 1]
        value = wires[literals[begin] >> 1] ^ (literals[begin] & 1)
        if kinds[gate] > 2:  # at least i + 1 of those read so far
            reached = np.zeros(end - begin, np.int64)
            for at in range(begin, end):
                operand = wires[literals[at] >> 1] ^ (literals[at] & 1)
                for count in range(at - begin, -1, -1):
                    more = operand if count == 0 else _both(g, int(operand), int(reached[count - 1]))
                    reached[count] = _both(g, int(reached[count]) ^ 1, int(more) ^ 1) ^ 1
            value = reached[(end - begin) // 2]
        else:
            for at in range(begin + 1, end):
                operand = wires[literals[at] >> 1] ^ (literals[at] & 1)
                if kinds[gate] == 0:
                    value = _both(g, int(value), int(operand))
                elif kinds[gate] == 1:
                    value = _both(g, int(value) ^ 1, int(operand) ^ 1) ^ 1
                else:
                    flip = (value ^ operand) & 1
                    p, q = value & ~1, operand & ~1
                    one, other = _both(g, int(p), int(q ^ 1)), _both(g, int(p ^ 1), int(q))
                    value = _both(g, one ^ 1, other ^ 1) ^ 1 ^ flip
        wires[wire + gate] = value


@kernel(large=0, _nrt=False)
def _push(
    g: _Arrays, first: Integers, second: Integers, after: Integers, known: Number
) -> None:  # pragma: no cover - compiled
    """Fills the images of what depends on registers alone, -1 for the rest; those of the first ``known`` are given."""
    for node in range(known, len(first)):
        a, b = after[first[node] >> 1], after[second[node] >> 1]
        if a < 0 or b < 0:
            after[node] = -1
        else:
            after[node] = _both(g, int(a ^ (first[node] & 1)), int(b ^ (second[node] & 1)))


@kernel(large=0)
def _undefined(g: _Arrays, roots: Integers, variable: Integers) -> Integers:  # pragma: no cover - compiled
    """The nodes below some literals that have no variable yet; they are marked by -1."""
    stack = np.empty(2 * len(roots) + 2 * g.used[0] + 2, np.int64)
    found = np.empty(g.used[0], np.int64)
    size, count = 0, 0
    for root in roots:
        stack[size] = root >> 1
        size += 1
    while size:
        size -= 1
        node = stack[size]
        if variable[node] != 0:
            continue
        variable[node] = -1
        found[count] = node
        count += 1
        if g.left[node] >= 0:
            stack[size], stack[size + 1] = g.left[node] >> 1, g.right[node] >> 1
            size += 2
    return found[:count]


class CheckedGraph:
    """A graph, and a solver that learns of its nodes when it is asked.

    Args:
        capacity: Nodes at most.
        deadline: ``logic.kernels.work_time()`` value at which to stop, or None.
    """

    def __init__(self, capacity: int, deadline: float | None) -> None:
        zeros = np.zeros
        self._g = _Arrays(
            zeros(capacity, np.int64),
            zeros(capacity, np.int64),
            zeros(2 * capacity + 1, np.int64),
            np.ones(1, np.int64),
        )
        self._g.left[0] = -1
        self._variable = np.zeros(capacity, np.int64)
        self._count, self._deadline = 0, deadline
        self._solver: Solver | None = None
        self._assumed: list[list[int]] = []  # equalities that the solver is told when it is first asked

    def variables(self, count: int) -> Integers:
        """``[count]`` literals of new variables."""
        begin = int(self._g.used[0])
        self._g.left[begin : begin + count] = -1
        self._g.used[0] += count
        return 2 * np.arange(begin, begin + count)

    def circuit(self, circuit: Circuit, sources: Integers) -> Integers:
        """``[wires]`` literals of a circuit's wires, from those of its inputs and registers."""
        wires = np.zeros(circuit.wires, np.int64)
        wires[1 : circuit.first_gate] = sources
        _gates(self._g, circuit.kinds, circuit.offsets, circuit.literals, wires, circuit.first_gate)
        return wires

    def machine(
        self, sides: tuple[Integers, Integers], sources: Integers, heads: Integers, phase: Bits, mode: int
    ) -> Integers | None:
        """``[N]`` literals of a machine's nodes.

        Args:
            sides: ``[N]`` the operands, each.
            sources: Literals of the constant, inputs and registers, -1 where the class tells.
            heads: ``[N]`` representatives.
            phase: ``[N]`` of the nodes.
            mode: Whether classes are passed over (``PLAIN``), ``ASSUMED``, or proved (``ASKED``).

        Returns:
            None if a class is wrong.
        """
        images = np.zeros(len(heads), np.int64)
        images[: len(sources)] = sources
        equal = np.empty((len(heads) if mode == ASSUMED else 0, 2), np.int64)
        node, rows = 1, 0
        while True:
            node, rows = _write(self._g, *sides, images, len(sources), heads, phase, mode, node, equal)
            if node >= len(heads):
                break
            told = int(images[heads[node]]) ^ int(phase[node] != phase[heads[node]])
            if not self.same(int(images[node]), told):
                return None
            images[node] = told
            node += 1
        self._assumed += equal[:rows].tolist()
        return images

    def pushed(self, sides: tuple[Integers, Integers], inputs: int, registers: Integers) -> Integers:
        """``[N]`` literals of what depends on registers alone, from those of the registers; -1 for the rest."""
        after = np.full(len(sides[0]), -1, np.int64)
        known = 1 + inputs + len(registers)
        after[0], after[1 + inputs : known] = 0, registers
        _push(self._g, *sides, after, known)
        return after

    def support(self, literals: list[int]) -> set[int]:
        """The variables, as literals, that literals depend on."""
        waiting, seen, found = [literal >> 1 for literal in literals], set[int](), set[int]()
        while waiting:
            node = waiting.pop()
            if node in seen or node == 0:
                continue
            seen.add(node)
            if self._g.left[node] < 0:
                found.add(2 * node)
            else:
                waiting += [int(self._g.left[node]) >> 1, int(self._g.right[node]) >> 1]
        return found

    def same(self, one: int, other: int) -> bool:
        """Whether two literals are equal, as far as is assumed; an equality that is proved is remembered.

        Raises:
            OutOfTimeError: if the deadline passes.
        """
        if one == other:
            return True
        for pair in self._assumed:
            self._equate(*self._known(*pair))
        self._assumed = []
        a, b = self._known(one, other)
        if self._possible([a, -b]) or self._possible([-a, b]):
            return False
        self._equate(a, b)
        return True

    def true_together(self, literals: list[int]) -> bool:
        """Whether literals can be true at once."""
        return self._possible([self._known(literal, 0)[0] for literal in literals])

    def _equate(self, a: int, b: int) -> None:
        self._sat().append_formula([[-a, b], [a, -b]])

    def _possible(self, assumptions: list[int]) -> bool:
        """Whether the solver's literals can be true at once."""
        solver = self._sat()
        while True:
            solver.conf_budget(_CHUNK)
            answer = solver.solve_limited(assumptions=assumptions)
            if answer is not None:
                return answer
            if self._deadline is not None and work_time() > self._deadline:
                raise OutOfTimeError

    def close(self) -> None:
        """Frees the solver."""
        if self._solver is not None:
            self._solver.delete()

    def _sat(self) -> Solver:
        if self._solver is None:
            self._solver = Solver(_ENGINE)
        return self._solver

    def _known(self, one: int, other: int) -> tuple[int, int]:
        """The solver's literals for two of the graph, whose cones it learns (Tseitin, 1968)."""
        variable, g = self._variable, self._g
        new = _undefined(g, np.array([one, other], np.int64), variable)
        if len(new):
            variable[new] = np.arange(self._count + 1, self._count + 1 + len(new))
            self._count += len(new)
            gates = new[g.left[new] >= 0]
            out = variable[gates]
            a, b = (variable[side[gates] >> 1] * (1 - 2 * (side[gates] & 1)) for side in (g.left, g.right))
            solver = self._sat()
            solver.append_formula(np.stack((-out, a, -out, b), axis=1).reshape(-1, 2).tolist())
            solver.append_formula(np.stack((out, -a, -b), axis=1).tolist())
            if (new == 0).any():
                solver.add_clause([-int(variable[0])])
        a, b = (int(variable[code >> 1]) * (1 - 2 * (code & 1)) for code in (one, other))
        return a, b
