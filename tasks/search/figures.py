"""Figures of a measurement: a title, lines, and whether each is as good as it should be."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np


@dataclass
class Report:
    """What was measured, line by line."""

    title: str
    lines: list[tuple[str, str, bool | None]] = field(default_factory=list[tuple[str, str, bool | None]])

    def say(self, what: str, figure: str, good: bool | np.bool_ | None = None) -> None:
        """Adds a figure, and whether it is good enough where something is asked of it."""
        self.lines.append((what, figure, None if good is None else bool(good)))

    @property
    def good(self) -> bool:
        """Whether no figure falls short."""
        return all(good is not False for *_, good in self.lines)

    def __str__(self) -> str:
        marks = {None: "", True: "  ok", False: "  FALLS SHORT"}
        return "\n".join([self.title, *(f"  {what}: {figure}{marks[good]}" for what, figure, good in self.lines)])


def percentiles(values: Sequence[int]) -> str:
    """The median, three high percentiles and the largest, in words."""
    if not values:
        return "none"
    return " / ".join(f"{value:,.0f}" for value in np.percentile(values, [50, 90, 95, 99, 100]))
