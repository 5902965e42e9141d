"""Linear rules: programs whose rules pass a truth on from at most one uncertain atom each, as reachability does.

In the literature: linear Datalog; what a rule else rests on is a condition on slots (disjunctive normal form).
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from ..grounding.rules import GroundRules, Row

NO_ATOM = -1  # the body of a rule that rests on slots alone
_TERMS = 24  # in which what an atom needs of slots is written out; an atom that needs more is passed on as one

Condition = tuple[tuple[int, int], ...]
"""Slots, ascending, and the values that each may have, as a bit mask; all at the same time. Nothing is no condition."""


class LinearRule(NamedTuple):
    """An atom that follows from another where some slots have some values.

    Args:
        head: The atom.
        body: The other, or ``NO_ATOM``.
        condition: On the slots.
    """

    head: int
    body: int
    condition: Condition


class LinearRules:
    """The rules of a program, by head.

    Args:
        rules: The ground program.

    Raises:
        NotLinearError: if a rule passes on the truth of two atoms, or of one that is denied.
    """

    def __init__(self, rules: GroundRules) -> None:
        self._ground = rules
        self._needs: dict[int, list[Condition]] = {}
        self._by_head: dict[int, list[LinearRule]] = {}
        for rows in rules.circles:
            self._add(rows)

    def behind(self, atoms: Sequence[int]) -> list[LinearRule]:
        """The rules that some atoms rest on, each once, without those that can add nothing.

        Args:
            atoms: If there is one alone, nothing needs to follow from it.
        """
        found: list[LinearRule] = []
        todo = [*dict.fromkeys(atoms)]
        useless = {*todo} if len(todo) == 1 else set[int]()
        seen = {*todo}
        for atom in todo:  # grows
            own = [rule for rule in dict.fromkeys(self._rules_of(atom)) if rule.body not in useless]
            enough = [dict(rule.condition) for rule in own if rule.body == NO_ATOM]
            for rule in own:
                if rule.body != NO_ATOM and any(_follows(rule.condition, one) for one in enough):
                    continue
                found.append(rule)
                if rule.body != NO_ATOM and rule.body not in seen:
                    seen.add(rule.body)
                    todo.append(rule.body)
        return found

    def _rules_of(self, atom: int) -> Sequence[LinearRule]:
        if atom in self._needs:
            return [LinearRule(atom, NO_ATOM, condition) for condition in self._needs[atom]]
        return self._by_head.get(atom, ())

    def _add(self, rows: Sequence[Row]) -> None:
        heads = {row.head for row in rows}
        alone = len(heads) == 1 and not any(item in heads for row in rows for item in row.body)
        if alone:
            needs = self._any_of(rows)
            if needs is not None:
                self._needs[rows[0].head] = needs
                return
        for _, head, body in rows:
            inner = [item for item in body if item in heads or item in self._by_head]
            if len(inner) > 1:
                raise NotLinearError
            conditions = self._all_of([item for item in body if item not in inner])
            if conditions is None:
                raise NotLinearError
            source = inner[0] if inner else NO_ATOM
            if source != head:
                own = self._by_head.setdefault(head, [])
                own += [LinearRule(head, source, condition) for condition in conditions]
        for head in heads:
            self._by_head.setdefault(head, [])

    def _any_of(self, rows: Sequence[Row]) -> list[Condition] | None:
        """What an atom needs of slots; None if that is too long, or not of slots alone."""
        found: dict[Condition, None] = {}
        for row in rows:
            conditions = self._all_of(row.body)
            if conditions is None:
                return None
            found.update(dict.fromkeys(conditions))
            if len(found) > _TERMS:
                return None
        return [()] if () in found else [*found]

    def _all_of(self, items: Iterable[int]) -> list[Condition] | None:
        found: list[Condition] = [()]
        for item in items:
            needed = self._needed(item)
            if needed is None:
                return None
            joined = (conjoined(one, other) for one in found for other in needed)
            found = [*dict.fromkeys([one for one in joined if one is not None])]
            if len(found) > _TERMS:
                return None
        return found

    def _needed(self, item: int) -> list[Condition] | None:
        ground = self._ground
        if item in ground.values:
            slot, value = ground.values[item]
            return [((slot, 1 << value),)]
        if item in ground.denied:
            return self._none_of(ground.denied[item])
        if item < 0:
            return [()]
        return None if item in self._by_head else self._needs.get(item, [])

    def _none_of(self, atom: int) -> list[Condition] | None:
        """What must hold of slots where an atom is false."""
        if atom in self._by_head:
            return None
        found: list[Condition] = [()]
        for condition in self._needs.get(atom, ()):
            full = self._ground.sizes
            contrary = [((slot, ~mask & ((1 << full[slot]) - 1)),) for slot, mask in condition]
            joined = (conjoined(one, other) for one in found for other in contrary if other[0][1])
            found = [*dict.fromkeys([one for one in joined if one is not None])]
            if len(found) > _TERMS:
                return None
        return found


class NotLinearError(Exception):
    """A program that has no linear rules."""


def _follows(condition: Condition, wider: dict[int, int]) -> bool:
    """Whether a condition is never met without the wider one."""
    known = dict(condition)
    return all(slot in known and not known[slot] & ~mask for slot, mask in wider.items())


def conjoined(one: Condition, other: Condition) -> Condition | None:
    """Both conditions together; None if they contradict each other.

    Example:
        >>> conjoined(((0, 0b110),), ((0, 0b011), (2, 0b1)))
        ((0, 2), (2, 1))
    """
    merged: dict[int, int] = dict(one)
    for slot, mask in other:
        merged[slot] = mask & merged.get(slot, -1)
        if not merged[slot]:
            return None
    return tuple(sorted(merged.items()))
