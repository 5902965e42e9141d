"""Joining spiking networks by named signals into one network, with delays that keep every wave together.

A signal has two lines or one (see :mod:`logic.rails`). Each part starts when the latest of its inputs is there;
the lines of the others get so many steps of extra synaptic delay (path balancing). One wave may enter every step if
this holds for each part alone. Inverting a dual-rail signal swaps its two lines and costs nothing.
"""

from collections.abc import Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from math import prod
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..errors import NetworkError
from ..network import INPUT, Population, SpikingNetwork, Synapses
from ..rails import Line, by_line, rail_lines


class _Source(NamedTuple):
    """Where a line's spikes come from, and how many steps after the wave's entry."""

    population: str
    position: int
    step: int


def join(
    inputs: Sequence[str],
    parts: Mapping[str, SpikingNetwork],
    wiring: Mapping[str, Mapping[str, str]],
    outputs: Mapping[str, str],
) -> SpikingNetwork:
    """One network made of ``parts``, each fed by inputs or by other parts.

    Args:
        inputs: Names of the new network's dual-rail inputs.
        parts: Networks with input names, by the name that their populations get as prefix. One network may serve
            as several parts.
        wiring: For each part, the source of each of its inputs: a new input ``"x"`` or an output ``"part.y"`` of
            another part; ``"~"`` before it inverts.
        outputs: For each output of the new network its source, in the same notation.

    Returns:
        A network whose populations are named ``part_population`` and whose latencies are those of the longest paths.

    Raises:
        NetworkError: if a signal is unknown, missing, inverted without two rails, or feeds itself.

    Example:
        ``join(["a", "b"], {"first": xor}, {"first": {"a": "a", "b": "~b"}}, {"equal": "first.y"})``
    """
    unwired = set(parts) ^ set(wiring)
    if unwired:
        raise NetworkError(f"parts and wiring must name the same parts; they differ in {sorted(unwired)}")
    own = rail_lines(inputs)
    lines = {line: _Source(INPUT, position, 0) for position, line in enumerate(own)}
    if len(lines) < len(own):
        raise NetworkError(f"an input is given twice: {list(inputs)}")
    if taken := [name for name in inputs if name.startswith("~") or (name.split(".")[0] in parts and "." in name)]:
        raise NetworkError(f"inputs {taken} read like an inverted signal or like a part's output; rename them")
    populations: list[Population] = []
    projections: list[Synapses] = []
    for name in _in_order(inputs, parts, wiring):
        part = parts[name]
        named = _input_lines(part, name)
        if idle := set(wiring[name]) - {line.signal for line in named}:
            raise NetworkError(f"part '{name}' has no inputs {sorted(idle)}: they are not read")
        sources = [_find(lines, wiring[name], line, name) for line in named]
        start = max((source.step for source in sources), default=0)
        populations += [_renamed(population, f"{name}_{population.name}") for population in part.populations]
        for projection in part.projections:
            if not isinstance(projection, Synapses):
                raise NetworkError(f"part '{name}' has a convolution; only explicit synapses can be joined")
            projections += _moved(projection, name, sources, start)
        lines |= {
            Line(f"{name}.{output.signal}", output.rail): _output(
                part, name, int(source), sources, start + int(latency)
            )
            for (output, source), latency in zip(
                by_line(part.output_lines, part.outputs.tolist()).items(), part.latencies, strict=True
            )
        }
    answers = {
        Line(output, rail): _source(lines, signal, rail, f"output '{output}'")
        for output, signal in outputs.items()
        for rail in ((None,) if Line(signal) in lines else (0, 1))
    }
    first = dict(zip((p.name for p in populations), np.cumsum([0, *(p.size for p in populations)]), strict=False))
    offsets = {INPUT: 0} | {name: len(own) + int(place) for name, place in first.items()}
    return SpikingNetwork(
        input_shape=(len(own),),
        populations=tuple(populations),
        projections=tuple(projections),
        outputs=np.array([offsets[source.population] + source.position for source in answers.values()], dtype=np.int64),
        output_lines=tuple(answers),
        latencies=np.array([source.step for source in answers.values()], dtype=np.int64),
        input_lines=own,
    )


