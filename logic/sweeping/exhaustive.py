"""All vectors: pairs of literals that depend on few inputs are decided by trying every one, blocks of words at a time.

The cheapest proof there is for arithmetic of few inputs and deep cones, on which SAT learns little: a sine of 24 bits
takes two seconds.
"""

from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..kernels import kernel
from ..watch import Watch

Integers = NDArray[np.int64]
Words = NDArray[np.uint64]
_MOST = 40  # inputs
_BLOCK = 32  # words of 64 vectors at once: their rows of some thousand nodes stay in the cache
_TURN = 1 << 24  # words of all nodes together between two looks at the clock
_WITHIN = np.array([sum(1 << at for at in range(64) if at >> i & 1) for i in range(6)], np.uint64)
_WITHIN.setflags(write=False)


class Cone(NamedTuple):
    """The nodes below some pairs: first the constant and ``inputs`` inputs, then conjunctions in order."""

    nodes: Integers  # [N] what they are in the graph
    inputs: int
    first: NDArray[np.int32]  # [N] literals of the cone
    second: NDArray[np.int32]
    pairs: NDArray[np.int32]  # [P, 2] literals of the cone

    @property
    def work(self) -> float:
        """Words of all nodes together that are to be computed; infinite where nobody would wait for it."""
        return float("inf") if self.inputs > _MOST else len(self.nodes) * float(1 << max(0, self.inputs - 6))


def cone_of(first: NDArray[np.int32], second: NDArray[np.int32], pairs: Integers, below: NDArray[np.bool_]) -> Cone:
    """What some pairs depend on.

    Args:
        first: ``[nodes]`` first operands, negative for inputs.
        second: ``[nodes]`` second operands.
        pairs: ``[P, 2]`` literals.
        below: ``[nodes]`` the nodes that they depend on, at least.
    """
    nodes = np.flatnonzero(below)
    nodes = nodes[nodes > 0]
    leaf = first[nodes] < 0
    ordered = np.concatenate([[0], nodes[leaf], nodes[~leaf]])
    place = np.zeros(len(first), np.int32)
    place[ordered] = np.arange(len(ordered))

    def literals(of: NDArray[np.int32] | Integers) -> NDArray[np.int32]:
        return (2 * place[of >> 1] + (of & 1)).astype(np.int32)

    inputs = int(leaf.sum())
    left, right = np.zeros(len(ordered), np.int32), np.zeros(len(ordered), np.int32)
    left[1 + inputs :] = literals(first[ordered[1 + inputs :]])
    right[1 + inputs :] = literals(second[ordered[1 + inputs :]])
    return Cone(ordered, inputs, left, right, literals(pairs))


def try_all(cone: Cone, watch: Watch) -> tuple[bool, NDArray[np.bool_] | None]:
    """Whether all vectors were tried, or a vector ``[inputs]`` that tells a pair apart.

    With several jobs, ranges of vectors are tried side by side.
    """
    total = 1 << max(0, cone.inputs - 6)
    turn = min(total, max(_BLOCK, _TURN // len(cone.nodes) // _BLOCK * _BLOCK))
    columns = cone.first, cone.second, cone.pairs, cone.inputs
    with ThreadPoolExecutor(watch.jobs) as pool:
        for start in range(0, total, turn * watch.jobs):
            watch.progress(start, total, "words of vectors tried")
            if watch.late():
                return False, None
            ranges = [(at, min(at + turn, total)) for at in range(start, min(start + turn * watch.jobs, total), turn)]
            asked = [pool.submit(_differing, *columns, begin, end) for begin, end in ranges]
            found = [number for number in (one.result() for one in asked) if number >= 0]
            if found:
                return True, (found[0] >> np.arange(cone.inputs) & 1).astype(np.bool_)
    return True, None


@kernel(nogil=True)
def _differing(
    first: NDArray[np.int32], second: NDArray[np.int32], pairs: NDArray[np.int32], inputs: int, begin: int, end: int
) -> int:  # pragma: no cover - compiled
    """The number of the first vector, of those in some words, that tells a pair apart, or -1."""
    ones, zero = np.uint64(0xFFFFFFFFFFFFFFFF), np.uint64(0)
    count = len(first)
    words = np.zeros((count, _BLOCK), np.uint64)
    for start in range(begin, end, _BLOCK):
        for i in range(inputs):
            for w in range(_BLOCK):
                words[1 + i, w] = _WITHIN[i] if i < 6 else ones if (start + w) >> (i - 6) & 1 else zero
        for node in range(1 + inputs, count):
            a, b = first[node], second[node]
            flip_a, flip_b = ones if a & 1 else zero, ones if b & 1 else zero
            left, right, own = words[a >> 1], words[b >> 1], words[node]
            for w in range(_BLOCK):
                own[w] = (left[w] ^ flip_a) & (right[w] ^ flip_b)
        for pair in range(len(pairs)):
            a, b = pairs[pair, 0], pairs[pair, 1]
            flip = ones if (a ^ b) & 1 else zero
            for w in range(min(_BLOCK, end - start)):
                differ = words[a >> 1, w] ^ words[b >> 1, w] ^ flip
                if differ != zero:
                    bit = 0
                    while differ >> np.uint64(bit) & np.uint64(1) == zero:
                        bit += 1
                    return 64 * (start + w) + bit
    return -1
