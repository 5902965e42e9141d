"""Spiking networks as NIR files, with a second file for what NIR cannot carry, and back.

A network is written in one of two forms. A chain is ``input -> weights -> neurons -> ... -> output``; a population that
projects onto itself has its recurrent weights in a loop. The readers give a connection no delay (only a loop takes a
step), so a chain is written with one step less for each layer: a population ``l`` layers behind the input does at step
``t`` of the NIR reading what it does at step ``t + l`` here. Any other network whose neurons forget is one population
in a loop (:mod:`logic.targets.nir_loop`), without shift. Neurons are CubaLIF or LIF nodes with ``dt = 1e-4 s``, two
profiles for different readers (:mod:`logic.targets.nir_nodes`). Some readers (sinabs) fire ``floor(v / theta)`` times
a step; for them the threshold and the biases of neurons that forget are lifted alike, until no membrane can reach twice
the threshold. A chain of pictures, or with a loop, is written with Conv2d nodes throughout (a full connection is one
whose window covers the whole map), since readers disagree on what Flatten does to a batch and on loops of Affine nodes.

What NIR cannot carry, and the second file (``.json``) does: names of input and output lines, which neurons answer,
latencies, initial membranes, that all numbers are integers, and golden spikes: an example input with its answers.
(Facts: targets notes, sections 2, 3 and 5.)
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..errors import NetworkError
from ..network import INPUT, Convolution, Population, Projection, SpikingNetwork, Synapses, check_network
from ..simulation.step_plan import membrane_bits
from ..writing import whole_files
from .nir_loop import is_chain, loop_graph
from .nir_nodes import TIME_STEP, channel_factors, leak_places, neuron_node, united, weight_map
from .nir_notes import digest, golden_spikes, names_file, to_notes
from .nir_reader import read_chain
from .target import Limits, Target

if TYPE_CHECKING:
    import nir
    from torch import Tensor

_ANY_TIME = 1 << 20  # steps; what leaks has reached its bound long before


def write_nir(
    network: SpikingNetwork,
    path: str | Path,
    profile: str = "cuba",
    golden: Tensor | NDArray[np.bool_] | None = None,
) -> None:
    """Writes a network as NIR, and beside it as ``.json`` what NIR cannot carry; both or neither.

    Args:
        network: A chain (each population hears the one before it, and perhaps itself, with delays of one step), or any
            other whose neurons forget, with registers and delays.
        path: Ends in ``.nir``.
        profile: Of the neuron nodes: ``cuba``, which snnTorch, Norse and SpikingJelly read, or ``lif``, which sinabs
            reads (and snnTorch and Norse, where no membrane is kept).
        golden: ``[T, B, *input_shape]`` input spikes that are kept with the answers they cause, or none.

    Raises:
        NetworkError: if the network is neither, or a population that leaks has several thresholds.
        FileError: if the files cannot be written.

    Example:
        >>> from tempfile import TemporaryDirectory
        >>> from logic import CircuitBuilder, compile_circuit
        >>> make = CircuitBuilder()
        >>> a, b = make.inputs("a", "b")
        >>> network = compile_circuit(make.build(y=a ^ b), balance="relays", aligned=True)
        >>> with TemporaryDirectory() as folder:
        ...     write_nir(network, f"{folder}/xor.nir")
        ...     again = read_nir(f"{folder}/xor.nir")
        >>> again.neurons == network.neurons, again.output_names == network.output_names
        (True, True)
    """
    import nir

    path = Path(path)
    if path.suffix != NIR.suffix:
        raise NetworkError(f"{path}: a NIR file's name ends in {NIR.suffix}")
    graph = to_nir(check_network(network), profile)
    notes = to_notes(network, profile, TIME_STEP, is_chain(network))
    notes["golden"] = None if golden is None else golden_spikes(network, golden)
    with whole_files(names_file(path), path) as (second, first):
        nir.write(first, graph)
        notes["sha256"] = digest(first)
        second.write_text(json.dumps(notes))


def read_nir(path: str | Path) -> SpikingNetwork:
    """The network that :func:`write_nir` wrote: weights from the NIR file, all else from the file beside it.

    The network is written again in memory and must give the same graph, so that the two files fit in every number.

    Raises:
        NetworkError: if a file is missing, damaged, too large or not ours, or the two do not fit.
    """
    path = Path(path)
    network, graph, profile = read_chain(path)
    try:
        again = to_nir(network, profile)
    except NetworkError as error:
        raise NetworkError(f"{path}: {error}") from None
    for name, node in again.nodes.items():
        if not _same(node, graph.nodes.get(name)):
            raise NetworkError(f"{path}: node '{name}' does not fit {names_file(path).name}; write both files again")
    if set(map(tuple, graph.edges)) != set(again.edges) or len(graph.nodes) != len(again.nodes):
        raise NetworkError(f"{path}: its connections do not fit {names_file(path).name}; write both files again")
    return network


def _same(ours: nir.NIRNode, theirs: nir.NIRNode | None) -> bool:
    """Whether two nodes are of one kind and equal in every number, single numbers and arrays alike."""
    if theirs is None or type(ours) is not type(theirs):
        return False
    return all(
        np.array_equal(np.ravel(np.asarray(value)), np.ravel(np.asarray(getattr(theirs, name, None))))
        for name, value in vars(ours).items()
        if not isinstance(value, dict)  # shapes, which the node derives from its numbers
    )


def to_nir(network: SpikingNetwork, profile: str = "cuba") -> nir.NIRGraph:
    """The NIR graph of a network, weights and thresholds in float64.

    Args:
        network: As for :func:`write_nir`.
        profile: ``cuba`` or ``lif``.

    Raises:
        NetworkError: as :func:`write_nir`.
    """
    import nir

    NIR.check_profile(profile)
    NIR.check(network)
    if not is_chain(network):
        return loop_graph(network, profile)
    looped = any(projection.source == projection.target for projection in network.projections)
    spatial = len(network.input_shape) == 3 or looped
    shape = network.input_shape if len(network.input_shape) == 3 or not looped else (*network.input_shape, 1, 1)
    nodes: dict[str, nir.NIRNode] = {"input": nir.Input({"input": np.array(shape)})}
    edges: list[tuple[str, str]] = []
    before, sender = INPUT, "input"
    places = exact_places(network)
    for population, currents in zip(network.populations, _highest_currents(network), strict=True):
        forward, loop = _incoming(network, population, before)
        shape = _written_shape(population, spatial)
        top, factors = united(population)
        bias = factors * population.bias
        if not population.retain:
            bias = bias + (top - population.threshold)  # of a neuron that forgets, a lower threshold is a bias
            lift = max(0, int((currents + bias).max()) - 2 * top + 1)  # keeps membranes below twice the threshold
            bias, top = bias + lift, top + lift
        name = population.name
        nodes[f"to_{name}"] = _weights(network, forward, shape, bias, spatial, factors)
        leak = population.leak
        nodes[name] = neuron_node(shape, top, population.retain, profile, leak=leak, places=places.get(name, 0))
        edges += [(sender, f"to_{name}"), (f"to_{name}", name)]
        if loop is not None:
            nodes[f"within_{name}"] = _weights(network, loop, shape, np.zeros_like(bias), spatial, factors)
            edges += [(name, f"within_{name}"), (f"within_{name}", name)]
        before = sender = name
    last = network.populations[-1]
    nodes["output"] = nir.Output({"output": np.array(_written_shape(last, spatial))})
    return nir.NIRGraph(nodes=nodes, edges=[*edges, (before, "output")], metadata={"dt": TIME_STEP})


def exact_places(network: SpikingNetwork) -> dict[str, int]:
    """Binary places for the membranes of each population that leaks; see :mod:`logic.targets.nir_nodes`.

    Raises:
        NetworkError: if there are too few.
    """
    if not any(population.leak for population in network.populations):
        return {}
    ends = np.cumsum([population.size for population in network.populations])[:-1]
    bits = np.split(membrane_bits(network.flatten(), _ANY_TIME), ends)
    pairs = zip(network.populations, bits, strict=True)
    return {one.name: leak_places(one, int(needed.max(initial=1))) for one, needed in pairs if one.leak}


def _highest_currents(network: SpikingNetwork) -> list[NDArray[np.int64]]:
    """The sum of positive weights of each neuron, for each population."""
    flat = network.flatten()
    sums = np.bincount(flat.post, np.maximum(flat.weight, 0), network.neurons).astype(np.int64)
    return np.split(sums, np.cumsum([population.size for population in network.populations])[:-1])


def _incoming(network: SpikingNetwork, population: Population, before: str) -> tuple[Projection, Synapses | None]:
    """The projection from the population before, and the one from itself."""
    heard = [projection for projection in network.projections if projection.target == population.name]
    loops = [p for p in heard if p.source == population.name and isinstance(p, Synapses)]
    if len(loops) < sum(p.source == population.name for p in heard):
        raise NetworkError(f"'{population.name}' hears itself through a convolution; write its synapses out")
    return next(p for p in heard if p.source == before), loops[0] if loops else None


def _written_shape(population: Population, spatial: bool) -> tuple[int, ...]:
    return (population.size, 1, 1) if spatial and len(population.shape) == 1 else population.shape


def _weights(
    network: SpikingNetwork,
    projection: Projection,
    shape: tuple[int, ...],
    bias: NDArray[np.int64],
    spatial: bool,
    factors: NDArray[np.int64],
) -> nir.NIRNode:
    """A projection as one weight node; NIR's own shape check knows no groups, so they are written as zeros."""
    import nir

    source = network.shape_of(projection.source)
    stride, padding = 1, 0
    if isinstance(projection, Convolution):
        out, per_group, height, width = projection.kernel.shape
        kernel = np.zeros((out, per_group * projection.groups, height, width))
        by_channel = channel_factors(factors, out, projection.target)
        for channel in range(out):
            first = channel // (out // projection.groups) * per_group
            kernel[channel, first : first + per_group] = projection.kernel[channel] * by_channel[channel]
        stride, padding = projection.stride, projection.padding
        bias = bias.reshape(out, -1)
        if (bias != bias[:, :1]).any():
            raise NetworkError(
                f"biases of '{projection.target}' differ within a channel; a convolution has one for each"
            )
        bias = bias[:, 0]
    else:
        matrix = np.zeros((int(np.prod(shape)), int(np.prod(source))))
        np.add.at(matrix, (projection.post, projection.pre), projection.weight * factors[projection.post])
        if not spatial:
            return nir.Affine(weight=matrix, bias=bias.astype(np.float64))
        kernel = matrix.reshape(len(matrix), *(source if len(source) == 3 else (*source, 1, 1)))
    size = source[1:] if len(source) == 3 else (1, 1)
    return weight_map(kernel, bias, (size[0], size[1]), stride, padding)


NIR = Target(
    name="nir",
    about="Neuromorphic Intermediate Representation, which snnTorch, Norse, SpikingJelly and others read",
    suffix=".nir",
    mark=rb"\x89HDF",
    limits=Limits(longest_delay=1, layered=True, looped=True, subtracts=False),
    profiles=("cuba", "lif"),
    requires=("nir",),
    write=write_nir,
    read=read_nir,
)
