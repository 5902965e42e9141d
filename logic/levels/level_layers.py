"""A network of levels: layers whose neurons take whole numbers from 0 to L, as QCFS computes them, in integers alone.

A neuron with the unit ``u`` and the accumulator ``V`` has the level

    n = clip(floor((V + floor(u / 2)) / u), 0, L),   V = bias + sum over its terms of weight times the source's level

A picture's pixels are the first levels, whole numbers below ``2^bits``. The last layer has no unit: ``V`` are logits.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from math import prod

import numpy as np
from numpy.typing import ArrayLike

from ..errors import NetworkError
from ..network import INPUT
from ..projections import Convolution, Integers, Shape, integer_row, whole


@dataclass(frozen=True, eq=False)
class LevelTerm:
    """A convolution of the levels of a source, or of their sums over square windows.

    Args:
        source: Name of a layer, or ``input``.
        kernel: ``[C, C_source / groups, height, width]`` integers.
        stride: As in ``torch.nn.functional.conv2d``.
        padding: Likewise, on all sides.
        groups: Likewise.
        pool: Side of the windows, next to each other, over which levels are added up first; 1 for none.
    """

    source: str
    kernel: Integers
    stride: int
    padding: int
    groups: int
    pool: int

    def __init__(
        self, source: str, kernel: ArrayLike, stride: int = 1, padding: int = 0, groups: int = 1, pool: int = 1
    ) -> None:
        checked = Convolution(source, "levels", np.asarray(kernel), stride, groups, 1, padding)
        object.__setattr__(self, "source", source)
        object.__setattr__(self, "kernel", checked.kernel)
        object.__setattr__(self, "stride", checked.stride)
        object.__setattr__(self, "padding", checked.padding)
        object.__setattr__(self, "groups", checked.groups)
        object.__setattr__(self, "pool", whole(pool, 1, f"pool of {source}"))

    def folded(self) -> Integers:
        """The kernel on single levels, each weight at all places of its window; stride and padding grow likewise."""
        return self.kernel.repeat(self.pool, axis=2).repeat(self.pool, axis=3)

    def shape_from(self, source: Shape) -> Shape:
        """The shape of what comes out, given that of the source.

        Raises:
            NetworkError: if windows do not cover the source, or the kernel does not fit.
        """
        if len(source) != 3 or any(side % self.pool for side in source[1:]):
            raise NetworkError(
                f"sums over {self.pool} x {self.pool} do not cover {self.source} of shape {source}; crop it first"
            )
        pooled = (source[0], *(side // self.pool for side in source[1:]))
        return Convolution(self.source, "levels", self.kernel, self.stride, self.groups, 1, self.padding).shape_from(
            pooled
        )


@dataclass(frozen=True, eq=False)
class LevelLayer:
    """Neurons that take levels.

    Args:
        name: Lower-case identifier.
        terms: Whose sum, with the bias, is the accumulator.
        bias: ``[C]`` integers.
        unit: ``[C]`` integers of at least 1; none for the readout.
    """

    name: str
    terms: tuple[LevelTerm, ...]
    bias: Integers
    unit: Integers | None

    def __init__(self, name: str, terms: tuple[LevelTerm, ...], bias: ArrayLike, unit: ArrayLike | None) -> None:
        if not terms:
            raise NetworkError(f"layer '{name}' hears nothing")
        channels = len(terms[0].kernel)
        units = None if unit is None else integer_row(unit, channels, f"unit of '{name}'")
        if units is not None and units.min(initial=1) < 1:
            raise NetworkError(f"a unit of '{name}' is {units.min()}, below 1")
        object.__setattr__(self, "name", name)
        object.__setattr__(self, "terms", terms)
        object.__setattr__(self, "bias", integer_row(bias, channels, f"bias of '{name}'"))
        object.__setattr__(self, "unit", units)


@dataclass(frozen=True, eq=False)
class LevelNetwork:
    """Layers of levels in the order in which data flow; the last is the readout.

    Args:
        picture: Shape ``(C, H, W)`` of a picture.
        layers: At least one with units, and the readout, of shape ``(K, 1, 1)``.
        levels: The greatest level ``L``, the same in all layers.
        bits: Of a pixel.

    Raises:
        NetworkError: if a layer hears what does not come before it, or shapes do not fit.

    Example:
        >>> cells = LevelLayer("cells", (LevelTerm("input", np.full((2, 1, 2, 2), 3)),), [0, 5], [4, 6])
        >>> last = LevelLayer("evidence", (LevelTerm("cells", np.ones((3, 2, 1, 1))),), [0, 0, 0], None)
        >>> network = LevelNetwork((1, 2, 2), (cells, last), levels=8)
        >>> network.shapes["cells"], [ends.tolist() for ends in network.accumulators["cells"]]
        ((2, 1, 1), [[0, 5], [3060, 3065]])
    """

    picture: Shape
    layers: tuple[LevelLayer, ...]
    levels: int = 8
    bits: int = 8

    def __post_init__(self) -> None:
        whole(self.levels, 1, "levels")
        whole(self.bits, 1, "bits of a pixel")
        if len(self.layers) < 2 or [layer.unit is None for layer in self.layers] != [False] * (len(self.layers) - 1) + [
            True
        ]:
            raise NetworkError("a network of levels has layers with units and then one readout without")
        if len(shape := self.shapes[self.layers[-1].name]) != 3 or shape[1:] != (1, 1):
            raise NetworkError(f"the readout has the shape {shape}, expected (K, 1, 1)")

    @cached_property
    def shapes(self) -> Mapping[str, Shape]:
        """Shapes ``(C, H, W)`` of the picture and of all layers."""
        found: dict[str, Shape] = {INPUT: self.picture}
        for layer in self.layers:
            if unknown := [term.source for term in layer.terms if term.source not in found]:
                raise NetworkError(f"layer '{layer.name}' hears '{unknown[0]}', which does not come before it")
            if layer.name in found:
                raise NetworkError(f"two layers bear the name '{layer.name}'")
            shapes = {term.shape_from(found[term.source]) for term in layer.terms}
            if len(shapes) > 1:
                raise NetworkError(f"the terms of '{layer.name}' have different shapes {sorted(shapes)}")
            found[layer.name] = shapes.pop()
        return found

    @property
    def hidden(self) -> tuple[LevelLayer, ...]:
        """The layers with units."""
        return self.layers[:-1]

    @property
    def readout(self) -> LevelLayer:
        """The last layer."""
        return self.layers[-1]

    @property
    def neurons(self) -> int:
        """Number of neurons with a level."""
        return sum(prod(self.shapes[layer.name]) for layer in self.hidden)

    @property
    def lines(self) -> int:
        """Channels of its input: the bits of each channel of the picture, lowest first, and one that is always on."""
        return self.picture[0] * self.bits + 1

    def greatest(self, source: str) -> int:
        """The greatest level that a layer or the picture can send."""
        return 2**self.bits - 1 if source == INPUT else self.levels

    @cached_property
    def accumulators(self) -> Mapping[str, tuple[Integers, Integers]]:
        """For each layer the least and greatest accumulator ``[C]`` of a channel, over all levels of its sources."""
        found: dict[str, tuple[Integers, Integers]] = {}
        for layer in self.layers:
            low, high = layer.bias.copy(), layer.bias.copy()
            for term in layer.terms:
                most = self.greatest(term.source) * term.pool**2
                low += most * np.minimum(term.kernel, 0).sum((1, 2, 3))
                high += most * np.maximum(term.kernel, 0).sum((1, 2, 3))
            found[layer.name] = low, high
        return found


def ungrouped(kernel: Integers, groups: int) -> Integers:
    """A grouped kernel as one on all channels, with zeros for those of other groups."""
    share, per_group = len(kernel) // groups, kernel.shape[1]
    found = np.zeros((groups, share, groups, *kernel.shape[1:]), np.int64)
    for group in range(groups):
        found[group, :, group] = kernel[group * share : (group + 1) * share]
    return found.reshape(len(kernel), groups * per_group, *kernel.shape[2:])
