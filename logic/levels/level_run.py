"""What networks of levels compute of pictures, in exact integers; and what spiking networks made of them send."""

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from ..errors import NetworkError
from ..network import INPUT, Convolution, SpikingNetwork, Synapses
from ..projections import Integers
from ..simulation.simulator import simulate
from .level_codes import LevelCode
from .level_layers import LevelNetwork, LevelTerm

_EXACT = 2**53  # whole numbers below it are exact in the floating point that sums are made in


class LevelRun(NamedTuple):
    """What happened to pictures.

    Args:
        levels: Of each layer with units, ``[B, C, H, W]``.
        logits: ``[B, K]``.
    """

    levels: dict[str, Integers]
    logits: Integers


def run_levels(network: LevelNetwork, pictures: Integers) -> LevelRun:
    """The levels and logits of pictures.

    Args:
        network: Of levels.
        pictures: Whole numbers below ``2^bits``, ``[B, C, H, W]``.

    Raises:
        NetworkError: if they have another shape or hold other numbers, or sums could be rounded.

    Example:
        >>> from logic.levels.level_layers import LevelLayer
        >>> one = LevelLayer("one", (LevelTerm("input", [[[[1]]]]),), [0], [20])
        >>> last = LevelLayer("last", (LevelTerm("one", [[[[1]]], [[[-1]]]]),), [0, 3], None)
        >>> run_levels(LevelNetwork((1, 1, 1), (one, last)), np.array([70, 255]).reshape(2, 1, 1, 1)).logits.tolist()
        [[4, -1], [8, -5]]
    """
    found = accumulate(network, pictures)
    levels = {
        layer.name: to_levels(found[layer.name], layer.unit, network.levels)
        for layer in network.hidden
        if layer.unit is not None
    }
    return LevelRun(levels, found[network.readout.name].reshape(len(pictures), -1))


