"""Surrogate gradients: what stands in for the derivative of a spike during training."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from math import inf, pi, sqrt, tanh
from typing import Any

import torch
from torch import Tensor

from logic import NeurosymError


class SurrogateError(NeurosymError, ValueError):
    """An unknown surrogate or an option out of its range."""


@dataclass(frozen=True)
class Surrogate:
    """A stand-in ``g(x)`` for the derivative of the step function, ``x`` being membrane minus threshold.

    Any function can be one, though only one that is defined at the top of a module travels to other processes:
    ``Surrogate("mine", lambda x: (x.abs() < 0.5).to(x.dtype), peak=1, area=1)``.

    Args:
        name: What reports and checkpoints call it.
        derivative: ``g``, elementwise.
        peak: ``g(0)``; near 1, or gradients vanish or explode from layer to layer.
        area: Integral of ``g`` over the real line.
        shape: The numbers that fix ``g`` among those of its name, for the native scan; empty for a function of yours.

    Example:
        >>> window = Surrogate("mine", lambda x: (x.abs() < 0.5).to(x.dtype), peak=1, area=1)
        >>> window.derivative(torch.tensor([-0.4, 0.0, 0.6])).tolist()
        [1.0, 1.0, 0.0]
    """

    name: str
    derivative: Callable[[Tensor], Tensor]
    peak: float
    area: float
    shape: tuple[float, ...] = ()


SurrogateChoice = Surrogate | str | Callable[[Tensor], Tensor]
"""A surrogate, the name of one, or a plain function ``g`` from a membrane's distance to the threshold."""


def straight_through() -> Surrogate:
    """``g(x) = 1`` everywhere: the unbounded straight-through estimator.

    References:
        Bengio, Leonard and Courville, "Estimating or Propagating Gradients Through Stochastic Neurons", 2013.
    """
    return Surrogate("straight_through", torch.ones_like, peak=1.0, area=inf, shape=(1.0,))


def _rectangular(x: Tensor, width: float) -> Tensor:
    return (x.abs() < width / 2).to(x.dtype) / width


def rectangular(width: float = 1.0) -> Surrogate:
    """``g(x) = 1 / width`` for ``|x| < width / 2``, else 0: the bounded straight-through estimator, area 1.

    References:
        Wu et al., "Spatio-Temporal Backpropagation for Training High-Performance Spiking Neural Networks", 2018.
    """
    _positive("width", width)
    return Surrogate("rectangular", partial(_rectangular, width=width), peak=1 / width, area=1.0, shape=(width,))


def _triangular(x: Tensor, width: float) -> Tensor:
    return (width - x.abs()).clamp(min=0) / width**2


def triangular(width: float = 1.0) -> Surrogate:
    """``g(x) = max(0, width - |x|) / width^2``: peak ``1 / width``, area 1, zero beyond ``width``.

    References:
        Bellec et al., "Long short-term memory and learning-to-learn in networks of spiking neurons", NeurIPS 2018.
    """
    _positive("width", width)
    return Surrogate("triangular", partial(_triangular, width=width), peak=1 / width, area=1.0, shape=(width,))


def _sigmoid(x: Tensor, slope: float) -> Tensor:
    scaled = slope * x
    return slope * torch.sigmoid(scaled) * torch.sigmoid(-scaled)  # 1 - s(k x) would cancel in the tail


def sigmoid(slope: float = 4.0) -> Surrogate:
    """``g(x) = k s(k x) (1 - s(k x))`` with the logistic function ``s``: peak ``k / 4``, area 1.

    References:
        Zenke and Vogels, "The Remarkable Robustness of Surrogate Gradient Learning", Neural Computation 2021.
    """
    _positive("slope", slope)
    return Surrogate("sigmoid", partial(_sigmoid, slope=slope), peak=slope / 4, area=1.0, shape=(slope,))


def _fast_sigmoid(x: Tensor, slope: float) -> Tensor:
    return (1 + slope * x.abs()).square().reciprocal()


def fast_sigmoid(slope: float = 2.0) -> Surrogate:
    """``g(x) = 1 / (1 + slope |x|)^2``: peak 1, area ``2 / slope``, heavy tails.

    References:
        Zenke and Ganguli, "SuperSpike: Supervised Learning in Multilayer Spiking Neural Networks", 2018.
    """
    _positive("slope", slope)
    return Surrogate("fast_sigmoid", partial(_fast_sigmoid, slope=slope), peak=1.0, area=2 / slope, shape=(slope,))


