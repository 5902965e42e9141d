"""Decision diagrams of any ground program or circuit, exactly; circles are solved by iteration, not broken.

In the literature: (RO)BDD, here by OxiDD; read out as the multi-valued form, MDD.
"""

from collections.abc import Callable, Iterable, Sequence
from math import inf
from time import process_time
from typing import TYPE_CHECKING, Any, NamedTuple

from oxidd.bdd import BDDManager
from oxidd.util import DDMemoryError

from ..errors import CountingError
from ..grounding.rules import GroundRules, Row
from ..grounding.sums import FALSE, Case, Sums, SumsBuilder, factor_of, product_of

if TYPE_CHECKING:
    from logic import Circuit

_CACHE = 1 << 12  # results of operations that are kept at least
_LOOK = 64  # operations between two looks at the time


class TooManyNodesError(CountingError):
    """A decision diagram that is larger than was allowed, or takes longer."""


class _Place(NamedTuple):
    """What a variable of a diagram stands for: the value of a slot, as none of those before it has been chosen."""

    slot: int
    number: int


class Diagrams:
    """Decision diagrams over slots; a slot with K values is K - 1 variables in a row.

    Args:
        sizes: How many values each slot has.
        order: The slots, from the top of the diagrams downwards.
        nodes: That there may be.
        deadline: Of the process's CPU time.

    References:
        Bryant, "Graph-based algorithms for Boolean function manipulation", IEEE Trans. Computers 35 (1986).
    """

    def __init__(self, sizes: Sequence[int], order: Sequence[int], nodes: int, deadline: float = inf) -> None:
        self._sizes, self._nodes, self._deadline = sizes, nodes, deadline
        self._places = [_Place(slot, number) for slot in order for number in range(sizes[slot] - 1)]
        self._first: dict[int, int] = {}
        for variable, (slot, _) in enumerate(self._places):
            self._first.setdefault(slot, variable)
        self._operations = 0
        try:
            self._manager = BDDManager(nodes, max(_CACHE, nodes), 1)
            self._manager.add_vars(len(self._places))
        except DDMemoryError:
            raise self._too_many() from None
        self.true, self.false = self._manager.true(), self._manager.false()
        self._values: dict[tuple[int, int], Any] = {}

    def _too_many(self) -> TooManyNodesError:
        return TooManyNodesError(
            f"exact counting needs a decision diagram of more than {self._nodes} nodes; ask a smaller query, write "
            f"rules that pass less on (a carry, not a sum), or raise Limits.gates"
        )

    def value(self, slot: int, value: int) -> Any:
        """True where a slot has a value."""
        key = slot, value
        if key not in self._values:
            start = self._first.get(slot, 0)
            self._values[key] = self._run(lambda: self._indicator(start, value, value == self._sizes[slot] - 1))
        return self._values[key]

    def _indicator(self, start: int, value: int, last: bool) -> Any:
        found = self.true if last else self._manager.var(start + value)
        for number in range(value - 1, -1, -1):
            found = self._manager.not_var(start + number) & found
        return found

    def both(self, one: Any, other: Any) -> Any:
        """Where both are true."""
        return self._run(lambda: one & other)

    def either(self, one: Any, other: Any) -> Any:
        """Where one of two is true."""
        return self._run(lambda: one | other)

    def differ(self, one: Any, other: Any) -> Any:
        """Where exactly one of two is true."""
        return self._run(lambda: one ^ other)

    def none(self, one: Any) -> Any:
        """Where it is false."""
        return self._run(lambda: ~one)

    def all_of(self, operands: Iterable[Any]) -> Any:
        """Where all are true, pairwise in rounds: this keeps what is between small."""
        return self._in_rounds([*operands] or [self.true], self.both)

    def any_of(self, operands: Iterable[Any]) -> Any:
        """Where one is true."""
        return self._in_rounds([*operands] or [self.false], self.either)

    def _in_rounds(self, todo: list[Any], combine: Callable[[Any, Any], Any]) -> Any:
        while len(todo) > 1:
            pairs = zip(todo[::2], todo[1::2], strict=False)
            todo = [combine(one, other) for one, other in pairs] + todo[len(todo) // 2 * 2 :]
        return todo[0]

    def _run(self, operation: Callable[[], Any]) -> Any:
        self._operations += 1
        if self._operations % _LOOK == 0 and process_time() > self._deadline:
            raise TooManyNodesError(
                "the decision diagram for exact counting was not made in time; ask a smaller query, write rules that "
                "pass less on (a carry, not a sum), or raise Limits.seconds"
            )
        try:
            return operation()
        except DDMemoryError:
            raise self._too_many() from None

    def sums(self, roots: Iterable[Any], one_hot: Sequence[range]) -> Sums:
        """The diagrams as sums of products, an output for each root: decomposable and deterministic.

        Args:
            roots: Diagrams.
            one_hot: Positions of the inputs of each slot.
        """
        make = SumsBuilder(one_hot)
        made: dict[Any, Case] = {self.false: (FALSE,), self.true: ()}
        ends: list[Case] = []
        for root in roots:
            todo = [root]
            while todo:
                node = todo[-1]
                if node in made:
                    todo.pop()
                    continue
                slot, children = self._children(node)
                waiting = [child for child in children if child not in made]
                if waiting:
                    todo += waiting
                    continue
                todo.pop()
                cases = [
                    product_of(((2 + position,), made[child]))
                    for position, child in zip(one_hot[slot], children, strict=True)
                ]
                made[node] = factor_of(make.node([case for case in cases if case != (FALSE,)]))
            ends.append(made[root])
        return make.build(ends)

    def _children(self, node: Any) -> tuple[int, list[Any]]:
        """The slot that a diagram asks for first, and what is left of it for each value."""
        slot, places = self._places[node.node_var()].slot, self._places
        children: list[Any] = []
        for number in range(self._sizes[slot] - 1):
            place = places[variable] if (variable := node.node_var()) is not None else None
            if place == (slot, number):
                chosen, node = node.cofactors()
                children.append(chosen)
            else:  # what holds for this value holds for those after it
                children.append(node)
        return slot, [*children, node]


def rules_diagrams(rules: GroundRules, diagrams: Diagrams) -> list[Any]:
    """The diagram of each output of a program, then that of its evidence if there is any.

    Raises:
        CountingError: if there are too many nodes, or the time is over.
    """
    known: dict[int, Any] = {leaf: diagrams.value(*value) for leaf, value in rules.values.items()}

    def read(item: int) -> Any:
        if item not in known:
            if item >= 0:
                return diagrams.false
            denied = rules.denied.get(item)
            known[item] = diagrams.true if denied is None else diagrams.none(read(denied))
        return known[item]

    for rows in rules.circles:
        _add(rows, known, read, diagrams)
    observed = diagrams.all_of(read(atom) if truth else diagrams.none(read(atom)) for atom, truth in rules.evidence)
    ends = [diagrams.both(read(atom), observed) for atom in rules.outputs]
    return [*ends, observed] if rules.evidence else ends


def _add(rows: Sequence[Row], known: dict[int, Any], read: Callable[[int], Any], diagrams: Diagrams) -> None:
    """The atoms of one group, from false upwards until none of them changes: the least fixpoint."""
    heads = {row.head for row in rows}
    ways: dict[int, list[tuple[Any, list[int]]]] = {}
    for row in rows:
        outside = diagrams.all_of(read(item) for item in row.body if item not in heads)
        ways.setdefault(row.head, []).append((outside, [item for item in row.body if item in heads]))
    known.update(dict.fromkeys(heads, diagrams.false))
    changed = True
    while changed:
        changed = False
        for head, cases in ways.items():
            found = diagrams.any_of(
                diagrams.all_of([outside, *(known[item] for item in inside)]) for outside, inside in cases
            )
            if found != known[head]:
                known[head] = found
                changed = any(inside for cases in ways.values() for _, inside in cases)


def circuit_diagrams(circuit: "Circuit", diagrams: Diagrams) -> list[Any]:
    """The diagram of each output of a circuit.

    Raises:
        CountingError: if there are too many nodes, or the time is over.
    """
    from logic import Gate

    nodes = [diagrams.false] * circuit.first_gate
    for slot, group in enumerate(circuit.one_hot):
        for value, position in enumerate(group):
            nodes[1 + position] = diagrams.value(slot, value)
    literals, offsets = circuit.literals.tolist(), circuit.offsets.tolist()

    def read(literal: int) -> Any:
        node = nodes[literal >> 1]
        return diagrams.none(node) if literal & 1 else node

    for gate, kind in enumerate(map(Gate, circuit.kinds.tolist())):
        operands = [read(literal) for literal in literals[offsets[gate] : offsets[gate + 1]]]
        if kind is Gate.AND:
            nodes.append(diagrams.all_of(operands))
        elif kind is Gate.OR:
            nodes.append(diagrams.any_of(operands))
        elif kind is Gate.XOR:
            found = diagrams.false
            for operand in operands:
                found = diagrams.differ(found, operand)
            nodes.append(found)
        else:
            nodes.append(_majority(operands, diagrams))
    return [read(literal) for literal in circuit.outputs.tolist()]


def _majority(operands: Sequence[Any], diagrams: Diagrams) -> Any:
    counts = [diagrams.true]  # counts[k]: at least k of the operands so far are true
    for operand in operands:
        shifted = [diagrams.true, *(diagrams.both(operand, count) for count in counts)]
        counts = [diagrams.either(a, b) for a, b in zip(shifted, [*counts, diagrams.false], strict=True)]
    return counts[len(operands) // 2 + 1]


def diagram_orders(rules: GroundRules) -> list[tuple[int, ...]]:
    """Orders of slots that are worth a try: causes first, what is asked first, and as they were found."""
    upwards = dict.fromkeys(
        rules.values[item][0] for rows in rules.circles for row in rows for item in row.body if item in rules.values
    )
    orders = [upwards, _downwards(rules), range(len(rules.sizes))]
    every = range(len(rules.sizes))
    return [*dict.fromkeys(tuple(dict.fromkeys([*order, *every])) for order in orders)]


def _downwards(rules: GroundRules) -> Iterable[int]:
    by_head: dict[int, list[Row]] = {}
    for rows in rules.circles:
        for row in rows:
            by_head.setdefault(row.head, []).append(row)
    slots: dict[int, None] = {}
    todo = [*dict.fromkeys([*rules.outputs, *(atom for atom, _ in rules.evidence)])]
    seen = {*todo}
    for atom in todo:  # grows
        items = [item for row in by_head.get(atom, ()) for item in row.body]
        slots.update(dict.fromkeys(rules.values[item][0] for item in items if item in rules.values))
        below = [rules.denied.get(item, item) for item in items]
        new = [item for item in dict.fromkeys(below) if item >= 0 and item not in seen]
        seen.update(new)
        todo += new
    return slots
