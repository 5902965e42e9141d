"""The cheapest derivations of an answer, in exact order: best-first search with lower bounds over the AND/OR graph.

In the literature: the first is the Viterbi proof, or most probable explanation (MPE); the next, k-best proofs.
"""

from collections.abc import Callable, Iterator, Sequence
from heapq import heappop, heappush
from itertools import count
from math import inf
from operator import itemgetter
from typing import NamedTuple

from ..errors import CountingError
from ..grounding.grounding import Instance
from .derivations import DerivationGraph


class Reason(NamedTuple):
    """A rule instance and the reasons of its positive supports that are atoms, in the order of its body."""

    instance: Instance
    steps: tuple["Reason", ...]


class Derivation(NamedTuple):
    """A way to derive an answer.

    Args:
        cost: The sum of the costs of the values it uses, each slot once.
        values: Slot to number of the value that it uses.
        reason: The rule instances.
    """

    cost: float
    values: dict[int, int]
    reason: Reason


class _Goal(NamedTuple):
    """A node that is still to be derived, and those after it.

    Args:
        node: Its number.
        above: The nodes on circles that it is to support.
        rest: What comes after it.
        bound: What it and the rest cost at least.
        slots: Bit mask of the slots below it and the rest.
    """

    node: int
    above: frozenset[int]
    rest: "_Goal | None"
    bound: float
    slots: int


class _Choice(NamedTuple):
    """The child that was taken of an OR, and the choices before."""

    way: int
    before: "_Choice | None"


class _State(NamedTuple):
    """A derivation that is not finished: its goals, the values used, their cost, the choices so far (newest first)."""

    goals: _Goal | None
    values: dict[int, int]
    used: int
    cost: float
    choices: _Choice | None
    ways: Sequence[tuple[float, int]] | None  # of the first goal, each with what it comes to at least, the least first
    turn: int  # which of them is to be tried


def cheapest_derivation(
    graph: DerivationGraph, answer: int, costs: Sequence[Sequence[float]], budget: int = 1_000_000
) -> Derivation:
    """The first of :func:`cheapest_derivations`; where lower bounds are reached it follows them without a search.

    Raises:
        CountingError: as there.
    """
    if not graph.exact:
        return next(cheapest_derivations(graph, answer, costs, budget))
    nodes, bounds = graph.nodes, graph.bounds(costs)
    values: dict[int, int] = {}

    def met(leaf: tuple[int, int]) -> None:
        slot, values[slot] = leaf

    root = graph.answers[answer]
    reason = _reason(graph, root, lambda number: min(nodes[number].children, key=bounds.__getitem__), met)
    return Derivation(bounds[root], values, reason)


def cheapest_derivations(
    graph: DerivationGraph, answer: int, costs: Sequence[Sequence[float]], budget: int = 1_000_000
) -> Iterator[Derivation]:
    """All derivations of an answer, the cheapest first; a derivation uses one value of a slot at most.

    Args:
        graph: All derivations.
        answer: Number of the answer.
        costs: Of each slot the costs of its values, at least 0; infinite for what cannot be.
        budget: Steps that the search may take.

    Raises:
        CountingError: if the budget is spent; what was yielded before is right.
    """
    nodes, bounds = graph.nodes, graph.bounds(costs)
    root = graph.answers[answer]
    ties = count()
    start = _Goal(root, frozenset(), None, bounds[root], nodes[root].slots)
    heap: list[tuple[float, int, _State]] = [(bounds[root], 0, _State(start, {}, 0, 0.0, None, None, 0))]
    steps = 0

    def least(cost: float, used: int, goals: _Goal | None) -> float:
        if goals is None:
            return cost
        return max(cost, goals.bound) if used & goals.slots else cost + goals.bound

    while heap:
        value, _, (goals, values, used, cost, choices, ways, turn) = heappop(heap)
        if value == inf:
            return
        while True:
            steps += 1
            if steps > budget:
                raise CountingError(f"the best proofs were not found within {budget} steps; ask for fewer, or less")
            if goals is None:
                yield Derivation(cost, values, _rebuild(graph, root, choices))
                break
            number, above, rest = goals.node, goals.above, goals.rest
            node = nodes[number]
            if node.leaf is not None:
                slot, chosen = node.leaf
                if slot not in values:
                    cost, used = cost + costs[slot][chosen], used | 1 << slot
                    values[slot] = chosen
                elif values[slot] != chosen:
                    break
                goals = rest
            elif number in above:
                if not node.negative:
                    break  # it would support itself
                goals = rest
            else:
                above = above | {number} if node.circular else above
                if node.conjunction:
                    goals = rest
                    for child in reversed(node.children):
                        goals = _before(child, above, goals, bounds[child], nodes[child].slots)
                else:
                    if ways is None:
                        after = [_before(way, above, rest, bounds[way], nodes[way].slots) for way in node.children]
                        totals = [
                            (least(cost, used, goal), way) for goal, way in zip(after, node.children, strict=True)
                        ]
                        ways = sorted([total for total in totals if total[0] < inf], key=itemgetter(0))
                    if turn + 1 < len(ways):
                        later = _State(goals, values.copy(), used, cost, choices, ways, turn + 1)
                        heappush(heap, (max(value, ways[turn + 1][0]), next(ties), later))
                    if turn >= len(ways):
                        break
                    way = ways[turn][1]
                    goals, ways, turn = _before(way, above, rest, bounds[way], nodes[way].slots), None, 0
                    choices = _Choice(way, choices)
            now = max(value, least(cost, used, goals))
            if now == inf:
                break
            if heap and now > heap[0][0]:
                heappush(heap, (now, next(ties), _State(goals, values, used, cost, choices, ways, turn)))
                break


def _before(node: int, above: frozenset[int], rest: _Goal | None, bound: float, slots: int) -> _Goal:
    if rest is None:
        return _Goal(node, above, None, bound, slots)
    total = max(bound, rest.bound) if slots & rest.slots else bound + rest.bound
    return _Goal(node, above, rest, total, slots | rest.slots)


def _rebuild(graph: DerivationGraph, root: int, choices: _Choice | None) -> Reason:
    """The rule instances of a derivation from its choices, which are walked again in the order they were made."""
    made: list[int] = []
    while choices is not None:
        made.append(choices.way)
        choices = choices.before

    return _reason(graph, root, lambda _: made.pop(), lambda _: None)


def _reason(
    graph: DerivationGraph, root: int, way: Callable[[int], int], met: Callable[[tuple[int, int]], None]
) -> Reason:
    """The rule instances of a derivation, depth first.

    Args:
        graph: All derivations.
        root: Where it begins.
        way: The child that is taken of an OR.
        met: Is told the leaves.
    """
    whole: list[Reason] = []
    begun: list[tuple[Instance, list[Reason], list[Reason]]] = []  # each before those inside it
    todo: list[tuple[int, frozenset[int], list[Reason]]] = [(root, frozenset(), whole)]
    while todo:
        number, above, outside = todo.pop()
        node = graph.nodes[number]
        if node.leaf is not None:
            met(node.leaf)
            continue
        if number in above:
            continue
        above = above | {number} if node.circular else above
        if not node.conjunction:
            todo.append((way(number), above, outside))
            continue
        inside: list[Reason] = []
        if node.instance is not None and not node.negative:
            begun.append((node.instance, inside, outside))
        todo += [(child, above, inside) for child in reversed(node.children)]
    for instance, inside, outside in reversed(begun):  # the last steps first
        outside.append(Reason(instance, tuple(reversed(inside))))
    return whole[0]
