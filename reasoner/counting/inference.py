"""Inference: the probability of every answer of a query, batched and differentiable.

In the literature: weighted model counting (WMC).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import torch
from torch import Tensor

from logic import Domain, Symbols

from ..errors import CountingError, QueryError
from ..grounding.grounding import Grounding
from ..grounding.sums import IMPOSSIBLE
from ..prolog.border import Limits
from ..prolog.program import Program
from ..prolog.terms import Value
from ..showing import cut, table
from .planning import check_evidence, prepare_query

if TYPE_CHECKING:
    from .bounds import Bounds, Budget

_SHOWN = 10  # answers that are printed


@dataclass(frozen=True, eq=False, repr=False)
class Answers:
    """All answers of a query, for a batch of beliefs.

    Args:
        query: The query's text.
        atoms: ``A`` texts, as ``sum(7)``.
        values: ``A`` values: of the query's variable, a tuple of them if it has several (``()`` if it has none).
        log_probs: ``[B, A]``, differentiable; a row sums to at most one if answers exclude each other. Where
            ``bounds`` are given they are the logs of the lower bounds.
        bounds: Between what the probabilities lie, if exact counting was over its limits; None if they are exact.

    Example:
        >>> from reasoner import Program, infer
        >>> garden = Program.parse("0.25::rain. 0.5::hose. wet :- rain. wet :- hose. query(wet). query(rain).")
        >>> answers = infer(garden)
        >>> {atom: round(answers.probability(atom).item(), 4) for atom in answers.atoms}
        {'wet': 0.625, 'rain': 0.25}
    """

    query: str
    atoms: tuple[str, ...]
    values: tuple[Value, ...]
    log_probs: Tensor
    bounds: "Bounds | None" = None

    def __repr__(self) -> str:
        return f"Answers({cut(self.query)!r}, {len(self.atoms)} answers, batch of {len(self.log_probs)})"

    def __str__(self) -> str:
        return "\n".join([repr(self), *(f"  {cut(atom)}: {text}" for atom, text in self._best())])

    def _repr_html_(self) -> str:
        return table(repr(self), self._best())

    def _best(self) -> list[tuple[str, str]]:
        """The most probable answers of the first sample, and how probable they are."""
        if not len(self.log_probs):
            return []
        lower = self.log_probs[0].detach().exp()
        upper = lower if self.bounds is None else self.bounds.upper[0].detach()
        shown = lower.argsort(descending=True, stable=True)[:_SHOWN].tolist()
        return [
            (self.atoms[n], f"{lower[n]:.6g}" + ("" if upper[n] == lower[n] else f" to {upper[n]:.6g}")) for n in shown
        ]

    def index(self, value: Value) -> int:
        """The column of an answer, given its value (``7``, a list as a list or tuple) or its text (``sum(7)``).

        Raises:
            QueryError: if no world has that answer.
        """
        value = _hashable(value)
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
        wanted = [_hashable(value) for value in values]
        return torch.tensor([column[v] if v in column else self.index(v) for v in wanted], device=self.log_probs.device)

    def probability(self, value: Value) -> Tensor:
        """Probability of one answer, ``[B]``.

        Raises:
            QueryError: as :meth:`index`, or if only bounds are known.
        """
        column = self.index(value)
        if self.bounds is not None and not bool(self.bounds.exact[:, column].all()):
            low, high = self.bounds.lower[:, column], self.bounds.upper[:, column]
            widest = int((high - low).argmax())
            raise QueryError(
                f"the probability of {self.atoms[column]} is only known to lie between {low[widest]:.6g} and "
                f"{high[widest]:.6g} (sample {widest}); read Answers.bounds, or give a larger budget"
            )
        return self.log_probs[:, column].exp()

    def most_likely(self) -> tuple[Value, ...]:
        """The most probable answer of each sample, ``B`` values.

        Raises:
            QueryError: if only bounds are known, and they do not tell.
        """
        best = self.log_probs.argmax(dim=1)
        if self.bounds is not None:
            others = self.bounds.upper.scatter(1, best[:, None], -1.0).amax(dim=1)
            unclear = (self.bounds.lower.gather(1, best[:, None])[:, 0] < others).nonzero()[:, 0].tolist()
            if unclear:
                raise QueryError(
                    f"the bounds do not tell the most probable answer of '{self.query}' in {len(unclear)} samples, "
                    f"{unclear[0]} among them; give a larger budget"
                )
        return tuple(self.values[index] for index in best.tolist())


def _hashable(value: Any) -> Value:
    """A value as answers have it: lists are tuples."""
    return tuple(map(_hashable, cast("list[Any]", value))) if isinstance(value, list | tuple) else value


def infer(
    program: Program,
    query: str | None = None,
    symbols: Symbols | Sequence[Symbols] = (),
    limits: Limits | None = None,
    budget: "Budget | None" = None,
    chances: Mapping[int, Tensor] | None = None,
) -> Answers:
    """The probability of every answer given the program's evidence, exact and differentiable in the beliefs.

    Args:
        program: The rules.
        query: One goal, such as ``sum(S)``; without it, all queries that the program states (their evidence counts
            only then).
        symbols: Beliefs, one for each domain that the rules read, with at least the slots that they ask for; none if
            nothing is perceived.
        limits: What it may spend.
        budget: What may be spent on bounds if exact counting is over ``limits``; without it that is an error.
        chances: Of clauses whose probabilities are learned, the log-probabilities of their heads, and of none of them;
            what they start with if left out.

    Raises:
        QueryError: if a domain or slot is missing, the evidence is impossible, or as
            :func:`reasoner.grounding.ground`.
        CountingError: if exact counting is over its limits and no budget is given.

    Example:
        >>> import torch
        >>> from logic import Domain, Symbols
        >>> from reasoner.prolog.program import DIGITS
        >>> rule = Program.parse("sum(S) :- digit(0, X), digit(1, Y), S is X + Y.")
        >>> even = Symbols(DIGITS, torch.full((1, 2, 10), 0.1).log())
        >>> round(infer(rule, "sum(S)", even).probability(9).item(), 6)
        0.1
        >>> coins = Program.parse("0.5::h(1). 0.6::h(2). won :- h(_). query(won). evidence(h(2), false).")
        >>> round(infer(coins).probability("won").item(), 6)
        0.5
    """
    prepared = prepare_query(program, query, limits)
    grounding = prepared.grounding
    beliefs = gather_beliefs(grounding, symbols, chances)
    atoms = tuple(answer.text for answer in grounding.answers)
    if budget is not None and isinstance(prepared.counting, CountingError):
        from .bounds import bound_rules

        bounds = bound_rules(grounding, beliefs, budget)
        return Answers(query or "", atoms, prepared.values, bounds.log_lower, bounds)
    log_probs = prepared.counter.log_probabilities(beliefs)
    if grounding.evidence:
        log_probs = _given_evidence(log_probs, grounding)
    return Answers(query or "", atoms, prepared.values, log_probs)


def _given_evidence(log_probs: Tensor, grounding: Grounding) -> Tensor:
    """P(answer | evidence) = P(answer and evidence) / P(evidence); the evidence is the last column."""
    evidence = log_probs[:, -1:]
    check_evidence(grounding, evidence.min().item())
    return (log_probs[:, :-1] - evidence).clamp(min=IMPOSSIBLE)


def gather_beliefs(
    grounding: Grounding, symbols: Symbols | Sequence[Symbols] = (), chances: Mapping[int, Tensor] | None = None
) -> Tensor:
    """Log-probabilities of the circuit's inputs, ``[B, I]``: what is perceived, what is stated, what is learned.

    Raises:
        QueryError: if a domain or a slot that the rules ask for is missing, or beliefs without names are given for
            inputs that have no order.
    """
    given = [symbols] if isinstance(symbols, Symbols) else list(symbols)
    by_name = {one.domain.name: one for one in given}
    asked = f"'{grounding.query}'" if grounding.query else grounding.program.source
    wanted: dict[Domain, list[int]] = {}
    stated: list[float | Tensor] = []
    for (domain, index), constants in zip(grounding.slots, grounding.constants, strict=True):
        if constants is None:
            wanted.setdefault(domain, []).append(index)
        elif chances and (clause := grounding.clauses.get((domain.name, index), -1)) in chances:
            stated.append(_learned(grounding, domain, clause, chances[clause]))
        else:  # after what is perceived, as Grounding.slots has it
            stated += constants
    parts: list[Tensor] = []
    for domain, indices in wanted.items():
        belief = by_name.get(domain.name)
        if belief is None or belief.domain != domain:
            what = "nothing" if belief is None else "another set of values"
            raise QueryError(
                f"{asked} needs symbols of the domain '{domain.name}' with {len(domain)} values, "
                f"but the symbols given hold {what} for it"
            )
        read, columns = belief.log_probs, _columns(grounding, belief, indices, asked)
        if columns != [*range(belief.slots)]:
            read = read[:, columns]
        parts.append(read.flatten(1))
    if stated:
        first = next(iter(chances.values())) if chances else torch.zeros(1, dtype=torch.float64)
        row = _row(stated, given[0].log_probs if given else first)
        parts.append(row.expand(given[0].batch if given else 1, -1))
    if len(parts) > 1:
        return torch.cat(parts, dim=1)
    return parts[0] if parts else torch.zeros(given[0].batch if given else 1, 0)


def _learned(grounding: Grounding, domain: Domain, clause: int, chances: Tensor) -> Tensor:
    """The log-probabilities of a choice whose clause is learned."""
    if len(chances) != len(domain):
        raise QueryError(
            f"{grounding.program.where(clause)}: two heads of the clause are one and the same atom, so their learned "
            f"probabilities cannot be told apart; write it once"
        )
    return chances


def _row(stated: Sequence[float | Tensor], like: Tensor) -> Tensor:
    """Numbers and learned ``[K]`` one after the other, as what they stand beside."""
    if not any(isinstance(one, Tensor) for one in stated):
        return like.new_tensor(stated)
    return torch.cat([(one if isinstance(one, Tensor) else torch.tensor([one])).to(like) for one in stated])


def _columns(grounding: Grounding, belief: Symbols, slots: list[int], asked: str) -> list[int]:
    """Where the belief holds each slot."""
    network = belief.domain.name
    if belief.names is not None:
        names = [grounding.name_of(network, slot) for slot in slots]
        place = {name: column for column, name in enumerate(belief.names)}
        if missing := [name for name in names if name not in place]:
            raise QueryError(
                f"{asked} asks for {network}({missing[0]}, ...), but the symbols given are those of "
                f"{', '.join(belief.names)}; give one for each of {', '.join(names)}"
            )
        return [place[name] for name in names]
    if network in grounding.unordered:
        raise QueryError(grounding.unordered[network])
    if slots[-1] >= belief.slots:
        missing = next(slot for slot in slots if slot >= belief.slots)
        raise QueryError(
            f"{asked} asks for {network}({grounding.name_of(network, missing)}, ...), but the "
            f"symbols have {belief.slots} slots, numbered from 0; show {missing + 1} pictures, or change the rule"
        )
    return slots
