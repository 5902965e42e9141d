"""The delta code of binary AIGER: two differences a gate, seven bits a byte."""

import numpy as np

from ..circuit import Integers
from .source import Source

_LONGEST = 9  # bytes of a difference: 63 bits


def decode_pairs(source: Source, start: int, gates: int, first: int) -> tuple[Integers, int]:
    """The operands ``[gates, 2]`` of the ANDs coded from byte ``start`` on, and the byte after them.

    Raises:
        FormatError: naming the byte, if the code is cut off or a gate reads a wire that is not earlier.
    """
    code = np.frombuffer(source.data, dtype=np.uint8)[start:]
    ends = np.flatnonzero(code < 0x80)[: 2 * gates]
    if len(ends) < 2 * gates:
        raise source.error(f"the file ends within AND {len(ends) // 2} of {gates}", byte=len(source.data))
    if not gates:
        return np.empty((0, 2), dtype=np.int64), start
    starts = np.concatenate([[0], ends[:-1] + 1])
    lengths = ends - starts + 1
    if lengths.max() > _LONGEST:
        raise source.error("a difference of more than 63 bits", byte=start + int(starts[lengths.argmax()]))
    differences = np.zeros(2 * gates, dtype=np.int64)
    for position in range(int(lengths.max())):
        longer = np.flatnonzero(lengths > position)
        differences[longer] |= (code[starts[longer] + position] & 0x7F).astype(np.int64) << (7 * position)
    differences = differences.reshape(-1, 2)
    heads = 2 * (first + np.arange(gates, dtype=np.int64))
    large = heads - differences[:, 0]
    small = large - differences[:, 1]
    wrong = (differences[:, 0] == 0) | (large < 0) | (small < 0)
    if wrong.any():
        gate = int(wrong.argmax())
        problem = f"AND {gate} (literal {heads[gate]}) reads a literal that is not between 0 and its own"
        raise source.error(problem, byte=start + int(starts[2 * gate]))
    return np.stack([large, small], axis=1), start + int(ends[-1]) + 1


def encode_pairs(pairs: Integers, first: int) -> bytes:
    """The code of the operands ``[gates, 2]`` of ANDs on the wires from ``first`` on."""
    heads = 2 * (first + np.arange(len(pairs), dtype=np.int64))
    large, small = pairs.max(axis=1, initial=0), pairs.min(axis=1, initial=2**62)
    differences = np.stack([heads - large, large - small], axis=1).ravel()
    lengths = np.ones(len(differences), dtype=np.int64)
    for position in range(1, _LONGEST):
        lengths += differences >> (7 * position) > 0
    starts = np.concatenate([[0], np.cumsum(lengths)])
    code = np.empty(int(starts[-1]), dtype=np.uint8)
    for position in range(int(lengths.max(initial=0))):
        longer = np.flatnonzero(lengths > position)
        more = np.where(lengths[longer] > position + 1, 0x80, 0)
        code[starts[longer] + position] = (differences[longer] >> (7 * position) & 0x7F) | more
    return code.tobytes()
