"""Family groups: which atoms may be the values of one variable, because rules of theirs share a choice."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from ..grounding.components import components
from ..grounding.rules import GroundRules, Row


class NoFamiliesError(Exception):
    """A program with circles, or with a rule that has no table of bearable size."""


class PlainRules:
    """The rules of a program without circles, where atoms that are no more than a value of a choice are that value.

    Args:
        rules: The ground program.

    Attributes:
        names: The leaf of each atom that says no more than it.
        rows: The rules of each other atom.
        uses: The rules that read each choice.
        certain: The choices with one value that can be, and this value.

    Raises:
        NoFamiliesError: if atoms support each other.
    """

    def __init__(self, rules: GroundRules) -> None:
        self._rules = rules
        self.certain: dict[int, int] = {}
        for slot, group in enumerate(rules.one_hot):
            possible = [value for value, position in enumerate(group) if position not in rules.never]
            if len(possible) == 1:
                self.certain[slot] = possible[0]
        self.names: dict[int, int] = {}
        self.rows: dict[int, Sequence[Row]] = {}
        for rows in rules.circles:
            if any(row.head != rows[0].head or row.head in row.body for row in rows):
                raise NoFamiliesError
            if len(rows) == len(rows[0].body) == 1 and rows[0].body[0] in rules.values:
                self.names[rows[0].head] = rows[0].body[0]
            else:
                self.rows[rows[0].head] = [
                    Row(clause, head, tuple([self.names.get(item, item) for item in body]))
                    for clause, head, body in rows
                ]
        every = [row for rows in self.rows.values() for row in rows]
        self.uses: dict[int, list[Row]] = defaultdict(list)
        for row in every:
            for slot in {rules.values[item][0] for item in row.body if item in rules.values}:
                self.uses[slot].append(row)
        denied = [rules.denied[item] for row in every for item in row.body if item in rules.denied]
        asked = [*rules.outputs, *(atom for atom, _ in rules.evidence), *denied]
        self._shared = {rules.values[self.names[atom]][0] for atom in asked if atom in self.names}
        self._own: dict[int, bool] = {}

    def is_own(self, slot: int) -> bool:
        """Whether nothing else reads a choice than rules with one and the same rest of their bodies."""
        if slot not in self._own:
            values = self._rules.values
            rests = {tuple(item for item in row.body if values.get(item, (-1,))[0] != slot) for row in self.uses[slot]}
            self._own[slot] = len(rests) == 1 and slot not in self._shared
        return self._own[slot]

    def groups(self) -> list[list[list[int]]]:
        """The atoms in groups that share choices, and these in layers, each after those that it rests on."""
        leader = {atom: atom for atom in self.rows}

        def found(atom: int) -> int:
            while leader[atom] != atom:
                leader[atom] = leader[leader[atom]]
                atom = leader[atom]
            return atom

        for slot, rows in self.uses.items():
            if len(rows) > 1 and self.is_own(slot):
                for row in rows[1:]:
                    leader[found(row.head)] = found(rows[0].head)
        members: dict[int, list[int]] = defaultdict(list)
        for atom in self.rows:
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
                depth: dict[int, int] = {}
                layers: dict[int, list[list[int]]] = defaultdict(list)
                for (name,) in order:
                    depth[name] = 1 + max([depth[other] for other in reads[name]], default=0)
                    layers[depth[name]].append(members[name])
                return [layers[number] for number in sorted(layers)]
            for name in knots:  # one that rests on itself is no variable
                for atom in members.pop(name):
                    members[atom] = [atom]

    def _read(self, atoms: Iterable[int]) -> Iterable[int]:
        denied = self._rules.denied
        return (denied.get(item, item) for atom in atoms for row in self.rows[atom] for item in row.body)
