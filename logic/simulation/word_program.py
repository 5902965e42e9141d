"""Straight-line programs over machine words: one instruction computes a gate for 64 input vectors a word.

A signal is a row of words, an operand a literal ``2 * signal + complement`` as in a circuit, and signal 0 is false.
A :class:`WordProgram` is run in two ways: :func:`run_waves` evaluates it once on many words (every delay is 0);
:func:`run_steps` runs it step by step, where each signal keeps a ring of its last values and an operand looks
``delay`` steps back.
"""

# pyright: reportMissingParameterType=false, reportUnknownParameterType=false
# The kernels below are typed by numba when they are compiled.

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from ..kernels import kernel

Integers = NDArray[np.int64]
Words = NDArray[np.uint64]
BLOCK = 64  # words a row: a row is 512 bytes, so that the rows in use stay in the cache


class Operation(IntEnum):
    """What an instruction computes from its operands a, b, c."""

    AND = 0  # a b (c is ignored)
    AND3 = 1  # a b c
    CHOOSE = 2  # a b or c
    MAJORITY = 3  # at least two of a, b, c
    PARITY = 4  # a xor b xor c


@dataclass(frozen=True, eq=False)
class WordProgram:
    """Instructions in order of execution.

    Args:
        code: ``[K, 5]``, int32: operation, literals a, b, c, and the result, a literal too: if it is odd, the signal
            gets the complement.
        delay: ``[K, 3]``, int32, steps that each operand looks back; all 0 in a program for waves.
        signals: The number of signals, the constant included.
        entries: ``[J]`` signals that are given from outside, in the order in which they are given.
    """

    code: NDArray[np.int32]
    delay: NDArray[np.int32]
    signals: int
    entries: NDArray[np.int32]


