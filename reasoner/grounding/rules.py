"""Ground rules: what a rule instance is, which can hold, and their order.

In the literature: the alternating fixpoint of the well-founded semantics (Van Gelder, 1989); stratification.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from itertools import accumulate, chain, pairwise
from typing import NamedTuple

from ..errors import QueryError
from ..prolog.program import Program
from .components import components


class SlotValue(NamedTuple):
    """The fact that a slot has a value, as ``digit(0,3)``."""

    domain: str
    slot: int
    value: int | str

    @property
    def name(self) -> str:
        """The name of its circuit input, ``digit(0)=3``."""
        return f"{self.domain}({self.slot})={self.value}"


class Negation(NamedTuple):
    """None of these atoms or slot values is true."""

    of: tuple["int | SlotValue", ...]


Support = int | SlotValue | Negation
"""What a rule instance rests on: an atom (its number), a slot's value, or a negation."""


class Instance(NamedTuple):
    """A ground instance of a clause: one AND gate.

    Args:
        clause: Number of the clause in the program; -1 for what a negation denies, clauses of the library come last.
        line: Its line, or 0.
        head: Number of the atom it supports.
        body: What it rests on: built-ins and what is certain left out, the choice of a probabilistic clause last.
    """

    clause: int
    line: int
    head: int
    body: tuple[Support, ...]


class Row(NamedTuple):
    """A rule instance in numbers.

    Args:
        clause: As in :class:`Instance`.
        head: As in :class:`Instance`.
        body: Atoms from 0 upwards; leaves, which are slot values and negations, from -1 downwards.
    """

    clause: int
    head: int
    body: tuple[int, ...]


class GroundRules(NamedTuple):
    """A ground program in numbers, and what is asked of it.

    Args:
        circles: Rule instances in groups, each resting on itself and on groups before it.
        values: The slot and the number of the value that a leaf stands for.
        denied: The atom that a leaf denies, for the leaves that are negations; any other leaf denies nothing.
        sizes: How many values each slot has.
        outputs: Atoms.
        evidence: Atoms and their observed truth; if there are any, every output implies them, and one more output
            says whether they hold.
        never: Positions of inputs that have probability 0 in every sample.
    """

    circles: Sequence[Sequence[Row]]
    values: Mapping[int, tuple[int, int]]
    denied: Mapping[int, int]
    sizes: tuple[int, ...]
    outputs: tuple[int, ...]
    evidence: tuple[tuple[int, bool], ...]
    never: frozenset[int] = frozenset()

    @property
    def one_hot(self) -> tuple[range, ...]:
        """The positions of each slot's values among the inputs."""
        ends = [*accumulate(self.sizes, initial=0)]
        return tuple(range(start, end) for start, end in pairwise(ends))


def denied_by(leaves: Sequence[Support]) -> dict[int, int]:
    """The atom that each negation among the leaves denies, by the leaf's number."""
    return {
        number: atom
        for number, leaf in enumerate(leaves, -len(leaves))
        if isinstance(leaf, Negation)
        for atom in leaf.of
        if isinstance(atom, int)
    }


def relevant(rows: Sequence[Row], denied: Mapping[int, int], roots: Sequence[int]) -> list[Row]:
    """The rows that the roots rest on, nearest first.

    Args:
        rows: Each once.
        denied: The atom that a leaf denies, for the leaves that are negations.
        roots: Atoms.
    """
    by_head: defaultdict[int, list[Row]] = defaultdict(list)
    for row in rows:
        by_head[row.head].append(row)
    kept: list[Row] = []
    todo, seen = list(roots), set(roots)
    for atom in todo:  # grows
        group = by_head.get(atom, ())
        kept += group
        for item in dict.fromkeys(chain.from_iterable([row.body for row in group])):
            other = denied.get(item, item)
            if other >= 0 and other not in seen:
                seen.add(other)
                todo.append(other)
    return kept


class _Needs(NamedTuple):
    """What rows of one head need: atoms, any slot, and atoms that must not hold."""

    head: int
    atoms: tuple[int, ...]
    slots: bool
    denied: tuple[int, ...]


def _needs(rows: Sequence[Row], denied: Mapping[int, int]) -> tuple[list[_Needs], list[int]]:
    """What rows need, each need once, and the number of each row's."""
    known: dict[tuple[int, tuple[int, ...], bool, tuple[int, ...]], int] = {}
    own: list[int] = []
    for _, head, body in rows:
        atoms = tuple([item for item in body if item >= 0])
        others = tuple([denied[item] for item in body if item in denied]) if denied else ()
        key = head, atoms, len(atoms) + len(others) < len(body), others
        own.append(known.setdefault(key, len(known)))
    return [_Needs(*key) for key in known], own


