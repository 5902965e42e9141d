"""Safety properties of a circuit: that no output of the role ``bad`` is ever true while its constraints hold.

In the literature: invariant checking, the safety track of hardware model checking (HWMCC).
"""

from dataclasses import replace

import numpy as np

from ..circuit import Circuit, Gate, Integers
from ..roles import Role
from ..verdict import Verdict
from .bounded import first_difference
from .equivalence import prove_combinational
from .machines import prove_machines

_DEPTHS = (1, 2, 4, 8)  # clocks of k-induction


def states_properties(circuit: Circuit) -> bool:
    """Whether an output is more than a plain one."""
    return any(role is not Role.OUTPUT for role in circuit.roles)


def prove_properties(circuit: Circuit, timeout: float | None = None) -> Verdict:
    r"""Whether no ``bad`` output is true at any clock up to which all ``constraint`` outputs have been true.

    The property is compared with the constant false, as two circuits are; if that stays open, k-induction is tried:
    after k good clocks, from whatever state, the next one is good (Sheeran, Singh and Stalmarck, 2000). Justice and
    fairness are not judged, which the claim says.

    Args:
        circuit: With roles, as AIGER 1.9 states them.
        timeout: Seconds, or None for no bound.

    Example:
        >>> from logic import parse_circuit
        >>> held = parse_circuit("aag 2 1 1 0 0 1\n2\n4 4 0\n4\ni0 d\nb0 never\n", "aag")
        >>> prove_properties(held).holds
        True
    """
    counts = {role: circuit.roles.count(role) for role in Role}
    claim = f"{counts[Role.BAD]} bad states are never reached"
    if counts[Role.CONSTRAINT]:
        claim += f" while {counts[Role.CONSTRAINT]} constraints hold"
    if counts[Role.JUSTICE]:
        claim += f" ({counts[Role.JUSTICE]} outputs of justice properties are not judged)"
    if not counts[Role.BAD]:
        return Verdict(None, claim, detail="there is no safety property to judge")
    judged = _constrained(circuit) if counts[Role.CONSTRAINT] else circuit
    bad = [at for at, role in enumerate(judged.roles) if role is Role.BAD]
    names = tuple(judged.output_names[at] for at in bad)
    judged = replace(judged, outputs=judged.outputs[bad], output_names=names, roles=(), justice=())
    never = replace(judged, outputs=np.zeros(len(bad), np.int64))
    found = (prove_machines if judged.register_names else prove_combinational)(judged, never, timeout)
    for clocks in _DEPTHS if found.holds is None and judged.register_names else ():
        step = prove_combinational(*_step(judged, clocks), timeout)
        if step.holds and first_difference(judged, never, clocks=clocks).clocks >= clocks:
            detail = f"good in the first {clocks} clocks, and after any {clocks} good clocks ({step.detail})"
            return Verdict(True, claim, seconds=found.seconds + step.seconds, detail=detail)
    return replace(found, claim=claim, detail=found.detail.replace("differs", "is true"))


def _step(circuit: Circuit, clocks: int) -> tuple[Circuit, Circuit]:
    """Whether some clocks without a true output can be followed by one with a true output, and the constant false."""
    inputs, registers = len(circuit.inputs), len(circuit.register_names)
    names = [f"state {at}" for at in range(registers)]
    names += [f"input {at} at {clock}" for clock in range(clocks + 1) for at in range(inputs)]
    taken = 1 + len(names)
    state = 2 * np.arange(1, 1 + registers)
    operands: list[Integers] = []
    ends: list[Integers] = []
    for clock in range(clocks + 1):
        fresh = 2 * np.arange(1 + registers + clock * inputs, 1 + registers + (clock + 1) * inputs)
        gates = 2 * np.arange(taken, taken + len(circuit.kinds))
        image = np.concatenate([[0], fresh, state, gates])
        taken += len(gates)
        operands.append(image[circuit.literals >> 1] ^ (circuit.literals & 1))
        ends.append(image[circuit.outputs >> 1] ^ (circuit.outputs & 1))
        state = image[circuit.register_next >> 1] ^ (circuit.register_next & 1)
    some = 2 * np.arange(taken, taken + clocks + 1)  # whether any output is true at a clock
    asked = np.append(some[:-1] ^ 1, some[-1])
    widths = np.concatenate(
        [np.tile(np.diff(circuit.offsets), clocks + 1), [len(ends[0])] * (clocks + 1), [clocks + 1]]
    )
    combined = [int(Gate.OR)] * (clocks + 1) + [int(Gate.AND)]
    found = Circuit(
        inputs=tuple(names),
        kinds=np.concatenate([np.tile(circuit.kinds, clocks + 1), combined]),
        offsets=np.append(0, np.cumsum(widths)),
        literals=np.concatenate([*operands, *ends, asked]),
        outputs=np.array([2 * (taken + clocks + 1)]),
        output_names=("bad",),
    )
    return found, replace(found, outputs=np.zeros(1, np.int64))


def _constrained(circuit: Circuit) -> Circuit:
    """The circuit with a register that tells whether all constraints have held so far, which each bad output asks."""
    first = circuit.first_gate
    held = 2 * first  # the new register stands last, where the first gate was

    def moved(literals: Integers) -> Integers:
        return literals + 2 * (literals >= held)

    name = "constraints held"
    while name in (*circuit.inputs, *circuit.register_names):
        name += "'"
    ends = moved(circuit.outputs)
    asked = [int(end) for end, role in zip(ends, circuit.roles, strict=True) if role is Role.CONSTRAINT]
    good = 2 * (circuit.wires + 1)  # the first gate that is added: all constraints, now and before
    bad = [at for at, role in enumerate(circuit.roles) if role is Role.BAD]
    added = [[held, *asked], *([good, int(ends[at])] for at in bad)]
    ends[bad] = good + 2 * np.arange(1, len(bad) + 1)
    return replace(
        circuit,
        kinds=np.concatenate([circuit.kinds, np.full(len(added), int(Gate.AND))]),
        offsets=np.concatenate([circuit.offsets, circuit.offsets[-1] + np.cumsum([len(reads) for reads in added])]),
        literals=np.concatenate([moved(circuit.literals), *map(np.array, added)]),
        outputs=ends,
        register_next=np.append(moved(circuit.register_next), good),
        register_initial=np.append(circuit.register_initial, 1),
        register_names=(*circuit.register_names, name),
    )
