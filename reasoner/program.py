"""Programs: Prolog text, read by SWI-Prolog's own reader and checked before anything runs."""

from dataclasses import dataclass, field
from pathlib import Path

from logic import Domain

from .errors import ProgramError
from .prolog import Limits, Refusal, quote, quote_atom, request
from .terms import Struct, Term, from_json

DIGITS = Domain("digit", range(10))


@dataclass(frozen=True)
class Clause:
    """A clause of a program.

    Args:
        head: An atom or compound.
        body: ``true`` for a fact; conjunctions and disjunctions are structs ``,`` and ``;``.
        line: Line of its first character, from 1.
        text: As Prolog writes it.
    """

    head: Struct
    body: Term
    line: int
    text: str


@dataclass(frozen=True)
class Program:
    """Rules over the symbols of some domains.

    In the text, ``digit(I, X)`` means that slot ``I`` of the domain ``digit`` has the value ``X``. Use
    :meth:`parse` or :meth:`read`; they check the text.

    Args:
        text: Prolog text.
        domains: What can be perceived.
        source: Where the text came from, for messages.
        clauses: The text as terms.

    Example:
        >>> program = Program.parse("sum(S) :- digit(0, X), digit(1, Y), S is X + Y.")
        >>> program.clauses[0].head.indicator
        'sum/1'
    """

    text: str
    domains: tuple[Domain, ...]
    source: str
    clauses: tuple[Clause, ...] = field(compare=False, repr=False)

    @classmethod
    def parse(cls, text: str, domains: tuple[Domain, ...] = (DIGITS,), source: str = "<program>") -> "Program":
        """The program that the text says.

        Raises:
            ProgramError: on a syntax error, an unknown or unsafe predicate, or a clause that is not allowed; with
                source, line and column.
            PrologMissing: if SWI-Prolog is not installed.
        """
        if "\0" in text:
            raise ProgramError(f"{source}: the text holds a NUL character; is it a text file?")
        names = [domain.name for domain in domains]
        if len(set(names)) < len(names):
            raise ProgramError(f"{source}: two domains bear one name: {names}")
        try:
            clauses = request(f"read({quote(text)},{domain_list(domains)})", Limits())
        except Refusal as refusal:
            raise ProgramError(_explain(refusal, text, domains, source)) from None
        return cls(
            text,
            domains,
            source,
            tuple(
                Clause(_struct(head), from_json(body), text.count("\n", 0, offset) + 1, written)
                for offset, head, body, written in clauses
            ),
        )

    @classmethod
    def read(cls, path: str | Path, domains: tuple[Domain, ...] = (DIGITS,)) -> "Program":
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
        return cls.parse(text, domains, str(path))

    def domain(self, name: str) -> Domain:
        """The domain of that name.

        Raises:
            ProgramError: if there is none.
        """
        for domain in self.domains:
            if domain.name == name:
                return domain
        raise ProgramError(f"{self.source}: no domain '{name}'; known domains: {_names(self.domains)}")

    def where(self, clause: int) -> str:
        """Source and line of a clause, for messages; ``clause`` counts from 0, -1 for the whole program."""
        return self.source if clause < 0 else f"{self.source}, line {self.clauses[clause].line}"


def domain_list(domains: tuple[Domain, ...]) -> str:
    """The domains as a Prolog list for a request."""
    written = (f"domain({domain.name},[{','.join(map(_constant, domain.values))}])" for domain in domains)
    return f"[{','.join(written)}]"


def _constant(value: int | str) -> str:
    return quote_atom(value) if isinstance(value, str) else str(value)


def _struct(data: object) -> Struct:
    head = from_json(data)
    if not isinstance(head, Struct):
        raise ProgramError(f"clause head {head!r} is no atom or compound")
    return head


def _names(domains: tuple[Domain, ...]) -> str:
    return ", ".join(domain.name for domain in domains) or "none"


def _explain(refusal: Refusal, text: str, domains: tuple[Domain, ...], source: str) -> str:
    """One sentence on what is wrong, where, and what to do."""
    what = refusal.text
    known = _names(domains)
    reasons = {
        "syntax": f"syntax error: {refusal.message.strip().removeprefix('Syntax error: ')}",
        "unknown": f"unknown domain or predicate '{what}'; known domains: {known}",
        "unsafe": f"'{what}' is not allowed in programs: it is unsafe or not a pure built-in",
        "directive": f"directives are not allowed: ':- {what}'",
        "grammar": f"grammar rules (-->) are not supported: '{what}'",
        "probabilistic": f"probabilistic clauses (::) are not supported yet: '{what}'",
        "head": "not a clause: its head is neither an atom nor a compound",
        "domain_head": f"'{what}' redefines a domain; what is perceived cannot be stated in the program",
        "builtin_head": f"'{what}' redefines a built-in predicate; choose another name",
        "not_callable": "not a goal; goals must be known when the program is read",
        "cut": "the cut '!' is not supported; use if-then-else over built-ins, or \\+",
        "condition": f"the condition '{what}' of '->' must consist of built-ins; for what is perceived, use \\+",
    }
    reason = reasons.get(refusal.kind, refusal.message or f"{refusal.kind}: {what}")
    if refusal.offset < 0:
        return f"{source}: {reason}"
    offset = min(refusal.offset, len(text))
    line = text.count("\n", 0, offset) + 1
    column = offset - text.rfind("\n", 0, offset)
    shown = text.splitlines()[line - 1].strip() if line <= len(text.splitlines()) else ""
    return f"{source}: {reason}, line {line}, column {column}" + (f"\n    {shown}" if shown else "")
