"""Which circuits can be counted as they stand: decomposable and deterministic ones (d-DNNF)."""

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
    scope: dict[int, int] = {0: 0}
    for slot, group in enumerate(circuit.one_hot):
        for value, position in enumerate(group):
            literal = 2 * (1 + position)
            leaves[literal], leaves[literal + 1] = {slot: 1 << value}, {slot: full[slot] & ~(1 << value)}
            scope[literal >> 1] = 1 << slot
    wires = Exclusivity(leaves)
    literals, offsets = circuit.literals.tolist(), circuit.offsets.tolist()
    for gate, kind in enumerate(circuit.kinds.tolist()):
        wire = circuit.first_gate + gate
        operands = literals[offsets[gate] : offsets[gate + 1]]
        if kind not in (Gate.AND, Gate.OR) or any(o & 1 and o >> 1 >= circuit.first_gate for o in operands):
            return False
        union = 0
        for one in (scope[operand >> 1] for operand in operands):
            if kind == Gate.AND and union & one:
                return False
            union |= one
        if kind == Gate.OR and not wires.exclusive(operands):
            return False
        scope[wire] = union
        wires.add(2 * wire, kind == Gate.AND, operands, full)
    return all(not literal & 1 or literal >> 1 < circuit.first_gate for literal in circuit.outputs.tolist())
