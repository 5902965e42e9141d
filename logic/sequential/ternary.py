"""Registers that keep one value for ever, by a simulation in which all inputs are unknown.

In the literature: ternary simulation for structural constants; the union of the cubes passed is an inductive invariant.
"""

import numpy as np
from numpy.typing import NDArray

from ..kernels import kernel
from .machine import Machine

Octets = NDArray[np.int8]
_PATIENCE = 60  # clocks after which a register that has changed becomes unknown
UNKNOWN = 2


@kernel(large=0)
def constant_registers(m: Machine) -> Octets:  # pragma: no cover - compiled
    """``[R]`` the value of each register if it is the same at every clock, else 2.

    The state is followed from the first values, unknown where they are open, with unknown inputs, until one returns.
    After some clocks registers that have changed are made unknown and stay so; then each clock makes one more unknown
    or is the last.
    """
    count = len(m.registers)
    value = np.full(len(m.first), UNKNOWN, np.int8)
    value[0] = 0
    kept, now = np.empty(count, np.int8), np.empty(count, np.int8)
    for at in range(count):
        now[at] = m.initial[at] if m.initial[at] <= 1 else UNKNOWN
        kept[at] = now[at]
    passed = np.empty((_PATIENCE, count), np.int8)
    clock, changed = 0, True
    while changed:
        changed = clock < _PATIENCE
        for before in range(clock if clock < _PATIENCE else 0):
            same = True
            for at in range(count):
                same &= passed[before, at] == now[at]
            if same:
                return kept
        if clock < _PATIENCE:
            passed[clock] = now
        for at in range(count):
            value[m.registers[at]] = kept[at] if clock >= _PATIENCE else now[at]
        for node in range(1 + len(m.inputs) + count, len(m.first)):
            a, b = value[m.first[node] >> 1], value[m.second[node] >> 1]
            a = a if a == UNKNOWN else a ^ (m.first[node] & 1)
            b = b if b == UNKNOWN else b ^ (m.second[node] & 1)
            value[node] = 0 if a == 0 or b == 0 else 1 if a == 1 and b == 1 else UNKNOWN
        for at in range(count):
            result = value[m.following[at] >> 1]
            result = result if result == UNKNOWN else result ^ (m.following[at] & 1)
            now[at] = result
            if kept[at] != result and kept[at] != UNKNOWN:
                kept[at] = UNKNOWN
                changed = True
        clock += 1
    return kept
