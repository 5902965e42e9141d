"""Plans for step by step simulation: loops, retained membranes, unequal paths and faults in time."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..errors import NetworkError
from ..network import FlatNetwork
from .equal_neurons import threshold_neurons
from .word_compiler import Cells, assemble, threshold_cells
from .word_gates import Template, membrane_template
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


def plan_steps(flat: FlatNetwork, faulty: bool, bits: int) -> StepPlan:
    """Prepare any network.

    Args:
        flat: What to run.
        faulty: Whether faults are given at every step.
        bits: Of each retained membrane, from :func:`membrane_bits`; 0 if there is none.
    """
    if flat.leak.any() or flat.subtract.any():
        neuron = int((flat.leak.astype(np.bool_) | flat.subtract).argmax())
        raise NetworkError(f"the bit-parallel simulator does not follow the leak or reset of neuron {neuron} yet")
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
    retaining = np.flatnonzero(flat.retain)
    neurons = threshold_neurons(flat)
    position = np.zeros(size - inputs, dtype=np.int64)
    cells = threshold_cells(neurons, ~flat.retain, sent, own[inputs:], position)
    states = signals + np.arange(len(retaining) * bits).reshape(len(retaining), bits)
    signals += states.size
    cells += [_membrane_cell(flat, neuron, sent, own, states[i]) for i, neuron in enumerate(retaining.tolist())]
    program = assemble([*cells, *guards], signals, entries)
    depth, initial = np.ones(program.signals, dtype=np.int64), np.zeros(program.signals, dtype=bool)
    np.maximum.at(depth, program.code[:, 1:4] >> 1, program.delay + 1)
    if bits:
        start = flat.initial[retaining, None] + (1 << (bits - 1))
        initial[states] = start >> np.arange(bits) & 1
    return StepPlan(program, sent, initial, depth)


def membrane_bits(flat: FlatNetwork, steps: int) -> int:
    """Bits that hold every membrane that can occur in so many steps."""
    up, down = np.maximum(flat.bias, 0), np.minimum(flat.bias, 0)
    np.add.at(up, flat.post, np.maximum(flat.weight, 0))
    np.add.at(down, flat.post, np.minimum(flat.weight, 0))
    high = np.maximum(np.maximum(flat.initial, flat.threshold), 0) + up
    low = np.minimum(flat.initial, 0) + steps * down
    return max(int(high.max()).bit_length(), int(-low.min()).bit_length()) + 1


def _membrane_cell(flat: FlatNetwork, neuron: int, sent: Integers, own: Integers, state: Integers) -> Cells:
    synapses = np.flatnonzero((flat.post == neuron) & (flat.weight != 0))
    weights = tuple(flat.weight[synapses].tolist())
    template = membrane_template(weights, int(flat.threshold[neuron]), int(flat.bias[neuron]), len(state))
    operands = np.concatenate([2 * sent[1 + flat.pre[synapses]], 2 * state])
    delays = np.concatenate([flat.delay[synapses], np.ones(len(state), dtype=np.int64)])
    results = np.concatenate([own[flat.inputs + neuron, None], state])
    return Cells(template, operands[None], delays[None], results[None], np.zeros(1, dtype=np.int64))
