"""Pictures after which a spiking network does not do what its network of levels does; what is found is simulated.

First it is asked whether any levels of its sources bring a suspect to an accumulator at which it differs; for the first
layer these are a picture. Then pictures of many kinds are looked at, of small ones all. At last some are bred that
bring a deeper suspect there (``level_aims.py``), which the network of levels tells at little cost.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import prod
from typing import NamedTuple

import numpy as np

from ..network import INPUT, SpikingNetwork
from ..projections import Integers
from .level_aims import aim_at, breed, near
from .level_codes import LevelCode
from .level_layers import LevelLayer, LevelNetwork
from .level_run import read_run, run_levels
from .level_weights import Fault

_BATCH = 64
_SOLVED = 8  # suspects for which a picture is made
_FEW = 12  # bits of a picture; of pictures that small all are looked at
_NOWHERE = np.zeros((0, 2), np.int64)


@dataclass(frozen=True, eq=False)
class Suspect:
    """A neuron that may differ.

    Args:
        layer: Its layer.
        neuron: ``channel * places + place``.
        reason: In words.
        fault: In what it hears, if that is why.
        ranges: ``[R, 2]`` accumulators after which it differs, both ends included; none if that is not known.
    """

    layer: str
    neuron: int
    reason: str
    fault: Fault | None = None
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
        if tried >= _SOLVED or (suspect.ranges is None and suspect.fault is None):
            left.append(suspect)
            continue
        solve = _solved if suspect.ranges is not None else _solved_bits
        picture, possible = solve(network, code, layer, suspect, generator)
        tried += possible
        if possible:
            left.append(suspect)
        if picture is not None and (found := _differing(wired, network, code, picture[None])):
            return found
    if not left:
        return Outcome(None, "", [])
    if network.bits * prod(network.picture) <= _FEW:
        found = _differing(wired, network, code, all_pictures(network))
        return found or Outcome(None, f"all {2 ** (network.bits * prod(network.picture)):,} pictures looked at", [])
    for pictures in _kinds(network, examples, generator):
        if found := _differing(wired, network, code, pictures):
            return found
    chosen = [left[place] for place in generator.permutation(len(left))[:_SOLVED]]
    aims = [aim_at(network, code, one.layer, one.neuron, one.fault, one.ranges) for one in chosen]
    first = np.concatenate([random_pictures(network, 4 * _BATCH, generator), *([] if examples is None else [examples])])
    for pictures in breed(network, [aim for aim in aims if aim], first, generator, effort) if any(aims) else ():
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
    network: LevelNetwork, code: LevelCode, layer: LevelLayer, suspect: Suspect, generator: np.random.Generator
) -> tuple[Integers | None, bool]:
    """A picture after which a neuron of the first layer differs, and whether any levels make a neuron differ at all."""
    weights, most = _weights(network, layer, suspect.neuron)
    heard = np.flatnonzero(weights)
    ranges = (suspect.ranges if suspect.ranges is not None else _NOWHERE) - _bias(network, layer, suspect.neuron)
    found = reach(weights[heard].tolist(), most[heard].tolist(), ranges.tolist())
    if found is None or any(term.source != INPUT for term in layer.terms):
        return None, found is not None
    picture = generator.integers(0, 2**network.bits, len(weights))
    picture[heard] = found
    return picture.reshape(network.picture), True


def _solved_bits(
    network: LevelNetwork, code: LevelCode, layer: LevelLayer, suspect: Suspect, generator: np.random.Generator
) -> tuple[Integers | None, bool]:
    """A picture after which a bit that a neuron of the first layer hears with a wrong weight decides."""
    fault = suspect.fault
    if suspect.neuron >= prod(network.shapes[layer.name]):  # it passes on that the picture is shown
        return None, True
    if fault is None or fault.source != INPUT or any(term.source != INPUT for term in layer.terms):
        return None, True
    weights, _ = _weights(network, layer, suspect.neuron)
    channel, place = divmod(fault.line, prod(network.picture[1:]))
    pixel, bit = channel // network.bits * prod(network.picture[1:]) + place, channel % network.bits
    places, bits = np.nonzero((weights[:, None] != 0) & (np.arange(network.bits) >= 0))
    others = (places != pixel) | (bits != bit)
    places, bits = places[others], bits[others]
    ranges = near(network, code, layer, suspect.neuron, fault) - _bias(network, layer, suspect.neuron)
    ranges = ranges - (int(weights[pixel]) << bit)
    found = reach((weights[places] << bits).tolist(), [1] * len(places), ranges.tolist())
    if found is None:
        return None, True
    picture = np.where(weights != 0, 0, generator.integers(0, 2**network.bits, len(weights)))
    picture[pixel] = 1 << bit
    np.add.at(picture, places, np.array(found, np.int64) << bits)
    return picture.reshape(network.picture), True


def _bias(network: LevelNetwork, layer: LevelLayer, neuron: int) -> int:
    return int(layer.bias[neuron // prod(network.shapes[layer.name][1:])])


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


def all_pictures(network: LevelNetwork) -> Integers:
    """Every picture that there is."""
    pixels = np.arange(2 ** (network.bits * prod(network.picture)))[:, None] >> network.bits * np.arange(
        prod(network.picture)
    )
    return (pixels & (2**network.bits - 1)).reshape(-1, *network.picture)


def _kinds(network: LevelNetwork, examples: Integers | None, generator: np.random.Generator) -> Iterator[Integers]:
    """Batches of pictures: those given, and random ones."""
    if examples is not None and len(examples):
        yield examples[:_BATCH]
    yield random_pictures(network, _BATCH, generator)
    yield random_pictures(network, 2 * _BATCH, generator)


def random_pictures(network: LevelNetwork, count: int, generator: np.random.Generator) -> Integers:
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
