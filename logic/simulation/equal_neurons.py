"""Neurons that compute the same function, or its complement, are found so that they are computed once.

Three observations, all exact: a neuron over what is known reads literals of distinct earlier lines; a neuron that reads
at most four lines is its truth table over them, and so is one whose operands read at most four lines together (so that
an output of a LogicSNN block is seen to be the complement of the other one); a wider neuron is its weights, divided by
their common divisor.
"""

# pyright: reportMissingParameterType=false, reportUnknownParameterType=false
# The kernels below are typed by numba when they are compiled.

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..kernels import kernel
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
    slots = 1 << max(4, (4 * size).bit_length())
    wide, small = np.full(slots, _NONE), np.full(slots, _NONE)
    entries = np.zeros((2 * size + 2, 7), dtype=np.int64)
    _merge(neurons.first, last, literal, weight, need, order, known, wide, small, entries, len(literals))
    widths = last - neurons.first[:-1]
    first = np.concatenate([[0], np.cumsum(widths)])
    kept = np.arange(first[-1]) - np.repeat(first[:-1] - neurons.first[:-1], widths)
    return Neurons(first, literal[kept], weight[kept], neurons.delay[kept], need), known


@kernel()
def _merge(first, last, literal, weight, need, order, known, wide, small, entries, inputs):
    built = first, last.copy(), literal.copy(), weight.copy(), need.copy()
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
        for behind in range(2):  # over the lines it reads, then over those that its operands read
            size = _leaves(neuron, built, known, inputs, leaves, behind)
            if size < 0:
                continue
            table = _table(neuron, built, known, inputs, leaves, size, behind)
            found = _look_up(small, entries, count, leaves, size, table)
            if found == _NONE:
                count += 1
            elif known[line] == _NONE:
                known[line] = found
        if known[line] == _NONE and end > low + 4:
            known[line] = _find_wide(wide, neuron, first, last, literal, weight, need)
            if known[line] != _NONE:
                known[line] = 2 * (inputs + known[line]) + flip
        if known[line] == _NONE:
            known[line] = 2 * line + flip
        else:
            last[neuron] = low
        for entry in range(first_entry, count):  # now that it is known what the line is, its tables stand for it
            entries[entry, 6] ^= known[line]
            _insert_small(small, entries, entry)


@kernel()
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


@kernel()
def _leaves(neuron, built, known, inputs, leaves, behind):
    """The lines, at most four, that a neuron was built to read, or its operands were; their number, or -1."""
    first, last, literal, _, _ = built
    size = 0
    for s in range(first[neuron], last[neuron]):
        inner = (literal[s] >> 1) - inputs
        start, stop = (first[inner], last[inner]) if behind and inner >= 0 else (s, s + 1)
        for t in range(start, stop):
            leaf = known[literal[t] >> 1] >> 1
            at = size
            while at > 0 and leaves[at - 1] > leaf:
                at -= 1
            if leaf == 0 or (at > 0 and leaves[at - 1] == leaf):
                continue
            if size == 4:  # pyright: ignore[reportUnnecessaryComparison] - it grows below
                return -1
            for other in range(size, at, -1):
                leaves[other] = leaves[other - 1]
            leaves[at] = leaf
            size += 1
    return size


@kernel()
def _table(neuron, built, known, inputs, leaves, size, behind):
    """The truth table over the leaves."""
    first, last, literal, weight, need = built
    table = 0
    for case in range(1 << size):
        total = 0
        for s in range(first[neuron], last[neuron]):
            inner, value = (literal[s] >> 1) - inputs, literal[s] & 1
            if behind and inner >= 0:
                reached = 0
                for t in range(first[inner], last[inner]):
                    reached += weight[t] * (_bit(case, leaves, known[literal[t] >> 1]) ^ (literal[t] & 1))
                value ^= 1 if reached >= need[inner] else 0
            else:
                value ^= _bit(case, leaves, known[literal[s] >> 1])
            total += weight[s] * value
        if total >= need[neuron]:
            table |= 1 << case
    return table


@kernel()
def _look_up(small, entries, entry, leaves, size, table):
    """The literal that has this table over the leaves; if there is none, it is written down as an entry."""
    kept = 0
    for place in range(size):  # leaves that the table does not depend on are left out
        low, high = 0, 0
        for case in range(1 << (kept + size - place - 1)):
            at = (case >> kept << (kept + 1)) | (case & ((1 << kept) - 1))
            low |= (table >> at & 1) << case
            high |= (table >> (at | 1 << kept) & 1) << case
        if low == high:
            table = low
        else:
            entries[entry, kept] = leaves[place]
            kept += 1
    odd = table & 1
    if kept <= 1:
        return 2 * entries[entry, 0] * kept + odd
    if odd:
        table ^= (1 << (1 << kept)) - 1
    entries[entry, kept:4] = 0
    entries[entry, 4], entries[entry, 5], entries[entry, 6] = kept, table, odd
    found = _find_small(small, entries, entry)
    return entries[found, 6] ^ odd if found >= 0 else _NONE


@kernel(inline="always")
def _bit(case, leaves, literal):
    """The value of a literal of a leaf or of the constant."""
    place = 0
    while literal > 1 and leaves[place] != literal >> 1:
        place += 1
    return (case >> place & 1 if literal > 1 else 0) ^ (literal & 1)


@kernel(inline="always")
def _small_place(small, entries, entry):
    key = entries[entry, 5]
    for place in range(5):
        key = key * 1000003 + entries[entry, place]
    return (key ^ (key >> 29)) & (len(small) - 1)


@kernel()
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


@kernel()
def _insert_small(small, entries, entry):
    place = _small_place(small, entries, entry)
    while small[place] != _NONE:
        place = (place + 1) & (len(small) - 1)
    small[place] = entry


@kernel()
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
