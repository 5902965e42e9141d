"""Ranges of integers, each said by its two ends."""

from collections.abc import Iterable, Sequence


def pairs(domain: Sequence[int]) -> list[tuple[int, int]]:
    """Two ends after two others, as ranges."""
    return list(zip(domain[::2], domain[1::2], strict=True))


def ranges_of(values: Iterable[int]) -> list[int]:
    """Ends of the ranges that the values are."""
    return [end for pair in joined([(value, value) for value in sorted(values)]) for end in pair]


def joined(ranges: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Ranges in ascending order without those that overlap or touch."""
    found: list[tuple[int, int]] = []
    for low, high in ranges:
        if found and low <= found[-1][1] + 1:
            found[-1] = (found[-1][0], max(high, found[-1][1]))
        else:
            found.append((low, high))
    return found


def gaps(ranges: Sequence[tuple[int, int]], low: int, high: int) -> list[tuple[int, int]]:
    """What is left of a range outside of other ones."""
    found: list[tuple[int, int]] = []
    for start, end in ranges:
        if low < start:
            found.append((low, start - 1))
        low = max(low, end + 1)
    return [*found, (low, high)] if low <= high else found
