"""Parts of a network that were put side by side or one after another, taken apart again, as they are wired."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import prod

import numpy as np

from ..errors import NetworkError
from ..network import INPUT, Convolution, Population, Projection, SpikingNetwork, Synapses
from ..rails import Line, single_lines


def copy_of(
    network: SpikingNetwork, names: Mapping[str, str], number: int, count: int, channels: range
) -> SpikingNetwork:
    """One of ``count`` parts that lie side by side in the same populations, each in channels of its own.

    Args:
        network: In which they lie.
        names: The populations, in order, and what they are called in the part; what others hear is left out.
        number: Of the part.
        count: How many there are.
        channels: Of the input that the part hears.

    Returns:
        The part; the neurons of its last population answer, as ``line0``, ``line1``, ...

    Raises:
        NetworkError: if a population cannot be cut so, or a part hears another, or a population that is not named.

    Example:
        >>> pair = Population("relays", (2,), 1)
        >>> wires = Synapses("input", "relays", [0, 1], [0, 1], weight=[3, 5])
        >>> both = SpikingNetwork((2,), (pair,), (wires,), np.array([2, 3]), (Line("x"), Line("y")), np.array([1, 1]))
        >>> copy_of(both, {"relays": "relay"}, 1, 2, range(1, 2)).projections[0].weight.tolist()
        [5]
    """
    populations = [_cut(network.population(name), new, number, count) for name, new in names.items()]
    projections: list[Projection] = []
    for projection in network.projections:
        if projection.target not in names:
            continue
        if projection.source != INPUT and projection.source not in names:
            raise NetworkError(f"'{projection.target}' hears '{projection.source}', which is no part of it")
        own = channels if projection.source == INPUT else _own(network.shape_of(projection.source), number, count)
        source = names.get(projection.source, INPUT)
        found = (
            _cut_convolution(projection, number, count, own)
            if isinstance(projection, Convolution)
            else _cut_synapses(network, projection, number, count, own)
        )
        if isinstance(found, Convolution):
            projections.append(replace(found, source=source, target=names[projection.target]))
        else:
            ends = found.pre, found.post, found.weight, found.delay
            projections.append(Synapses(source, names[projection.target], *ends))
    shape = (len(channels), *network.input_shape[1:])
    last = populations[-1].size
    first = prod(shape) + sum(population.size for population in populations) - last
    return SpikingNetwork(
        shape,
        tuple(populations),
        tuple(projections),
        first + np.arange(last),
        single_lines(f"line{place}" for place in range(last)),
        np.full(last, network.latency),
    )


def tail_of(network: SpikingNetwork, sources: Sequence[str], lines: Sequence[Line], start: int) -> SpikingNetwork:
    """What comes behind some populations, as a network that hears these.

    Args:
        network: The whole.
        sources: Populations that feed the tail.
        lines: Names of their neurons, in order; what the tail's input lines are called.
        start: Step at which these fire for a wave; latencies are counted from there.

    Raises:
        NetworkError: if the tail hears anything else, or an output is not in it.
    """
    behind = _behind(network, sources)
    starts: dict[str, int] = {}
    at = 0
    for name in sources:
        starts[name] = at
        at += prod(network.shape_of(name))
    projections: list[Projection] = []
    for projection in network.projections:
        if projection.target not in behind:
            continue
        if projection.source in behind:
            projections.append(projection)
            continue
        if projection.source not in starts or not isinstance(projection, Synapses):
            raise NetworkError(f"'{projection.target}' hears '{projection.source}' past what should feed it")
        pre = projection.pre + starts[projection.source]
        projections.append(
            Synapses(INPUT, projection.target, pre, projection.post, projection.weight, projection.delay)
        )
    lost, kept, moved = prod(network.input_shape), list[Population](), dict[int, int]()
    position = at
    for population in network.populations:
        if population.name in behind:
            kept.append(population)
            moved |= {lost + place: position + place for place in range(population.size)}
            position += population.size
        lost += population.size
    if not all(output in moved for output in network.outputs.tolist()):
        raise NetworkError("an output of the network does not come from behind what should feed it")
    return SpikingNetwork(
        (at,),
        tuple(kept),
        tuple(projections),
        np.array([moved[output] for output in network.outputs.tolist()], np.int64),
        network.output_lines,
        network.latencies - start,
        tuple(lines),
    )


def _behind(network: SpikingNetwork, sources: Sequence[str]) -> set[str]:
    """The populations that hear some populations, directly or not, in front of which these stand."""
    found, grown = set[str](), True
    while grown:
        grown = False
        for projection in network.projections:
            if projection.source in found or projection.source in sources:
                grown |= projection.target not in found
                found.add(projection.target)
    return found


def _own(shape: tuple[int, ...], number: int, count: int) -> range:
    share = shape[0] // count
    return range(number * share, (number + 1) * share)


def _cut(population: Population, name: str, number: int, count: int) -> Population:
    if population.shape[0] % count:
        raise NetworkError(f"'{population.name}' of shape {population.shape} does not fall into {count} parts")
    size = population.size // count
    here = slice(number * size, (number + 1) * size)
    return replace(
        population,
        name=name,
        shape=(population.shape[0] // count, *population.shape[1:]),
        threshold=population.threshold[here],
        bias=population.bias[here],
        initial=population.initial[here],
    )


def _cut_convolution(projection: Convolution, number: int, count: int, own: range) -> Convolution:
    out, per_group, height, width = projection.kernel.shape
    rows = _own((out,), number, count)
    kernel = projection.kernel[rows.start : rows.stop]
    groups = projection.groups // count
    first = number * groups * per_group
    if projection.groups % count == 0 and range(first, first + groups * per_group) == own:
        return replace(projection, kernel=kernel, groups=groups)
    dense = np.zeros((len(rows), len(own), height, width), np.int64)
    for place, row in enumerate(rows):
        start = row // (out // projection.groups) * per_group - own.start
        inside = range(max(0, start), min(len(own), start + per_group))
        dense[place, inside.start : inside.stop] = kernel[place, inside.start - start : inside.stop - start]
        if np.count_nonzero(dense[place]) < np.count_nonzero(kernel[place]):
            raise NetworkError(f"part {number} of '{projection.target}' hears channels of another part")
    return replace(projection, kernel=dense, groups=1)


def _cut_synapses(network: SpikingNetwork, projection: Synapses, number: int, count: int, own: range) -> Synapses:
    share = prod(network.shape_of(projection.target)) // count
    each = prod(network.shape_of(projection.source)[1:])
    here = (projection.post // share == number) & (projection.weight != 0)
    pre = projection.pre[here] - own.start * each
    if ((pre < 0) | (pre >= len(own) * each)).any():
        raise NetworkError(f"part {number} of '{projection.target}' hears another part's '{projection.source}'")
    return Synapses(
        projection.source,
        projection.target,
        pre,
        projection.post[here] - number * share,
        projection.weight[here],
        projection.delay[here],
    )
