"""Certificate rows: each neuron's claimed literal is proved as one truth-table identity over a few wires.

Over the leaves that a row names (six at most), the specification's own gates give the tables of the claimed literal and
of the literals of all sources; the neuron's weights, bias and threshold turn the latter into the table of what it does.
Equal tables are a proof by induction along the data flow: if the sources fire for their literals, so does the neuron,
whatever values the leaves take. The certificate is a hint only: leaves that do not close a cone, a wrong literal or a
number out of range make a row fail and prove nothing.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..circuit import Gate
from ..kernels import kernel
from ..mapping import Certificate
from ..network import FlatNetwork
from ..watch import Watch
from .slots import Slots

Integers = NDArray[np.int64]
Words = NDArray[np.uint64]
Bits = NDArray[np.bool_]

LEAVES = 6  # of a row; tables of 2^6 bits
_SLICE = 100_000  # rows between two looks at the clock
_STEPS = 4_096  # gates or block neurons between a row and its leaves
_GREATEST = 1 << 40  # weight or threshold, so that no sum overflows
_AND, _OR, _XOR = int(Gate.AND), int(Gate.OR), int(Gate.XOR)
_VARIABLE = np.array([sum(1 << row for row in range(64) if row >> leaf & 1) for leaf in range(LEAVES)], np.uint64)
_VARIABLE.setflags(write=False)


class _Gates(NamedTuple):
    """The specification."""

    kinds: Integers
    offsets: Integers
    literals: Integers
    first: int


class _Neurons(NamedTuple):
    """The network, synapses by target, and the claims about it."""

    inputs: int
    pre: Integers
    weight: Integers
    need: Integers
    begin: Integers
    claim: Integers  # [I + N] literals of the specification, -1 inside a block
    leaf_offsets: Integers
    leaves: Integers


class _Tables(NamedTuple):
    """Tables over the leaves of the row in hand; valid where the row's number is written beside them."""

    wire_row: Integers
    wire: Words
    neuron_row: Integers
    neuron: Words
    wire_stack: Integers
    neuron_stack: Integers


def check_rows(
    certificate: Certificate, flat: FlatNetwork, slots: Slots, lines: Integers, watch: Watch | None = None
) -> tuple[Integers, Bits]:
    """Which rows hold, each on the condition that the claims about its sources are true.

    Args:
        certificate: The hint; one that does not fit the network claims nothing.
        flat: The network, memoryless, feed-forward and without clash.
        slots: Its timing.
        lines: ``[I]`` literals of the certificate's specification for which the input lines fire.
        watch: Ends it, also by Ctrl-C; rows that were not looked at do not hold.

    Returns:
        ``[N]`` the claims, -1 where there is none, and ``[N]`` whether a row holds.
    """
    neurons, circuit = len(flat.threshold), certificate.specification
    literal, offsets, leaves = (
        np.asarray(column, np.int64) for column in (certificate.literal, certificate.leaf_offsets, certificate.leaves)
    )
    fits = literal.shape == (neurons,) and offsets.shape == (neurons + 1,) and leaves.ndim == 1
    if not fits or offsets[0] != 0 or offsets[-1] != len(leaves) or (np.diff(offsets) < 0).any():
        return np.full(neurons, -1), np.zeros(neurons, np.bool_)
    literal = np.where((literal < 0) | (literal >= 2 * circuit.wires), -1, literal)
    leaves = np.where((leaves < 0) | (leaves >= circuit.wires), 0, leaves)  # any wire may be a leaf, so 0 is harmless
    right = np.zeros(neurons, np.bool_)
    tables = _Tables(
        np.zeros(circuit.wires, np.int64),
        np.zeros(circuit.wires, np.uint64),
        np.zeros(neurons, np.int64),
        np.zeros(neurons, np.uint64),
        np.zeros(4 * _STEPS, np.int64),
        np.zeros(4 * _STEPS, np.int64),
    )
    gates = _Gates(circuit.kinds, circuit.offsets, circuit.literals, circuit.first_gate)
    network = _Neurons(
        flat.inputs,
        flat.pre[slots.incoming],
        flat.weight[slots.incoming],
        flat.threshold - flat.bias,
        slots.begin,
        np.concatenate([lines, literal]),
        offsets,
        leaves,
    )
    watch = watch or Watch(deaf=True)
    with watch.interruptible():
        for begin in range(0, neurons, _SLICE):
            watch.progress(begin, neurons, "rows of the certificate checked")
            if watch.late():
                break
            _check(gates, network, tables, right, begin, min(begin + _SLICE, neurons))
    return literal, right


