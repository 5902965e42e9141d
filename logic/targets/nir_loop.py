"""A network that is no chain as one NIR population in a loop: registers, delays, answers at different steps.

The readers of NIR give a connection no delay, but a loop takes a step. So the population holds a copy of every input
line, then all neurons, then the relays that wait in place of longer delays; all its synapses lie in the loop, and a
step of the reader is a step of ours: spikes are equal without shift. Only neurons that forget can stand in one node
with any thresholds (a lower threshold is a bias); what starts with a membrane starts with a bias that is taken back.
Weights are Conv2d nodes over maps of one pixel: snnTorch sends the input of a loop of Affine nodes through the loop.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..deployment import TargetNetwork, neurons_with_relays, step_flat, with_relays, without_initial
from ..errors import NetworkError
from ..network import SpikingNetwork
from .nir_nodes import TIME_STEP, neuron_node, weight_map
from .target import Limits

if TYPE_CHECKING:
    import nir

LOOP = "loop"
_MOST_LINES = 8_000  # whose matrix takes half a gigabyte
_CHAIN = Limits(longest_delay=1, layered=True)


def is_chain(network: SpikingNetwork) -> bool:
    """Whether a network is written layer by layer: one that can be, and begins as a reader of its layers does.

    Raises:
        NetworkError: if it is a chain, must be written as one, and cannot begin at rest.
    """
    if any(_CHAIN.broken(network)):
        return False
    said = _unrest(network)
    if said and any(population.retain for population in network.populations):
        raise NetworkError(f"nir cannot carry this network: {said}")
    return not said


def _unrest(network: SpikingNetwork) -> str:
    """What keeps a chain from beginning at rest, where its NIR reading begins: layer ``l`` after our step ``l - 1``."""
    looped = {projection.target for projection in network.projections if projection.source == projection.target}
    if not looped and not any(population.retain for population in network.populations):
        return ""  # what forgets and hears only what comes before begins anywhere
    flat = TargetNetwork.of(network)
    first = 0
    silence = np.zeros((0, 1, flat.inputs), np.bool_)
    for population, (row, membrane) in zip(
        network.populations, step_flat(flat, silence, len(network.populations)), strict=True
    ):
        part = slice(first, first + population.size)
        first += population.size
        held = membrane[0, part]
        if population.retain and held.any():
            at = int(np.flatnonzero(held)[0])
            return (
                f"neuron {at} of '{population.name}' holds a membrane of {held[at]} when its reading begins, at rest; "
                f"start it at {population.initial[at] - held[at]}"
            )
        if population.name in looped and row[0, flat.inputs :][part].any():
            return f"'{population.name}' hears itself and fires before the first input arrives; raise its thresholds"
    return ""


def loop_network(network: SpikingNetwork) -> TargetNetwork:
    """The network with unit delays and no starting membranes.

    Raises:
        NetworkError: if a matrix of all neurons is too large for a file.
    """
    flat = TargetNetwork.of(network)
    lines = flat.inputs + neurons_with_relays(network)
    if lines > _MOST_LINES:
        remedy = "use a mapping with fewer neurons" if network.period > 1 else "balance with relays"
        raise NetworkError(
            f"nir cannot carry this network: a loop of {lines:,} neurons and relays is too large; {remedy}"
        )
    return with_relays(without_initial(flat), 1)


def loop_graph(network: SpikingNetwork, profile: str) -> nir.NIRGraph:
    """The NIR graph ``input -> loop -> output`` of a network whose neurons forget.

    Raises:
        NetworkError: as :func:`loop_network`.
    """
    import nir

    flat = loop_network(network)
    size = flat.inputs + flat.neurons
    matrix = np.zeros((size, size))
    np.add.at(matrix, (flat.inputs + flat.post, flat.pre), flat.weight)
    threshold = np.concatenate([np.ones(flat.inputs, np.int64), flat.threshold])
    top = max(1, int(threshold.max()))
    bias = np.concatenate([np.zeros(flat.inputs, np.int64), flat.bias]) + top - threshold
    highest = np.maximum(matrix, 0).sum(axis=1) + bias
    highest[: flat.inputs] += 1
    lift = max(0, int(highest.max()) - 2 * top + 1)  # keeps membranes below twice the threshold
    shape = (size, 1, 1)
    nodes: dict[str, nir.NIRNode] = {
        "input": nir.Input({"input": np.array([flat.inputs, 1, 1])}),
        f"to_{LOOP}": weight_map(np.eye(size, flat.inputs)[:, :, None, None], bias + lift),
        LOOP: neuron_node(shape, top + lift, False, profile),
        f"within_{LOOP}": weight_map(matrix[:, :, None, None], np.zeros(size)),
        "output": nir.Output({"output": np.array(shape)}),
    }
    edges = [("input", f"to_{LOOP}"), (f"to_{LOOP}", LOOP), (LOOP, f"within_{LOOP}"), (f"within_{LOOP}", LOOP)]
    return nir.NIRGraph(nodes=nodes, edges=[*edges, (LOOP, "output")], metadata={"dt": TIME_STEP})
