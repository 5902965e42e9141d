"""Derivations: the ground program as one AND/OR graph whose leaves are values of slots.

Negation is pushed down to the slots: that an atom does not hold is an AND over its instances of an OR over what fails
in each, and that a slot does not have a value is an OR over its other values.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain, groupby
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from logic import Domain

from ..grounding.components import components
from ..grounding.grounding import Grounding, Instance, Negation, SlotValue, Support

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


class Node(NamedTuple):
    """A node of the graph.

    Args:
        children: Numbers of nodes; a leaf has none.
        conjunction: Whether it holds if all its children do; else if one does.
        leaf: Slot and number of the value if it is a leaf.
        instance: The rule instance that it stands for, if it stands for one.
        negative: Whether it stands for the contrary of something; such nodes may rest on themselves.
        circular: Whether it lies on a circle.
        slots: Bit mask of the slots below it.
        additive: Whether no two children share a slot, so that costs of children add up.
    """

    children: tuple[int, ...]
    conjunction: bool
    leaf: tuple[int, int] | None
    instance: Instance | None
    negative: bool
    circular: bool
    slots: int
    additive: bool


class _Step(NamedTuple):
    """Nodes of one level and kind, evaluated together."""

    kind: str
    nodes: Integers
    children: Integers
    starts: Integers


@dataclass(frozen=True, eq=False)
class DerivationGraph:
    """All derivations of all answers.

    Args:
        nodes: Each after its children, but for circles.
        answers: Node of each answer of the query.
        leaves: Numbers of the leaves, and the position of the value of each among the values of all slots: ``[2, L]``.
        start: What a node costs if it has no children: nothing if it is a conjunction, else it cannot be.
        steps: How lower bounds of costs flow, level by level; None if there are circles.
    """

    nodes: tuple[Node, ...]
    answers: tuple[int, ...]
    leaves: Integers
    start: Floats
    steps: tuple[_Step, ...] | None

    @property
    def exact(self) -> bool:
        """Whether no derivation uses a slot twice or rests on itself, so that lower bounds are reached."""
        return self.steps is not None and all(step.kind != "max" for step in self.steps)

    def bounds(self, costs: Sequence[Sequence[float]]) -> list[float]:
        """A lower bound of what each node costs at least; reached if the graph is ``exact``.

        Args:
            costs: Of each slot the costs of its values, at least 0.
        """
        bound = self.start.copy()
        leaf, position = self.leaves
        bound[leaf] = np.fromiter(chain.from_iterable(costs), np.float64)[position]
        if self.steps is None:
            return self._around_circles(bound.tolist())
        for step in self.steps:
            values = bound[step.children]
            reduce = {"sum": np.add, "max": np.maximum, "min": np.minimum}[step.kind]
            bound[step.nodes] = reduce.reduceat(values, step.starts)
        return bound.tolist()

    def _around_circles(self, bound: list[float]) -> list[float]:
        """Circles settle one after the other: positive nodes sink from infinity to what they cost, negative ones, which
        may rest on themselves, rise from nothing.
        """  # noqa: D205
        for (circular, negative), run in groupby(enumerate(self.nodes), lambda one: (one[1].circular, one[1].negative)):
            members = [(number, node) for number, node in run if node.children]
            if circular:
                for number, _ in members:
                    bound[number] = 0.0 if negative else np.inf
            changed = True
            while changed:
                changed = False
                for number, node in members:
                    parts = [bound[child] for child in node.children]
                    new = (sum(parts) if node.additive else max(parts)) if node.conjunction else min(parts)
                    changed |= circular and new != bound[number]
                    bound[number] = new
        return bound


_Key = tuple[Support | Instance, bool]  # and whether it is denied


@lru_cache(maxsize=64)
def derivation_graph(grounding: Grounding) -> DerivationGraph:
    """The graph of a grounding; made once for each."""
    slot_of = {(slot.domain.name, slot.number): number for number, slot in enumerate(grounding.slots)}

    def domain_of(what: SlotValue) -> Domain:
        return grounding.slots[slot_of[what.domain, what.slot]].domain

    by_head: dict[int, list[Instance]] = {}
    for instance in grounding.instances:
        by_head.setdefault(instance.head, []).append(instance)

    def below(key: _Key) -> list[_Key]:
        what, denied = key
        if isinstance(what, Instance):
            return [(support, denied) for support in what.body]
        if isinstance(what, Negation):
            return [(part, not denied) for part in what.of]
        if isinstance(what, SlotValue):
            values = domain_of(what).values if denied else ()
            return [(what._replace(value=value), False) for value in values if value != what.value]
        return [(instance, denied) for instance in by_head.get(what, ())]  # an atom

    def conjunctive(key: _Key) -> bool:
        what, denied = key
        if isinstance(what, Negation):
            return not denied
        return isinstance(what, Instance) != denied and not isinstance(what, SlotValue)

    keys: dict[_Key, int] = {}
    successors: dict[int, list[int]] = {}
    todo: list[_Key] = [(answer.atom, False) for answer in grounding.answers]
    while todo:
        key = todo.pop()
        number = keys.setdefault(key, len(keys))
        if number in successors:
            continue
        children = below(key)
        successors[number] = [keys.setdefault(child, len(keys)) for child in children]
        todo += children
    named = list(keys)
    groups = components(successors)
    place = {number: position for position, number in enumerate(n for group in groups for n in group)}
    nodes: list[Node] = []
    for members in groups:
        group = dict.fromkeys(members)
        circular = len(group) > 1 or members[0] in successors[members[0]]
        shared = 0  # the slots below a circle: the same for all its nodes
        for number in group:
            for child in successors[number]:
                shared |= nodes[place[child]].slots if child not in group else 0
        for number in group:
            what, denied = named[number]
            leaf = None
            if isinstance(what, SlotValue) and not denied:
                leaf = slot_of[what.domain, what.slot], domain_of(what).index(what.value)
            masks = [nodes[place[c]].slots if c not in group else shared for c in successors[number]]
            union, overlap = 0, False
            for mask in masks:
                overlap |= bool(union & mask)
                union |= mask
            nodes.append(
                Node(
                    tuple(place[child] for child in successors[number]),
                    conjunctive(named[number]),
                    leaf,
                    what if isinstance(what, Instance) else None,
                    denied,
                    circular,
                    1 << leaf[0] if leaf else shared if circular else union,
                    not overlap and not circular,
                )
            )
    placed = [(n, grounding.one_hot[node.leaf[0]][node.leaf[1]]) for n, node in enumerate(nodes) if node.leaf]
    leaves = np.array(placed, dtype=np.int64).reshape(-1, 2).T
    answers = tuple(place[keys[answer.atom, False]] for answer in grounding.answers)
    start = np.array([0.0 if node.conjunction else np.inf for node in nodes])
    steps = None if any(node.circular for node in nodes) else _steps(nodes)
    return DerivationGraph(tuple(nodes), answers, leaves, start, steps)


def _steps(nodes: Sequence[Node]) -> tuple[_Step, ...]:
    levels: dict[tuple[int, str], list[int]] = {}
    depth: list[int] = []
    for number, node in enumerate(nodes):
        depth.append(1 + max((depth[child] for child in node.children), default=-1))
        if node.children:
            kind = ("sum" if node.additive else "max") if node.conjunction else "min"
            levels.setdefault((depth[-1], kind), []).append(number)
    steps: list[_Step] = []
    for (_, kind), members in sorted(levels.items()):
        ends = np.cumsum([0, *(len(nodes[member].children) for member in members)])
        children = [child for member in members for child in nodes[member].children]
        steps.append(_Step(kind, np.array(members), np.array(children), ends[:-1]))
    return tuple(steps)