def _in_order(
    inputs: Sequence[str], parts: Mapping[str, SpikingNetwork], wiring: Mapping[str, Mapping[str, str]]
) -> list[str]:
    """The parts, each after those that feed it."""
    read = {name: {signal.removeprefix("~") for signal in wiring[name].values()} - set(inputs) for name in parts}
    feeds = {name: {signal.split(".")[0] for signal in signals if "." in signal} for name, signals in read.items()}
    for name, sources in feeds.items():
        if sources - set(parts):
            raise NetworkError(f"part '{name}' reads unknown parts {sorted(sources - set(parts))}")
    try:
        return list(TopologicalSorter(feeds).static_order())
    except CycleError as error:
        raise NetworkError(f"parts feed each other in a circle: {' <- '.join(error.args[1])}") from error


def _input_lines(part: SpikingNetwork, name: str) -> tuple[Line, ...]:
    if len(part.input_lines) != prod(part.input_shape):
        raise NetworkError(f"part '{name}' has no input lines; give them to SpikingNetwork")
    return part.input_lines


def _source(lines: Mapping[Line, _Source], signal: str, rail: int | None, reader: str) -> _Source:
    """What drives a signal's rail."""
    if signal.startswith("~"):
        if rail is None:
            raise NetworkError(
                f"{reader} inverts '{signal[1:]}', which has a single rail; only two rails can be swapped"
            )
        signal, rail = signal[1:], 1 - rail
    line = Line(signal, rail)
    if line not in lines:
        raise NetworkError(f"{reader} reads '{line}', which no input and no part provides")
    return lines[line]


def _find(lines: Mapping[Line, _Source], sources: Mapping[str, str], line: Line, name: str) -> _Source:
    """What feeds the input line ``line`` of part ``name``."""
    if line.signal not in sources:
        raise NetworkError(f"input '{line.signal}' of part '{name}' is not wired; it is one of {sorted(sources)}?")
    return _source(lines, sources[line.signal], line.rail, f"input '{line.signal}' of part '{name}'")


def _renamed(population: Population, name: str) -> Population:
    return Population(
        name,
        population.shape,
        population.threshold,
        retain=population.retain,
        leak=population.leak,
        reset=population.reset,
        bias=population.bias,
        initial=population.initial,
    )


def _moved(projection: Synapses, name: str, sources: list[_Source], start: int) -> list[Synapses]:
    """A part's projection inside the whole; one from the part's input is split by where its lines come from."""
    target = f"{name}_{projection.target}"
    if projection.source != INPUT:
        source = f"{name}_{projection.source}"
        return [Synapses(source, target, projection.pre, projection.post, projection.weight, projection.delay)]
    feeders = [sources[line] for line in projection.pre.tolist()]
    moved: list[Synapses] = []
    for population in dict.fromkeys(feeder.population for feeder in feeders):
        mine = np.array([feeder.population == population for feeder in feeders])
        position, extra = _columns([feeder for feeder in feeders if feeder.population == population], start)
        moved.append(
            Synapses(
                population,
                target,
                position,
                projection.post[mine],
                projection.weight[mine],
                projection.delay[mine] + extra,
            )
        )
    return moved


def _columns(feeders: list[_Source], start: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Positions of the feeders, and the steps for which each has to wait."""
    return np.array([f.position for f in feeders]), np.array([start - f.step for f in feeders])


def _output(part: SpikingNetwork, name: str, source: int, sources: list[_Source], step: int) -> _Source:
    """Where output number ``source`` of a part lies in the whole."""
    if source < len(sources):
        return sources[source]
    place = source - len(sources)
    for population in part.populations:
        if place < population.size:
            return _Source(f"{name}_{population.name}", place, step)
        place -= population.size
    raise NetworkError(f"part '{name}' has no neuron {source}")
