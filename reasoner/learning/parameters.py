"""The learned probabilities of a program as one vector: where each stands in the slots of a grounding."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..errors import ProgramError
from ..grounding.grounding import Grounding
from ..prolog.program import Clause, Program, is_learned
from ..prolog.terms import to_text
from .stated import LEAST, stated

Key = tuple[int, str]
"""A clause, and the part of it that has a probability of its own: empty if all instances share one."""


@dataclass(frozen=True)
class Table:
    """The probabilities of one clause, or of one part of it.

    Args:
        start: Where its values stand in the vector: the heads, then none of them.
        free: Which of them are learned.
        fixed: The sum of the others.
    """

    start: int
    free: NDArray[np.bool_]
    fixed: float


class Parameters:
    """The learned probabilities of a program.

    Args:
        program: The program.
        groundings: What they are learned from; they say which parts there are.
        seed: Of what those start from that do not say it.

    Attributes:
        values: The probabilities they have, ``[P]``.

    Raises:
        ProgramError: if a probability beside a learned one is no number, or they sum to more than 1.
    """

    def __init__(self, program: Program, groundings: Sequence[Grounding], seed: int) -> None:
        random = np.random.default_rng(seed)
        learned = {*program.learned}
        self.program = program
        self.tables: dict[Key, Table] = {}
        values: list[float] = []
        for grounding in groundings:
            for slot in grounding.slots:
                key = key_of(grounding, slot.domain.name, slot.number)
                if key is None or key[0] not in learned or key in self.tables:
                    continue
                clause = program.clauses[key[0]]
                if len(slot.domain) != len(clause.chances) + 1:
                    raise ProgramError(
                        f"{program.where(key[0])}: two heads of '{clause.text}' are one and the same atom, so their "
                        f"learned probabilities cannot be told apart; write it once"
                    )
                starts, free = _starts(clause, program.where(key[0]), random)
                self.tables[key] = Table(len(values), np.array(free), sum(
                    p for p, learns in zip(starts, free, strict=True) if not learns
                ))  # fmt: skip
                values += starts
        self.values: NDArray[np.float64] = np.array(values)

    def places(self, grounding: Grounding) -> list[tuple[int, Table]]:
        """The slots of a grounding that are learned, with their tables."""
        found: list[tuple[int, Table]] = []
        for number, slot in enumerate(grounding.slots):
            key = key_of(grounding, slot.domain.name, slot.number)
            if key is not None and key in self.tables:
                found.append((number, self.tables[key]))
        return found

    def normalised(self, counts: NDArray[np.float64]) -> NDArray[np.float64]:
        """What is learned as shares of the counts, ``[P]``; where nothing is counted, all stays as it is."""
        found = self.values.copy()
        for table in self.tables.values():
            here = slice(table.start, table.start + len(table.free))
            own = np.where(table.free, np.maximum(counts[here], 0.0), 0.0)
            if (total := own.sum()) > 0:
                found[here] = np.where(table.free, own / total * (1 - table.fixed), found[here])
        return found


def key_of(grounding: Grounding, domain: str, number: int) -> Key | None:
    """The clause and part of a slot that a clause chooses."""
    clause = grounding.clauses.get((domain, number))
    return None if clause is None else (clause, grounding.parts.get((domain, number), ""))


def _starts(clause: Clause, where: str, random: np.random.Generator) -> tuple[list[float], list[bool]]:
    """What each head starts with, and none of them; and which of these are learned."""
    told, learned, rest = stated(clause, where)
    unset = told.count(None)
    shares = random.dirichlet(np.full(max(2, unset), 5.0)) * max(rest, 0.0)
    drawn = iter(shares.tolist())
    starts = [next(drawn) if p is None else p for p in told]
    none = max(0.0, 1.0 - sum(starts)) if len(told) == 1 or not unset else 0.0
    return [*starts, none], [*learned, none > LEAST]


def texts_of(program: Program, values: Mapping[Key, Sequence[float]]) -> dict[str, float]:
    """The learned heads of a program, with their parts, and their probabilities."""
    found: dict[str, float] = {}
    for (clause, part), own in values.items():
        for (p, head), value in zip(program.clauses[clause].chances, own, strict=False):
            if is_learned(p):
                shown = to_text(head) + (f" {part}" if part else "")
                number = 2
                while shown in found:
                    shown = f"{to_text(head)}{f' {part}' if part else ''} ({number})"
                    number += 1
                found[shown] = value
    return found
