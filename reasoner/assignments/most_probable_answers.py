"""The most probable truth of the queries together, given the evidence. In the literature: MAP, or marginal MAP."""

from collections.abc import Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from math import log
from time import process_time

import torch
from torch import Tensor

from logic import Symbols

from ..counting.inference import gather_beliefs
from ..counting.planning import check_evidence, prepare_query
from ..errors import PrologTimeout, QueryError
from ..grounding.sums import IMPOSSIBLE
from ..prolog.border import Limits
from ..prolog.program import Program
from ..sampling.grounded import ground_stated

_AGREES, _SAID = "'$agrees'", "'$said'"
_BATCH = 64  # partial assignments that are looked at together


@dataclass(frozen=True)
class Assignment:
    """What holds of the queries, all together.

    Args:
        answers: Of each query whether it holds.
        log_probability: That they hold and fail like this, given the evidence, in nats.
        looked_at: How many assignments, whole or in part, were counted.
    """

    answers: dict[str, bool]
    log_probability: float
    looked_at: int


def most_probable_answers(
    program: Program, symbols: Symbols | Sequence[Symbols] = (), limits: Limits | None = None
) -> Assignment:
    r"""The most probable truth of all queries together, given the evidence; all else is summed out.

    No assignment is more probable than a part of it. So parts are extended by the next query, the most probable part
    first, and the first that is whole is the best.

    Args:
        program: The rules, their queries and evidence.
        symbols: Beliefs with a batch of one; none if nothing is perceived.
        limits: What it may spend; ``seconds`` also bounds the search.

    Raises:
        QueryError: if nothing is asked, the evidence is impossible, or as :func:`reasoner.infer`.
        PrologLimit, CountingError: if a limit is reached.

    Example:
        >>> coins = Program.parse("0.6::heads(1). 0.7::heads(2). both :- heads(1), heads(2). query(both). "
        ...                       "query(heads(1)).", ())
        >>> found = most_probable_answers(coins)
        >>> found.answers, round(found.log_probability, 4) == round(log(0.42), 4)
        ({'both': True, 'heads(1)': True}, True)

    References:
        Park and Darwiche, "Complexity results and approximation strategies for MAP explanations", JAIR 21 (2004).
    """
    limits = limits or Limits()
    asked = [answer.text for answer in ground_stated(program, None, limits).answers]
    lines: list[str] = []
    for number, atom in enumerate(asked):
        said = f"{_SAID}({number})"
        lines.append(
            f"0.5::{said}.\n{_AGREES}({number}) :- {atom}, {said}.\n{_AGREES}({number}) :- \\+ {atom}, \\+ {said}."
        )
        lines.append(f"evidence({_AGREES}({number})). query({said}).")
    prepared = prepare_query(program.extended("\n".join(lines)), None, limits)
    grounding = prepared.grounding
    beliefs = gather_beliefs(grounding, symbols).double()
    if len(beliefs) != 1:
        raise QueryError(f"answers are found for one sample at a time, but the batch holds {len(beliefs)}")
    place_of = {slot.domain.values[0]: number for number, slot in enumerate(grounding.slots)}
    groups = [grounding.one_hot[place_of[f"{_SAID}({number})"]] for number in range(len(asked))]
    output, end = len(grounding.answers), process_time() + limits.seconds
    looked_at = 0

    def masses(parts: Sequence[tuple[bool, ...]]) -> Tensor:
        """Log-probability of each part and the evidence."""
        nonlocal looked_at
        looked_at += len(parts)
        if process_time() > end:
            raise PrologTimeout(f"the best assignment was not found within {limits.seconds:g} s; raise Limits.seconds")
        rows = beliefs.expand(len(parts), -1).clone()
        for row, part in zip(rows, parts, strict=True):
            for group, truth in zip(groups, part, strict=False):
                row[group.start], row[group.start + 1] = (0.0, IMPOSSIBLE) if truth else (IMPOSSIBLE, 0.0)
        shared = torch.tensor([(len(asked) - len(part)) * log(2) for part in parts], dtype=torch.float64)
        return prepared.counter.log_probabilities(rows)[:, output] + shared

    whole = masses([()])[0].item()
    check_evidence(grounding, whole)
    waiting: list[tuple[float, int, tuple[bool, ...]]] = [(-whole, 0, ())]
    while True:
        parts: list[tuple[bool, ...]] = []
        while waiting and len(parts) < _BATCH:
            cost, _, part = waiting[0]
            if len(part) == len(asked):
                if not parts:
                    return Assignment(dict(zip(asked, part, strict=True)), -cost - whole, looked_at)
                break
            heappop(waiting)
            parts += [(*part, True), (*part, False)]
        for part, mass in zip(parts, masses(parts).tolist(), strict=True):
            if mass > IMPOSSIBLE / 2:
                heappush(waiting, (-mass, -len(part), part))