def _arctan(x: Tensor, alpha: float) -> Tensor:
    return (alpha / 2) / (1 + (x * (pi * alpha / 2)).square())


def arctan(alpha: float = 2.0) -> Surrogate:
    """``g(x) = (alpha / 2) / (1 + (pi alpha x / 2)^2)``: peak ``alpha / 2``, area 1, heavy tails.

    Example:
        >>> round(arctan(alpha=2.0).derivative(torch.tensor(1.0)).item(), 4)  # 1 / (1 + pi^2)
        0.092

    References:
        Fang et al., "Incorporating Learnable Membrane Time Constant to Enhance Learning of Spiking Neural Networks",
        ICCV 2021.
    """
    _positive("alpha", alpha)
    return Surrogate("arctan", partial(_arctan, alpha=alpha), peak=alpha / 2, area=1.0, shape=(alpha,))


def _erf(x: Tensor, alpha: float) -> Tensor:
    return (alpha / sqrt(pi)) * (-(alpha * x).square()).exp()


def erf(alpha: float = 2.0) -> Surrogate:
    """``g(x) = (alpha / sqrt(pi)) exp(-(alpha x)^2)``: a Gaussian of peak ``alpha / sqrt(pi)`` and area 1.

    References:
        Esser et al., "Backpropagation for energy-efficient neuromorphic computing", NeurIPS 2015.
    """
    _positive("alpha", alpha)
    return Surrogate("erf", partial(_erf, alpha=alpha), peak=alpha / sqrt(pi), area=1.0, shape=(alpha,))


def _dspike(x: Tensor, temperature: float, radius: float, peak: float) -> Tensor:
    inside = (x.abs() <= radius).to(x.dtype)
    return inside * peak / torch.cosh(temperature * x.clamp(-radius, radius)).square()


def dspike(temperature: float = 3.0, radius: float = 0.5) -> Surrogate:
    """``g(x) = b / (2 tanh(b r)) / cosh^2(b x)`` for ``|x| <= r``, else 0: area 1 at every temperature.

    As ``b`` goes to 0 it becomes the rectangular window of width ``2 r``, as ``b`` grows the true derivative. The
    temperature can be searched for: :func:`perception.search_temperature`.

    Args:
        temperature: ``b``.
        radius: ``r``.

    Example:
        >>> [round(dspike(temperature).peak, 2) for temperature in (0.01, 3.0, 10.0)]  # from the window on
        [1.0, 1.66, 5.0]

    References:
        Li et al., "Differentiable Spike: Rethinking Gradient-Descent for Training Spiking Neural Networks",
        NeurIPS 2021.
    """
    _positive("temperature", temperature)
    _positive("radius", radius)
    peak = temperature / (2 * tanh(temperature * radius))

    return Surrogate(
        "dspike",
        partial(_dspike, temperature=temperature, radius=radius, peak=peak),
        peak=peak,
        area=1.0,
        shape=(temperature, radius),
    )


def _asymmetric(x: Tensor, below: float, above: float, tilt: float, height: float) -> Tensor:
    inside = ((x > -below) & (x < above)).to(x.dtype)
    return inside * (1 + tilt * x) * height


def asymmetric(below: float = 1.0, above: float = 0.5, tilt: float = 0.0) -> Surrogate:
    """A window of different reach on the two sides: ``g(x) = (1 + tilt x) / (below + above)`` in it, else 0.

    Membranes below the threshold, which have a way to go, can so be given a wider window than those that fire.
    ``tilt`` must keep ``g`` at or above 0. Area 1 for ``tilt = 0``.

    Args:
        below: Reach below the threshold.
        above: Reach above it.
        tilt: Relative rise of ``g`` for each unit of ``x``.

    Example:
        >>> asymmetric(below=1.5, above=0.5).derivative(torch.tensor([-1.4, 0.4, 0.6])).tolist()
        [0.5, 0.5, 0.0]

    References:
        The asymmetric window ``g = x / (2 beta) + h`` of A2SG (ICML 2026), whose search by Bayesian optimisation is
        not part of this; the two reaches are a generalisation of ours.
    """
    _positive("below", below)
    _positive("above", above)
    if 1 - tilt * below < 0 or 1 + tilt * above < 0:
        raise SurrogateError(f"tilt {tilt} makes the window negative between {-below} and {above}; use a smaller one")
    height = 1 / (below + above)

    area = 1.0 + height * tilt * (above**2 - below**2) / 2
    return Surrogate(
        "asymmetric",
        partial(_asymmetric, below=below, above=above, tilt=tilt, height=height),
        peak=height,
        area=area,
        shape=(below, above, tilt),
    )


