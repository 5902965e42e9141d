"""Pairs that differ or follow each other, said to CP-SAT by few constraints on many variables."""

from collections.abc import Iterator, Sequence

Task = tuple[int, int]
"""The variable of its start, and how long it takes."""


class Pairs:
    """What holds of pairs of variables of a model, which are numbers."""

    def __init__(self) -> None:
        self._apart: dict[int, dict[int, set[int]]] = {}
        self._following: dict[Task, dict[Task, None]] = {}

    def differ(self, x: int, y: int, gap: int) -> None:
        """``x - y`` is not the gap."""
        lower, upper, found = (x, y, gap) if x < y else (y, x, -gap)
        self._apart.setdefault(lower, {}).setdefault(upper, set()).add(found)

    def follow(self, one: Task, other: Task) -> None:
        """One of two tasks ends before the other begins."""
        self._following.setdefault(one, {})[other] = None
        self._following.setdefault(other, {})[one] = None

    def said(self, ends: Sequence[tuple[int, int]], count: int) -> Iterator[str]:
        """All of it, as constraints that are each said once.

        Args:
            ends: Least and greatest value of each variable.
            count: Of the constraints that the model has.
        """
        yield from self._serial(count)
        yield from self._distinct(ends)
        self._apart.clear()
        self._following.clear()

    def _distinct(self, ends: Sequence[tuple[int, int]]) -> Iterator[str]:
        for first, others in self._apart.items():
            for second, gaps in others.items():
                for gap in [*gaps]:
                    if gap in gaps:
                        yield self._clique({first: 0, second: gap}, ends)

    def _clique(self, offsets: dict[int, int], ends: Sequence[tuple[int, int]]) -> str:
        """``x + offset`` of all variables differ; those that fit are added first."""
        first = next(iter(offsets))
        for other, gaps in self._apart[first].items():
            if other not in offsets:
                for gap in gaps:
                    if all(self._is_apart(x, other, gap - offset) for x, offset in offsets.items()):
                        offsets[other] = gap
                        break
        members = sorted(offsets)
        for place, x in enumerate(members):
            for y in members[place + 1 :]:
                self._apart[x][y].discard(offsets[y] - offsets[x])
        if len(members) > 2:
            texts = (f"exprs {{ vars: {x} coeffs: 1 offset: {offsets[x]} }}" for x in members)
            return f"all_diff {{ {' '.join(texts)} }}"
        x, y = members
        gap = offsets[y] - offsets[x]
        low, high = ends[x][0] - ends[y][1], ends[x][1] - ends[y][0]
        domain = [end for pair in ((low, gap - 1), (gap + 1, high)) if pair[0] <= pair[1] for end in pair]
        return f"linear {{ vars: {[x, y]} coeffs: [1, -1] domain: {domain} }}" if domain else "bool_or { }"

    def _is_apart(self, x: int, y: int, gap: int) -> bool:
        lower, upper, found = (x, y, gap) if x < y else (y, x, -gap)
        return found in self._apart.get(lower, {}).get(upper, ())

    def _serial(self, count: int) -> Iterator[str]:
        """Tasks of which none overlap, as intervals, which are named by their numbers among the constraints."""
        names: dict[Task, int] = {}
        for task in self._following:
            start, length = task
            names[task] = count + len(names)
            yield (
                f"interval {{ start {{ vars: {start} coeffs: 1 }} size {{ offset: {length} }} "
                f"end {{ vars: {start} coeffs: 1 offset: {length} }} }}"
            )
        for task, others in self._following.items():
            for other in [*others]:
                if other in others:
                    together = [task, other]
                    for third in others:
                        if third not in together and all(third in self._following[one] for one in together):
                            together.append(third)
                    for one in together:
                        for two in together:
                            self._following[one].pop(two, None)
                    yield f"no_overlap {{ intervals: {sorted(names[one] for one in together)} }}"
