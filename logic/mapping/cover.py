"""Single-rail mapping: the and-inverter graph covered with as few threshold neurons as possible."""

from collections.abc import Sequence
from itertools import islice
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..circuit import Circuit
from ..kernels import kernel
from ..lowering import to_and_inverter
from ..rails import single_lines
from .classes import ThresholdClasses, threshold_classes
from .cuts import Structure, find_cuts
from .neuron_netlist import Certificate, Integers, ThresholdNetlist, dual, rows
from .structure import helped_structures
from .word_tables import NO_CLASS, WIDTH, threshold_class

LARGE = 100_000  # gates; beyond, less effort for each
KEPT, KEPT_LARGE = (8, 4), (4, 1)  # cuts of each wire: threshold functions, others
EXACT_ROUNDS = 3
UNREAD = 0.6  # readers that a wire without a neuron would have


def single_rail(circuit: Circuit, classes: ThresholdClasses | None = None) -> ThresholdNetlist:
    """One line a signal, one threshold neuron for each cut of a cover; weights of both signs.

    Args:
        circuit: Any circuit.
        classes: The threshold functions that may be used, that of an AND of two among them; all if left out.

    Raises:
        CircuitError: if the circuit cannot be lowered to ANDs.
    """
    graph, classes = to_and_inverter(circuit), classes or threshold_classes()
    structures = list(islice(helped_structures(graph, classes), 1 if len(graph.kinds) > LARGE else 2))
    return _netlist(graph, cover(graph, structures, classes), classes)


def fail_silent(circuit: Circuit, classes: ThresholdClasses | None = None) -> ThresholdNetlist:
    """The single-rail cover on two rails: positive weights only, and far fewer neurons than two a gate."""
    return dual(single_rail(circuit, classes))


class Cover(NamedTuple):
    """The cut that makes each wire, and how often it is read (0: no neuron)."""

    neurons: int
    order: Integers
    leaves: NDArray[np.int32]
    table: NDArray[np.uint64]
    dependent: NDArray[np.uint8]
    references: Integers


def cover(graph: Circuit, structures: Sequence[Structure], classes: ThresholdClasses) -> Cover:
    """The smallest of several covers, each by area flow and then by the exact number of neurons, wire after wire.

    Each round expects every wire to be read as often as in the smallest cover so far.
    """
    large = len(graph.kinds) > LARGE
    ends = np.unique(np.concatenate([graph.outputs, graph.register_next]) >> 1)
    wires = np.arange(graph.wires)
    readers = (np.bincount(graph.literals >> 1, minlength=graph.wires) + np.isin(wires, ends)).astype(np.float64)
    ends, covers = ends[ends >= graph.first_gate], list[Cover]()
    turns = [structures[turn % len(structures)] for turn in range(2 if large else 3)]
    for structure in turns:
        cuts = find_cuts(structure, readers, classes, KEPT_LARGE if large else KEPT, WIDTH)
        best, references = np.zeros(graph.wires, np.int64), np.zeros(graph.wires, np.int64)
        _count(structure.order, ends, best, cuts.leaves, cuts.silent, references)
        for _ in range(EXACT_ROUNDS):
            _exact(structure.order, best, cuts.leaves, cuts.silent, cuts.kind, cuts.used, references)
        neurons = int((references[structure.order] > 0).sum())
        if not covers or neurons < covers[-1].neurons:
            leaves, table = cuts.leaves[wires, best], cuts.table[wires, best]
            covers = [Cover(neurons, structure.order, leaves, table, cuts.dependent[wires, best], references)]
            readers = np.maximum(references, UNREAD)
    return covers[-1]


def _netlist(graph: Circuit, covered: Cover, classes: ThresholdClasses) -> ThresholdNetlist:
    """The neurons of a cover, each in the phase that its outputs want, with inverters where both are wanted."""
    inputs, registers, ends = (
        len(graph.inputs),
        len(graph.register_names),
        np.unique(np.concatenate([graph.outputs, graph.register_next])),
    )
    made = covered.order[covered.references[covered.order] > 0]
    flipped = np.zeros(graph.wires, np.int64)  # whether a wire's neuron fires for false
    flipped[ends[(ends & 1 == 1) & (ends >> 1 >= graph.first_gate)] >> 1] = 1
    flipped[ends[ends & 1 == 0] >> 1] = 0
    extra = ends[(ends & 1 != flipped[ends >> 1]) | (ends <= 1)]  # literals that need a neuron of their own
    line = np.full(graph.wires, -1)
    line[1 : graph.first_gate] = np.arange(inputs + registers)
    line[made] = inputs + registers + np.arange(len(made))

    weight, threshold = _weights(covered.table[made], classes.weights, classes.threshold, classes.keys, classes.values)
    leaves = covered.leaves[made].astype(np.int64)
    sign = np.where((leaves >= 0) & (flipped[leaves] == 1), -1, 1)
    threshold = threshold - np.where(sign < 0, weight, 0).sum(1)
    weight = weight * sign
    down = flipped[made] == 1
    weight[down], threshold[down] = -weight[down], 1 - threshold[down]

    gates, column = np.nonzero(weight)
    inverted = np.flatnonzero(extra > 1)
    first_extra = registers + len(made)
    neurons = first_extra + len(extra)
    offsets, (sources, weights) = rows(
        np.concatenate([registers + gates, first_extra + inverted]),
        neurons,
        np.concatenate([line[leaves[gates, column]], line[extra[inverted] >> 1]]),
        np.concatenate([weight[gates, column], np.full(len(inverted), -1)]),
    )
    needed = (leaves >= 0) & (covered.dependent[made][:, None] >> np.arange(WIDTH) & 1 == 0)
    cut, column = np.nonzero(needed)
    leaf_offsets, (leaf,) = rows(
        np.concatenate([registers + cut, first_extra + inverted]),
        neurons,
        np.concatenate([leaves[cut, column], extra[inverted] >> 1]),
    )
    end_line = {int(literal): inputs + first_extra + i for i, literal in enumerate(extra)}

    def lines(literals: Integers) -> Integers:
        return np.array([end_line.get(int(end), line[end >> 1]) for end in literals], np.int64)

    state = np.arange(1 + inputs, graph.first_gate)
    return ThresholdNetlist(
        input_lines=single_lines(graph.inputs),
        threshold=np.concatenate([np.ones(registers, np.int64), threshold, np.where(extra == 0, 1, 0)]),
        offsets=offsets,
        sources=sources,
        weights=weights,
        outputs=lines(graph.outputs),
        output_lines=single_lines(graph.output_names),
        certificate=Certificate(
            graph, np.concatenate([2 * state, 2 * made | flipped[made], extra]), leaf_offsets, leaf
        ),
        register=np.arange(registers),
        register_next=lines(graph.register_next),
        register_start=graph.register_initial == 1,
    )


