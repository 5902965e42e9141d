"""The clauses of a program as Python sees them; those of a long text are read when they are asked for."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import zip_longest
from typing import Any, overload

from ..errors import ProgramError
from .border import Limits, request
from .terms import Struct, Term, from_json
from .text import PrologText

_GENEROUS = Limits(inferences=10**11, seconds=600.0, megabytes=16_384)  # the text was read before


@dataclass(frozen=True)
class Clause:
    """A clause of a program.

    Args:
        head: An atom or compound.
        body: ``true`` for a fact; conjunctions and disjunctions are structs ``,`` and ``;``.
        line: Line of its first character, from 1.
        text: As Prolog writes it.
        chances: Of an annotated disjunction (a probabilistic fact is one of one head): probability and head of each.
        network: Of a neural clause: the network that is asked.
        function: Of ``nn(name, [X], Y) :: ...``: what is called, whose value is passed around.
    """

    head: Struct
    body: Term
    line: int
    text: str
    chances: tuple[tuple[Term, Struct], ...] = ()
    network: str = ""
    function: str = ""


def clauses_of(reply: Mapping[str, Any], text: PrologText, known: Sequence[Clause] = ()) -> Sequence[Clause]:
    """The clauses that Prolog replies to ``read``; of those known from a text that it begins with no copy is made."""
    if (numbers := reply["numbers"]) is not None:
        told = dict(zip(numbers, [_clause(row, text) for row in reply["clauses"]], strict=True))
        return _LongClauses(text, reply["count"], told)
    return tuple(
        before if before is not None and before.text == row[3] else _clause(row, text)
        for before, row in zip_longest(known, reply["clauses"])
    )


def told(clauses: Sequence[Clause]) -> Iterable[tuple[int, Clause]]:
    """The clauses with their numbers; of a long text all but facts of constants beside the first of each predicate."""
    return clauses.told.items() if isinstance(clauses, _LongClauses) else enumerate(clauses)


def line_of(clauses: Sequence[Clause], number: int) -> int:
    """The line of a clause."""
    return clauses.line(number) if isinstance(clauses, _LongClauses) else clauses[number].line


class _LongClauses(Sequence[Clause]):
    """Clauses of a long text.

    Args:
        text: The text.
        count: Of all clauses.
        told: Those that are more than facts of constants, and the first fact of each predicate, by number.
    """

    def __init__(self, text: PrologText, count: int, told: dict[int, Clause]) -> None:
        self._text, self._count, self.told = text, count, told

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, index: int) -> Clause: ...

    @overload
    def __getitem__(self, index: slice) -> tuple[Clause, ...]: ...

    def __getitem__(self, index: int | slice) -> Clause | tuple[Clause, ...]:
        if isinstance(index, int) and (clause := self.told.get(index % self._count if index < 0 else index)):
            return clause
        return self._all[index]

    def line(self, number: int) -> int:
        """The line of a clause, for which not all need be read."""
        clause = self.told.get(number)
        return self._text.line(self._offsets[number]) if clause is None else clause.line

    @cached_property
    def _all(self) -> tuple[Clause, ...]:
        return tuple(_clause(row, self._text) for row in request(_GENEROUS, "clauses", self._text)["clauses"])

    @cached_property
    def _offsets(self) -> list[int]:
        return request(_GENEROUS, "offsets", self._text)


def _clause(row: Sequence[Any], text: PrologText) -> Clause:
    offset, head, body, written, choice = row
    return Clause(_struct(head), from_json(body), text.line(offset), written, *_choice(choice))


def _choice(data: Any) -> tuple[tuple[tuple[Term, Struct], ...], str, str]:
    if data is None:
        return (), "", ""
    chances = tuple((from_json(chance), _struct(head)) for chance, head in data.get("chance", ()))
    return chances, data.get("network", ""), data.get("function", "")


def _struct(data: object) -> Struct:
    head = from_json(data)
    if not isinstance(head, Struct):
        raise ProgramError(f"clause head {head!r} is no atom or compound")
    return head
