"""Inference that passes over zeros: each spike adds its weights to the neurons that it reaches, silence costs nothing.

A dense convolution multiplies all zeros too, at the full speed of the processor; adding spike by spike takes about nine
times longer for each synapse, and so pays where few neurons fire: which is looked up layer by layer, call by call.
Linear layers and windows of one pixel never gain, since their synapses lie in short pieces; they are left alone.
"""

# pyright: reportMissingParameterType=false, reportUnknownParameterType=false
# The kernel below is typed by numba when it is compiled.

from collections.abc import Generator
from contextlib import contextmanager
from functools import partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from logic.kernels import kernel

MOST = 0.1  # part of the inputs that may fire for skipping to pay; measured by tasks.vision.perception_benchmark
_SMALLEST = 3  # window

Array = NDArray[Any]


@kernel(large=0, nogil=True, error_model="numpy")
def scatter(spikes: Array, weights: Array, kernel: int, stride: int, padding: int, out: Array) -> None:
    """Adds to each output what the spikes send it.

    Args:
        spikes: ``[M, H, W, C]``, mostly zeros.
        weights: ``[C, kernel, kernel * O]``, from right to left, so that a spike's targets in a row lie in one piece.
        kernel: Height and width of the window.
        stride: Of the window.
        padding: Of zeros at each rim.
        out: ``[M, H', W' * O]``, added to.
    """
    count, height, width, channels = spikes.shape
    rows, targets = out.shape[1], weights.shape[2] // kernel
    columns = out.shape[2] // targets
    for number in range(count):
        for y in range(height):
            for x in range(width):
                for channel in range(channels):
                    value = spikes[number, y, x, channel]
                    if value == 0:
                        continue
                    for down in range(kernel):
                        place = y + padding - down
                        if place < 0 or place % stride or place // stride >= rows:
                            continue
                        if stride == 1:
                            start = x + padding - kernel + 1
                            first, last = max(start, 0), min(x + padding + 1, columns)
                            if first < last:
                                reached = out[number, place, first * targets : last * targets]
                                sent = weights[channel, down, (first - start) * targets : (last - start) * targets]
                                for i in range(len(reached)):
                                    reached[i] += value * sent[i]
                            continue
                        for right in range(kernel):
                            column = x + padding - right
                            if column < 0 or column % stride or column // stride >= columns:
                                continue
                            begin, mirrored = column // stride * targets, (kernel - 1 - right) * targets
                            reached = out[number, place // stride, begin : begin + targets]
                            sent = weights[channel, down, mirrored : mirrored + targets]
                            for i in range(targets):
                                reached[i] += value * sent[i]


def skipping_convolution(layer: nn.Conv2d, spikes: Tensor) -> Tensor:
    """What the layer makes of its input, up to rounding, the sums taken spike by spike.

    Args:
        layer: A square convolution of all channels, without dilation, ``float32`` on a CPU.
        spikes: Its input, ``[M, C, H, W]``.
    """
    stride, padding, kernel = layer.stride[0], int(layer.padding[0]), layer.kernel_size[0]
    height, width = ((size + 2 * padding - kernel) // stride + 1 for size in spikes.shape[2:])
    out = torch.zeros(len(spikes), height, width, layer.out_channels)
    if layer.bias is not None:
        out += layer.bias.detach()
    given = spikes.detach().permute(0, 2, 3, 1).contiguous()
    weights = layer.weight.detach().permute(1, 2, 3, 0).flip(2).flatten(2).contiguous()
    scatter(given.numpy(), weights.numpy(), kernel, stride, padding, out.flatten(2).numpy())
    return out.permute(0, 3, 1, 2)


def skips(layer: nn.Module) -> bool:
    """Whether zeros can be skipped in a layer with a gain."""
    if not isinstance(layer, nn.Conv2d) or layer.groups != 1 or layer.padding_mode != "zeros":
        return False
    sizes = (layer.kernel_size, layer.stride, layer.padding, layer.dilation)
    square = all(isinstance(size, tuple) and size[0] == size[1] for size in sizes)
    return square and layer.dilation[0] == 1 and layer.kernel_size[0] >= _SMALLEST


@contextmanager
def zero_skipping(network: nn.Module, most: float = MOST) -> Generator[None]:
    """Within it, convolutions of the network skip zeros in inference, whenever few enough of their inputs fire.

    Logits stay the same up to the rounding of sums. Where a gradient is wanted, on other devices and in other types,
    layers compute as ever.

    Args:
        network: Any.
        most: Part of a layer's inputs, from 0 to 1, up to which zeros are skipped; half of it where windows stride.

    Example:
        >>> layer = nn.Conv2d(8, 4, 3)
        >>> spikes = torch.zeros(2, 8, 9, 9)
        >>> spikes[0, 3, 4, 4] = 1.0
        >>> with torch.no_grad(), zero_skipping(nn.Sequential(layer)):
        ...     skipped = layer(spikes)
        >>> torch.allclose(skipped, layer(spikes), atol=1e-6)
        True
    """
    layers = [layer for layer in network.modules() if isinstance(layer, nn.Conv2d) and skips(layer)]
    try:
        for layer in layers:
            less = most / min(layer.stride[0], 2)
            layer.forward = partial(_forward, layer, less)  # pyright: ignore[reportAttributeAccessIssue] - a name
        yield
    finally:
        for layer in layers:
            del layer.forward  # the class's own comes forth again


def _forward(layer: nn.Conv2d, most: float, signal: Tensor) -> Tensor:
    plain = signal.device.type == "cpu" and signal.dtype == layer.weight.dtype == torch.float32
    if plain and not torch.is_grad_enabled() and np.count_nonzero(signal.numpy()) <= most * signal.numel():
        return skipping_convolution(layer, signal)
    return functional.conv2d(signal, layer.weight, layer.bias, layer.stride, layer.padding)
