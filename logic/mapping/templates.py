"""Gate by gate: each gate becomes the same few neurons (positive, dual-rail, majority, LogicSNN blocks)."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import product

import numpy as np

from ..circuit import Circuit, Gate
from ..errors import CircuitError
from ..rails import rail_lines, single_lines
from .narrow import narrow
from .neuron_netlist import Certificate, Integers, ThresholdNetlist, merge_equal, rows

WIDEST_BLOCK = 6  # inputs of a minterm block, which has 2^k patterns


@dataclass(frozen=True)
class Template:
    """The neurons of one gate.

    A neuron is its threshold and its synapses ``(source, weight)``. Source ``2 i + v`` is the line that fires when
    operand ``i`` has value ``v``; source ``~j`` is neuron ``j`` of the same template.

    Args:
        neurons: In an order in which data flows.
        zero: The neuron that fires when the gate is false; -1 in single-rail coding.
        one: The neuron that fires when the gate is true.
    """

    neurons: tuple[tuple[int, tuple[tuple[int, int], ...]], ...]
    zero: int
    one: int


def positive(circuit: Circuit) -> ThresholdNetlist:
    """One neuron a gate, one line a signal that fires for true; for circuits that never complement.

    Raises:
        CircuitError: if a literal is complemented or a gate is a parity.
    """
    used = np.concatenate([circuit.literals, circuit.outputs, circuit.register_next])
    if (used & 1).any() and (used[(used & 1) == 1] != 1).any():
        wire = int(used[(used & 1 == 1) & (used != 1)][0]) >> 1
        raise CircuitError(f"wire {wire} is read complemented, which 'positive' cannot do; use 'single-rail'")

    def template(kind: Gate, width: int) -> Template:
        if kind is Gate.XOR:
            raise CircuitError("a parity is not a positive gate; use the mapping 'single-rail'")
        return Template(((_threshold(kind, width), tuple((2 * i + 1, 1) for i in range(width))),), -1, 0)

    return _assemble(circuit, template, dual=False)


def dual_rail(circuit: Circuit) -> ThresholdNetlist:
    """Two threshold neurons a gate, four a parity of two or three; only positive weights, hence fail-silent.

    A threshold gate ``[sum w x >= th]`` is the pair (``th``, ``sum w - th + 1``) on the two rails; complementing
    swaps rails. The exclusive or adds a shared product: ``x1 = [a0 + b1 + 2 (a1 b0) >= 2]``, and the sum of a full
    adder reads the other rail of its carry: ``s1 = [a1 + b1 + c1 + 2 carry0 >= 3]``.
    """

    def template(kind: Gate, width: int) -> Template:
        if kind is not Gate.XOR:
            return _pair(kind, width)
        if width == 1:
            return _pair(Gate.AND, 1)
        if width == 2:
            one_zero, both = (2, ((1, 1), (2, 1))), (2, ((1, 1), (3, 1)))
            zero = (2, ((0, 1), (2, 1), (~1, 2)))
            one = (2, ((0, 1), (3, 1), (~0, 2)))
            return Template((one_zero, both, zero, one), 2, 3)
        low, high = tuple((2 * i, 1) for i in range(3)), tuple((2 * i + 1, 1) for i in range(3))
        return Template(((2, low), (2, high), (3, (*low, (~1, 2))), (3, (*high, (~0, 2)))), 2, 3)

    netlist = _assemble(narrow(circuit, {Gate.XOR: 3}), template, dual=True)
    return merge_equal(netlist) if (circuit.kinds == Gate.XOR).any() else netlist


def majority(circuit: Circuit) -> ThresholdNetlist:
    """Majority-inverter form on two rails: unit weights only, three synapses a neuron at most.

    ``a & b`` is a majority with a constant; the sum of a full adder is ``M(~C, M(a, b, ~c), c)`` with its carry
    ``C = M(a, b, c)`` (Amaru, Gaillardon and De Micheli, 2014, "Majority-Inverter Graph").
    """

    def template(kind: Gate, width: int) -> Template:
        if kind is not Gate.XOR:
            return _pair(kind, width)
        if width == 1:
            return _pair(Gate.AND, 1)
        if width == 2:
            products = [(2, ((1, 1), (2, 1))), (1, ((0, 1), (3, 1))), (2, ((0, 1), (3, 1))), (1, ((1, 1), (2, 1)))]
            return Template((*products, (2, ((~1, 1), (~3, 1))), (1, ((~0, 1), (~2, 1)))), 4, 5)
        carry = [(2, tuple((2 * i + v, 1) for i in range(3))) for v in (0, 1)]
        other = [(2, ((v, 1), (2 + v, 1), (4 + 1 - v, 1))) for v in (0, 1)]
        answer = [(2, ((~(1 - v), 1), (~(2 + v), 1), (4 + v, 1))) for v in (0, 1)]
        return Template((*carry, *other, *answer), 4, 5)

    binary = narrow(circuit, {Gate.AND: 2, Gate.OR: 2, Gate.XOR: 3})
    return merge_equal(_assemble(binary, template, dual=True))


def minterm_blocks(circuit: Circuit, widest: int = 2) -> ThresholdNetlist:
    """LogicSNN blocks: input rails, a pattern neuron for each input state, and two output neurons.

    A pattern of ``k`` inputs has ``k`` unit synapses and threshold ``k``, an output fires with any of its patterns:
    ``2^k + 2`` neurons (Mo and Wang, 2021, "LogicSNN: A Unified SNN Logical Operation Paradigm").

    Args:
        circuit: Gates of any width; products, sums and parities wider than ``widest`` become trees.
        widest: Inputs of a block, 2 to 6.

    Raises:
        CircuitError: if ``widest`` is out of range, or a majority has more than 6 inputs.
    """
    if not 2 <= widest <= WIDEST_BLOCK:
        raise CircuitError(f"a block has 2 to {WIDEST_BLOCK} inputs, not {widest}")

    def template(kind: Gate, width: int) -> Template:
        if width > WIDEST_BLOCK:
            raise CircuitError(f"a majority of {width} needs 2^{width} patterns; use the mapping 'dual-rail'")
        states = list(product((0, 1), repeat=width))
        patterns = [(width, tuple((2 * i + v, 1) for i, v in enumerate(state))) for state in states]
        answers = [
            (1, tuple((~index, 1) for index, state in enumerate(states) if _value(kind, state) == value))
            for value in (0, 1)
        ]
        return Template((*patterns, *answers), len(states), len(states) + 1)

    return _assemble(narrow(circuit, dict.fromkeys((Gate.AND, Gate.OR, Gate.XOR), widest)), template, dual=True)


def _threshold(kind: Gate, width: int) -> int:
    return {Gate.AND: width, Gate.OR: 1, Gate.MAJ: width // 2 + 1}[kind]


def _value(kind: Gate, state: tuple[int, ...]) -> int:
    return sum(state) & 1 if kind is Gate.XOR else int(sum(state) >= _threshold(kind, len(state)))


def _pair(kind: Gate, width: int) -> Template:
    threshold = _threshold(kind, width)
    zero, one = (tuple((2 * i + v, 1) for i in range(width)) for v in (0, 1))
    return Template(((width - threshold + 1, zero), (threshold, one)), 0, 1)


def _assemble(circuit: Circuit, template_of: Callable[[Gate, int], Template], *, dual: bool) -> ThresholdNetlist:
    """Place one template a gate, group by group of gates of like kind and width."""
    per_signal = 2 if dual else 1
    inputs, registers = per_signal * len(circuit.inputs), per_signal * len(circuit.register_names)
    ends = np.concatenate([circuit.outputs, circuit.register_next])
    constants = 2 if ((circuit.literals >> 1) == 0).any() or ((ends >> 1) == 0).any() else 0
    widths = np.diff(circuit.offsets)
    shape = len(Gate) * widths + circuit.kinds
    shapes = np.flatnonzero(np.bincount(shape))
    keys, group = np.stack([shapes % len(Gate), shapes // len(Gate)], 1), np.searchsorted(shapes, shape)
    templates = [template_of(Gate(int(kind)), int(width)) for kind, width in keys]
    size = np.array([len(t.neurons) for t in templates], np.int64)[group] if len(keys) else np.zeros(0, np.int64)
    start = registers + constants + np.concatenate([[0], np.cumsum(size)])
    neurons = int(start[-1])

    line = np.full((circuit.wires, 2), -1, np.int64)  # of the neuron or input that fires when the wire has a value
    line[0] = inputs + registers + np.arange(2)
    sources = np.arange(1, circuit.first_gate)
    line[sources, 1] = per_signal * (sources - 1) + per_signal - 1
    if dual:
        line[sources, 0] = 2 * (sources - 1)
    threshold, literal = np.ones(neurons, np.int64), np.full(neurons, -1, np.int64)
    if constants:
        threshold[registers] = 0  # reached without a spike: rail 0 of the constant false fires at every step
        literal[registers : registers + 2] = 1, 0
    for position, template in enumerate(templates):
        gates = np.flatnonzero(group == position)
        wires = circuit.first_gate + gates
        line[wires, 1], literal[start[gates] + template.one] = inputs + start[gates] + template.one, 2 * wires
        if template.zero >= 0:
            line[wires, 0], literal[start[gates] + template.zero] = inputs + start[gates] + template.zero, 2 * wires + 1
    state = sources[len(circuit.inputs) :]
    literal[:registers] = np.stack([2 * state + 1, 2 * state], 1).reshape(-1) if dual else 2 * state

    post, pre, weight, leaf_post, leaves = ([np.zeros(0, np.int64)] for _ in range(5))
    for position, template in enumerate(templates):
        gates, width = np.flatnonzero(group == position), int(keys[position][1])
        operands = circuit.literals[circuit.offsets[gates][:, None] + np.arange(width)]
        for index, (level, synapses) in enumerate(template.neurons):
            threshold[start[gates] + index] = level
            for source, strength in synapses:
                own = inputs + start[gates] + ~source
                literals = operands[:, source >> 1] if source >= 0 else operands[:, 0]
                pre.append(line[literals >> 1, (literals & 1) ^ (source & 1)] if source >= 0 else own)
                post.append(start[gates] + index)
                weight.append(np.full(len(gates), strength))
            if index in (template.zero, template.one):
                leaf_post.append(np.repeat(start[gates] + index, width))
                leaves.append((operands >> 1).reshape(-1))
    offsets, (pre, weight) = rows(np.concatenate(post), neurons, np.concatenate(pre), np.concatenate(weight))
    leaf_offsets, (leaves,) = rows(np.concatenate(leaf_post), neurons, np.concatenate(leaves))

    def lines(literals: Integers) -> Integers:
        both = np.stack([literals ^ 1, literals], 1) if dual else literals[:, None]
        return line[both >> 1, 1 - (both & 1)].reshape(-1)

    starts = np.repeat(circuit.register_initial == 1, per_signal)
    if dual:
        starts[::2] = circuit.register_initial != 1
    return ThresholdNetlist(
        input_lines=(rail_lines if dual else single_lines)(circuit.inputs),
        threshold=threshold,
        offsets=offsets,
        sources=pre,
        weights=weight,
        outputs=lines(circuit.outputs),
        output_lines=(rail_lines if dual else single_lines)(circuit.output_names),
        certificate=Certificate(circuit, literal, leaf_offsets, leaves),
        register=np.arange(registers),
        register_next=lines(circuit.register_next),
        register_start=starts,
    )
