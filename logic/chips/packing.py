"""Neurons laid on cores, one core after the other, in the order of the network: how full each core is.

A core has an *in-axon* for each source that any of its neurons hears, and an *out-axon* for each other core (or its
own) that one of its neurons reaches. On a crossbar an axon belongs to one source, one delay and one of four types, and
a neuron has one weight for each type, so that a source that is heard with different types has several axons.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from itertools import combinations, permutations

import numpy as np

from ..deployment import TargetNetwork
from .chip import Chip

TYPES = 4  # of axons on a crossbar
_ROUNDS = 20  # of packing anew
Axon = tuple[int, ...]


@dataclass(frozen=True)
class Synapse:
    """What a neuron hears."""

    source: int
    weight: int
    delay: int


@dataclass
class Core:
    """A core that is being filled.

    Args:
        neurons: Those that it holds; a copy counts again.
        copies: How often the neurons stand there.
        axons: Its in-axons.
        synapses: How many.
        bits: That they take.
        thresholds: Different ones.
    """

    neurons: list[int] = field(default_factory=list[int])
    copies: int = 0
    axons: set[Axon] = field(default_factory=set[Axon])
    synapses: int = 0
    bits: int = 0
    thresholds: set[int] = field(default_factory=set[int])


@dataclass(frozen=True)
class Placement:
    """The greatest use of a core, over all cores.

    Args:
        cores: How many are used.
        neurons: Copies included.
        most: By quantity.
        copied: Neurons that are copies, on all cores.
        repeated: Axons beyond one a source, on all cores.
    """

    cores: int
    neurons: int
    most: dict[str, int]
    copied: int
    repeated: int


def synapses_by_neuron(flat: TargetNetwork) -> list[list[Synapse]]:
    """What each neuron hears; zero weights are left out."""
    heard: list[list[Synapse]] = [[] for _ in range(flat.neurons)]
    kept = flat.weight != 0
    columns = (column[kept].tolist() for column in (flat.post, flat.pre, flat.weight, flat.delay))
    for post, pre, weight, delay in zip(*columns, strict=True):
        heard[post].append(Synapse(pre, weight, delay))
    return heard


def pack(flat: TargetNetwork, chip: Chip) -> Placement:
    """Lays a network on the cores of a chip; a core is closed when the next neuron would break one of its limits.

    A neuron that breaks a limit alone gets a core alone. If out-axons are too many, cores are filled less.
    """
    crossbar = chip.packing == "crossbar"
    bits = 8 + 10 + (6 if int(flat.delay.max(initial=1)) > 1 else 0)  # weight, target and delay
    heard = synapses_by_neuron(flat)
    axons_of = _typed if crossbar else _plain
    room = chip.most("neurons_per_core") or max(1, flat.neurons)
    copies, cores, outs = [1] * flat.neurons, list[Core](), list[int]()
    for _ in range(_ROUNDS):
        cores = _fill(flat, heard, chip, axons_of, room, bits, copies)
        reached, outs = _reached(flat, cores)
        if crossbar:
            needed = [max(1, reached[flat.inputs + neuron]) for neuron in range(flat.neurons)]
            if all(now >= wanted for now, wanted in zip(copies, needed, strict=True)):
                break
            copies = [max(pair) for pair in zip(copies, needed, strict=True)]  # more copies, more cores, more axons
            continue
        limit = chip.most("out_axons")
        if limit is None or max(outs, default=0) <= limit or room == 1:
            break
        room = -(-room // 2)
    return _placed(flat, cores, copies, outs, crossbar)


def _placed(flat: TargetNetwork, cores: list[Core], copies: list[int], outs: list[int], crossbar: bool) -> Placement:
    most = {
        "neurons_per_core": max((core.copies for core in cores), default=0),
        "synapses_per_core": max((core.synapses for core in cores), default=0),
        "synapse_bits_per_core": max((core.bits for core in cores), default=0),
        "in_axons": max((len(core.axons) for core in cores), default=0),
        "out_axons": max(outs, default=0),
        "thresholds_per_core": max((len(core.thresholds) for core in cores), default=0),
    }
    repeated = sum(len(core.axons) - len({axon[0] for axon in core.axons}) for core in cores)
    total = sum(copies)
    return Placement(len(cores), total, most, total - flat.neurons, repeated if crossbar else 0)


def _plain(synapses: list[Synapse], _: set[Axon]) -> set[Axon]:
    """One axon a source."""
    return {(synapse.source,) for synapse in synapses}


def _typed(synapses: list[Synapse], known: set[Axon]) -> set[Axon]:
    """One axon for each source, delay and type, the types being chosen so that most axons are there already.

    A neuron with more weights than types whose weights are no sums takes the types in turn; it exceeds a limit.
    """
    weights = tuple(sorted({synapse.weight for synapse in synapses}))
    parts = four_weights(weights) or {weight: (place % TYPES,) for place, weight in enumerate(weights)}
    best: set[Axon] | None = None
    for types in permutations(range(TYPES), min(len(weights), TYPES)):
        axons = {(s.source, s.delay, types[part]) for s in synapses for part in parts[s.weight]}
        if best is None or len(axons - known) < len(best - known):
            best = axons
    return best or set()


@cache
def four_weights(weights: tuple[int, ...]) -> dict[int, tuple[int, ...]] | None:
    """By weight, which of at most four of them add up to it, so that a source on so many axons has it; None if none do.

    Example:
        >>> four_weights((1, 2, 3, 4, 5))
        {1: (0,), 2: (1,), 3: (2,), 4: (3,), 5: (0, 3)}
    """
    for chosen in combinations(weights, min(len(weights), TYPES)):
        sums: dict[int, tuple[int, ...]] = {}
        for count in range(1, len(chosen) + 1):
            for places in combinations(range(len(chosen)), count):
                sums.setdefault(sum(chosen[place] for place in places), places)
        if all(weight in sums for weight in weights):
            used = sorted({place for weight in weights for place in sums[weight]})
            return {weight: tuple(used.index(place) for place in sums[weight]) for weight in weights}
    return None


def _fill(
    flat: TargetNetwork,
    heard: list[list[Synapse]],
    chip: Chip,
    axons_of: Callable[[list[Synapse], set[Axon]], set[Axon]],
    room: int,
    bits: int,
    copies: list[int],
) -> list[Core]:
    greatest = {name: chip.most(name) for name in ("in_axons", "synapse_bits_per_core", "thresholds_per_core")}
    limits = {name: value if value is not None else np.inf for name, value in greatest.items()}
    cores: list[Core] = []
    for neuron, synapses in enumerate(heard):
        threshold = int(flat.threshold[neuron])
        core = cores[-1] if cores else Core()
        axons = core.axons | axons_of(synapses, core.axons)
        fits = (
            core.copies + copies[neuron] <= room
            and len(axons) <= limits["in_axons"]
            and core.bits + bits * len(synapses) * copies[neuron] <= limits["synapse_bits_per_core"]
            and len(core.thresholds | {threshold}) <= limits["thresholds_per_core"]
        )
        if not cores or not fits:
            core, axons = Core(), axons_of(synapses, set())
            cores.append(core)
        core.neurons.append(neuron)
        core.copies += copies[neuron]
        core.axons = axons
        core.synapses += len(synapses) * copies[neuron]
        core.bits += bits * len(synapses) * copies[neuron]
        core.thresholds.add(threshold)
    return cores


def _reached(flat: TargetNetwork, cores: list[Core]) -> tuple[list[int], list[int]]:
    """How many axons each line has, and how many the neurons of each core have together."""
    reached = [0] * (flat.inputs + flat.neurons)
    for core in cores:
        for source, *_ in core.axons:
            reached[source] += 1
    return reached, [sum(reached[flat.inputs + neuron] for neuron in core.neurons) for core in cores]
