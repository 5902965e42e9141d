"""The checker's own ternary simulation: whether registers keep the values that a first stage says they keep."""

import numpy as np
from numpy.typing import NDArray

from ..kernels import kernel
from .stages import Stage

Octets = NDArray[np.int8]
Integers = NDArray[np.int64]
_LOW, _HIGH, _ANY = 1, 2, 3  # what a signal may be: 0, 1, or both
_EXACT = 60  # clocks followed state by state


def wrong_constants(stage: Stage) -> str:
    """Why registers are not constant as a stage says, or nothing."""
    machine, heads = stage.machine, stage.representative
    members = np.flatnonzero(heads != np.arange(machine.nodes))
    if (heads[members] != 0).any() or not np.isin(members, machine.registers).all():
        return "a ternary simulation proves registers constant and nothing else"
    may = np.where(machine.initial > 1, _ANY, machine.initial + 1).astype(np.int8)
    seen: set[bytes] = set()
    ends = machine.following.astype(np.int64)
    passed = np.zeros(len(may), np.int8)
    while may.tobytes() not in seen:
        seen.add(may.tobytes())
        passed |= may
        if len(seen) > _EXACT:
            may = passed.copy()  # all states passed, taken together
        following = np.zeros(len(may), np.int8)
        _step(machine.first.astype(np.int64), machine.second.astype(np.int64), ends, may, following)
        may = following if len(seen) <= _EXACT else following | passed
    told = np.where(stage.phase[members] != stage.phase[0], _HIGH, _LOW)
    return "" if (passed[members - 1 - len(machine.inputs)] == told).all() else "a register is not constant"


@kernel(large=0)
def _step(
    first: Integers, second: Integers, following: Integers, may: Octets, after: Octets
) -> None:  # pragma: no cover - compiled
    """What registers may be after what they may be now, whatever the inputs are."""
    value = np.full(len(first), 3, np.int8)
    value[0] = 1
    gates = 0
    for node in range(len(first) - 1, 0, -1):
        if first[node] < 0:
            gates = node + 1
            break
    for at in range(len(may)):
        value[gates - len(may) + at] = may[at]
    for node in range(gates, len(first)):
        a, b = np.int64(value[first[node] >> 1]), np.int64(value[second[node] >> 1])
        a = a >> 1 | (a & 1) << 1 if first[node] & 1 else a
        b = b >> 1 | (b & 1) << 1 if second[node] & 1 else b
        value[node] = (a | b) & 1 | a & b & 2
    for at in range(len(following)):
        result = np.int64(value[following[at] >> 1])
        after[at] = result >> 1 | (result & 1) << 1 if following[at] & 1 else result
