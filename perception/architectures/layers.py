"""The layers that all architectures are made of: convolution with norm over merged time, pooling, and the readout."""

from typing import Literal, Protocol

import torch
from torch import Tensor, nn
from torch.nn import functional

from logic import NeurosymError
from logic.randomness import Seed, to_generator

from ..sparsity import SpikeConv2d

Pooling = Literal["none", "stride", "max", "average"]
"""How a layer halves height and width: not at all, by its stride, by a max-pool behind it or a mean before it; for a
mean, maps of odd size are continued by zeros."""


class ArchitectureError(NeurosymError, ValueError):
    """A network that cannot be built as asked, or an input that does not fit it."""


class NeuronFactory(Protocol):
    """Makes one layer of neurons: a module from currents ``[T, B, ...]`` to spikes ``[T, B, ...]``, at rest first."""

    def __call__(self, *, threshold: float = 1.0) -> nn.Module:
        """A layer of neurons that fire at ``threshold``."""
        ...


class ConvNorm(nn.Module):
    """Convolution without bias and batch norm, whose statistics run over time, batch and space together.

    With ``gamma = alpha * threshold`` this is tdBN: alpha is 1, or ``1 / sqrt(2)`` where two are added.

    Args:
        inputs: Channels that come in.
        outputs: Channels that go out.
        kernel: Height and width of the window, odd; the rim is padded with zeros.
        pooling: How height and width are halved.
        groups: As in ``torch.nn.Conv2d``.
        gamma: Initial scale of the norm.

    References:
        Zheng et al., "Going Deeper With Directly-Trained Larger Spiking Neural Networks", AAAI 2021 (tdBN).
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        kernel: int = 1,
        *,
        pooling: Pooling = "none",
        groups: int = 1,
        gamma: float = 1.0,
    ) -> None:
        super().__init__()
        stride = 2 if pooling == "stride" else 1
        self.pooling = pooling
        self.convolution = SpikeConv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False)
        self.norm = nn.BatchNorm2d(outputs)
        nn.init.constant_(self.norm.weight, gamma)

    def forward(self, signal: Tensor) -> Tensor:
        """Currents ``[T, B, C_out, H', W']`` of a signal ``[T, B, C_in, H, W]``."""
        return self.normalise(self.convolve(signal)).unflatten(0, signal.shape[:2])

    def convolve(self, signal: Tensor) -> Tensor:
        """What comes to the norm, ``[T * B, C_out, H', W']``, of a signal ``[T, B, C_in, H, W]``."""
        merged = signal.flatten(0, 1)
        if self.pooling == "average":
            merged = functional.avg_pool2d(to_even(merged), 2)
        return self.convolution(merged)

    def normalise(self, merged: Tensor) -> Tensor:
        """The norm and, if there is one, the pool behind it."""
        normal = self.norm(merged)
        return functional.max_pool2d(normal, 3, 2, 1) if self.pooling == "max" else normal

    def fold(self) -> nn.Conv2d:
        """One convolution with bias that computes the same as this layer in evaluation, pooling left out.

        ``w' = w gamma / sqrt(var + eps)`` and ``b' = beta - mean gamma / sqrt(var + eps)``.
        """
        old, norm = self.convolution, self.norm
        if norm.running_mean is None or norm.running_var is None:
            raise ArchitectureError("a norm without running statistics cannot be folded into its convolution")
        scale = norm.weight / (norm.running_var + norm.eps).sqrt()
        size, stride, padding = old.kernel_size, old.stride, old.padding
        folded = nn.Conv2d(old.in_channels, old.out_channels, (size[0], size[1]), groups=old.groups).to(scale)
        folded.stride, folded.padding = stride, padding
        with torch.no_grad():
            folded.weight.copy_(old.weight * scale[:, None, None, None])
            folded.bias.copy_(norm.bias - norm.running_mean * scale) if folded.bias is not None else None
        return folded


def to_even(maps: Tensor) -> Tensor:
    """Maps ``[M, C, H, W]`` with a row and a column of zeros more where their number is odd.

    So a mean over 2 x 2 is one convolution everywhere, also at the rim.
    """
    height, width = maps.shape[2:]
    return functional.pad(maps, (0, width % 2, 0, height % 2)) if height % 2 or width % 2 else maps


class Readout(nn.Module):
    """Mean over space, norm if wished, and a linear layer: one linear map of the spikes that come in.

    Args:
        inputs: Channels that come in.
        outputs: Values that go out.
        norm: Whether a batch norm stands before the linear layer; it folds into it.
    """

    def __init__(self, inputs: int, outputs: int, *, norm: bool = False) -> None:
        super().__init__()
        self.norm = nn.BatchNorm1d(inputs) if norm else nn.Identity()
        self.linear = nn.Linear(inputs, outputs)

    def forward(self, signal: Tensor) -> Tensor:
        """``[T, B, outputs]`` of a signal ``[T, B, C, H, W]`` or ``[T, B, C]``."""
        means = signal.flatten(3).mean(3) if signal.ndim > 3 else signal
        return self.linear(self.norm(means.flatten(0, 1))).unflatten(0, signal.shape[:2])

    def fold(self) -> tuple[Tensor, Tensor]:
        """Weights ``[outputs, inputs]`` and biases ``[outputs]`` of norm and linear layer together, in evaluation."""
        weight, bias = self.linear.weight.detach(), self.linear.bias.detach()
        if isinstance(self.norm, nn.Identity):
            return weight, bias
        if self.norm.running_mean is None or self.norm.running_var is None:
            raise ArchitectureError("a norm without running statistics cannot be folded into its linear layer")
        scale = self.norm.weight.detach() / (self.norm.running_var + self.norm.eps).sqrt()
        return weight * scale, bias + weight @ (self.norm.bias.detach() - self.norm.running_mean * scale)


class MaxPool(nn.Module):
    """Largest of 3 x 3 neighbours at every second place, each step for itself; of spikes, it gives spikes."""

    def forward(self, signal: Tensor) -> Tensor:
        """``[T, B, C, H', W']`` of ``[T, B, C, H, W]``."""
        return functional.max_pool2d(signal.flatten(0, 1), 3, 2, 1).unflatten(0, signal.shape[:2])


def present(first: ConvNorm, pictures: Tensor, steps: int) -> Tensor:
    """The first layer's currents over time; those of still pictures are computed once and repeated.

    Args:
        first: The first layer.
        pictures: ``[B, C, H, W]`` still pictures, or ``[T, B, C, H, W]`` frames; bytes, or floats from 0 to 1.
        steps: Steps for which still pictures are shown.

    Returns:
        ``[T, B, C_out, H', W']``.

    Raises:
        ArchitectureError: if the input has another shape or holds what is no number.
    """
    current = first(frames(first, pictures))
    return current if pictures.ndim == 5 else current.expand(steps, -1, -1, -1, -1)


def frames(first: ConvNorm, pictures: Tensor) -> Tensor:
    """What the first layer sees of :func:`present`'s pictures, ``[T, B, C, H, W]``; one frame of still ones."""
    channels = first.convolution.in_channels
    if pictures.ndim not in (4, 5) or pictures.shape[-3] != channels or not pictures.numel():
        raise ArchitectureError(
            f"the input has shape {list(pictures.shape)}; give pictures [batch, {channels}, height, width] "
            f"or frames [steps, batch, {channels}, height, width]"
        )
    brightness = pictures / 255 if pictures.dtype == torch.uint8 else pictures
    transformed = torch._C._functorch.peek_interpreter_stack() is not None  # pyright: ignore - by vmap, say
    if (
        not torch.compiler.is_compiling()
        and not transformed
        and not brightness.is_meta
        and not bool(torch.isfinite(brightness).all())
    ):
        raise ArchitectureError("the input holds NaN or infinite values; look at how the pictures were read")
    return brightness if pictures.ndim == 5 else brightness[None]


def draw_weights(network: nn.Module, generator: Seed) -> None:
    """Draws all convolutions and linear layers anew, normal with variance ``2 / fan_in`` (Kaiming), biases zero.

    The linear layer of a :class:`Readout` gets ``1 / fan_in``, as nothing rectifies it.
    """
    generator = to_generator(generator)
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            gain = 1 if isinstance(layer, nn.Linear) else 2
            with torch.no_grad():
                layer.weight.normal_(0, (gain / layer.weight[0].numel()) ** 0.5, generator=generator)
                if layer.bias is not None:
                    layer.bias.zero_()
