"""Registers that keep one value for ever, by a simulation in which all inputs are unknown.

In the literature: ternary simulation for structural constants; the union of the cubes passed is an inductive invariant.
"""

import numpy as np
from numpy.typing import NDArray

from ..kernels import kernel
from .machine import Machine

Octets = NDArray[np.int8]
Integers = NDArray[np.int64]
_PATIENCE = 60  # clocks after which a register that has changed becomes unknown
UNKNOWN = 2


@kernel(large=0)
def constant_registers(m: Machine) -> Octets:  # pragma: no cover - compiled
    """``[R]`` the value of each register if it is the same at every clock, else 2.

    The state is followed from the first values, unknown where they are open, with unknown inputs, until one returns.
    After some clocks registers that have changed are made unknown and stay so, and what follows from that.
    """
    count, begin = len(m.registers), 1 + len(m.inputs) + len(m.registers)
    value = np.full(len(m.first), UNKNOWN, np.int8)
    value[0] = 0
    kept, now = np.empty(count, np.int8), np.empty(count, np.int8)
    passed = np.empty((_PATIENCE, count), np.int8)
    for at in range(count):
        now[at] = kept[at] = m.initial[at] if m.initial[at] <= 1 else UNKNOWN
    for clock in range(_PATIENCE):
        for before in range(clock):
            same = True
            for at in range(count):
                same &= passed[before, at] == now[at]
            if same:
                return kept
        passed[clock] = now
        for at in range(count):
            value[m.registers[at]] = now[at]
        for node in range(begin, len(m.first)):
            value[node] = _both(value, m.first[node], m.second[node])
        for at in range(count):
            now[at] = _both(value, m.following[at], 1)
            if now[at] != kept[at]:
                kept[at] = UNKNOWN
    for at in range(count):
        value[m.registers[at]] = kept[at]
    for node in range(begin, len(m.first)):
        value[node] = _both(value, m.first[node], m.second[node])
    _spread(m, value, kept)
    return kept


@kernel(large=0)
def _both(value: Octets, one: int, other: int) -> int:  # pragma: no cover - compiled
    """The conjunction of two literals."""
    a, b = value[one >> 1], value[other >> 1]
    a = a if a == UNKNOWN else a ^ (one & 1)
    b = b if b == UNKNOWN else b ^ (other & 1)
    return 0 if a == 0 or b == 0 else 1 if a == 1 and b == 1 else UNKNOWN


@kernel(large=0)
def _spread(m: Machine, value: Octets, kept: Octets) -> None:  # pragma: no cover - compiled
    """Makes unknown what may change, and what reads that, node by node."""
    nodes, count = len(m.first), len(m.registers)
    begin = 1 + len(m.inputs) + count
    readers = np.zeros(nodes + 1, np.int64)
    for node in range(begin, nodes):
        readers[(m.first[node] >> 1) + 1] += 1
        readers[(m.second[node] >> 1) + 1] += 1
    for at in range(count):
        readers[(m.following[at] >> 1) + 1] += 1
    readers = np.cumsum(readers)
    place, reader = readers[:-1].copy(), np.empty(readers[-1], np.int64)
    for node in range(begin, nodes):
        for source in (m.first[node] >> 1, m.second[node] >> 1):
            reader[place[source]] = node
            place[source] += 1
    stack, size = np.empty(nodes + count, np.int64), 0
    for at in range(count):
        source = m.following[at] >> 1
        reader[place[source]] = m.registers[at]
        place[source] += 1
        if kept[at] != UNKNOWN and _both(value, m.following[at], 1) != kept[at]:
            kept[at] = value[m.registers[at]] = UNKNOWN
            stack[size] = m.registers[at]
            size += 1
    while size:
        size -= 1
        source = stack[size]
        for i in range(readers[source], readers[source + 1]):
            node = reader[i]
            if value[node] == UNKNOWN:
                continue
            at = node - begin + count
            one, other = (m.first[node], m.second[node]) if at >= count else (m.following[at], 1)
            after = _both(value, int(one), int(other))
            if after != value[node]:
                value[node] = UNKNOWN
                if at < count:
                    kept[at] = UNKNOWN
                stack[size] = node
                size += 1
