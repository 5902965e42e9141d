"""What was seen, and by which spikes."""

from dataclasses import dataclass

from torch import Tensor

from logic import Symbols

Spikes = Tensor
"""Zeros and ones, ``[T, B, ...]``, time first."""


@dataclass(frozen=True, eq=False)
class Percept:
    """What the spiking network saw in a batch of pictures.

    Args:
        symbols: Belief over the ``N`` slots of each sample.
        spikes: Spikes by layer, the encoded picture under ``input``, each ``[T, B * N, ...]``.
    """

    symbols: Symbols
    spikes: dict[str, Spikes]
