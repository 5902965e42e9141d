"""The states of a frontier in bulk: rows of words, found in a table by their hash."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from logic.kernels import kernel

from .frontier_steps import LEFT_OUT, Step, after

Words = NDArray[np.uint64]
_after = kernel(nogil=True)(after)
_FIRST = 1 << 12  # rows that are made room for at first


def as_words(states: Sequence[tuple[int, ...]]) -> Words:
    """States as an array ``[states, words]``."""
    return np.array(states, dtype=np.uint64)


def advance(states: Words, step: Step, most: int) -> tuple[NDArray[np.int32], Words] | None:
    """The states after a step.

    Args:
        states: ``[states, words]``.
        step: What happens.
        most: States that there may be.

    Returns:
        The target of each state and class, and the states of the next level; None if these are more.
    """
    count, classes = len(states), len(step.starts) - 1
    bits = np.uint64(1) << np.arange(states.shape[1], dtype=np.uint64)
    heads, bodies, starts = (np.array(table, dtype=np.int64) for table in (step.heads, step.bodies, step.starts))
    masks = np.array(step.masks, dtype=np.uint64)
    targets = np.empty((count, classes), dtype=np.int32)
    room = max(_FIRST, 2 * count)
    while True:
        room = min(room, count * classes)
        found = np.empty((room, states.shape[1]), dtype=np.uint64)
        table = np.full(1 << (2 * room).bit_length(), -1, dtype=np.int32)
        made = _advance(states, heads, bodies, starts, masks, step.sources, bits, targets, found, table)
        if made >= 0:
            return (targets, found[:made].copy()) if made <= most else None
        if room > most:
            return None
        room *= 4


def narrowed(
    targets: NDArray[np.int32], states: Words, masses: NDArray[np.float64] | None, shares: Sequence[float], most: int
) -> tuple[Words, NDArray[np.float64]]:
    """The most probable of the states after a step, and how probable each is; what is left out is so in the targets.

    Args:
        targets: ``[states before, classes]``; they are changed.
        states: ``[states, words]``.
        masses: ``[states before]``, how probable each is; None at the beginning.
        shares: ``[classes]``, how probable each is.
        most: States that are kept.
    """
    weights = (np.ones(len(targets)) if masses is None else masses)[:, None] * np.array(shares)
    inside = targets >= 0
    arrived = np.bincount(targets[inside], weights[inside], len(states)).astype(np.float64)
    if len(states) <= most:
        return states, arrived
    kept = np.sort(np.argpartition(-arrived, most)[:most])
    number = np.full(len(states), LEFT_OUT, dtype=np.int32)
    number[kept] = np.arange(most)
    targets[inside] = number[targets[inside]]
    return states[kept], arrived[kept]


@kernel(nogil=True)
def _advance(
    states: Words,
    heads: NDArray[np.int64],
    bodies: NDArray[np.int64],
    starts: NDArray[np.int64],
    masks: Words,
    sources: int,
    bits: Words,
    targets: NDArray[np.int32],
    found: Words,
    table: NDArray[np.int32],
) -> int:
    width = states.shape[1]
    row = np.empty(width, dtype=np.uint64)
    factor, last = np.uint64(0x9E3779B97F4A7C15), np.uint64(len(table) - 1)
    half = np.uint64(29)
    made = 0
    for state in range(len(states)):
        for own in range(targets.shape[1]):
            row[:] = states[state]
            verdict = _after(row, heads, bodies, starts[own], starts[own + 1], masks, sources, bits)
            if verdict < 0:
                targets[state, own] = verdict
                continue
            mixed = row[0]
            for word in range(width):
                mixed = (mixed ^ row[word]) * factor
                mixed ^= mixed >> half
            spot = np.int64(mixed & last)
            while True:
                other = table[spot]
                if other < 0:
                    if made == len(found):
                        return -1
                    found[made] = row
                    table[spot] = made
                    targets[state, own] = made
                    made += 1
                    break
                same = True
                for word in range(width):
                    if found[other, word] != row[word]:
                        same = False
                        break
                if same:
                    targets[state, own] = other
                    break
                spot = (spot + 1) & np.int64(last)
    return made
