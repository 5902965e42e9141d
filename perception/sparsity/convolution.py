"""Convolutions that add up the weights of the spikes they see, forwards and for the gradient by the weights.

A dense convolution multiplies all zeros too. Of spiking neurons, a tenth to a fifth fires at a step; adding their
weight rows in registers (:mod:`.gathering`) takes a third of the dense time then, and the backward pass keeps lists of
spikes, an eighth of the tensor and less. The gradient by the spikes stays dense, unless most of what arrives is zeros,
as behind a max-pool of currents. Where a signal is no spikes,
or too many fire, on other devices, in other types and under a compiler, all is as ever.
"""

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from ..neurons import NeuronError
from ..neurons.native_scan import in_parts
from .gathering import WIDTHS, gather_by_signal, gather_by_weights, gather_forward
from .spike_lists import SpikeLists, spike_lists

MOST = 0.3
"""Spikes for each input up to which they are listed; measured by ``tasks.vision.perception_benchmark``."""
_FARTHEST = 2**16 - 1  # place in a list
MOST_OF_PIXELS = 0.2
"""The same for windows of one pixel, whose lists are short."""


class SpikeConv2d(nn.Conv2d):
    """``torch.nn.Conv2d`` whose input may be spikes: sums up to rounding the same, faster where few neurons fire.

    Example:
        >>> layer = SpikeConv2d(8, 4, 3)
        >>> spikes = torch.zeros(2, 8, 9, 9)
        >>> spikes[0, 3, 4, 4] = 1.0
        >>> torch.allclose(layer(spikes), nn.Conv2d.forward(layer, spikes), atol=1e-6)
        True
    """

    def forward(self, input: Tensor) -> Tensor:
        """``[M, O, H', W']`` of spikes, or anything else, ``[M, C, H, W]``."""
        return convolve_spikes(self, input, most=MOST if self.kernel_size[0] > 1 else MOST_OF_PIXELS)


def convolve_spikes(layer: nn.Conv2d, signal: Tensor, *, most: float = MOST) -> Tensor:
    """What a convolution makes of a signal, zeros skipped where that may be and pays.

    Args:
        layer: Any.
        signal: ``[M, C, H, W]``.
        most: Spikes for each element of the signal above which all is multiplied; 0 for always.
    """
    if most and can_skip(layer, signal):
        return spike_convolution(signal, layer.weight, layer.bias, layer.stride[0], int(layer.padding[0]), most=most)
    return nn.Conv2d.forward(layer, signal)


def can_skip(layer: nn.Conv2d, signal: Tensor) -> bool:
    """Whether zeros of the signal can be skipped in a layer: both plain, and nobody traces."""
    if torch.compiler.is_compiling() or type(signal) not in (Tensor, nn.Parameter) or signal.ndim != 4:
        return False
    square = all(a == b for a, b in (layer.kernel_size, layer.stride))
    padded = isinstance(layer.padding, tuple) and layer.padding[0] == layer.padding[1] < layer.kernel_size[0]
    plain = layer.groups == 1 and layer.dilation == (1, 1) and layer.padding_mode == "zeros"
    kinds = signal.dtype == layer.weight.dtype == torch.float32 and signal.device.type == "cpu"
    at_rest = not torch.is_autocast_enabled("cpu") and not torch._C._functorch.peek_interpreter_stack()  # pyright: ignore
    return square and padded and plain and kinds and at_rest and not signal.is_meta


def spike_convolution(
    signal: Tensor, weight: Tensor, bias: Tensor | None = None, stride: int = 1, padding: int = 0, *, most: float = MOST
) -> Tensor:
    """``torch.nn.functional.conv2d`` of a signal that may be spikes, up to rounding.

    Args:
        signal: ``[M, C, H, W]``, ``float32`` on a CPU.
        weight: ``[O, C, kernel, kernel]``.
        bias: ``[O]``.
        stride: Of the window.
        padding: Of zeros at each rim, less than the window.
        most: Spikes for each element of the signal above which it is taken as it is.
    """
    (channels, height, columns), kernel = signal.shape[1:], weight.shape[2]
    far = max(kernel * (columns + kernel), stride * channels) > _FARTHEST
    fits = min(height, columns) + 2 * padding >= kernel and not far
    lists = spike_lists(signal, most) if fits else None
    if lists is None:
        return functional.conv2d(signal, weight, bias, stride, padding)
    return torch.as_tensor(_SpikeConvolution.apply(signal, weight, bias, stride, padding, lists))


