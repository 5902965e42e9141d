"""Programs: Prolog text, read by SWI-Prolog's own reader and checked before anything runs."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from logic.domain import Domain
from logic.errors import DomainError

from ..errors import PlainPrologError, ProgramError
from ..showing import cut, preformatted
from .border import Limits, Refusal, request
from .collector import uncollected
from .including import with_files
from .predicates import Predicate, answers_text, predicates_of
from .read_clauses import Clause as Clause, clauses_of, line_of, told
from .reasons import sentence
from .terms import Struct, Term, from_json, to_text
from .text import Part, PrologText
from .workers import READ, Resident

DIGITS = Domain("digit", range(10))
_RUN = frozenset({"unsafe", "unknown_goal", "directive"})  # what is refused in rules, and mostly allowed in a run


@dataclass(frozen=True, repr=False)
class Program:
    """Rules over the symbols of some domains, in the language of ProbLog.

    In the text, ``digit(I, X)`` means that slot ``I`` of the domain ``digit`` has the value ``X``;
    ``nn(net, [X], Y, [0, 1, 2]) :: digit(X, Y)`` makes a domain ``net``, whose slots are the input terms ``X``: a
    number is that slot, names are numbered in the order in which the query names them, unless beliefs bear names
    themselves (:attr:`logic.Symbols.names`). Use :meth:`parse` or
    :meth:`read`; they check the text.

    Args:
        prolog: The text, checked for the border.
        domains: What can be perceived, networks of the text included.
        clauses: The text as terms; of a long text, read when they are asked for.
        undefined: Calls of predicates that are nowhere defined: clause, character position and name with arity; an
            error when they are reached.
        predicates: What the caller computes in Python.
        proved: Whether each goal of a derivation has an atom of its own, as proofs name them; else lists that one goal
            makes for the next are not made.
        drawn: Whether comparisons of continuous values are left open for :func:`reasoner.sample`; others refuse them.
        decides: Whether decisions ``?::a`` are left open for :func:`reasoner.decide`; others refuse them.

    Example:
        >>> program = Program.parse("sum(S) :- digit(0, X), digit(1, Y), S is X + Y.")
        >>> program.clauses[0].head.indicator
        'sum/1'

    References:
        Fierens et al., "Inference and learning in probabilistic logic programs using weighted Boolean formulas", TPLP
        15 (2015), and Manhaeve et al., "DeepProbLog", NeurIPS 2018, for the syntax and its meaning.
    """

    prolog: PrologText
    domains: tuple[Domain, ...]
    clauses: Sequence[Clause] = field(compare=False, repr=False)
    undefined: tuple[tuple[int, int, str], ...] = field(default=(), compare=False, repr=False)
    predicates: tuple[Predicate, ...] = ()
    decides: bool = False
    drawn: bool = False
    proved: bool = False

    def __repr__(self) -> str:
        names = ", ".join(domain.name for domain in self.domains)
        return cut(f"Program({cut(self.source, 60)!r}, {len(self.clauses)} clauses, domains: {names or 'none'})")

    def _repr_html_(self) -> str:
        return preformatted(self.text)

    @classmethod
    @uncollected()
    def parse(
        cls,
        text: str,
        domains: tuple[Domain, ...] = (DIGITS,),
        source: str = "<program>",
        limits: Limits | None = None,
        predicates: Mapping[str, Callable[..., object]] | None = None,
    ) -> "Program":
        """The program that the text says.

        Args:
            text: Prolog text.
            domains: What can be perceived.
            source: Where the text came from, for messages.
            limits: What reading may spend.
            predicates: Pure functions of Python by name and arity, as :func:`predicates_of` takes them.

        Raises:
            ProgramError: on a syntax error, an unknown or unsafe predicate, or a clause that is not allowed; with
                source, line and column.
            PrologMissing: if SWI-Prolog is not installed.
            PrologLimit: if a limit is reached.
        """
        given = predicates_of(predicates or {})
        return cls._parse(_with_calls(PrologText(text, source), given), domains, limits, (), given)

    @classmethod
    def read(
        cls,
        path: str | Path,
        domains: tuple[Domain, ...] = (DIGITS,),
        limits: Limits | None = None,
        predicates: Mapping[str, Callable[..., object]] | None = None,
    ) -> "Program":
        """The program in a UTF-8 file, with the programs and tables of its folder that it brings in.

        It may say ``:- consult(file)``, ``:- csv_load('file.csv', name)`` and ``:- sqlite_load('file.sqlite')``.

        Args:
            path: The file.
            domains: As in :meth:`parse`.
            limits: As in :meth:`parse`.
            predicates: As in :meth:`parse`.

        Raises:
            ProgramError: as :meth:`parse`, or if a file cannot be read, is not UTF-8 or lies outside the folder.
        """
        given = predicates_of(predicates or {})
        text = with_files(PrologText.read(path), Path(path), bool(given), limits or Limits())
        return cls._parse(_with_calls(text, given), domains, limits, (), given)

    def extended(self, text: str, source: str | None = None) -> "Program":
        """The program with more clauses behind its own; ``:- dynamic p/2.`` declares what only they define.

        Args:
            text: The clauses.
            source: What the whole is called in messages; as this program if left out.

        Raises:
            ProgramError: as :meth:`parse`.

        Example:
            >>> rule = Program.parse(":- dynamic parent/2. grandparent(X, Z) :- parent(X, Y), parent(Y, Z).")
            >>> len(rule.extended("parent(ann, bo). parent(bo, cy).").clauses)
            3
        """
        whole = PrologText(f"{self.text}\n{text}", source or self.source, self.prolog.parts)
        return replace(
            Program._parse(whole, self.domains, None, self.clauses, self.predicates),
            decides=self.decides,
            drawn=self.drawn,
            proved=self.proved,
        )

    def computed(self, calls: Iterable[Term]) -> "Program":
        """The program and what its Python predicates answer to calls, each the name of one of its inputs.

        Raises:
            QueryError: if a function fails.
        """
        return self.extended(answers_text(self.predicates, calls))

    @classmethod
    def _parse(
        cls,
        text: PrologText,
        domains: tuple[Domain, ...],
        limits: Limits | None,
        known: Sequence[Clause] = (),
        predicates: tuple[Predicate, ...] = (),
    ) -> "Program":
        """The program; of clauses that are known from a text that it begins with no second copy is made."""
        names = [domain.name for domain in domains]
        if len(set(names)) < len(names):
            raise ProgramError(f"{text.source}: two domains bear one name: {names}")
        try:
            found = request(limits or Limits(), READ, program=Resident(text, domains))
        except Refusal as refusal:
            plain = refusal.kind in _RUN and "::" not in text.text
            raise (PlainPrologError if plain else ProgramError)(sentence(refusal, text)) from None
        clauses = clauses_of(found, text, known)
        networks = _networks(
            [(clause, row[4]) for (_, clause), row in zip(told(clauses), found["clauses"], strict=True)], text.source
        )
        own = {clause.head.indicator for _, clause in told(clauses) if clause.network}
        kept = tuple(d for d in domains if f"{d.name}/2" not in own and d.name not in {n.name for n in networks})
        undefined = tuple((clause, offset, name) for clause, offset, name in found["unknown"])
        return cls(text, (*kept, *networks), clauses, undefined, predicates)

    @property
    def resident(self) -> Resident:
        """What a worker holds of it."""
        return Resident(self.prolog, self.domains)

    @property
    def text(self) -> str:
        """What was read."""
        return self.prolog.text

    @property
    def source(self) -> str:
        """Where the text came from."""
        return self.prolog.source

    @cached_property
    def learned(self) -> tuple[int, ...]:
        """The clauses of which a probability is learned, ``t(0.4) :: a``, by number."""
        return tuple(n for n, clause in told(self.clauses) if any(is_learned(p) for p, _ in clause.chances))

    @cached_property
    def decisions(self) -> tuple[int, ...]:
        """The clauses that are decided, ``?::a``, by number."""
        return tuple(n for n, clause in told(self.clauses) if any(p == Struct("?") for p, _ in clause.chances))

    @cached_property
    def queries(self) -> tuple[Clause, ...]:
        """What the text asks: its clauses of ``query/1``."""
        return tuple(clause for _, clause in told(self.clauses) if clause.head.indicator == "query/1")

    @cached_property
    def evidence(self) -> tuple[Clause, ...]:
        """What the text has observed: its clauses of ``evidence/1`` and ``evidence/2``."""
        asked = ("evidence/1", "evidence/2")
        return tuple(clause for _, clause in told(self.clauses) if clause.head.indicator in asked)

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
                return self.prolog.place(offset)
        return f", line {line}" if (line := self.line(clause)) else ""

    def suggestion(self, indicator: str) -> str:
        """``; did you mean 'p/2'?`` if a predicate of the program has a name like this, else nothing."""
        from difflib import get_close_matches  # for messages alone

        near = get_close_matches(indicator, sorted({clause.head.indicator for _, clause in told(self.clauses)}), 1)
        return f"; did you mean '{near[0]}'?" if near else ""

    def line(self, clause: int) -> int:
        """Line of a clause; 0 for the whole program and for clauses of the library."""
        return line_of(self.clauses, clause) if 0 <= clause < len(self.clauses) else 0


def is_learned(probability: Term) -> bool:
    """Whether a probability is one to be learned, such as ``t(0.4)``, or ``t(_, X)`` for each ``X``."""
    return isinstance(probability, Struct) and probability.functor == "t" and len(probability.arguments) > 0


def _with_calls(text: PrologText, predicates: tuple[Predicate, ...]) -> PrologText:
    """The text, and the clauses by which it asks for what Python computes."""
    if not predicates:
        return text
    clauses = "\n".join(one.clause for one in predicates)
    parts = (*text.whole_parts, Part(len(text.text) + 1, "the clauses of Python predicates"))
    return PrologText(f"{text.text}\n{clauses}", text.source, parts)


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


def _names(domains: tuple[Domain, ...]) -> str:
    return ", ".join(domain.name for domain in domains) or "none"
