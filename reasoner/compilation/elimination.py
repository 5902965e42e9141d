"""Elimination: tables over variables multiplied and summed out one variable after the other, as a circuit.

A product of entries is a case, what is summed out a node: the work of one variable is a layer of index tables.
In the literature: variable elimination, bucket elimination (Dechter 1999).
"""

from collections.abc import Iterable, Mapping, Sequence
from heapq import heapify, heappop, heappush
from math import prod
from time import process_time
from typing import NamedTuple

import numpy as np

from ..errors import CountingError
from ..grounding.rules import GroundRules
from ..grounding.sums import FALSE, TRUE
from .families import Families, Nodes, NoFamiliesError as NoFamiliesError, Table, Test
from .layers import Arrays, Layer, Layers


class Order(NamedTuple):
    """In which variables are summed out.

    Args:
        variables: The first comes first.
        entries: That the joined tables have together.
        width: Variables of the widest.
    """

    variables: tuple[int, ...]
    entries: int
    width: int


class Eliminated(NamedTuple):
    """A circuit.

    Args:
        layers: Of index tables.
        nodes: How many nodes.
        width: Variables of the widest table.
    """

    layers: Layers[Arrays]
    nodes: int
    width: int


class Elimination:
    """The circuit of a program without circles.

    Args:
        rules: The ground program.

    Raises:
        NoFamiliesError: as :class:`Families`.
    """

    def __init__(self, rules: GroundRules) -> None:
        self._rules = rules
        self._first = self._rows = 2 + sum(rules.sizes)
        self._layers: list[Layer[Arrays]] = []
        self._unions: dict[tuple[int, ...], int] = {}
        self._families = Families(rules, self._any_of)
        if self._unions:
            children = np.full((len(self._unions), max(map(len, self._unions)), 1), FALSE, dtype=np.int64)
            for row, positions in zip(children, self._unions, strict=True):
                row[: len(positions), 0] = 2 + np.array(positions)
            self._layers.append(Layer(self._first, children))
            self._rows += len(children)
        self._known: dict[tuple[int, tuple[int, ...]], Table] = {}
        evidence = self._restricted(rules.evidence)
        self._asked = [self._restricted([(atom, True)], evidence) for atom in rules.outputs]
        if rules.evidence:
            self._asked.append(evidence)
        self._orders = [None if allowed is None else self._order(allowed) for allowed in self._asked]

    @property
    def entries(self) -> int:
        """What the joined tables of all outputs will hold."""
        return sum(order.entries for order in self._orders if order)

    def _any_of(self, positions: Sequence[int]) -> int:
        if len(positions) <= 1:
            return 2 + positions[0] if positions else FALSE
        return self._first + self._unions.setdefault(tuple(positions), len(self._unions))

    def _restricted(
        self, observed: Iterable[tuple[int, bool]], before: Mapping[int, int] | None = None
    ) -> dict[int, int] | None:
        """The values that variables may have given what was observed; None if that cannot be."""
        if before is None and self._rules.evidence and observed is not self._rules.evidence:
            return None
        allowed = dict(before or {})
        for atom, truth in observed:
            test: Test | bool = self._families.test(atom)
            test = test if truth else self._families.contrary(test)
            if isinstance(test, bool):
                if not test:
                    return None
                continue
            variable, mask = test
            allowed[variable] = mask & allowed.get(variable, -1)
            if not allowed[variable]:
                return None
        return allowed

    def _relevant(self, roots: Iterable[int]) -> list[int]:
        """Variables and those above them."""
        todo = [*roots]
        seen = {*todo}
        for variable in todo:  # grows
            new = [parent for parent in self._families.parents[variable] if parent not in seen]
            seen.update(new)
            todo += new
        return todo

    def _order(self, allowed: Mapping[int, int]) -> Order:
        variables = self._relevant(allowed)
        sizes = {
            variable: (allowed[variable] & ((1 << self._families.sizes[variable]) - 1)).bit_count()
            if variable in allowed
            else self._families.sizes[variable]
            for variable in variables
        }
        scopes = [
            [one for one in self._families.tables[variable].variables if sizes[one] > 1] for variable in variables
        ]
        candidates = [_greedy(variables, scopes, sizes, by_fill) for by_fill in (True, False)]
        return min(candidates, key=lambda order: order.entries)

    def run(self, deadline: float) -> Eliminated:
        """The circuit, an output for each that was asked.

        Raises:
            CountingError: if the time of the process passes the deadline.
        """
        outputs = [
            FALSE if allowed is None or order is None else self._eliminate(allowed, order, deadline)
            for allowed, order in zip(self._asked, self._orders, strict=True)
        ]
        layers = Layers(tuple(self._layers), self._rows, np.array(outputs, dtype=np.int64), range(self._rows))
        width = max([order.width for order in self._orders if order], default=0)
        return Eliminated(layers, self._rows - self._first, width)

    def _eliminate(self, allowed: Mapping[int, int], order: Order, deadline: float) -> int:
        """The node that sums over all values of all variables."""
        tables = [self._reduced(self._families.tables[variable], allowed) for variable in order.variables]
        waiting: dict[int, list[Table]] = {variable: [] for variable in order.variables}
        place = {variable: number for number, variable in enumerate(order.variables)}
        scalars: list[int] = []

        def hand_on(table: Table) -> None:
            if table.variables:
                waiting[min(table.variables, key=place.__getitem__)].append(table)
            else:
                scalars.append(int(table.nodes))

        for table in tables:
            hand_on(table)
        for variable in order.variables:
            if process_time() > deadline:
                raise CountingError("the variables were not eliminated in time")
            if waiting[variable]:
                hand_on(self._summed(variable, waiting.pop(variable)))
        return int(self._nodes(np.array([scalars or [TRUE]], dtype=np.int64)[None])[0])

    def _reduced(self, table: Table, allowed: Mapping[int, int]) -> Table:
        """A table without values that cannot be, and without variables that have one value."""
        if not any(variable in allowed for variable in table.variables):
            return table
        kept = [
            [value for value in range(size) if allowed.get(variable, -1) >> value & 1]
            for variable, size in zip(table.variables, table.nodes.shape, strict=True)
        ]
        nodes = table.nodes[np.ix_(*kept)]
        free = tuple(variable for variable, own in zip(table.variables, kept, strict=True) if len(own) > 1)
        return Table(free, nodes.reshape([len(own) for own in kept if len(own) > 1]))

    def _summed(self, variable: int, tables: Sequence[Table]) -> Table:
        """The product of tables with a variable, summed over its values."""
        sizes = {one: size for table in tables for one, size in zip(table.variables, table.nodes.shape, strict=True)}
        rest = sorted(sizes.keys() - {variable})
        axes = {one: axis for axis, one in enumerate([*rest, variable])}
        shape = [sizes[one] for one in rest]
        parts: list[Nodes] = []
        for table in tables:
            by_axis = sorted(range(len(table.variables)), key=lambda number: axes[table.variables[number]])
            own = {axes[table.variables[number]] for number in by_axis}
            spread = [sizes[one] if axis in own else 1 for one, axis in axes.items()]
            nodes = table.nodes.transpose(by_axis).reshape(spread)
            parts.append(np.broadcast_to(nodes, (*shape, sizes[variable])).reshape(-1, sizes[variable]))
        return Table(tuple(rest), self._nodes(np.stack(parts, axis=2)).reshape(shape))

    def _nodes(self, children: Nodes) -> Nodes:
        """The node of each sum of products; ``[nodes, cases, width]``, false cases and true factors are left out."""
        count = len(children)
        alive = (children != FALSE).all(axis=2)
        cases = alive.sum(axis=1)
        if cases.min(initial=0) < children.shape[1]:
            most = max(int(cases.max(initial=0)), 1)
            front = np.argsort(~alive, axis=1, kind="stable")[:, :most]
            children = np.take_along_axis(children, front[:, :, None], axis=1)
            children[np.arange(most) >= cases[:, None]] = FALSE
        factors = (children > TRUE).sum(axis=2)
        widest = max(int(factors.max(initial=0)), 1)
        if widest < children.shape[2]:
            front = np.argsort(children == TRUE, axis=2, kind="stable")[:, :, :widest]
            children = np.take_along_axis(children, front, axis=2)
        plain = (cases == 0) | ((cases == 1) & (factors[:, 0] <= 1))
        found = np.where(cases == 0, FALSE, children[:, 0].max(axis=1))
        new = ~plain
        made = int(new.sum())
        if made:
            found[new] = np.arange(self._rows, self._rows + made)
            self._layers.append(Layer(self._rows, np.ascontiguousarray(children[new])))
            self._rows += made
        return found.reshape(count)


