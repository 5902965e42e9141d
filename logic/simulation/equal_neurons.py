"""Neurons that compute the same function, or its complement, are found so that they are computed once.

Three observations, all exact: a neuron over what is known reads literals of distinct earlier lines; a neuron of at most
four lines is its truth table over them, and so is one whose operands, seen through one layer, depend on at most four
lines (so that an output of a LogicSNN block is seen to be the complement of the other one); a wider neuron is its
weights, divided by their common divisor.
"""

# pyright: reportMissingParameterType=false, reportUnknownParameterType=false
# The kernels below are typed by numba when they are compiled.

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from ..network import FlatNetwork

Integers = NDArray[np.int64]
_NONE = -1


class Neurons(NamedTuple):
    """Forgetful neurons as positive threshold functions, in an order in which data flows.

    Neuron i fires if the weights of its true operands ``first[i] .. first[i + 1] - 1`` reach ``need[i]``.
    """

    first: Integers  # [N + 1]
    literal: Integers  # [S], 2 * (1 + line) + complement; lines are numbered inputs first, then neurons
    weight: Integers  # [S], positive
    delay: Integers  # [S]
    need: Integers  # [N]


def threshold_neurons(flat: FlatNetwork) -> Neurons:
    """The neurons with weights made positive: a negative one reads the complement and lowers the need."""
    kept = flat.weight != 0
    pre, post, weight, delay = flat.pre[kept], flat.post[kept], flat.weight[kept], flat.delay[kept]
    order = np.argsort(post, kind="stable")
    pre, post, weight, delay = pre[order], post[order], weight[order], delay[order]
    size = len(flat.threshold)
    need = flat.threshold - flat.bias
    np.add.at(need, post, np.maximum(-weight, 0))
    first = np.searchsorted(post, np.arange(size + 1))
    return Neurons(first, 2 * (1 + pre) + (weight < 0), np.abs(weight), delay, need)


def merge_equal(neurons: Neurons, order: Integers, literals: Integers) -> tuple[Neurons, Integers]:
    """Equal neurons, complements of others, relays and constants are found.

    Args:
        neurons: All neurons.
        order: ``[N]`` neurons so that each reads only inputs and earlier ones.
        literals: ``[1 + I]`` literal of the constant and of each input line: an input that is known to be the
            complement of another one has its literal.

    Returns:
        The neurons with operands in terms of distinct lines, and the literal ``[1 + I + N]`` of each line: a neuron
        that has to be computed (``literal >> 1`` is itself) may be computed in complement (``literal & 1``).
    """
    size = len(neurons.need)
    known = np.concatenate([literals, np.zeros(size, dtype=np.int64)])
    literal, weight, need = neurons.literal.copy(), neurons.weight.copy(), neurons.need.copy()
    last = neurons.first[1:].copy()
    slots = 1 << max(4, (6 * size).bit_length())
    wide, small = np.full(slots, _NONE), np.full(slots, _NONE)
    entries = np.zeros((3 * size + 3, 7), dtype=np.int64)
    _merge(neurons.first, last, literal, weight, need, order, known, wide, small, entries, len(literals))
    widths = last - neurons.first[:-1]
    first = np.concatenate([[0], np.cumsum(widths)])
    kept = np.arange(first[-1]) - np.repeat(first[:-1] - neurons.first[:-1], widths)
    return Neurons(first, literal[kept], weight[kept], neurons.delay[kept], need), known


