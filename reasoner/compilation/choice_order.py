"""In which order slots are read, so that little needs to be remembered between one and the next.

In the literature: vertex separation (pathwidth) of the dependency graph.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from .linear_rules import NO_ATOM, LinearRule

_STARTS = 12  # atoms that an order may begin with
_STEPS = 6000  # atoms that all orders may place together: some ten milliseconds


def slot_orders(rules: Sequence[LinearRule], roots: Sequence[int]) -> list[tuple[int, ...]]:
    """Orders of the slots that rules read, the most promising first.

    Args:
        rules: Whose atoms are put in a row, each followed by the slots that tell what it rests on.
        roots: The atoms that are asked for.
    """
    near = _neighbours(rules)
    slots = sorted({slot for rule in rules for slot, _ in rule.condition})
    touched: dict[int, set[int]] = defaultdict(set)
    for rule in rules:
        for slot, _ in rule.condition:
            touched[slot].update(_atoms(rule))
    found: dict[tuple[int, ...], float] = {}
    for atoms in _atom_orders(near, roots):
        place = {atom: number for number, atom in enumerate(atoms)}
        key = {slot: sorted([place[atom] for atom in touched[slot]], reverse=True) for slot in slots}
        order = tuple(sorted(slots, key=key.__getitem__))
        found.setdefault(order, _weight(order, touched))
    found.setdefault(tuple(slots), _weight(slots, touched))
    return sorted(found, key=found.__getitem__)


def _atoms(rule: LinearRule) -> tuple[int, ...]:
    return (rule.head,) if rule.body == NO_ATOM else (rule.head, rule.body)


def _neighbours(rules: Iterable[LinearRule]) -> dict[int, list[int]]:
    near: dict[int, dict[int, None]] = {}
    for rule in rules:
        atoms = _atoms(rule)
        for atom in atoms:
            near.setdefault(atom, {}).update(dict.fromkeys(other for other in atoms if other != atom))
    return {atom: [*others] for atom, others in near.items()}


def _atom_orders(near: Mapping[int, Sequence[int]], roots: Sequence[int]) -> Iterable[list[int]]:
    starts = [root for root in roots if root in near]
    farthest = [_breadth_first(near, start)[-1] for start in starts[:1]]
    spread = [*near][:: max(1, len(near) // _STARTS)]
    chosen = [*dict.fromkeys([*farthest, *starts, *spread])][: max(2, min(_STARTS, _STEPS // (2 * len(near) + 1)))]
    for start in chosen:
        yield _breadth_first(near, start)
        yield _narrow(near, start)


def _breadth_first(near: Mapping[int, Sequence[int]], start: int) -> list[int]:
    order = {start: None}
    for beginning in (start, *near):
        order.setdefault(beginning)
        for atom in (todo := [beginning]):  # grows
            new = [other for other in near[atom] if other not in order]
            order.update(dict.fromkeys(new))
            todo += new
        if len(order) == len(near):
            break
    return [*order]


def _narrow(near: Mapping[int, Sequence[int]], start: int) -> list[int]:
    """Greedily the atom next that leaves the fewest with neighbours yet to come; of equals that seen first."""
    left = {atom: len(others) for atom, others in near.items()}  # neighbours yet to come
    placed: dict[int, None] = {}
    border: dict[int, None] = {start: None}
    rest = iter(near)
    while len(placed) < len(near):
        if border:
            best = min(border, key=lambda atom: _added(near[atom], left, placed) + (left[atom] > 0))
            del border[best]
        else:
            best = next(atom for atom in rest if atom not in placed)
        placed[best] = None
        for other in near[best]:
            left[other] -= 1
            if other not in placed:
                border.setdefault(other)
    return [*placed]


def _added(near: Sequence[int], left: Mapping[int, int], placed: Mapping[int, None]) -> int:
    """How many atoms less have neighbours yet to come, as a negative number, if one with these neighbours is placed."""
    return -sum([left[one] == 1 for one in near if one in placed])


def _weight(order: Sequence[int], touched: Mapping[int, set[int]]) -> float:
    """What the order may cost: the number of partial orders of what is remembered is guessed as ``3 ** atoms``."""
    ends: dict[int, int] = {}
    for level, slot in enumerate(order):
        for atom in touched[slot]:
            ends[atom] = level
    live: set[int] = set()
    total = 0.0
    for level, slot in enumerate(order):
        live |= touched[slot]
        live = {atom for atom in live if ends[atom] > level}
        total += 3.0 ** min(len(live), 500)
    return total
