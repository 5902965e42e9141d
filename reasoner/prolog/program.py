"""Programs: Prolog text, read by SWI-Prolog's own reader and checked before anything runs."""

import re
from bisect import bisect_right
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from logic import Domain
from logic.errors import DomainError

from ..errors import ProgramError
from ..showing import cut, preformatted
from .border import Limits, Refusal, quote, quote_atom, request
from .collector import uncollected
from .nesting import MAX_BRACKETS, too_deep
from .terms import Struct, Term, from_json, to_text

DIGITS = Domain("digit", range(10))


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
    """

    head: Struct
    body: Term
    line: int
    text: str
    chances: tuple[tuple[Term, Struct], ...] = ()
    network: str = ""


@dataclass(frozen=True, repr=False)
class Program:
    """Rules over the symbols of some domains, in the language of ProbLog.

    In the text, ``digit(I, X)`` means that slot ``I`` of the domain ``digit`` has the value ``X``;
    ``nn(net, [X], Y, [0, 1, 2]) :: digit(X, Y)`` makes a domain ``net``, whose slots are the input terms ``X`` in the
    order in which a query asks for them. Use :meth:`parse` or :meth:`read`; they check the text.

    Args:
        text: Prolog text.
        domains: What can be perceived, networks of the text included.
        source: Where the text came from, for messages.
        clauses: The text as terms.
        undefined: Calls of predicates that are nowhere defined: clause, character position and name with arity; an
            error when they are reached.

    Example:
        >>> program = Program.parse("sum(S) :- digit(0, X), digit(1, Y), S is X + Y.")
        >>> program.clauses[0].head.indicator
        'sum/1'

    References:
        Fierens et al., "Inference and learning in probabilistic logic programs using weighted Boolean formulas", TPLP
        15 (2015), and Manhaeve et al., "DeepProbLog", NeurIPS 2018, for the syntax and its meaning.
    """

    text: str
    domains: tuple[Domain, ...]
    source: str
    clauses: tuple[Clause, ...] = field(compare=False, repr=False)
    undefined: tuple[tuple[int, int, str], ...] = field(default=(), compare=False, repr=False)

    def __repr__(self) -> str:
        names = ", ".join(domain.name for domain in self.domains)
        return cut(f"Program({cut(self.source, 60)!r}, {len(self.clauses)} clauses, domains: {names or 'none'})")

    def _repr_html_(self) -> str:
        return preformatted(self.text)

    @classmethod
    @uncollected()
    def parse(cls, text: str, domains: tuple[Domain, ...] = (DIGITS,), source: str = "<program>") -> "Program":
        """The program that the text says.

        Raises:
            ProgramError: on a syntax error, an unknown or unsafe predicate, or a clause that is not allowed; with
                source, line and column.
            PrologMissing: if SWI-Prolog is not installed.
        """
        if "\0" in text:
            raise ProgramError(f"{source}: the text holds a NUL character; is it a text file?")
        deep = too_deep(text)
        if deep is not None:
            raise ProgramError(_explain(Refusal("depth", deep, -1, str(MAX_BRACKETS), ""), text, domains, source))
        names = [domain.name for domain in domains]
        if len(set(names)) < len(names):
            raise ProgramError(f"{source}: two domains bear one name: {names}")
        try:
            found = request(f"read({quote(text)},{domain_list(domains)})", Limits())
        except Refusal as refusal:
            raise ProgramError(_explain(refusal, text, domains, source)) from None
        lines = _Lines(text)
        clauses = tuple(
            Clause(_struct(head), from_json(body), lines.at(offset), written, *_choice(choice))
            for offset, head, body, written, choice in found["clauses"]
        )
        networks = _networks([(clause, row[4]) for clause, row in zip(clauses, found["clauses"], strict=True)], source)
        own = {clause.head.indicator for clause in clauses if clause.network}
        kept = tuple(d for d in domains if f"{d.name}/2" not in own and d.name not in {n.name for n in networks})
        undefined = tuple((clause, offset, name) for clause, offset, name in found["unknown"])
        return cls(text, (*kept, *networks), source, clauses, undefined)

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

    @property
    def queries(self) -> tuple[Clause, ...]:
        """What the text asks: its clauses of ``query/1``."""
        return tuple(clause for clause in self.clauses if clause.head.indicator == "query/1")

    @property
    def evidence(self) -> tuple[Clause, ...]:
        """What the text has observed: its clauses of ``evidence/1`` and ``evidence/2``."""
        return tuple(clause for clause in self.clauses if clause.head.indicator in ("evidence/1", "evidence/2"))

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
        return f"{self.source}, line {line}" if (line := self.line(clause)) else self.source

    def call_place(self, clause: int, name: str) -> str:
        """Where a clause calls an undefined predicate, for messages: line, column and the line's text."""
        for number, offset, undefined in self.undefined:
            if (number, undefined) == (clause, name):
                return _place(self.text, offset)
        return f", line {line}" if (line := self.line(clause)) else ""

    def line(self, clause: int) -> int:
        """Line of a clause; 0 for the whole program and for clauses of the library."""
        return self.clauses[clause].line if 0 <= clause < len(self.clauses) else 0


