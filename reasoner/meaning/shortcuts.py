"""Reasoning shortcuts: which wrong meanings of the symbols explain all answers as well as the right one does."""

import time
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from logic.evaluation import evaluate_bits

from ..counting.clauses import Clauses
from ..counting.planning import prepare_query
from ..errors import CountingError, QueryError
from ..grounding.grounding import Grounding
from ..prolog.border import Limits
from ..prolog.program import Program
from ..prolog.terms import Value, to_value
from ..showing import cut

Meaning = dict[tuple[str, int | str], int | str]
"""What each value of a domain is taken for, as ``{("digit", 2): 3, ...}``."""

Reading = Sequence[int | str]
"""The true value of each slot that the query reads, in the order of :attr:`Grounding.slots`."""


@dataclass(frozen=True, repr=False)
class Shortcuts:
    """The meanings of the symbols that give every answer its label.

    Args:
        query: What is asked.
        meanings: Those found, the intended one among them; a wrong one is a reasoning shortcut.
        exact: Whether there are no others; False if the budget ended the search.
        unseen: Values of which the samples say nothing; they can mean anything and are not counted.

    References:
        Marconato, Teso, Vergari, Passerini, "Not all neuro-symbolic concepts are created equal", NeurIPS 2023.
    """

    query: str
    meanings: tuple[Meaning, ...]
    exact: bool
    unseen: tuple[tuple[str, int | str], ...]

    def __repr__(self) -> str:
        return f"Shortcuts({cut(self.query)!r}, {'' if self.exact else 'at least '}{self.count} meanings)"

    @property
    def count(self) -> int:
        """How many meanings fit, the intended one included; if not ``exact``, at least that many."""
        return len(self.meanings)

    @property
    def unique(self) -> bool | None:
        """Whether only the intended meaning fits; None if the budget ended the search before a wrong one was found."""
        if any(_changes(meaning) for meaning in self.meanings):
            return False
        return True if self.exact else None

    @property
    def example(self) -> Meaning | None:
        """The wrong meaning that takes the fewest values for another one, or None if none was found."""
        wrong = [meaning for meaning in self.meanings if _changes(meaning)]
        return min(wrong, key=lambda meaning: (len(_changes(meaning)), str(meaning)), default=None)

    def warning(self) -> str | None:
        """One sentence with an example if a wrong meaning fits, else None."""
        if self.example is None:
            return None
        some = ", ".join(f"{name} {value} for {other}" for (name, value), other in _changes(self.example).items())
        number = f"{self.count}" if self.exact else f"at least {self.count}"
        return (
            f"{number} meanings of the symbols explain these answers to '{self.query}' equally well: for example one "
            f"that takes {some}; right answers will not show that the symbols are right, so give a few samples with "
            f"known symbols, or answers that tell them apart"
        )


def count_shortcuts(
    program: Program,
    query: str,
    *,
    readings: Iterable[Reading] | None = None,
    answers: Iterable[Value] | None = None,
    distinct: bool = False,
    most: int = 1000,
    seconds: float = 10.0,
    conflicts: int = 1_000_000,
    limits: Limits | None = None,
) -> Shortcuts:
    """Counts the meanings of the symbols under which the program still gives every sample its label.

    A meaning maps each value of a domain to a value of the same domain, one map for all slots of a domain, as one
    network that sees all slots learns one. It fits if for every reading that occurs each of its answers also follows
    from what the reading is taken for. The search is lazy: a SAT solver proposes a meaning that fits the readings so
    far, and a reading that refutes it joins them, until no meaning is left.

    Args:
        program: The rules.
        query: One goal, such as ``sum(S)``.
        readings: Those that occur in the samples; None for all. The fewer occur, the more meanings fit: if they are
            not known, the count for all readings is a lower bound.
        answers: Those that occur; readings without any of them are left out. None for all.
        distinct: Whether to count only meanings that take different values for different ones, as a network learns
            that is made to use all of them.
        most: Meanings after which the search ends.
        seconds: Time of the search after which it ends.
        conflicts: Of the SAT solver in one call, after which it ends too.
        limits: Of grounding.

    Raises:
        QueryError: as :func:`reasoner.grounding.ground`, or if a reading or an answer does not fit the query.

    Example:
        >>> program = Program.parse("sum(S) :- digit(0, X), digit(1, Y), S is X + Y.")
        >>> count_shortcuts(program, "sum(S)").unique
        True
        >>> count_shortcuts(program, "sum(S)", readings=[(2, 3)]).count
        6
    """
    grounding = prepare_query(program, query, limits).grounding
    wanted = _wanted(grounding, answers)
    values = [(d.name, value) for d in dict.fromkeys(slot.domain for slot in grounding.slots) for value in d.values]
    found: list[Meaning] = []
    unseen: list[tuple[str, int | str]] = []
    exact = False
    try:
        refuter = (
            _AnyReading(grounding, wanted, conflicts)
            if readings is None
            else _KnownReadings(grounding, wanted, readings)
        )
        occurring = refuter.seen()
        unseen = [value for value in values if value not in occurring]
        proposer = _Proposer(grounding, [value for value in values if value in occurring], distinct, conflicts)
        end = time.monotonic() + seconds
        while not exact and len(found) < most and time.monotonic() < end:
            meaning = proposer.propose()
            if meaning is None:
                exact = True
            elif refuting := refuter.refute(meaning):
                proposer.demand(refuting)
            else:
                found.append(meaning)
                proposer.forbid(meaning)
    except CountingError:
        exact = False  # the solver's budget ended the search: what was found stands
    return Shortcuts(query, tuple(found), exact, tuple(unseen))