def run_waves(
    program: WordProgram, given: Words, wanted: Integers, counted: Integers, limits: Integers, threads: int = 1
) -> tuple[Words, Integers]:
    """The words of the wanted literals, and how many ones each counted literal has.

    Args:
        program: Without delays.
        given: ``[J, W]`` words of the entries.
        wanted: ``[O]`` literals to return.
        counted: ``[C]`` literals to count.
        limits: ``[C, 2]``: the bits ``limits[i, 0] <= bit < limits[i, 1]`` of literal i count (bit 64 w + k is bit k
            of word w).
        threads: Workers that share the words.

    Returns:
        ``[O, W]`` words and ``[C]`` numbers.
    """
    width = given.shape[1]
    result = np.empty((len(wanted), width), dtype=np.uint64)
    share = -(-width // (BLOCK * threads)) * BLOCK or BLOCK

    def work(start: int) -> Integers:
        totals = np.zeros(len(counted), dtype=np.int64)
        stop = min(start + share, width)
        _waves(
            program.code, program.entries, program.signals, given, start, stop, wanted, result, counted, limits, totals
        )
        return totals

    starts = range(0, width, share)
    if threads == 1:
        parts = [work(start) for start in starts]
    else:
        with ThreadPoolExecutor(threads) as pool:
            parts = list(pool.map(work, starts))
    return result, np.sum([np.zeros(len(counted), dtype=np.int64), *parts], axis=0)


def run_steps(
    program: WordProgram, given: Words, wanted: Integers, initial: NDArray[np.bool_], depth: Integers
) -> Words:
    """The words of the wanted literals at every step.

    Args:
        program: With delays.
        given: ``[T, J, W]`` words of the entries at each step.
        wanted: ``[O]`` literals to return.
        initial: ``[signals]`` value of each signal before step 0.
        depth: ``[signals]`` steps that each signal is kept: one more than the longest delay at which it is read.

    Returns:
        ``[T, O, W]`` words.
    """
    steps, _, width = given.shape
    first = np.concatenate([[0], np.cumsum(depth)]).astype(np.int64)
    rows = np.zeros((first[-1], BLOCK), dtype=np.uint64)
    result = np.empty((steps, len(wanted), width), dtype=np.uint64)
    fill = np.repeat(np.where(initial, ~np.uint64(0), np.uint64(0)), depth)
    nothing = np.zeros(0, dtype=np.int64)
    for start in range(0, width, BLOCK):
        rows[:] = fill[:, None]
        places = first, rows, start, 0, nothing, 0, nothing
        _steps(program.code, program.delay, program.entries, given, wanted, result, *places)
    return result


class StepRun:
    """One block of a run step by step that is given its spikes piece by piece and keeps what it needs of the past.

    Args:
        program: With delays.
        initial: ``[signals]`` value of each signal before step 0.
        depth: ``[signals]`` steps that each signal is kept: one more than the longest delay at which it is read.
        counted: ``[C]`` literals whose ones are counted.
        batch: Bits of the block, at most ``64 * BLOCK``.
    """

    def __init__(
        self, program: WordProgram, initial: NDArray[np.bool_], depth: Integers, counted: Integers, batch: int
    ) -> None:
        self._program, self._counted, self._batch = program, counted, batch
        self._first = np.concatenate([[0], np.cumsum(depth)]).astype(np.int64)
        fill = np.repeat(np.where(initial, ~np.uint64(0), np.uint64(0)), depth)
        self._rows = np.repeat(fill[:, None], BLOCK, axis=1)
        self._step = 0
        self.totals = np.zeros(len(counted), dtype=np.int64)
        """``[C]`` ones so far."""

    def run(self, given: Words, wanted: Integers) -> Words:
        """The words ``[T, O, W]`` of literals ``[O]`` in the next steps, for words ``[T, J, W]`` of the entries."""
        result = np.empty((len(given), len(wanted), given.shape[2]), dtype=np.uint64)
        program, counts = self._program, (self._counted, self._batch, self.totals)
        places = (self._first, self._rows, 0, self._step)
        _steps(program.code, program.delay, program.entries, given, wanted, result, *places, *counts)
        self._step += len(given)
        return result


def pack_bits(bits: NDArray[np.bool_] | NDArray[np.uint8]) -> Words:
    """Words ``[..., ceil(B / 64)]`` of bits ``[..., B]``; bit k of word w is element 64 w + k."""
    packed = np.packbits(bits, axis=-1, bitorder="little")
    missing = -packed.shape[-1] % 8
    if missing:
        packed = np.concatenate([packed, np.zeros((*packed.shape[:-1], missing), dtype=np.uint8)], axis=-1)
    return np.ascontiguousarray(packed).view("<u8").astype(np.uint64, copy=False)


def unpack_bits(words: Words, size: int) -> NDArray[np.uint8]:
    """The first ``size`` bits ``[..., size]`` of words ``[..., W]``."""
    octets = np.ascontiguousarray(words).astype("<u8", copy=False).view(np.uint8)
    return np.unpackbits(octets, axis=-1, count=size, bitorder="little")


def count_bits(words: Words) -> Integers:
    """The number of ones of each row ``[..., W]``."""
    rows = np.ascontiguousarray(words).reshape(-1, words.shape[-1])
    totals = np.zeros(len(rows), dtype=np.int64)
    _count_rows(rows, totals)
    return totals.reshape(words.shape[:-1])


@kernel(inline="always")
def _execute(operation, rows, a, b, c, target, flips):
    """One instruction on one block of words; a, b, c and target are rows, flips the four complements."""
    fa, fb, fc, ft = flips
    if operation == 0:
        for w in range(BLOCK):
            rows[target, w] = ((rows[a, w] ^ fa) & (rows[b, w] ^ fb)) ^ ft
    elif operation == 1:
        for w in range(BLOCK):
            rows[target, w] = ((rows[a, w] ^ fa) & (rows[b, w] ^ fb) & (rows[c, w] ^ fc)) ^ ft
    elif operation == 2:
        for w in range(BLOCK):
            rows[target, w] = (((rows[a, w] ^ fa) & (rows[b, w] ^ fb)) | (rows[c, w] ^ fc)) ^ ft
    elif operation == 3:
        for w in range(BLOCK):
            x, y, z = rows[a, w] ^ fa, rows[b, w] ^ fb, rows[c, w] ^ fc
            rows[target, w] = ((x & y) | (z & (x | y))) ^ ft
    else:
        for w in range(BLOCK):
            rows[target, w] = rows[a, w] ^ rows[b, w] ^ rows[c, w] ^ fa ^ fb ^ fc ^ ft


@kernel(inline="always")
def _flip(literal):
    return np.uint64(0) - np.uint64(literal & 1)


@kernel(inline="always")
def _signal(literal):
    """Without a sign, so that no load is preceded by the test for an index that counts from the end."""
    return np.uint64(literal >> 1)


@kernel(large=2_000, nogil=True)
def _waves(code, entries, signals, given, begin, end, wanted, result, counted, limits, totals):
    rows = np.zeros((signals, BLOCK), dtype=np.uint64)
    for start in range(begin, end, BLOCK):
        size = min(BLOCK, end - start)
        for j in range(len(entries)):
            row = np.uint64(entries[j])
            for w in range(size):
                rows[row, w] = given[j, start + w]
        for k in range(len(code)):
            a, b, c, t = code[k, 1], code[k, 2], code[k, 3], code[k, 4]
            flips = _flip(a), _flip(b), _flip(c), _flip(t)
            _execute(code[k, 0], rows, _signal(a), _signal(b), _signal(c), _signal(t), flips)
        for j in range(len(wanted)):
            flip, row = _flip(wanted[j]), _signal(wanted[j])
            for w in range(size):
                result[j, start + w] = rows[row, w] ^ flip
        for j in range(len(counted)):
            totals[j] += _count(rows, counted[j], size, limits[j, 0] - 64 * start, limits[j, 1] - 64 * start)


@kernel(inline="always")
def _ones(word):
    """The number of ones of a word (Hacker's Delight, 5-1)."""
    word -= (word >> np.uint64(1)) & np.uint64(0x5555555555555555)
    word = (word & np.uint64(0x3333333333333333)) + ((word >> np.uint64(2)) & np.uint64(0x3333333333333333))
    word = (word + (word >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return (word * np.uint64(0x0101010101010101)) >> np.uint64(56)


@kernel(nogil=True)
def _count_rows(rows, totals):
    for row in range(len(rows)):
        total = np.uint64(0)
        for w in range(rows.shape[1]):
            total += _ones(rows[row, w])
        totals[row] = np.int64(total)


@kernel(nogil=True)
def _count(rows, literal, size, low, high):
    """Ones of a literal's row among the bits low .. high - 1."""
    row, flip = literal >> 1, _flip(literal)
    low, high = max(low, 0), min(high, 64 * size)
    if low >= high:
        return 0
    total = np.uint64(0)
    first, last = low >> 6, (high - 1) >> 6
    for w in range(first, last + 1):
        total += _ones(rows[row, w] ^ flip)
    below = low & 63
    if below:
        total -= _ones((rows[row, first] ^ flip) & ((np.uint64(1) << np.uint64(below)) - np.uint64(1)))
    above = high & 63
    if above:
        total -= _ones((rows[row, last] ^ flip) & (~np.uint64(0) << np.uint64(above)))
    return np.int64(total)


@kernel(inline="always")
def _row(literal, delay, first, t):
    signal = literal >> 1
    return np.uint64(first[signal] + (t - delay) % (first[signal + 1] - first[signal]))


@kernel(large=2_000, nogil=True)
def _steps(code, delay, entries, given, wanted, result, first, rows, start, begin, counted, batch, totals):
    steps, _, width = given.shape
    size = min(BLOCK, width - start)
    for step in range(steps):
        t = begin + step
        for j in range(len(entries)):
            row = _row(2 * entries[j], 0, first, t)
            for w in range(size):
                rows[row, w] = given[step, j, start + w]
        for k in range(len(code)):
            a, b, c, r = code[k, 1], code[k, 2], code[k, 3], code[k, 4]
            ra, rb, rc = _row(a, delay[k, 0], first, t), _row(b, delay[k, 1], first, t), _row(c, delay[k, 2], first, t)
            _execute(code[k, 0], rows, ra, rb, rc, _row(r, 0, first, t), (_flip(a), _flip(b), _flip(c), _flip(r)))
        for j in range(len(wanted)):
            flip, row = _flip(wanted[j]), _row(wanted[j], 0, first, t)
            for w in range(size):
                result[step, j, start + w] = rows[row, w] ^ flip
        for j in range(len(counted)):
            literal = 2 * np.int64(_row(counted[j], 0, first, t)) + (counted[j] & 1)
            totals[j] += _count(rows, literal, size, 0, batch)
