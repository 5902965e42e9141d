"""Families: a program without circles as tables over variables, as a Bayesian network has them.

Atoms that exclude each other are the values of one variable, and a table says for all values of its parents how
probable each of its own is: the value of a choice, or none. In the literature: conditional probability tables (CPT).
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from itertools import chain
from math import prod
from typing import TYPE_CHECKING, NamedTuple

from ..grounding.rules import GroundRules, Row
from ..grounding.sums import FALSE, TRUE
from .family_groups import NoFamiliesError, PlainRules

if TYPE_CHECKING:  # NumPy takes longer to load than small tables take
    from .layers import Arrays

Test = tuple[int, int]
"""A variable and the values that it may have, as a bit mask."""

_ENTRIES = 1 << 20  # of a table
_MERGED = 16  # groups of the same parents that are compared
_TESTS = 6  # that a rule states in one table


class Table(NamedTuple):
    """A node of the circuit for each values of some variables.

    Args:
        variables: Ascending.
        sizes: How many values each has here.
        nodes: The values of the last variable follow each other.
    """

    variables: tuple[int, ...]
    sizes: tuple[int, ...]
    nodes: "Sequence[int] | Arrays"


class _Part(NamedTuple):
    """A rule: what it tests of variables, and the values of a choice of its own that it needs, or ``None``."""

    tests: dict[int, int]
    own: Test | None


_Parts = dict[int, list[_Part]]
"""The rules of each atom of a group."""


def _parents(parts: Mapping[int, Sequence[_Part]]) -> tuple[int, ...]:
    return tuple(sorted({variable for own in parts.values() for part in own for variable in part.tests}))


class Families:
    """The tables of a program.

    Args:
        rules: The ground program.
        any_of: Makes the node that is the sum of some inputs of a slot, by their positions.

    Attributes:
        sizes: How many values each variable has.
        tables: By the variable that each is about; together they say how probable all is.
        parents: Of each variable, those that its table names beside it.

    Raises:
        NoFamiliesError: if it has none.
    """

    def __init__(self, rules: GroundRules, any_of: Callable[[Sequence[int]], int]) -> None:
        self._rules, self._any_of = rules, any_of
        self._one_hot = rules.one_hot
        self._plain = PlainRules(rules)
        self.sizes: list[int] = []
        self.tables: list[Table] = []
        self.parents: list[tuple[int, ...]] = []
        self._tests: dict[int, Test | bool] = {}
        self._slots: dict[int, tuple[int, list[int]]] = {}
        for groups in self._plain.groups():
            rules_of = [{atom: self._parts(atom, len(group) > 1) for atom in group} for group in groups]
            for parts in self._merged(rules_of):
                self._add(parts)

    def test(self, item: int) -> Test | bool:
        """What an atom or a leaf says of a variable, or that it always or never holds."""
        if item in self._rules.values:
            slot, value = self._rules.values[item]
            variable, kept = self._slot(slot)
            return (variable, 1 << kept.index(value)) if value in kept else False
        if item >= 0:
            return self.test(self._plain.names[item]) if item in self._plain.names else self._tests.get(item, False)
        if item not in self._rules.denied:
            return True
        return self.contrary(self.test(self._rules.denied[item]))

    def contrary(self, test: Test | bool) -> Test | bool:
        """Where a test fails."""
        if isinstance(test, bool):
            return not test
        variable, mask = test
        return variable, ~mask & ((1 << self.sizes[variable]) - 1)

    def _slot(self, slot: int) -> tuple[int, list[int]]:
        """The variable of a slot, and the values of the slot that are its own: those that can be."""
        if slot not in self._slots:
            positions, never = self._one_hot[slot], self._rules.never
            kept = [value for value, position in enumerate(positions) if position not in never]
            variable = self._variable(len(kept))
            self._slots[slot] = variable, kept
            self._put(variable, Table((variable,), (len(kept),), [2 + positions[value] for value in kept]))
        return self._slots[slot]

    def _variable(self, size: int) -> int:
        self.sizes.append(size)
        self.tables.append(Table((), (), [TRUE]))
        self.parents.append(())
        return len(self.sizes) - 1

    def _put(self, variable: int, table: Table) -> None:
        self.tables[variable] = table
        self.parents[variable] = tuple(one for one in table.variables if one != variable)

    def _merged(self, groups: Sequence[_Parts]) -> list[_Parts]:
        """Groups with rules without a choice, together with such of the same parents that they exclude."""
        found: list[_Parts] = []
        alike: dict[tuple[int, ...], list[_Parts]] = defaultdict(list)
        for group in groups:
            parents = _parents(group)
            certain = any(part.own is None for parts in group.values() for part in parts)
            if not certain or len(parents) < 2 or len(alike[parents]) >= _MERGED:
                found.append(group)
                continue
            for other in alike[parents]:
                if self._exclusive({**other, **group}) is not None:
                    other.update(group)
                    break
            else:
                alike[parents].append({**group})
        return [*found, *(group for own in alike.values() for group in own)]

    def _add(self, parts: _Parts) -> None:
        if len(parts) == 1:
            ((atom, own),) = parts.items()
            self._add_one(atom, own)
            return
        rows = self._exclusive(parts)
        if rows is None:
            for atom in parts:
                self._add_one(atom, self._parts(atom, False, False))
            return
        variable = self._tabled(_parents(parts), rows)
        for number, atom in enumerate(parts):
            self._tests[atom] = variable, 1 << number

    def _parts(self, atom: int, shared: bool, own: bool = True) -> list[_Part]:
        """The rules of an atom that do not contradict themselves.

        Args:
            atom: The atom.
            shared: Whether other atoms of its group have other values of the same choices.
            own: Whether choices that no one else reads are told apart.
        """
        parts = (self._part(row, shared, own) for row in self._plain.rows[atom])
        return [part for part in parts if part is not None]

    def _part(self, row: Row, shared: bool, own: bool) -> _Part | None:
        choice: Test | None = None
        tests: dict[int, int] = {}
        for item in dict.fromkeys(row.body):
            slot, value = self._rules.values.get(item, (-1, -1))
            if slot in self._plain.certain:
                if value != self._plain.certain[slot]:
                    return None
                continue
            if choice is not None and choice[0] == slot:
                return None  # it needs two values of one choice
            if (
                own
                and choice is None
                and slot >= 0
                and self._plain.is_own(slot)
                and (shared or len(self._plain.uses[slot]) == 1)
            ):
                choice = slot, 1 << value
                continue
            test = self.test(item)
            if test is True:
                continue
            if test is False:
                return None
            variable, mask = test
            tests[variable] = mask & tests.get(variable, -1)
            if not tests[variable]:
                return None
        return _Part(tests, choice)

    def _exclusive(self, parts: Mapping[int, Sequence[_Part]]) -> list[Sequence[int]] | None:
        """Several atoms as the values of one variable: a row for all values of its parents; None if two rules hold."""
        cases: dict[tuple[Test, ...], list[tuple[int, Test | None]]] = defaultdict(list)
        for number, own in enumerate(parts.values()):
            for part in own:
                cases[tuple(sorted(part.tests.items()))].append((number, part.own))
        parents = _parents(parts)
        size = len(parts) + 1
        if size * self._combinations(parents) > _ENTRIES:
            return None
        rows: list[Sequence[int]] = [()] * self._combinations(parents)
        for key, chosen in cases.items():
            row = self._row(chosen, size)
            if row is None:
                return None
            for place in self._where(parents, dict(key)):
                if rows[place]:
                    return None
                rows[place] = row
        rows = [row or [*[FALSE] * len(parts), TRUE] for row in rows]
        if all(row[-1] == FALSE for row in rows):  # one of them always holds
            return [row[:-1] for row in rows]
        return rows

    def _combinations(self, parents: Sequence[int]) -> int:
        return prod([self.sizes[parent] for parent in parents])

    def _tabled(self, parents: Sequence[int], rows: Sequence[Sequence[int]]) -> int:
        """A variable with a row for all values of its parents."""
        variable = self._variable(len(rows[0]))
        named = (*parents, variable)
        self._put(variable, Table(named, tuple([self.sizes[one] for one in named]), [*chain.from_iterable(rows)]))
        return variable

    def _row(self, chosen: Sequence[tuple[int, Test | None]], size: int) -> list[int] | None:
        """The nodes of the values of a variable, then of none of them; None if two of them may hold together."""
        row = [FALSE] * size
        if any(own is None for _, own in chosen):
            if len(chosen) == 1:
                row[chosen[0][0]] = TRUE
            return row if len(chosen) == 1 else None
        slots = {own[0] for _, own in chosen if own is not None}
        if len(slots) > 1:
            return None
        positions = self._one_hot[slots.pop()]
        rest = [*positions]
        for number, own in chosen:
            position = positions[own[1].bit_length() - 1] if own else -1
            if row[number] != FALSE or position not in rest:
                return None
            row[number] = FALSE if position in self._rules.never else 2 + position
            rest.remove(position)
        row[-1] = self._any_of([position for position in rest if position not in self._rules.never])
        return row

    def _where(self, parents: Sequence[int], tests: Mapping[int, int]) -> list[int]:
        """The rows of a table that meet some tests."""
        places = [0]
        for parent in parents:
            size, mask = self.sizes[parent], tests.get(parent, -1)
            kept = [value for value in range(size) if mask >> value & 1]
            places = [place * size + value for place in places for value in kept]
        return places

    def _add_one(self, atom: int, parts: Sequence[_Part]) -> None:
        """One atom that is true where one of its rules holds."""
        if any(not part.tests and part.own is None for part in parts) or not parts:
            self._tests[atom] = bool(parts)
            return
        named = {variable for part in parts for variable in part.tests}
        if len(named) == 1 and all(part.own is None for part in parts):  # no more than a name for values of another
            (variable,) = named
            mask = 0
            for part in parts:
                mask |= part.tests[variable]
            self._tests[atom] = variable, mask
            return
        made = self._at_once(parts)
        if made is None:
            made = self._one_by_one(parts)
        self._tests[atom] = made, 0b10

    def _at_once(self, parts: Sequence[_Part]) -> int | None:
        """All rules in one table, if that is small and only one of those with choices holds at a time."""
        parents = tuple(sorted({variable for part in parts for variable in part.tests}))
        if len(parents) > 2 * _TESTS or 2 * self._combinations(parents) > _ENTRIES:
            return None
        rows: list[Sequence[int]] = [()] * self._combinations(parents)
        for part in sorted(parts, key=lambda part: part.own is not None):
            row = (FALSE, TRUE) if part.own is None else self._chance(part.own)
            for place in self._where(parents, part.tests):
                if part.own is None or not rows[place]:
                    rows[place] = row
                elif rows[place] != (FALSE, TRUE):
                    return None
        return self._tabled(parents, [row or (TRUE, FALSE) for row in rows])

    def _chance(self, own: Test) -> tuple[int, int]:
        """The nodes of a choice's having none of some values, and one of them."""
        slot, mask = own
        positions = self._one_hot[slot]
        yes = [position for value, position in enumerate(positions) if mask >> value & 1]
        return self._any_of([position for position in positions if position not in yes]), self._any_of(yes)

    def _one_by_one(self, parts: Sequence[_Part]) -> int:
        """A variable for each rule: whether it or one of those before it holds."""
        last: int | None = None
        for part in parts:
            tests = self._shortened(part.tests)
            parents: tuple[int, ...] = tuple(sorted([*tests, *([] if last is None else [last])]))
            if 2 * self._combinations(parents) > _ENTRIES:
                raise NoFamiliesError
            rows: list[Sequence[int]] = [(TRUE, FALSE)] * self._combinations(parents)
            row = (FALSE, TRUE) if part.own is None else self._chance(part.own)
            for place in self._where(parents, tests):
                rows[place] = row
            for place in self._where(parents, {last: 0b10}) if last is not None else ():
                rows[place] = FALSE, TRUE
            last = self._tabled(parents, rows)
        if last is None:
            raise NoFamiliesError
        return last

    def _shortened(self, tests: Mapping[int, int]) -> dict[int, int]:
        """As many tests as one table holds; those before are a variable of their own."""
        rest = [*tests.items()]
        while len(rest) > _TESTS:
            made = self._one_by_one([_Part(dict(rest[:_TESTS]), None)])
            rest = [*rest[_TESTS:], (made, 0b10)]
        return dict(rest)
