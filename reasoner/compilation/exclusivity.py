"""Exclusivity: a proof that no two of some cases are ever true together, from slots and from what they rest on."""

from collections.abc import Sequence
from functools import reduce
from itertools import repeat
from operator import or_

from ..grounding.sums import Case, Sums

Allowed = dict[int, int]
"""Slot to a bit mask: the values it can have where a node is true. A slot that is missing can have any."""

DEPTH, QUESTIONS = 100, 300_000  # past these an answer is "not proved", which is always sound


class Exclusivity:
    """What is known of sums of products so far, node by node.

    Two of them exclude each other if some slot must have different values under them; or, where both are products, if
    two of their factors do; where one is a sum, if each of its cases excludes the other. So the recursion of a carry,
    an automaton's state or a grammar's span is seen through, one level at a time, and every pair is asked once.

    Args:
        sums: Whose products are over different slots each.

    References:
        Darwiche, "On the tractable counting of theory models and its application to truth maintenance and belief
        revision", J. Applied Non-Classical Logics 11 (2001): determinism.
    """

    def __init__(self, sums: Sums) -> None:
        self._sums = sums
        self._full = [(1 << len(group)) - 1 for group in sums.one_hot]
        self._allowed: dict[int, Allowed] = {
            2 + position: {slot: 1 << value}
            for slot, group in enumerate(sums.one_hot)
            for value, position in enumerate(group)
        }
        self._operands: dict[int, tuple[bool, tuple[int, ...]]] = {}
        self._numbers: dict[Case, int] = {}
        self._noted = sums.first
        self._known: dict[tuple[int, int], bool] = {}
        self._families: dict[frozenset[int], bool] = {}
        self._questions = 0

    def of(self, node: int) -> bool:
        """Whether it is proved that no two cases of a sum are true together, given that this was asked of all before.

        What only values tell apart need not be asked here: all that is needed of a node is noted when it is.
        """
        for number in range(self._noted, node + 1):
            cases = self._sums.nodes[number - self._sums.first]
            self._note(number, len(cases) == 1, cases[0] if len(cases) == 1 else [self._number(case) for case in cases])
        self._noted = node + 1
        conjunction, operands = self._operands[node]
        return conjunction or self.exclusive(operands)

    def _number(self, case: Case) -> int:
        """The number of a product: that of its only factor, or one of its own, after those of all nodes."""
        if len(case) == 1:
            return case[0]
        if case not in self._numbers:
            self._numbers[case] = self._sums.first + len(self._sums.nodes) + len(self._numbers)
            self._note(self._numbers[case], True, case)
        return self._numbers[case]

    def _note(self, number: int, conjunction: bool, operands: Sequence[int]) -> None:
        allowed = self._allowed
        merged = dict(allowed[operands[0]])
        if conjunction:
            for operand in operands:
                merged.update(allowed[operand])
        else:
            for case in [allowed[operand] for operand in operands[1:]]:
                merged = {slot: mask | case[slot] for slot, mask in merged.items() if slot in case}
            merged = {slot: mask for slot, mask in merged.items() if mask != self._full[slot]}
        allowed[number] = merged
        self._operands[number] = (conjunction, tuple(operands))

    def exclusive(self, cases: Sequence[int], depth: int = 0) -> bool:
        """Whether it is proved that no two of the cases are true together.

        Cases are split by the values of slots; those that overlap are told apart by a sum that each rests on, and at
        last one by one.
        """
        if len(cases) < 2:
            return True
        groups = self._by_values(cases)
        if len(groups) > 1:
            return len(groups) == len(cases) or all(self.exclusive(group, depth) for group in groups)
        return self._by_gates(cases, depth) or all(
            self._apart(a, b, depth) for i, a in enumerate(cases) for b in cases[:i]
        )

    def _by_values(self, cases: Sequence[int]) -> list[list[int]]:
        """The cases in groups of which no two allow the same values of every slot that all cases name."""
        allowed = [self._allowed[case] for case in cases]
        keys: list[list[int]] = []
        for slot in set(allowed[0]).intersection(*allowed[1:]):
            masks = [own[slot] for own in allowed]
            parts = _parts(set(masks))
            if len(set(parts.values())) > 1:
                keys.append([parts[mask] for mask in masks])
        groups: dict[tuple[int, ...], list[int]] = {}
        for case, key in zip(cases, zip(*keys, strict=True) if keys else repeat((), len(cases)), strict=True):
            groups.setdefault(key, []).append(case)
        return list(groups.values())

    def _by_gates(self, cases: Sequence[int], depth: int) -> bool:
        """Whether each case is over one of a family of sums that exclude each other, and no two share both."""
        by_gate: dict[int, list[int]] = {}
        for case in cases:
            conjunction, operands = self._operands.get(case, (False, ()))
            gate = max(operands, default=0)  # the latest is the one that carries the recursion
            if not conjunction or gate not in self._operands:
                return False
            by_gate.setdefault(gate, []).append(case)
        return (
            len(by_gate) > 1
            and self._family(frozenset(by_gate), depth)
            and all(self.exclusive(group, depth) for group in by_gate.values())
        )

    def _family(self, gates: frozenset[int], depth: int) -> bool:
        if gates not in self._families:
            alternatives = [self._operands[gate] for gate in gates]
            cases = [operand for _, operands in alternatives for operand in operands]
            all_ors = not any(conjunction for conjunction, _ in alternatives)
            self._families[gates] = depth < DEPTH and (
                (all_ors and len(set(cases)) == len(cases) and self.exclusive(cases, depth + 1))
                or self.exclusive(sorted(gates), depth + 1)
            )
        return self._families[gates]

    def _apart(self, a: int, b: int, depth: int) -> bool:
        first, second = self._allowed[a], self._allowed[b]
        if any(not mask & second.get(slot, -1) for slot, mask in first.items()):
            return True
        if a == b or (a not in self._operands and b not in self._operands) or depth > DEPTH:
            return False
        key = (min(a, b), max(a, b))
        if key not in self._known:
            self._questions += 1
            self._known[key] = self._questions <= QUESTIONS and self._ask(a, b, depth + 1)
        return self._known[key]

    def _ask(self, a: int, b: int, depth: int) -> bool:
        a_conjunction, a_operands = self._operands.get(a, (True, (a,)))
        b_conjunction, b_operands = self._operands.get(b, (True, (b,)))
        if a_conjunction and b_conjunction:
            return any(self._apart(x, y, depth) for x in a_operands for y in b_operands if (x, y) != (a, b))
        if not a_conjunction and not b_conjunction:  # the cases of each exclude each other already
            return not set(a_operands) & set(b_operands) and self.exclusive((*a_operands, *b_operands), depth)
        if a_conjunction:
            a, b, a_operands, b_operands = b, a, b_operands, a_operands
        return all(self._apart(x, b, depth) for x in a_operands) or (
            b in self._operands and any(self._apart(a, y, depth) for y in b_operands)
        )


def _parts(masks: set[int]) -> dict[int, int]:
    """For each mask the union of those that it overlaps with, directly or through others."""
    unions: list[int] = []
    for mask in masks if sum(masks) != reduce(or_, masks) else ():
        union = mask
        apart: list[int] = []
        for other in unions:
            if other & union:
                union |= other
            else:
                apart.append(other)
        unions = [*apart, union]
    return {mask: next((union for union in unions if union & mask), mask) for mask in masks}
