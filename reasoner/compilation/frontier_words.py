"""The states of a frontier in plain Python: the rows of a state side by side in one integer, reached all at once."""

from collections.abc import Sequence

from .frontier_steps import ACCEPT, REJECT, Step


class Words:
    """States of some width as integers: row ``r`` of a state lies at bit ``r * width``.

    Args:
        width: Places of a state.
    """

    def __init__(self, width: int) -> None:
        self._width = width
        self._row = (1 << width) - 1
        self._firsts = sum([1 << row * width for row in range(1 + width)])  # the first bit of each row
        self._diagonal = sum([1 << (1 + place) * width + place for place in range(width)])

    def rows(self, state: int) -> tuple[int, ...]:
        """A state as :func:`reasoner.compilation.frontier_steps.after` has it."""
        return tuple([state >> place * self._width & self._row for place in range(1 + self._width)])

    def advance(self, states: Sequence[int], step: Step, same: bool) -> tuple[list[tuple[int, ...]], list[int]]:
        """The states after a step.

        Args:
            states: In the form that the step before left them in.
            step: What happens, as :func:`reasoner.compilation.frontier_steps.after` tells.
            same: Whether what is yet to come is the same as after the step before.

        Returns:
            The target of each state and class, and the states of the next level.
        """
        width, every, firsts = self._width, self._row, self._firsts
        coming, bodies, wanted, unwanted = step.masks
        kept = bodies | wanted | unwanted
        rows = sum([every << (1 + place) * width for place in range(width) if coming >> place & 1])
        cleaned = rows & firsts * kept & ~self._diagonal
        halves: list[int] = []
        count = 1 + width
        while count > 1:
            count = (count + 1) // 2
            halves.append(count * width)
        known: dict[int, int] = {}
        columns: list[list[int]] = []
        for start, end in zip(step.starts, step.starts[1:], strict=False):
            if start == end and same:
                columns.append([known.setdefault(state, len(known)) for state in states])
                continue
            rules = [
                (1 << head, (1 + head) * width, body, 1 << (1 + body) * width)
                for head, body in zip(step.heads[start:end], step.bodies[start:end], strict=True)
            ]
            column: list[int] = []
            columns.append(column)
            for state in states:
                for own, place, body, first in rules:
                    gained = state >> place & every | own
                    if body < 0 or state >> body & 1:
                        state |= gained
                    else:
                        state |= (state >> body & firsts | first) * gained
                true = state & every
                possible = 0
                if step.sources or true & bodies:
                    possible = state & rows
                    for half in halves:
                        possible |= possible >> half
                    possible = (possible & every | coming) & ~true
                if wanted & ~(true | possible) or unwanted & true:
                    column.append(REJECT)
                elif wanted & ~true or unwanted & possible:
                    state = state & cleaned & firsts * possible | true & kept
                    column.append(known.setdefault(state, len(known)))
                else:
                    column.append(ACCEPT)
        return [*zip(*columns, strict=True)], [*known]