def _settle(needs: Sequence[_Needs]) -> tuple[set[int], set[int]]:
    """Which atoms are true in every world, and which may be true in some: an alternating fixpoint.

    Returns:
        Bounds: no atom outside the second set is ever true, every atom of the first always is.
    """
    stratum = not any(one.denied for one in needs)  # then neither bound rests on the other
    certain: set[int] = set()
    while True:
        possible = _least([one for one in needs if certain.isdisjoint(one.denied)])
        grown = _least([one for one in needs if not one.slots and possible.isdisjoint(one.denied)])
        if stratum or grown == certain:
            return grown, possible
        certain = grown


def _least(needs: Sequence[_Needs]) -> set[int]:
    """The least model of the rules, their slots and negations granted."""
    found = {one.head for one in needs if not one.atoms}
    if not found:
        return found
    waiting: defaultdict[int, list[int]] = defaultdict(list)
    missing: list[int] = []
    for number, one in enumerate(needs):
        atoms = set(one.atoms) if len(one.atoms) > 1 else one.atoms
        missing.append(len(atoms))
        for atom in atoms:
            waiting[atom].append(number)
    todo = list(found)
    while todo:
        for number in waiting.get(todo.pop(), ()):
            missing[number] -= 1
            head = needs[number].head
            if not missing[number] and head not in found:
                found.add(head)
                todo.append(head)
    return found


class Ordered(NamedTuple):
    """The rows that can hold.

    Args:
        circles: In groups: the heads of one group rest on each other, and on groups before it.
        possible: The atoms that may be true in some world.
    """

    circles: list[list[Row]]
    possible: set[int]


def in_order(rows: Sequence[Row], denied: Mapping[int, int], atoms: Mapping[int, str], program: Program) -> Ordered:
    """The rows that can hold, each group of circles after those it rests on.

    Of an atom that is certain only the rows are kept that are certain themselves.

    Args:
        rows: Each once.
        denied: The atom that a leaf denies, for the leaves that are negations.
        atoms: Their texts.
        program: For its lines.

    Raises:
        QueryError: if an atom rests on its own negation.
    """
    if not denied and (plain := _plain_order(rows)):
        return plain
    needs, own = _needs(rows, denied)
    certain, possible = _settle(needs)
    alive = [_alive(one, certain, possible) for one in needs]
    by_head: defaultdict[int, list[Row]] = defaultdict(list)
    for row, number in zip(rows, own, strict=True):
        if alive[number]:
            by_head[row.head].append(row)
    reads: dict[int, list[int]] = {head: [] for head in by_head}
    for one, lives in zip(needs, alive, strict=True):
        if lives:
            reads[one.head] += [atom for atom in (*one.atoms, *one.denied) if atom in by_head]
    found: list[list[Row]] = []
    for circle in components({head: list(dict.fromkeys(others)) for head, others in reads.items()}):
        group = [row for atom in circle for row in by_head[atom]]
        _refuse_negative_circle(set(circle), group, denied, atoms, program)
        found.append(group)
    return Ordered(found, possible)


def _plain_order(rows: Sequence[Row]) -> Ordered | None:
    """The order of rows none of which holds in every world and that support each other in no circle; else None."""
    by_head: defaultdict[int, list[Row]] = defaultdict(list)
    for row in rows:
        if not row.body:
            return None
        by_head[row.head].append(row)
    reads = {
        head: list(dict.fromkeys([item for row in own for item in row.body if item >= 0]))
        for head, own in by_head.items()
    }
    if any(atom not in by_head for atoms in reads.values() for atom in atoms):
        return None
    circles = components(reads)
    if any(len(circle) > 1 or circle[0] in reads[circle[0]] for circle in circles):
        return None
    return Ordered([by_head[atom] for (atom,) in circles], set(by_head))


def _alive(needed: _Needs, certain: set[int], possible: set[int]) -> bool:
    if not possible.issuperset(needed.atoms) or not certain.isdisjoint(needed.denied):
        return False
    return needed.head not in certain or (
        not needed.slots and certain.issuperset(needed.atoms) and possible.isdisjoint(needed.denied)
    )


def _refuse_negative_circle(
    circle: set[int], rows: Sequence[Row], denied: Mapping[int, int], atoms: Mapping[int, str], program: Program
) -> None:
    for clause, head, body in rows if denied else ():
        if any(denied[item] in circle for item in body if item in denied):
            raise QueryError(
                f"{program.where(clause)}: not stratified: '{atoms[head]}' rests on its own negation, so it is neither "
                f"true nor false; break the circle through \\+"
            )
