"""Factoring: a countable circuit as few and small sums of products, with what cases share taken out of them."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from logic import Circuit, Gate

FALSE, TRUE = 0, 1  # the first nodes; the inputs follow

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
    return min((_Factoring(circuit, last).sums() for last in (True, False)), key=_size)


def _size(sums: Sums) -> int:
    return sum(len(case) for cases in sums.nodes for case in cases)


class _Factoring:
    """The work of :func:`factor`; ``last``: of two slots that serve as well, whether the later is taken out first."""

    def __init__(self, circuit: Circuit, last: bool) -> None:
        self._circuit = circuit
        self._last = last
        self._slot_of = {2 + p: slot for slot, group in enumerate(circuit.one_hot) for p in group}
        self._whole = [frozenset((2 + p,) for p in group) for group in circuit.one_hot]
        self._first = 2 + len(circuit.inputs)
        self._nodes: list[tuple[Case, ...]] = []
        self._known: dict[frozenset[Case], int] = {}

    def sums(self) -> Sums:
        circuit, first_gate = self._circuit, self._circuit.first_gate
        literals, offsets = circuit.literals.tolist(), circuit.offsets.tolist()
        outputs: list[int] = circuit.outputs.tolist()
        conjunction = [kind == Gate.AND for kind in circuit.kinds.tolist()]
        uses = [0] * len(conjunction)
        for literal in (*literals, *outputs, *outputs):
            if literal >> 1 >= first_gate:
                uses[(literal >> 1) - first_gate] += 1
        node: dict[int, int] = {0: FALSE, 1: TRUE} | {2 * (1 + p): 2 + p for p in range(len(circuit.inputs))}
        inline: dict[int, Case] = {}  # ANDs that are read once: a case of their reader

        def number(literal: int) -> int:
            if literal in inline:
                return self._node((inline[literal],))
            if literal not in node:  # the complement of a value: the other values
                own = (literal >> 1) + 1
                group = self._circuit.one_hot[self._slot_of[own]]
                node[literal] = self._node([(2 + p,) for p in group if 2 + p != own])
            return node[literal]

        for gate, is_and in enumerate(conjunction):
            literal = 2 * (first_gate + gate)
            operands = literals[offsets[gate] : offsets[gate + 1]]
            if is_and:
                case: list[int] = []
                for operand in operands:
                    case += inline[operand] if operand in inline else (number(operand),)
                product = tuple(sorted(one for one in case if one != TRUE))
                if uses[gate] == 1:
                    inline[literal] = product
                else:
                    node[literal] = self._node((product,))
            else:
                cases = (inline[operand] if operand in inline else (number(operand),) for operand in operands)
                node[literal] = self._sum([case for case in cases if case != (FALSE,)])
        numbers = [number(literal) for literal in outputs]
        slot_of = tuple(self._slot_of[2 + position] for position in range(len(circuit.inputs)))
        return _alive(Sums(slot_of, tuple(self._nodes), tuple(numbers)))

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
                self._known[key] = self._first + len(self._nodes)
                self._nodes.append(tuple(sorted(key)))
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
        products = [_product(self._node(taken), rest) for rest, taken in by_rest.items()]
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
        slots = [{self._slot_of[one]: one for one in case if one < self._first} for case in cases]
        common = sorted(set(slots[0]).intersection(*slots[1:]), reverse=self._last)
        best: dict[int, list[Case]] | None = None
        least = len(cases)
        for slot in common:
            groups = {}
            for case, own in zip(cases, slots, strict=True):
                taken = own[slot]
                groups.setdefault(taken, []).append(tuple(one for one in case if one != taken))
            new = sum(len(rest) for rest in groups.values() if frozenset(rest) not in self._known)
            if len(groups) < len(cases) and (best is None or new < least):
                best, least = groups, new
        return best


def _product(first: int, second: int) -> Case:
    return tuple(sorted(one for one in (first, second) if one != TRUE))


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
