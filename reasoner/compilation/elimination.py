"""Elimination: tables over variables multiplied and summed out one variable after the other, as a circuit.

A product of entries is a case, what is summed out a node: the work of one variable is a layer of index tables.
In the literature: variable elimination, bucket elimination (Dechter 1999).
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from heapq import heapify, heappop, heappush
from itertools import compress, product
from math import prod
from time import process_time
from typing import TYPE_CHECKING, NamedTuple

from ..errors import CountingError
from ..grounding.rules import GroundRules
from ..grounding.sums import FALSE, TRUE, Sums, SumsBuilder, factor_of
from .families import Families, NoFamiliesError as NoFamiliesError, Table, Test

if TYPE_CHECKING:  # NumPy takes longer to load than small tables take
    from .layers import Arrays, Layers

_PLAIN = 20_000  # entries in plain Python, a microsecond or two each


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
        circuit: Sums, or index tables where there are many.
        nodes: How many nodes.
        width: Variables of the widest table.
    """

    circuit: "Sums | Layers[Arrays]"
    nodes: int
    width: int


class Bucket(NamedTuple):
    """Tables with a variable that are multiplied, and summed over its values.

    Args:
        variable: The variable.
        tables: The tables.
        axes: The other variables, ascending.
        sizes: How many values each variable has.
    """

    variable: int
    tables: Sequence[Table]
    axes: tuple[int, ...]
    sizes: Mapping[int, int]


class Elimination:
    """The circuit of a program without circles.

    Args:
        rules: The ground program.

    Raises:
        NoFamiliesError: as :class:`Families`.
    """

    def __init__(self, rules: GroundRules) -> None:
        self._rules = rules
        self._sums = SumsBuilder(rules.one_hot)
        self._families = Families(rules, self._any_of)
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
        return self._sums.node([(2 + position,) for position in positions])

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
        make: Making = _SumMaking(self._sums)
        if self.entries > _PLAIN:
            from .elimination_arrays import ArrayMaking

            make = ArrayMaking(self._sums)
        outputs = [
            FALSE if allowed is None or order is None else self._eliminate(allowed, order, make, deadline)
            for allowed, order in zip(self._asked, self._orders, strict=True)
        ]
        width = max([order.width for order in self._orders if order], default=0)
        return Eliminated(*make.build(outputs), width)

    def _eliminate(self, allowed: Mapping[int, int], order: Order, make: "Making", deadline: float) -> int:
        """The node that sums over all values of all variables."""
        waiting: dict[int, list[Table]] = {variable: [] for variable in order.variables}
        place = {variable: number for number, variable in enumerate(order.variables)}
        scalars: list[int] = []

        def hand_on(table: Table) -> None:
            if table.variables:
                waiting[min(table.variables, key=place.__getitem__)].append(table)
            else:
                scalars.append(int(table.nodes[0]))

        for variable in order.variables:
            hand_on(_reduced(self._families.tables[variable], allowed))
        for variable in order.variables:
            if process_time() > deadline:
                raise CountingError("the variables were not eliminated in time")
            if tables := waiting.pop(variable):
                sizes = {one: size for table in tables for one, size in zip(table.variables, table.sizes, strict=True)}
                axes = tuple(sorted(sizes.keys() - {variable}))
                nodes = make.summed(Bucket(variable, tables, axes, sizes))
                hand_on(Table(axes, tuple([sizes[one] for one in axes]), nodes))
        return make.product(scalars)


def _reduced(table: Table, allowed: Mapping[int, int]) -> Table:
    """A table without values that cannot be, and without variables that have one value."""
    if not any(variable in allowed for variable in table.variables):
        return table
    kept = [
        [allowed.get(variable, -1) >> value & 1 for value in range(size)]
        for variable, size in zip(table.variables, table.sizes, strict=True)
    ]
    sizes = [sum(own) for own in kept]
    free = [number for number, size in enumerate(sizes) if size > 1]
    nodes = [*compress(table.nodes, map(all, product(*kept)))]
    return Table(tuple([table.variables[one] for one in free]), tuple([sizes[one] for one in free]), nodes)


class Making(ABC):
    """What makes the nodes of tables."""

    @abstractmethod
    def summed(self, bucket: Bucket) -> "Sequence[int] | Arrays":
        """The nodes of the table that is left: products summed over the values of the bucket's variable."""

    @abstractmethod
    def product(self, nodes: Sequence[int]) -> int:
        """The node of a product."""

    @abstractmethod
    def build(self, outputs: Sequence[int]) -> "tuple[Sums | Layers[Arrays], int]":
        """The circuit with these nodes as outputs, and how many nodes it has."""


class _SumMaking(Making):
    """As sums of products, in plain Python."""

    def __init__(self, sums: SumsBuilder) -> None:
        self._sums = sums

    def summed(self, bucket: Bucket) -> Sequence[int]:
        by_value: list[list[tuple[int, ...]]] = []
        places = [places_of(table, bucket) for table in bucket.tables]
        for value in range(bucket.sizes[bucket.variable]):
            columns = [
                [table.nodes[place + value * step] for place in own]
                for table, (own, step) in zip(bucket.tables, places, strict=True)
            ]
            by_value.append([*zip(*columns, strict=True)])
        return [self._sum(cases) for cases in zip(*by_value, strict=True)]

    def product(self, nodes: Sequence[int]) -> int:
        return self._sum([nodes])

    def _sum(self, cases: Sequence[Sequence[int]]) -> int:
        return self._sums.node(
            [tuple(sorted([one for one in case if one != TRUE])) for case in cases if FALSE not in case]
        )

    def build(self, outputs: Sequence[int]) -> "tuple[Sums | Layers[Arrays], int]":
        found = self._sums.build([factor_of(one) for one in outputs])
        return found, len(found.nodes)


def places_of(table: Table, bucket: Bucket) -> tuple[list[int], int]:
    """Where a table has what each entry of the one that is left needs, for the first value; and the step to the next.

    Args:
        table: One of the bucket's.
        bucket: The bucket.
    """
    steps: dict[int, int] = {}
    step = 1
    for variable, size in zip(reversed(table.variables), reversed(table.sizes), strict=True):
        steps[variable] = step
        step *= size
    places = [0]
    for variable in bucket.axes:
        step = steps.get(variable, 0)
        places = [place + step * value for place in places for value in range(bucket.sizes[variable])]
    return places, steps[bucket.variable]


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
