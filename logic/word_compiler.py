"""From a spiking network to a word program: who fires when (slots), which neurons are equal, and the instructions.

A *slot* is a step for each input line and neuron such that the delay of every synapse is the difference of the slots
at its ends. If a network of forgetful neurons has slots, each wave of input spikes runs through it on its own, and the
whole stream is computed wave by wave as if no time passed.
"""

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from .network import FlatNetwork
from .neuron_gates import Template
from .word_program import Integers, Operation, WordProgram


class Neurons(NamedTuple):
    """Forgetful neurons as positive threshold functions, in an order in which data flows.

    Neuron i fires if the weights of its true operands ``first[i] .. first[i + 1] - 1`` reach ``need[i]``.
    """

    first: Integers  # [N + 1]
    literal: Integers  # [S], 2 * (1 + line) + complement; lines are numbered inputs first, then neurons
    weight: Integers  # [S], positive, falling within a neuron
    delay: Integers  # [S]
    need: Integers  # [N]


class Cells(NamedTuple):
    """Copies of one template: where each reads, writes and stands."""

    template: Template
    operands: Integers  # [n, k] literals
    delays: Integers  # [n, k] steps
    results: Integers  # [n, r] signals
    position: Integers  # [n], order of execution


def find_slots(flat: FlatNetwork) -> Integers | None:
    """Slot ``[I + N]`` of every input line and neuron, the least of each connected part 0; None if there are none."""
    parent = np.arange(flat.inputs + len(flat.threshold))
    offset = np.zeros_like(parent)
    if not _join(parent, offset, flat.pre, flat.post + flat.inputs, flat.delay):
        return None
    least = np.zeros_like(parent)
    np.minimum.at(least, parent, offset)
    return offset - least[parent]


@njit(cache=True)
def _join(parent, offset, pre, post, delay):
    """Union-find with distances; afterwards every parent is a root and offset the distance to it."""
    consistent = True
    for s in range(len(pre) + len(parent)):
        # The last rounds only compress the paths.
        ends = (pre[s], post[s]) if s < len(pre) else (s - len(pre), s - len(pre))
        roots = [0, 0]
        for side in range(2):
            node, distance = ends[side], 0
            while parent[node] != node:
                distance += offset[node]
                node = parent[node]
            root, node = node, ends[side]
            while parent[node] != node:
                step, above = offset[node], parent[node]
                parent[node], offset[node] = root, distance
                distance -= step
                node = above
            roots[side] = root
        if s < len(pre):
            gap = offset[ends[0]] + delay[s] - offset[ends[1]]
            if roots[0] != roots[1]:
                parent[roots[1]], offset[roots[1]] = roots[0], gap
            elif gap != 0:
                consistent = False
                break
    return consistent


def threshold_neurons(flat: FlatNetwork) -> Neurons:
    """The neurons with weights made positive: a negative one reads the complement and lowers the need."""
    kept = flat.weight != 0
    pre, post, weight, delay = flat.pre[kept], flat.post[kept], flat.weight[kept], flat.delay[kept]
    order = np.lexsort((delay, pre, -np.abs(weight), post))
    pre, post, weight, delay = pre[order], post[order], weight[order], delay[order]
    size = len(flat.threshold)
    need = flat.threshold - flat.bias
    np.add.at(need, post, np.maximum(-weight, 0))
    first = np.searchsorted(post, np.arange(size + 1))
    return Neurons(first, 2 * (1 + pre) + (weight < 0), np.abs(weight), delay, need)


def merge_equal(neurons: Neurons, order: Integers, literals: Integers) -> tuple[Neurons, Integers]:
    """Equal neurons, complements of others, relays and constants are found and computed once.

    Args:
        neurons: All neurons.
        order: ``[N]`` neurons so that each reads only inputs and earlier ones.
        literals: ``[1 + I]`` literal of the constant and of each input line: an input that is known to be the complement of
            another one has its literal.

    Returns:
        The neurons with operands in terms of distinct lines, and the literal ``[1 + I + N]`` of each line: a neuron
        that has to be computed (``literal >> 1`` is itself) may be computed in complement (``literal & 1``).
    """
    size = len(neurons.need)
    known = np.concatenate([literals, np.zeros(size, dtype=np.int64)])
    literal, weight, need = neurons.literal.copy(), neurons.weight.copy(), neurons.need.copy()
    last = neurons.first[1:].copy()
    table = np.full(1 << max(4, (2 * size).bit_length()), -1, dtype=np.int64)
    _merge(neurons.first, last, literal, weight, need, order, known, table, len(literals))
    widths = last - neurons.first[:-1]
    first = np.concatenate([[0], np.cumsum(widths)])
    kept = np.arange(first[-1]) - np.repeat(first[:-1] - neurons.first[:-1], widths)
    return Neurons(first, literal[kept], weight[kept], neurons.delay[kept], need), known


