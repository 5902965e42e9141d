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
        if isinstance(support, Negation):
            yield from (part for part in support.of if isinstance(part, int))
        elif isinstance(support, int):
            yield support


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


def settle(instances: Sequence[Instance]) -> tuple[set[int], set[int]]:
    """Which atoms are true in every world, and which may be true in some: an alternating fixpoint.

    Returns:
        Bounds: no atom outside the second set is ever true, every atom of the first always is.
    """
    certain: set[int] = set()
    while True:
        possible = _least(instances, certain, None)
        grown = _least(instances, None, possible)
        if grown == certain:
            return certain, possible
        certain = grown


def _least(instances: Sequence[Instance], denied: set[int] | None, possible: set[int] | None) -> set[int]:
    """The least model where slots hold and only atoms in ``denied`` defeat a negation (an upper bound), or, with
    ``possible``, where no slot holds and every atom in it defeats a negation (a lower bound).
    """  # noqa: D205
    waiting: dict[int, list[int]] = {}
    missing: list[int] = []
    found: set[int] = set()
    todo: list[int] = []
    for number, instance in enumerate(instances):
        missing.append(0)
        alive = True
        needs: set[int] = set()
        for support in instance.body:
            if isinstance(support, int):
                needs.add(support)
            elif isinstance(support, SlotValue):
                alive = alive and possible is None
            elif possible is None:
                alive = alive and not any(isinstance(part, int) and part in (denied or ()) for part in support.of)
            else:
                alive = alive and all(isinstance(part, int) and part not in possible for part in support.of)
        if alive:
            missing[number] = len(needs)
            for atom in needs:
                waiting.setdefault(atom, []).append(number)
            if not needs and instance.head not in found:
                found.add(instance.head)
                todo.append(instance.head)
    while todo:
        for number in waiting.get(todo.pop(), ()):
            missing[number] -= 1
            head = instances[number].head
            if not missing[number] and head not in found:
                found.add(head)
                todo.append(head)
    return found


def in_order(instances: Sequence[Instance], atoms: dict[int, str], program: Program) -> list[Instance]:
    """The instances that can hold, each group of circles after those it rests on.

    Of an atom that is certain only the instances are kept that are certain themselves.

    Raises:
        QueryError: if an atom rests on its own negation.
    """
    certain, possible = settle(instances)
    by_head: dict[int, list[Instance]] = {}
    for instance in instances:
        if _alive(instance, certain, possible):
            by_head.setdefault(instance.head, []).append(_reduced(instance, possible))
    reads = {
        head: [atom for atom in chain.from_iterable(atoms_of(i.body) for i in group) if atom in by_head]
        for head, group in by_head.items()
    }
    ordered: list[Instance] = []
    for number, circle in enumerate(components(reads)):
        _refuse_negative_circle(circle, by_head, atoms, program)
        ordered += [instance._replace(circle=number) for atom in circle for instance in by_head[atom]]
    return ordered


def _alive(instance: Instance, certain: set[int], possible: set[int]) -> bool:
    for support in instance.body:
        if isinstance(support, int) and support not in possible:
            return False
        if isinstance(support, Negation) and any(isinstance(part, int) and part in certain for part in support.of):
            return False
    return instance.head not in certain or all(
        support in certain
        if isinstance(support, int)
        else isinstance(support, Negation)
        and all(isinstance(part, int) and part not in possible for part in support.of)
        for support in instance.body
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