def domain_list(domains: tuple[Domain, ...]) -> str:
    """The domains as a Prolog list for a request."""
    written = (f"domain({domain.name},[{','.join(map(_constant, domain.values))}])" for domain in domains)
    return f"[{','.join(written)}]"


class _Lines:
    """Line numbers of character positions, of a text that is gone through once."""

    def __init__(self, text: str) -> None:
        self._starts = [0, *(found.end() for found in re.finditer("\n", text))]

    def at(self, offset: int) -> int:
        return bisect_right(self._starts, offset)


def _choice(data: Any) -> tuple[tuple[tuple[Term, Struct], ...], str]:
    if data is None:
        return (), ""
    return tuple((from_json(chance), _struct(head)) for chance, head in data.get("chance", ())), data.get("network", "")


def _networks(clauses: list[tuple[Clause, Any]], source: str) -> list[Domain]:
    """A domain for each network that the clauses name."""
    found: dict[str, Domain] = {}
    for clause, choice in clauses:
        if not clause.network:
            continue
        values = tuple(
            value if isinstance(value, int) else to_text(value) for value in map(from_json, choice["values"])
        )
        where = f"{source}, line {clause.line}"
        try:
            domain = Domain(clause.network, values)
        except DomainError as error:
            raise ProgramError(f"{where}: {error}") from None
        if found.setdefault(domain.name, domain) != domain:
            raise ProgramError(f"{where}: the network '{domain.name}' has other values than before; use another name")
    return list(found.values())


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
        "directive": f"this directive is not allowed: ':- {what}'",
        "grammar": f"grammar rules (-->) are not supported: '{what}'",
        "depth": f"a term is nested more than {what} deep; write it flatter, or build it by a rule",
        "learnable": f"'{what}' is to be learned from no start; give a start value, as in t(0.5)",
        "network": f"'{what}' is no network; write nn(name, [X], Y, [values]), nn(name, [X]) or nn(name, [X], Y)",
        "network_values": f"the values of a network must be two or more distinct constants, not '{what}'",
        "disjunction": f"'{what}' in an annotated disjunction has no probability; write p :: {what}",
        "uncertain_directive": f"'{what}' has a probability; queries and evidence say what is asked, and are certain",
        "scoped": f"an aggregate in the scope '{what}' is not supported; collect over a predicate without a scope",
        "prevented": f"'{what}' is denied in a head, but no clause makes it true; add one that does",
        "head": "not a clause: its head is neither an atom nor a compound",
        "domain_head": f"'{what}' redefines a domain; what is perceived cannot be stated in the program",
        "builtin_head": f"'{what}' redefines a built-in predicate; choose another name",
        "not_callable": "not a goal; goals must be known when the program is read",
        "cut": "the cut '!' has no meaning here: the rule rests on what is uncertain, or it stands inside a goal",
        "condition": f"the condition '{what}' of '->' is uncertain; use the goal and its \\+ in two rules",
    }
    reason = reasons.get(refusal.kind, refusal.message or f"{refusal.kind}: {what}")
    if refusal.offset < 0:
        return f"{source}: {reason}"
    return f"{source}: {reason}{_place(text, refusal.offset)}"


def _place(text: str, offset: int) -> str:
    """Line, column and the line's text at a character position."""
    offset = min(offset, len(text))
    line = text.count("\n", 0, offset) + 1
    column = offset - text.rfind("\n", 0, offset)
    shown = text.splitlines()[line - 1].strip() if line <= len(text.splitlines()) else ""
    return f", line {line}, column {column}" + (f"\n    {shown}" if shown else "")
