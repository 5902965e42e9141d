"""Families: a program without circles as tables over variables, as a Bayesian network has them.

Atoms that exclude each other are the values of one variable, and a table says for all values of its parents how
probable each of its own is: the value of a choice, or none. In the literature: conditional probability tables (CPT).
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from math import prod
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..grounding.components import components
from ..grounding.rules import GroundRules, Row
from ..grounding.sums import FALSE, TRUE

Nodes = NDArray[np.int64]
Test = tuple[int, int]
"""A variable and the values that it may have, as a bit mask."""

_ENTRIES = 1 << 16  # of a table
_TESTS = 6  # that a rule states in one table


class Table(NamedTuple):
    """A node of the circuit for each values of some variables.

    Args:
        variables: Ascending.
        nodes: An axis for each variable.
    """

    variables: tuple[int, ...]
    nodes: Nodes


class NoFamiliesError(Exception):
    """A program with circles, or with a rule that has no table of bearable size."""


class _Part(NamedTuple):
    """A rule: what it tests of variables, and the values of a choice of its own that it needs, or ``None``."""

    tests: dict[int, int]
    own: Test | None


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
        self.sizes: list[int] = []
        self.tables: list[Table] = []
        self.parents: list[tuple[int, ...]] = []
        self._tests: dict[int, Test | bool] = {}
        self._slots: dict[int, int] = {}
        self._names: dict[int, int] = {}  # of atoms that say no more than a leaf
        self._rows: dict[int, Sequence[Row]] = {}
        for rows in rules.circles:
            if any(row.head != rows[0].head or row.head in row.body for row in rows):
                raise NoFamiliesError
            if len(rows) == len(rows[0].body) == 1 and rows[0].body[0] in rules.values:
                self._names[rows[0].head] = rows[0].body[0]
            else:
                self._rows[rows[0].head] = [
                    Row(clause, head, tuple([self._names.get(item, item) for item in body]))
                    for clause, head, body in rows
                ]
        self._uses: dict[int, list[Row]] = defaultdict(list)
        for rows in self._rows.values():
            for row in rows:
                for slot in {rules.values[item][0] for item in row.body if item in rules.values}:
                    self._uses[slot].append(row)
        denied = [
            rules.denied[item]
            for rows in self._rows.values()
            for row in rows
            for item in row.body
            if item in rules.denied
        ]
        asked = [*rules.outputs, *(atom for atom, _ in rules.evidence), *denied]
        self._shared = {rules.values[self._names[atom]][0] for atom in asked if atom in self._names}
        for group in self._groups():
            self._add(group)

    def test(self, item: int) -> Test | bool:
        """What an atom or a leaf says of a variable, or that it always or never holds."""
        if item in self._rules.values:
            slot, value = self._rules.values[item]
            return self._slot(slot), 1 << value
        if item >= 0:
            return self.test(self._names[item]) if item in self._names else self._tests.get(item, False)
        if item not in self._rules.denied:
            return True
        return self.contrary(self.test(self._rules.denied[item]))

    def contrary(self, test: Test | bool) -> Test | bool:
        """Where a test fails."""
        if isinstance(test, bool):
            return not test
        variable, mask = test
        return variable, ~mask & ((1 << self.sizes[variable]) - 1)

    def _groups(self) -> list[list[int]]:
        """The atoms in groups that share choices, each after those that it rests on."""
        leader = {atom: atom for atom in self._rows}

        def found(atom: int) -> int:
            while leader[atom] != atom:
                leader[atom] = leader[leader[atom]]
                atom = leader[atom]
            return atom

        for slot, rows in self._uses.items():
            if len(rows) > 1 and self._is_own(slot):
                for row in rows[1:]:
                    leader[found(row.head)] = found(rows[0].head)
        members: dict[int, list[int]] = defaultdict(list)
        for atom in self._rows:
            members[found(atom)].append(atom)
        while True:
            group_of = {atom: name for name, atoms in members.items() for atom in atoms}
            reads = {
                name: [*dict.fromkeys([group_of[item] for item in self._read(atoms) if item in group_of])]
                for name, atoms in members.items()
            }
            order = components(reads)
            knots = [name for names in order for name in names if len(names) > 1 or name in reads[name]]
            if not knots:
                return [members[names[0]] for names in order]
            for name in knots:  # one that rests on itself is no variable
                for atom in members.pop(name):
                    members[atom] = [atom]

    def _read(self, atoms: Iterable[int]) -> Iterable[int]:
        denied = self._rules.denied
        return (denied.get(item, item) for atom in atoms for row in self._rows[atom] for item in row.body)

    def _is_own(self, slot: int) -> bool:
        """Whether a slot is read by rules with nothing else in their bodies that differs, each value of it alone."""
        if slot in self._shared:
            return False
        values = self._rules.values
        rests = {tuple(item for item in row.body if values.get(item, (-1,))[0] != slot) for row in self._uses[slot]}
        return len(rests) == 1

    def _slot(self, slot: int) -> int:
        """The variable of a slot."""
        if slot not in self._slots:
            variable = self._slots[slot] = self._variable(len(self._one_hot[slot]))
            self._put(variable, Table((variable,), 2 + np.array(self._one_hot[slot], dtype=np.int64)))
        return self._slots[slot]

    def _variable(self, size: int) -> int:
        self.sizes.append(size)
        self.tables.append(Table((), np.array(TRUE, dtype=np.int64)))
        self.parents.append(())
        return len(self.sizes) - 1

    def _put(self, variable: int, table: Table) -> None:
        self.tables[variable] = table
        self.parents[variable] = tuple(one for one in table.variables if one != variable)

    def _add(self, atoms: Sequence[int]) -> None:
        parts = {atom: self._parts(atom, len(atoms) > 1) for atom in atoms}
        if len(atoms) == 1:
            self._add_one(atoms[0], parts[atoms[0]])
        elif not self._add_exclusive(parts):
            for atom in atoms:
                self._add_one(atom, self._parts(atom, False, False))

    def _parts(self, atom: int, shared: bool, own: bool = True) -> list[_Part]:
        """The rules of an atom that do not contradict themselves.

        Args:
            atom: The atom.
            shared: Whether other atoms of its group have other values of the same choices.
            own: Whether choices that no one else reads are told apart.
        """
        parts = (self._part(row, shared, own) for row in self._rows[atom])
        return [part for part in parts if part is not None]

    def _part(self, row: Row, shared: bool, own: bool) -> _Part | None:
        choice: Test | None = None
        tests: dict[int, int] = {}
        for item in dict.fromkeys(row.body):
            slot, value = self._rules.values.get(item, (-1, -1))
            if choice is not None and choice[0] == slot:
                return None  # it needs two values of one choice
            if own and choice is None and slot >= 0 and self._is_own(slot) and (shared or len(self._uses[slot]) == 1):
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

    def _add_exclusive(self, parts: Mapping[int, Sequence[_Part]]) -> bool:
        """Several atoms as the values of one variable, if no two rules of different choices hold together."""
        cases: dict[tuple[Test, ...], dict[tuple[int, ...], list[tuple[int, int]]]] = {}
        for number, own in enumerate(parts.values()):
            for part in own:
                if part.own is None:
                    return False
                key = tuple(sorted(part.tests.items()))
                cases.setdefault(key, {}).setdefault((part.own[0],), []).append((number, part.own[1]))
        if any(len(choices) > 1 for choices in cases.values()):
            return False
        parents = tuple(sorted({variable for key in cases for variable, _ in key}))
        shape = [self.sizes[parent] for parent in parents]
        size = len(parts) + 1
        if prod(shape) * size > _ENTRIES:
            return False
        nodes = np.full((*shape, size), FALSE, dtype=np.int64)
        nodes[..., -1] = TRUE
        covered = np.zeros(shape, dtype=np.int64)
        for key, choices in cases.items():
            (((slot,), values),) = choices.items()
            where = self._where(parents, shape, dict(key))
            covered[where] += 1
            by_atom = [FALSE] * size
            positions = self._one_hot[slot]
            rest = [*positions]
            for number, mask in values:
                position = positions[mask.bit_length() - 1]
                if by_atom[number] != FALSE or position not in rest:
                    return False
                by_atom[number] = 2 + position
                rest.remove(position)
            by_atom[-1] = self._any_of(rest) if rest else FALSE
            nodes[where] = by_atom
        if covered.size and covered.max() > 1:
            return False
        variable = self._variable(size)
        self._put(variable, Table((*parents, variable), nodes))
        for number, atom in enumerate(parts):
            self._tests[atom] = variable, 1 << number
        return True

    def _where(
        self, parents: Sequence[int], shape: Sequence[int], tests: Mapping[int, int]
    ) -> tuple[NDArray[np.int64], ...]:
        """The entries of a table that meet some tests."""
        kept = [
            [value for value in range(size) if tests.get(parent, -1) >> value & 1]
            for parent, size in zip(parents, shape, strict=True)
        ]
        return np.ix_(*kept) if kept else ()

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
        shape = [self.sizes[parent] for parent in parents]
        if len(parents) > 2 * _TESTS or 2 * prod(shape) > _ENTRIES:
            return None
        nodes = np.empty((*shape, 2), dtype=np.int64)
        nodes[...] = TRUE, FALSE
        chosen = np.zeros(shape, dtype=np.int64)
        certain = np.zeros(shape, dtype=bool)
        for part in parts:
            where = self._where(parents, shape, part.tests)
            if part.own is None:
                certain[where] = True
            else:
                chosen[where] += 1
                nodes[where] = self._chance(part.own)
        if chosen.size and (chosen[~certain] > 1).any():
            return None
        nodes[certain] = FALSE, TRUE
        variable = self._variable(2)
        self._put(variable, Table((*parents, variable), nodes))
        return variable

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
            shape = [self.sizes[parent] for parent in parents]
            if 2 * prod(shape) > _ENTRIES:
                raise NoFamiliesError
            nodes = np.empty((*shape, 2), dtype=np.int64)
            nodes[...] = TRUE, FALSE
            nodes[self._where(parents, shape, tests)] = (FALSE, TRUE) if part.own is None else self._chance(part.own)
            if last is not None:
                nodes[self._where(parents, shape, {last: 0b10})] = FALSE, TRUE
            last = self._variable(2)
            self._put(last, Table((*parents, last), nodes))
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
