"""Inputs of one-hot groups, decoded from free ones, so that no side condition is left for the solver."""

import numpy as np
from numpy.typing import NDArray

from ..circuit import Circuit
from .graph import AndGraph

Integers = NDArray[np.int64]


def codewords(graph: AndGraph, circuit: Circuit) -> tuple[Integers, Integers]:
    """Literals ``[I]`` of a circuit's inputs that range over exactly the vectors its one-hot groups allow.

    A group of ``k`` inputs is decoded from ``ceil(log2 k)`` free ones, the last value taking the unused codes, so that
    no side condition is left for the solver. Also gives the free input literals ``[F]``.
    """
    literals = np.full(len(circuit.inputs), -1, np.int64)
    grouped = {position for group in circuit.one_hot for position in group}
    plain = [position for position in range(len(literals)) if position not in grouped]
    bits = [max(0, (len(group) - 1).bit_length()) for group in circuit.one_hot]
    free = graph.inputs(len(plain) + sum(bits))
    literals[plain] = free[: len(plain)]
    graph.reserve(4 * len(grouped) * (1 + max(bits, default=0)))
    taken = len(plain)
    for group, width in zip(circuit.one_hot, bits, strict=True):
        code = free[taken : taken + width]
        taken += width
        rest = 1
        for value, position in enumerate(list(group)[:-1]):
            here = 1
            for bit in range(width):
                here = graph.conjunction(here, int(code[bit]) ^ 1 ^ (value >> bit & 1))
            literals[position] = here
            rest = graph.conjunction(rest, here ^ 1)
        literals[group[-1]] = rest
    return literals, free