def to_levels(accumulators: Integers, unit: Integers, levels: int) -> Integers:
    """The levels ``[B, C, ...]`` of accumulators, for units ``[C]``."""
    each = unit.reshape(-1, *[1] * (accumulators.ndim - 2))
    return ((accumulators + each // 2) // each).clip(0, levels)


def accumulate(network: LevelNetwork, pictures: Integers) -> dict[str, Integers]:
    """The accumulators ``[B, C, H, W]`` of all layers, for what :func:`run_levels` takes."""
    pictures = np.asarray(pictures)
    if pictures.shape[1:] != network.picture or not (
        0 <= pictures.min(initial=0) <= pictures.max(initial=0) < 2**network.bits
    ):
        raise NetworkError(
            f"pictures of shape {pictures.shape} do not fit [B, {', '.join(map(str, network.picture))}] with whole "
            f"numbers of {network.bits} bits"
        )
    worst = max(int(max(high.max(), -low.min())) for low, high in network.accumulators.values())
    if worst >= _EXACT:
        raise NetworkError(f"an accumulator can reach {worst}, above 2^53; use fewer bits")
    sent = {INPUT: torch.from_numpy(pictures.astype(np.float64))}
    found: dict[str, Integers] = {}
    for layer in network.layers:
        total = torch.from_numpy(layer.bias.astype(np.float64))[:, None, None]
        for term in layer.terms:
            total = total + _convolved(sent[term.source], term)
        found[layer.name] = total.numpy().astype(np.int64)
        if layer.unit is not None:
            sent[layer.name] = torch.from_numpy(
                to_levels(found[layer.name], layer.unit, network.levels).astype(np.float64)
            )
    return found


def _convolved(signal: Tensor, term: LevelTerm) -> Tensor:
    if term.pool > 1:
        signal = functional.avg_pool2d(signal, term.pool, divisor_override=1)
    weight = torch.from_numpy(term.kernel.astype(np.float64))
    return functional.conv2d(signal, weight, stride=term.stride, padding=term.padding, groups=term.groups)


def picture_spikes(network: LevelNetwork, pictures: Integers) -> Tensor:
    """What a spiking network with one slot takes in for pictures ``[B, C, H, W]``: ``[1, B, lines, H, W]``.

    Example:
        >>> from logic.levels.level_layers import LevelLayer
        >>> one = LevelLayer("one", (LevelTerm("input", [[[[1]]]]),), [0], [20])
        >>> last = LevelLayer("last", (LevelTerm("one", [[[[1]]]]),), [0], None)
        >>> network = LevelNetwork((1, 1, 1), (one, last), bits=3)
        >>> picture_spikes(network, np.full((1, 1, 1, 1), 6)).flatten().int().tolist()
        [0, 1, 1, 1]
    """
    bits = (pictures[:, :, None] >> np.arange(network.bits)[:, None, None]) & 1
    planes = bits.reshape(len(pictures), -1, *pictures.shape[2:]).astype(bool)
    return torch.from_numpy(np.concatenate([planes, np.ones_like(planes[:, :1])], 1))[None]


def read_run(network: LevelNetwork, code: LevelCode, wired: SpikingNetwork, pictures: Integers) -> LevelRun:
    """What a spiking network with one slot sends for pictures, each level as the number of all its spikes.

    Args:
        network: Of levels; says which populations there are.
        code: How levels are sent.
        wired: The spiking network; if it has no population of the readout's name, there are no logits.
        pictures: As for :func:`run_levels`.
    """
    names = [layer.name for layer in network.hidden]
    steps = wired.latency + 1
    last = network.readout.name
    gathers = last in [population.name for population in wired.populations]
    heard = {p.source for p in wired.projections if p.target == last}
    record = simulate(
        wired, picture_spikes(network, pictures), steps, record={*names, *heard, *([last] if gathers else [])}
    )
    levels: dict[str, Integers] = {}
    for name in names:
        channels, *sides = network.shapes[name]
        lines = channels * code.width(network.levels)  # behind them may be a channel that is on
        sent = record[name].numpy().sum(0).reshape(len(pictures), -1, *sides)[:, :lines]
        levels[name] = sent.reshape(len(pictures), channels, -1, *sides).sum(2)
    if not gathers:
        return LevelRun(levels, np.zeros((len(pictures), 0), np.int64))
    return LevelRun(levels, _membranes(wired, last, record, steps))


def _membranes(wired: SpikingNetwork, name: str, record: dict[str, Tensor], steps: int) -> Integers:
    """The membranes ``[B, n]`` of a population after so many steps."""
    population = wired.population(name)
    batch = record[name].shape[1]
    current = np.zeros((steps, batch, population.size), np.int64)
    for projection in wired.projections:
        if projection.target != name:
            continue
        trains = record[projection.source].double()
        if isinstance(projection, Convolution):
            kernel = torch.from_numpy(projection.kernel.astype(np.float64))
            sums = functional.conv2d(
                trains.flatten(0, 1), kernel, None, projection.stride, projection.padding, 1, projection.groups
            )
            arrived = sums.reshape(steps, batch, -1).numpy().astype(np.int64)
            if projection.delay < steps:
                current[projection.delay :] += arrived[: steps - projection.delay]
            continue
        current += _arrived(projection, trains.flatten(2).numpy().astype(np.int64), population.size)
    membrane = np.broadcast_to(population.initial, (batch, population.size))
    for step in range(steps):
        driven = (membrane >> population.leak if population.retain else 0) + population.bias + current[step]
        fired = driven >= population.threshold
        membrane = np.where(fired, driven - population.threshold if population.reset == "subtract" else 0, driven)
    return membrane


def _arrived(projection: Synapses, trains: Integers, size: int) -> Integers:
    """What synapses bring at each step, ``[T, B, n]``, of trains ``[T, B, source]``."""
    found = np.zeros((*trains.shape[:2], size), np.int64)
    for late in np.unique(projection.delay).tolist():
        if late < len(trains):
            here = projection.delay == late
            sent = trains[: len(trains) - late][:, :, projection.pre[here]] * projection.weight[here]
            np.add.at(found[late:].transpose(2, 0, 1), projection.post[here], sent.transpose(2, 0, 1))
    return found