class _Refutation(NamedTuple):
    """A reading and the labels (numbers of outputs) that a meaning must give it."""

    reading: tuple[int | str, ...]
    labels: tuple[int, ...]


class _Proposer:
    """Proposes meanings that give the readings so far their labels."""

    def __init__(
        self, grounding: Grounding, seen: Collection[tuple[str, int | str]], distinct: bool, conflicts: int
    ) -> None:
        self._grounding, self._clauses = grounding, Clauses(conflicts)
        self._choices = {
            (name, value): self._clauses.choice(len(grounding.program.domain(name))) for name, value in seen
        }
        if distinct:
            for (first, one), (second, other) in combinations(self._choices.items(), 2):
                if first[0] == second[0]:
                    for literal, rival in zip(one, other, strict=True):
                        self._clauses.add(-literal, -rival)

    def propose(self) -> Meaning | None:
        """A meaning, or None if there is none left."""
        model = self._clauses.solve()
        if model is None:
            return None
        return {
            key: self._grounding.program.domain(key[0]).values[[v in model for v in choice].index(True)]
            for key, choice in self._choices.items()
        }

    def demand(self, refuting: _Refutation) -> None:
        """From now on, what the reading is taken for must have its labels."""
        inputs = [
            literal
            for slot, value in zip(self._grounding.slots, refuting.reading, strict=True)
            for literal in self._choices[slot.domain.name, value]
        ]
        outputs = self._clauses.outputs(self._grounding.circuit, inputs)
        for label in refuting.labels:
            self._clauses.add(outputs[label])

    def forbid(self, meaning: Meaning) -> None:
        """From now on, another meaning."""
        self._clauses.add(*(-self._choices[key][_index(self._grounding, key[0], v)] for key, v in meaning.items()))


class _KnownReadings:
    """Looks for a refuting reading among given ones, all at once."""

    def __init__(self, grounding: Grounding, wanted: Sequence[int], readings: Iterable[Reading]) -> None:
        self._grounding = grounding
        self._wanted = np.array(wanted, dtype=np.int64)
        distinct = list(dict.fromkeys(_checked(grounding, reading) for reading in readings))
        labels = self._outputs(distinct)
        used = np.flatnonzero(labels.any(axis=1))
        self._readings = [distinct[number] for number in used.tolist()]
        self._labels = labels[used]

    def seen(self) -> set[tuple[str, int | str]]:
        """The values that occur in a reading."""
        return {
            (slot.domain.name, value)
            for reading in self._readings
            for slot, value in zip(self._grounding.slots, reading, strict=True)
        }

    def refute(self, meaning: Meaning) -> _Refutation | None:
        """A reading that loses a label if its values are taken for others, or None if all keep theirs."""
        names = [slot.domain.name for slot in self._grounding.slots]
        taken = [tuple(meaning[name, v] for name, v in zip(names, r, strict=True)) for r in self._readings]
        lost = (self._labels & ~self._outputs(taken)).any(axis=1)
        if not lost.any():
            return None
        first = int(lost.argmax())
        return _Refutation(self._readings[first], tuple(self._wanted[self._labels[first]].tolist()))

    def _outputs(self, readings: Sequence[tuple[int | str, ...]]) -> NDArray[np.bool_]:
        """The labels ``[R, wanted]`` of readings."""
        bits = np.zeros((len(readings), len(self._grounding.circuit.inputs)), dtype=np.bool_)
        for slot, group in enumerate(self._grounding.circuit.one_hot):
            values = self._grounding.slots[slot].domain.values
            place = dict(zip(values, group, strict=True))
            bits[np.arange(len(readings)), [place[reading[slot]] for reading in readings]] = True
        return evaluate_bits(self._grounding.circuit, bits)[:, self._wanted]


