"""The joint and-inverter graph: everything to be compared is written into one structurally hashed graph."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..circuit import Circuit, Gate
from ..kernels import kernel

Array = NDArray[np.int64]
WIDE = 8  # leaves of a parity that is known by them alone
_AND, _OR, _XOR = int(Gate.AND), int(Gate.OR), int(Gate.XOR)


class Nodes(NamedTuple):
    """The arrays of a graph, as the compiled kernels take them.

    Node ``n`` is the conjunction of the literals ``first[n]`` and ``second[n]``; inputs have ``first[n] == -1``.
    Node 0 is constant false; a literal is ``2 * node + complement``. Operands come before the node.
    """

    first: NDArray[np.int32]  # [capacity]
    second: NDArray[np.int32]  # [capacity]
    table: NDArray[np.int32]  # open-addressing hash table over (first, second), a power of two long
    size: NDArray[np.int64]  # [1], nodes in use


@kernel()
def slot_of(a: int, b: int, mask: int) -> int:  # pragma: no cover - compiled
    """Where the hash table begins to look for the conjunction of two literals."""
    key = np.uint64(a) * np.uint64(0x9E3779B97F4A7C15) ^ np.uint64(b) * np.uint64(0xC2B2AE3D27D4EB4F)
    key ^= key >> np.uint64(29)
    return int(np.int64((key * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(20)) & mask)


@kernel()
def conjunction(nodes: Nodes, a: int, b: int) -> int:  # pragma: no cover - compiled
    """The literal of ``a and b``: simplified, found, or made."""
    if a > b:
        a, b = b, a
    if a == 0 or a ^ 1 == b:
        return 0
    if a == 1 or a == b:
        return b
    mask = nodes.table.shape[0] - 1
    place = slot_of(a, b, mask)
    while nodes.table[place] != 0:
        node = nodes.table[place]
        if nodes.first[node] == a and nodes.second[node] == b:
            return 2 * int(node)
        place = (place + 1) & mask
    node = nodes.size[0]
    if node >= nodes.first.shape[0]:
        return -1
    nodes.size[0] = node + 1
    nodes.first[node], nodes.second[node], nodes.table[place] = a, b, node
    return 2 * node


@kernel()
def disjunction(nodes: Nodes, a: int, b: int) -> int:  # pragma: no cover - compiled
    """The literal of ``a or b``."""
    return conjunction(nodes, a ^ 1, b ^ 1) ^ 1


@kernel()
def parity(nodes: Nodes, a: int, b: int) -> int:  # pragma: no cover - compiled
    """The literal of ``a xor b``."""
    flip = (a ^ b) & 1
    a, b = a & ~1, b & ~1
    left, right = conjunction(nodes, a, b ^ 1), conjunction(nodes, a ^ 1, b)
    return disjunction(nodes, left, right) ^ flip


@kernel()
def threshold(nodes: Nodes, literals: Array, weights: Array, need: int) -> int:  # pragma: no cover - compiled
    """The literal of ``sum of weights of true literals >= need``, exactly, for weights of any sign.

    A reduced ordered decision diagram by dynamic programming over the partial sum, in which one entry serves a
    whole interval of equivalent needs (Abio et al., JAIR 45, 2012). Monotone in every (normalised) literal, so that a
    branch costs two conjunctions. Returns -1 when the diagram outgrows the graph.
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
    return _diagram(nodes, kept, weight, suffix, need)


@kernel()
def _diagram(nodes: Nodes, kept: Array, weight: Array, suffix: Array, need: int) -> int:  # pragma: no cover - compiled
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


