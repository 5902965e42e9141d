"""Gates and threshold functions as and-inverter nodes: trees, decision diagrams where these are small, else counters.

A diagram of ``n`` equal weights has up to ``n^2 / 4`` nodes, a counter of full adders ``10 n``. What mappings split
or count is written in one way, operands in order, so that both sides of a proof become the same nodes.
"""

import numpy as np
from numpy.typing import NDArray

from ..circuit import Gate
from ..kernels import kernel
from .nodes import Nodes, conjunction, disjunction, parity

Array = NDArray[np.int64]
_AND, _OR = int(Gate.AND), int(Gate.OR)
_FEW, _SHALLOW = 128, 16  # partial sums that matter, or levels, up to which a diagram of any weights is small
_EQUAL = 8  # weights that are all equal, up to which a diagram is no larger than a counter


@kernel()
def tree(nodes: Nodes, kind: int, literals: Array) -> int:  # pragma: no cover - compiled
    """The literal of a wide gate: pairs of a queue, as the mappings narrow it, so that both become the same nodes."""
    count = len(literals)
    queue = np.empty(2 * count, np.int64)
    queue[:count] = literals
    for pair in range(count - 1):
        left, right = int(queue[2 * pair]), int(queue[2 * pair + 1])
        if kind == _AND:
            queue[count + pair] = conjunction(nodes, left, right)
        elif kind == _OR:
            queue[count + pair] = disjunction(nodes, left, right)
        else:
            queue[count + pair] = parity(nodes, left, right)
    return int(queue[2 * count - 2])


