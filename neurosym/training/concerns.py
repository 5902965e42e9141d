"""Concerns before training: whether the answers can tell what the symbols mean."""

from collections.abc import Iterable, Sequence
from typing import Any

from reasoner import Reading, count_shortcuts
from reasoner.counting.planning import prepare_query

from ..model import Model

MEANINGS, SECONDS, CONFLICTS = 100, 1.0, 20_000  # after which the search for others ends


class ShortcutWarning(UserWarning):
    """Other meanings of the symbols explain the answers as well; the text gives one of them."""


def shortcut_concern(model: Model, answers: Sequence[Any], readings: Iterable[Reading] | None = None) -> str | None:
    """One sentence if a wrong meaning of the symbols would explain all answers; None if not, or if time ran out.

    Where answers rest on chance as well, nothing is said: they tell no meaning for sure.

    Args:
        model: Its rules and query.
        answers: Those of the samples.
        readings: Which values occur together in samples; if that is not known, all that can have these answers are
            taken to occur, and a concern may go unsaid.

    Raises:
        QueryError: if an answer is no answer of the query.
    """
    if any(stated is not None for stated in prepare_query(model.program, model.goal()).grounding.constants):
        return None
    found = count_shortcuts(
        model.program,
        model.goal(),
        readings=readings,
        answers=dict.fromkeys(answers),
        most=MEANINGS,
        seconds=SECONDS,
        conflicts=CONFLICTS,
    )
    return found.warning()
