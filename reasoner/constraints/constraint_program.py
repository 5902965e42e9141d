"""Programs that post finite-domain constraints: Prolog text in the notation of SWI-Prolog's library(clpfd)."""

from dataclasses import dataclass, field
from pathlib import Path

from logic import Domain

from ..errors import ProgramError
from ..prolog.border import Limits, Refusal, quote, request
from ..prolog.program import DIGITS, domain_list
from ..showing import cut, preformatted


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
        text: Prolog text.
        domains: What can be perceived.
        source: Where the text came from, for messages.
        heads: The head of each of its clauses, such as ``sudoku(Rows)``; the first is what it is for.
    """

    text: str
    domains: tuple[Domain, ...]
    source: str
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
            ProgramError: on a syntax error, an unknown or unsafe predicate, or a clause that is not allowed; with
                source, line and column.
            PrologMissing: if SWI-Prolog is not installed.
            PrologLimit: if a limit is reached.

        >>> ConstraintProgram.parse("pair(X, Y) :- [X, Y] ins 1..9, X * Y #= 35, X #< Y.").heads
        ('pair(X,Y)',)
        """
        if "\0" in text:
            raise ProgramError(f"{source}: the text holds a NUL character; is it a text file?")
        try:
            heads = request(f"read_constraints({quote(text)},{domain_list(domains)})", limits or Limits())
        except Refusal as refusal:
            raise ProgramError(explain_refusal(refusal, text, source)) from None
        return cls(text, domains, source, tuple(heads))

    @classmethod
    def read(
        cls, path: str | Path, domains: tuple[Domain, ...] = (DIGITS,), limits: Limits | None = None
    ) -> "ConstraintProgram":
        """The program in a UTF-8 file.

        Raises:
            ProgramError: as :meth:`parse`, or if the file cannot be read or is not UTF-8.
        """
        try:
            text = Path(path).read_text(encoding="utf-8")
        except UnicodeDecodeError as error:
            raise ProgramError(f"{path}: byte {error.start} is not UTF-8; save the file as UTF-8 text") from None
        except OSError as error:
            raise ProgramError(f"{path}: cannot be read ({error.strerror})") from None
        return cls.parse(text, domains, str(path), limits)

    def line(self, offset: int) -> int:
        """The line of a character position, from 1."""
        return self.text.count("\n", 0, offset) + 1


def explain_refusal(refusal: Refusal, text: str, source: str) -> str:
    """One sentence on what is wrong in a constraint program, where, and what to do."""
    what = refusal.text
    reasons = {
        "syntax": f"syntax error: {refusal.message.strip().removeprefix('Syntax error: ')}",
        "unknown": f"unknown predicate '{what}', or one that is unsafe in programs",
        "directive": f"this directive is not allowed: '{what}'; name libraries such as clpfd, lists, apply",
        "head": "not a clause: its head is neither an atom nor a compound",
        "grammar": f"the grammar rule '{what}' --> ... cannot be read",
        "domain_head": f"'{what}' redefines a domain; what is perceived cannot be stated in the program",
        "builtin_head": f"'{what}' redefines a built-in predicate; choose another name",
        "not_callable": f"'{what}' is not a goal",
        "query": f"the query '{what}' is not a goal; ask one such as sudoku(Rows)",
        "query_syntax": f"the query cannot be read: {what}",
        "slot": f"the slot of '{what}' must be an integer of at least 0 when it is reached",
        "tentative": f"'{what}' would be posted inside a condition (\\+, ->, findall, forall's first part); nothing is "
        "known there yet: say it by reification, such as B #<==> (X #= Y)",
        "expression": f"'{what}' is no integer expression over + - * // div mod rem abs min max ^",
        "domain": f"'{what}' is no domain; write 1..9, 1 \\/ 3..5 or 0..sup",
        "truth": f"'{what}' is no constraint that can be true or false; write a comparison, X in 1..3, or 0 or 1",
        "list": f"'{what}' must be a list when it is reached",
        "coefficients": f"the coefficients '{what}' must be integers, one for each variable",
        "arguments": f"'{what}' does not have the arguments that library(clpfd) asks for",
        "table": f"'{what}' must be a list of lists of integers",
        "deep": f"'{what}' is nested more than 100 deep; name its parts by variables, such as X #= Part",
        "operator": f"'{what}' is no comparison; use #=, #\\=, #<, #>, #=< or #>=",
        "builtin": f"'{what}' cannot be run: {refusal.message.strip()}",
        "alternatives": f"there are more than {what} ways through the rules, each with its own constraints; say what "
        "may vary by constraints (#\\/, tuples_in, element) rather than by clauses, or raise Limits.answers",
    }
    reason = reasons.get(refusal.kind, refusal.message or f"{refusal.kind}: {what}")
    if refusal.offset < 0:
        return f"{source}: {reason}"
    offset = min(refusal.offset, len(text))
    line = text.count("\n", 0, offset) + 1
    column = offset - text.rfind("\n", 0, offset)
    shown = text.splitlines()[line - 1].strip() if line <= len(text.splitlines()) else ""
    return f"{source}: {reason}, line {line}, column {column}" + (f"\n    {shown}" if shown else "")
