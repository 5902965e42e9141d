"""Bit-parallel simulation of the graph, 64 input vectors a word, and signatures that sort nodes into candidates."""

import numpy as np
from numpy.typing import NDArray

from ..kernels import kernel
from .nodes import Nodes

Words = NDArray[np.uint64]


@kernel()
def simulate(nodes: Nodes, words: Words) -> None:  # pragma: no cover - compiled
    """Fills ``words [nodes, W]`` for all conjunctions; the rows of the inputs are given."""
    ones = np.uint64(0xFFFFFFFFFFFFFFFF)
    for node in range(1, nodes.size[0]):
        a, b = nodes.first[node], nodes.second[node]
        if a < 0:
            continue
        flip_a = ones if a & 1 else np.uint64(0)
        flip_b = ones if b & 1 else np.uint64(0)
        for w in range(words.shape[1]):
            words[node, w] = (words[a >> 1, w] ^ flip_a) & (words[b >> 1, w] ^ flip_b)


@kernel()
def fold(words: Words, phase: NDArray[np.bool_], signature: Words, fresh: bool) -> None:  # pragma: no cover - compiled
    """Folds simulated words into the signatures.

    The signature of a node and of its complement agree: each is read relative to the node's value on the first vector
    ever (``phase``). A hash may collide; that costs time, never soundness, since candidates are always proved.
    """
    ones = np.uint64(0xFFFFFFFFFFFFFFFF)
    for node in range(words.shape[0]):
        if fresh:
            phase[node] = (words[node, 0] & np.uint64(1)) != np.uint64(0)
        flip = ones if phase[node] else np.uint64(0)
        value = signature[node]
        for w in range(words.shape[1]):
            value = (value ^ (words[node, w] ^ flip)) * np.uint64(0x9E3779B97F4A7C15)
            value ^= value >> np.uint64(32)
        signature[node] = value


@kernel(_nrt=False)
def next_random(state: Words) -> np.uint64:  # pragma: no cover - compiled
    """64 random bits."""
    value = state[0]
    value ^= value << np.uint64(13)
    value ^= value >> np.uint64(7)
    value ^= value << np.uint64(17)
    state[0] = value
    return value


def random_words(generator: np.random.Generator, inputs: int, words: int) -> Words:
    """``[inputs, words]`` random vectors of mixed density: fair, rare, frequent, and one input in many.

    Rare and frequent ones reach the decoders and priority chains of control logic, which fair ones almost never do.
    """
    full = np.iinfo(np.uint64).max

    def fair() -> Words:
        return generator.integers(0, full, size=inputs, dtype=np.uint64, endpoint=True)

    columns: list[Words] = []
    for word in range(words):
        column, thinning = fair(), word % 8
        if thinning in (4, 5):
            column = column & fair() & (fair() if thinning == 5 else column)
        elif thinning in (6, 7):
            column = column | fair() | (fair() if thinning == 7 else column)
        columns.append(column)
    return np.stack(columns, axis=1) if words else np.zeros((inputs, 0), np.uint64)


def neighbours(generator: np.random.Generator, values: NDArray[np.bool_], relevant: NDArray[np.int64]) -> Words:
    """``[inputs]`` words: bit 0 is the vector ``values``, the others differ from it in a few relevant inputs."""
    words = np.where(values, np.iinfo(np.uint64).max, 0).astype(np.uint64)
    if len(relevant):
        for count in (1, 2):
            flipped = relevant[generator.integers(0, len(relevant), size=63)]
            bits = np.uint64(1) << np.arange(1, 64, dtype=np.uint64)
            keep = slice(0, 63) if count == 1 else slice(32, 63)
            np.bitwise_xor.at(words, flipped[keep], bits[keep])
    return words
