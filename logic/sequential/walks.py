"""Random walks of a machine: which nodes seem equal, and outputs that differ, with the stream that shows it.

Wide walks are many and short, long ones few and go on while they tell nodes apart. Each input of each 64 streams has a
density of its own, drawn anew from time to time, so that a reset is not always pulled and counters count on.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..kernels import kernel, work_time
from ..satisfiability.solver_gates import Number
from .frames import evaluate
from .machine import Machine

Ints = NDArray[np.int32]
Words = NDArray[np.uint64]
Bits = NDArray[np.bool_]
_WIDE, _SHORT = 8, 48  # words of 64 streams, and clocks
_LONG, _MOST = 2_000, 40_000  # clocks of a long walk: at least, and at most
_CHUNK = 500  # of a long walk, in which something must have split
_REGIME = 64  # clocks between two draws of densities


class Walk(NamedTuple):
    """A stream from the first values on that is answered differently at its last clock.

    Args:
        values: ``[T, I]`` of the machine's inputs.
        opened: ``[X]`` the first values that are open.
    """

    values: Bits
    opened: Bits


class Walked(NamedTuple):
    """What random walks have told apart.

    Args:
        representative: ``[N]`` the first node that seems equal, or complementary.
        phase: ``[N]`` the value of each node on the first stream.
        difference: A stream that tells a pair apart, or None.
    """

    representative: Ints
    phase: Bits
    difference: Walk | None


def walk(machine: Machine, *, long: bool = True, seed: int = 1, deadline: float | None = None) -> Walked:
    """Sorts the nodes of a machine into classes that no random stream tells apart.

    Args:
        machine: From its first values on.
        long: Whether wide and short walks are followed by few and long ones.
        seed: Of the streams.
        deadline: ``logic.kernels.work_time()`` value at which to stop, or None.
    """
    signature, phase = np.zeros(machine.nodes, np.uint64), np.zeros(machine.nodes, np.bool_)
    representative = np.arange(machine.nodes, dtype=np.int32)
    for width in (_WIDE, 1)[: 1 + long]:
        words = np.zeros((machine.nodes, width), np.uint64)
        state = np.zeros((len(machine.registers), width), np.uint64)
        random = np.array([seed, 0x2545F4914F6CDD1D * (2 * seed + width) % 2**64], np.uint64)
        begin, groups = random.copy(), 0
        opened = _open(machine, random, width)
        _start(machine, state, opened)
        for clock in range(0, _SHORT if width > 1 else _MOST, _SHORT if width > 1 else _CHUNK):
            clocks = _SHORT if width > 1 else _CHUNK
            fresh = width > 1 and clock == 0
            found = _walk(machine, words, state, random, signature, phase, clock, clocks, fresh)
            if found >= 0:
                return Walked(representative, phase, _replay(machine, begin, width, int(found)))
            before, groups = groups, len(np.unique(signature))
            if (clock + clocks >= _LONG and groups == before) or (deadline is not None and work_time() > deadline):
                break
    group(machine, signature, representative)
    return Walked(representative, phase, None)


def _replay(machine: Machine, random: Words, width: int, clocks: int) -> Walk:
    """The stream that differs after so many clocks, by walking it again."""
    words = np.zeros((machine.nodes, width), np.uint64)
    state = np.zeros((len(machine.registers), width), np.uint64)
    opened = _open(machine, random, width)
    _start(machine, state, opened)
    values = np.zeros((clocks + 1, len(machine.inputs), width), np.uint64)
    for clock in range(clocks + 1):
        _walk(machine, words, state, random, np.zeros(0, np.uint64), np.zeros(0, np.bool_), clock, 1, False)
        values[clock] = words[machine.inputs]
    pairs = machine.pairs
    flips = np.where((pairs[:, 0] ^ pairs[:, 1]) & 1, ~np.uint64(0), np.uint64(0))[:, None]
    differ = words[pairs[:, 0] >> 1] ^ words[pairs[:, 1] >> 1] ^ flips
    _, word = np.argwhere(differ)[0].tolist()
    bit = np.uint64(int(differ[differ[:, word] != 0, word][0]))
    bit &= ~bit + np.uint64(1)
    return Walk((values[:, :, word] & bit) != 0, (opened[:, word] & bit) != 0)


@kernel(large=0)
def _draw(random: Words) -> np.uint64:  # pragma: no cover - compiled
    value = random[1]
    value ^= value << np.uint64(13)
    value ^= value >> np.uint64(7)
    value ^= value << np.uint64(17)
    random[1] = value
    return value


@kernel(large=0)
def _open(m: Machine, random: Words, width: Number) -> Words:  # pragma: no cover - compiled
    """``[X, width]`` open first values; those of the first stream are 0."""
    count = 0
    for initial in m.initial:
        count = max(count, initial >> 1)
    opened = np.empty((count, width), np.uint64)
    for number in range(count):
        for w in range(width):
            opened[number, w] = _draw(random)
        opened[number, 0] &= ~np.uint64(1)
    return opened


@kernel(large=0)
def _start(m: Machine, state: Words, opened: Words) -> None:  # pragma: no cover - compiled
    ones, zero = np.uint64(0xFFFFFFFFFFFFFFFF), np.uint64(0)
    for at in range(len(m.registers)):
        flip = ones if m.initial[at] & 1 else zero
        for w in range(state.shape[1]):
            state[at, w] = (opened[(m.initial[at] >> 1) - 1, w] if m.initial[at] > 1 else zero) ^ flip


@kernel(large=0)
def _density(kind: Number, random: Words) -> np.uint64:  # pragma: no cover - compiled
    """64 values of a density: often 1/2, else 1/4, 3/4, 1/32, 31/32, never or always."""
    kind &= 15
    if kind < 5:
        return _draw(random)
    if kind >= 14:
        return np.uint64(0) if kind == 14 else np.uint64(0xFFFFFFFFFFFFFFFF)
    value = _draw(random) & _draw(random)
    if kind >= 10:
        value &= _draw(random) & _draw(random) & _draw(random)
    return value if kind % 2 == 0 else ~value


@kernel(large=0)
def _walk(
    m: Machine,
    words: Words,
    state: Words,
    random: Words,
    signature: Words,
    phase: Bits,
    first: Number,
    clocks: Number,
    fresh: bool,
) -> Number:  # pragma: no cover - compiled
    """Walks on from clock ``first``; the clock at which a pair differs, or -1. ``random[0]`` is the seed of regimes."""
    width = words.shape[1]
    ones, zero = np.uint64(0xFFFFFFFFFFFFFFFF), np.uint64(0)
    for clock in range(first, first + clocks):
        regime = np.uint64(clock // _REGIME) * np.uint64(0xC2B2AE3D27D4EB4F) + random[0]
        for at in range(len(m.inputs)):
            for w in range(width):
                kind = regime + np.uint64(at * width + w) * np.uint64(0x9E3779B97F4A7C15)
                kind ^= kind >> np.uint64(31)
                kind *= np.uint64(0xBF58476D1CE4E5B9)
                fair = w == 0 and clock < _REGIME
                words[m.inputs[at], w] = _density(0 if fair else np.int64(kind >> np.uint64(59)), random)
        for at in range(len(m.registers)):
            for w in range(width):
                words[m.registers[at], w] = state[at, w]
        evaluate(m, words)
        for at in range(len(m.registers)):
            flip = ones if m.following[at] & 1 else zero
            for w in range(width):
                state[at, w] = words[m.following[at] >> 1, w] ^ flip
        if len(signature) == 0:
            continue
        for at in range(len(m.pairs)):
            flip = ones if (m.pairs[at, 0] ^ m.pairs[at, 1]) & 1 else zero
            for w in range(width):
                if words[m.pairs[at, 0] >> 1, w] != words[m.pairs[at, 1] >> 1, w] ^ flip:
                    return clock
        for node in range(len(m.first)):
            if fresh:
                phase[node] = words[node, 0] & np.uint64(1) != zero
            flip = ones if phase[node] else zero
            value = signature[node]
            for w in range(width):
                value = (value ^ words[node, w] ^ flip) * np.uint64(0x9E3779B97F4A7C15)
                value ^= value >> np.uint64(32)
            signature[node] = value
        fresh = False
    return -1


@kernel(large=0)
def group(m: Machine, signature: Words, representative: Ints) -> None:  # pragma: no cover - compiled
    """The first node of each signature; inputs are free and stand for themselves."""
    size = 4
    while size < 2 * len(signature):
        size *= 2
    table = np.full(size, -1, np.int64)
    for node in range(len(signature)):
        place = np.int64(signature[node] >> np.uint64(8)) & (size - 1)
        while table[place] >= 0 and signature[table[place]] != signature[node]:
            place = (place + 1) & (size - 1)
        if table[place] < 0:
            table[place] = node
        elif not 0 < node <= len(m.inputs):
            representative[node] = table[place]
