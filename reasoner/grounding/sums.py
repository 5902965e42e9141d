"""Sums of products: what is counted, as nodes that add up cases, each a product of earlier nodes.

In the literature: where cases exclude each other and products share no slot, a d-DNNF, or an arithmetic circuit.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain

FALSE, TRUE = 0, 1  # the first nodes; the inputs follow
IMPOSSIBLE = -1e30  # log of zero; minus infinity would make NaN gradients

Case = tuple[int, ...]
"""Numbers of the nodes that are multiplied, ascending."""


@dataclass(frozen=True, eq=False)
class Sums:
    """Nodes that are sums of products of earlier nodes.

    Node 0 is false, node 1 is true, the next are the inputs, then those of ``nodes``.

    Args:
        one_hot: Positions of the inputs of each slot; each input belongs to one slot.
        nodes: The cases of each node; their products are added up.
        outputs: The node of each output.
        exclusive: Nodes no two cases of which are true together, as they were made.
    """

    one_hot: tuple[range, ...]
    nodes: Sequence[tuple[Case, ...]]
    outputs: tuple[int, ...]
    exclusive: frozenset[int] = frozenset()

    @cached_property
    def inputs(self) -> int:
        """How many inputs there are."""
        return sum(map(len, self.one_hot))

    @cached_property
    def first(self) -> int:
        """The number of the first node that is a sum."""
        return 2 + self.inputs

    @cached_property
    def slot_of(self) -> list[int]:
        """Slot of each input."""
        found = [0] * self.inputs
        for slot, group in enumerate(self.one_hot):
            found[group.start : group.stop] = [slot] * len(group)
        return found


class SumsBuilder:
    """Makes sums node by node; equal nodes are made once, and a sum over all values of a slot is true.

    Args:
        one_hot: As in :class:`Sums`.
    """

    def __init__(self, one_hot: Sequence[range]) -> None:
        self._one_hot = tuple(one_hot)
        empty = Sums(self._one_hot, (), ())
        self.first = empty.first
        self.slot_of = _SlotOf({2 + position: slot for position, slot in enumerate(empty.slot_of)})
        self.nodes: list[tuple[Case, ...]] = []
        self.known: dict[frozenset[Case], int] = {}
        self.exclusive: set[int] = set()
        for group in one_hot:
            if len(group) > 1:
                self.known[frozenset((2 + p,) for p in group)] = TRUE

    def node(self, cases: Collection[Case]) -> int:
        """The node that adds up these cases."""
        key = frozenset(cases)
        if key in self.known:
            return self.known[key]
        if () in key:
            return TRUE
        if (FALSE,) in key:
            return self.node(key - {(FALSE,)})
        kept = tuple(cases if len(key) == len(cases) else key)
        if not kept or (len(kept) == 1 and len(kept[0]) == 1):
            return kept[0][0] if kept else FALSE
        self.known[key] = self.first + len(self.nodes)
        self.nodes.append(kept)
        return self.known[key]

    def complement(self, case: Case) -> Case | None:
        """What is true where a product is not; None unless the product is a choice among the values of one slot."""
        if len(case) != 1:
            return None if case else (FALSE,)
        (node,) = case
        if node == FALSE:
            return ()
        chosen = [case] if node < self.first else self.nodes[node - self.first]
        if any(one[0] >= self.first or len(one) > 1 for one in chosen):
            return None
        slots = {self.slot_of[one[0]] for one in chosen}
        others = [(2 + p,) for p in self._one_hot[slots.pop()] if (2 + p,) not in chosen]
        return None if slots else factor_of(self.node(others))

    def build(self, outputs: Iterable[Case]) -> Sums:
        """The sums so far, with these outputs."""
        ends = tuple([self.node((case,)) for case in outputs])
        return Sums(self._one_hot, self.nodes, ends, frozenset(self.exclusive))


class _SlotOf(dict[int, int]):
    """The slot of each node that is an input; -1 of any other."""

    def __missing__(self, node: int) -> int:
        return -1


def factor_of(node: int) -> Case:
    """A node as a product."""
    return () if node == TRUE else (node,)


def product_of(factors: Iterable[Case]) -> Case:
    """Products multiplied."""
    found = sorted(chain.from_iterable(factors))
    if found and found[0] == FALSE:
        return (FALSE,)
    return tuple(found if len({*found}) == len(found) else sorted({*found}))
