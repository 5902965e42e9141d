"""Inference: the probability of every answer of a query, batched and differentiable."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor

from logic import Domain, Symbols

from .counting import Counter, prepare
from .errors import QueryError
from .grounding import Grounding, ground
from .program import Program
from .prolog import Limits
from .terms import Value, to_value


@dataclass(frozen=True, eq=False)
class Answers:
    """All answers of a query, for a batch of beliefs.

    Args:
        query: The query's text.
        atoms: ``A`` texts, as ``sum(7)``.
        values: ``A`` values: of the query's variable, a tuple of them if it has several (``()`` if it has none).
        log_probs: ``[B, A]``, differentiable; a row sums to at most one if answers exclude each other.
    """

    query: str
    atoms: tuple[str, ...]
    values: tuple[Value, ...]
    log_probs: Tensor

    def index(self, value: Value) -> int:
        """The column of an answer, given its value (``7``) or its text (``sum(7)``).

        Raises:
            QueryError: if no world has that answer.
        """
        if value in self.values:
            return self.values.index(value)
        if value in self.atoms:
            return self.atoms.index(str(value))
        shown = ", ".join(map(str, self.values[:8])) + (", ..." if len(self.values) > 8 else "")
        raise QueryError(f"'{self.query}' never has the answer {value!r}; it has {shown}")

    def indices(self, values: Sequence[Value]) -> Tensor:
        """The columns of many answers, ``[len(values)]``.

        Raises:
            QueryError: as :meth:`index`.
        """
        column = {value: index for index, value in reversed(list(enumerate(self.values)))}
        return torch.tensor([column[v] if v in column else self.index(v) for v in values], device=self.log_probs.device)

    def probability(self, value: Value) -> Tensor:
        """Probability of one answer, ``[B]``.

        Raises:
            QueryError: as :meth:`index`.
        """
        return self.log_probs[:, self.index(value)].exp()

    def most_likely(self) -> tuple[Value, ...]:
        """The most probable answer of each sample, ``B`` values."""
        return tuple(self.values[index] for index in self.log_probs.argmax(dim=1).tolist())


@dataclass(frozen=True, eq=False)
class Prepared:
    """A query that is grounded and ready to be counted."""

    grounding: Grounding
    counter: Counter
    values: tuple[Value, ...]


@lru_cache(maxsize=256)
def prepare_query(program: Program, query: str, limits: Limits | None = None) -> Prepared:
    """The query, grounded and prepared once; the second call costs nothing.

    Raises:
        QueryError, PrologLimit: as :func:`reasoner.grounding.ground`.
        CountingError: if exact counting is over its budget.
    """
    limits = limits or Limits()
    grounding = ground(program, query, limits)
    values = tuple(
        tuple(to_value(term) for term in answer.bindings.values())
        if len(answer.bindings) != 1
        else to_value(next(iter(answer.bindings.values())))
        for answer in grounding.answers
    )
    return Prepared(grounding, prepare(grounding.circuit, limits.gates), values)


def infer(program: Program, query: str, symbols: Symbols | Sequence[Symbols], limits: Limits | None = None) -> Answers:
    """The probability of every answer, exact and differentiable in the beliefs.

    Args:
        program: The rules.
        query: One goal, such as ``sum(S)``.
        symbols: Beliefs, one for each domain that the rules read, with at least the slots that they ask for.
        limits: What it may spend.

    Raises:
        QueryError: if a domain or slot is missing, or as :func:`reasoner.grounding.ground`.

    Example:
        >>> import torch
        >>> from logic import Domain, Symbols
        >>> from reasoner.program import DIGITS
        >>> rule = Program.parse("sum(S) :- digit(0, X), digit(1, Y), S is X + Y.")
        >>> even = Symbols(DIGITS, torch.full((1, 2, 10), 0.1).log())
        >>> round(infer(rule, "sum(S)", even).probability(9).item(), 6)
        0.1
    """
    prepared = prepare_query(program, query, limits)
    log_probs = prepared.counter.log_probabilities(gather_beliefs(prepared.grounding, symbols))
    atoms = tuple(answer.text for answer in prepared.grounding.answers)
    return Answers(query, atoms, prepared.values, log_probs)


def gather_beliefs(grounding: Grounding, symbols: Symbols | Sequence[Symbols]) -> Tensor:
    """Log-probabilities of the circuit's inputs, ``[B, I]``.

    Raises:
        QueryError: if a domain or a slot that the rules ask for is missing.
    """
    given = [symbols] if isinstance(symbols, Symbols) else list(symbols)
    by_name = {one.domain.name: one for one in given}
    wanted: dict[Domain, list[int]] = {}
    for domain, index in grounding.slots:
        wanted.setdefault(domain, []).append(index)
    parts: list[Tensor] = []
    for domain, indices in wanted.items():
        belief = by_name.get(domain.name)
        if belief is None or belief.domain != domain:
            what = "nothing" if belief is None else "another set of values"
            raise QueryError(
                f"'{grounding.query}' needs symbols of the domain '{domain.name}' with {len(domain)} values, "
                f"but the symbols given hold {what} for it"
            )
        if indices[-1] >= belief.slots:
            missing = next(index for index in indices if index >= belief.slots)
            raise QueryError(
                f"'{grounding.query}' asks for {domain.name}({missing}, ...), but the symbols have {belief.slots} "
                f"slots, numbered from 0; show {missing + 1} pictures, or change the rule"
            )
        read = belief.log_probs
        if len(indices) < belief.slots:
            read = read[:, indices]
        parts.append(read.flatten(1))
    if len(parts) > 1:
        return torch.cat(parts, dim=1)
    return parts[0] if parts else torch.zeros(given[0].batch if given else 1, 0)
