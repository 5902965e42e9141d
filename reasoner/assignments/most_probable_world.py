"""The most probable world given the evidence. In the literature: MPE (most probable explanation)."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from logic import Symbols

from ..counting.inference import gather_beliefs
from ..counting.planning import check_evidence, prepare_query
from ..counting.worlds import most_probable_worlds
from ..errors import QueryError
from ..grounding.grounding import NONE, Grounding
from ..grounding.rules import Negation, Row, SlotValue, Support, denied_by, relevant
from ..grounding.sums import IMPOSSIBLE
from ..prolog.border import Limits
from ..prolog.program import Program
from ..sampling.evaluation import Evaluation

_ALWAYS = "'$always'"


@dataclass(frozen=True)
class World:
    """A world.

    Args:
        facts: Of each probabilistic fact that matters, whether it holds; of each head of a probabilistic rule whether
            it was chosen, as ``alarm (rule of line 4)``, since it holds only if the rule's body does; of each slot of a
            domain its value, as ``digit(0)=3``.
        answers: Of each query whether it holds.
        log_probability: Of this world alone, in nats; the evidence holds in it.
    """

    facts: dict[str, bool]
    answers: dict[str, bool]
    log_probability: float


def most_probable(
    program: Program, symbols: Symbols | Sequence[Symbols] = (), count: int = 1, limits: Limits | None = None
) -> list[World]:
    r"""The most probable worlds in which the program's evidence holds, best first.

    What neither a query nor the evidence rests on is left out: a probabilistic fact, or a head of a disjunction, whose
    probability then counts for none of those that matter.

    Args:
        program: The rules, their evidence and queries; it may have none of either.
        symbols: Beliefs with a batch of one; none if nothing is perceived.
        count: How many worlds at most.
        limits: What it may spend.

    Raises:
        QueryError: if the evidence is impossible, or as :func:`reasoner.infer`.
        CountingError: if exact counting is over its limits.

    Example:
        >>> coins = Program.parse("0.6::heads(1). 0.3::heads(2). some :- heads(_). evidence(\\+ heads(1)). "
        ...                       "evidence(some). query(some).", ())
        >>> most_probable(coins)[0].facts
        {'heads(1)': False, 'heads(2)': True}
    """
    limits = limits or Limits()
    prepared = prepare_query(program.extended(f"{_ALWAYS}. query({_ALWAYS})."), None, limits)
    grounding = prepared.grounding
    beliefs = gather_beliefs(grounding, symbols).double()
    if len(beliefs) != 1:
        raise QueryError(f"worlds are found for one sample at a time, but the batch holds {len(beliefs)}")
    output, roots = len(grounding.answers), [answer.atom for answer in grounding.answers]
    if not grounding.evidence:
        output = next(place for place, answer in enumerate(grounding.answers) if answer.text == _ALWAYS)
    else:
        check_evidence(grounding, prepared.counter.log_probabilities(beliefs)[0, output].item())
    every = _possible(grounding)
    settled = _settled(every, grounding.leaves)
    roots += [atom for atom, _ in grounding.evidence if atom not in settled]  # else it rules out nothing
    rows = relevant(every, denied_by(grounding.leaves), roots)
    read = {item for row in rows for item in row.body if item < 0}
    named = {leaf for number in read if isinstance(leaf := grounding.leaves[number], SlotValue)}
    label = _labels(grounding, rows)
    merged = beliefs[0].clone()
    for (domain, number), group in zip(grounding.slots, grounding.one_hot, strict=True):
        other = [
            place
            for place, value in zip(group, domain.values, strict=True)
            if SlotValue(domain.name, number, value) not in named
        ]
        if len(other) > 1:  # values that nothing tells apart are one
            total = merged[other].logsumexp(0)
            merged[other] = IMPOSSIBLE
            merged[other[-1]] = total
    evaluation = Evaluation(grounding)
    worlds: list[World] = []
    for found in most_probable_worlds(prepared.counter, output, merged, count):
        facts: dict[str, bool] = {}
        for (domain, number), constants, value in zip(grounding.slots, grounding.constants, found.values, strict=True):
            if constants is None:
                facts[f"{domain.name}({grounding.name_of(domain.name, number)})={domain.values[value]}"] = True
            else:
                facts |= {
                    label[SlotValue(domain.name, number, head)]: place == value
                    for place, head in enumerate(domain.values)
                    if head != NONE and SlotValue(domain.name, number, head) in named
                }
        truths = evaluation.truths(np.array(found.values, dtype=np.int64).reshape(-1, 1))
        answers = {
            answer.text: bool(Evaluation.bits(truths[answer.atom], 1)[0])
            for answer in grounding.answers
            if answer.text != _ALWAYS
        }
        if found.log_probability > IMPOSSIBLE / 2:
            worlds.append(World(facts, answers, found.log_probability))
    return worlds


def _labels(grounding: Grounding, rows: Sequence[Row]) -> dict[SlotValue, str]:
    """What each choice is called; no two are called alike."""
    lines: dict[SlotValue, int] = {}
    for row in rows:
        for item in row.body:
            leaf = grounding.leaves[item] if item < 0 else None
            if isinstance(leaf, SlotValue) and len(row.body) > 1 and row.clause >= 0:
                lines[leaf] = grounding.program.line(row.clause)
    labels: dict[SlotValue, str] = {}
    seen: Counter[str] = Counter()
    for (domain, number), constants in zip(grounding.slots, grounding.constants, strict=True):
        for head in domain.values if constants is not None else ():
            leaf = SlotValue(domain.name, number, head)
            name = str(head) + (f" (rule of line {lines[leaf]})" if leaf in lines else "")
            seen[name] += head != NONE
            labels[leaf] = name if seen[name] < 2 else f"{name}, {seen[name]}"
    return labels


def _possible(grounding: Grounding) -> list[Row]:
    """The rules that do not contradict themselves, by an atom and its denial or by one that never holds."""
    denied = denied_by(grounding.leaves)
    never: set[int] = set()
    found: list[Row] = []
    for rows in grounding.circles:
        own = [row for row in rows if not any(item in never or denied.get(item) in row.body for item in row.body)]
        never |= {row.head for row in rows} - {row.head for row in own}
        found += own
    return found


def _settled(rows: Sequence[Row], leaves: Sequence[Support]) -> set[int]:
    """Atoms that hold by facts alone, or by a support and by its denial; what else is certain is not looked for."""
    of_head: dict[int, list[Row]] = {}
    for row in rows:
        of_head.setdefault(row.head, []).append(row)
    found: set[int] = set()
    while new := {head for head, own in of_head.items() if head not in found and _holds(own, found, leaves)}:
        found |= new
    return found


def _holds(rows: Sequence[Row], settled: set[int], leaves: Sequence[Support]) -> bool:
    left = [[item for item in row.body if item not in settled] for row in rows]
    alone = [leaves[body[0]] if body[0] < 0 else body[0] for body in left if len(body) == 1]
    denied = {one.of[0] for one in alone if isinstance(one, Negation) and len(one.of) == 1}
    return not all(left) or not denied.isdisjoint(alone)
