"""The same circuit without what says nothing: constant operands, gates of one operand, twins, gates nobody reads."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from .circuit import Circuit, CircuitBuilder, Gate


def simplified(circuit: Circuit) -> Circuit:
    r"""The circuit with each function of its gates once, and none that a constant or a single operand gives.

    Inputs, outputs and registers stay, with their names, roles, clock and first values.

    Example:
        >>> from logic import parse_circuit
        >>> circuit = parse_circuit("INPUT(a)\nOUTPUT(y)\nn = NOT(a)\nb = BUFF(n)\ny = AND(b, b)\n", "bench")
        >>> len(circuit.kinds), len(simplified(circuit).kinds)
        (1, 0)
    """
    make = CircuitBuilder()
    make.inputs(*circuit.inputs, *circuit.register_names)
    image = np.concatenate([2 * np.arange(circuit.first_gate), np.zeros(len(circuit.kinds), np.int64)])
    kinds, needed = circuit.kinds.tolist(), _needed(circuit)
    for gate in np.flatnonzero(needed).tolist():
        operands = circuit.operands(gate)
        codes = (image[operands >> 1] ^ (operands & 1)).tolist()
        image[circuit.first_gate + gate] = make.code(Gate(kinds[gate]), codes)
    made = make.build()
    smaller = replace(
        circuit,
        kinds=made.kinds,
        offsets=made.offsets,
        literals=made.literals,
        outputs=image[circuit.outputs >> 1] ^ (circuit.outputs & 1),
        register_next=image[circuit.register_next >> 1] ^ (circuit.register_next & 1),
    )
    return _without(smaller, ~_needed(smaller))


def _needed(circuit: Circuit) -> NDArray[np.bool_]:
    """``[G]`` gates that an output or a register depends on."""
    needed = np.zeros(circuit.wires, np.bool_)
    needed[np.concatenate([circuit.outputs, circuit.register_next]) >> 1] = True
    for gate in range(len(circuit.kinds) - 1, -1, -1):
        if needed[circuit.first_gate + gate]:
            needed[circuit.operands(gate) >> 1] = True
    return needed[circuit.first_gate :]


def _without(circuit: Circuit, dropped: NDArray[np.bool_]) -> Circuit:
    """The circuit without gates that none of the others reads."""
    if not dropped.any():
        return circuit
    kept = np.concatenate([np.ones(circuit.first_gate, np.bool_), ~dropped])
    place, widths = np.cumsum(kept) - 1, np.diff(circuit.offsets)
    literals = circuit.literals[np.repeat(~dropped, widths)]
    return replace(
        circuit,
        kinds=circuit.kinds[~dropped],
        offsets=np.concatenate([[0], np.cumsum(widths[~dropped])]),
        literals=2 * place[literals >> 1] + (literals & 1),
        outputs=2 * place[circuit.outputs >> 1] + (circuit.outputs & 1),
        register_next=2 * place[circuit.register_next >> 1] + (circuit.register_next & 1),
    )
