"""Factoring: countable sums of products made few and small, with what cases share taken out of them."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate, chain, repeat
from typing import NamedTuple

from ..grounding.sums import FALSE, TRUE, Case, Sums, SumsBuilder, factor_of, product_of

SAMPLE = 256  # cases and nodes that are factored in two ways, to go on in the better one


def factor(sums: Sums) -> Sums:
    """The same function as other sums of products, still decomposable and deterministic.

    Where the cases of a node rest on a few nodes (the carry of the digit before), these are taken out first, which
    keeps chains short; then the values of a slot, so chosen that most of what remains is there already. A sum over
    all values of a slot is true: they sum to one.

    Args:
        sums: Decomposable and deterministic.

    References:
        Brayton and McMullen, "The decomposition and factorization of Boolean expressions", ISCAS 1982.
    """
    candidates = [_Factoring(sums, last) for last in (True, False)]
    sample = bisect_left(list(accumulate(len(cases) + 1 for cases in sums.nodes)), SAMPLE)
    for candidate in candidates:
        candidate.read(sample)
    if sample < len(sums.nodes):
        candidates = [min(candidates, key=lambda candidate: _size(candidate.nodes))]
        candidates[0].read(len(sums.nodes))
    return min([candidate.sums() for candidate in candidates], key=lambda found: _size(found.nodes))


def _size(nodes: Iterable[Sequence[Case]]) -> int:
    return sum(map(len, chain.from_iterable(nodes)))


class _Recipe(NamedTuple):
    """How nodes become a sum.

    Args:
        steps: Cases of nodes to be made one after the other, in the numbers of what is there and of steps before.
        end: The number of the sum.
    """

    steps: list[list[Case]]
    end: int


class _Factoring(SumsBuilder):
    """The work of :func:`factor`.

    Args:
        sums: What is factored.
        last: Of two slots that serve as well, whether the later is taken out first.
    """

    def __init__(self, sums: Sums, last: bool) -> None:
        super().__init__(sums.one_hot)
        self._given = sums
        self._last = last
        self._made = list(range(self.first))  # the node that stands for each one given
        self._recipes: dict[object, _Recipe] = {}

    def read(self, end: int) -> None:
        """Goes on through the nodes, up to the one before ``end``."""
        for cases in self._given.nodes[len(self._made) - self.first : end]:
            self._made.append(self._like_before(cases))

    def sums(self) -> Sums:
        """What was read, without what no output needs."""
        return _alive(self.build([factor_of(self._made[end]) for end in self._given.outputs]))

    def _like_before(self, cases: Sequence[Case]) -> int:
        """The node that stands for one given, factored like one before that differs in nothing but names."""
        made, slot_of = self._made, self.slot_of
        factors = list(chain.from_iterable(cases))
        names = _numbered(factors)
        nodes = _numbered([FALSE, TRUE, *[made[name] for name in names]])
        slots = _numbered([slot_of[node] for node in nodes])
        key = (
            tuple(map(len, cases)),
            tuple([names[factor] for factor in factors]),
            tuple([nodes[made[name]] for name in names]),
            tuple([slots[slot_of[node]] for node in nodes]),
            tuple([len(self._given.one_hot[slot]) for slot in slots if slot >= 0]),
        )
        if key not in self._recipes:
            found = self._sum([product_of([factor_of(made[one]) for one in case]) for case in cases])
            self._recipes[key] = self._recipe(found, nodes)
            return found
        recipe, known = self._recipes[key], list(nodes)
        for step in recipe.steps:
            known.append(self.node([tuple(sorted([known[one] for one in case])) for case in step]))
        return known[recipe.end]

    def _recipe(self, end: int, known: Mapping[int, int]) -> _Recipe:
        """How a node is made of nodes that have numbers."""
        own: set[int] = set()
        todo = [end]
        while todo:
            node = todo.pop()
            if node not in known and node not in own:
                own.add(node)
                todo += chain.from_iterable(self.nodes[node - self.first])
        number = dict(known)
        steps: list[list[Case]] = []
        for node in sorted(own):
            steps.append([tuple([number[one] for one in case]) for case in self.nodes[node - self.first]])
            number[node] = len(number)
        return _Recipe(steps, number[end])

    def _sum(self, cases: Sequence[Case]) -> int:
        """The node of these cases, factored."""
        key = frozenset(cases)
        if key in self.known or len(cases) < 2 or () in key:
            return self.node(cases)
        groups = self._groups(cases)
        if groups is None:
            return self.node(cases)
        by_rest: dict[int, list[Case]] = {}
        for taken, rest in groups.items():
            by_rest.setdefault(self._sum(rest), []).append((taken,))
        products = [product_of((factor_of(self.node(taken)), factor_of(rest))) for rest, taken in by_rest.items()]
        self.known[key] = self.node(products)
        return self.known[key]

    def _groups(self, cases: Sequence[Case]) -> dict[int, list[Case]] | None:
        """The cases by a node that can be taken out of them, without it; none if that saves nothing."""
        if all(case[-1] >= self.first for case in cases):  # the latest node: the carry of the digit before
            by_width: dict[int, list[Case]] = defaultdict(list)
            for case in cases:
                by_width[len(case)].append(case)
            groups = _without([(alike, width - 1) for width, alike in by_width.items()])
            return groups if len(groups) < len(cases) else None
        if min(map(len, cases)) < 3:
            return None
        by_shape: dict[tuple[int, ...], list[Case]] = defaultdict(list)
        for case in cases:
            by_shape[tuple([self.slot_of[one] for one in case])].append(case)
        best: dict[int, list[Case]] | None = None
        least = len(cases)
        for slot in sorted(set.intersection(*map(set, by_shape)) - {-1}, reverse=self._last):
            groups = _without([(alike, shape.index(slot)) for shape, alike in by_shape.items()])
            new = sum([len(rest) for rest in groups.values() if frozenset(rest) not in self.known])
            if len(groups) < len(cases) and (best is None or new < least):
                best, least = groups, new
        return best


def _without(cases: Iterable[tuple[Sequence[Case], int]]) -> dict[int, list[Case]]:
    """Cases of one width by the factor at a place of theirs, without it."""
    groups: dict[int, list[Case]] = defaultdict(list)
    for alike, place in cases:
        columns = list(zip(*alike, strict=True))
        taken = columns.pop(place)
        for one, rest in zip(taken, zip(*columns, strict=True) if columns else repeat(())):  # noqa: B905
            groups[one].append(rest)
    return groups


def _numbered(things: Iterable[int]) -> dict[int, int]:
    """A number for each thing, in the order in which they come first."""
    return {thing: number for number, thing in enumerate(dict.fromkeys(things))}


def _alive(sums: Sums) -> Sums:
    """Without the nodes that no output needs."""
    needed = set(sums.outputs)
    for number in range(sums.first + len(sums.nodes) - 1, sums.first - 1, -1):
        if number in needed:
            needed.update(*sums.nodes[number - sums.first])
    kept = [number for number in range(sums.first, sums.first + len(sums.nodes)) if number in needed]
    if len(kept) == len(sums.nodes):
        return sums
    moved = {old: new for new, old in enumerate([*range(sums.first), *kept])}
    nodes = [
        tuple([tuple([moved[one] for one in case]) for case in sums.nodes[number - sums.first]]) for number in kept
    ]
    return Sums(sums.one_hot, nodes, tuple([moved[one] for one in sums.outputs]))
