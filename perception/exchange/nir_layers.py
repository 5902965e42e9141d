"""Nodes of NIR graphs as layers over time, with the shape of what leaves them."""

from math import prod
from typing import Any

import nir
import numpy as np
import torch
from torch import Tensor, nn

from ..neurons.surrogates import SurrogateChoice
from ..temporal import Delay, TimeDistributed
from ..time_graph import GraphError
from .nir_neurons import neurons_of

Shape = tuple[int, ...]
_NEURONS = (nir.LIF, nir.CubaLIF, nir.IF, nir.LI, nir.CubaLI, nir.Threshold)
_LONGEST = 4096  # steps of a delay
_NEAR = 1e-3  # of a step


class Scale(nn.Module):
    """A factor for each feature.

    Args:
        factors: As large as a signal, without steps and samples.
    """

    def __init__(self, factors: Tensor) -> None:
        super().__init__()
        self.weight = nn.Parameter(factors)

    def forward(self, signal: Tensor) -> Tensor:
        """``factors * signal``."""
        return self.weight * signal


def layer_of(
    node: nir.NIRNode, shape: Shape, dt: float, surrogate: SurrogateChoice, needed: set[Shape]
) -> tuple[nn.Module, Shape]:
    """The layer of a node, and the shape of what leaves it.

    Args:
        node: Of any kind but input and output.
        shape: Of what comes in.
        dt: Seconds of a step.
        surrogate: Of its spikes.
        needed: Shapes that the nodes behind it take in, as far as they tell.

    Raises:
        GraphError: if there is no layer for it, or it does not fit what comes in.
    """
    given: Any = node
    for name, values in vars(node).items():
        if isinstance(values, np.ndarray) and values.dtype.kind in "fiub" and not np.isfinite(values).all():
            raise GraphError(f"its {name} holds what is no number")
    if isinstance(node, _NEURONS):
        wanted = tuple(np.shape(getattr(given, "v_threshold", getattr(given, "threshold", getattr(given, "r", 0)))))
        if wanted:  # a single number stands for all neurons
            _fits(shape, wanted)
        return neurons_of(node, dt, surrogate), shape
    if isinstance(node, nir.Affine | nir.Linear):
        weight = _tensor(given.weight)
        if weight.ndim != 2 or shape != (weight.shape[1],):
            raise GraphError(f"its weights {list(weight.shape)} do not fit a signal of shape {list(shape)}")
        linear = nn.Linear(weight.shape[1], weight.shape[0], bias=isinstance(node, nir.Affine))
        return _filled(linear, weight, given), (weight.shape[0],)
    if isinstance(node, nir.Conv1d | nir.Conv2d):
        return _convolution(given, shape)
    if isinstance(node, nir.SumPool2d | nir.AvgPool2d):
        kernel, stride, padding = (_pair(given, name) for name in ("kernel_size", "stride", "padding"))
        divisor = 1 if isinstance(node, nir.SumPool2d) else None
        _fits(shape, (*shape[:1], *shape[-2:]))
        pool = nn.AvgPool2d(kernel, stride, padding, divisor_override=divisor)
        return TimeDistributed(pool), (shape[0], *_sides(shape[1:], kernel, stride, padding, (1, 1)))
    if isinstance(node, nir.Flatten):
        behind = _flattened(given, shape, needed)
        return TimeDistributed(nn.Flatten()) if len(behind) == 1 else TimeDistributed(nn.Unflatten(1, behind)), behind
    if isinstance(node, nir.Scale):
        factors = _tensor(given.scale)
        _fits(shape, tuple(torch.broadcast_shapes(shape, factors.shape)))
        return TimeDistributed(Scale(factors.expand(shape).clone())), shape
    if isinstance(node, nir.Delay):
        return _delay(given, shape, dt), shape
    kind = type(node).__name__
    raise GraphError(f"a {kind} has no layer here; there are LIF, CubaLIF, IF, LI, CubaLI, Threshold, Affine, Linear, "
                     f"Scale, Conv1d, Conv2d, SumPool2d, AvgPool2d, Flatten and Delay")  # fmt: skip


def shape_behind(node: nir.NIRNode) -> Shape | None:
    """The shape that a node takes in, if it tells; one of ``[C, ...]`` with unknown sides tells none."""
    given: Any = node
    if isinstance(node, nir.Affine | nir.Linear):
        return (int(np.shape(given.weight)[-1]),)
    if isinstance(node, _NEURONS):
        return (
            tuple(np.shape(getattr(given, "v_threshold", getattr(given, "threshold", getattr(given, "r", 0))))) or None
        )
    return None


