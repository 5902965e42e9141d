"""The best cuts: of a wire while they are looked for, ranked by what they cost, and of all wires as they are found."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..kernels import kernel
from .word_tables import WIDTH, Integers


class Cuts(NamedTuple):
    """``C`` cuts a wire, the best first.

    Args:
        leaves: ``[W, C, 6]`` ascending wires, -1 where there are fewer.
        table: ``[W, C]`` truth tables over the leaves.
        kind: ``[W, C]`` threshold class or ``NO_CLASS``.
        dependent: ``[W, C]`` bit mask of leaves that are functions of the others.
        silent: ``[W, C]`` bit mask of leaves that the function does not depend on; they only close the cone.
        used: ``[W]`` cuts in use.
        flow: ``[W]`` area flow: neurons that a wire costs when its cost is shared among its readers.
    """

    leaves: NDArray[np.int32]
    table: NDArray[np.uint64]
    kind: NDArray[np.int16]
    dependent: NDArray[np.uint8]
    silent: NDArray[np.uint8]
    used: NDArray[np.int64]
    flow: NDArray[np.float64]


class Kept(NamedTuple):
    """The best cuts of a wire so far: threshold cuts (group 0) and others (group 1).

    Args:
        leaves: ``[2, R, 6]``.
        table: ``[2, R]``.
        kind: ``[2, R]``.
        mask: ``[2, R]``.
        silent: ``[2, R]``.
        size: ``[2, R]``.
        sign: ``[2, R]``.
        cost: ``[2, R]``.
        rank: ``[2, R]`` rows, the best first.
        worst: ``[2]`` what the last costs once there is no room.
        used: ``[2]`` rows.
        limit: ``[2]`` rows that may be used.
    """

    leaves: NDArray[np.int32]
    table: NDArray[np.uint64]
    kind: NDArray[np.int16]
    mask: NDArray[np.uint8]
    silent: NDArray[np.uint8]
    size: NDArray[np.int64]
    sign: NDArray[np.uint64]
    cost: NDArray[np.float64]
    rank: NDArray[np.int64]
    worst: NDArray[np.float64]
    used: NDArray[np.int64]
    limit: NDArray[np.int64]


@kernel(forceinline=True)
def room_for_cuts(keep: tuple[int, int]) -> Kept:
    """Room for so many threshold cuts and so many others."""
    room = keep[0] + keep[1]
    return Kept(
        np.full((2, room, WIDTH), -1, np.int32),
        np.zeros((2, room), np.uint64),
        np.zeros((2, room), np.int16),
        np.zeros((2, room), np.uint8),
        np.zeros((2, room), np.uint8),
        np.zeros((2, room), np.int64),
        np.zeros((2, room), np.uint64),
        np.zeros((2, room)),
        np.zeros((2, room), np.int64),
        np.zeros(2),
        np.zeros(2, np.int64),
        np.array([keep[0], keep[1]]),
    )


@kernel(forceinline=True)
def is_kept(
    kept_leaves: NDArray[np.int32],
    kept_size: Integers,
    kept_sign: NDArray[np.uint64],
    used: Integers,
    group: int,
    leaves: NDArray[np.int32],
    level: int,
    n: int,
    sign: np.uint64,
) -> bool:
    """Whether a cut of the same leaves is among the kept ones."""
    for row in range(used[group]):
        if kept_size[group, row] == n and kept_sign[group, row] == sign:
            same = True
            for i in range(n):
                if kept_leaves[group, row, i] != leaves[level, i]:
                    same = False
                    break
            if same:
                return True
    return False


@kernel(forceinline=True)
def ranked(
    rank: Integers, cost: NDArray[np.float64], size: Integers, used: int, limit: int, group: int, price: float, n: int
) -> int:
    """The row for a cut of this price, which takes its place in the ranking; the worst makes room."""
    at = min(used, limit - 1)
    row = used if used < limit else rank[group, at]
    while at > 0:
        ahead = rank[group, at - 1]
        if cost[group, ahead] < price or (cost[group, ahead] == price and size[group, ahead] <= n):
            break
        rank[group, at] = ahead
        at -= 1
    rank[group, at] = row
    return row


@kernel(forceinline=True)
def write_cuts(wire: int, kept: Kept, readers: float, cuts: Cuts) -> None:
    """Hands the kept cuts of a wire over, the best first, and its share of the best one's cost."""
    count = 0
    for group in range(2):
        for position in range(kept.used[group]):
            row = kept.rank[group, position]
            for i in range(WIDTH):
                cuts.leaves[wire, count, i] = kept.leaves[group, row, i]
            cuts.table[wire, count], cuts.kind[wire, count] = kept.table[group, row], kept.kind[group, row]
            cuts.dependent[wire, count], cuts.silent[wire, count] = kept.mask[group, row], kept.silent[group, row]
            count += 1
    cuts.used[wire] = count
    cuts.flow[wire] = kept.cost[0, kept.rank[0, 0]] / max(1.0, readers)
