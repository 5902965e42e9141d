"""A network of levels as one spiking network, in any code.

What is not a weight comes from a channel that is on when the picture is shown: biases, and for neurons with a membrane
the gates. Such a neuron begins far below its threshold, so that nothing it hears makes it fire; a gate lifts it when
the last of it has arrived, and another one lowers it again at its window's end. Members have no gates, and each of
their layers passes the channel that is on to the next, so that a chain of layers stays one, which NIR can carry.
"""

from math import prod

import numpy as np

from ..network import INPUT, Convolution, Population, Projection, SpikingNetwork, Synapses
from ..projections import Integers
from ..rails import single_lines
from .level_codes import LevelCode, Sending, delay, level_code, sendings, tap
from .level_layers import LevelLayer, LevelNetwork, LevelTerm, ungrouped

_UNREACHED = 2**40  # by any logits


def wire_levels(network: LevelNetwork, code: str = "members", slots: int = 1) -> SpikingNetwork:
    """The spiking network that sends the levels of all layers, for pictures side by side.

    Args:
        network: Of levels.
        code: A name of :data:`LEVEL_CODES`.
        slots: Number of pictures.

    Returns:
        Input ``(slots * lines, H, W)``: the bits of each channel of a slot's picture, lowest first, at step 0, and at
        the same time its last channel, which is on. The last population gathers: its membranes are the logits from step
        ``latency`` on, its ``slots * K`` neurons never fire. Each wave needs a fresh run.

    Raises:
        NetworkError: if there is no such code.

    Example:
        >>> one = LevelLayer("one", (LevelTerm("input", [[[[1]]]]),), [0], [20])
        >>> last = LevelLayer("last", (LevelTerm("one", [[[[1]]], [[[-1]]]]),), [0, 3], None)
        >>> wire_levels(LevelNetwork((1, 1, 1), (one, last)), "window")
        SpikingNetwork: 3 neurons in 2 populations, latency 9, period 1
          input lines   (9, 1, 1)
          output lines  level0, level1
          one           1x1x1 neurons, keeps its membrane, less its threshold at a spike
          last          2x1x1 neurons, keeps its membrane
    """
    found = level_code(code)
    times = sendings(network, found)
    populations: list[Population] = []
    projections: list[Projection] = []
    for layer in network.layers:
        hears = f"{layer.name}_first" if found.name == "timed" and layer.unit is not None else layer.name
        for term in layer.terms:
            late = delay(layer, term.source, times)
            wires = _lines_of_members if found.together else _lines
            projections += wires(network, layer, term, hears, found, slots, late)
        if layer.unit is None:
            shape = slots * network.shapes[layer.name][0], 1, 1
            populations.append(Population(layer.name, shape, _UNREACHED, retain=True))
            if not found.together:
                projections += _from_on(network, layer.name, slots, {times[layer.name].ready: layer.bias})
        else:
            neurons, wires = _neurons(network, layer, layer.unit, hears, found, slots, times[layer.name])
            populations += neurons
            projections += wires
    shape = slots * network.lines, *network.picture[1:]
    count = populations[-1].size
    first = prod(shape) + sum(population.size for population in populations) - count
    return SpikingNetwork(
        input_shape=shape,
        populations=tuple(populations),
        projections=tuple(projections),
        outputs=first + np.arange(count),
        output_lines=single_lines(f"level{number}" for number in range(count)),
        latencies=np.full(count, times[network.readout.name].ready),
    )


def _neurons(
    network: LevelNetwork, layer: LevelLayer, unit: Integers, hears: str, code: LevelCode, slots: int, when: Sending
) -> tuple[list[Population], list[Projection]]:
    """A layer's neurons, and what they hear beside their terms."""
    channels, *sides = network.shapes[layer.name]
    places, levels, half = prod(sides), network.levels, unit // 2

    def each(values: Integers) -> Integers:
        """``[C, ...]`` for all neurons of all slots."""
        return np.tile(np.repeat(values.reshape(-1), places), slots)

    if code.together:
        thresholds = unit[:, None] * np.arange(1, levels + 1) - half[:, None]
        slot = np.concatenate([np.repeat(thresholds.reshape(-1), places), np.ones(places, np.int64)])
        return [Population(layer.name, (slots * (channels * levels + 1), *sides), np.tile(slot, slots))], []
    guard = _guard(network, layer) + half
    shape, end = (slots * channels, *sides), when.ready + levels
    gates = {when.ready: layer.bias + guard, end: -guard}
    if code.name == "window":
        cells = Population(layer.name, shape, each(unit), retain=True, reset="subtract", initial=each(half - guard))
        return [cells], _from_on(network, layer.name, slots, gates, places)
    ramp = dict.fromkeys(range(when.ready + 1, end), unit)
    first = Population(hears, shape, each(levels * unit), retain=True, initial=each(half - guard))
    held = Population(layer.name, shape, 1)
    own = np.arange(held.size)
    return [first, held], [
        *_from_on(network, hears, slots, {**gates, **ramp}, places),
        Synapses(hears, layer.name, own, own, 1),
        Synapses(layer.name, layer.name, own, own, 1),
        *_from_on(network, layer.name, slots, {end + 1: np.full(channels, -1)}, places),
    ]


