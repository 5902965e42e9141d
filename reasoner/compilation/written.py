"""Sums that can be counted as they stand: most programs need no more, and none of the other methods is loaded."""

from time import process_time

from ..grounding.sums import Sums
from .factoring import factor
from .normal_form import are_countable
from .plan import Plan, Report


def plan_written(sums: Sums) -> Plan | None:
    """A plan for sums that can be counted as they stand; None if they cannot."""
    start = process_time()
    if not are_countable(sums):
        return None
    found = factor(sums)
    return Plan(found, found.one_hot, Report("as written", len(found.nodes), 0, process_time() - start))