@kernel()
def _tree(nodes: Nodes, kind: int, literals: Array) -> int:  # pragma: no cover - compiled
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
def _write(nodes: Nodes, kinds: Array, offsets: Array, operands: Array, wires: Array, gate_wire: int) -> None:
    # pragma: no cover - compiled
    for gate in range(len(kinds)):
        begin, end = offsets[gate], offsets[gate + 1]
        literals = np.empty(end - begin, np.int64)
        for i in range(begin, end):
            literals[i - begin] = wires[operands[i] >> 1] ^ (operands[i] & 1)
        if kinds[gate] <= _XOR:
            wires[gate_wire + gate] = _tree(nodes, int(kinds[gate]), literals)
        else:
            ones = np.ones(len(literals), np.int64)
            wires[gate_wire + gate] = threshold(nodes, literals, ones, len(literals) // 2 + 1)


def wide_parities(circuit: Circuit) -> list[tuple[int, Array]]:
    """The parities of many leaves, each the root of a tree of parity gates, with the literals of the leaves.

    Two such trees of one set of leaves are one function; without this SAT would have to find that out, which takes more
    than the square of their width.
    """
    widths, parity_gate = np.diff(circuit.offsets), circuit.kinds == _XOR
    if not parity_gate.any():
        return []
    readers = np.bincount(circuit.literals >> 1, minlength=circuit.wires)
    readers += np.bincount(np.concatenate([circuit.outputs, circuit.register_next]) >> 1, minlength=circuit.wires)
    inner = np.zeros(circuit.wires, np.bool_)  # parity gates that one other parity gate reads
    inner[circuit.literals[np.repeat(parity_gate, widths)] >> 1] = True
    inner &= readers == 1
    inner[: circuit.first_gate] = False
    inner[circuit.first_gate :] &= parity_gate
    trees = widths > WIDE  # or with a parity below
    trees[np.repeat(np.arange(len(widths)), widths)[inner[circuit.literals >> 1]]] = True
    found: list[tuple[int, Array]] = []
    for root in np.flatnonzero(parity_gate & trees & ~inner[circuit.first_gate :]).tolist():
        leaves: list[Array] = []
        waiting = [circuit.operands(root)]
        while waiting:
            operands = waiting.pop()
            deeper = inner[operands >> 1]
            leaves.append(operands[~deeper])
            leaves.append(operands[deeper] & 1)  # a complement inside the tree flips the whole: the constant true
            waiting += [circuit.operands(int(wire) - circuit.first_gate) for wire in operands[deeper] >> 1]
        together = np.concatenate(leaves)
        if len(together) > WIDE:
            found.append((root, together))
    return found


class AndGraph:
    """A growing and-inverter graph; equal conjunctions are made once.

    Args:
        capacity: Nodes that fit before the first growth.
    """

    def __init__(self, capacity: int = 1024) -> None:
        self.nodes = _allocate(capacity)
        self.nodes.size[0] = 1
        self.nodes.first[0] = -1
        self._parities: dict[tuple[int, ...], int] = {}  # of many leaves: their literal, whatever tree it was made of

    def __len__(self) -> int:
        return int(self.nodes.size[0])

    def reserve(self, more: int) -> None:
        """Make room for ``more`` further nodes."""
        if len(self) + more > len(self.nodes.first):
            grown = _allocate(max(len(self) + more, 2 * len(self.nodes.first)))
            size = len(self)
            grown.first[:size], grown.second[:size] = self.nodes.first[:size], self.nodes.second[:size]
            grown.size[0] = size
            rehash(grown)
            self.nodes = grown

    def inputs(self, count: int) -> Array:
        """``[count]`` literals of new inputs."""
        self.reserve(count)
        size = len(self)
        self.nodes.first[size : size + count] = -1
        self.nodes.size[0] = size + count
        return 2 * np.arange(size, size + count)

    def conjunction(self, a: int, b: int) -> int:
        """The literal of ``a and b``."""
        self.reserve(1)
        return int(conjunction(self.nodes, a, b))

    def add(self, circuit: Circuit, sources: Array) -> Array:
        """Writes a circuit into the graph.

        Args:
            circuit: Any netlist; wide gates are folded, majorities decided by a diagram.
            sources: ``[I + R]`` literals of its inputs and registers.

        Returns:
            ``[wires]`` literals, one a wire of the circuit.
        """
        wires = np.zeros(circuit.wires, np.int64)
        wires[1 : circuit.first_gate] = sources
        widths = np.diff(circuit.offsets)
        majorities = widths[circuit.kinds == int(Gate.MAJ)]
        self.reserve(int(3 * widths.sum() + (majorities * majorities).sum()) + 1)
        begin = 0
        for gate, leaves in wide_parities(circuit):
            self._write(circuit, begin, gate + 1, wires)
            begin, wire = gate + 1, circuit.first_gate + gate
            literals = wires[leaves >> 1] ^ (leaves & 1)
            nodes, times = np.unique(literals >> 1, return_counts=True)
            odd, flip = nodes[(times % 2 == 1) & (nodes > 0)], int((literals & 1).sum()) & 1
            wires[wire] = self._parities.setdefault(tuple(odd.tolist()), int(wires[wire]) ^ flip) ^ flip
        self._write(circuit, begin, len(circuit.kinds), wires)
        return wires

    def _write(self, circuit: Circuit, begin: int, end: int, wires: Array) -> None:
        columns = circuit.kinds[begin:end], circuit.offsets[begin : end + 1], circuit.literals
        _write(self.nodes, *columns, wires, circuit.first_gate + begin)


def _allocate(capacity: int) -> Nodes:
    table = 1 << max(4, int(2 * capacity).bit_length())
    return Nodes(
        np.zeros(capacity, np.int32), np.zeros(capacity, np.int32), np.zeros(table, np.int32), np.zeros(1, np.int64)
    )


@kernel()
def rehash(nodes: Nodes) -> None:  # pragma: no cover - compiled
    """Enters every node of the graph into an empty hash table."""
    mask = nodes.table.shape[0] - 1
    for node in range(nodes.size[0]):
        if nodes.first[node] >= 0:
            place = slot_of(int(nodes.first[node]), int(nodes.second[node]), mask)
            while nodes.table[place] != 0:
                place = (place + 1) & mask
            nodes.table[place] = node
