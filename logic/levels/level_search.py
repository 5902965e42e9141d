"""Pictures after which a spiking network does not do what its network of levels does; what is found is simulated.

First it is asked whether any levels of its sources bring a suspect to an accumulator at which it differs; for the first
layer these are a picture. Then pictures of many kinds are looked at (of small ones all); then, of many more, those that
bring a deeper suspect there, which the network of levels tells at little cost.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import prod
from typing import NamedTuple

import numpy as np

from ..network import INPUT, SpikingNetwork
from ..projections import Integers
from .level_codes import LevelCode
from .level_layers import LevelLayer, LevelNetwork
from .level_run import accumulate, read_run, run_levels

_BATCH = 64
_SOLVED = 8  # suspects for which a picture is made
_FEW = 12  # bits of a picture; of pictures that small all are looked at
_NEAR = 512  # pictures whose accumulators are looked at together


@dataclass(frozen=True, eq=False)
class Suspect:
    """A neuron that may differ.

    Args:
        layer: Its layer.
        neuron: ``channel * places + place``.
        reason: In words.
        ranges: ``[R, 2]`` accumulators after which it differs, both ends included; none if that is not known.
    """

    layer: str
    neuron: int
    reason: str
    ranges: Integers | None = None


class Outcome(NamedTuple):
    """What a search found.

    Args:
        picture: Pixels that are not 0, by name, if the network differs after it.
        detail: What differs.
        left: Suspects that may still differ.
    """

    picture: dict[str, int] | None
    detail: str
    left: list[Suspect]


def search(
    wired: SpikingNetwork,
    network: LevelNetwork,
    code: LevelCode,
    suspects: Sequence[Suspect],
    examples: Integers | None,
    effort: int,
) -> Outcome:
    """A picture after which a spiking network differs.

    Args:
        wired: The network with one slot.
        network: What it should compute.
        code: How levels are sent.
        suspects: Neurons that may differ.
        examples: Pictures ``[B, C, H, W]`` to begin with.
        effort: Number of pictures to look at.
    """
    if not suspects:
        return Outcome(None, "", [])
    generator, left, tried = np.random.default_rng(0), list[Suspect](), 0
    for suspect in suspects:
        layer = next(layer for layer in network.layers if layer.name == suspect.layer)
        if suspect.ranges is None or tried >= _SOLVED:
            left.append(suspect)
            continue
        picture, possible = _solved(network, layer, suspect, generator)
        tried += possible
        if possible:
            left.append(suspect)
        if picture is not None and (found := _differing(wired, network, code, picture[None])):
            return found
    if not left:
        return Outcome(None, "", [])
    if network.bits * prod(network.picture) <= _FEW:
        found = _differing(wired, network, code, _all(network))
        return found or Outcome(None, f"all {2 ** (network.bits * prod(network.picture)):,} pictures looked at", [])
    for pictures in _kinds(network, examples, generator):
        if found := _differing(wired, network, code, pictures):
            return found
    aims = [suspect for suspect in left if suspect.ranges is not None]
    for pictures in _aimed(network, aims, examples, generator, effort) if aims else ():
        if found := _differing(wired, network, code, pictures):
            return found
    return Outcome(None, "", left)


def _differing(wired: SpikingNetwork, network: LevelNetwork, code: LevelCode, pictures: Integers) -> Outcome | None:
    """The first of some pictures after which the network differs, by simulation."""
    wanted, found = run_levels(network, pictures), read_run(network, code, wired, pictures)
    gathers = found.logits.shape[1] > 0
    wrong = (wanted.logits != found.logits).any(1) if gathers else np.zeros(len(pictures), bool)
    for name, levels in wanted.levels.items():
        wrong |= (levels != found.levels[name]).reshape(len(pictures), -1).any(1)
    if not wrong.any():
        return None
    at = int(wrong.argmax())
    text = f"the logits are {found.logits[at].tolist()}, not {wanted.logits[at].tolist()}" if gathers else ""
    for name, levels in wanted.levels.items():
        ours, theirs = found.levels[name][at].reshape(-1), levels[at].reshape(-1)
        if (ours != theirs).any():
            neuron = int((ours != theirs).argmax())
            where = f"layer '{name}', neuron {neuron} sends {ours[neuron]}, not {theirs[neuron]}"
            text = f"{where}; {text}" if gathers and (wanted.logits[at] != found.logits[at]).any() else where
            break
    places = zip(*np.nonzero(pictures[at]), strict=True)
    return Outcome({f"picture[{c},{y},{x}]": int(pictures[at, c, y, x]) for c, y, x in places}, text, [])


def _weights(network: LevelNetwork, layer: LevelLayer, neuron: int) -> tuple[Integers, Integers]:
    """What a neuron hears of all that its layer hears, ``[lines]``, and the greatest level of each."""
    shape = network.shapes[layer.name]
    channel, place = divmod(neuron, prod(shape[1:]))
    row, column = divmod(place, shape[2])
    sources = dict.fromkeys(term.source for term in layer.terms)
    found = {source: np.zeros(network.shapes[source], np.int64) for source in sources}
    for term in layer.terms:
        kernel, step, edge = term.folded()[channel], term.stride * term.pool, term.padding * term.pool
        first = channel // (shape[0] // term.groups) * len(kernel)
        inside, taps = list[slice](), list[slice]()
        for start, size, side in zip(
            (row * step - edge, column * step - edge), kernel.shape[1:], network.shapes[term.source][1:], strict=True
        ):
            taps.append(slice(max(0, -start), min(size, side - start)))
            inside.append(slice(start + taps[-1].start, start + taps[-1].stop))
        found[term.source][first : first + len(kernel), *inside] += kernel[:, *taps]
    most = [np.full(one.size, network.greatest(source)) for source, one in found.items()]
    return np.concatenate([one.reshape(-1) for one in found.values()]), np.concatenate(most)


def _solved(
    network: LevelNetwork, layer: LevelLayer, suspect: Suspect, generator: np.random.Generator
) -> tuple[Integers | None, bool]:
    """A picture after which a neuron of the first layer differs, and whether any levels make a neuron differ at all."""
    weights, most = _weights(network, layer, suspect.neuron)
    heard = np.flatnonzero(weights)
    bias = int(layer.bias[suspect.neuron // prod(network.shapes[layer.name][1:])])
    ranges = (suspect.ranges if suspect.ranges is not None else np.zeros((0, 2), np.int64)) - bias
    found = reach(weights[heard].tolist(), most[heard].tolist(), ranges.tolist())
    if found is None or any(term.source != INPUT for term in layer.terms):
        return None, found is not None
    picture = generator.integers(0, 2**network.bits, len(weights))
    picture[heard] = found
    return picture.reshape(network.picture), True


def reach(weights: Sequence[int], most: Sequence[int], ranges: Sequence[Sequence[int]]) -> list[int] | None:
    """Whole numbers from 0 to ``most`` whose weighted sum lies in one of some ranges; none if there are none.

    All sums that can be reached are kept as the bits of one long number, weight by weight.

    Example:
        >>> reach([6, -4], [3, 3], [(3, 3), (8, 9)])
        [2, 1]
        >>> reach([6, -4], [3, 3], [(1, 1), (3, 3)]) is None
        True
    """
    parts = [(place, size) for place, top in enumerate(most) for size in _parts(top)]
    lowest = sum(min(0, weights[place]) * size for place, size in parts)
    sums = [1 << -lowest]  # bit s - lowest for the sum s
    for place, size in parts:
        step = weights[place] * size
        sums.append(sums[-1] | (sums[-1] << step if step >= 0 else sums[-1] >> -step))
    for low, high in ranges:
        low = max(low, lowest)
        inside = (sums[-1] >> (low - lowest)) & ((1 << max(0, high - low + 1)) - 1)
        if not inside:
            continue
        aim = low - lowest + (inside & -inside).bit_length() - 1
        numbers = [0] * len(weights)
        for before, (place, size) in zip(sums[-2::-1], parts[::-1], strict=True):
            if not before >> aim & 1:
                numbers[place] += size
                aim -= weights[place] * size
        return numbers
    return None


def _parts(top: int) -> list[int]:
    """Numbers of which some add up to each from 0 to ``top``, and none to more."""
    found = list[int]()
    while top > 0:
        found.append((top + 1) // 2)
        top -= found[-1]
    return found


def _all(network: LevelNetwork) -> Integers:
    """Every picture that there is."""
    pixels = np.arange(2 ** (network.bits * prod(network.picture)))[:, None] >> network.bits * np.arange(
        prod(network.picture)
    )
    return (pixels & (2**network.bits - 1)).reshape(-1, *network.picture)


def _kinds(network: LevelNetwork, examples: Integers | None, generator: np.random.Generator) -> Iterator[Integers]:
    """Batches of pictures: those given, and random ones."""
    if examples is not None and len(examples):
        yield examples[:_BATCH]
    yield _random(network, _BATCH, generator)
    yield _random(network, 2 * _BATCH, generator)


def _random(network: LevelNetwork, count: int, generator: np.random.Generator) -> Integers:
    """Pictures of noise, sparse or dense, and of smooth spots, dark or bright."""
    channels, height, width = network.picture
    top = 2**network.bits - 1
    noise = generator.random((count, channels, height, width))
    dense = generator.random((count, 1, 1, 1))
    sparse = noise * (generator.random(noise.shape) < dense)
    coarse = generator.random((count, channels, -(-height // 4), -(-width // 4))) < dense
    spots = coarse.repeat(4, 2).repeat(4, 3)[:, :, :height, :width] * generator.random((count, 1, 1, 1))
    pictures = np.where(generator.random((count, 1, 1, 1)) < 0.5, sparse, np.maximum(spots, 0.2 * sparse))
    return np.rint(pictures * top).astype(np.int64)


def _aimed(
    network: LevelNetwork,
    suspects: Sequence[Suspect],
    examples: Integers | None,
    generator: np.random.Generator,
    effort: int,
) -> Iterator[Integers]:
    """Batches of pictures that bring a suspect to an accumulator at which it differs."""
    for _ in range(0, effort, _NEAR):
        pictures = _random(network, _NEAR, generator)
        if examples is not None and len(examples):
            half = generator.permutation(len(examples))[: _NEAR // 2]
            pictures[: len(half)] = np.clip(
                examples[half] + generator.integers(-9, 10, examples[half].shape), 0, 2**network.bits - 1
            )
        hits = np.flatnonzero(_distances(network, suspects, pictures).min(1) == 0)
        if len(hits):
            yield pictures[hits[: _BATCH // 4]]


def _distances(network: LevelNetwork, suspects: Sequence[Suspect], pictures: Integers) -> Integers:
    """``[B, suspects]`` how far each accumulator is from one at which its neuron differs."""
    found = accumulate(network, pictures)
    columns: list[Integers] = []
    for suspect in suspects:
        values = found[suspect.layer].reshape(len(pictures), -1)[:, suspect.neuron]
        ranges = suspect.ranges if suspect.ranges is not None else np.zeros((0, 2), np.int64)
        low, high = ranges.T
        apart = np.maximum(np.maximum(low - values[:, None], values[:, None] - high), 0)
        columns.append(apart.min(1, initial=2**62))
    return np.stack(columns, 1)
