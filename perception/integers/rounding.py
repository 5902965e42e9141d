"""Real weights as whole numbers: each channel has a grid of its own on which its threshold is whole."""

from typing import NamedTuple

import torch
from torch import Tensor

from .layer_graph import Code, Layer
from .precision import Precision, widest_membrane

_TRIED = 64  # grids a channel
_FINEST = 2**20  # largest threshold
_ROOM = 0.9  # of a membrane's range, since rounded weights may sum up to more, and learned ones are others
_NEARLY = 1 + 1e-9  # a largest weight that is what fits shall not miss it by rounding


class Grid(NamedTuple):
    """On what a layer's weights are rounded.

    ``round(w scale / 2^shift) 2^shift`` is the whole number that stands for the weight ``w`` of a term; what is rounded
    lies within ``bits`` signed bits.

    Args:
        scale: ``[C]`` steps of the grid in a current of 1.
        threshold: ``[C]`` whole, on that scale.
        shifts: ``[terms, C]`` by how many bits a term's weights are coarser; 0 but where brightness is heard too.
    """

    scale: Tensor
    threshold: Tensor
    shifts: Tensor


def choose_grid(layer: Layer, code: Code, precision: Precision, steps: int) -> Grid:
    """The grid on which a layer's weights are nearest to what they were, of those on which they fit.

    A threshold of ``k`` steps is exact, so ``k`` is what is chosen: at most so that the largest weight fits, at least
    half of that. Of a readout only differences between values count, so these shall fit. Currents from bytes are as
    large as 255 weights; their grid is finer, and weights from elsewhere are shifted there. Where membranes have few
    bits, the grid is coarse enough for what they may hear in the worst case.

    Args:
        layer: With real weights.
        code: How the picture reaches it.
        precision: Bits of a weight and of a membrane.
        steps: For which a picture is shown.
    """
    most = 2 ** (precision.weight - 1) - 1
    weights = [term.weight.detach().double().flatten(1) for term in layer.terms]
    channels, none = len(weights[0]), torch.zeros(len(weights), len(weights[0]), dtype=torch.int64)
    if layer.gate:
        threshold = torch.full((channels,), round(layer.form.threshold) if layer.form else 0)
        return Grid(torch.ones(channels, dtype=torch.float64), threshold, none)
    if layer.form is None:
        joined = torch.cat(weights, 1)
        widest = (joined.amax(0) - joined.amin(0)).max().clamp(min=1e-12)
        scale = (max(1, most - 1) / widest).expand(channels).clone()  # rounding may add 1 to a difference
        return Grid(scale, torch.zeros(channels, dtype=torch.int64), none)
    exact = layer.form.threshold / layer.form.gain
    leading = [w for w, term in zip(weights, layer.terms, strict=True) if code == "bytes" and term.source == "input"]
    joined = torch.cat(leading or weights, 1)
    upper = (_NEARLY * most * exact / joined.abs().amax(1).clamp(min=1e-12)).floor().clamp(1, _FINEST)
    if precision.largest_membrane is not None:
        widest = widest_membrane(layer, weights, layer.bias, torch.full_like(upper, exact), steps=steps, code=code)
        upper = torch.minimum(upper, _ROOM * precision.largest_membrane * exact / widest).floor().clamp(min=1)
    if layer.uniform:
        upper = upper.min().expand(channels)
    share = torch.linspace(1, 0.5, _TRIED, dtype=torch.float64)
    tried = (upper[:, None] * share).round().clamp(min=1)  # [C, thresholds]
    scales = (tried / exact)[:, :, None]
    error = ((joined[:, None] * scales).round().clamp(-most, most) / scales - joined[:, None]).square().sum(2)
    if layer.uniform:
        error = error.sum(0).expand(channels, -1)
    threshold = tried.gather(1, error.argmin(1, keepdim=True))[:, 0]
    scale = threshold / exact
    needed = torch.stack([weight.abs().amax(1) * scale / most for weight in weights])
    shifts = needed.clamp(min=1).log2().ceil().long() if leading else none
    return Grid(scale, threshold.long(), shifts)


def round_weight(weight: Tensor, scale: Tensor, shift: Tensor, bits: int | None) -> Tensor:
    """Whole numbers in place of real weights ``[C, ...]``, float64; the gradient passes as if nothing were rounded.

    Args:
        weight: Real.
        scale: ``[C]``, as in :class:`Grid`.
        shift: ``[C]``, as in :class:`Grid`.
        bits: Of a weight, sign included; none for biases, which are as large as they are.

    References:
        Bengio, Leonard and Courville, "Estimating or Propagating Gradients Through Stochastic Neurons", 2013
        (straight-through estimator).
    """
    axes = (-1, *[1] * (weight.ndim - 1))
    coarse = (2.0 ** shift.double()).reshape(axes)
    fine = weight.double() * scale.reshape(axes) / coarse
    whole = fine.detach().round()
    if bits is not None:
        most = 2 ** (bits - 1) - 1
        whole = whole.clamp(-most, most)
    return (fine + (whole - fine).detach()) * coarse
