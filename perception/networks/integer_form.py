"""The integer form of a perception: what it is joined, proved and exported as, whatever its class."""

from dataclasses import dataclass
from typing import Protocol

from torch import Tensor

from logic import NetworkError, RealLayer, SpikingNetwork

from ..integers import IntegerFormError
from ..pictures.encoding import encode
from ..pictures.picture import check_pictures
from .classifier import SpikingClassifier
from .classifier_network import to_evidence
from .layer_claims import classifier_layers, quantised_layers
from .quantised import Layered, QuantisedPerception, quantise


class Joinable(Protocol):
    """A perception in whole numbers."""

    @property
    def steps(self) -> int:
        """Steps for which pictures are shown, ``T``."""
        ...

    def to_evidence(self, slots: int) -> SpikingNetwork:
        """The network from the pictures of so many slots to the evidence for each value."""
        ...

    def input_spikes(self, pictures: Tensor) -> Tensor:
        """What that network hears of pictures ``[B, N, C, H, W]``: ``[T, B, channels, H, W]``."""
        ...

    def layers(self) -> dict[str, RealLayer]:
        """What its layers compute in PyTorch for one slot, by the names of that network's populations."""
        ...


def integer_form(name: str, perception: object, bits: int = 8) -> Joinable:
    """The integer form of a perception.

    A spiking classifier has one grid of weights for each layer, so that all neurons of a layer have one threshold,
    which file formats want; anything else has a grid for each channel (:mod:`perception.integers`).

    Args:
        name: Of the perception, for messages.
        perception: A spiking classifier, a quantised perception, or one that tells its layers.
        bits: Of a weight, for those that are quantised here.

    Raises:
        NetworkError: if it has none; the text says which layer is in the way.

    Example:
        >>> integer_form("digit", SpikingClassifier(10, 0)).to_evidence(slots=2).input_shape
        (2, 28, 28)
    """
    if isinstance(perception, SpikingClassifier):
        return _RoundedClassifier(perception)
    if isinstance(perception, QuantisedPerception):
        return _Quantised(perception)
    if not isinstance(perception, Layered):
        raise NetworkError(
            f"the perception '{name}' is a {type(perception).__name__}, which has no integer form, since it does not "
            f"tell its layers; use a SpikingClassifier or a preset of SpikingVision, or give it a method layer_graph()"
        )
    try:
        return _Quantised(quantise(perception, bits))
    except IntegerFormError as fault:
        raise NetworkError(f"the perception '{name}' has no integer form: {fault}") from None


@dataclass(frozen=True, eq=False)
class _RoundedClassifier:
    classifier: SpikingClassifier

    @property
    def steps(self) -> int:
        return self.classifier.steps

    def to_evidence(self, slots: int) -> SpikingNetwork:
        return to_evidence(self.classifier, slots)

    def input_spikes(self, pictures: Tensor) -> Tensor:
        size = self.classifier.size
        return encode(check_pictures(pictures, (size, size))[:, :, 0], self.steps)

    def layers(self) -> dict[str, RealLayer]:
        return classifier_layers(self.classifier)


@dataclass(frozen=True, eq=False)
class _Quantised:
    perception: QuantisedPerception

    @property
    def steps(self) -> int:
        return self.perception.steps

    def to_evidence(self, slots: int) -> SpikingNetwork:
        return self.perception.to_network(slots)

    def input_spikes(self, pictures: Tensor) -> Tensor:
        return self.perception.input_spikes(pictures)

    def layers(self) -> dict[str, RealLayer]:
        return quantised_layers(self.perception)
