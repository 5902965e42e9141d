"""Frontier states: linear rules counted choice by choice, without their circles being broken.

Between two choices all that matters is the residual program over the atoms that choices yet to come speak of: which of
them are true, and which would make which others true. Equal residual programs are one state, and the states are the
nodes of a decision diagram. In the literature: frontier-based search (Kawahara et al. 2017), the path-width algorithm
for network reliability (Carlier, Lucet 1996).
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from time import process_time
from typing import TYPE_CHECKING, Any, NamedTuple

from ..errors import CountingError
from .frontier_steps import MOST_ATOMS, Step
from .frontier_words import Words
from .linear_rules import NO_ATOM, LinearRule

if TYPE_CHECKING:  # small programs are counted without NumPy
    from numpy.typing import NDArray

_PLAIN = 400_000  # transitions in plain Python, about 0.6 us each; what is larger is worth loading numba


class FrontierLevel(NamedTuple):
    """What happens where one slot is read.

    Args:
        slot: Its number.
        classes: Of each value the number of what it brings about.
        targets: ``[states, classes]``, the state of the next level, ``ACCEPT`` or ``REJECT``; rows, or an array.
    """

    slot: int
    classes: tuple[int, ...]
    targets: "Sequence[Sequence[int]] | NDArray[Any]"


def rows_of(targets: "Sequence[Sequence[int]] | NDArray[Any]") -> Sequence[Sequence[int]]:
    """Targets row by row."""
    return targets if isinstance(targets, Sequence) else targets.tolist()


class Frontier(NamedTuple):
    """A decision diagram, level by level.

    Args:
        levels: The first has one state; none if there is nothing to be read.
        decided: What holds if there are no levels.
        states: In all levels together.
        width: Atoms that were remembered at the same time.
    """

    levels: list[FrontierLevel]
    decided: bool
    states: int
    width: int


class Beam(NamedTuple):
    """Which states are followed where there are too many: the most probable ones.

    Args:
        states: In one level.
        chances: Of each slot the probability of each value.
    """

    states: int
    chances: Sequence[Sequence[float]]


def explore(
    rules: Sequence[LinearRule],
    wanted: Sequence[int],
    unwanted: Sequence[int],
    order: Sequence[int],
    sizes: Sequence[int],
    most: int,
    deadline: float,
    beam: Beam | None = None,
) -> Frontier | None:
    """The states of some rules.

    Args:
        rules: All that the atoms rest on.
        wanted: Atoms that are to be true.
        unwanted: Atoms that are to be false.
        order: In which the slots are read.
        sizes: How many values each slot has.
        most: States that may be made.
        deadline: Of the process's CPU time.
        beam: Which states are left out; without it, none.

    Returns:
        None if more states are needed.

    Raises:
        CountingError: if the time is over.
    """
    planned = _planned(rules, wanted, unwanted, order, sizes)
    if planned is None:
        return None
    steps, width = planned
    if not steps:
        true = {rule.head for rule in rules}  # all for certain
        return Frontier([], true.issuperset(wanted) and true.isdisjoint(unwanted), 0, width)
    levels: list[FrontierLevel] = []
    words = Words(width)
    states: Any = [0]
    total = spent = 0
    masses: Any = None
    before: object = None
    for slot, classes, step in steps:
        if process_time() > deadline:
            raise CountingError("the states of the frontier were not found in time")
        count = len(states)
        total += count
        if total > most:
            return None
        spent += count * len(step.starts)
        if isinstance(states, list) and (spent > _PLAIN or beam is not None):
            from .frontier_kernel import as_words

            states = as_words([words.rows(state) for state in states])
        if isinstance(states, list):
            coming = step.masks, step.sources
            targets, states = words.advance(states, step, coming == before)
            before = coming
        else:
            from .frontier_kernel import advance

            advanced = advance(states, step, most - total)
            if advanced is None:
                return None
            targets, states = advanced
            if beam is not None:
                from .frontier_kernel import narrowed

                chances = beam.chances[slot]
                shares = [0.0] * (len(step.starts) - 1)
                for value, own in enumerate(classes):
                    shares[own] += chances[value]
                states, masses = narrowed(targets, states, masses, shares, beam.states)
        levels.append(FrontierLevel(slot, classes, targets))
        if not len(states):
            break
    return Frontier(levels, False, total, width)


def _planned(
    rules: Sequence[LinearRule],
    wanted: Sequence[int],
    unwanted: Sequence[int],
    order: Sequence[int],
    sizes: Sequence[int],
) -> tuple[list[tuple[int, tuple[int, ...], Step]], int] | None:
    """What is added where each slot is read, with a place for each atom that is remembered; None if these are many."""
    arrivals = _arrivals(rules, order)
    heads: dict[int, int] = {}
    bodies: dict[int, int] = {}
    first: dict[int, int] = dict.fromkeys((*wanted, *unwanted), 0)
    last_source = -1
    for level, added in enumerate(arrivals):
        for _, head, body in added:
            heads[head] = level
            first.setdefault(head, level)
            if body == NO_ATOM:
                last_source = level
            else:
                bodies[body] = level
                first.setdefault(body, level)
    last = {atom: max(heads.get(atom, -1), bodies.get(atom, -1)) for atom in first}
    last.update(dict.fromkeys((*wanted, *unwanted), len(order)))
    entering: dict[int, list[int]] = defaultdict(list)
    leaving: dict[int, list[int]] = defaultdict(list)
    for atom, level in first.items():
        entering[level].append(atom)
        leaving[last[atom]].append(atom)
    place: dict[int, int] = {}
    free: list[int] = []
    width = 0
    steps: list[tuple[int, tuple[int, ...], Step]] = []
    for level, (slot, added) in enumerate(zip(order, arrivals, strict=True)):
        for atom in entering[level]:
            if not free:
                free.append(width)
                width += 1
            place[atom] = free.pop()
        if width > MOST_ATOMS:
            return None
        by_value = [
            tuple([(place[head], NO_ATOM if body == NO_ATOM else place[body]) for mask, head, body in added
                   if mask >> value & 1])
            for value in range(sizes[slot])
        ]  # fmt: skip
        numbers = {pairs: number for number, pairs in enumerate(dict.fromkeys(by_value))}
        flat = [pair for pairs in numbers for pair in pairs]
        starts = [0]
        for pairs in numbers:
            starts.append(starts[-1] + len(pairs))

        def mask(atoms: Iterator[int]) -> int:
            return sum([1 << place[atom] for atom in atoms])

        masks = (
            mask(atom for atom in place if heads.get(atom, -1) > level),
            mask(atom for atom in place if bodies.get(atom, -1) > level),
            mask(iter(wanted)),
            mask(iter(unwanted)),
        )
        step = Step([head for head, _ in flat], [body for _, body in flat], starts, masks, int(last_source > level))
        steps.append((slot, tuple([numbers[pairs] for pairs in by_value]), step))
        for atom in leaving[level]:
            free.append(place.pop(atom))
    return steps, width


def _arrivals(rules: Sequence[LinearRule], order: Sequence[int]) -> list[list[tuple[int, int, int]]]:
    """Per level the values, head and body of each rule that comes with its slot.

    A rule that rests on several slots is a chain of rules over atoms of its own; one that rests on none comes with
    the slot that one of its atoms is named with first.
    """
    level_of = {slot: level for level, slot in enumerate(order)}
    found: list[dict[tuple[int, int, int], None]] = [{} for _ in order]
    links: dict[tuple[int, tuple[tuple[int, int], ...]], int] = {}
    fresh = NO_ATOM
    for rule in rules:
        if not rule.condition:
            continue
        parts = sorted([(level_of[slot], mask) for slot, mask in rule.condition])
        body = rule.body
        for count, (level, mask) in enumerate(parts[:-1], start=1):
            key = (rule.body, tuple(parts[:count]))
            if key not in links:
                fresh -= 1
                links[key] = fresh
            found[level][mask, links[key], body] = None
            body = links[key]
        level, mask = parts[-1]
        found[level][mask, rule.head, body] = None
    _add_certain(rules, found)
    return [[*level] for level in found]


def _add_certain(rules: Sequence[LinearRule], found: list[dict[tuple[int, int, int], None]]) -> None:
    """Rules without a condition: with the first level that names the atom of theirs which is named last."""
    certain = [rule for rule in rules if not rule.condition]
    if not certain or not found:
        return
    first: dict[int, int] = {}
    for level, added in enumerate(found):
        for _, head, body in added:
            first.setdefault(head, level)
            first.setdefault(body, level)
    for rule in certain:
        level = max(first.get(rule.head, 0), 0 if rule.body == NO_ATOM else first.get(rule.body, 0))
        found[level][-1, rule.head, rule.body] = None
