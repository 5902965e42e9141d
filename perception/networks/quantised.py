"""A perception in whole numbers: it sees what its network of integers sees, and it can be trained on."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Protocol, runtime_checkable

from torch import Tensor, nn

from logic import Domain, SpikingNetwork, Symbols
from logic.randomness import Seed

from ..integers import (
    EVIDENCE,
    IntegerFormError,
    IntegerLayers,
    LayerGraph,
    Run,
    as_shown,
    input_spikes,
    precision_of,
    to_populations,
)
from ..pictures.picture import PictureError, check_pixels
from .classifier import SpikingClassifier
from .percept import Percept
from .perception import Perception, PerceptionClass, check_sizes, class_of, to_domain
from .vision import SpikingVision

_SOURCES: MappingProxyType[str, PerceptionClass] = MappingProxyType(
    {"vision": SpikingVision, "classifier": SpikingClassifier}
)


@runtime_checkable
class Layered(Perception, Protocol):
    """A perception that tells the layers it is made of."""

    def layer_graph(self) -> LayerGraph:
        """Its layers with real weights, norms folded."""
        ...


@runtime_checkable
class WholePerception(Perception, Protocol):
    """A perception in whole numbers, of which an integer network can be made."""

    @property
    def arrival(self) -> tuple[int, int]:
        """The step at which its network's first evidence arrives, and for how many steps it does."""
        ...

    def to_network(self, slots: int = 1) -> SpikingNetwork:
        """The network from pictures to evidence; its last population, ``evidence``, gathers that of all slots."""
        ...

    def input_spikes(self, pictures: Tensor) -> Tensor:
        """What that network takes in for pictures ``[B, N, C, H, W]``."""
        ...


