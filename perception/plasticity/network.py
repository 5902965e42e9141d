"""Deep networks that learn by STDP alone: one spike per neuron, lateral inhibition, pooling, one layer after another.

Contrasts become first-spike times, the strongest first. Of all maps at one position only the earliest spikes on
(lateral inhibition); a pool passes the earliest spike of its window. What comes out are features for any classifier.

References:
    Kheradpisheh, Ganjtabesh, Thorpe and Masquelier, "STDP-based spiking deep convolutional neural networks for object
    recognition", Neural Networks 99, 2018.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from logic.randomness import Seed, to_generator

from .first_spike import FirstSpikes, PlasticityRule, convergence, first_spikes, latencies, plasticity_step
from .timing import PlasticityError


@dataclass(frozen=True)
class StdpLayer:
    """A layer of maps that learn.

    Args:
        maps: Number of maps.
        kernel: Height and width of their windows.
        rule: Constants; all layers of a network have equal ``bins``.
        pool: Height, width and stride of the pool after it; 1 for none.
    """

    maps: int
    kernel: int
    rule: PlasticityRule
    pool: int = 1


@dataclass(frozen=True, eq=False)
class StdpNetwork:
    """Layers and what they have learned.

    Args:
        layers: In the order in which data flows.
        kernels: Of each layer, in [0, 1], ``[F, C, k, k]``.
        convergences: :func:`convergence` of each, small once every synapse is on or off.
    """

    layers: tuple[StdpLayer, ...]
    kernels: tuple[Tensor, ...]
    convergences: tuple[float, ...]


def two_layers() -> tuple[StdpLayer, StdpLayer]:
    """Layers for digits of 28x28; the constants are ours, the paper's are for more pictures than a thousand."""
    return (
        StdpLayer(30, 5, PlasticityRule(0.1, 0.075, threshold=8.0, bins=15, winners=5, radius=2), pool=2),
        StdpLayer(100, 5, PlasticityRule(0.1, 0.075, threshold=10.0, bins=15, winners=8, radius=1), pool=2),
    )