@njit(cache=True)
def _merge(first, last, literal, weight, need, order, known, wide, small, entries, inputs):
    leaves, count = np.empty(4, dtype=np.int64), 0
    for neuron in order:
        line, low = inputs + neuron, first[neuron]
        high, needed = _substitute(low, last[neuron], literal, weight, need[neuron], known)
        end, total, divisor = low, 0, 0
        for s in range(low, high):
            if weight[s] > 0 and needed > 0:
                literal[end], weight[end] = literal[s], min(weight[s], needed)
                total += weight[end]
                a, divisor = weight[end], divisor
                while a:
                    a, divisor = divisor % a, a
                end += 1
        last[neuron], need[neuron] = low, needed
        if needed <= 0 or total < needed:
            known[line] = 1 if needed <= 0 else 0
            continue
        flip = literal[low] & 1  # of a function and its complement, compute the one that reads its first line plainly
        needed, total = (needed + divisor - 1) // divisor, total // divisor
        if flip:
            needed = total - needed + 1
        for s in range(low, end):
            weight[s] = min(weight[s] // divisor, needed)
            literal[s] ^= flip
        last[neuron], need[neuron] = end, needed
        if end == low + 1:
            known[line] = literal[low] ^ flip
            continue
        known[line] = _NONE
        first_entry = count
        for deep in range(3):  # none, the last, or all of the operands are seen through
            size = _leaves(low, end, literal, leaves, first, last, inputs, deep)
            if size < 0:
                continue
            table = _table(low, end, literal, weight, needed, leaves, size, first, last, need, inputs, deep)
            odd = table & 1
            if odd:
                table ^= (1 << (1 << size)) - 1
            for place in range(4):
                entries[count, place] = leaves[place] if place < size else 0
            entries[count, 4], entries[count, 5], entries[count, 6] = size, table, odd
            found = _find_small(small, entries, count)
            if found >= 0:
                known[line] = entries[found, 6] ^ odd ^ flip
                break
            count += 1
        if known[line] == _NONE and end > low + 4:
            known[line] = _find_wide(wide, neuron, first, last, literal, weight, need)
            if known[line] != _NONE:
                known[line] = 2 * (inputs + known[line]) + flip
        if known[line] == _NONE:
            known[line] = 2 * line + flip
            for entry in range(first_entry, count):  # now that the line is computed, its tables stand for it
                entries[entry, 6] ^= 2 * line
                _insert_small(small, entries, entry)
        else:
            count = first_entry
            last[neuron] = low


@njit(cache=True)
def _substitute(low, last, literal, weight, needed, known):
    """Operands in terms of what is known, sorted by line, each line once; returns their end and the need."""
    high = low
    for s in range(low, last):
        new, w = known[literal[s] >> 1] ^ (literal[s] & 1), weight[s]
        at = high
        while at > low and literal[at - 1] >> 1 > new >> 1:
            at -= 1
        if new <= 1:
            needed -= w * new
        elif at > low and literal[at - 1] >> 1 == new >> 1:
            at -= 1
            if literal[at] == new:
                weight[at] += w
            else:  # w x + w' ~x = (w - w') x + w', if w is the greater
                needed -= min(weight[at], w)
                if w > weight[at]:
                    literal[at] = new
                weight[at] = abs(weight[at] - w)
        else:
            for other in range(high, at, -1):
                literal[other], weight[other] = literal[other - 1], weight[other - 1]
            literal[at], weight[at] = new, w
            high += 1
    return high, needed


@njit(cache=True)
def _leaves(low, end, literal, leaves, first, last, inputs, deep):
    """The lines, at most four, that the operands are (or depend on one layer back); their number, or -1."""
    size = 0
    for s in range(low, end):
        line = literal[s] >> 1
        neuron = line - inputs
        behind = _seen_through(neuron, s, end, first, last, deep)
        start, stop = (first[neuron], last[neuron]) if behind else (s, s + 1)
        for leaf in range(start, stop):
            at = size
            while at > 0 and leaves[at - 1] > literal[leaf] >> 1:
                at -= 1
            if at > 0 and leaves[at - 1] == literal[leaf] >> 1:
                continue
            if size == 4:  # pyright: ignore[reportUnnecessaryComparison] - it grows below
                return -1
            for other in range(size, at, -1):
                leaves[other] = leaves[other - 1]
            leaves[at] = literal[leaf] >> 1
            size += 1
    return size


@njit(cache=True)
def _table(low, end, literal, weight, needed, leaves, size, first, last, need, inputs, deep):
    """The truth table over the leaves."""
    table = 0
    for case in range(1 << size):
        total = 0
        for s in range(low, end):
            neuron = (literal[s] >> 1) - inputs
            value = literal[s] & 1
            if _seen_through(neuron, s, end, first, last, deep):
                inner = 0
                for t in range(first[neuron], last[neuron]):
                    inner += weight[t] * (_bit(case, leaves, literal[t] >> 1) ^ (literal[t] & 1))
                value ^= 1 if inner >= need[neuron] else 0
            else:
                value ^= _bit(case, leaves, literal[s] >> 1)
            total += weight[s] * value
        if total >= needed:
            table |= 1 << case
    return table


@njit(inline="always")
def _seen_through(neuron, s, end, first, last, deep):
    return neuron >= 0 and last[neuron] - first[neuron] <= 4 and (deep == 2 or (deep == 1 and s == end - 1))


@njit(inline="always")
def _bit(case, leaves, line):
    place = 0
    while leaves[place] != line:
        place += 1
    return case >> place & 1


@njit(inline="always")
def _small_place(small, entries, entry):
    key = entries[entry, 5]
    for place in range(5):
        key = key * 1000003 + entries[entry, place]
    return (key ^ (key >> 29)) & (len(small) - 1)


@njit(cache=True)
def _find_small(small, entries, entry):
    place = _small_place(small, entries, entry)
    while small[place] != _NONE:
        same = True
        for part in range(6):
            same = same and entries[small[place], part] == entries[entry, part]
        if same:
            return small[place]
        place = (place + 1) & (len(small) - 1)
    return _NONE


@njit(cache=True)
def _insert_small(small, entries, entry):
    place = _small_place(small, entries, entry)
    while small[place] != _NONE:
        place = (place + 1) & (len(small) - 1)
    small[place] = entry


@njit(cache=True)
def _find_wide(wide, neuron, first, last, literal, weight, need):
    """An earlier neuron with the same weights and need, or none, and then this one is entered."""
    low, size, key = first[neuron], last[neuron] - first[neuron], need[neuron]
    for s in range(low, low + size):
        key = (key * 1000003 + literal[s]) * 1000003 + weight[s]
    place = (key ^ (key >> 29)) & (len(wide) - 1)
    while wide[place] != _NONE:
        other = wide[place]
        same = need[other] == need[neuron] and last[other] - first[other] == size
        for s in range(size if same else 0):
            there = first[other] + s
            same = same and literal[there] == literal[low + s] and weight[there] == weight[low + s]
        if same:
            return other
        place = (place + 1) & (len(wide) - 1)
    wide[place] = neuron
    return _NONE