@kernel()
def _weights(
    tables: NDArray[np.uint64], class_weights: Integers, class_threshold: Integers, keys: Integers, values: Integers
) -> tuple[Integers, Integers]:
    """Signed weights ``[N, 6]`` and thresholds of threshold functions over their leaves."""
    weight, threshold = np.zeros((len(tables), WIDTH), np.int64), np.zeros(len(tables), np.int64)
    signed, place = np.zeros(WIDTH, np.int64), np.zeros(WIDTH, np.int64)
    for row in range(len(tables)):
        found = threshold_class(tables[row], class_weights, keys, values, signed, place)
        threshold[row] = class_threshold[found]
        for i in range(WIDTH):
            size = class_weights[found, i]
            if signed[place[i]] < 0:
                weight[row, place[i]] = -size
                threshold[row] -= size
            else:
                weight[row, place[i]] = size
    return weight, threshold


@kernel()
def _count(
    order: Integers,
    ends: Integers,
    best: Integers,
    leaves: NDArray[np.int32],
    silent: NDArray[np.uint8],
    references: Integers,
) -> None:
    for wire in ends:
        references[wire] += 1
    for position in range(len(order) - 1, -1, -1):
        wire = order[position]
        if references[wire]:
            for i in range(WIDTH):
                leaf = leaves[wire, best[wire], i]
                if leaf < 0:
                    break
                if not silent[wire, best[wire]] >> i & 1:
                    references[leaf] += 1


@kernel()
def _refer(
    wire: int,
    cut: int,
    best: Integers,
    leaves: NDArray[np.int32],
    silent: NDArray[np.uint8],
    count: Integers,
    references: Integers,
    stack: Integers,
    change: int,
) -> int:
    """Add or remove the references of one cut, and of what it alone needs; the neurons that this takes."""
    area, top = 1, 0
    stack[0, 0], stack[0, 1] = wire, cut
    top = 1
    while top:
        top -= 1
        wire, cut = stack[top, 0], stack[top, 1]
        for i in range(WIDTH):
            leaf = leaves[wire, cut, i]
            if leaf < 0:
                break
            if silent[wire, cut] >> i & 1:
                continue
            before = references[leaf]
            references[leaf] += change
            if count[leaf] and (before == 0 if change > 0 else before == 1):
                area += 1
                stack[top, 0], stack[top, 1] = leaf, best[leaf]
                top += 1
    return area


@kernel()
def _exact(
    order: Integers,
    best: Integers,
    leaves: NDArray[np.int32],
    silent: NDArray[np.uint8],
    kind: NDArray[np.int16],
    count: Integers,
    references: Integers,
) -> None:
    stack = np.zeros((len(references) + 8, 2), np.int64)
    for wire in order:
        used = references[wire] > 0
        if used:
            _refer(wire, int(best[wire]), best, leaves, silent, count, references, stack, -1)
        least, chosen, loneliest = 1 << 60, int(best[wire]), 0.0
        for cut in range(count[wire]):
            if kind[wire, cut] == NO_CLASS:
                continue
            # Leaves that others read as well are likely to stay; each unread one costs a neuron or more.
            area, lonely = 1, 0.0
            for i in range(WIDTH):
                leaf = leaves[wire, cut, i]
                if leaf < 0:
                    break
                if count[leaf] and not silent[wire, cut] >> i & 1:
                    lonely += 1.0 / (1.0 + references[leaf])
                    area += references[leaf] == 0
            if area > least:
                continue
            if area > 1:
                area = _refer(wire, cut, best, leaves, silent, count, references, stack, 1)
                _refer(wire, cut, best, leaves, silent, count, references, stack, -1)
            if area < least or (area == least and lonely < loneliest):
                least, chosen, loneliest = area, cut, lonely
        best[wire] = chosen
        if used:
            _refer(wire, chosen, best, leaves, silent, count, references, stack, 1)
