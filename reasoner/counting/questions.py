"""Questions beyond probability: an answer's most probable worlds, how many there are, how uncertain they are."""

from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor

from logic import Symbols

from ..errors import QueryError
from ..prolog.border import Limits
from ..prolog.program import Program
from ..prolog.terms import Value
from .inference import gather_beliefs
from .planning import Prepared, prepare_query
from .semirings import Semiring, count_worlds, entropy
from .worlds import most_probable_worlds


@dataclass(frozen=True)
class RankedWorld:
    """A world in which an answer holds.

    Args:
        values: The value of each slot, by domain name and slot index.
        log_probability: Of this world alone, in nats.
    """

    values: dict[tuple[str, int], int | str]
    log_probability: float


def best_worlds(
    program: Program,
    query: str | None,
    answer: Value,
    symbols: Symbols | Sequence[Symbols] = (),
    count: int = 1,
    limits: Limits | None = None,
) -> list[RankedWorld]:
    """The most probable worlds in which an answer (and the program's evidence) holds, best first.

    In the literature: MPE for ``count=1`` (most probable explanation), k-MPE else.

    Args:
        program: The rules.
        query: One goal, such as ``sum(S)``; None for the queries that the program states.
        answer: Its value or text, as :meth:`reasoner.Answers.index` takes it.
        symbols: Beliefs with a batch of one; none if nothing is perceived.
        count: How many worlds at most.
        limits: What it may spend.

    Raises:
        QueryError: if there is no such answer, the batch is not one, or as :func:`reasoner.infer`.
        CountingError: if exact counting is over its limits.

    Example:
        >>> from math import exp
        >>> coins = Program.parse("0.6::heads(1). 0.7::heads(2). some :- heads(_). query(some).")
        >>> [round(exp(world.log_probability), 2) for world in best_worlds(coins, None, "some", count=2)]
        [0.42, 0.28]
    """
    prepared = prepare_query(program, query, limits)
    beliefs = gather_beliefs(prepared.grounding, symbols)
    if len(beliefs) != 1:
        raise QueryError(f"worlds are found for one sample at a time, but the batch holds {len(beliefs)}")
    slots = prepared.grounding.slots
    return [
        RankedWorld(
            {
                (domain.name, number): domain.values[value]
                for (domain, number), value in zip(slots, world.values, strict=True)
            },
            world.log_probability,
        )
        for world in most_probable_worlds(prepared.counter, _output(prepared, answer), beliefs[0], count)
    ]


def number_of_worlds(program: Program, query: str | None, answer: Value, limits: Limits | None = None) -> int:
    """In how many worlds an answer (and the program's evidence) holds, exactly. In the literature: #SAT.

    Args:
        program: The rules.
        query: As in :func:`best_worlds`.
        answer: As in :func:`best_worlds`.
        limits: What it may spend.

    Raises:
        QueryError: if there is no such answer, or as :func:`reasoner.infer`.
        CountingError: if exact counting is over its limits.

    Example:
        >>> number_of_worlds(Program.parse("sum(S) :- digit(0, X), digit(1, Y), S is X + Y."), "sum(S)", 3)
        4
    """
    prepared = prepare_query(program, query, limits)
    return count_worlds(prepared.counter, _output(prepared, answer), prepared.grounding.never)


def world_entropy(
    program: Program,
    query: str | None = None,
    symbols: Symbols | Sequence[Symbols] = (),
    limits: Limits | None = None,
) -> Tensor:
    """How uncertain the worlds of each answer still are, ``[B, A]`` in nats: 0 if only one is possible.

    Args:
        program: The rules.
        query: As in :func:`best_worlds`.
        symbols: Beliefs; none if nothing is perceived.
        limits: What it may spend.

    Raises:
        QueryError: as :func:`reasoner.infer`.
        CountingError: if exact counting is over its limits.

    Example:
        >>> from math import log
        >>> rule = Program.parse("0.5::a. 0.5::b. some :- a. some :- b. query(some).")
        >>> round(world_entropy(rule).item(), 4) == round(log(3), 4)
        True
    """
    prepared = prepare_query(program, query, limits)
    found = entropy(prepared.counter, gather_beliefs(prepared.grounding, symbols))
    return found[:, : len(prepared.values)]


def evaluate(
    program: Program,
    semiring: Semiring,
    query: str | None = None,
    symbols: Symbols | Sequence[Symbols] = (),
    limits: Limits | None = None,
) -> Tensor:
    """The value of each answer in a semiring, ``[B, A, F]``. In the literature: algebraic model counting.

    Args:
        program: The rules; what is asked is the answer together with their evidence.
        semiring: What adding and multiplying mean, and the value of each belief.
        query: As in :func:`best_worlds`.
        symbols: Beliefs; none if nothing is perceived.
        limits: What it may spend.

    Raises:
        QueryError: as :func:`reasoner.infer`.
        CountingError: if exact counting is over its limits.

    Example:
        >>> from reasoner.counting.semirings import PROBABILITY
        >>> coins = Program.parse("0.6::heads(1). 0.7::heads(2). both :- heads(1), heads(2). query(both).")
        >>> round(evaluate(coins, PROBABILITY).item(), 2)
        0.42
    """
    prepared = prepare_query(program, query, limits)
    beliefs = gather_beliefs(prepared.grounding, symbols)
    layers = prepared.counter.on(beliefs.device)
    rows = semiring.evaluate(layers, semiring.label(beliefs.t()))[layers.outputs]
    return rows[: len(prepared.values)].permute(2, 0, 1)


def _output(prepared: Prepared, answer: Value) -> int:
    texts = [one.text for one in prepared.grounding.answers]
    if answer in prepared.values:
        return prepared.values.index(answer)
    if answer in texts:
        return texts.index(str(answer))
    raise QueryError(
        f"'{prepared.grounding.query or prepared.grounding.program.source}' never has the answer {answer!r}"
    )
