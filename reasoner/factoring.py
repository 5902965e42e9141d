"""Factoring: a countable circuit as few and small sums of products, with what cases share taken out of them."""

from collections.abc import Iterable, Sequence
from itertools import chain
from typing import NamedTuple

import numpy as np

from logic import Circuit, Gate

FALSE, TRUE = 0, 1  # the first nodes; the inputs follow
SAMPLE = 256  # gates that are factored in two ways, to go on in the better one

Case = tuple[int, ...]
"""Numbers of the nodes that are multiplied, ascending."""


class Sums(NamedTuple):
    """Nodes that are sums of products of earlier nodes.

    Node 0 is false, node 1 is true, the next are the circuit's inputs, then those of ``nodes``.

    Args:
        slot_of: Slot of each input.
        nodes: The cases of each node; their products are added up.
        outputs: The node of each output.
    """

    slot_of: tuple[int, ...]
    nodes: tuple[tuple[Case, ...], ...]
    outputs: tuple[int, ...]

    @property
    def first(self) -> int:
        """The number of the first node that is a sum."""
        return 2 + len(self.slot_of)


def factor(circuit: Circuit) -> Sums:
    """The circuit as sums of products, of the same function and still decomposable and deterministic.

    Where the cases of an OR rest on a few gates (the carry of the digit before), these are taken out first, which
    keeps chains short; then the values of a slot, so chosen that most of what remains is there already. A sum over
    all values of a slot is true: they sum to one.

    Args:
        circuit: Decomposable and deterministic, complements on inputs only.

    References:
        Brayton and McMullen, "The decomposition and factorization of Boolean expressions", ISCAS 1982.
    """
    candidates = [_Factoring(circuit, last) for last in (True, False)]
    for candidate in candidates:
        candidate.read(SAMPLE)
    if len(circuit.kinds) > SAMPLE:
        candidates = [min(candidates, key=lambda candidate: _size(candidate.nodes))]
        candidates[0].read(len(circuit.kinds))
    return min((candidate.sums() for candidate in candidates), key=lambda sums: _size(sums.nodes))


def _size(nodes: Iterable[Sequence[Case]]) -> int:
    return sum(len(case) for cases in nodes for case in cases)


