"""From neurons to a word program: who fires when (slots), the instructions, and the rows they use.

A *slot* is a step for each input line and neuron such that the delay of every synapse is the difference of the slots
at its ends. If a network of forgetful neurons has slots, each wave of input spikes runs through it on its own, and the
whole stream is computed wave by wave as if no time passed.
"""

# pyright: reportMissingParameterType=false, reportUnknownParameterType=false
# The kernels below are typed by numba when they are compiled.

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..kernels import kernel
from ..network import FlatNetwork
from .equal_neurons import Neurons
from .word_gates import Template, threshold_template
from .word_program import Integers, Operation, WordProgram


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


@kernel()
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


def needed_neurons(neurons: Neurons, order: Integers, wanted: Integers, size: int, inputs: int) -> NDArray[np.bool_]:
    """The neurons that the wanted signals depend on, ``[N]``."""
    needed = np.zeros(1 + size, dtype=bool)
    needed[wanted] = True
    first, signals = neurons.first.tolist(), neurons.literal >> 1
    for neuron in order[::-1].tolist():
        if needed[1 + inputs + neuron]:
            needed[signals[first[neuron] : first[neuron + 1]]] = True
    return needed[1 + inputs :]


def threshold_cells(
    neurons: Neurons, chosen: NDArray[np.bool_], sent: Integers, results: Integers, position: Integers
) -> list[Cells]:
    """The chosen neurons, grouped by weights and need."""
    widths = np.diff(neurons.first)
    owner = np.repeat(np.arange(len(widths)), widths)
    by_weight = np.lexsort((-neurons.weight, owner))
    literal, weight, delay = neurons.literal[by_weight], neurons.weight[by_weight], neurons.delay[by_weight]
    literal = 2 * sent[literal >> 1] + (literal & 1)
    groups: list[Cells] = []
    for width in np.unique(widths[chosen]).tolist():
        members = np.flatnonzero(chosen & (widths == width))
        at = neurons.first[members, None] + np.arange(width)
        table = np.column_stack([weight[at], neurons.need[members]])
        kinds, kind, counts = np.unique(table, axis=0, return_inverse=True, return_counts=True)
        sorted_by_kind = np.split(np.argsort(kind.reshape(-1), kind="stable"), np.cumsum(counts)[:-1])
        for (*weights, need), here in zip(kinds.tolist(), sorted_by_kind, strict=True):
            who = members[here]
            groups.append(
                Cells(
                    threshold_template(tuple(weights), need),
                    literal[at[here]],
                    delay[at[here]],
                    results[who, None],
                    position[who],
                )
            )
    return groups


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


def _place(cells: Cells, start: Integers, signals: int, code: NDArray[np.int32], delay: NDArray[np.int32]) -> None:
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


def reuse_rows(program: WordProgram, wanted: Integers) -> tuple[WordProgram, Integers]:
    """The same program in as few rows as it needs at a time, so that they stay in the cache.

    Args:
        program: Without delays.
        wanted: ``[O]`` literals that must survive.

    Returns:
        The program, and the wanted literals in it.
    """
    code, row = program.code.copy(), np.full(program.signals, -1, dtype=np.int64)
    last = np.zeros(program.signals, dtype=np.int64)
    row[0], row[program.entries] = 0, 1 + np.arange(len(program.entries))
    last[0] = last[program.entries] = last[wanted >> 1] = len(code)
    rows = _reuse(code, row, last, 1 + len(program.entries))
    entries = row[program.entries].astype(np.int32)
    return WordProgram(code, program.delay, rows, entries), 2 * row[wanted >> 1] + (wanted & 1)


@kernel()
def _reuse(code, row, last, rows):
    """Linear-scan allocation. A row freed last is used first: it is the warmest."""
    writes = np.zeros(len(row), dtype=np.int64)
    for k in range(len(code)):
        for column in range(1, 4):
            signal = code[k, column] >> 1
            last[signal] = max(last[signal], k)
        writes[code[k, 4] >> 1] += 1
    for signal in range(len(row)):
        if writes[signal] > 1:  # scratch, which keeps its row
            last[signal] = len(code)
    free, count = np.empty(len(row), dtype=np.int64), 0
    for k in range(len(code)):
        result = code[k, 4] >> 1
        if row[result] < 0:  # a row of its own: the loop over an instruction's words is not vectorised in place
            if count:
                count -= 1
                row[result] = free[count]
            else:
                row[result] = rows
                rows += 1
        for column in range(1, 5):
            signal = code[k, column] >> 1
            code[k, column] = 2 * row[signal] + (code[k, column] & 1)
            if column < 4 and last[signal] == k:
                free[count] = row[signal]
                count += 1
                last[signal] = len(code)  # freed once
    return rows