@kernel()
def threshold(nodes: Nodes, literals: Array, weights: Array, need: int) -> int:  # pragma: no cover - compiled
    """The literal of ``sum of weights of true literals >= need``, exactly, for weights of any sign.

    Its first literal, that of the largest weight, is made a plain one by ``not [sum w x >= need] = [sum w (not x) >=
    sum w - need + 1]``, so that both rails are one node. Returns -1 when it outgrows the graph.
    """
    order = np.argsort(literals, kind="mergesort")
    kept, weight = np.empty(len(literals), np.int64), np.empty(len(literals), np.int64)
    count = 0
    for position in order:  # one positive weight a wire
        literal, w = literals[position], weights[position]
        if literal <= 1:
            need -= int(w * literal)
            continue
        if literal & 1:  # w not x = w - w x
            literal, w, need = literal ^ 1, -w, need - int(w)
        if count and kept[count - 1] == literal:
            weight[count - 1] += w
        else:
            kept[count], weight[count] = literal, w
            count += 1
    used = 0
    for i in range(count):
        if weight[i]:
            kept[used], weight[used] = kept[i], weight[i]
            if weight[used] < 0:
                kept[used] ^= 1
                weight[used] = -weight[used]
                need += weight[used]
            used += 1
    order = np.argsort(-weight[:used], kind="mergesort")
    kept, weight = kept[order], weight[order]
    suffix = np.zeros(used + 1, np.int64)
    for i in range(used - 1, -1, -1):
        suffix[i] = suffix[i + 1] + weight[i]
    if need <= 0:
        return 1
    if need > suffix[0]:
        return 0
    flip = int(kept[0]) & 1
    if flip:
        kept, need = kept ^ 1, int(suffix[0]) - need + 1
    if weight[0] == weight[used - 1]:  # and so is every other
        need = -(-need // int(weight[0]))
        weight = np.ones(used, np.int64)
        for i in range(used + 1):
            suffix[i] = used - i
    if nodes.size[0] + 3 * used > nodes.first.shape[0]:
        return -1
    few = min(need, int(suffix[0]) - need + 1)
    if suffix[0] == used and few == 1:
        found = tree(nodes, _AND if need > 1 else _OR, kept)
    elif (used > _EQUAL and suffix[0] == used and few > _EQUAL // 2) or (used > _SHALLOW and few > _FEW):
        found = _counted(nodes, kept, weight, need)
    else:
        found = _diagram(nodes, kept, weight, suffix, need)
    return found ^ flip if found >= 0 else -1


def room_for(widths: Array) -> int:
    """Nodes that majorities of these widths take at most."""
    return int(np.where(widths <= _EQUAL, widths * widths, 20 * (widths + 5)).sum())


@kernel()
def _counted(nodes: Nodes, literals: Array, weights: Array, need: int) -> int:  # pragma: no cover - compiled
    """Full adders count, plane by plane, from so high that exactly a sum of at least ``need`` overflows.

    In the literature: encoding of pseudo-Boolean constraints by adders (Een and Sorensson, JSAT 2, 2006).
    """
    top, heaviest, ones = 0, np.int64(0), 0
    for weight in weights:
        heaviest = max(heaviest, weight)
        for plane in range(62):
            ones += (weight >> plane) & 1
    while (1 << top) < need:
        top += 1
    if nodes.size[0] + 10 * (ones + top + 2) > nodes.first.shape[0]:  # an adder leaves one item less
        return -1
    begin = (1 << top) - need
    column, size = np.empty(2 * (ones + top) + 64, np.int64), 0  # the carries of the plane before come first
    plane = 0
    while plane < top or (heaviest >> plane):
        for item in range(len(literals)):
            if (weights[item] >> plane) & 1:
                column[size] = literals[item]
                size += 1
        if plane < top:
            if (begin >> plane) & 1:
                column[size] = 1
                size += 1
            size = _add(nodes, column, size)
        plane += 1
    result = 0
    for item in range(size):
        result = disjunction(nodes, result, int(column[item]))
    return result


@kernel()
def _add(nodes: Nodes, column: Array, size: int) -> int:  # pragma: no cover - compiled
    """Adds up a plane; its carries, whose number is returned, take its place, and its sum is not asked for."""
    head, carries = 0, 0
    while size - head > 1:
        a, b = int(column[head]), int(column[head + 1])
        c = int(column[head + 2]) if size - head > 2 else 0
        head = min(head + 3, size)
        both, neither = conjunction(nodes, a, b), conjunction(nodes, a ^ 1, b ^ 1)
        third = conjunction(nodes, c, neither ^ 1)
        if head < size:
            column[size] = parity(nodes, parity(nodes, a, b), c)
            size += 1
        column[carries] = disjunction(nodes, both, third)  # behind the head: three were read for each one written
        carries += 1
    return carries


@kernel()
def _diagram(nodes: Nodes, kept: Array, weight: Array, suffix: Array, need: int) -> int:  # pragma: no cover - compiled
    """A reduced ordered decision diagram by dynamic programming over the partial sum.

    One entry serves a whole interval of equivalent needs (Abio et al., JAIR 45, 2012). Monotone in every (normalised)
    literal, so that a branch costs two conjunctions. Returns -1 when it outgrows the graph.
    """
    far = np.int64(1) << 60
    levels = len(kept)
    memo_low, memo_high = np.empty(64, np.int64), np.empty(64, np.int64)
    memo_literal, memo_next = np.empty(64, np.int64), np.empty(64, np.int64)
    head = np.full(levels + 1, -1, np.int64)
    memos = 0
    stack_need, stage = np.empty(levels + 2, np.int64), np.zeros(levels + 2, np.int64)
    hold = np.empty((levels + 2, 3), np.int64)  # result of the branch "literal true": literal, low, high
    stack_need[0] = need
    level, literal, low, high = 0, np.int64(0), np.int64(0), np.int64(0)
    returning = False
    while True:
        if not returning:
            goal = stack_need[level]
            returning = True
            if goal <= 0:
                literal, low, high = 1, -far, 0
            elif goal > suffix[level]:
                literal, low, high = 0, suffix[level] + 1, far
            else:
                entry = head[level]
                while entry >= 0 and not memo_low[entry] <= goal <= memo_high[entry]:
                    entry = memo_next[entry]
                if entry >= 0:
                    literal, low, high = memo_literal[entry], memo_low[entry], memo_high[entry]
                else:
                    returning = False
                    stage[level] = 1
                    stack_need[level + 1] = goal - weight[level]
                    level += 1
                    continue
        level -= 1
        if level < 0:
            return int(literal)
        if stage[level] == 1:
            hold[level, 0], hold[level, 1], hold[level, 2] = literal, low + weight[level], high + weight[level]
            stage[level] = 2
            stack_need[level + 1] = stack_need[level]
            level += 1
            returning = False
            continue
        both = conjunction(nodes, kept[level], hold[level, 0])
        if both < 0:
            return -1
        literal = disjunction(nodes, both, literal)
        if literal < 0:
            return -1
        low, high = max(low, hold[level, 1]), min(high, hold[level, 2])
        if memos == len(memo_low):
            memo_low, memo_high = np.append(memo_low, memo_low), np.append(memo_high, memo_high)
            memo_literal, memo_next = np.append(memo_literal, memo_literal), np.append(memo_next, memo_next)
        memo_low[memos], memo_high[memos], memo_literal[memos], memo_next[memos] = low, high, literal, head[level]
        head[level] = memos
        memos += 1