class _Factoring:
    """The work of :func:`factor`.

    Args:
        circuit: What is factored.
        last: Of two slots that serve as well, whether the later is taken out first.
    """

    def __init__(self, circuit: Circuit, last: bool) -> None:
        self._circuit = circuit
        self._last = last
        self._slot_of = {2 + p: slot for slot, group in enumerate(circuit.one_hot) for p in group}
        self._whole = [frozenset((2 + p,) for p in group) for group in circuit.one_hot]
        self._first = 2 + len(circuit.inputs)
        self._known: dict[frozenset[Case], int] = {}
        self._product_of = _Products(self, len(circuit.inputs))  # an AND that is read once is a case of its reader
        read = np.concatenate([circuit.literals, circuit.outputs, circuit.outputs])
        self._uses = np.bincount(read >> 1, minlength=circuit.wires)
        self._gate = 0
        self.nodes: list[tuple[Case, ...]] = []

    def read(self, end: int) -> None:
        """Goes on through the gates, up to gate number ``end``."""
        circuit, product_of, first_gate = self._circuit, self._product_of, self._circuit.first_gate
        gates = slice(self._gate, end)
        literals, offsets = circuit.literals.tolist(), circuit.offsets.tolist()
        conjunctions, uses = (circuit.kinds[gates] == Gate.AND).tolist(), self._uses.tolist()
        for gate, conjunction in enumerate(conjunctions, self._gate):
            operands = [product_of[operand] for operand in literals[offsets[gate] : offsets[gate + 1]]]
            if not conjunction:
                found = _factor(self._sum([case for case in operands if case != (FALSE,)]))
            else:
                found = tuple(sorted(chain.from_iterable(operands)))
                if uses[first_gate + gate] > 1:
                    found = _factor(self._node((found,)))
            product_of[2 * (first_gate + gate)] = found
        self._gate += len(conjunctions)

    def sums(self) -> Sums:
        """What was read, without what no output needs."""
        outputs = tuple(self._node((self._product_of[literal],)) for literal in self._circuit.outputs.tolist())
        slot_of = tuple(self._slot_of[2 + position] for position in range(len(self._circuit.inputs)))
        return _alive(Sums(slot_of, tuple(self.nodes), outputs))

    def complement(self, literal: int) -> Case:
        """The complement of a value of a slot: the other values."""
        own = (literal >> 1) + 1
        group = self._circuit.one_hot[self._slot_of[own]]
        return _factor(self._node([(2 + p,) for p in group if 2 + p != own]))

    def _node(self, cases: Sequence[Case]) -> int:
        """The node of these cases as they stand."""
        if not cases:
            return FALSE
        if len(cases) == 1 and len(cases[0]) < 2:
            return cases[0][0] if cases[0] else TRUE
        key = frozenset(cases)
        if key not in self._known:
            if () in key or (cases[0][0] in self._slot_of and key == self._whole[self._slot_of[cases[0][0]]]):
                self._known[key] = TRUE
            else:
                self._known[key] = self._first + len(self.nodes)
                self.nodes.append(tuple(sorted(key)))
        return self._known[key]

    def _sum(self, cases: Sequence[Case]) -> int:
        """The node of these cases, factored."""
        key = frozenset(cases)
        if key in self._known or len(cases) < 2 or () in key:
            return self._node(cases)
        groups = self._groups(cases)
        if groups is None:
            return self._node(cases)
        by_rest: dict[int, list[Case]] = {}
        for taken, rest in groups.items():
            by_rest.setdefault(self._sum(rest), []).append((taken,))
        products = [tuple(sorted(_factor(self._node(taken)) + _factor(rest))) for rest, taken in by_rest.items()]
        self._known[key] = self._node(products)
        return self._known[key]

    def _groups(self, cases: Sequence[Case]) -> dict[int, list[Case]] | None:
        """The cases by a node that can be taken out of them, without it; none if that saves nothing."""
        if all(case[-1] >= self._first for case in cases):  # the latest gate: the carry of the digit before
            groups: dict[int, list[Case]] = {}
            for case in cases:
                groups.setdefault(case[-1], []).append(case[:-1])
            return groups if len(groups) < len(cases) else None
        if min(map(len, cases)) < 3:
            return None
        places: dict[tuple[int | None, ...], dict[int, int]] = {}  # of each slot in cases over the same slots
        by_case: list[dict[int, int]] = []
        for case in cases:
            slots = tuple(map(self._slot_of.get, case))
            if slots not in places:
                places[slots] = {slot: place for place, slot in enumerate(slots) if slot is not None}
            by_case.append(places[slots])
        best: dict[int, list[Case]] | None = None
        least = len(cases)
        for slot in sorted(set.intersection(*map(set, places.values())), reverse=self._last):
            groups = {}
            for case, own in zip(cases, by_case, strict=True):
                place = own[slot]
                groups.setdefault(case[place], []).append(case[:place] + case[place + 1 :])
            new = sum(len(rest) for rest in groups.values() if frozenset(rest) not in self._known)
            if len(groups) < len(cases) and (best is None or new < least):
                best, least = groups, new
        return best


class _Products(dict[int, Case]):
    """The product that stands for each literal; those of complements are made when they are asked for."""

    def __init__(self, factoring: _Factoring, inputs: int) -> None:
        super().__init__({0: (FALSE,), 1: ()} | {2 * (1 + p): (2 + p,) for p in range(inputs)})
        self._factoring = factoring

    def __missing__(self, literal: int) -> Case:
        self[literal] = found = self._factoring.complement(literal)
        return found


def _factor(node: int) -> Case:
    """A node as a product."""
    return () if node == TRUE else (node,)


def _alive(sums: Sums) -> Sums:
    """Without the nodes that no output needs."""
    needed = set(sums.outputs)
    for number in range(sums.first + len(sums.nodes) - 1, sums.first - 1, -1):
        if number in needed:
            needed.update(one for case in sums.nodes[number - sums.first] for one in case)
    kept = [number for number in range(sums.first, sums.first + len(sums.nodes)) if number in needed]
    moved = {old: old for old in range(sums.first)} | {old: sums.first + new for new, old in enumerate(kept)}

    def renamed(case: Iterable[int]) -> Case:
        return tuple(moved[one] for one in case)

    nodes = tuple(tuple(map(renamed, sums.nodes[number - sums.first])) for number in kept)
    return Sums(sums.slot_of, nodes, renamed(sums.outputs))
