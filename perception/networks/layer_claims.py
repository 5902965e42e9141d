"""What a quantised network computes, layer by layer, as PyTorch does it: what an integer network is proved against.

Weights and thresholds are those of the torch modules after rounding; how the integer network was built is not asked.
"""

from collections.abc import Callable
from math import prod
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from logic import INPUT, RealLayer, RealLink, Synapses

from ..integers.bit_planes import BITS, lines
from ..integers.integer_layers import WholeLayer, convolve
from ..integers.layer_graph import LayerGraph, Term
from .quantised import QuantisedPerception


def quantised_layers(perception: QuantisedPerception) -> dict[str, RealLayer]:
    """The layers of a quantised perception, one slot; the last gathers evidence and never fires.

    Example:
        >>> from perception import SpikingClassifier, quantise
        >>> [*quantised_layers(quantise(SpikingClassifier(10, 0)))]
        ['convolution1', 'convolution2', 'hidden', 'evidence']
    """
    graph = perception.layers.graph
    return {whole.layer.name: _layer(graph, whole) for whole in perception.layers.whole()}


def _layer(graph: LayerGraph, whole: WholeLayer) -> RealLayer:
    layer, depth = whole.layer, graph.depths[whole.layer.name]
    links = [
        _link(graph, term, kernel, depth - graph.depths[term.source])
        for term, kernel in zip(layer.terms, whole.kernels, strict=True)
    ]
    if whole.bias.any():
        links.append(_bias(graph, whole, depth))
    if layer.form is None:
        return RealLayer(links, 0, decay=1)
    decay = 2.0**-layer.form.leak if layer.form.retain else 0.0
    return RealLayer(links, whole.threshold, decay, "zero" if layer.form.reset == "hard" else "subtract")


def _link(graph: LayerGraph, term: Term, kernel: NDArray[np.int64], delay: int) -> RealLink:
    planes: list[tuple[int, int]] = []
    if term.source == INPUT:
        bits = BITS if graph.code == "bytes" else 1
        planes = [(channel, 1 << bit) for channel in range(graph.picture[0]) for bit in range(bits)]
        planes += [(0, 0)] * (lines(graph) - len(planes))
    if not term.averaged:
        return RealLink(term.source, kernel, term.stride, term.padding, term.groups, delay, planes)
    return RealLink(term.source, _averaging(term, kernel, planes), delay=delay)


def _averaging(
    term: Term, kernel: NDArray[np.int64], planes: list[tuple[int, int]]
) -> Callable[[NDArray[np.float64]], NDArray[np.float64]]:
    """The function that PyTorch computes where a convolution hears means, of bits of a picture too."""
    weight = torch.from_numpy(kernel).double()
    channels = 1 + max((channel for channel, _ in planes), default=-1)
    value = torch.zeros(channels, len(planes), dtype=torch.float64)
    for place, (channel, worth) in enumerate(planes):
        value[channel, place] += worth

    def respond(given: NDArray[np.float64]) -> Any:
        signal = torch.from_numpy(given)
        if planes:
            signal = torch.einsum("cp,bphw->bchw", value, signal)
        return convolve(signal[None], term, weight)[0].numpy()

    return respond


def _bias(graph: LayerGraph, whole: WholeLayer, depth: int) -> RealLink:
    """The bias of every step in which the picture is shown: from the first line of the channel that says so."""
    biases = np.repeat(whole.bias, prod(whole.layer.shape[1:]))
    post = np.flatnonzero(biases)
    first = (lines(graph) - 1) * graph.picture[1] * graph.picture[2]
    return RealLink(
        INPUT, Synapses(INPUT, whole.layer.name, np.full(len(post), first), post, biases[post]), delay=depth
    )
