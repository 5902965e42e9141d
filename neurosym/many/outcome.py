"""What came of one item among many: a value, or one sentence on why there is none."""

from dataclasses import dataclass
from typing import Literal

from logic import NeurosymError

State = Literal["done", "failed", "too long", "too large", "died"]


class ManyError(NeurosymError, ValueError):
    """Many items that cannot be begun, or not be gone on with."""


@dataclass(frozen=True)
class Outcome:
    """What came of one item.

    Args:
        key: The item's name in the journal.
        state: ``done``; ``failed`` with an exception; ``too long`` or ``too large`` for its limits; ``died`` when the
            process that computed it was killed, twice.
        value: What the function returned; None if it did not.
        error: Why there is no value, in one sentence; None if there is one.
        seconds: Wall time of the item itself.
    """

    key: str
    state: State
    value: object = None
    error: str | None = None
    seconds: float = 0.0
