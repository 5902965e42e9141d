"""Surrogate gradients: what stands in for the derivative of a spike during training."""

from collections.abc import Callable
from dataclasses import dataclass
from math import pi

from torch import Tensor


@dataclass(frozen=True)
class Surrogate:
    """A stand-in ``g(x)`` for the derivative of the step function, ``x`` being membrane minus threshold.

    Args:
        name: What reports and checkpoints call it.
        derivative: ``g``, elementwise.
        peak: ``g(0)``; near 1, or gradients vanish or explode from layer to layer.
        area: Integral of ``g`` over the real line.
    """

    name: str
    derivative: Callable[[Tensor], Tensor]
    peak: float
    area: float


def arctan(alpha: float = 2.0) -> Surrogate:
    """``g(x) = (alpha / 2) / (1 + (pi alpha x / 2)^2)``: peak ``alpha / 2``, area 1, heavy tails.

    References:
        Fang et al., "Incorporating Learnable Membrane Time Constant to Enhance Learning of Spiking Neural Networks",
        ICCV 2021.
    """

    def derivative(x: Tensor) -> Tensor:
        return (alpha / 2) / (1 + (x * (pi * alpha / 2)).square())

    return Surrogate("arctan", derivative, peak=alpha / 2, area=1.0)


def fast_sigmoid(slope: float = 2.0) -> Surrogate:
    """``g(x) = 1 / (1 + slope |x|)^2``: peak 1, area ``2 / slope``, heavy tails.

    References:
        Zenke and Ganguli, "SuperSpike: Supervised Learning in Multilayer Spiking Neural Networks", 2018.
    """

    def derivative(x: Tensor) -> Tensor:
        return (1 + slope * x.abs()).square().reciprocal()

    return Surrogate("fast_sigmoid", derivative, peak=1.0, area=2 / slope)


def triangular(width: float = 1.0) -> Surrogate:
    """``g(x) = max(0, width - |x|) / width^2``: peak ``1 / width``, area 1, zero beyond ``width``.

    References:
        Bellec et al., "Long short-term memory and learning-to-learn in networks of spiking neurons", NeurIPS 2018.
    """

    def derivative(x: Tensor) -> Tensor:
        return (width - x.abs()).clamp(min=0) / width**2

    return Surrogate("triangular", derivative, peak=1 / width, area=1.0)
