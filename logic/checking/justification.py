"""Which registers matter to values that have been seen: a part of a state that gives them for the same inputs.

In the literature: justification; here in place of ternary simulation (Een, Mishchenko and Brayton, FMCAD 2011).
"""

import numpy as np

from ..circuit import Integers
from ..evaluation import Bits
from ..kernels import kernel

_FAR = 1 << 40


@kernel()
def justified(pairs: Integers, first_register: int, values: Bits, roots: Integers) -> Integers:
    """Numbers of registers that, with all inputs, force the values that the roots then have.

    Args:
        pairs: ``[A, 2]`` operands of the ANDs, which are the last nodes.
        first_register: Node of the first register; inputs come before, registers up to the first AND.
        values: ``[nodes]``; those of inputs and registers are given, the others are filled in.
        roots: Literals.
    """
    first_and = len(values) - len(pairs)
    cost = np.zeros(len(values), np.int64)  # about how many registers a node's value needs
    cost[first_register:first_and] = 1
    for gate in range(len(pairs)):
        a, b = pairs[gate, 0], pairs[gate, 1]
        node = first_and + gate
        values[node] = values[a >> 1] != (a & 1) and values[b >> 1] != (b & 1)
        if values[node]:
            cost[node] = min(_FAR, cost[a >> 1] + cost[b >> 1])
        elif values[a >> 1] != (a & 1):
            cost[node] = cost[b >> 1]
        elif values[b >> 1] != (b & 1) or cost[a >> 1] <= cost[b >> 1]:
            cost[node] = cost[a >> 1]
        else:
            cost[node] = cost[b >> 1]
    needed = np.zeros(len(values), np.bool_)
    for root in roots:
        needed[root >> 1] = True
    for gate in range(len(pairs) - 1, -1, -1):
        node = first_and + gate
        if not needed[node]:
            continue
        a, b = pairs[gate, 0], pairs[gate, 1]
        if values[node]:
            needed[a >> 1] = True
            needed[b >> 1] = True
            continue
        a_false, b_false = values[a >> 1] == (a & 1), values[b >> 1] == (b & 1)
        if a_false and b_false:
            if not needed[a >> 1] and not needed[b >> 1]:
                if cost[a >> 1] <= cost[b >> 1]:
                    needed[a >> 1] = True
                else:
                    needed[b >> 1] = True
        elif a_false:
            needed[a >> 1] = True
        else:
            needed[b >> 1] = True
    return np.flatnonzero(needed[first_register:first_and])
