"""Evidence as samples are drawn: what it settles beforehand, and how probable it is in each sample.

In the literature: unit propagation over the completion, likelihood weighting, and rejection for the rest.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import NDArray

from ..grounding.grounding import TEST, Grounding
from ..grounding.rules import Negation, Row, SlotValue

Floats = NDArray[np.float64]
Slot = tuple[str, int]


class Contradiction(Exception):
    """Evidence that cannot hold."""


class Settled:
    """What evidence settles of a ground program.

    Args:
        grounding: The program with its evidence.

    Attributes:
        required: By slot the values that are left.
        weighed: Evidence that is not drawn but weighed, by atom: its truth, and its rules by the slot that they read
            alone (None for rules without one), each rule without that slot's value.
        rejected: Evidence that each sample is checked for: atom and truth.
        integrated: Slots that weighed evidence alone reads; what is drawn for them says nothing.
    """

    def __init__(self, grounding: Grounding) -> None:
        self._grounding = grounding
        self._rows: defaultdict[int, list[Row]] = defaultdict(list)
        for rows in grounding.circles:
            for row in rows:
                self._rows[row.head].append(row)
        self._circular = {row.head for rows in grounding.circles if len({one.head for one in rows}) > 1 for row in rows}
        self._truth: dict[int, bool] = {}
        self.required: dict[Slot, set[int | str]] = {}
        self._propagate()
        self.weighed: dict[int, tuple[bool, dict[Slot | None, list[tuple[int | str, tuple[int, ...]]]]]] = {}
        self._weigh()
        self.integrated = {slot for _, groups in self.weighed.values() for slot in groups if slot is not None}
        self.rejected = [(atom, truth) for atom, truth in grounding.evidence if atom not in self.weighed]

    def _propagate(self) -> None:
        """Follows what must be true or false, one item after the other."""
        todo = list(self._grounding.evidence)
        for atom, truth in todo:  # grows
            if self._truth.setdefault(atom, truth) != truth:
                raise Contradiction
            rows = self._rows.get(atom, [])
            if truth and not rows:
                raise Contradiction
            if truth and len(rows) == 1:
                for item in rows[0].body:
                    todo += self._state(item, True)
            elif not truth:
                for row in rows:
                    if not row.body:
                        raise Contradiction
                    if len(row.body) == 1:
                        todo += self._state(row.body[0], False)

    def _state(self, item: int, truth: bool) -> Iterable[tuple[int, bool]]:
        """An item of a body has this truth: what follows of atoms."""
        if item >= 0:
            return [] if self._truth.get(item) == truth else [(item, truth)]
        leaf = self._grounding.leaves[item]
        if isinstance(leaf, Negation):
            known = [(atom, not truth) for atom in leaf.of if isinstance(atom, int)]
            if not known and not truth:
                raise Contradiction
            return [one for one in known if self._truth.get(one[0]) != one[1]]
        if isinstance(leaf, SlotValue) and leaf.domain != TEST:
            slot = leaf.domain, leaf.slot
            left = self.required.setdefault(slot, set(self._values(slot)))
            left &= {leaf.value} if truth else left - {leaf.value}
            if not left:
                raise Contradiction
        return []

    def _values(self, slot: Slot) -> Iterable[int | str]:
        return next(one.domain.values for one in self._grounding.slots if (one.domain.name, one.number) == slot)

    def _weigh(self) -> None:
        """Finds evidence each of whose rules reads at most one slot that nothing else reads."""
        readers: defaultdict[Slot, set[int]] = defaultdict(set)
        for head, rows in self._rows.items():
            for row in rows:
                for item in row.body:
                    leaf = self._grounding.leaves[item] if item < 0 else None
                    if isinstance(leaf, SlotValue):
                        readers[leaf.domain, leaf.slot].add(head)
        needed = Counter(item for rows in self._rows.values() for row in rows for item in row.body)
        asked = {answer.atom for answer in self._grounding.answers}
        for atom, truth in dict(self._grounding.evidence).items():
            own = self._rows.get(atom, [])
            if atom in asked or atom in self._circular or needed[atom] or len(own) < 2:
                continue
            groups: dict[Slot | None, list[tuple[int | str, tuple[int, ...]]]] = {}
            for row in own:
                alone = [
                    (item, leaf)
                    for item in row.body
                    if item < 0
                    and isinstance(leaf := self._grounding.leaves[item], SlotValue)
                    and leaf.domain != TEST
                    and readers[leaf.domain, leaf.slot] == {atom}
                ]
                if len(alone) > 1:
                    break
                rest = tuple(item for item in row.body if not alone or item != alone[0][0])
                slot = (alone[0][1].domain, alone[0][1].slot) if alone else None
                groups.setdefault(slot, []).append((alone[0][1].value if alone else "", rest))
            else:
                denies = any(isinstance(leaf, Negation) and atom in leaf.of for leaf in self._grounding.leaves)
                if not denies and any(slot is not None and slot not in self.required for slot in groups):
                    self.weighed[atom] = truth, groups

    def weight(
        self, truths: Mapping[int, NDArray[np.bool_]], shares: Mapping[Slot, Mapping[int | str, float]], worlds: int
    ) -> Floats:
        """How probable the weighed evidence is in each world.

        Args:
            truths: By item of a body, ``[N]``.
            shares: The probabilities of the values of each slot.
            worlds: ``N``.
        """
        weight = np.ones(worlds)
        for truth, groups in self.weighed.values():
            none = np.ones(worlds)
            for slot, rules in groups.items():
                if slot is None:
                    for _, rest in rules:
                        none *= ~_all(truths, rest, worlds)
                    continue
                enabled: dict[int | str, NDArray[np.bool_]] = {}
                for value, rest in rules:
                    holds = _all(truths, rest, worlds)
                    enabled[value] = enabled[value] | holds if value in enabled else holds
                none *= 1.0 - sum((marks * shares[slot][value] for value, marks in enabled.items()), np.zeros(worlds))
            weight *= 1.0 - none if truth else none
        return np.clip(weight, 0.0, 1.0)


def _all(truths: Mapping[int, NDArray[np.bool_]], items: Iterable[int], worlds: int) -> NDArray[np.bool_]:
    holds = np.ones(worlds, dtype=np.bool_)
    for item in items:
        holds = holds & truths[item]
    return holds
