"""What every layer is that remembers earlier steps and does not fire: signals of all steps in, of all steps out."""

from abc import ABC, abstractmethod
from typing import ClassVar

from torch import Tensor, nn


class MemoryLayer(nn.Module, ABC):
    """A layer with a memory but without spikes; every call starts empty unless a state is given, and none is kept.

    ``causal`` and ``streams`` are as for :class:`perception.Neuron`.
    """

    causal: ClassVar[bool] = True
    streams: ClassVar[bool] = True

    @abstractmethod
    def advance(self, signal: Tensor, state: tuple[Tensor, ...] | None = None) -> tuple[Tensor, tuple[Tensor, ...]]:
        """What leaves the layer, ``[T, B, ...]``, and what it remembers after the last step.

        Args:
            signal: ``[T, B, ...]``.
            state: As an earlier call gave it; nothing if left out.

        Raises:
            NeuronError: if the signal or the state does not fit.
        """

    def forward(self, signal: Tensor) -> Tensor:
        """What leaves the layer, ``[T, B, ...]``, of a signal ``[T, B, ...]``."""
        return self.advance(signal)[0]
