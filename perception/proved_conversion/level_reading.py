"""A converted network as a network of levels: weights, biases and thresholds become whole numbers, channel by channel.

A level of a layer is worth ``threshold / L``, one of a pixel 1/255. Each channel has a grid on which its threshold is a
whole number of steps and its largest weight fits the bits; so thresholds are exact and weights are rounded.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from logic import INPUT
from logic.levels.level_layers import LevelLayer, LevelNetwork, LevelTerm

from ..conversion.converted import ConvertedNetwork
from ..conversion.operators import family
from ..conversion.signal_graph import Constant, ConversionError, Operation, Reference, Role
from ..conversion.units import IntegrateAndFire

PROVED_CODES: Mapping[str, str] = {"group": "members", "two-phase": "window", "ttfs": "timed"}
"""The methods whose levels are sent exactly, and the code of each."""
READOUT = "evidence"
_BRIGHTEST = 255
_PIXEL_BITS = 8
_FINEST = 2**20  # steps of a grid in a unit
_NEARLY = 1 + 1e-9  # a largest weight that is what fits shall not miss it by rounding
_LEAST = 1e-30
_AS_THEY_ARE = frozenset(["dropout", "feature_dropout", "contiguous", "clone", "alias", "detach", "to", "_to_copy"])
_FLAT = frozenset(["flatten", "view", "reshape", "_unsafe_view", "squeeze"])


class LevelReading(NamedTuple):
    """A network of levels, and what its logits are worth.

    Args:
        network: In whole numbers.
        code: How its levels are sent.
        scale: A logit of the converted network is a whole logit divided by it.
    """

    network: LevelNetwork
    code: str
    scale: float


@dataclass(frozen=True)
class _Sent:
    """Levels of a layer or the picture, or their means over windows.

    Args:
        source: Its name.
        shape: Of one picture, ``(C, H, W)``.
        pool: Side of the windows.
        flat: Whether they are seen as one row.
    """

    source: str
    shape: tuple[int, int, int]
    pool: int = 1
    flat: bool = False


class _Part(NamedTuple):
    """A linear map of what is sent."""

    sent: _Sent
    weight: NDArray[np.float64]  # [C, C_source / groups, height, width]
    stride: int = 1
    padding: int = 0
    groups: int = 1


class _Current(NamedTuple):
    """What a layer's neurons hear."""

    parts: tuple[_Part, ...]
    bias: NDArray[np.float64]


def read_levels(converted: ConvertedNetwork, bits: int = 8) -> LevelReading:
    """A converted network in whole numbers.

    Args:
        converted: By ``group`` with one step, ``two-phase`` or ``ttfs``, from pictures of brightness from 0 to 1.
        bits: Of a weight, sign included.

    Raises:
        ConversionError: if the method does not send levels exactly, or an operation has no form in levels; its line and
            the way out are named.

    Example:
        >>> import torch
        >>> from torch import nn
        >>> from perception.conversion import convert
        >>> _ = torch.manual_seed(0)
        >>> network = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU(), nn.AvgPool2d(2), nn.Flatten(), nn.Linear(8, 3))
        >>> found = read_levels(convert(network, torch.rand(8, 1, 6, 6), "group", steps=1))
        >>> [layer.name for layer in found.network.layers], found.network.shapes["neuron1"], found.code
        (['neuron1', 'evidence'], (2, 4, 4), 'members')
    """
    method = converted.method.name
    if method not in PROVED_CODES:
        raise ConversionError(
            f"what method '{method}' sends depends on the order in which spikes come, so that no levels can be proved; "
            f"use {', '.join(PROVED_CODES)}"
        )
    if method == "group" and converted.steps != 1:
        raise ConversionError(f"group neurons send a level at one step, got steps={converted.steps}; use steps=1")
    return _Reader(converted, bits).read()


