"""Chains of layers in which a convolution's norm and the neurons behind it run as one, wherever they may.

What may not, because somebody listens to one of the layers, because the neurons are of another kind, or on another
device, runs layer by layer and gives the same.
"""

from collections.abc import Iterable
from typing import Protocol, runtime_checkable

from torch import Tensor, nn

from ..neurons import LeakyIntegrateAndFire
from ..neurons.normalised_scan import can_fuse, normalise_and_fire, takes, watched
from .layers import ConvNorm, frames, present


@runtime_checkable
class Opening(Protocol):
    """A block that does nothing with what it hears but give it to neurons."""

    @property
    def opening(self) -> nn.Module | None:
        """These neurons; none if the block needs what it hears itself."""
        ...

    def behind(self, spikes: Tensor) -> Tensor:
        """What the block makes of their spikes."""
        ...


class Chain(nn.Sequential):
    """As ``torch.nn.Sequential``, for layers over ``[T, B, ...]``."""

    def forward(self, input: Tensor) -> Tensor:
        """``[T, B, ...]`` of a signal ``[T, B, ...]``."""
        return _run(self, input)


def fire_behind(layer: nn.Module, neuron: nn.Module, signal: Tensor) -> Tensor:
    """``neuron(layer(signal))``, ``[T, B, ...]``."""
    parts = list(layer) if isinstance(layer, Chain) and not watched(layer) else [layer]
    return _run([*parts, neuron], signal)


def present_to(rest: Chain, first: ConvNorm, pictures: Tensor, steps: int) -> Tensor:
    """``rest(present(first, pictures, steps))``; neurons behind a still picture's current do without its copies."""
    parts = list(rest)
    if pictures.ndim == 5 or not parts or watched(rest):
        return rest(present(first, pictures, steps))
    opening = parts[0] if isinstance(parts[0], Opening) and not watched(parts[0]) else None
    neuron = parts[0] if opening is None else opening.opening
    pair = None if neuron is None else _pair(first, neuron)
    if pair is None:
        return rest(present(first, pictures, steps))
    spikes = _fired(pair, frames(first, pictures), steps)
    return _run(parts[1:], spikes if opening is None else opening.behind(spikes))


def _run(layers: Iterable[nn.Module], signal: Tensor) -> Tensor:
    waiting: nn.Module | None = None
    for layer in layers:
        if waiting is None:
            waiting = layer
        elif (pair := _pair(waiting, layer)) is not None:
            signal, waiting = _fired(pair, signal, len(signal)), None
        else:
            signal, waiting = waiting(signal), layer
    return signal if waiting is None else waiting(signal)


def _pair(layer: nn.Module, neuron: nn.Module) -> tuple[ConvNorm, LeakyIntegrateAndFire] | None:
    """Both, if they may run as one."""
    if type(layer) is not ConvNorm or layer.pooling == "max" or watched(layer):
        return None
    if not isinstance(neuron, LeakyIntegrateAndFire) or not can_fuse(layer.norm, neuron):
        return None
    return layer, neuron


def _fired(pair: tuple[ConvNorm, LeakyIntegrateAndFire], signal: Tensor, steps: int) -> Tensor:
    """Spikes ``[T, B, ...]`` of neurons behind a layer; of a still signal ``[1, B, ...]`` too."""
    layer, neuron = pair
    merged, shape = layer.convolve(signal), (steps, signal.shape[1])
    if takes(merged):
        still = len(signal) < steps
        return normalise_and_fire(merged, layer.norm, neuron, steps, still=still).unflatten(0, shape)
    return neuron(layer.normalise(merged).unflatten(0, signal.shape[:2]).expand(steps, -1, -1, -1, -1))
