"""A spiking network as populations and the linear maps between them: real weights, norms folded, no modules left.

Whatever a population hears is a sum of terms, each a linear map of the spikes of one earlier population. A membrane
that residual blocks pass on is no population: all branches before lead to whoever hears it. So does a sum of spikes.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import prod
from typing import Literal

import torch
from torch import Tensor

from logic import INPUT, NeurosymError

from ..neurons import IntegerForm
from ..neurons.surrogates import Surrogate

Code = Literal["bytes", "spikes"]
"""How a picture reaches the first layer: as brightness in bytes, or as spikes of its pixels."""


BRIGHTEST = 255  # of a byte
EVIDENCE = "evidence"
"""The last population's name: the readout, which gathers what speaks for each value."""


class IntegerFormError(NeurosymError, ValueError):
    """A layer that has no integer form; the text names it and says what to build instead."""


@dataclass(frozen=True, eq=False)
class Term:
    """A convolution of a population's spikes.

    Args:
        source: Who sends, or ``input``.
        weight: ``[C, C_source / groups, height, width]`` of a spike; a byte of brightness counts as that many spikes.
        stride: Step of the window.
        padding: Zeros on all sides.
        groups: As in ``torch.nn.functional.conv2d``.
        averaged: Whether the convolution hears sums over windows of 2 x 2, those at an odd rim cut off.
    """

    source: str
    weight: Tensor
    stride: int = 1
    padding: int = 0
    groups: int = 1
    averaged: bool = False

    def shape(self, source: tuple[int, int, int]) -> tuple[int, int, int]:
        """Shape ``(C, H, W)`` of what comes out, given that of the source."""
        height, width = ((side + 1) // 2 if self.averaged else side for side in source[1:])
        window = self.weight.shape[2:]
        rows, columns = (
            (side + 2 * self.padding - extent) // self.stride + 1
            for side, extent in zip((height, width), window, strict=True)
        )
        return len(self.weight), rows, columns


@dataclass(frozen=True, eq=False)
class Layer:
    """A population, with all that it hears.

    Args:
        name: Lower-case identifier.
        place: Where its neurons stand in the network that was read.
        shape: ``(C, H, W)``.
        terms: What it hears.
        bias: ``[C]`` current of every step in which the picture is shown.
        form: What its neurons do with currents; none for the readout, which only gathers.
        gate: Whether it computes a Boolean function of spikes, so that weights and threshold are whole numbers.
        surrogate: Stand-in derivative of its spikes in training.
        uniform: Whether all channels share one grid, so that all neurons have one threshold, as NIR wants it.
    """

    name: str
    place: str
    shape: tuple[int, int, int]
    terms: tuple[Term, ...]
    bias: Tensor
    form: IntegerForm | None
    gate: bool = False
    surrogate: Surrogate | None = None
    uniform: bool = False

    @property
    def size(self) -> int:
        """The number of neurons."""
        return prod(self.shape)


@dataclass(frozen=True, eq=False)
class LayerGraph:
    """All layers in the order in which data flow; the last is the readout.

    Args:
        picture: Shape ``(C, H, W)`` of a picture.
        code: How it is shown.
        steps: Steps for which it is shown, ``T``.
        layers: The populations.
    """

    picture: tuple[int, int, int]
    code: Code
    steps: int
    layers: tuple[Layer, ...]
    depths: Mapping[str, int] = field(init=False)
    """Steps by which each population is late, as every connection takes a step; the input is not."""

    def __post_init__(self) -> None:
        depths = {INPUT: 0}
        for layer in self.layers:
            depths[layer.name] = 1 + max(depths[term.source] for term in layer.terms)
        object.__setattr__(self, "depths", depths)

    def shape_of(self, name: str) -> tuple[int, int, int]:
        """The shape of a population, or of the picture."""
        return self.picture if name == INPUT else next(layer.shape for layer in self.layers if layer.name == name)

    @property
    def readout(self) -> Layer:
        """The layer that gathers evidence."""
        return self.layers[-1]


@dataclass(frozen=True, eq=False)
class Current:
    """What runs through a network before neurons: terms to be added, and a bias ``[C]``."""

    terms: tuple[Term, ...]
    bias: Tensor

    def __add__(self, other: "Current") -> "Current":
        return Current(self.terms + other.terms, self.bias + other.bias)


Spikes = tuple[str, ...]
"""What runs through a network behind neurons: the spikes of populations, added up."""


class GraphBuilder:
    """A graph that grows layer by layer.

    Args:
        picture: Shape ``(C, H, W)`` of a picture.
        code: How it is shown.
        steps: Steps for which it is shown.
    """

    def __init__(self, picture: tuple[int, int, int], code: Code, steps: int) -> None:
        self.picture, self.steps = picture, steps
        self.code: Code = code
        self._layers: dict[str, Layer] = {}

    def shape_of(self, name: str) -> tuple[int, int, int]:
        """The shape of a population, or of the picture."""
        return self.picture if name == INPUT else self._layers[name].shape

    def add(
        self,
        place: str,
        current: Current,
        form: IntegerForm | None,
        *,
        gate: bool = False,
        surrogate: Surrogate | None = None,
        uniform: bool = False,
    ) -> Spikes:
        """A population that hears a current; what it sends."""
        shapes = {term.shape(self.shape_of(term.source)) for term in current.terms}
        if len(shapes) != 1:
            raise IntegerFormError(f"{place}: what is added has different shapes {sorted(shapes)}")
        name = place.replace(".", "_").lower()
        shape, terms = shapes.pop(), current.terms
        self._layers[name] = Layer(name, place, shape, terms, current.bias, form, gate, surrogate, uniform)
        return (name,)

    def convolve(
        self,
        signal: Spikes,
        weight: Tensor,
        bias: Tensor | None = None,
        *,
        stride: int = 1,
        padding: int = 0,
        groups: int = 1,
        averaged: bool = False,
    ) -> Current:
        """A convolution of the spikes of all populations of a signal, or of their means over windows of 2 x 2."""
        if averaged and any((self.shape_of(name)[1] - self.shape_of(name)[2]) % 2 for name in signal):
            raise IntegerFormError("a mean over 2 x 2 needs maps whose sides are both even or both odd")
        each = weight / 4 if averaged else weight
        terms = tuple(Term(name, each, stride, padding, groups, averaged) for name in signal)
        return Current(terms, torch.zeros_like(weight[:, 0, 0, 0]) if bias is None else bias)

    def each(self, signal: Spikes, weight: Tensor | None = None, *, stride: int = 1, padding: int = 0) -> Current:
        """One window ``[height, width]`` for each channel on its own; a single 1 if none is given."""
        channels = self.shape_of(signal[0])[0]
        window = torch.ones(1, 1) if weight is None else weight
        spread = window.expand(channels, 1, *window.shape)
        return self.convolve(signal, spread, stride=stride, padding=padding, groups=channels)

    def pool(self, place: str, signal: Spikes) -> Spikes:
        """Whether any of 3 x 3 neighbours fires, at every second place."""
        if len(signal) > 1:
            raise IntegerFormError(f"{place}: a max-pool of added spikes has no integer form; pool each before the sum")
        return self.add(place, self.each(signal, torch.ones(3, 3), stride=2, padding=1), GATE, gate=True)

    def join(self, place: str, branch: Spikes, identity: Spikes, shortcut: str) -> Spikes:
        """A spike-element-wise connection; see :func:`perception.architectures.join`."""
        if shortcut == "sew-add":
            return identity + branch
        if len(branch) > 1 or len(identity) > 1:
            raise IntegerFormError(f"{place}: a gate of added spikes has no integer form; use shortcut 'sew-add'")
        one = torch.ones(1, 1)
        if shortcut == "sew-and":
            form = IntegerForm(2.0, retain=False)
            return self.add(place, self.each(branch, one) + self.each(identity, one), form, gate=True)
        return self.add(place, self.each(branch, -one) + self.each(identity, one), GATE, gate=True)

    def finish(self) -> LayerGraph:
        """The graph, without populations that nobody hears."""
        layers = tuple(self._layers.values())
        heard = {layers[-1].name}
        for layer in reversed(layers):
            if layer.name in heard:
                heard.update(term.source for term in layer.terms)
        return LayerGraph(self.picture, self.code, self.steps, tuple(layer for layer in layers if layer.name in heard))


GATE = IntegerForm(1.0, retain=False)
"""A neuron that fires if and only if what it hears now is at least 1."""
