"""The mappers' common result: threshold neurons in the order of the data flow, without time, and what they compute."""

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from ..circuit import Circuit
from ..rails import Line, rail_lines

Integers = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Certificate:
    """What each neuron is claimed to compute; a hint that a checker proves again, row by row.

    Neuron ``n`` fires for true ``literal[n]`` of ``specification``. Over the wires ``leaves[leaf_offsets[n]:...]``
    the cones of that literal and of the literals of all its sources close, so both sides are truth tables over them.

    Args:
        specification: The circuit whose literals are meant.
        literal: ``[N]``, or -1 for a neuron inside a block that no wire of the specification stands for.
        leaf_offsets: ``[N + 1]``.
        leaves: Wires of the specification; empty for a neuron without a literal.
    """

    specification: Circuit
    literal: Integers
    leaf_offsets: Integers
    leaves: Integers


@dataclass(frozen=True, eq=False)
class ThresholdNetlist:
    """Neuron ``n`` fires iff the sum of ``weights`` of its firing sources reaches ``threshold[n]``.

    Lines ``0 .. I - 1`` are the inputs, line ``I + n`` is neuron ``n``, which reads earlier lines only; only the
    neurons in ``register`` are read before they are driven.

    Args:
        input_lines: ``I`` lines.
        threshold: ``[N]``.
        offsets: ``[N + 1]``; neuron ``n`` reads ``sources[offsets[n]:offsets[n + 1]]``.
        sources: ``[S]`` lines.
        weights: ``[S]``.
        outputs: ``[O]`` lines.
        output_lines: ``O`` lines.
        certificate: What the neurons compute.
        register: ``[R]`` neurons that hold the state; they read nothing in ``sources``.
        register_next: ``[R]`` lines whose spike they repeat one wave later.
        register_start: ``[R]`` whether they fire for the first wave.
    """

    input_lines: tuple[Line, ...]
    threshold: Integers
    offsets: Integers
    sources: Integers
    weights: Integers
    outputs: Integers
    output_lines: tuple[Line, ...]
    certificate: Certificate
    register: Integers = field(default_factory=lambda: np.zeros(0, np.int64))
    register_next: Integers = field(default_factory=lambda: np.zeros(0, np.int64))
    register_start: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, np.bool_))

    @property
    def inputs(self) -> int:
        """The number of input lines."""
        return len(self.input_lines)

    @property
    def neurons(self) -> int:
        """The number of neurons."""
        return len(self.threshold)

    def input_literals(self) -> Integers:
        """``[I]`` the literal of the specification that each input line stands for."""
        wires = 1 + np.arange(len(self.certificate.specification.inputs))
        if len(wires) == self.inputs:
            return 2 * wires
        return np.stack([2 * wires + 1, 2 * wires], 1).reshape(-1)


def rows(row: Integers, count: int, *columns: Integers) -> tuple[Integers, list[Integers]]:
    """Sort entries by row: offsets ``[count + 1]`` and the columns in that order."""
    order = np.argsort(row, kind="stable")
    offsets = np.concatenate([[0], np.cumsum(np.bincount(row, minlength=count))]).astype(np.int64)
    return offsets, [column[order] for column in columns]


def merge_equal(netlist: ThresholdNetlist) -> ThresholdNetlist:
    """The same netlist with neurons of equal threshold and equal synapses made once."""
    while True:
        smaller = _merge_once(netlist)
        if smaller.neurons == netlist.neurons:
            return smaller
        netlist = smaller


