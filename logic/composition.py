"""Joining spiking networks by named signals into one network, with delays that keep every wave together.

A signal has two lines, ``x=0`` and ``x=1``, or one, ``x``. Each part starts when the latest of its inputs is there;
the lines of the others get so many steps of extra synaptic delay (path balancing). One wave may enter every step if
this holds for each part alone. Inverting a dual-rail signal swaps its two lines and costs nothing.
"""

from collections.abc import Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from math import prod
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .errors import NetworkError
from .network import INPUT, Population, SpikingNetwork, Synapses


class _Line(NamedTuple):
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
    lines = {
        f"{name}={value}": _Line(INPUT, 2 * position + value, 0)
        for position, name in enumerate(inputs)
        for value in (0, 1)
    }
    if len(lines) < 2 * len(inputs):
        raise NetworkError(f"an input is given twice: {list(inputs)}")
    populations: list[Population] = []
    projections: list[Synapses] = []
    for name in _in_order(parts, wiring):
        part = parts[name]
        named = _input_names(part, name)
        if idle := set(wiring[name]) - {line.partition("=")[0] for line in named}:
            raise NetworkError(f"part '{name}' has no inputs {sorted(idle)}: they are not read")
        sources = [_find(lines, wiring[name], line, name) for line in named]
        start = max((source.step for source in sources), default=0)
        populations += [_renamed(population, f"{name}_{population.name}") for population in part.populations]
        for projection in part.projections:
            if not isinstance(projection, Synapses):
                raise NetworkError(f"part '{name}' has a convolution; only explicit synapses can be joined")
            projections += _moved(projection, name, sources, start)
        lines |= {
            f"{name}.{output}": _output(part, name, int(source), sources, start + int(latency))
            for output, source, latency in zip(part.output_names, part.outputs, part.latencies, strict=True)
        }
    answers = {
        answer: _source(lines, signal, tail, f"output '{output}'")
        for output, signal in outputs.items()
        for answer, tail in _tails(lines, output, signal)
    }
    first = dict(zip((p.name for p in populations), np.cumsum([0, *(p.size for p in populations)]), strict=False))
    offsets = {INPUT: 0} | {name: 2 * len(inputs) + int(place) for name, place in first.items()}
    return SpikingNetwork(
        input_shape=(2 * len(inputs),),
        populations=tuple(populations),
        projections=tuple(projections),
        outputs=np.array([offsets[line.population] + line.position for line in answers.values()], dtype=np.int64),
        output_names=tuple(answers),
        latencies=np.array([line.step for line in answers.values()], dtype=np.int64),
        input_names=tuple(f"{name}={value}" for name in inputs for value in (0, 1)),
    )


def _in_order(parts: Mapping[str, SpikingNetwork], wiring: Mapping[str, Mapping[str, str]]) -> list[str]:
    """The parts, each after those that feed it."""
    feeds = {
        name: {signal.lstrip("~").split(".")[0] for signal in wiring[name].values() if "." in signal} for name in parts
    }
    for name, sources in feeds.items():
        if sources - set(parts):
            raise NetworkError(f"part '{name}' reads unknown parts {sorted(sources - set(parts))}")
    try:
        return list(TopologicalSorter(feeds).static_order())
    except CycleError as error:
        raise NetworkError(f"parts feed each other in a circle: {' <- '.join(error.args[1])}") from error


def _input_names(part: SpikingNetwork, name: str) -> tuple[str, ...]:
    if len(part.input_names) != prod(part.input_shape):
        raise NetworkError(f"part '{name}' has no input names; give them to SpikingNetwork")
    return part.input_names


def _source(lines: Mapping[str, _Line], signal: str, tail: str, reader: str) -> _Line:
    """The line of a signal: ``tail`` is ``=0``, ``=1`` or nothing."""
    if signal.startswith("~"):
        if not tail:
            raise NetworkError(
                f"{reader} inverts '{signal[1:]}', which has a single rail; only two rails can be swapped"
            )
        signal, tail = signal[1:], {"=0": "=1", "=1": "=0"}[tail]
    if signal + tail not in lines:
        raise NetworkError(f"{reader} reads '{signal + tail}', which no input and no part provides")
    return lines[signal + tail]


def _find(lines: Mapping[str, _Line], sources: Mapping[str, str], line: str, name: str) -> _Line:
    """What feeds the input line ``line`` of part ``name``."""
    own, equals, value = line.partition("=")
    if own not in sources:
        raise NetworkError(f"input '{own}' of part '{name}' is not wired; it is one of {sorted(sources)}?")
    return _source(lines, sources[own], equals + value, f"input '{own}' of part '{name}'")


def _tails(lines: Mapping[str, _Line], output: str, signal: str) -> list[tuple[str, str]]:
    """The names of an output's lines, with the ends of its source's: one if the source has a single rail."""
    if signal in lines:
        return [(output, "")]
    return [(f"{output}={value}", f"={value}") for value in (0, 1)]


def _renamed(population: Population, name: str) -> Population:
    return Population(
        name,
        population.shape,
        population.threshold,
        retain=population.retain,
        bias=population.bias,
        initial=population.initial,
    )


def _moved(projection: Synapses, name: str, sources: list[_Line], start: int) -> list[Synapses]:
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


def _columns(feeders: list[_Line], start: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Positions of the feeders, and the steps for which each has to wait."""
    return np.array([f.position for f in feeders]), np.array([start - f.step for f in feeders])


def _output(part: SpikingNetwork, name: str, source: int, sources: list[_Line], step: int) -> _Line:
    """Where output number ``source`` of a part lies in the whole."""
    if source < len(sources):
        return sources[source]
    place = source - len(sources)
    for population in part.populations:
        if place < population.size:
            return _Line(f"{name}_{population.name}", place, step)
        place -= population.size
    raise NetworkError(f"part '{name}' has no neuron {source}")
