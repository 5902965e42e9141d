"""What a network of integers costs layer by layer, and what rounding changes: spikes that differ, answers that flip."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from logic import INPUT, Convolution, SpikingNetwork, Synapses
from logic.proving.membranes import membrane_bounds

from .bit_planes import as_shown
from .integer_layers import IntegerLayers, WholeLayer
from .populations import to_populations

_WRITTEN_OUT = 30_000_000  # synapses of which worst-case membranes are computed
_TOGETHER = 250  # pictures


@dataclass(frozen=True)
class LayerCost:
    """A population of a network of integers.

    Args:
        name: Of the population.
        shape: ``C x H x W``.
        depth: Steps by which it is late.
        neurons: Their number.
        synapses: That end in it, those of zero weight left out.
        sources: Populations that it hears, the input included.
        weight_bits: Of the largest weight of a synapse, sign included, biases aside; the planes of a byte add seven.
        bias_bits: Of the largest bias.
        thresholds: The smallest and the largest.
        membrane_bits: Of the largest membrane over all inputs, sign included; none where that was not computed.
    """

    name: str
    shape: str
    depth: int
    neurons: int
    synapses: int
    sources: int
    weight_bits: int
    bias_bits: int
    thresholds: tuple[int, int]
    membrane_bits: int | None


def layer_costs(layers: IntegerLayers) -> list[LayerCost]:
    """The costs of all layers for one slot, the readout last.

    Example:
        >>> from perception import SpikingVision
        >>> vision = SpikingVision(3, 0, model="tiny_ms_resnet", options={"size": 8, "steps": 2})
        >>> first = layer_costs(IntegerLayers(vision.layer_graph()))[0]
        >>> first.name, first.shape, first.neurons, first.synapses < 8 * 64 * (8 * 9 + 1), first.weight_bits
        ('blocks_0_fire', '8 x 8 x 8', 512, True, 15)
    """
    graph, network = layers.graph, to_populations(layers)
    counts = {population.name: 0 for population in network.populations}
    for projection in network.projections:
        counts[projection.target] += count_synapses(network, projection)
    widths = _membrane_bits(network, graph.steps) if sum(counts.values()) <= _WRITTEN_OUT else {}
    return [_cost(whole, network, graph.depths[whole.layer.name], counts, widths) for whole in layers.whole()]


def _cost(
    whole: WholeLayer, network: SpikingNetwork, depth: int, counts: dict[str, int], widths: dict[str, int]
) -> LayerCost:
    layer = whole.layer
    biases = {INPUT} if whole.bias.any() else set[str]()
    heaviest = max(
        int(np.abs(p.kernel if isinstance(p, Convolution) else p.weight).max(initial=0))
        for p in network.projections
        if p.target == layer.name and (isinstance(p, Convolution) or p.source not in biases)
    )
    return LayerCost(
        layer.name,
        " x ".join(map(str, layer.shape)),
        depth,
        layer.size,
        counts[layer.name],
        len({term.source for term in layer.terms}),
        1 + heaviest.bit_length(),
        1 + int(np.abs(whole.bias).max()).bit_length(),
        (int(whole.threshold.min()), int(whole.threshold.max())),
        widths.get(layer.name),
    )


def count_synapses(network: SpikingNetwork, projection: Convolution | Synapses) -> int:
    """Synapses of a projection that are not zero, without writing them out."""
    if isinstance(projection, Synapses):
        return int(np.count_nonzero(projection.weight))
    target = network.shape_of(projection.target)
    places = [
        _places(network.shape_of(projection.source)[axis], target[axis], projection.kernel.shape[axis + 1], projection)
        for axis in (1, 2)
    ]
    taps = np.count_nonzero(projection.kernel, axis=(0, 1))
    return int((taps * np.outer(*places)).sum())


def _places(side: int, out: int, extent: int, projection: Convolution) -> NDArray[np.int64]:
    """For each row of the window, at how many places it lies within the source."""
    first = np.arange(out) * projection.stride - projection.padding
    heard = first[None, :] + np.arange(extent)[:, None]
    return ((heard >= 0) & (heard < side)).sum(1)


def _membrane_bits(network: SpikingNetwork, steps: int) -> dict[str, int]:
    bits = membrane_bounds(network, network.latency + 1, steps).bits
    ends = np.cumsum([population.size for population in network.populations])
    parts = np.split(bits, ends[:-1])
    return {population.name: int(part.max()) for population, part in zip(network.populations, parts, strict=True)}


@dataclass(frozen=True)
class Rounding:
    """What rounding changes on pictures.

    Args:
        pictures: Their number.
        flips: Whose value with most evidence differs between real and whole numbers.
        differing: Share of spikes that differ, by layer; what went wrong in layers before is counted too.
        alone: Flips when this layer alone is rounded; empty if not asked for.
        right: Pictures read as their labels in real and in whole numbers; none without labels.
    """

    pictures: int
    flips: int
    differing: dict[str, float]
    alone: dict[str, int]
    right: tuple[int, int] | None


@torch.no_grad()
def compare(
    layers: IntegerLayers, pictures: Tensor, labels: Sequence[int] | Tensor | None = None, *, alone: bool = False
) -> Rounding:
    """Looks at pictures in real and in whole numbers.

    Args:
        layers: Of which network; its real weights are those it was read with, or learned since.
        pictures: ``[M, C, H, W]`` or frames ``[M, T, C, H, W]``, bytes or floats from 0 to 1.
        labels: Class numbers ``[M]``.
        alone: Whether to round each layer alone too, one run more a layer.

    Example:
        >>> from perception import SpikingVision
        >>> vision = SpikingVision(3, 0, model="tiny_ms_resnet", options={"size": 8, "steps": 2})
        >>> shown = torch.rand(5, 1, 8, 8, generator=torch.Generator().manual_seed(0))
        >>> found = compare(IntegerLayers(vision.layer_graph()), shown, [0, 1, 2, 0, 1])
        >>> found.pictures, found.flips <= 5, sorted(found.differing)[0]
        (5, True, 'blocks_0_branch_1')
    """
    names = [layer.name for layer in layers.graph.layers]
    wanted = None if labels is None else torch.as_tensor(labels)
    differing = dict.fromkeys(names[:-1], 0.0)
    flips_alone = dict.fromkeys(names, 0) if alone else {}
    flips, right = 0, [0, 0]
    for start in range(0, len(pictures), _TOGETHER):
        part = pictures[start : start + _TOGETHER]
        shown = as_shown(layers.graph, part if part.ndim == 4 else part.transpose(0, 1))
        real, whole = layers.run(shown, []), layers.run(shown)
        seen, found = real.evidence.argmax(1).cpu(), whole.evidence.argmax(1).cpu()
        flips += int((seen != found).sum())
        for name in differing:
            share = (real.spikes[name] != whole.spikes[name]).float().mean().item()
            differing[name] += share * len(part) / len(pictures)
        for name in flips_alone:
            flips_alone[name] += int((layers.run(shown, [name]).evidence.argmax(1).cpu() != seen).sum())
        if wanted is not None:
            now = wanted[start : start + _TOGETHER]
            right[0] += int((seen == now).sum())
            right[1] += int((found == now).sum())
    return Rounding(len(pictures), flips, differing, flips_alone, None if wanted is None else (right[0], right[1]))
