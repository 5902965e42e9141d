"""Layers in real numbers, as PyTorch computes them: what a population of integer neurons is proved against."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import NetworkError
from ..network import Reset
from ..projections import Convolution, Integers, Shape, Synapses, write_out

Response = Callable[[NDArray[np.float64]], ArrayLike]
_CHUNK = 256  # unit vectors at a time


@dataclass(frozen=True, eq=False)
class RealLink:
    """A linear map from the spikes of one population to currents of the layer.

    Args:
        source: Name of the sending population, or ``input``.
        weight: ``[out, in]`` over flattened neurons, or ``[C, C_source / groups, height, width]`` of a convolution; or
            a linear function from ``[M, *source shape]`` to ``[M, *shape]``, which is then asked for every unit vector;
            or :class:`logic.Synapses` with weights in units, whose delays do not count.
        stride: Of a convolution.
        padding: Of a convolution.
        groups: Of a convolution.
        delay: Steps that the spikes take in the network.
        planes: Where a convolution hears numbers and the source sends their bits: ``(channel, value)`` of each channel
            of the source, such as ``(0, 128)`` for the highest bit of a byte; value 0 for one that is not heard.
    """

    source: str
    weight: Any
    stride: int = 1
    padding: int = 0
    groups: int = 1
    delay: int = 1
    planes: Sequence[tuple[int, int]] = ()


@dataclass(frozen=True, eq=False)
class RealLayer:
    """Neurons ``y[t] = decay y[t - 1] + gain x[t]`` that fire at ``y >= threshold``, from ``y = 0`` on.

    Args:
        links: Whose sum, with the bias, is ``x``.
        threshold: One, ``[C]`` or ``[n]``.
        decay: 0 for neurons that forget; else a power of two, or 1.
        reset: To zero, or by the threshold.
        gain: Of the currents, as in ``y += (x - y) / tau``.
        bias: Current of every step, one, ``[C]`` or ``[n]``. What flows only while a picture is shown is a link.
        unit: Currents are whole multiples of it: the weight of 1 in the integer network.
    """

    links: Sequence[RealLink]
    threshold: ArrayLike
    decay: float
    reset: Reset = "zero"
    gain: float = 1.0
    bias: ArrayLike = 0.0
    unit: float = 1.0


def per_neuron(values: ArrayLike, shape: Shape, what: str) -> NDArray[np.float64]:
    """``[n]`` of one number, one for each channel, or one for each neuron.

    Raises:
        NetworkError: if there are as many of neither, or one is not finite.
    """
    array, size = np.asarray(values, np.float64), int(np.prod(shape))
    if not np.isfinite(array).all():
        raise NetworkError(f"{what} must be finite numbers")
    if array.size == 1:
        return np.full(size, array.reshape(-1)[0])
    if array.size == size:
        return array.reshape(-1)
    if array.size == shape[0]:
        return np.repeat(array.reshape(-1), size // shape[0])
    raise NetworkError(f"{what} has {array.size} numbers for neurons of shape {shape}; give one, or one a channel")


def in_units(values: NDArray[np.float64], unit: Fraction) -> tuple[Integers, NDArray[np.bool_]]:
    """Numbers as whole multiples of a unit, rounded down, and which of them are exactly that."""
    kinds, place = np.unique(values, return_inverse=True)
    quotients = [Fraction(value) / unit for value in kinds.tolist()]
    floors = np.array([quotient.__floor__() for quotient in quotients], np.int64)
    exact = np.array([quotient.denominator == 1 for quotient in quotients], np.bool_)
    return floors[place].reshape(values.shape), exact[place].reshape(values.shape)


def written_links(links: Sequence[RealLink], shapes: dict[str, Shape], name: str, unit: Fraction) -> list[Synapses]:
    """The synapses that a layer's links should be, in whole numbers.

    Args:
        links: Of the layer.
        shapes: Of all sources, and of the layer under its name.
        name: Of the layer.
        unit: Of the weights.

    Raises:
        NetworkError: if a weight is no multiple of the unit, or a link does not fit.
    """
    written: list[Synapses] = []
    for link in links:
        where = f"{link.source} -> {name}"
        if link.source not in shapes:
            raise NetworkError(f"{where}: there is no '{link.source}'; there are {sorted(shapes)}")
        source, target = shapes[link.source], shapes[name]
        if isinstance(link.weight, Synapses):
            given = link.weight
            written.append(Synapses(link.source, name, given.pre, given.post, given.weight, link.delay))
            continue
        if callable(link.weight):
            written += _asked(link, source, target, name, unit)
            continue
        weight = _whole(np.asarray(link.weight, np.float64), unit, where)
        if weight.ndim == 2:
            expected = int(np.prod(target)), int(np.prod(source))
            if weight.shape != expected:
                raise NetworkError(f"{where}: weights have shape {weight.shape}, expected {expected}")
            written.append(Synapses.dense(link.source, name, weight, link.delay))
            continue
        groups = link.groups
        if link.planes:
            weight, groups = _by_plane(weight, groups, link.planes), 1
        window = Convolution(link.source, name, weight, link.stride, groups, link.delay, link.padding)
        if window.shape_from(source) != target:
            raise NetworkError(f"{where}: a convolution gives {window.shape_from(source)}, not {target}")
        written.append(write_out(window, source, target))
    return written


def _whole(weight: NDArray[np.float64], unit: Fraction, where: str) -> Integers:
    whole, exact = in_units(weight, unit)
    if not exact.all():
        wrong = weight[~exact].reshape(-1)[0]
        raise NetworkError(f"{where}: the weight {wrong!r} is no multiple of {float(unit)!r}; round the weights first")
    return whole


def _by_plane(weight: Integers, groups: int, planes: Sequence[tuple[int, int]]) -> Integers:
    """The kernel ``[C, planes, height, width]`` on bits of what ``weight`` hears as numbers."""
    out, per_group, *window = weight.shape
    dense = np.zeros((out, per_group * groups, *window), np.int64)
    for channel in range(out):
        first = channel // (out // groups) * per_group
        dense[channel, first : first + per_group] = weight[channel]
    return np.stack([dense[:, channel] * value for channel, value in planes], axis=1)


def _asked(link: RealLink, source: Shape, target: Shape, name: str, unit: Fraction) -> list[Synapses]:
    """The answers of a linear function to all unit vectors."""
    size, where = int(np.prod(source)), f"{link.source} -> {name}"
    parts: list[Synapses] = []
    for first in range(0, size, _CHUNK):
        units = np.eye(min(_CHUNK, size - first), size, first)
        answers = np.asarray(link.weight(units.reshape(-1, *source)), np.float64)
        if answers.shape != (len(units), *target):
            raise NetworkError(f"{where}: the function gives {answers.shape}, expected {(len(units), *target)}")
        matrix = _whole(answers.reshape(len(units), -1), unit, where)
        pre, post = np.nonzero(matrix)
        parts.append(Synapses(link.source, name, pre + first, post, matrix[pre, post], link.delay))
    return parts
