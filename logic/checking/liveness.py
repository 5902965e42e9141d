"""A justice property as a safety property: a loop in which all of it is true is found as a state that comes again.

References:
    Biere, Artho and Schuppan, "Liveness checking as safety checking", FMICS 2002.
"""

from dataclasses import replace

import numpy as np

from ..circuit import Circuit, Gate, Integers
from ..roles import Property, Role
from .replay import registers_below

LOOP = "loop begins"  # the input that says at which clock the loop begins


def to_safety(circuit: Circuit, claim: Property) -> Circuit:
    """A circuit with one bad output, true at a clock that is like an earlier one, with all seen in between.

    A further input, the last one, chooses the clock at which the state is saved; the registers that matter are compared
    with it at later clocks, and flags say which outputs of the property, and of fairness, have been true since.

    Args:
        circuit: With the property; its constraints are kept.
        claim: Of justice.
    """
    inputs, registers = len(circuit.inputs), len(circuit.register_names)
    roles = circuit.roles
    aims = [*claim.outputs, *(at for at, role in enumerate(roles) if role is Role.FAIRNESS)]
    constraints = [at for at, role in enumerate(roles) if role is Role.CONSTRAINT]
    kept = np.array(registers_below(circuit, [*aims, *constraints]), np.int64)
    added = 1 + len(kept) + len(aims)
    gates = 2 * np.arange(circuit.first_gate, circuit.wires) + 2 * (1 + added)
    image = np.concatenate(
        [2 * np.arange(inputs + 1), 2 * np.arange(inputs + 2, inputs + 2 + registers), gates]
    )  # old wire to new literal
    saved = 2 * (inputs + 2 + registers)
    shadows, seen = saved + 2 * np.arange(1, 1 + len(kept)), saved + 2 * np.arange(1 + len(kept), added)
    save = 2 * (inputs + 1)
    rows: list[tuple[Gate, list[int]]] = []

    def gate(kind: Gate, *literals: int) -> int:
        rows.append((kind, list(literals)))
        return 2 * (circuit.wires + added + len(rows))

    def moved(literals: Integers) -> Integers:
        return image[literals >> 1] ^ (literals & 1)

    begin = gate(Gate.AND, save, saved ^ 1)
    looping = gate(Gate.OR, saved, begin)
    following = [looping]
    states = 2 * (inputs + 2 + kept)
    for state, shadow in zip(states.tolist(), shadows.tolist(), strict=True):
        following.append(gate(Gate.OR, gate(Gate.AND, begin, state), gate(Gate.AND, begin ^ 1, shadow)))
    for flag, aim in zip(seen.tolist(), moved(circuit.outputs[aims]).tolist(), strict=True):
        following.append(gate(Gate.AND, looping, gate(Gate.OR, flag, aim)))
    differ = [gate(Gate.XOR, s, h) for s, h in zip(states.tolist(), shadows.tolist(), strict=True)]
    bad = gate(Gate.AND, saved, *(one ^ 1 for one in differ), *seen.tolist())
    names = [f"saved {at}" for at in range(added)]
    return replace(
        circuit,
        inputs=(*circuit.inputs, _unused(LOOP, circuit)),
        kinds=np.append(circuit.kinds, [int(kind) for kind, _ in rows]),
        offsets=np.append(circuit.offsets, circuit.offsets[-1] + np.cumsum([len(row) for _, row in rows])),
        literals=np.append(moved(circuit.literals), [literal for _, row in rows for literal in row]),
        outputs=np.append(moved(circuit.outputs[constraints]), bad),
        output_names=(*(f"constraint {at}" for at in range(len(constraints))), "loop"),
        register_next=np.append(moved(circuit.register_next), following),
        register_initial=np.append(circuit.register_initial, np.zeros(added, np.int64)),
        register_names=(*circuit.register_names, *(_unused(name, circuit) for name in names)),
        roles=(*(Role.CONSTRAINT for _ in constraints), Role.BAD),
        justice=(),
    )


def _unused(name: str, circuit: Circuit) -> str:
    taken = {*circuit.inputs, *circuit.register_names}
    while name in taken:
        name += "'"
    return name