class _AnyReading:
    """Looks for a refuting reading among all that there can be, by SAT: the program twice, as it is and as taken."""

    def __init__(self, grounding: Grounding, wanted: Sequence[int], conflicts: int) -> None:
        self._grounding, self._wanted, self._clauses = grounding, wanted, Clauses(conflicts)
        clauses, slots = self._clauses, grounding.slots
        self._read = [clauses.choice(len(slot.domain)) for slot in slots]
        domains = dict.fromkeys(slot.domain for slot in slots)
        self._meant = {(d.name, value): clauses.choice(len(d)) for d in domains for value in d.values}
        taken = [clauses.choice(len(slot.domain)) for slot in slots]
        for slot, read, take in zip(slots, self._read, taken, strict=True):
            for value, literal in zip(slot.domain.values, read, strict=True):
                for meant, result in zip(self._meant[slot.domain.name, value], take, strict=True):
                    clauses.add(-literal, -meant, result)
        self._outputs = clauses.outputs(grounding.circuit, [literal for read in self._read for literal in read])
        as_taken = clauses.outputs(grounding.circuit, [literal for take in taken for literal in take])
        self._labelled = clauses.any_of([self._outputs[number] for number in wanted])
        self._lost = clauses.any_of([-clauses.any_of([-self._outputs[number], as_taken[number]]) for number in wanted])

    def seen(self) -> set[tuple[str, int | str]]:
        """The values that occur in a reading with a label."""
        return {
            (slot.domain.name, value)
            for slot, read in zip(self._grounding.slots, self._read, strict=True)
            for value, literal in zip(slot.domain.values, read, strict=True)
            if self._clauses.solve([self._labelled, literal]) is not None
        }

    def refute(self, meaning: Meaning) -> _Refutation | None:
        """A reading that loses a label if its values are taken for others, or None if none does."""
        chosen = [self._meant[key][_index(self._grounding, key[0], value)] for key, value in meaning.items()]
        model = self._clauses.solve([self._lost, *chosen])
        if model is None:
            return None
        reading = tuple(
            next(value for value, literal in zip(slot.domain.values, read, strict=True) if literal in model)
            for slot, read in zip(self._grounding.slots, self._read, strict=True)
        )
        return _Refutation(reading, tuple(n for n in self._wanted if self._outputs[n] in model))


def _changes(meaning: Meaning) -> Meaning:
    """The part of a meaning that is wrong."""
    return {key: other for key, other in meaning.items() if key[1] != other}


def _wanted(grounding: Grounding, answers: Iterable[Value] | None) -> list[int]:
    """Numbers of the outputs that are labels of samples."""
    if answers is None:
        return list(range(len(grounding.answers)))
    number: dict[Value, int] = {}
    for position, answer in enumerate(grounding.answers):
        values = tuple(to_value(term) for term in answer.bindings.values())
        number[answer.text] = number[values] = position
        if len(values) == 1:
            number[values[0]] = position
    asked = dict.fromkeys(answers)
    if strange := [answer for answer in asked if answer not in number]:
        raise QueryError(f"'{grounding.query}' never has the answer {strange[0]!r}")
    return sorted({number[answer] for answer in asked})


def _checked(grounding: Grounding, reading: Reading) -> tuple[int | str, ...]:
    slots = grounding.slots
    if len(reading) != len(slots) or any(v not in s.domain.values for v, s in zip(reading, slots, strict=True)):
        names = ", ".join(f"{domain.name}({number})" for domain, number in slots)
        raise QueryError(f"a reading gives a value to each of {names}, got {tuple(reading)}")
    return tuple(reading)


def _index(grounding: Grounding, domain: str, value: int | str) -> int:
    return grounding.program.domain(domain).index(value)