def _guard(network: LevelNetwork, layer: LevelLayer) -> Integers:
    """``[C]`` more than a neuron can ever hear, bias included."""
    return network.accumulators[layer.name][1] - layer.bias + np.abs(layer.bias) + 1


def _lines(
    network: LevelNetwork, layer: LevelLayer, term: LevelTerm, target: str, code: LevelCode, slots: int, late: int
) -> list[Projection]:
    """A term's weights, from each line of its source to each neuron of the layer."""
    kernel, groups = term.folded(), term.groups
    if term.source == INPUT:
        kernel, groups = _of_bits(network, ungrouped(kernel, groups)), 1
    tiled = np.tile(kernel, (slots, 1, 1, 1))
    step, edge = term.stride * term.pool, term.padding * term.pool
    return [Convolution(term.source, target, tiled, step, slots * groups, late, edge)]


def _lines_of_members(
    network: LevelNetwork, layer: LevelLayer, term: LevelTerm, target: str, code: LevelCode, slots: int, late: int
) -> list[Projection]:
    """A term's weights, from member to member; with the first term biases, and what passes on that it is on."""
    levels, hidden = code.width(network.levels), layer.unit is not None
    kernel = ungrouped(term.folded(), term.groups)
    if term.source == INPUT:
        kernel = _of_bits(network, kernel)
    else:
        kernel = np.pad(kernel.repeat(levels, axis=1), ((0, 0), (0, 1), (0, 0), (0, 0)))
    on = layer.bias
    if hidden:
        kernel = np.pad(kernel.repeat(levels, axis=0), ((0, 1), (0, 0), (0, 0), (0, 0)))
        on = np.append(np.repeat(on, levels), 1)
    found: list[Projection] = []
    if term is layer.terms[0]:
        place = tap(network, layer, term)
        if place is not None:
            kernel[:, -1, place, place] = on
        else:  # from the first line of that channel
            out, sides = len(kernel), network.shapes[layer.name][1:]
            post = np.arange(slots * out * prod(sides))
            pre = (post // (out * prod(sides)) + 1) * kernel.shape[1] - 1
            weight = np.tile(np.repeat(on, prod(sides)), slots)
            places = prod(network.shapes[term.source][1:])
            found.append(
                Synapses(term.source, target, (pre * places)[weight != 0], post[weight != 0], weight[weight != 0], late)
            )
    tiled = np.tile(kernel, (slots, 1, 1, 1))
    step, edge = term.stride * term.pool, term.padding * term.pool
    return [Convolution(term.source, target, tiled, step, slots, late, edge), *found]


def _of_bits(network: LevelNetwork, kernel: Integers) -> Integers:
    """A kernel on pixels as one on their bits and on the channel that is on, which is not heard as a picture."""
    bits = 2 ** np.arange(network.bits)
    kernel = (kernel[:, :, None] * bits[:, None, None]).reshape(len(kernel), -1, *kernel.shape[2:])
    return np.pad(kernel, ((0, 0), (0, 1), (0, 0), (0, 0)))


def _from_on(
    network: LevelNetwork, target: str, slots: int, currents: dict[int, Integers], places: int = 1
) -> list[Projection]:
    """Currents ``[channels]`` at given steps, from the first line of each slot's channel that is on."""
    found: list[Projection] = []
    pixels = prod(network.picture[1:])
    for step, current in currents.items():
        all_slots = np.tile(np.repeat(current, places), slots)
        post = np.flatnonzero(all_slots)
        if len(post):
            slot = post // (len(current) * places)
            pre = ((slot + 1) * network.lines - 1) * pixels
            found.append(Synapses(INPUT, target, pre, post, all_slots[post], step))
    return found
