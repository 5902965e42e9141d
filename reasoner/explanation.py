"""Explanation: the best answers of one sample, each with its most probable world and a proof in it."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp

from logic import Symbols

from .errors import QueryError
from .inference import gather_beliefs, prepare_query
from .program import Program
from .prolog import Limits
from .proof import Proof, World, prove
from .terms import Value, to_value
from .worlds import most_probable_worlds


@dataclass(frozen=True)
class Answer:
    """One answer and why it holds.

    Args:
        atom: The answer as ``sum(7)``.
        bindings: Variables of the query and their values.
        probability: Of the answer: of all worlds in which it holds together.
        proof: In the most probable of these worlds.
        world: That world: the value of each slot, by domain and index.
        world_probability: Of that world alone, over the slots that the query reads.
    """

    atom: str
    bindings: dict[str, Value]
    probability: float
    proof: Proof
    world: World
    world_probability: float


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
        QueryError: if the batch is not one, or as :func:`reasoner.inference.infer`.
        ProofError: if a proof does not stand up when it is replayed.
    """
    prepared = prepare_query(program, query, limits)
    grounding = prepared.grounding
    beliefs = gather_beliefs(grounding, symbols).detach()
    if beliefs.shape[0] != 1:
        raise QueryError(f"'{query}' is explained for one sample at a time, but the batch holds {beliefs.shape[0]}")
    log_probs: list[float] = prepared.counter.log_probabilities(beliefs)[0].tolist()
    inputs: list[float] = beliefs[0].tolist()
    best = sorted(range(len(log_probs)), key=log_probs.__getitem__, reverse=True)[:top]
    probability = {
        (domain.name, index, value): exp(inputs[position])
        for (domain, index), group in zip(grounding.slots, grounding.circuit.one_hot, strict=True)
        for value, position in zip(domain.values, group, strict=True)
    }
    answers: list[Answer] = []
    for number in best:
        if exp(log_probs[number]) == 0:
            continue
        ((chosen, world_log_prob),) = most_probable_worlds(prepared.counter, number, beliefs[0])
        world: World = {
            (domain.name, index): domain.values[value]
            for (domain, index), value in zip(grounding.slots, chosen, strict=True)
        }
        answer = grounding.answers[number]
        proof = prove(grounding, answer.atom, world, probability, limits or Limits())
        bindings = {name: to_value(term) for name, term in answer.bindings.items()}
        answers.append(Answer(answer.text, bindings, exp(log_probs[number]), proof, world, exp(world_log_prob)))
    return answers
