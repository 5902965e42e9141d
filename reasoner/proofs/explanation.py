"""Explanation: the best answers of one sample, why each holds, and what would have to be seen for another to win."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import exp, inf

import numpy as np
from numpy.typing import NDArray

from logic import Symbols

from ..counting.attribution import Attribution
from ..counting.planning import Prepared, logs_stated, prepare_query, stated_beliefs
from ..errors import QueryError
from ..grounding.grounding import Grounding
from ..grounding.sums import IMPOSSIBLE
from ..prolog.border import Limits
from ..prolog.program import Program
from ..prolog.terms import Value, to_value
from ..showing import cut, preformatted
from .cheapest import Derivation, cheapest_derivation, cheapest_derivations
from .derivations import derivation_graph
from .proof import Beliefs, Proof, World, replay
from .rendering import to_text

Posterior = dict[tuple[str, int], dict[int | str, float]]
"""The probability of each value of each slot, by domain name and slot index."""

_BOTH = "'answer and evidence'"  # an atom that no program states
_NOT = "\\+ "
_NEVER = IMPOSSIBLE / 2  # the logarithm of what is no probability
_CHANGE = 1e6  # the cost of reading a slot otherwise, in nats: above all differences of log-probabilities that count


@dataclass(frozen=True)
class Change:
    """A slot that would have to be read otherwise.

    Args:
        slot: Domain name and slot index.
        read: Its value in the most probable world of the best answer.
        needed: The value that another answer needs.
        nats: Log-odds of ``read`` against ``needed``: what a fresh look would have to bring up.
    """

    slot: tuple[str, int]
    read: int | str
    needed: int | str
    nats: float


@dataclass(frozen=True)
class Contrast:
    """Why not this answer: what separates it from the best one.

    Args:
        changes: The fewest slots that must be read otherwise for it to hold; of all such sets the most probable.
        gap: Log-odds of the best answer against this one, over all worlds, in nats.
    """

    changes: tuple[Change, ...]
    gap: float

    @property
    def cost(self) -> float:
        """Log-odds of all changes together, in nats."""
        return sum(change.nats for change in self.changes)


@dataclass(frozen=True, repr=False)
class Answer:
    """One answer and why it holds.

    Args:
        atom: The answer as ``sum(7)``.
        bindings: Variables of the query and their values.
        probability: Of the answer: of all worlds in which it holds together.
        proof: In the most probable of these worlds.
        world: That world: the value of each slot, by domain and index.
        world_probability: Of that world alone, over the slots that the query reads.
        posterior: Of each slot, given that the answer holds.
        contrast: What separates it from the best answer; None for the best.
        given: Proofs of the evidence in that world, if there is evidence.
        log_probability: Of the answer; also where its probability is below the smallest float.
    """

    atom: str
    bindings: dict[str, Value]
    probability: float
    proof: Proof
    world: World
    world_probability: float
    posterior: Posterior
    contrast: Contrast | None = None
    given: tuple[Proof, ...] = ()
    log_probability: float = 0.0

    def __repr__(self) -> str:
        return f"Answer({cut(self.atom)!r}, probability {self.probability:.6g})"

    def __str__(self) -> str:
        lines = [f"{cut(self.atom)} with probability {self.probability:.6g}, because", to_text(self.proof, "  ")]
        return "\n".join([*lines, *(f"given\n{to_text(proof, '  ')}" for proof in self.given)])

    def _repr_html_(self) -> str:
        return preformatted(str(self))


@dataclass(frozen=True, repr=False)
class RankedProof:
    """One of several proofs of an answer.

    Args:
        proof: Replayed.
        probability: Of the values that it uses: the product of theirs.
        values: What it uses, by domain and index.
    """

    proof: Proof
    probability: float
    values: World

    def __repr__(self) -> str:
        return f"RankedProof({cut(self.proof.text)!r}, probability {self.probability:.6g})"

    def __str__(self) -> str:
        return to_text(self.proof)

    def _repr_html_(self) -> str:
        return preformatted(str(self))


@dataclass(frozen=True, eq=False)
class _Sample:
    """A query and the beliefs of one sample.

    Args:
        prepared: The query.
        log_probs: ``[I]``, of the values of all slots.
        by_slot: The same of each slot.
        keys: Domain name and index of each slot.
        likeliest: The number of the most probable value of each slot.
        limits: What may be spent.
    """

    prepared: Prepared
    log_probs: NDArray[np.float64]
    by_slot: tuple[list[float], ...]
    keys: tuple[tuple[str, int], ...]
    likeliest: tuple[int, ...]
    limits: Limits

    @property
    def grounding(self) -> Grounding:
        return self.prepared.grounding

    @property
    def best(self) -> list[float]:
        """The log-probability of the most probable value of each slot."""
        return [own[value] for own, value in zip(self.by_slot, self.likeliest, strict=True)]


def explain(
    program: Program,
    query: str,
    symbols: Symbols | Sequence[Symbols],
    top: int = 2,
    limits: Limits | None = None,
) -> list[Answer]:
    """The most probable answers of one sample, best first, each with a replayed proof.

    Args:
        program: The rules.
        query: One goal, such as ``sum(S)``.
        symbols: Beliefs with a batch of one.
        top: How many answers at most; impossible ones are left out.
        limits: What it may spend.

    Raises:
        QueryError: if the batch is not one, or as :func:`reasoner.counting.inference.infer`.
        ProofError: if a proof does not stand up when it is replayed.

    Example:
        >>> import torch
        >>> from logic import Domain, Symbols
        >>> seen = Symbols(Domain("digit", range(10)), torch.tensor([[[0.91] + [0.01] * 9] * 2]).log())
        >>> rule = Program.parse("sum(S) :- digit(0, X), digit(1, Y), S is X + Y.")
        >>> best, second = explain(rule, "sum(S)", seen)
        >>> best.atom, second.atom, round(best.probability, 4), len(second.contrast.changes)
        ('sum(0)', 'sum(9)', 0.8281, 1)
    """
    sample = _sample(program, query, symbols, limits or Limits())
    scores, posteriors = _posteriors(sample, top)
    answers: list[Answer] = []
    for (number, log_prob), posterior in zip(scores, posteriors, strict=True):
        if log_prob < _NEVER:
            continue
        costs = [[most - one for one in own] for own, most in zip(sample.by_slot, sample.best, strict=True)]
        best = _cheapest(sample, number, costs)
        world, beliefs = _completed(sample, best)
        answer = sample.grounding.answers[number]
        answers.append(
            Answer(
                answer.text,
                {name: to_value(term) for name, term in answer.bindings.items()},
                exp(log_prob),
                replay(sample.grounding, best.reason, world, beliefs, sample.limits),
                world,
                exp(sum(sample.best) - best.cost),
                posterior,
                _contrast(sample, number, answers[0].world, scores[0][1] - log_prob) if answers else None,
                log_probability=log_prob,
            )
        )
    return answers


def explain_queries(
    program: Program, symbols: Symbols | Sequence[Symbols] = (), limits: Limits | None = None
) -> list[Answer]:
    """Why each possible answer of the program's own queries holds, given its evidence, in one sample.

    World, posterior and proofs are those of answer and evidence together: of a rule that asks for both.

    Args:
        program: The rules; its evidence holds in the world of each answer.
        symbols: Beliefs with a batch of one; none if nothing is perceived.
        limits: What it may spend, each answer anew.

    Raises:
        QueryError, ProofError: as :func:`explain`, or if the evidence is impossible.

    Example:
        >>> coins = Program.parse("0.6::h(1). 0.7::h(2). some :- h(_). query(some). evidence(h(1), false).")
        >>> [answer] = explain_queries(coins)
        >>> answer.atom, round(answer.probability, 4)
        ('some', 0.7)
    """
    found = _answers(program, symbols, limits)
    grounding = prepare_query(program, None, limits).grounding
    observed = [f"{'' if truth else _NOT}({grounding.atoms[number]})" for number, truth in grounding.evidence]
    answers: list[Answer] = []
    for atom, log_prob in found.items():
        if log_prob < _NEVER:
            continue
        both = f"{_BOTH} :- {', '.join([f'({atom})', *observed])}."
        asked = Program.parse(f"{program.text}\n{both}", program.domains, program.source)
        (answer,) = explain(asked, _BOTH, symbols, 1, limits)
        proof, *given = answer.proof.steps
        shares = {"probability": exp(log_prob), "log_probability": log_prob}
        answers.append(replace(answer, atom=atom, proof=proof, given=tuple(given), **shares))
    return answers


def best_proofs(
    program: Program,
    query: str,
    symbols: Symbols | Sequence[Symbols],
    answer: Value,
    count: int = 3,
    limits: Limits | None = None,
) -> list[RankedProof]:
    """The most probable proofs of an answer in one sample, in exact order, each replayed.

    Two proofs may hold in one world, so their probabilities do not add up to the answer's.

    Args:
        program: The rules.
        query: One goal, such as ``sum(S)``.
        symbols: Beliefs with a batch of one.
        answer: Its value or text, as :meth:`reasoner.Answers.index` takes it.
        count: How many at most; impossible ones are left out.
        limits: What it may spend; ``gates`` bounds the steps of the search.

    Raises:
        QueryError: if there is no such answer, the batch is not one, or as :func:`reasoner.counting.inference.infer`.
        CountingError: if the search is over its budget.
        ProofError: if a proof does not stand up when it is replayed.

    Example:
        >>> import torch
        >>> from logic import Domain, Symbols
        >>> seen = Symbols(Domain("digit", range(10)), torch.tensor([[[0.9] + [0.1 / 9] * 9] * 2]).log())
        >>> rule = Program.parse("sum(S) :- digit(0, X), digit(1, Y), S is X + Y.")
        >>> len(best_proofs(rule, "sum(S)", seen, 1)), len(best_proofs(rule, "sum(S)", seen, 18))  # 0 + 1, 1 + 0; 9 + 9
        (2, 1)
    """
    sample = _sample(program, query, symbols, limits or Limits())
    texts = [one.text for one in sample.grounding.answers]
    values = sample.prepared.values
    if answer not in values and answer not in texts:
        raise QueryError(f"'{query}' never has the answer {answer!r}")
    number = values.index(answer) if answer in values else texts.index(str(answer))
    found: list[RankedProof] = []
    costs = [[-one for one in own] for own in sample.by_slot]
    for derivation in cheapest_derivations(derivation_graph(sample.grounding), number, costs, sample.limits.gates):
        if len(found) == count or exp(-derivation.cost) == 0:
            break
        world, beliefs = _completed(sample, derivation)
        proof = replay(sample.grounding, derivation.reason, world, beliefs, sample.limits)
        used = {key: world[key] for key in (sample.keys[slot] for slot in sorted(derivation.values))}
        found.append(RankedProof(proof, exp(-derivation.cost), used))
    return found


def _sample(program: Program, query: str, symbols: Symbols | Sequence[Symbols], limits: Limits) -> _Sample:
    prepared = prepare_query(replace(program, proved=True), query, limits)
    log_probs = _beliefs(prepared.grounding, query, symbols)
    flat = log_probs.tolist()
    by_slot = tuple([flat[group.start : group.stop] for group in prepared.grounding.one_hot])
    keys = tuple([(domain.name, number) for domain, number in prepared.grounding.slots])
    return _Sample(prepared, log_probs, by_slot, keys, tuple([own.index(max(own)) for own in by_slot]), limits)


def _answers(program: Program, symbols: Symbols | Sequence[Symbols], limits: Limits | None) -> dict[str, float]:
    if not isinstance(symbols, Symbols) and not symbols:
        return logs_stated(program, None, limits)
    from ..counting.inference import infer

    found = infer(program, None, symbols, limits)
    return dict(zip(found.atoms, found.log_probs[0].tolist(), strict=True))


def _beliefs(grounding: Grounding, query: str, symbols: Symbols | Sequence[Symbols]) -> NDArray[np.float64]:
    """``[I]``; torch is loaded for symbols alone."""
    if not isinstance(symbols, Symbols) and not symbols:
        return np.array(stated_beliefs(grounding), dtype=np.float64).clip(IMPOSSIBLE)
    from ..counting.inference import gather_beliefs

    beliefs = gather_beliefs(grounding, symbols).detach()
    if beliefs.shape[0] != 1:
        raise QueryError(f"'{query}' is explained for one sample at a time, but the batch holds {beliefs.shape[0]}")
    return beliefs[0].double().clamp(min=IMPOSSIBLE).cpu().numpy()


def _cheapest(sample: _Sample, number: int, costs: Sequence[Sequence[float]]) -> Derivation:
    return cheapest_derivation(derivation_graph(sample.grounding), number, costs, sample.limits.gates)


def _posteriors(sample: _Sample, top: int) -> tuple[list[tuple[int, float]], list[Posterior]]:
    """The best answers with their log-probabilities, and what each says of the slots.

    Where no proof of an answer reads a slot, its belief stands as it was.
    """
    counted = Attribution(sample.prepared.plan.layers, sample.log_probs)
    best = np.argsort(-counted.outputs, kind="stable")[:top].tolist()
    sizes = [len(own) for own in sample.by_slot]
    starts = np.array([group.start for group in sample.grounding.one_hot], dtype=np.int64)
    posteriors: list[Posterior] = []
    for number in best:
        used = counted.shares(number)
        unread = (1 - np.add.reduceat(used, starts)).clip(0.0)
        full = used + np.repeat(unread, sizes) * np.exp(sample.log_probs)
        shares = (full / np.repeat(np.add.reduceat(full, starts), sizes)).tolist()
        slots = zip(sample.keys, sample.grounding.slots, sample.grounding.one_hot, strict=True)
        posteriors.append(
            {
                key: dict(zip(domain.values, shares[group.start : group.stop], strict=True))
                for key, (domain, _), group in slots
            }
        )
    return [(number, float(counted.outputs[number])) for number in best], posteriors


def _contrast(sample: _Sample, number: int, world: World, gap: float) -> Contrast:
    limit = _CHANGE / max(1, 4 * len(sample.by_slot))  # so that all slots together do not outweigh one change
    costs: list[list[float]] = []
    for slot, own in enumerate(sample.by_slot):
        read = sample.grounding.slots[slot].domain.index(world[sample.keys[slot]])
        costs.append([_CHANGE + max(-limit, min(limit, own[read] - one)) for one in own])
        costs[slot][read] = 0.0
    nearest = _cheapest(sample, number, costs)
    changes: list[Change] = []
    for slot, value in sorted(nearest.values.items()):
        key, values = sample.keys[slot], sample.grounding.slots[slot].domain.values
        if values[value] != world[key]:
            own = sample.by_slot[slot]
            nats = own[values.index(world[key])] - own[value]
            changes.append(Change(key, world[key], values[value], nats if nats < 1e29 else inf))
    return Contrast(tuple(changes), gap)


def _completed(sample: _Sample, derivation: Derivation) -> tuple[World, Beliefs]:
    """The world in which a derivation holds and all else is most probable, and how probable each value of it is."""
    world: World = {}
    beliefs: Beliefs = {}
    for slot, own in enumerate(sample.by_slot):
        value = derivation.values.get(slot, sample.likeliest[slot])
        name, number = sample.keys[slot]
        read = sample.grounding.slots[slot].domain.values[value]
        world[name, number] = read
        beliefs[name, number, read] = exp(own[value])
    return world, beliefs