@njit(cache=True)
def _merge(first, last, literal, weight, need, order, known, table, inputs):
    for neuron in order:
        low, high = first[neuron], first[neuron]
        for s in range(first[neuron], last[neuron]):  # read through what is known, operands sorted by line
            new, w = known[literal[s] >> 1] ^ (literal[s] & 1), weight[s]
            at = high
            while at > low and literal[at - 1] >> 1 > new >> 1:
                at -= 1
            if new <= 1:
                need[neuron] -= w * new
            elif at > low and literal[at - 1] >> 1 == new >> 1:
                at -= 1
                if literal[at] == new:
                    weight[at] += w
                else:  # w x + w' ~x = (w - w') x + w', if w is the greater
                    need[neuron] -= min(weight[at], w)
                    if w > weight[at]:
                        literal[at] = new
                    weight[at] = abs(weight[at] - w)
            else:
                for other in range(high, at, -1):
                    literal[other], weight[other] = literal[other - 1], weight[other - 1]
                literal[at], weight[at] = new, w
                high += 1
        end, total = low, 0
        for s in range(low, high):
            if weight[s] > 0:
                literal[end], weight[end] = literal[s], min(weight[s], max(need[neuron], 0))
                total += weight[end]
                end += 1
        line = inputs + neuron
        if need[neuron] <= 0 or total < need[neuron]:
            known[line] = 1 if need[neuron] <= 0 else 0
            last[neuron] = low
            continue
        divisor = 0
        for s in range(low, end):
            a, divisor = divisor, weight[s]
            while a:
                a, divisor = divisor % a, a
        flip = literal[low] & 1  # of a function and its complement, compute the one that reads its first line plainly
        need[neuron], total = (need[neuron] + divisor - 1) // divisor, total // divisor
        if flip:
            need[neuron] = total - need[neuron] + 1
        key = need[neuron]
        for s in range(low, end):
            weight[s] = min(weight[s] // divisor, need[neuron])
            literal[s] ^= flip
            key = (key * 1000003 + literal[s]) * 1000003 + weight[s]
        last[neuron] = end
        if end == low + 1:
            known[line] = literal[low] ^ flip
            continue
        mask = len(table) - 1
        place = (key ^ (key >> 29)) & mask
        known[line] = 2 * line + flip
        while table[place] >= 0:
            other = table[place]
            same = need[other] == need[neuron] and last[other] - first[other] == end - low
            if same:
                for s in range(end - low):
                    if literal[first[other] + s] != literal[low + s] or weight[first[other] + s] != weight[low + s]:
                        same = False
                        break
            if same:
                known[line] = known[inputs + other] ^ (known[inputs + other] & 1) ^ flip
                break
            place = (place + 1) & mask
        else:
            table[place] = neuron


def assemble(groups: list[Cells], signals: int, entries: Integers) -> WordProgram:
    """The program of all cells in order of position; scratch signals are added after the ``signals`` given."""
    lengths = [len(cells.template.instructions) + len(_copies(cells.template)) for cells in groups]
    position = np.concatenate([np.zeros(0, dtype=np.int64), *(cells.position for cells in groups)])
    length = np.repeat(np.array(lengths, dtype=np.int64), [len(cells.position) for cells in groups])
    order = np.argsort(position, kind="stable")
    start = np.empty_like(length)
    start[order] = np.cumsum(length[order]) - length[order]
    code = np.zeros((int(length.sum()), 5), dtype=np.int32)
    delay = np.zeros((len(code), 3), dtype=np.int32)
    at, scratch = 0, 0
    for cells in groups:
        here = start[at : at + len(cells.position)]
        at += len(cells.position)
        _place(cells, here, signals, code, delay)
        scratch = max(scratch, len(cells.template.instructions))
    return WordProgram(code, delay, signals + scratch, entries.astype(np.int32))


def _copies(template: Template) -> tuple[int, ...]:
    """The positions of results that no instruction can write directly: all but one that is the last instruction."""
    last = 2 * (template.operands + len(template.instructions))
    direct = len(template.results) == 1 and len(template.instructions) > 0 and template.results[0] >> 1 == last >> 1
    return () if direct else tuple(range(len(template.results)))


def _place(
    cells: Cells, start: Integers, signals: int, code: NDArray[np.int32], delay: NDArray[np.int32]
) -> None:
    template, copies = cells.template, _copies(cells.template)

    def operand(row: Integers, column: int, literal: int) -> None:
        signal = literal >> 1
        if signal == 0:
            code[row, column] = literal
        elif signal <= template.operands:
            code[row, column] = cells.operands[:, signal - 1] ^ (literal & 1)
            delay[row, column - 1] = cells.delays[:, signal - 1]
        else:
            code[row, column] = 2 * (signals + signal - template.operands - 1) + (literal & 1)

    for index, (operation, *literals) in enumerate(template.instructions):
        row = start + index
        code[row, 0] = operation
        for column, literal in enumerate(literals, 1):
            operand(row, column, literal)
        code[row, 4] = 2 * (signals + index)
    if not copies:
        code[start + len(template.instructions) - 1, 4] = 2 * cells.results[:, 0] + (template.results[0] & 1)
    for index, result in enumerate(copies):
        row = start + len(template.instructions) + index
        code[row, 0] = Operation.AND
        operand(row, 1, template.results[result])
        code[row, 2] = 1
        code[row, 4] = 2 * cells.results[:, result]
