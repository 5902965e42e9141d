"""Ways to turn brightness into spikes over time: by rate, latency, phase, change, or as a constant current.

Rate, latency and change are snnTorch's, behind shapes, ranges and errors of ours; none keeps anything between calls.

References:
    Eshraghian et al., "Training Spiking Neural Networks Using Lessons From Deep Learning", Proceedings of the IEEE 2023
    (rate, latency, delta); Kim et al., "Deep neural networks with weighted spikes", Neurocomputing 2018 (phase).
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType

import torch
from snntorch import spikegen
from torch import Tensor

from logic import NeurosymError
from logic.randomness import Seed, to_generator

from .encoding import encode

Encoder = Callable[[Tensor, int, torch.Generator], Tensor]


class CodingError(NeurosymError, ValueError):
    """An unknown code, a number of steps that makes no sense, or pictures that are no brightness."""


def rate_code(pictures: Tensor, steps: int, generator: Seed) -> Tensor:
    """Spikes ``[T, B, ...]``: a pixel of brightness ``x`` fires at each step with probability ``x``.

    Args:
        pictures: ``[B, ...]``, bytes from 0 to 255 or floats from 0 to 1.
        steps: ``T``.
        generator: Source of all randomness; snnTorch's own coder draws from the global one, hence not used here.

    Raises:
        CodingError: if the pictures or steps make no sense.

    Example:
        >>> rate_code(torch.tensor([[0.0, 0.5, 1.0]]), 1000, 0).mean(dim=0).round(decimals=1).tolist()
        [[0.0, 0.5, 1.0]]
    """
    generator = to_generator(generator)
    brightness = _brightness(pictures, steps)
    return torch.bernoulli(brightness.expand(steps, *brightness.shape), generator=generator)


def latency_code(pictures: Tensor, steps: int, *, dark: float = 0.01) -> Tensor:
    """Spikes ``[T, B, ...]``: each pixel of brightness ``x > dark`` fires once, at step ``(1 - x) (T - 1)``, rounded.

    snnTorch's linear latency; its logarithmic one is scaled by the darkest pixel of the batch, so that a picture's
    spikes would depend on the pictures beside it.

    Args:
        pictures: ``[B, ...]``, bytes from 0 to 255 or floats from 0 to 1.
        steps: ``T``, at least 2.
        dark: Brightness at and below which a pixel never fires.

    Raises:
        CodingError: if the pictures or steps make no sense.

    Example:
        >>> latency_code(torch.tensor([[1.0, 0.5, 0.0]]), 5)[:, 0].T.tolist()  # the train of each pixel
        [[1.0, 0.0, 0.0, 0.0, 0.0], [0.0, 0.0, 1.0, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0, 0.0]]
    """
    brightness = _brightness(pictures, steps)
    if steps < 2:
        raise CodingError("a latency code needs at least 2 steps; one step cannot tell early from late")
    code: Callable[..., Tensor] = spikegen.latency  # pyright: ignore[reportAssignmentType] - its defaults mislead
    spikes = code(brightness, num_steps=steps, threshold=dark, normalize=True, linear=True)
    return (spikes * (brightness > dark)).to(torch.float32)


def phase_code(pictures: Tensor, steps: int) -> Tensor:
    """Spikes ``[T, B, ...]``: the binary digits of the brightness, the highest first, again and again.

    A spike at step ``t`` is worth ``2^-(1 + t mod 8)``; eight steps tell a byte without loss.

    Args:
        pictures: ``[B, ...]``, bytes from 0 to 255 or floats from 0 to 1.
        steps: ``T``.

    Raises:
        CodingError: if the pictures or steps make no sense.

    Example:
        >>> phase_code(torch.tensor([[0b10100101]], dtype=torch.uint8), 8).flatten().tolist()
        [1.0, 0.0, 1.0, 0.0, 0.0, 1.0, 0.0, 1.0]
    """
    levels = (_brightness(pictures, steps) * 255).round().to(torch.int32)
    bits = 7 - torch.arange(steps, dtype=torch.int32, device=levels.device) % 8
    return (levels >> bits.reshape(-1, *[1] * levels.ndim) & 1).to(torch.float32)


def delta_code(frames: Tensor, threshold: float = 0.1) -> Tensor:
    """Changes ``[T, B, ...]`` of frames: 1 where a pixel rose by the threshold since the last frame, -1 where it fell.

    The first frame is compared with darkness (snnTorch).

    Args:
        frames: ``[T, B, ...]``, bytes from 0 to 255 or floats from 0 to 1.
        threshold: Smallest change that counts, in brightness from 0 to 1.

    Raises:
        CodingError: if the frames make no sense or the threshold is not positive.

    Example:
        >>> delta_code(torch.tensor([[0.5], [0.5], [0.2]])).flatten().tolist()
        [1.0, 0.0, -1.0]
    """
    if threshold <= 0:
        raise CodingError(f"a threshold of change must be positive, got {threshold}")
    return spikegen.delta(_brightness(frames, len(frames)), threshold=threshold, off_spike=True)


def direct_code(pictures: Tensor, steps: int) -> Tensor:
    """The brightness itself at every step, ``[T, B, ...]``: a constant current, no spikes.

    Args:
        pictures: ``[B, ...]``, bytes from 0 to 255 or floats from 0 to 1.
        steps: ``T``.

    Raises:
        CodingError: if the pictures or steps make no sense.
    """
    brightness = _brightness(pictures, steps)
    return brightness.expand(steps, *brightness.shape)


ENCODERS: Mapping[str, Encoder] = MappingProxyType(
    {
        "levels": lambda pictures, steps, generator: encode(pictures, steps),
        "rate": rate_code,
        "latency": lambda pictures, steps, generator: latency_code(pictures, steps),
        "phase": lambda pictures, steps, generator: phase_code(pictures, steps),
        "direct": lambda pictures, steps, generator: direct_code(pictures, steps),
    }
)
"""Codes of still pictures by name."""


def encode_as(code: str, pictures: Tensor, steps: int, generator: Seed) -> Tensor:
    """Still pictures ``[B, C, H, W]`` in the code of a name, one of :data:`ENCODERS`, ``[T, B, C, H, W]``.

    Args:
        code: ``levels``, ``rate``, ``latency``, ``phase`` or ``direct``.
        pictures: Bytes from 0 to 255 or floats from 0 to 1.
        steps: ``T``.
        generator: Source of the randomness of ``rate``.

    Raises:
        CodingError: if there is no such code, or the pictures or steps make no sense.

    Example:
        >>> encode_as("phase", torch.ones(2, 1, 28, 28), 8, 0).shape
        torch.Size([8, 2, 1, 28, 28])
    """
    generator = to_generator(generator)
    if code not in ENCODERS:
        raise CodingError(f"there is no code {code!r}; choose one of {', '.join(ENCODERS)}")
    return ENCODERS[code](_brightness(pictures, steps), steps, generator)


def _brightness(pictures: Tensor, steps: int) -> Tensor:
    if steps < 1:
        raise CodingError(f"a code has at least one step, got {steps}")
    if pictures.dtype == torch.uint8:
        return pictures / 255
    if not pictures.is_floating_point() or not bool(((pictures >= 0) & (pictures <= 1)).all()):  # refuses NaN too
        raise CodingError(f"brightness is bytes, or floats from 0 to 1, got {pictures.dtype} outside that range")
    return pictures