def _greedy(
    variables: Sequence[int], scopes: Iterable[Sequence[int]], sizes: Mapping[int, int], by_fill: bool
) -> Order:
    """Always the variable next whose table joins the fewest that were apart, or has the fewest entries."""
    near: dict[int, set[int]] = {variable: set() for variable in variables}
    for scope in scopes:
        for one in scope:
            near[one].update(scope)
    for variable in variables:
        near[variable].discard(variable)

    def score(variable: int) -> tuple[float, float]:
        own = near[variable]
        entries = prod([sizes[one] for one in own]) * sizes[variable]
        if not by_fill:
            return entries, len(own)
        return len(own) * (len(own) - 1) / 2 - sum([len(own & near[one]) for one in own]) / 2, entries

    current = {variable: score(variable) for variable in variables}
    heap = [(*scored, variable) for variable, scored in current.items()]
    heapify(heap)
    order: list[int] = []
    entries = width = 0
    while heap:
        *scored, variable = heappop(heap)
        if variable not in near or current[variable] != tuple(scored):
            continue
        own = near.pop(variable)
        order.append(variable)
        entries += prod([sizes[one] for one in own]) * sizes[variable]
        width = max(width, len(own) + 1)
        for one in own:
            near[one] |= own
            near[one] -= {one, variable}
        for one in own:
            current[one] = score(one)
            heappush(heap, (*current[one], one))
    return Order(tuple(order), entries, width)
