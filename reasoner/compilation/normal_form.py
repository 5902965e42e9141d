"""Which sums of products can be counted as they stand: decomposable and deterministic ones (d-DNNF).

In the literature: d-DNNF (deterministic, decomposable negation normal form).
"""

from collections.abc import Sequence
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING

from ..errors import CountingError
from ..grounding.sums import Case, Sums
from .exclusivity import Exclusivity

if TYPE_CHECKING:
    from logic import Circuit


def is_countable(circuit: "Circuit") -> bool:
    """Whether a circuit can be counted without a decision diagram: as sums of products that can be.

    Raises:
        CountingError: if an input stands in no one-hot group.
    """
    from ..grounding.circuit_sums import sums_of

    check_inputs(circuit)
    sums = sums_of(circuit)
    return sums is not None and are_countable(sums)


def check_inputs(circuit: "Circuit") -> None:
    """Refuse a circuit whose inputs are not all values of slots.

    Raises:
        CountingError: naming the input.
    """
    if circuit.register_names:
        raise CountingError("a circuit with registers cannot be counted; unroll it first")
    covered = {position for group in circuit.one_hot for position in group}
    for position, name in enumerate(circuit.inputs):
        if position not in covered:
            raise CountingError(f"input '{name}' belongs to no one-hot group; declare a slot with two values for it")


def are_countable(sums: Sums) -> bool:
    """Whether sums and products give exact probabilities.

    Every product must be over different slots (decomposable), and the cases of every sum must be proved to exclude
    each other (deterministic; the proof is sufficient, not necessary).

    References:
        Darwiche and Marquis, "A knowledge compilation map", JAIR 17 (2002).
    """
    scopes = _Scopes(sums)
    doubtful: list[int] = []
    for number, cases in enumerate(sums.nodes, sums.first):
        values = scopes.add(cases)
        if values is None:
            return False
        told_apart = values and len({case[:values] for case in cases}) == len(cases)  # most are, by these alone
        if not told_apart and len(cases) > 1 and number not in sums.exclusive:
            doubtful.append(number)
    exclusivity = Exclusivity(sums)
    return all(map(exclusivity.of, doubtful))


class _Scopes:
    """The slots below each node; nodes above the same slots are of one kind, and an input is of its slot's kind."""

    def __init__(self, sums: Sums) -> None:
        self._slots = len(sums.one_hot)
        self._kind_of = [0, 0, *sums.slot_of]
        self._kinds: dict[int, int] = {}  # of each set of slots that a sum has below it, as a mask
        self._below = [1 << slot for slot in range(self._slots)]  # of each kind, as such a mask
        self._known: dict[tuple[int, ...], int] = {}  # the same of each shape

    def add(self, cases: Sequence[Case]) -> int | None:
        """Takes note of the next node.

        Returns:
            How many factors all cases begin with that are values, of the same slots in each; None if factors of a case
            share a slot.
        """
        kind_of = self._kind_of
        shapes = {tuple([kind_of[one] for one in case]) for case in cases}
        union = 0
        for shape in shapes:
            if shape not in self._known:
                below = [self._below[kind] for kind in shape]
                self._known[shape] = reduce(or_, below)
                if sum(below) != self._known[shape]:
                    return None
            union |= self._known[shape]
        if union not in self._kinds:
            self._kinds[union] = len(self._below)
            self._below.append(union)
        kind_of.append(self._kinds[union])
        return sum(kind < self._slots for kind in shapes.pop()) if len(shapes) == 1 else 0
