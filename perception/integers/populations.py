"""Layers of whole numbers as one :class:`logic.SpikingNetwork`, in which every connection takes a step.

A population at depth ``l`` does at step ``t + l`` what its layer does at step ``t``; a term from depth ``k`` to ``l``
is a projection of delay ``l - k``. Biases come from the input line that is on while the picture is shown, ``l`` steps
later, so that leaking membranes get them exactly when they should. Each slot has populations' channels of its own.
"""

from itertools import product
from math import prod

import numpy as np
from numpy.typing import NDArray

from logic import INPUT, Convolution, Population, SpikingNetwork, Synapses, single_lines
from logic.projections import write_out

from .bit_planes import BITS, lines
from .integer_layers import IntegerLayers, WholeLayer
from .layer_graph import Layer, LayerGraph, Term

Integers = NDArray[np.int64]
_UNREACHED = 2**40  # by any evidence


def to_populations(layers: IntegerLayers, slots: int = 1) -> SpikingNetwork:
    """The network of integers from the bits of all slots' pictures to the evidence for each slot's values.

    The last population gathers evidence, ``slots * K`` neurons that never fire; give them thresholds and a race
    behind them to get a decision.

    Args:
        layers: Of which network.
        slots: Number of pictures that are looked at side by side, ``N``.

    Returns:
        Input as :func:`perception.integers.input_spikes` gives it. Each wave needs a fresh run.
    """
    graph = layers.graph
    populations: list[Population] = []
    projections: list[Convolution | Synapses] = []
    for whole in layers.whole():
        layer = whole.layer
        depth = graph.depths[layer.name]
        populations.append(_population(whole, slots))
        for term, kernel in zip(layer.terms, whole.kernels, strict=True):
            delay = depth - graph.depths[term.source]
            projections.append(_projection(graph, layer, term, kernel, slots, delay))
        if whole.bias.any():
            projections.append(_bias(graph, whole, slots, depth))
    shape = (slots * lines(graph), *graph.picture[1:])
    count = populations[-1].size
    first = prod(shape) + sum(population.size for population in populations) - count
    return SpikingNetwork(
        input_shape=shape,
        populations=tuple(populations),
        projections=tuple(projections),
        outputs=first + np.arange(count),
        output_lines=single_lines(f"evidence{number}" for number in range(count)),
        latencies=np.full(count, graph.depths[graph.readout.name] + graph.steps - 1),
    )


def _population(whole: WholeLayer, slots: int) -> Population:
    layer = whole.layer
    channels, height, width = layer.shape
    shape = (slots * channels, height, width)
    if layer.form is None:
        return Population(layer.name, shape, _UNREACHED, retain=True)
    threshold = np.tile(np.repeat(whole.threshold, height * width), slots)
    if not layer.form.retain:
        return Population(layer.name, shape, threshold)
    reset = "zero" if layer.form.reset == "hard" else "subtract"
    return Population(layer.name, shape, threshold, retain=True, leak=layer.form.leak, reset=reset)


def _projection(
    graph: LayerGraph, target: Layer, term: Term, kernel: Integers, slots: int, delay: int
) -> Convolution | Synapses:
    source = graph.shape_of(term.source)
    if term.source == INPUT:
        kernel, source = _planes(graph, kernel)
    stride, padding = term.stride, term.padding
    cut = term.averaged and (source[1] % 2 or source[2] % 2)
    if term.averaged and not cut:
        kernel, stride, padding = kernel.repeat(2, axis=2).repeat(2, axis=3), 2 * stride, 2 * padding
    tiled = np.tile(kernel, (slots, 1, 1, 1))
    found = Convolution(term.source, target.name, tiled, stride, slots * term.groups, delay, padding)
    if not cut:
        return found
    return _averaged_synapses((slots * source[0], *source[1:]), (slots * target.shape[0], *target.shape[1:]), found)


def _planes(graph: LayerGraph, kernel: Integers) -> tuple[Integers, tuple[int, int, int]]:
    """The kernel of a picture's channels as that of a slot's input lines, and the shape of these."""
    count = lines(graph)
    if graph.code == "bytes":
        powers = 2 ** np.arange(BITS)
        kernel = (kernel[:, :, None] * powers[:, None, None]).reshape(len(kernel), -1, *kernel.shape[2:])
    silent = np.zeros((len(kernel), count - kernel.shape[1], *kernel.shape[2:]), dtype=np.int64)
    return np.concatenate([kernel, silent], 1), (count, *graph.picture[1:])


def _averaged_synapses(source: tuple[int, int, int], shape: tuple[int, int, int], convolution: Convolution) -> Synapses:
    """A convolution behind averages at whose rim windows are cut off, so that no other convolution is the same."""
    channels, height, width = source
    rows, columns = (height + 1) // 2, (width + 1) // 2
    found = write_out(convolution, (channels, rows, columns), shape)
    channel, place = np.divmod(found.pre, rows * columns)
    y, x = (2 * axis for axis in np.divmod(place, columns))
    weight = found.weight * np.where(y + 1 < height, 1, 2) * np.where(x + 1 < width, 1, 2)
    parts: list[tuple[Integers, Integers, Integers]] = []
    for down, right in product((0, 1), repeat=2):
        there = (y + down < height) & (x + right < width)
        pre = (channel * height + y + down) * width + x + right
        parts.append((pre[there], found.post[there], weight[there]))
    pre, post, weights = (np.concatenate(column) for column in zip(*parts, strict=True))
    return Synapses(convolution.source, convolution.target, pre, post, weights, convolution.delay)


def _bias(graph: LayerGraph, whole: WholeLayer, slots: int, depth: int) -> Synapses:
    """Biases, from the first line of the channel that is on while the slot's picture is shown."""
    places = prod(whole.layer.shape[1:])
    biases = np.tile(np.repeat(whole.bias, places), slots)
    post = np.flatnonzero(biases)
    slot = post // (len(whole.bias) * places)
    count, pixels = lines(graph), prod(graph.picture[1:])
    pre = (slot * count + count - 1) * pixels
    return Synapses(INPUT, whole.layer.name, pre, post, biases[post], depth)
