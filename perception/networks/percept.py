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

    def __repr__(self) -> str:
        trains = ", ".join(f"{name} {list(train.shape)}" for name, train in list(self.spikes.items())[:6])
        more = f", {len(self.spikes) - 6} more" if len(self.spikes) > 6 else ""
        shape, domain = list(self.symbols.log_probs.shape), self.symbols.domain.name
        return f"Percept({domain} {shape}, spikes of {trains or 'no layer'}{more})"