class _Reader:
    def __init__(self, converted: ConvertedNetwork, bits: int) -> None:
        self.converted, self.graph, self.most = converted, converted.graph, 2 ** (bits - 1) - 1
        self.layers: list[LevelLayer] = []
        first = next(one for one in self.graph.operations if one.role is Role.INPUT)
        shape = tuple(converted.sample.shape[1:])
        if len(shape) != 3:
            raise ConversionError(f"a picture has the shape {shape}; levels are read of networks on (C, H, W)")
        self.found: dict[str, Any] = {first.name: _Sent(INPUT, (shape[0], shape[1], shape[2]))}
        self.worth = {INPUT: np.full(shape[0], 1 / _BRIGHTEST)}  # of a level of each channel
        unit = converted.unit(self.graph.neurons[0]) if self.graph.neurons else None
        self.levels = unit.members if isinstance(unit, IntegrateAndFire) else converted.steps

    def read(self) -> LevelReading:
        """All operations in order."""
        for one in self.graph.operations:
            if one.role is Role.INPUT or one.role is Role.PLAIN:
                continue
            self.found[one.name] = self._neurons(one) if one.role is Role.NEURON else self._linear(one)
        if len(self.graph.outputs) != 1:
            raise ConversionError(f"the network returns {len(self.graph.outputs)} tensors; levels are read of one")
        last = self._current(self.graph.by_name[self.graph.outputs[0]], self.found[self.graph.outputs[0]])
        weights = self._weights(last)
        step = max(float(np.abs(weight).max(initial=0)) for weight in weights) / self.most or 1.0
        terms = tuple(
            self._term(part, np.rint(weight / step)) for part, weight in zip(last.parts, weights, strict=True)
        )
        self.layers.append(LevelLayer(READOUT, terms, np.rint(last.bias / step), None))
        picture = self.found[self.graph.operations[0].name].shape
        network = LevelNetwork(picture, tuple(self.layers), self.levels, _PIXEL_BITS)
        return LevelReading(network, PROVED_CODES[self.converted.method.name], 1 / step)

    def _fail(self, one: Operation, text: str) -> ConversionError:
        return ConversionError(f"{one.line}: {text}" if one.line else text)

    def _linear(self, one: Operation) -> _Sent | _Current:
        name, given = family(one.target), [self._given(value) for value in one.arguments]
        match name, given:
            case "conv2d", [_Sent() as sent, *_] if not sent.flat:
                return self._convolution(one, sent)
            case "linear", [_Sent() as sent, *_]:
                return self._matrix(one, sent)
            case (("add" | "add_"), [_Sent() | _Current() as left, _Sent() | _Current() as right]):
                left, right = self._current(one, left), self._current(one, right)
                return _Current(left.parts + right.parts, left.bias + right.bias)
            case "avg_pool2d", [_Sent() as sent, list() as window, *rest]:
                step = rest[0] if rest and rest[0] else window
                if len({*window, *step}) == 1 and not any(rest[1] if len(rest) > 1 else ()):
                    return self._pooled(one, sent, int(window[0]))
            case "adaptive_avg_pool2d", [_Sent() as sent, [1, 1]]:
                return self._pooled(one, sent, sent.shape[1] // sent.pool, whole=True)
            case "mean", [_Sent() as sent, [_, _], *_] if sorted(axis % 4 for axis in one.arguments[1]) == [2, 3]:
                found = self._pooled(one, sent, sent.shape[1] // sent.pool, whole=True)
                return found if len(one.arguments) > 2 and one.arguments[2] else replace(found, flat=True)
            case _, [_Sent() as sent, *_] if name in _FLAT and one.dimensions == 2:
                return replace(sent, flat=True)
            case _, [(_Sent() | _Current()) as same, *_] if name in _AS_THEY_ARE:
                return same
            case _:
                pass
        raise self._fail(
            one,
            f"'{name}' has no form in levels as it is here; use convolutions, linear layers, average pools without "
            f"padding, sums, flattening and ReLU",
        )

    def _given(self, value: Any) -> Any:
        """An argument: what is sent or heard, a tensor, or itself."""
        if isinstance(value, Reference):
            return self.found.get(value.name)
        return self._tensor(value) if isinstance(value, Constant) else value

    def _tensor(self, value: Constant) -> NDArray[np.float64]:
        return self.converted.constants[value.name].detach().double().cpu().numpy()

    def _convolution(self, one: Operation, sent: _Sent) -> _Current:
        given: list[Any] = [*one.arguments[1:], *[None] * 7]
        weight = self._tensor(given[0])
        stride, padding, dilation, groups = given[2] or [1], given[3] or [0], given[4] or [1], given[5] or 1
        if len({*stride}) > 1 or len({*padding}) > 1 or {*dilation} != {1}:
            raise self._fail(one, "a convolution of levels has one stride and padding for both axes and no dilation")
        bias = np.zeros(len(weight)) if given[1] is None else self._tensor(given[1])
        return _Current((_Part(sent, weight, int(stride[0]), int(padding[0]), int(groups)),), bias)

    def _matrix(self, one: Operation, sent: _Sent) -> _Current:
        """A matrix as a convolution whose window is the whole map."""
        given: list[Any] = [*one.arguments[1:], None]
        weight = self._tensor(given[0])
        channels, *sides = sent.shape
        sides = [side // sent.pool for side in sides]
        if weight.shape[1] != channels * sides[0] * sides[1] or not (sent.flat or sides == [1, 1]):
            raise self._fail(
                one, f"a linear layer on maps {(channels, *sides)} sees one axis of them; flatten them first"
            )
        bias = np.zeros(len(weight)) if given[1] is None else self._tensor(given[1])
        return _Current((_Part(sent, weight.reshape(len(weight), channels, *sides)),), bias)

    def _pooled(self, one: Operation, sent: _Sent, side: int, *, whole: bool = False) -> _Sent:
        pool = sent.pool * side
        if sent.flat or sent.shape[1] % pool or sent.shape[2] % pool or (whole and sent.shape[1] != sent.shape[2]):
            raise self._fail(one, f"means over {pool} x {pool} do not cover maps of {sent.shape[1:]}; crop them first")
        return replace(sent, pool=pool)

    def _current(self, one: Operation, given: _Sent | _Current) -> _Current:
        """What is sent, heard as it is."""
        if isinstance(given, _Current):
            return given
        channels = given.shape[0]
        if given.flat:
            raise self._fail(one, "levels that were flattened are heard without weights; let a linear layer follow")
        return _Current((_Part(given, np.ones((channels, 1, 1, 1)), groups=channels),), np.zeros(channels))

    def _weights(self, current: _Current) -> list[NDArray[np.float64]]:
        """Real weights of a level, or of a sum of levels over a window."""
        found = list[NDArray[np.float64]]()
        for part in current.parts:
            out, per_group = part.weight.shape[:2]
            first = np.arange(out) // (out // part.groups) * per_group
            worth = self.worth[part.sent.source][first[:, None] + np.arange(per_group)]
            found.append(part.weight * worth[:, :, None, None] / part.sent.pool**2)
        return found

    def _term(self, part: _Part, whole: NDArray[np.float64]) -> LevelTerm:
        kernel = whole.astype(np.int64)
        return LevelTerm(part.sent.source, kernel, part.stride, part.padding, part.groups, part.sent.pool)

    def _neurons(self, one: Operation) -> _Sent:
        """A layer, each channel on its grid; what it sends."""
        current, unit = self._current(one, self._given(one.arguments[0])), self.converted.unit(one)
        members = unit.members if isinstance(unit, IntegrateAndFire) else self.levels
        if unit.two_sided or members != self.levels:
            raise self._fail(
                one, "neurons of two signs, or with more or fewer levels than others, have no form in levels"
            )
        channels = len(current.bias)
        threshold = unit.threshold.detach().double().reshape(-1).cpu().numpy()
        worth = np.broadcast_to(threshold / self.levels, (channels,))
        weights = self._weights(current)
        widest = np.max([np.abs(weight).reshape(channels, -1).max(1) for weight in weights], 0)
        units = np.floor(self.most * _NEARLY * worth / np.maximum(widest, _LEAST)).clip(1, _FINEST)
        step = worth / units
        rounded = [np.rint(weight / step[:, None, None, None]) for weight in weights]
        if max(float(np.abs(weight).max(initial=0)) for weight in rounded) > self.most:
            bits = self.most.bit_length() + 1
            raise self._fail(
                one, f"{bits} bits do not hold the weights of so low a threshold, {threshold.min():g}; give more"
            )
        name = f"neuron{len(self.layers) + 1}"
        terms = tuple(self._term(part, whole) for part, whole in zip(current.parts, rounded, strict=True))
        self.layers.append(LevelLayer(name, terms, np.rint(current.bias / step), units))
        self.worth[name] = worth
        shapes = [term.shape_from(part.sent.shape) for term, part in zip(terms, current.parts, strict=True)]
        return _Sent(name, (channels, shapes[0][1], shapes[0][2]))
