"""Every threshold function of up to six inputs with its smallest integer weights, found by its Chow parameters.

Flipping and permuting inputs leads each of the 15,028,134 functions of six inputs to one with weights
``w1 >= w2 >= ... >= 0``. The Chow parameters (how often the function is true, and for each input by how much more
often with the input on than off) name it uniquely among ALL Boolean functions (Chow, 1961, "On the characterization
of threshold functions"), so a lookup decides whether a truth table is a threshold function at all.
"""

from functools import cache
from itertools import combinations_with_replacement
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

WIDTH = 6
_LARGEST_WEIGHT = 9  # enough for six inputs (Muroga, 1971, "Threshold Logic and its Applications")


class ThresholdClasses(NamedTuple):
    """The classes and a hash table over their Chow parameters.

    Args:
        weights: ``[K, 6]``, falling.
        threshold: ``[K]``.
        keys: ``[2^b]``, -1 where empty; the slot of a key is ``key * MULTIPLIER`` shifted, then the next free one.
        values: ``[2^b]`` classes.
    """

    weights: NDArray[np.int64]
    threshold: NDArray[np.int64]
    keys: NDArray[np.int64]
    values: NDArray[np.int64]


@cache
def threshold_classes() -> ThresholdClasses:
    """All classes; computed once."""
    vectors = np.array(list(combinations_with_replacement(range(_LARGEST_WEIGHT, -1, -1), WIDTH)), np.int64)
    vectors = vectors[np.argsort(vectors.sum(1), kind="stable")]
    states = np.arange(1 << WIDTH)[:, None] >> np.arange(WIDTH) & 1
    sums = vectors @ states.T
    on = np.concatenate([np.ones((len(states), 1)), 2.0 * states - 1], 1)
    keys, weights, thresholds = ([np.zeros(0, np.int64)], [np.zeros((0, WIDTH), np.int64)], [np.zeros(0, np.int64)])
    for threshold in range(int(sums.max()) + 2):
        possible = np.flatnonzero(vectors.sum(1) + 1 >= threshold)
        chow = ((sums[possible] >= threshold) @ on).astype(np.int64)
        keys.append(chow @ (128 ** np.arange(WIDTH + 1)))
        weights.append(vectors[possible])
        thresholds.append(np.full(len(possible), threshold))
    key, weight, level = np.concatenate(keys), np.concatenate(weights), np.concatenate(thresholds)
    order = np.argsort(weight.sum(1) * 64 + level, kind="stable")
    unique, first = np.unique(key[order], return_index=True)
    chosen = order[first]
    return _table(weight[chosen], level[chosen], unique, np.arange(len(unique)))


def _table(
    weights: NDArray[np.int64], threshold: NDArray[np.int64], keys: NDArray[np.int64], classes: NDArray[np.int64]
) -> ThresholdClasses:
    """The classes with a hash table from keys to them."""
    bits = int(2 * len(keys)).bit_length()
    slots, values = np.full(1 << bits, -1, np.int64), np.zeros(1 << bits, np.int64)
    for value, one in zip(classes.tolist(), keys.tolist(), strict=True):
        slot = one % 1000003 & (1 << bits) - 1
        while slots[slot] >= 0:
            slot = slot + 1 & (1 << bits) - 1
        slots[slot], values[slot] = one, value
    return ThresholdClasses(weights, threshold, slots, values)


def limited_classes(fan_in: int | None, largest_weight: int | None) -> ThresholdClasses:
    """The classes of at most so many inputs, with weights that are not larger."""
    classes = threshold_classes()
    fits = np.ones(len(classes.weights), np.bool_)
    if fan_in is not None and fan_in < WIDTH:
        fits &= classes.weights[:, fan_in] == 0
    if largest_weight is not None:
        fits &= classes.weights[:, 0] <= largest_weight
    if fits.all():
        return classes
    kept = np.where((classes.keys >= 0) & fits[classes.values])[0]
    number = np.cumsum(fits) - 1
    return _table(classes.weights[fits], classes.threshold[fits], classes.keys[kept], number[classes.values[kept]])
