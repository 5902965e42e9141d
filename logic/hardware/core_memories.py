"""What the block memories of the core hold: synapses by source in shared rows, and neurons by kind.

A row holds what spikes of one source do, relative to the first neuron that it reaches. Sources that do the same
elsewhere share one row, so that a convolution costs about its kernel and two equal parts of a network cost one.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..network import FlatNetwork, Integers, SpikingNetwork
from .intervals import membrane_intervals, signed_bits


class Fields(NamedTuple):
    """A memory of words that are made of fields, the first field in the highest bits.

    Args:
        values: ``[words, fields]``
        widths: Bits of each field.
    """

    values: Integers
    widths: tuple[int, ...]

    @property
    def width(self) -> int:
        """Bits of a word."""
        return sum(self.widths)

    def text(self, depth: int | None = None) -> str:
        """The words in hexadecimal, as ``$readmemh`` takes them, filled up with zeros to a depth."""
        digits, lines = -(-self.width // 4), list[str]()
        for row in self.values.tolist():
            word = 0
            for value, width in zip(row, self.widths, strict=True):
                word = word << width | value % (1 << width)
            lines.append(f"{word:0{digits}x}")
        lines += ["0" * digits] * ((depth or 0) - len(lines))
        return "\n".join(lines) + "\n"


class Memories(NamedTuple):
    """All that the core reads.

    Args:
        rows: By source (inputs first): where its synapses begin, how many there are, and the first neuron reached.
        synapses: The neuron, counted from the first one reached; weight; delay.
        kinds: By neuron, which of the settings it has.
        settings: Threshold, bias, initial membrane, leak, whether it retains, whether a spike subtracts.
        slots: Steps ahead for which currents are gathered, a power of two.
        current_bits: Signed bits of what one neuron can hear at one step.
        membrane_bits: Signed bits of a membrane and all that is made of it.
    """

    rows: Fields
    synapses: Fields
    kinds: Fields
    settings: Fields
    slots: int
    current_bits: int
    membrane_bits: int


def bits_for(count: int) -> int:
    """Bits that tell so many things apart, at least one.

    Example:
        >>> [bits_for(count) for count in (0, 1, 2, 3, 256)]
        [1, 1, 1, 2, 8]
    """
    return max(1, (count - 1).bit_length())


def core_memories(network: SpikingNetwork, steps: int) -> Memories:
    """The memories of a network.

    Args:
        network: What the core shall do.
        steps: For how many steps after a reset membranes that can run away must be right.

    Example:
        >>> from logic import Convolution, Population, SpikingNetwork
        >>> edges = Convolution("input", "cells", np.array([[[[1, -1]]]]))
        >>> cells = Population("cells", (1, 8, 7), threshold=1)
        >>> network = SpikingNetwork((1, 8, 8), (cells,), (edges,), np.zeros(0, int), (), np.zeros(0, int))
        >>> memories = core_memories(network, steps=1)
        >>> len(network.flatten().weight), len(memories.synapses.values)  # left edge, middle, right edge
        (112, 4)
    """
    flat, neurons = network.flatten(), network.neurons
    columns = (flat.threshold, flat.bias, flat.initial, flat.leak, flat.retain, flat.subtract)
    settings, kinds = np.unique(np.stack(columns, axis=1).astype(np.int64), axis=0, return_inverse=True)
    rows, synapses = _rows(flat)
    found = membrane_intervals(network, steps)
    rest = found.high - flat.threshold
    low = np.minimum.reduce([found.low, flat.threshold, flat.initial, found.low - flat.threshold])
    high = np.maximum.reduce([found.high, flat.threshold, flat.initial, rest, -flat.threshold])
    heard = np.zeros((2, neurons), np.int64)
    np.add.at(heard[0], flat.post, np.minimum(flat.weight, 0))
    np.add.at(heard[1], flat.post, np.maximum(flat.weight, 0))
    current_bits = int(signed_bits(heard[0], heard[1]).max(initial=2))
    membrane_bits = max(int(signed_bits(low, high).max(initial=2)), current_bits)
    leak_bits = int(flat.leak.max(initial=0)).bit_length() or 1
    address, delay = bits_for(neurons), int(flat.delay.max(initial=1)).bit_length()
    weight_bits = int(signed_bits(synapses[:, 1], synapses[:, 1]).max(initial=1))
    return Memories(
        rows=Fields(rows, (bits_for(len(synapses)), bits_for(int(rows[:, 1].max(initial=0)) + 1), address)),
        synapses=Fields(synapses, (address, weight_bits, delay)),
        kinds=Fields(kinds.reshape(-1, 1), (bits_for(len(settings)),)),
        settings=Fields(settings, (membrane_bits, membrane_bits, membrane_bits, leak_bits, 1, 1)),
        slots=1 << delay,
        current_bits=current_bits,
        membrane_bits=membrane_bits,
    )


def _rows(flat: FlatNetwork) -> tuple[Integers, Integers]:
    """``[I + N, 3]`` begin, count and first neuron of each source, and the synapses ``[S, 3]`` of different rows."""
    places = np.stack([flat.pre, flat.post, flat.delay], axis=1)
    unique, inverse = np.unique(places, axis=0, return_inverse=True)  # in the order of sources
    weight = np.zeros(len(unique), np.int64)
    np.add.at(weight, inverse.reshape(-1), flat.weight)
    unique, weight = unique[weight != 0], weight[weight != 0]
    sources = flat.inputs + len(flat.threshold)
    begin = np.searchsorted(unique[:, 0], np.arange(sources + 1))
    rows = np.zeros((sources, 3), np.int64)
    known: dict[bytes, int] = {}
    parts: list[NDArray[np.int64]] = []
    used = 0
    for source in range(sources):
        here = slice(int(begin[source]), int(begin[source + 1]))
        count = here.stop - here.start
        if not count:
            continue
        first = int(unique[here, 1].min())
        part = np.stack([unique[here, 1] - first, weight[here], unique[here, 2]], axis=1)
        key = part.tobytes()
        if key not in known:
            known[key] = used
            parts.append(part)
            used += count
        rows[source] = known[key], count, first
    return rows, np.concatenate([np.zeros((0, 3), np.int64), *parts])