class QuantisedPerception(nn.Module):
    """A perception whose weights are whole numbers whenever it looks.

    Args:
        domain: The values that a picture can show, or how many.
        generator: Source of the initial weights, or a seed.
        kind: Of perception that it is made of, ``vision`` or ``classifier``.
        architecture: Arguments of that perception.
        bits: Of a weight, sign included, or the name of a chip, whose weights and membranes then are the limits; see
            :func:`perception.integers.precision_of`.
        trained: The perception that it is made of; a fresh one if none.

    Raises:
        IntegerFormError: if a layer has no integer form.
        NetworkError: if there is no such chip.

    Example:
        >>> import torch
        >>> vision = SpikingVision(3, 0, model="tiny_ms_resnet", options={"size": 8, "steps": 2})
        >>> quantised = quantise(vision, bits=6)
        >>> quantised(torch.zeros(4, 2, 1, 8, 8)).symbols.log_probs.shape
        torch.Size([4, 2, 3])
        >>> quantised.to_network(slots=2).input_shape
        (18, 8, 8)
    """

    def __init__(
        self,
        domain: Domain | int,
        generator: Seed,
        *,
        kind: str = "vision",
        architecture: Mapping[str, Any] | None = None,
        bits: int | str = 8,
        trained: Layered | None = None,
    ) -> None:
        super().__init__()
        if not isinstance(bits, str):
            check_sizes(bits=bits)
        precision = precision_of(bits)
        self.domain = to_domain(domain)
        self.kind, self.source, self.bits = kind, dict(architecture or {}), bits
        if trained is None:
            if kind not in _SOURCES:
                raise IntegerFormError(f"there is no perception {kind!r} to be quantised; use {' or '.join(_SOURCES)}")
            trained = _layered(_SOURCES[kind](self.domain, generator, **self.source))
        self.layers = IntegerLayers(trained.layer_graph(), precision)

    @property
    def steps(self) -> int:
        """Steps for which still pictures are shown, ``T``."""
        return self.layers.graph.steps

    @property
    def arrival(self) -> tuple[int, int]:
        """See :class:`WholePerception`."""
        return self.layers.graph.depths[EVIDENCE], self.steps

    def architecture(self) -> dict[str, Any]:
        """The arguments that, with the domain, give a perception of the same shape; JSON can say them."""
        return {"kind": self.kind, "architecture": self.source, "bits": self.bits}

    def look(self, pictures: Tensor, rounded: "list[str] | None" = None) -> Run:
        """All that happens when pictures ``[B, N, C, H, W]`` or frames ``[B, N, T, C, H, W]`` are seen.

        Args:
            pictures: Bytes, or floats from 0 to 1, which are rounded to bytes.
            rounded: Layers in whole numbers; all if not given.

        Raises:
            PictureError: if the pictures have another shape or hold other numbers.
        """
        shape, pictures = self.layers.graph.picture, check_pixels(pictures)
        if pictures.ndim not in (5, 6) or tuple(pictures.shape[-3:]) != shape:
            raise PictureError(
                f"pictures have shape {list(pictures.shape)}, but this perception needs [samples, slots, "
                f"{', '.join(map(str, shape))}], or frames [samples, slots, steps, ...]"
            )
        flat = pictures.flatten(0, 1)
        shown = as_shown(self.layers.graph, flat if pictures.ndim == 5 else flat.transpose(0, 1))
        return self.layers.run(shown, rounded)

    def logits(self, pictures: Tensor) -> Tensor:
        """Logits of each step, ``[T, B * N, K]``, of what :meth:`look` takes."""
        return self.look(pictures).logits

    def forward(self, pictures: Tensor) -> Percept:
        """What is seen in pictures ``[B, N, C, H, W]`` or frames ``[B, N, T, C, H, W]``, bytes or floats in [0, 1].

        Raises:
            PictureError: if the pictures have another shape or hold other numbers.
        """
        seen = self.look(pictures)
        log_probs = seen.logits.mean(0).log_softmax(1).unflatten(0, pictures.shape[:2])
        return Percept(Symbols(self.domain, log_probs), seen.spikes)

    def to_network(self, slots: int = 1) -> SpikingNetwork:
        """The network of integers from pictures to evidence; see :func:`perception.integers.to_populations`."""
        return to_populations(self.layers, slots)

    def input_spikes(self, pictures: Tensor) -> Tensor:
        """What that network takes in; see :func:`perception.integers.input_spikes`."""
        return input_spikes(self.layers.graph, pictures)


def quantise(perception: Layered, bits: int | str = 8) -> QuantisedPerception:
    """A trained perception in whole numbers, each channel on a grid of its own.

    Train it on (:func:`neurosym.training.quantising.fine_tune`, or any loop of yours) and it learns what rounding
    broke: gradients pass the rounding as if it were not there. What it sees then is, spike by spike, what its integer
    network sees.

    Args:
        perception: A :class:`SpikingVision` or :class:`SpikingClassifier`, or another that tells its ``layer_graph``.
        bits: Of a weight, sign included, or the name of a chip, such as ``loihi1`` or ``speck``: then weights have the
            bits that it gives them, and no picture drives a membrane out of the range that it has.

    Raises:
        IntegerFormError: if a layer has no integer form; the text names it.
        NetworkError: if there is no such chip.

    Example:
        >>> vision = SpikingVision(3, 0, model="tiny_ms_resnet", options={"size": 8, "steps": 2})
        >>> quantise(vision, "speck").layers.precision
        Precision(weight=8, membrane=16)
    """
    found = _layered(perception)
    kind = next((kind for kind, made in _SOURCES.items() if class_of(found) is made), type(found).__name__)
    source = found.architecture() if isinstance(found, SpikingVision | SpikingClassifier) else {}
    return QuantisedPerception(found.domain, 0, kind=kind, architecture=source, bits=bits, trained=found)


def _layered(perception: object) -> Layered:
    if isinstance(perception, Layered):
        return perception
    raise IntegerFormError(
        f"a {type(perception).__name__} has no integer form, since it does not tell its layers; give it a method "
        f"layer_graph() that returns a perception.integers.LayerGraph"
    )