class _SpikeConvolution(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, signal: Tensor, weight: Tensor, bias: Tensor | None, stride: int, padding: int, lists: SpikeLists
    ) -> Tensor:
        ctx.save_for_backward(weight, lists.starts, lists.places)
        ctx.shape, ctx.stride, ctx.padding, ctx.levels = signal.shape, stride, padding, lists.levels
        return _forward(lists, weight, bias, stride, padding)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        if torch.is_grad_enabled():
            raise NeuronError(
                "a gradient of a gradient needs the spikes that a convolution saw, of which it kept lists; run the "
                "network within perception.zero_skipping(network, most=0)"
            )
        weight, starts, places = ctx.saved_tensors
        lists = SpikeLists(starts, places, ctx.shape, ctx.levels)
        wants_signal, wants_weight, wants_bias = ctx.needs_input_grad[:3]
        arriving = gradients[0].contiguous(memory_format=torch.channels_last)
        by_signal = by_weight = None
        if wants_signal and np.count_nonzero(arriving.numpy()) <= MOST * arriving.numel():
            by_signal = _by_signal(ctx.shape, arriving, weight.detach(), ctx.stride, ctx.padding)
        elif wants_signal:
            unread = torch.empty(ctx.shape, memory_format=torch.channels_last)  # only its shape matters
            windows = [ctx.stride] * 2, [ctx.padding] * 2, [1, 1], False, [0, 0], 1
            by_signal, _, _ = torch.ops.aten.convolution_backward(
                arriving, unread, weight, None, *windows, [True, False, False]
            )
        if wants_weight:
            by_weight = _by_weight(lists, arriving, weight, ctx.stride, ctx.padding)
        by_bias = arriving.sum((0, 2, 3)) if wants_bias else None
        return by_signal, by_weight, by_bias, None, None, None


def _forward(lists: SpikeLists, weight: Tensor, bias: Tensor | None, stride: int, padding: int) -> Tensor:
    count, channels, height, columns = lists.shape
    outputs, kernel = len(weight), weight.shape[2]
    width, padded = _blocks(outputs)
    rows, across = ((size + 2 * padding - kernel) // stride + 1 for size in (height, columns))
    out = torch.empty(count, rows, across, padded)
    blocks = functional.pad(weight.detach().permute(2, 3, 1, 0), (0, padded - outputs))
    blocks = blocks.reshape(kernel, kernel * channels, padded // width, width).permute(2, 0, 1, 3).contiguous().numpy()
    start = weight.new_zeros(padded)
    if bias is not None:
        start[:outputs] = bias.detach()
    given = lists.starts.numpy(), lists.places.numpy(), blocks, start.numpy()
    target = out.numpy()

    def pictures(first: int, last: int) -> None:
        gather_forward(*given, height, columns, channels, stride, padding, target, first, last)

    in_parts(pictures, count, out.numel())
    found = out.permute(0, 3, 1, 2)
    return found if padded == outputs else found[:, :outputs].contiguous(memory_format=torch.channels_last)


def _by_weight(lists: SpikeLists, arriving: Tensor, weight: Tensor, stride: int, padding: int) -> Tensor:
    count, channels, height, columns = lists.shape
    outputs, kernel = len(weight), weight.shape[2]
    width, padded = _blocks(outputs)
    rows = arriving.permute(0, 2, 3, 1)
    given = (rows if padded == outputs else functional.pad(rows, (0, padded - outputs))).numpy()

    def pictures(first: int, last: int) -> Tensor:
        found = torch.zeros(padded // width, kernel, kernel, channels, width)
        where = lists.starts.numpy(), lists.places.numpy(), given, height, columns, channels, stride, padding
        gather_by_weights(*where, lists.levels, found.numpy(), first, last)
        return found

    parts = in_parts(pictures, count, arriving.numel())
    found = parts[0] if len(parts) == 1 else torch.stack(parts).sum(0)
    by_weight = found.permute(0, 4, 3, 1, 2).reshape(padded, channels, kernel, kernel)[:outputs]
    return torch.empty_like(weight).copy_(by_weight)


def _by_signal(shape: torch.Size, arriving: Tensor, weight: Tensor, stride: int, padding: int) -> Tensor:
    count, channels, height, columns = shape
    outputs, kernel = len(weight), weight.shape[2]
    width = next((width for width in reversed(WIDTHS) if width >= kernel * channels), WIDTHS[0])
    padded = -(-kernel * channels // width) * width
    lines = weight.permute(0, 2, 3, 1).reshape(outputs, kernel, kernel * channels)
    blocks = functional.pad(lines, (0, padded - kernel * channels)).unflatten(2, (-1, width)).contiguous().numpy()
    given, out = arriving.permute(0, 2, 3, 1).numpy(), torch.empty(count, height, columns, channels)
    target = out.numpy()

    def pictures(first: int, last: int) -> None:
        gather_by_signal(given, blocks, kernel, stride, padding, target, first, last)

    in_parts(pictures, count, arriving.numel())
    return out.permute(0, 3, 1, 2)


def _blocks(outputs: int) -> tuple[int, int]:
    """How many channels are summed at a time, and how many there are with what is added to make whole blocks."""
    width = next((width for width in WIDTHS if outputs % width == 0), WIDTHS[-1])
    return width, -(-outputs // width) * width
