"""Programs that post finite-domain constraints: Prolog text in the notation of SWI-Prolog's library(clpfd)."""

from dataclasses import dataclass, field
from pathlib import Path

from logic import Domain

from ..errors import NotPostedError, ProgramError
from ..prolog.border import Limits, Refusal, request
from ..prolog.program import DIGITS
from ..prolog.reasons import sentence
from ..prolog.text import PrologText
from ..showing import cut, preformatted

_UNREADABLE = frozenset({"syntax", "depth", "head", "deep"})
"""What no Prolog reads."""


@dataclass(frozen=True, repr=False)
class ConstraintProgram:
    r"""Rules that post constraints over integers and over the symbols of some domains.

    Constraints are those of library(clpfd): ``#=``, ``#\=``, ``#<``, ``#>``, ``#=<``, ``#>=``, ``in``, ``ins``,
    ``all_distinct``, ``all_different``, ``sum``, ``scalar_product``, ``tuples_in``, ``element``, ``chain``,
    ``lex_chain``, ``global_cardinality``, ``circuit``, ``serialized``, ``cumulative``, ``disjoint2``, ``automaton/3``,
    ``label``, ``labeling`` with ``min`` or ``max``, and ``#/\``, ``#\/``, ``#\``, ``#==>``, ``#<==``, ``#<==>`` over
    comparisons and ``in``; ``digit(I, X)`` says that slot ``I`` of the domain ``digit`` shows ``X``. The rules around
    them are ordinary Prolog, with cut, findall, maplist and grammar rules. What is posted is solved afterwards and as
    a whole: nothing is propagated while the rules run, so a condition may not post.

    Use :meth:`parse` or :meth:`read`; they check the text.

    Args:
        prolog: The text, checked for the border.
        domains: What can be perceived.
        heads: The head of each of its clauses, such as ``sudoku(Rows)``; the first is what it is for.
    """

    prolog: PrologText
    domains: tuple[Domain, ...]
    heads: tuple[str, ...] = field(compare=False, repr=False)

    def __repr__(self) -> str:
        return cut(f"ConstraintProgram({cut(self.source, 60)!r}, {len(self.heads)} clauses)")

    def _repr_html_(self) -> str:
        return preformatted(self.text)

    @classmethod
    def parse(
        cls,
        text: str,
        domains: tuple[Domain, ...] = (DIGITS,),
        source: str = "<program>",
        limits: Limits | None = None,
    ) -> "ConstraintProgram":
        """The program that the text says.

        Args:
            text: Prolog text.
            domains: What can be perceived.
            source: Where the text came from, for messages.
            limits: What reading may spend.

        Raises:
            ProgramError: on a syntax error or a clause that is not allowed; with source, line and column.
            NotPostedError: if it does more than post constraints, such as loading other files.
            PrologMissing: if SWI-Prolog is not installed.
            PrologLimit: if a limit is reached.

        >>> ConstraintProgram.parse("pair(X, Y) :- [X, Y] ins 1..9, X * Y #= 35, X #< Y.").heads
        ('pair(X,Y)',)
        """
        return cls._parse(PrologText(text, source), domains, limits)

    @classmethod
    def read(
        cls, path: str | Path, domains: tuple[Domain, ...] = (DIGITS,), limits: Limits | None = None
    ) -> "ConstraintProgram":
        """The program in a UTF-8 file.

        Raises:
            ProgramError: as :meth:`parse`, or if the file cannot be read or is not UTF-8.
        """
        return cls._parse(PrologText.read(path), domains, limits)

    @classmethod
    def _parse(cls, text: PrologText, domains: tuple[Domain, ...], limits: Limits | None) -> "ConstraintProgram":
        try:
            heads = request(limits or Limits(), "read_constraints", text, domains)
        except Refusal as refusal:
            error = ProgramError if refusal.kind in _UNREADABLE else NotPostedError
            raise error(sentence(refusal, text)) from None
        return cls(text, domains, tuple(heads))

    @property
    def text(self) -> str:
        """What was read."""
        return self.prolog.text

    @property
    def source(self) -> str:
        """Where the text came from."""
        return self.prolog.source

    def line(self, offset: int) -> int:
        """The line of a character position, from 1."""
        return self.prolog.line(offset)