def unconditional(claims: Integers, right: Bits, flat: FlatNetwork, slots: Slots) -> Bits:
    """``[N]`` whose claims are true: the row holds, and so do those of everything upstream."""
    sound = np.ones(flat.inputs + len(claims), np.bool_)
    _close(slots.order, flat.inputs, flat.pre[slots.incoming], slots.begin, right | (claims < 0), sound)
    return sound[flat.inputs :] & (claims >= 0)


@kernel()
def _close(
    order: Integers, inputs: int, pre: Integers, begin: Integers, right: Bits, sound: Bits
) -> None:  # pragma: no cover - compiled
    for neuron in order:
        whole = right[neuron]
        for synapse in range(begin[neuron], begin[neuron + 1]):
            whole &= sound[pre[synapse]]
        sound[inputs + neuron] = whole


@kernel()
def _check(
    spec: _Gates, net: _Neurons, tables: _Tables, right: Bits, begin: int, end: int
) -> None:  # pragma: no cover - compiled
    for neuron in range(begin, end):
        claim = net.claim[net.inputs + neuron]
        if claim >= 0 and abs(net.need[neuron]) <= _GREATEST:
            right[neuron] = _gate_row(spec, net, neuron, claim) or _table_row(spec, net, tables, neuron, claim)


@kernel()
def _table_row(
    spec: _Gates, net: _Neurons, tables: _Tables, neuron: int, claim: int
) -> bool:  # pragma: no cover - compiled
    """Whether the neuron's table over its leaves is that of its claim.

    If not, leaves that are functions of the other ones are no longer leaves: fewer values are left to agree on.
    """
    leaves = np.sort(net.leaves[net.leaf_offsets[neuron] : net.leaf_offsets[neuron + 1]])
    count = len(leaves)
    if count > LEAVES:
        return False
    row = 2 * LEAVES * (neuron + 1)
    if _identity(spec, net, tables, leaves, row, neuron, claim):
        return True
    for at in range(count - 1, -1, -1):
        row += 1
        leaf = leaves[at]
        leaves[at:-1] = leaves[at + 1 :].copy()
        _plant(tables, leaves[: count - 1], row)
        if _cone(spec, tables, leaf, row):
            count -= 1
        else:
            leaves[at + 1 :] = leaves[at:-1].copy()
            leaves[at] = leaf
    return count < len(leaves) and _identity(spec, net, tables, leaves[:count], row + 1, neuron, claim)


@kernel()
def _plant(tables: _Tables, leaves: Integers, row: int) -> None:  # pragma: no cover - compiled
    tables.wire_row[0], tables.wire[0] = row, np.uint64(0)
    for at in range(len(leaves)):
        tables.wire_row[leaves[at]] = row
        tables.wire[leaves[at]] = _VARIABLE[at]


@kernel()
def _identity(
    spec: _Gates, net: _Neurons, tables: _Tables, leaves: Integers, row: int, neuron: int, claim: int
) -> bool:  # pragma: no cover - compiled
    size = 1 << len(leaves)
    _plant(tables, leaves, row)
    if not _cone(spec, tables, claim >> 1, row) or not _block(spec, net, tables, neuron, row, size):
        return False
    differ = tables.wire[claim >> 1] ^ tables.neuron[neuron]
    if claim & 1:
        differ = ~differ
    return (differ << np.uint64(64 - size)) == np.uint64(0)


@kernel()
def _cone(spec: _Gates, tables: _Tables, root: int, row: int) -> bool:  # pragma: no cover - compiled
    """Writes the table of a wire and of all between it and the leaves; False if they do not close its cone."""
    stack = tables.wire_stack
    stack[0], top, steps = root, 1, 0
    while top:
        wire = stack[top - 1]
        if tables.wire_row[wire] == row:
            top -= 1
            continue
        if wire < spec.first:
            return False
        begin, end = spec.offsets[wire - spec.first], spec.offsets[wire - spec.first + 1]
        steps += 1
        if steps > _STEPS or top + end - begin > len(stack):
            return False
        missing = False
        for at in range(begin, end):
            if tables.wire_row[spec.literals[at] >> 1] != row:
                stack[top] = spec.literals[at] >> 1
                top += 1
                missing = True
        if not missing:
            tables.wire[wire] = _gate(spec, tables.wire, wire)
            tables.wire_row[wire] = row
            top -= 1
    return True


