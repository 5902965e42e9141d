"""Layers of whole numbers as one :class:`logic.SpikingNetwork`, in which every connection takes a step.

A population at depth ``l`` does at step ``t + l`` what its layer does at step ``t``; a term from depth ``k`` to ``l``
is a projection of delay ``l - k``. Biases come from the input line that is on while the picture is shown, ``l`` steps
later, so that leaking membranes get them exactly when they should. Each slot has populations' channels of its own.
"""

from math import prod

import numpy as np
from numpy.typing import NDArray

from logic import INPUT, Convolution, Population, SpikingNetwork, Synapses, single_lines

from .bit_planes import BITS, lines
from .integer_layers import IntegerLayers, WholeLayer
from .layer_graph import LayerGraph, Term

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
            projections.append(_projection(graph, layer.name, term, kernel, slots, delay))
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


def _projection(graph: LayerGraph, target: str, term: Term, kernel: Integers, slots: int, delay: int) -> Convolution:
    if term.source == INPUT:
        kernel = _planes(graph, kernel)
    stride, padding = term.stride, term.padding
    if term.averaged:
        odd = graph.shape_of(term.source)[1] % 2
        kernel, stride, padding = kernel.repeat(2, axis=2).repeat(2, axis=3), 2 * stride, 2 * padding + odd
        kernel = np.pad(kernel, ((0, 0), (0, 0), (odd, 0), (odd, 0)))  # windows start where those of the mean do
    tiled = np.tile(kernel, (slots, 1, 1, 1))
    return Convolution(term.source, target, tiled, stride, slots * term.groups, delay, padding)


def _planes(graph: LayerGraph, kernel: Integers) -> Integers:
    """The kernel of a picture's channels as that of a slot's input lines."""
    if graph.code == "bytes":
        powers = 2 ** np.arange(BITS)
        kernel = (kernel[:, :, None] * powers[:, None, None]).reshape(len(kernel), -1, *kernel.shape[2:])
    silent = np.zeros((len(kernel), lines(graph) - kernel.shape[1], *kernel.shape[2:]), dtype=np.int64)
    return np.concatenate([kernel, silent], 1)


def _bias(graph: LayerGraph, whole: WholeLayer, slots: int, depth: int) -> Synapses:
    """Biases, from the first line of the channel that is on while the slot's picture is shown."""
    places = prod(whole.layer.shape[1:])
    biases = np.tile(np.repeat(whole.bias, places), slots)
    post = np.flatnonzero(biases)
    slot = post // (len(whole.bias) * places)
    count, pixels = lines(graph), prod(graph.picture[1:])
    pre = (slot * count + count - 1) * pixels
    return Synapses(INPUT, whole.layer.name, pre, post, biases[post], depth)