def difference_of_gaussians(
    pictures: Tensor, *, size: int = 7, narrow: float = 1.0, wide: float = 2.0, floor: float = 0.02
) -> Tensor:
    """How much brighter (first channel) and darker (second) each point is than its surroundings, as a retina sees it.

    Args:
        pictures: ``[B, 1, H, W]``, bytes from 0 to 255 or floats from 0 to 1.
        size: Height and width of the filter, odd.
        narrow: Standard deviation of the centre, in pixels.
        wide: Standard deviation of the surround, in pixels.
        floor: Smaller contrasts are zero.

    Returns:
        Not negative, ``[B, 2, H, W]``.

    Example:
        >>> even = difference_of_gaussians(torch.full((1, 1, 9, 9), 0.5))
        >>> even.shape, even[0, :, 4, 4].tolist()  # an even surface has no contrast
        (torch.Size([1, 2, 9, 9]), [0.0, 0.0])
    """
    brightness = pictures / 255 if pictures.dtype == torch.uint8 else pictures
    place = torch.arange(size) - size // 2
    square = (place[:, None] ** 2 + place**2).to(torch.float32)
    centre, surround = ((-square / (2 * s * s)).exp() for s in (narrow, wide))
    kernel = centre / centre.sum() - surround / surround.sum()
    contrast = functional.conv2d(brightness, kernel[None, None], padding=size // 2)
    both = torch.cat([contrast, -contrast], dim=1)
    return torch.where(both > floor, both, 0.0)


def inhibit(first: FirstSpikes, bins: int) -> Tensor:
    """Latencies after lateral inhibition: of all maps at one position only the first keeps its spike.

    The earliest wins, among equals the one of the highest membrane.

    Args:
        first: First spikes, ``[B, F, H, W]``.
        bins: Number of steps, the latency of what does not spike.
    """
    largest = first.membranes.abs().max() * 2 + 1
    winner = (first.steps * -largest + first.membranes).argmax(dim=1, keepdim=True)
    return torch.full_like(first.steps, bins).scatter(1, winner, first.steps.gather(1, winner))


def pool_latencies(times: Tensor, size: int) -> Tensor:
    """The earliest spike of each window of ``size`` by ``size``, ``[B, F, H // size, W // size]``."""
    if size == 1:
        return times
    return (-functional.max_pool2d(-times.to(torch.float32), size)).to(times.dtype)


def learn_network(
    pictures: Tensor,
    layers: Sequence[StdpLayer],
    generator: Seed,
    *,
    epochs: int = 1,
    stop: float = 0.01,
) -> StdpNetwork:
    """Kernels of all layers, learned one after the other, each from the spikes of the layers before it.

    Args:
        pictures: ``[M, C, H, W]``, such as the result of :func:`difference_of_gaussians`; training pictures only.
        layers: In the order in which data flows.
        generator: Source of the first weights, normal around 0.8, and of the order of the pictures.
        epochs: Passes over the pictures of each layer.
        stop: A layer's learning ends when its :func:`convergence` falls below this.

    Raises:
        PlasticityError: if there are no layers, their numbers of steps differ, or a window is larger than its input.

    Example:
        >>> from perception import load_digits
        >>> pictures = difference_of_gaussians(load_digits().pictures[::500])
        >>> learned = learn_network(pictures, two_layers(), 0)
        >>> network_features(learned, pictures).shape
        torch.Size([10, 1600])
    """
    generator = to_generator(generator)
    bins = _bins(layers)
    times = latencies(pictures, bins)
    learned: list[Tensor] = []
    for layer in layers:
        if layer.kernel > min(times.shape[2:]):
            raise PlasticityError(f"a window of {layer.kernel} does not fit into an input of {list(times.shape[2:])}")
        shape = (layer.maps, times.shape[1], layer.kernel, layer.kernel)
        kernels = torch.empty(shape).normal_(0.8, 0.05, generator=generator).clamp(0, 1)
        for _ in range(epochs):
            for number in torch.randperm(len(times), generator=generator).tolist():
                kernels = plasticity_step(kernels, times[number], layer.rule)
                if convergence(kernels) < stop:
                    break
        learned.append(kernels)
        times = _through(layer, kernels, times)
    return StdpNetwork(tuple(layers), tuple(learned), tuple(convergence(kernels) for kernels in learned))


def network_latencies(network: StdpNetwork, pictures: Tensor) -> Tensor:
    """Steps at which the last layer's pools first spike, ``[B, F, H', W']``.

    Args:
        network: Learned.
        pictures: ``[B, C, H, W]``, as it learned from.
    """
    times = latencies(pictures, _bins(network.layers))
    for layer, kernels in zip(network.layers, network.kernels, strict=True):
        times = _through(layer, kernels, times)
    return times


def network_features(network: StdpNetwork, pictures: Tensor) -> Tensor:
    """Features for a classifier, ``[B, F * H' * W']``: 1 for a spike at once, down to 0 for none.

    Args:
        network: Learned.
        pictures: ``[B, C, H, W]``, as it learned from.
    """
    return 1 - network_latencies(network, pictures).flatten(1) / _bins(network.layers)


def _through(layer: StdpLayer, kernels: Tensor, times: Tensor) -> Tensor:
    """Latencies after a layer, its inhibition and its pool, a few pictures at a time to keep the memory small."""
    bins = layer.rule.bins
    spikes = (first_spikes(kernels, part, layer.rule.threshold, bins) for part in times.split(50))
    return torch.cat([pool_latencies(inhibit(first, bins), layer.pool) for first in spikes])


def _bins(layers: Sequence[StdpLayer]) -> int:
    numbers = {layer.rule.bins for layer in layers}
    if len(numbers) != 1:
        raise PlasticityError(f"a network needs layers of one number of steps, got {sorted(numbers)}")
    return numbers.pop()