@kernel()
def _gate(spec: _Gates, table: Words, wire: int) -> np.uint64:  # pragma: no cover - compiled
    """The table of a gate from those of its operands."""
    kind = spec.kinds[wire - spec.first]
    begin, end = spec.offsets[wire - spec.first], spec.offsets[wire - spec.first + 1]
    ones = np.uint64(0xFFFFFFFFFFFFFFFF)
    value = ones if kind == _AND else np.uint64(0)
    counts = np.zeros(64 if kind > _XOR else 0, np.int64)
    for at in range(int(begin), int(end)):
        operand = table[spec.literals[at] >> 1] ^ (ones if spec.literals[at] & 1 else np.uint64(0))
        if kind == _AND:
            value &= operand
        elif kind == _OR:
            value |= operand
        elif kind == _XOR:
            value ^= operand
        else:
            for row in range(64):
                counts[row] += (operand >> np.uint64(row)) & np.uint64(1) != 0
    for row in range(len(counts)):
        if 2 * counts[row] > end - begin:
            value |= np.uint64(1) << np.uint64(row)
    return np.uint64(value)


@kernel()
def _block(
    spec: _Gates, net: _Neurons, tables: _Tables, root: int, row: int, size: int
) -> bool:  # pragma: no cover - compiled
    """Writes the table of what a neuron does, composing those of the unnamed neurons of its block."""
    stack = tables.neuron_stack
    stack[0], top, steps = root, 1, 0
    while top:
        neuron = stack[top - 1]
        if tables.neuron_row[neuron] == row:
            top -= 1
            continue
        begin, end = net.begin[neuron], net.begin[neuron + 1]
        steps += 1
        if steps > _STEPS or top + end - begin > len(stack):
            return False
        missing = False
        for at in range(begin, end):
            source = net.pre[at]
            if abs(net.weight[at]) > _GREATEST:
                return False
            if net.claim[source] >= 0:
                if not _cone(spec, tables, int(net.claim[source]) >> 1, row):
                    return False
            elif tables.neuron_row[source - net.inputs] != row:
                stack[top] = source - net.inputs
                top += 1
                missing = True
        if not missing:
            tables.neuron[neuron] = _fires(net, tables, neuron, size)
            tables.neuron_row[neuron] = row
            top -= 1
    return True


@kernel()
def _fires(net: _Neurons, tables: _Tables, neuron: int, size: int) -> np.uint64:  # pragma: no cover - compiled
    """The first ``size`` rows of a threshold function of its sources' tables."""
    sums = np.zeros(64, np.int64)
    for at in range(net.begin[neuron], net.begin[neuron + 1]):
        claim = net.claim[net.pre[at]]
        table = tables.wire[claim >> 1] if claim >= 0 else tables.neuron[net.pre[at] - net.inputs]
        if claim >= 0 and claim & 1:
            table = ~table
        for row in range(size):
            if (table >> np.uint64(row)) & np.uint64(1) != 0:
                sums[row] += net.weight[at]
    value = np.uint64(0)
    for row in range(size):
        if sums[row] >= net.need[neuron]:
            value |= np.uint64(1) << np.uint64(row)
    return value


@kernel()
def _gate_row(spec: _Gates, net: _Neurons, neuron: int, claim: int) -> bool:  # pragma: no cover - compiled
    """Whether a neuron of equal weights counts the operands of one wide gate, all of them true or all of them false.

    Of ``k`` operands, AND needs ``k`` true ones, OR needs 1, a majority ``k // 2 + 1``; their complements need what is
    left of ``k + 1`` in false ones.
    """
    gate = (claim >> 1) - spec.first
    if gate < 0 or spec.kinds[gate] == _XOR:
        return False
    begin, end = spec.offsets[gate], spec.offsets[gate + 1]
    first, last = net.begin[neuron], net.begin[neuron + 1]
    width = end - begin
    if last - first != width:
        return False
    weight = net.weight[first]
    for at in range(first, last):
        if net.claim[net.pre[at]] < 0 or net.weight[at] != weight or not 0 < weight <= _GREATEST:
            return False
    if width == 2:
        one, other = net.claim[net.pre[first]] ^ (claim & 1), net.claim[net.pre[first + 1]] ^ (claim & 1)
        a, b = spec.literals[begin], spec.literals[begin + 1]
        if not ((one == a and other == b) or (one == b and other == a)):
            return False
    else:
        heard = np.empty(width, np.int64)
        for at in range(first, last):
            heard[at - first] = net.claim[net.pre[at]] ^ (claim & 1)
        if (np.sort(heard) != np.sort(spec.literals[begin:end])).any():
            return False
    true = width if spec.kinds[gate] == _AND else 1 if spec.kinds[gate] == _OR else width // 2 + 1
    count = width + 1 - true if claim & 1 else true
    return (count - 1) * weight < net.need[neuron] <= count * weight
