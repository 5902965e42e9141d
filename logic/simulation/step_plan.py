"""Plans for step by step simulation: loops, retained membranes, unequal paths and faults in time."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..network import FlatNetwork
from .equal_neurons import threshold_neurons
from .word_compiler import Cells, assemble, threshold_cells
from .word_gates import Membrane, Template, membrane_template
from .word_program import Integers, Operation, WordProgram

# Operands: own spike, deleted, inserted, late, what is held back since the step before. A late spike is held back one
# step and is then not subject to deletion any more.
_FAULTS_IN_TIME = Template(
    5,
    (
        (Operation.AND3, 2, 5, 9),
        (Operation.AND, 2, 8, 0),
        (Operation.AND3, 13, 7, 11),
    ),
    (17, 14),
)


@dataclass(frozen=True, eq=False)
class StepPlan:
    """A network that is ready to be run step by step.

    Args:
        program: With delays; its entries are the input lines and, with faults, deleted, inserted and late of all lines.
        sent: ``[1 + I + N]`` the signal that each line sends on, after the constant false.
        initial: ``[signals]`` before step 0.
        depth: ``[signals]`` steps that each is kept.
    """

    program: WordProgram
    sent: Integers
    initial: NDArray[np.bool_]
    depth: Integers


def plan_steps(flat: FlatNetwork, faulty: bool, bits: Integers) -> StepPlan:
    """Prepare any network.

    Args:
        flat: What to run.
        faulty: Whether faults are given at every step.
        bits: ``[N]`` of each membrane, from :func:`membrane_bits`; 0 where none is retained.
    """
    inputs, size = flat.inputs, flat.inputs + len(flat.threshold)
    # Signals: false, lines; with faults deleted, inserted, late, held back and sent; then the bits of the membranes.
    own = 1 + np.arange(size)
    signals, entries, sent, guards = 1 + size, own[:inputs], np.concatenate([[0], own]), list[Cells]()
    if faulty:
        deleted, inserted, late, held, out = (signals + part * size + np.arange(size) for part in range(5))
        signals += 5 * size
        entries, sent = np.concatenate([entries, deleted, inserted, late]), np.concatenate([[0], out])
        operands = 2 * np.stack([own, deleted, inserted, late, held], axis=1)
        delays = np.zeros_like(operands)
        delays[:, 4] = 1
        guards.append(Cells(_FAULTS_IN_TIME, operands, delays, np.stack([out, held], axis=1), np.ones_like(own)))
    neurons = threshold_neurons(flat)
    position = np.zeros(size - inputs, dtype=np.int64)
    cells = threshold_cells(neurons, ~flat.retain, sent, own[inputs:], position)
    place = np.cumsum(bits) - bits  # of the lowest bit of each membrane
    states = signals + np.arange(int(bits.sum()))
    cells += _membrane_cells(flat, sent, own, signals + place, bits)
    program = assemble([*cells, *guards], signals + len(states), entries)
    depth, initial = np.ones(program.signals, dtype=np.int64), np.zeros(program.signals, dtype=bool)
    np.maximum.at(depth, program.code[:, 1:4] >> 1, program.delay + 1)
    begin = flat.initial + (1 << np.maximum(bits - 1, 0))
    initial[states] = np.repeat(begin, bits) >> (np.arange(len(states)) - np.repeat(place, bits)) & 1
    return StepPlan(program, sent, initial, depth)


def membrane_bits(flat: FlatNetwork, steps: int) -> Integers:
    """Bits ``[N]`` that hold every membrane of so many steps, whatever spikes come and go; 0 where none is kept."""
    up, down = np.maximum(flat.bias, 0), np.minimum(flat.bias, 0)
    np.add.at(up, flat.post, np.maximum(flat.weight, 0))
    np.add.at(down, flat.post, np.minimum(flat.weight, 0))
    # What is above the threshold after a spike grows by this much in a step; halved in each, it stays below twice it.
    more = np.where(flat.subtract, np.maximum(up - flat.threshold, 0), 0)
    times = np.where(flat.leak > 0, min(steps, 2), steps)
    begin = np.maximum(flat.initial, 0)
    by_threshold = np.maximum(begin, flat.threshold) + times * more
    by_time = begin + steps * (up + np.maximum(-flat.threshold, 0))
    high = np.minimum(by_threshold, by_time) + up
    low = np.minimum(flat.initial, 0) + np.where(flat.leak > 0, np.maximum(2 * down - 1, steps * down), steps * down)
    bits = np.array([1 + max(1, value.bit_length()) for value in np.maximum(high, -low).tolist()], np.int64)
    return np.where(flat.retain, bits, 0)


def _membrane_cells(flat: FlatNetwork, sent: Integers, own: Integers, first: Integers, bits: Integers) -> list[Cells]:
    """The retaining neurons, grouped by weights and what else they have in common."""
    kept = (flat.weight != 0) & flat.retain[flat.post]
    pre, post, weight, delay = flat.pre[kept], flat.post[kept], flat.weight[kept], flat.delay[kept]
    order = np.lexsort((-weight, post))
    pre, weight, delay = pre[order], weight[order], delay[order]
    start = np.searchsorted(post[order], np.arange(len(bits) + 1))
    rows = np.stack([flat.threshold, flat.bias, flat.leak, flat.subtract, bits], axis=1)
    groups: dict[tuple[bytes, bytes], list[int]] = {}
    for neuron in np.flatnonzero(flat.retain).tolist():
        weights = weight[start[neuron] : start[neuron + 1]]
        groups.setdefault((weights.tobytes(), rows[neuron].tobytes()), []).append(neuron)
    cells: list[Cells] = []
    for members in groups.values():
        who, (*kind, size) = np.array(members), rows[members[0]].tolist()
        synapses = start[who, None] + np.arange(int(start[who[0] + 1] - start[who[0]]))
        state = first[who, None] + np.arange(size)
        threshold, bias, leak, subtract = kind
        template = membrane_template(
            tuple(weight[synapses[0]].tolist()), Membrane(threshold, bias, leak, bool(subtract), size)
        )
        operands = np.concatenate([2 * sent[1 + pre[synapses]], 2 * state], axis=1)
        delays = np.concatenate([delay[synapses], np.ones_like(state)], axis=1)
        results = np.concatenate([own[flat.inputs + who, None], state], axis=1)
        cells.append(Cells(template, operands, delays, results, np.zeros_like(who)))
    return cells
