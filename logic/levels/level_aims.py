"""Pictures that are bred until they bring a neuron to where it differs: what must be true there, how far one is off.

A neuron whose thresholds differ does so at certain accumulators. One with a wrong weight differs if the line of that
weight sends and the accumulator is so near to a threshold that the weight decides.
"""

from collections.abc import Iterator, Sequence
from math import prod
from typing import NamedTuple

import numpy as np

from ..network import INPUT
from ..projections import Integers
from .level_codes import LevelCode
from .level_layers import LevelLayer, LevelNetwork
from .level_run import accumulate
from .level_weights import Fault

_NEAR = 512  # pictures in a generation
_KEPT = 48  # of them that are bred from
_SHOWN = 16  # pictures that are handed out at once


class Condition(NamedTuple):
    """That an accumulator lies in one of some ranges.

    Args:
        layer: Its layer.
        neuron: ``channel * places + place``.
        ranges: ``[R, 2]``, both ends included.
    """

    layer: str
    neuron: int
    ranges: Integers


Aim = tuple[Condition, ...]
"""Conditions that are all to be met."""


def thresholds(network: LevelNetwork, layer: LevelLayer, neuron: int) -> Integers:
    """``[L]`` the least accumulator for each level of a neuron above 0; none of the readout."""
    if layer.unit is None:
        return np.zeros(0, np.int64)
    unit = int(layer.unit[neuron // prod(network.shapes[layer.name][1:])])
    return unit * np.arange(1, network.levels + 1) - unit // 2


def near(network: LevelNetwork, code: LevelCode, layer: LevelLayer, neuron: int, fault: Fault) -> Integers:
    """``[R, 2]`` accumulators at which a wrong weight that is heard once decides about a level."""
    steps = thresholds(network, layer, neuron)
    if code.together:
        steps = steps[fault.member : fault.member + 1]
    low, high = (steps - fault.by, steps - 1) if fault.by > 0 else (steps, steps - fault.by - 1)
    return np.stack([low, high], 1)


def aim_at(
    network: LevelNetwork, code: LevelCode, name: str, neuron: int, fault: Fault | None, ranges: Integers | None
) -> Aim:
    """What must be true for a neuron to differ, as far as it is known; nothing if it is not."""
    if ranges is not None:
        return (Condition(name, neuron, ranges),)
    layers = {layer.name: layer for layer in network.layers}
    if neuron >= prod(network.shapes[name]):  # it passes on that the picture is shown
        return ()
    if fault is None or (fault.source != INPUT and fault.source not in layers):
        return ()
    found: list[Condition] = []
    if fault.source != INPUT:
        shape = network.shapes[fault.source]
        places, width = shape[1] * shape[2], code.width(network.levels)
        if fault.line >= shape[0] * width * places:
            return ()
        sender = fault.line // (places * width) * places + fault.line % places
        least = thresholds(network, layers[fault.source], sender)[fault.line // places % width]
        found.append(Condition(fault.source, sender, np.array([[least, 2**62]])))
    if layers[name].unit is not None:
        found.append(Condition(name, neuron, near(network, code, layers[name], neuron, fault)))
    return tuple(found)


def breed(
    network: LevelNetwork, aims: Sequence[Aim], first: Integers, generator: np.random.Generator, effort: int
) -> Iterator[Integers]:
    """Batches of pictures that meet all conditions of an aim.

    Args:
        network: Of levels, which says how far a picture is off.
        aims: Of which one is to be met.
        first: Pictures ``[B, C, H, W]`` to begin with.
        generator: Of all changes.
        effort: Number of pictures to look at.
    """
    pictures = first
    for _ in range(0, effort, _NEAR):
        apart = _apart(network, aims, pictures)
        met = np.flatnonzero((apart == 0).any(1))
        if len(met):
            yield pictures[met[:_SHOWN]]
            apart[met] = np.inf  # they were no use
        aim = int(apart.min(0).argmin()) if generator.random() < 0.7 else int(generator.integers(len(aims)))
        kept = pictures[np.argsort(apart[:, aim], kind="stable")[:_KEPT]]
        pictures = np.concatenate([kept, _changed(network, kept, generator)])


def _apart(
    network: LevelNetwork, aims: Sequence[Aim], pictures: Integers
) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """``[B, aims]`` how far pictures are from each aim, in levels."""
    found, layers = accumulate(network, pictures), {layer.name: layer for layer in network.layers}
    columns: list[np.ndarray[tuple[int], np.dtype[np.float64]]] = []
    for aim in aims:
        total = np.zeros(len(pictures))
        for layer, neuron, ranges in aim:
            values = found[layer].reshape(len(pictures), -1)[:, neuron, None]
            off = np.maximum(np.maximum(ranges[:, 0] - values, values - ranges[:, 1]), 0).min(1)
            step = thresholds(network, layers[layer], neuron)
            total += off / max(1, int(step[-1] // len(step)) if len(step) else 1)
        columns.append(total)
    return np.stack(columns, 1)


def _changed(network: LevelNetwork, parents: Integers, generator: np.random.Generator) -> Integers:
    """Children ``[B, C, H, W]`` of pictures: halves of two, with some pixels drawn anew and some a little changed."""
    count, top = _NEAR - len(parents), 2**network.bits - 1
    mothers, fathers = (parents[generator.integers(0, len(parents), count)] for _ in range(2))
    mixed = generator.random(mothers.shape) < generator.choice([0.0, 0.02, 0.3], (count, 1, 1, 1))
    found = np.where(mixed, fathers, mothers)
    drawn = generator.random(found.shape) < generator.choice([0.0, 0.002, 0.01, 0.05], (count, 1, 1, 1))
    found = np.where(drawn, generator.integers(0, top + 1, found.shape), found)
    moved = generator.random(found.shape) < generator.choice([0.0, 0.005, 0.1], (count, 1, 1, 1))
    reach = max(1, top // 16)
    return np.where(moved, found + generator.integers(-reach, reach + 1, found.shape), found).clip(0, top)
