"""What holds in many worlds at once: the rules of a ground program over 64 worlds a word."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from ..grounding.grounding import Grounding
from ..grounding.rules import Negation, Row, SlotValue

Words = NDArray[np.uint64]
"""One bit for each world."""


class Evaluation:
    r"""A ground program, made ready to be evaluated in worlds.

    Args:
        grounding: The program.

    Example:
        >>> from reasoner import Program, ground
        >>> found = ground(Program.parse("0.5::a. 0.5::b. c :- a, \\+ b. query(c)."))
        >>> values = np.array([[0, 0, 1, 1], [0, 1, 0, 1]])  # of a and b: 0 is true, 1 is none of their heads
        >>> evaluation = Evaluation(found)
        >>> evaluation.bits(evaluation.truths(values)[found.answers[0].atom], 4).tolist()
        [False, True, False, False]
    """

    def __init__(self, grounding: Grounding) -> None:
        self._grounding = grounding
        place = {(slot.domain.name, slot.number): number for number, slot in enumerate(grounding.slots)}
        self._chosen: dict[int, tuple[int, int]] = {}  # leaf to slot and value
        self._denied: dict[int, int] = {}
        self._always: list[int] = []
        for number, leaf in enumerate(grounding.leaves, -len(grounding.leaves)):
            if isinstance(leaf, SlotValue):
                slot = place.get((leaf.domain, leaf.slot))
                if slot is not None:
                    self._chosen[number] = slot, grounding.slots[slot].domain.values.index(leaf.value)
            elif isinstance(leaf, Negation):
                if leaf.of:
                    self._denied[number] = next(atom for atom in leaf.of if isinstance(atom, int))
                else:
                    self._always.append(number)
        used = {item for rows in grounding.circles for row in rows for item in row.body}
        self._chosen = {leaf: where for leaf, where in self._chosen.items() if leaf in used}

    def truths(self, values: NDArray[np.integer]) -> dict[int, Words]:
        """In which worlds each atom is true; an atom that is left out is never true.

        Args:
            values: ``[S, N]``, the number of the value of each slot in each world.

        Returns:
            By atom ``[N / 64]`` words.
        """
        worlds = values.shape[1] if values.size else values.shape[-1]
        found = _Truths(worlds, self._denied)
        every = found.every
        for leaf in self._always:
            found[leaf] = every
        for leaf, (slot, value) in self._chosen.items():
            found[leaf] = pack(values[slot] == value)
        for rows in self._grounding.circles:
            self._settle(rows, found)
        return found

    @staticmethod
    def _settle(rows: Sequence[Row], found: "_Truths") -> None:
        """The least model of a group of rules."""
        heads = {row.head for row in rows}
        circular = len(heads) > 1 or any(item in heads for row in rows for item in row.body)
        for head in heads:
            found[head] = found.none
        while True:
            before = {head: found[head] for head in heads}
            for _, head, body in rows:
                holds = found.every
                for item in body:
                    holds = holds & found[item]
                found[head] = found[head] | holds
            if not circular or all(np.array_equal(before[head], found[head]) for head in heads):
                return

    @staticmethod
    def bits(words: Words, worlds: int) -> NDArray[np.bool_]:
        """The first worlds, ``[N]``."""
        return np.unpackbits(words.view(np.uint8), count=worlds, bitorder="little").astype(np.bool_)


def pack(marks: NDArray[np.bool_]) -> Words:
    """Worlds as bits of words."""
    packed = np.packbits(marks, bitorder="little")
    return np.pad(packed, (0, -len(packed) % 8)).view(np.uint64)


class _Truths(dict[int, Words]):
    """Words by atom and leaf: of an atom without rules none, of a negation the contrary of what it denies."""

    def __init__(self, worlds: int, denied: Mapping[int, int]) -> None:
        super().__init__()
        self.none = np.zeros(-(-worlds // 64), dtype=np.uint64)
        self.every = ~self.none
        self._denied = denied

    def __missing__(self, item: int) -> Words:
        return ~self[self._denied[item]] if item in self._denied else self.none
