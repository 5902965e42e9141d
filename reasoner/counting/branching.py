"""Branching: what a circuit's outputs are when only some slots are known, and which slot would tell most.

In the literature: the decision step of DPLL-style #SAT (Bacchus, Dalmao, Pitassi, FOCS 2003).
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from logic import Circuit, Gate
from logic.circuit import Integers
from logic.kernels import kernel

Floats = NDArray[np.float64]
Marks = NDArray[np.int8]

FALSE, TRUE, OPEN = 0, 1, 2
_AND, _OR, _XOR = int(Gate.AND), int(Gate.OR), int(Gate.XOR)
_LEAST = 1e-6  # a guess of an open wire stays this far from 0 and 1, so that all that may matter has some influence


class Findings(NamedTuple):
    """What is known under partial readings.

    Args:
        outputs: ``[N, O]``, false, true or open.
        slots: ``[N]``, the unread slot of most influence on the open outputs; -1 if all are read.
    """

    outputs: Marks
    slots: Integers


def examine(circuit: Circuit, readings: Integers, beliefs: Floats) -> Findings:
    """What each of some partial readings decides, by three-valued evaluation of every gate.

    A slot's influence is guessed: each wire's probability as if its operands were independent, and the size of its
    derivative by the slot's values. Only the choice of the slot rests on the guess.

    Args:
        circuit: Each input in a one-hot group.
        readings: ``[N, S]``, number of the value of each slot; -1 where it is not read.
        beliefs: ``[I]``, the probability of each input.
    """
    outputs = np.empty((len(readings), len(circuit.outputs)), dtype=np.int8)
    slots = np.empty(len(readings), dtype=np.int64)
    groups = np.array([(group.start, group.stop) for group in circuit.one_hot], dtype=np.int64).reshape(-1, 2)
    wiring = circuit.kinds, circuit.offsets, circuit.literals, circuit.outputs
    _examine(*wiring, groups, circuit.first_gate, readings, beliefs, outputs, slots)
    return Findings(outputs, slots)


@kernel(nogil=True)
def _examine(
    kinds: Integers,
    offsets: Integers,
    literals: Integers,
    ends: Integers,
    groups: Integers,
    first: int,
    readings: Integers,
    beliefs: Floats,
    outputs: Marks,
    slots: Integers,
) -> None:
    wires = first + len(kinds)
    state = np.empty(wires, dtype=np.int8)
    guess = np.empty(wires)
    weight = np.empty(wires)
    state[0], guess[0] = FALSE, 0.0
    for row in range(len(readings)):
        for slot in range(len(groups)):
            for position in range(groups[slot, 0], groups[slot, 1]):
                value = readings[row, slot]
                state[1 + position] = OPEN if value < 0 else value == position - groups[slot, 0]
                chance = min(max(beliefs[position], _LEAST), 1.0 - _LEAST)
                guess[1 + position] = chance if value < 0 else float(state[1 + position])
        for gate in range(len(kinds)):
            kind, wire = kinds[gate], first + gate
            true, unknown, product, total = 0, 0, 1.0, 0.0
            for edge in range(offsets[gate], offsets[gate + 1]):
                flip = literals[edge] & 1
                operand = state[literals[edge] >> 1]
                chance = guess[literals[edge] >> 1]
                chance = 1.0 - chance if flip else chance
                if operand == OPEN:
                    unknown += 1
                elif operand != flip:
                    true += 1
                product *= chance if kind == _AND else 1.0 - chance if kind == _OR else 1.0 - 2.0 * chance
                total += chance
            count = offsets[gate + 1] - offsets[gate]
            if kind == _AND:
                value = FALSE if true + unknown < count else OPEN if unknown else TRUE
                chance = product
            elif kind == _OR:
                value = TRUE if true else OPEN if unknown else FALSE
                chance = 1.0 - product
            elif kind == _XOR:
                value = OPEN if unknown else true & 1
                chance = (1.0 - product) / 2.0
            else:
                value = TRUE if 2 * true > count else FALSE if 2 * (true + unknown) <= count else OPEN
                chance = total / count
            state[wire] = value
            guess[wire] = min(max(chance, _LEAST), 1.0 - _LEAST) if value == OPEN else float(value)
        weight[:] = 0.0
        for output in range(len(ends)):
            value = state[ends[output] >> 1]
            outputs[row, output] = value if value == OPEN else value ^ (ends[output] & 1)
            if value == OPEN:
                weight[ends[output] >> 1] += 1.0
        for gate in range(len(kinds) - 1, -1, -1):
            wire = first + gate
            if weight[wire] == 0.0:
                continue
            kind = kinds[gate]
            for edge in range(offsets[gate], offsets[gate + 1]):
                operand = literals[edge] >> 1
                if state[operand] != OPEN:
                    continue
                chance = 1.0 - guess[operand] if literals[edge] & 1 else guess[operand]
                if kind == _AND:
                    share = guess[wire] / chance
                elif kind == _OR:
                    share = (1.0 - guess[wire]) / (1.0 - chance)
                else:
                    share = 1.0
                weight[operand] += weight[wire] * min(share, 1.0)
        slots[row], most = -1, -1.0
        for slot in range(len(groups)):
            influence = 0.0
            for position in range(groups[slot, 0], groups[slot, 1]):
                influence += beliefs[position] * (1.0 - beliefs[position]) * weight[1 + position]
            if readings[row, slot] < 0 and influence > most:
                slots[row], most = slot, influence