def _convolution(given: Any, shape: Shape) -> tuple[nn.Module, Shape]:
    weight = _tensor(given.weight)
    axes = weight.ndim - 2
    groups = int(given.groups)
    if len(shape) != axes + 1 or shape[0] != weight.shape[1] * groups:
        raise GraphError(f"its weights {list(weight.shape)} do not fit a signal of shape {list(shape)}")
    kernel, stride, dilation = tuple(weight.shape[2:]), *(_each(given, name, axes) for name in ("stride", "dilation"))
    if isinstance(given.padding, str):
        even = given.padding == "same" and any(side % 2 == 0 for side in kernel)
        if given.padding not in ("same", "valid") or even or (given.padding == "same" and max(stride) > 1):
            raise GraphError(f"its padding {given.padding!r} with window {list(kernel)} means no one thing")
        padding = tuple(d * (k // 2) if given.padding == "same" else 0 for d, k in zip(dilation, kernel, strict=True))
    else:
        padding = _each(given, "padding", axes)
    make: Any = nn.Conv1d if axes == 1 else nn.Conv2d
    layer = make(shape[0], weight.shape[0], kernel, stride, padding, dilation, groups, bias=given.bias is not None)
    return _filled(layer, weight, given), (weight.shape[0], *_sides(shape[1:], kernel, stride, padding, dilation))


def _filled(layer: Any, weight: Tensor, given: Any) -> nn.Module:
    layer.weight = nn.Parameter(weight)
    if layer.bias is not None:
        bias = _tensor(given.bias).reshape(-1)
        if len(bias) != len(weight):
            raise GraphError(f"it has {len(bias)} biases for {len(weight)} outputs")
        layer.bias = nn.Parameter(bias)
    return TimeDistributed(layer)


def _delay(given: Any, shape: Shape, dt: float) -> Delay:
    """Delays of whole steps, one for each channel."""
    steps = np.broadcast_to(given.delay, shape) / dt
    whole = np.round(steps)
    if np.abs(steps - whole).max() > _NEAR or whole.min() < 0 or whole.max() > _LONGEST:
        raise GraphError(f"its delays are not whole steps of {dt:g} s, from 0 to {_LONGEST}; give another dt")
    rows = whole.reshape(shape[0], -1)
    if (rows != rows[:, :1]).any():
        raise GraphError("its delays differ within a channel, of which there is one here")
    longest = max(1, int(whole.max()))
    return Delay(shape[0], longest, delay=torch.from_numpy(rows[:, 0].copy()).float(), learn=False)


def _flattened(given: Any, shape: Shape, needed: set[Shape]) -> Shape:
    """What is behind a Flatten node, whose axes some count with the samples' and some without: what fits its users."""
    found = set[Shape]()
    for front in ((), (1,)):
        axes = (*front, *shape)
        start, end = (axis % len(axes) for axis in (int(given.start_dim), int(given.end_dim)))
        merged = (*axes[:start], prod(axes[start : end + 1]), *axes[end + 1 :]) if start <= end else axes
        if merged[: len(front)] == front:
            found.add(merged[len(front) :])
    fitting = found & needed if needed else found
    if len(fitting) != 1:
        raise GraphError(
            f"from axis {given.start_dim} to {given.end_dim} of {list(shape)} gives {sorted(map(list, found))}, of "
            f"which {len(fitting)} fit what is behind it; readers disagree on whether the samples' axis counts"
        )
    return next(iter(fitting))


def _sides(
    sides: Shape, kernel: tuple[int, ...], stride: tuple[int, ...], padding: tuple[int, ...], dilation: tuple[int, ...]
) -> Shape:
    return tuple(
        (side + 2 * rim - spread * (window - 1) - 1) // step + 1
        for side, window, step, rim, spread in zip(sides, kernel, stride, padding, dilation, strict=True)
    )


def _each(given: Any, name: str, axes: int) -> tuple[int, ...]:
    values = [int(one) for one in np.ravel(getattr(given, name))]
    values = values * axes if len(values) == 1 else values
    if len(values) != axes or (min(values) < 1 and name != "padding") or min(values) < 0:
        raise GraphError(f"its {name} is {values}, expected {axes} whole numbers")
    return tuple(values)


def _pair(given: Any, name: str) -> tuple[int, int]:
    first, second = _each(given, name, 2)
    return first, second


def _fits(shape: Shape, wanted: Shape) -> None:
    if shape != wanted:
        raise GraphError(f"a signal of shape {list(shape)} comes in, expected {list(wanted)}")


def _tensor(values: Any) -> Tensor:
    return torch.from_numpy(np.array(values, dtype=np.float32))
