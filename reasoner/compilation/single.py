"""Counting for one sample, in plain Python: what a single query needs takes less time than loading torch."""

from collections.abc import Sequence
from math import exp, log

from ..grounding.sums import IMPOSSIBLE, Sums


def log_probabilities(sums: Sums, log_probs: Sequence[float]) -> list[float]:
    """The same numbers as :meth:`reasoner.Counter.log_probabilities` gives for a batch.

    Args:
        sums: Countable: products over different slots, cases that exclude each other.
        log_probs: ``[I]``, log-probability of each input.

    Returns:
        ``[O]``, log-probability of each output; about -1e30 if it is impossible.
    """
    values = [IMPOSSIBLE, 0.0, *(max(one, IMPOSSIBLE) for one in log_probs)]
    for cases in sums.nodes:
        terms = [sum([values[one] for one in case]) for case in cases]
        most = max(terms)
        values.append(most if len(terms) == 1 else most + log(sum([exp(term - most) for term in terms])))
    return [max(values[node], IMPOSSIBLE) for node in sums.outputs]
