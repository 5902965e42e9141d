"""A plan: how something is counted, in the form that serves who asks."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from ..grounding.sums import Sums
from .single import log_probabilities

if TYPE_CHECKING:  # NumPy takes longer to load than most queries take
    from .layers import Arrays, Layers


@dataclass(frozen=True)
class Report:
    """How something was made countable.

    Args:
        method: ``as written``, ``frontier``, ``elimination`` or ``diagram``.
        nodes: Sums of the circuit; of a frontier its states.
        width: What had to be remembered at one time: atoms of a frontier, variables of a table; 0 if nothing.
        seconds: Processor time that it took.
    """

    method: str
    nodes: int
    width: int
    seconds: float


class States(ABC):
    """What a method found, counted as it is for one sample; lowered only for those who count many."""

    @property
    @abstractmethod
    def weight(self) -> int:
        """As of a plan."""

    @abstractmethod
    def lowered(self) -> "Sums | Layers[Arrays]":
        """The same as sums of products, or as index tables."""

    @abstractmethod
    def log_probabilities(self, log_probs: Sequence[float]) -> list[float] | None:
        """As of a plan; None if a probability is too small to be counted so."""


class Plan:
    """How something is counted.

    Args:
        found: Sums of products, or the same as index tables or states; decomposable and deterministic.
        one_hot: Positions of the inputs of each slot.
        report: How it came about.
    """

    def __init__(self, found: "Sums | Layers[Arrays] | States", one_hot: tuple[range, ...], report: Report) -> None:
        self._found, self._one_hot = found, one_hot
        self.report = report

    @cached_property
    def _counted(self) -> "Sums | Layers[Arrays]":
        return self._found.lowered() if isinstance(self._found, States) else self._found

    @cached_property
    def inputs(self) -> int:
        """How many inputs there are."""
        return sum(map(len, self._one_hot))

    @cached_property
    def sums(self) -> Sums:
        """What is counted, as sums of products."""
        if isinstance(self._counted, Sums):
            return self._counted
        from .layers import to_sums

        return to_sums(self._counted, self._one_hot)

    @cached_property
    def layers(self) -> "Layers[Arrays]":
        """The same as index tables, layer by layer."""
        if not isinstance(self._counted, Sums):
            return self._counted
        from .layers import layered

        return layered(self._counted)

    @property
    def weight(self) -> int:
        """How much it holds: cases of sums."""
        if isinstance(self._found, States):
            return self._found.weight
        if isinstance(self._counted, Sums):
            return sum(map(len, self._counted.nodes))
        return sum(layer.children.shape[0] * layer.children.shape[1] for layer in self._counted.layers)

    def log_probabilities(self, log_probs: Sequence[float]) -> list[float]:
        """Log-probability of each output for one sample, ``[O]``; about -1e30 if it is impossible.

        Args:
            log_probs: ``[I]``, of each input.
        """
        if isinstance(self._found, States) and (found := self._found.log_probabilities(log_probs)):
            return found
        if isinstance(self._counted, Sums):
            return log_probabilities(self._counted, log_probs)
        import numpy as np

        from .layers import evaluated

        return evaluated(self._counted, np.array(log_probs)).tolist()
