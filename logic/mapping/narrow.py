"""Wide gates as balanced trees of narrow ones."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from ..circuit import Circuit, Gate
from .neuron_netlist import Integers


def narrow(circuit: Circuit, widest: Mapping[Gate, int]) -> Circuit:
    """The same circuit in which no gate of the given kinds reads more than ``widest[kind]`` literals.

    Operands are taken in order, as proofs write wide gates too: a wide gate is then known again without a search.

    Args:
        circuit: Any circuit.
        widest: For AND, OR and XOR only (a majority is no tree of majorities), at least 2 each.
    """
    widths, fan_in = np.diff(circuit.offsets), np.zeros(len(circuit.kinds), np.int64)
    for kind, width in widest.items():
        fan_in[circuit.kinds == kind] = width
    wide = (widths > fan_in) & (fan_in > 0)
    if not wide.any():
        return circuit
    parts = np.ones(len(widths), np.int64)
    parts[wide] = -(-(widths[wide] - 1) // (fan_in[wide] - 1))
    last = circuit.first_gate + np.cumsum(parts) - 1  # the new wire of each old gate
    renamed = np.concatenate([np.arange(circuit.first_gate), last])

    def rename(literals: Integers) -> Integers:
        return 2 * renamed[literals >> 1] | (literals & 1)

    literals = rename(circuit.literals)
    whole = np.repeat(~wide, widths)
    rows, operands = [np.repeat(last, widths)[whole]], [literals[whole]]
    for gate in np.flatnonzero(wide):
        made, bound = int(parts[gate]), int(fan_in[gate])
        new = last[gate] - made + 1 + np.arange(made)
        queue = np.concatenate([np.sort(literals[circuit.offsets[gate] : circuit.offsets[gate + 1]]), 2 * new[:-1]])
        first = len(queue) - (made - 1) * bound  # the first part takes what does not fill the others
        rows.append(np.repeat(new, [first] + [bound] * (made - 1)))
        operands.append(queue)
    row = np.concatenate(rows) - circuit.first_gate
    order = np.argsort(row, kind="stable")
    return replace(
        circuit,
        kinds=np.repeat(circuit.kinds, parts),
        offsets=np.concatenate([[0], np.cumsum(np.bincount(row, minlength=int(parts.sum())))]),
        literals=np.concatenate(operands)[order],
        outputs=rename(circuit.outputs),
        register_next=rename(circuit.register_next),
    )
