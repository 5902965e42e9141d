"""Which circuits can be counted as they stand: decomposable and deterministic ones (d-DNNF)."""

import numpy as np

from logic import Circuit, Gate

from .decision import check_inputs
from .exclusivity import Allowed, Exclusivity


def is_countable(circuit: Circuit) -> bool:
    """Whether sums and products over the gates give exact probabilities.

    Every AND must be over different slots (decomposable), the operands of every OR must be proved to exclude each
    other (deterministic; the proof is sufficient, not necessary), and only inputs may be complemented.

    Raises:
        CountingError: if an input stands in no one-hot group.

    References:
        Darwiche and Marquis, "A knowledge compilation map", JAIR 17 (2002).
    """
    check_inputs(circuit)
    full = [(1 << len(group)) - 1 for group in circuit.one_hot]
    leaves: dict[int, Allowed] = {0: {}, 1: {}}
    scope = [0] * circuit.wires  # of each wire the slots below it, as a mask
    for slot, group in enumerate(circuit.one_hot):
        for value, position in enumerate(group):
            literal = 2 * (1 + position)
            leaves[literal], leaves[literal + 1] = {slot: 1 << value}, {slot: full[slot] & ~(1 << value)}
            scope[1 + position] = 1 << slot
    read = np.concatenate([circuit.literals, circuit.outputs])
    if ((read & 1) & (read >> 1 >= circuit.first_gate)).any() or not np.isin(circuit.kinds, (Gate.AND, Gate.OR)).all():
        return False
    wires, first_gate = Exclusivity(leaves), circuit.first_gate
    literals, offsets = circuit.literals.tolist(), circuit.offsets.tolist()
    for gate, conjunction in enumerate((circuit.kinds == Gate.AND).tolist()):
        operands = literals[offsets[gate] : offsets[gate + 1]]
        union = 0
        for operand in operands:
            own = scope[operand >> 1]
            if conjunction and union & own:
                return False
            union |= own
        if not conjunction and not wires.exclusive(operands):
            return False
        scope[first_gate + gate] = union
        wires.add(2 * (first_gate + gate), conjunction, operands, full)
    return True
