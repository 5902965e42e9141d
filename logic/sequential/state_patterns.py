"""Random states in which registers of one class agree: a quick sieve for what follows from registers alone.

What seems equal on random walks is often equal only in the states that they reach, which takes many rounds to refute or
to prove. Most versions of a circuit correspond without that: their registers agree, and the logic from any state in
which they do.
"""

import numpy as np
from numpy.typing import NDArray

from ..kernels import kernel
from ..sweeping.patterns import fold
from .correspondence import Classes
from .frames import evaluate, next_random, split
from .machine import Machine
from .walks import group

Ints = NDArray[np.int32]
Words = NDArray[np.uint64]
_WIDTH = 4  # words of 64 states
_CALM = 6  # steps in a row that must split nothing
_TURNS = 16  # times so many states tell nodes apart
_PASSES = 4  # over registers that are logic of others


def from_registers(machine: Machine, seeming: Classes, first: NDArray[np.bool_], seed: int = 1) -> Classes:
    """The classes that random states do not split in which registers of one class agree, nor the states after them.

    Args:
        machine: Of two circuits.
        seeming: Classes that may be too coarse.
        first: ``[R]`` whether a register is of the first circuit. One that seems equal to logic of the other circuit's
            registers alone has that value.
        seed: Of the states.
    """
    representative = seeming.representative.copy()
    defined = _definitions(machine, *seeming, first)
    _sieve(
        machine, representative, seeming.phase, defined, np.zeros((machine.nodes, _WIDTH), np.uint64),
        np.zeros((len(machine.registers), _WIDTH), np.uint64), np.zeros(6 * machine.nodes, np.int32),
        np.array([0x9E3779B97F4A7C15 * (2 * seed + 1) % 2**64], np.uint64),
    )  # fmt: skip
    return Classes(representative, seeming.phase)


def from_partners(machine: Machine, partners: Ints, seed: int = 1) -> Classes:
    """What random states do not tell apart in which each register equals its partner.

    Args:
        machine: Of two circuits.
        partners: ``[R]`` the first register that a register is taken to equal, itself if there is none.
        seed: Of the states.
    """
    representative = np.arange(machine.nodes, dtype=np.int32)
    phase, signature = np.zeros(machine.nodes, np.bool_), np.zeros(machine.nodes, np.uint64)
    words = np.zeros((machine.nodes, _WIDTH), np.uint64)
    generator = np.random.default_rng(seed)
    sources = np.concatenate([machine.inputs, machine.registers])
    for turn in range(_TURNS):
        words[sources] = generator.integers(0, 2**64, (len(sources), _WIDTH), np.uint64)
        words[machine.registers] = words[machine.registers[partners]]
        evaluate(machine, words)
        fold(words, phase, signature, turn == 0)
    group(machine, signature, representative)
    return Classes(representative, phase)


@kernel(large=0)
def _definitions(
    m: Machine, representative: Ints, phase: NDArray[np.bool_], first: NDArray[np.bool_]
) -> Ints:  # pragma: no cover - compiled
    """``[R]`` a conjunction that a register seems to be, of the other circuit's registers alone, or -1."""
    reads = np.zeros(len(m.first), np.int8)
    defined = np.full(len(m.first), -1, np.int32)
    for node in m.inputs:
        reads[node] = 4
    for at in range(len(m.registers)):
        reads[m.registers[at]] = 1 if first[at] else 2
    for node in range(1 + len(m.inputs) + len(m.registers), len(m.first)):
        reads[node] = reads[m.first[node] >> 1] | reads[m.second[node] >> 1]
        head = representative[node]
        if head != node and reads[node] | reads[head] == 3 and m.first[head] < 0 and defined[head] < 0:
            defined[head] = node
    return defined[m.registers]


@kernel(large=0, _nrt=False)
def _sieve(
    m: Machine,
    representative: Ints,
    phase: NDArray[np.bool_],
    defined: Ints,
    words: Words,
    state: Words,
    scratch: Ints,
    random: Words,
) -> None:  # pragma: no cover - compiled
    ones, zero = np.uint64(0xFFFFFFFFFFFFFFFF), np.uint64(0)
    calm = 0
    while calm < _CALM:
        splits = 0
        for frame in range(2):
            for node in m.inputs:
                for w in range(_WIDTH):
                    words[node, w] = next_random(random)
            for at in range(len(m.registers)):
                node = m.registers[at]
                head = representative[node]
                flip = ones if phase[node] != phase[head] else zero
                for w in range(_WIDTH):
                    if frame:
                        words[node, w] = state[at, w]
                    elif head == node:
                        words[node, w] = next_random(random)
                    else:
                        words[node, w] = words[head, w] ^ flip
            evaluate(m, words)
            for _ in range(_PASSES if frame == 0 else 0):
                changed = False
                for at in range(len(m.registers)):
                    node, head = m.registers[at], representative[m.registers[at]]
                    source = defined[at] if head == node else head
                    if source < 0 or representative[source] != head:
                        continue
                    flip = ones if phase[node] != phase[source] else zero
                    for w in range(_WIDTH):
                        changed |= words[node, w] != words[source, w] ^ flip
                        words[node, w] = words[source, w] ^ flip
                if not changed:
                    break
                evaluate(m, words)
            splits += split(words, phase, representative, scratch)
            for at in range(len(m.registers)):
                flip = ones if m.following[at] & 1 else zero
                for w in range(_WIDTH):
                    state[at, w] = words[m.following[at] >> 1, w] ^ flip
        calm = 0 if splits else calm + 1