SURROGATES: dict[str, Callable[..., Surrogate]] = {
    function.__name__: function
    for function in (
        arctan,
        asymmetric,
        dspike,
        erf,
        fast_sigmoid,
        rectangular,
        sigmoid,
        straight_through,
        triangular,
    )
}


def named_surrogate(name: str, **options: float) -> Surrogate:
    """The surrogate of a name with its usual shape, or with another.

    >>> named_surrogate("triangular", width=0.5).peak
    2.0

    Raises:
        SurrogateError: if there is none of that name, or it has no such option.
    """
    if name not in SURROGATES:
        raise SurrogateError(f"unknown surrogate {name!r}; there are {', '.join(SURROGATES)}")
    try:
        return SURROGATES[name](**options)
    except TypeError as error:
        raise SurrogateError(f"surrogate {name!r} does not take {options}: {error}") from error


def to_surrogate(choice: SurrogateChoice) -> Surrogate:
    """The surrogate that is meant: itself, the usual one of a name, or a function of yours.

    Args:
        choice: A function is a derivative ``g``, elementwise; its peak and area are measured, the area over
            [-1000, 1000].

    Raises:
        SurrogateError: if there is none of that name, or the function is not elementwise or not finite.

    Example:
        >>> to_surrogate(lambda x: (x.abs() < 0.25).to(x.dtype)).peak
        1.0
    """
    if isinstance(choice, Surrogate):
        return choice
    if isinstance(choice, str):
        return named_surrogate(choice)
    name = getattr(choice, "__name__", type(choice).__name__)
    points = torch.linspace(-1000, 1000, 200_001, dtype=torch.float64)  # zero is one of them
    values = choice(points)
    if values.shape != points.shape or not bool(values.isfinite().all()):
        raise SurrogateError(f"surrogate {name!r} must give a finite number for each number that it gets")
    peak, area = float(values[100_000]), float(torch.trapezoid(values.double(), points))
    return Surrogate(name, choice, peak=peak, area=area)


class _StandIn(torch.autograd.Function):
    generate_vmap_rule = True

    @staticmethod
    def forward(x: Tensor, value: Callable[[Tensor], Tensor], derivative: Callable[[Tensor], Tensor]) -> Tensor:
        return value(x)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
        ctx.save_for_backward(inputs[0])
        ctx.save_for_forward(inputs[0])
        ctx.derivative = inputs[2]

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None]:
        (x,) = ctx.saved_tensors
        return gradients[0] * ctx.derivative(x), None, None


class _StandInBothWays(_StandIn):
    """Forward mode too; apart, since ``torch.compile`` takes no function that has it."""

    @staticmethod
    def jvp(ctx: Any, *tangents: Any) -> Tensor:
        (x,) = ctx.saved_tensors
        return tangents[0] * ctx.derivative(x)


def stand_in(x: Tensor, value: Callable[[Tensor], Tensor], derivative: Callable[[Tensor], Tensor]) -> Tensor:
    """``value(x)``, elementwise, whose derivative is taken to be another function."""
    kind = _StandIn if torch.compiler.is_compiling() else _StandInBothWays
    return torch.as_tensor(kind.apply(x, value, derivative))


def _step(x: Tensor) -> Tensor:
    return (x >= 0).to(x.dtype)


def spike(x: Tensor, surrogate: Surrogate) -> Tensor:
    """1 where ``x >= 0``, else 0, elementwise; backwards the surrogate is taken for the derivative.

    Example:
        >>> x = torch.tensor([-0.2, 0.0, 0.7], requires_grad=True)
        >>> spike(x, rectangular()).tolist()
        [0.0, 1.0, 1.0]
        >>> torch.autograd.grad(spike(x, rectangular()).sum(), x)[0].tolist()  # 1 within half a unit of the threshold
        [1.0, 1.0, 0.0]
    """
    return stand_in(x, _step, surrogate.derivative)


def _positive(name: str, value: float) -> None:
    if not value > 0:
        raise SurrogateError(f"{name} must be positive, got {value}")