def _merge_once(netlist: ThresholdNetlist) -> ThresholdNetlist:
    widths, first = np.diff(netlist.offsets), np.arange(netlist.neurons)
    post = np.repeat(first, widths)
    order = np.lexsort((netlist.weights, netlist.sources, post))
    sources, weights = netlist.sources[order], netlist.weights[order]
    for width in np.unique(widths[widths > 0]):
        neurons = np.flatnonzero(widths == width)
        at = netlist.offsets[neurons][:, None] + np.arange(width)
        key = np.concatenate([netlist.threshold[neurons][:, None], sources[at], weights[at]], 1)
        _, earliest, group = np.unique(key, axis=0, return_index=True, return_inverse=True)
        first[neurons] = neurons[earliest[group.reshape(-1)]]
    kept = first == np.arange(netlist.neurons)
    known = netlist.certificate.literal >= 0
    named = np.where(known, np.arange(netlist.neurons), netlist.neurons)  # whose row of the certificate to keep
    best = np.full(netlist.neurons, netlist.neurons)
    np.minimum.at(best, first, named)
    best = np.where(best == netlist.neurons, np.arange(netlist.neurons), best)[kept]
    line = np.concatenate([np.arange(netlist.inputs), netlist.inputs + (np.cumsum(kept) - 1)[first]])
    offsets, (sources, weights) = take_rows(netlist.offsets, np.flatnonzero(kept), netlist.sources, netlist.weights)
    leaf_offsets, (leaves,) = take_rows(netlist.certificate.leaf_offsets, best, netlist.certificate.leaves)
    certificate = replace(
        netlist.certificate, literal=netlist.certificate.literal[best], leaf_offsets=leaf_offsets, leaves=leaves
    )
    return replace(
        netlist,
        threshold=netlist.threshold[kept],
        offsets=offsets,
        sources=line[sources],
        weights=weights,
        outputs=line[netlist.outputs],
        register_next=line[netlist.register_next],
        certificate=certificate,
    )


def take_rows(offsets: Integers, chosen: Integers, *columns: Integers) -> tuple[Integers, list[Integers]]:
    """Some rows of ragged columns, in the given order."""
    widths = np.diff(offsets)[chosen]
    taken = np.concatenate([[0], np.cumsum(widths)]).astype(np.int64)
    at = np.arange(taken[-1]) + np.repeat(offsets[:-1][chosen] - taken[:-1], widths)
    return taken, [column[at] for column in columns]


def dual(netlist: ThresholdNetlist) -> ThresholdNetlist:
    """Two lines for every line of a single-rail netlist, one for 0 and one for 1, with positive weights only.

    A negative weight reads the other rail; the rail of 0 has the same weights on the other rails and the threshold
    ``sum w - threshold + 1``. All weights are positive, so lost spikes can only silence a rail (fail-silence).
    """
    post = np.repeat(np.arange(netlist.neurons), np.diff(netlist.offsets))
    strength, total = np.abs(netlist.weights), np.zeros(netlist.neurons, np.int64)
    negative = np.zeros(netlist.neurons, np.int64)
    np.add.at(total, post, strength)
    np.add.at(negative, post[netlist.weights < 0], strength[netlist.weights < 0])
    one = netlist.threshold + negative

    def both(lines: Integers) -> Integers:
        return np.stack([2 * lines, 2 * lines + 1], 1).reshape(-1)

    agrees = (netlist.weights > 0).astype(np.int64)
    offsets, (sources, weights) = rows(
        np.concatenate([2 * post, 2 * post + 1]),
        2 * netlist.neurons,
        np.concatenate([2 * netlist.sources + 1 - agrees, 2 * netlist.sources + agrees]),
        np.concatenate([strength, strength]),
    )
    threshold = np.stack([total - one + 1, one], 1).reshape(-1)
    threshold[both(netlist.register)] = 1
    known, plain = netlist.certificate.literal, netlist.certificate
    leaf_offsets, (leaves,) = take_rows(plain.leaf_offsets, np.repeat(np.arange(netlist.neurons), 2), plain.leaves)
    return ThresholdNetlist(
        input_lines=rail_lines(line.signal for line in netlist.input_lines),
        threshold=threshold,
        offsets=offsets,
        sources=sources,
        weights=weights,
        outputs=both(netlist.outputs),
        output_lines=rail_lines(line.signal for line in netlist.output_lines),
        certificate=replace(
            plain,
            literal=np.stack([np.where(known < 0, -1, known ^ 1), known], 1).reshape(-1),
            leaf_offsets=leaf_offsets,
            leaves=leaves,
        ),
        register=both(netlist.register),
        register_next=both(netlist.register_next),
        register_start=np.stack([~netlist.register_start, netlist.register_start], 1).reshape(-1),
    )
