"""Ground rules: what a rule instance is, what is certain of them, and their order."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import NamedTuple

from .components import components
from .errors import QueryError
from .program import Program


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
        circle: Number of its group; instances whose heads rest on each other share one.
    """

    clause: int
    line: int
    head: int
    body: tuple[Support, ...]
    circle: int = -1


def atoms_of(body: Iterable[Support]) -> Iterator[int]:
    """The atoms that a body names, denied or not."""
    for support in body:
        if isinstance(support, int):
            yield support
        elif isinstance(support, Negation):
            yield from (part for part in support.of if isinstance(part, int))


def relevant(instances: Sequence[Instance], roots: Sequence[int]) -> list[Instance]:
    """The instances that the roots rest on, nearest first."""
    by_head: dict[int, list[Instance]] = {}
    for instance in instances:
        by_head.setdefault(instance.head, []).append(instance)
    kept: list[Instance] = []
    todo, seen = list(roots), set(roots)
    for atom in todo:  # grows
        for instance in by_head.get(atom, ()):
            kept.append(instance)
            for other in atoms_of(instance.body):
                if other not in seen:
                    seen.add(other)
                    todo.append(other)
    return kept


class _Needs(NamedTuple):
    """What an instance needs: atoms, any slot, and what must not hold."""

    head: int
    atoms: set[int]
    slots: bool
    denied: list[Support]


def _needs(instance: Instance) -> _Needs:
    atoms: set[int] = set()
    denied: list[Support] = []
    slots = False
    for support in instance.body:
        if isinstance(support, int):
            atoms.add(support)
        elif isinstance(support, SlotValue):
            slots = True
        else:
            denied += support.of
    return _Needs(instance.head, atoms, slots, denied)


def _settle(instances: Sequence[_Needs]) -> tuple[set[int], set[int]]:
    """Which atoms are true in every world, and which may be true in some: an alternating fixpoint.

    Returns:
        Bounds: no atom outside the second set is ever true, every atom of the first always is.
    """
    stratum = not any(one.denied for one in instances)  # then neither bound rests on the other
    certain: set[int] = set()
    while True:
        possible = _least(instances, certain, None)
        grown = _least(instances, None, possible)
        if stratum or grown == certain:
            return grown, possible
        certain = grown


def _least(instances: Sequence[_Needs], denied: set[int] | None, possible: set[int] | None) -> set[int]:
    """The least model where slots hold and only atoms in ``denied`` defeat a negation (an upper bound), or, with
    ``possible``, where no slot holds and every atom in it defeats a negation (a lower bound).
    """  # noqa: D205
    waiting: dict[int, list[int]] = {}
    missing = [0] * len(instances)
    found: set[int] = set()
    todo: list[int] = []
    for number, one in enumerate(instances):
        if possible is None:
            alive = not any(isinstance(part, int) and part in (denied or ()) for part in one.denied)
        else:
            alive = not one.slots and _false(one.denied, possible)
        if alive:
            missing[number] = len(one.atoms)
            for atom in one.atoms:
                waiting.setdefault(atom, []).append(number)
            if not one.atoms and one.head not in found:
                found.add(one.head)
                todo.append(one.head)
    while todo:
        for number in waiting.get(todo.pop(), ()):
            missing[number] -= 1
            head = instances[number].head
            if not missing[number] and head not in found:
                found.add(head)
                todo.append(head)
    return found


def _false(denied: Iterable[Support], possible: set[int]) -> bool:
    """Whether none of these can ever be true."""
    return all(isinstance(part, int) and part not in possible for part in denied)


def in_order(instances: Sequence[Instance], atoms: dict[int, str], program: Program) -> list[Instance]:
    """The instances that can hold, each group of circles after those it rests on.

    Of an atom that is certain only the instances are kept that are certain themselves.

    Raises:
        QueryError: if an atom rests on its own negation.
    """
    needs = [_needs(instance) for instance in instances]
    certain, possible = _settle(needs)
    by_head: dict[int, list[Instance]] = {}
    for instance, needed in zip(instances, needs, strict=True):
        if _alive(needed, certain, possible):
            kept = _reduced(instance, possible) if needed.denied else instance
            by_head.setdefault(instance.head, []).append(kept)
    reads = {
        head: [atom for atom in chain.from_iterable(atoms_of(i.body) for i in group) if atom in by_head]
        for head, group in by_head.items()
    }
    ordered: list[Instance] = []
    for number, circle in enumerate(components(reads)):
        _refuse_negative_circle(circle, by_head, atoms, program)
        ordered += [instance._replace(circle=number) for atom in circle for instance in by_head[atom]]
    return ordered


def _alive(needed: _Needs, certain: set[int], possible: set[int]) -> bool:
    if not needed.atoms <= possible or any(isinstance(part, int) and part in certain for part in needed.denied):
        return False
    return needed.head not in certain or (
        not needed.slots and needed.atoms <= certain and _false(needed.denied, possible)
    )


def _reduced(instance: Instance, possible: set[int]) -> Instance:
    """Without what a negation denies in vain; the negation itself stays, for the proof."""
    body = tuple(
        Negation(tuple(part for part in support.of if not isinstance(part, int) or part in possible))
        if isinstance(support, Negation)
        else support
        for support in instance.body
    )
    return instance._replace(body=body)


def _refuse_negative_circle(
    circle: Sequence[int], by_head: dict[int, list[Instance]], atoms: dict[int, str], program: Program
) -> None:
    inside = set(circle)
    for instance in (instance for atom in circle for instance in by_head[atom]):
        for support in instance.body:
            if isinstance(support, Negation) and inside & set(atoms_of([support])):
                raise QueryError(
                    f"{program.where(instance.clause)}: not stratified: '{atoms[instance.head]}' rests on its own "
                    f"negation, so it is neither true nor false; break the circle through \\+"
                )
