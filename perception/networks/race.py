"""From a trained classifier to one integer network whose answer is a race: the largest membrane fires first.

The layers keep their weights, scaled to integers; the readout becomes ``N * K`` integrate-and-fire neurons (N slots of
K values) that all get the same ramp, a constant current. Which of a slot's neurons holds most evidence reaches
threshold first and inhibits all of its slot for good (lateral inhibition). Neurons of one slot that cross at the same
step tie; the population ``first`` lets the lowest value through. The population ``hold`` remembers the winner and fires
at a fixed step for all slots at once, so that a rule's circuit hears one wave: one spike for each slot.
"""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from logic import INPUT, Convolution, Population, Projection, SpikingNetwork, Synapses, simulate, single_lines

from ..pictures.encoding import encode
from .classifier import SpikingClassifier

_BITS = 8


@dataclass(frozen=True)
class Race:
    """How the evidence of a slot is decided.

    Args:
        threshold: Membrane at which a racer fires.
        ramp: Current of every step; the resolution with which membranes are told apart.
        deadline: Steps after which the winners are announced; whoever has not won by then stays silent.
    """

    threshold: int
    ramp: int
    deadline: int


def integer_weights(weight: NDArray[np.float64], threshold: float = 1.0) -> tuple[NDArray[np.int64], int]:
    """Weights scaled to signed 8-bit integers, and the threshold on the same scale.

    Args:
        weight: Real weights of a layer.
        threshold: The layer's threshold on the scale of the weights.

    Returns:
        ``round(weight * s)`` and ``round(threshold * s)`` with the largest ``s`` for which all weights fit.
    """
    scale = (2 ** (_BITS - 1) - 1) / max(float(np.abs(weight).max()), 1e-12)
    return np.round(weight * scale).astype(np.int64), max(1, round(threshold * scale))


def to_network(
    classifier: SpikingClassifier, slots: tuple[int, ...], calibration: Tensor, rounds: int = 64
) -> SpikingNetwork:
    """One integer spiking network from the pixels of all slots to one spike for each slot's value.

    Args:
        classifier: Trained; all its thresholds are 1.
        slots: Numbers of the slots, one input channel each.
        calibration: Pictures ``[M, 1, H, W]`` on which the race's range is set; take them from the training set.
        rounds: Steps into which the range of the winners' evidence is divided.

    Returns:
        Input ``[N, H, W]``, outputs named ``digit(0)=3``. Each wave needs a fresh run (membranes at their initial
        values); the answer comes at ``network.latency``.

    Example:
        >>> classifier = SpikingClassifier(10, 0)
        >>> pictures = torch.rand(4, 1, 28, 28, generator=torch.Generator().manual_seed(0))
        >>> network = to_network(classifier, (0, 1), pictures)
        >>> network.input_shape, network.output_names[3]
        ((2, 28, 28), 'class(0)=3')
    """
    kernels = [_as_kernel(classifier, name) for name in classifier.layers]
    layers: list[tuple[str, NDArray[np.int64], int, int]] = []
    for name, (weight, stride) in zip(classifier.layers, kernels, strict=True):
        integers, threshold = integer_weights(weight)
        layers.append((name, integers, threshold, stride))
    single = _stack(classifier, layers, 1, Race(2**40, 0, 1), (0,))
    race = _calibrate(single, classifier, calibration, rounds)
    return _stack(classifier, layers, len(slots), race, slots)


def _as_kernel(classifier: SpikingClassifier, name: str) -> tuple[NDArray[np.float64], int]:
    """Every layer as a convolution ``[C_out, C_in, h, w]`` with its stride; full connection covers the whole map."""
    layer = classifier.layers[name]
    weight = layer.get_parameter("weight").detach().double().numpy()
    if isinstance(layer, torch.nn.Conv2d):
        return weight, int(layer.stride[0])
    if name == "hidden":
        channels = classifier.channels[1]
        side = round((weight.shape[1] // channels) ** 0.5)
        return weight.reshape(-1, channels, side, side), 1
    return weight.reshape(*weight.shape, 1, 1), 1


def _stack(
    classifier: SpikingClassifier,
    layers: list[tuple[str, NDArray[np.int64], int, int]],
    slots: int,
    race: Race,
    numbers: tuple[int, ...],
) -> SpikingNetwork:
    """The layers side by side for all slots, then racers, first and hold.

    A population at depth ``l`` hears of the picture ``l`` steps late; a bias would already flow, so its membrane
    starts at ``-l * bias``: shifted by its depth, every train is what it would be without delays.
    """
    shape = (slots, classifier.size, classifier.size)
    populations: list[Population] = []
    projections: list[Projection] = []
    source = INPUT
    for depth, (name, weight, threshold, stride) in enumerate(layers, start=1):
        height, width = (
            (extent - size) // stride + 1 for extent, size in zip(shape[1:], weight.shape[2:], strict=True)
        )
        shape = (slots * weight.shape[0], height, width)
        last = name == "readout"
        if last:
            name, threshold = "racers", race.threshold
        bias = race.ramp if last else 0
        populations.append(Population(name, shape, threshold, retain=True, bias=bias, initial=-depth * bias))
        projections.append(Convolution(source, name, np.tile(weight, (slots, 1, 1, 1)), stride, groups=slots))
        source = name
    values, depth = len(classifier.domain), len(layers)
    count = slots * values
    slot, value = np.divmod(np.arange(count), values)
    same = slot[:, None] == slot[None, :]
    stop = 2 * (race.threshold + race.ramp * race.deadline)
    wins = 2 * race.deadline
    populations += [
        Population("first", (count,), 1),
        Population("hold", (count,), wins + race.deadline, retain=True, bias=1, initial=-(depth + 2)),
    ]
    projections += [
        Synapses.dense("racers", "racers", np.where(same, -stop, 0)),
        Synapses.dense("racers", "first", np.where(same & (value[None, :] < value[:, None]), -1, np.eye(count))),
        Synapses.dense("first", "hold", np.eye(count) * wins),
    ]
    inputs = int(np.prod((slots, classifier.size, classifier.size)))
    before = inputs + sum(population.size for population in populations[:-1])
    return SpikingNetwork(
        input_shape=(slots, classifier.size, classifier.size),
        populations=tuple(populations),
        projections=tuple(projections),
        outputs=before + np.arange(count),
        output_lines=single_lines(
            f"{classifier.domain.name}({number})={value}" for number in numbers for value in classifier.domain.values
        ),
        latencies=np.full(count, race.deadline - 1 + depth + 2),
    )


def _calibrate(single: SpikingNetwork, classifier: SpikingClassifier, pictures: Tensor, rounds: int) -> Race:
    """Threshold, ramp and deadline from the evidence that the racers gather on pictures."""
    steps = classifier.steps + 3
    spikes = encode(pictures, classifier.steps)
    heard = simulate(single, spikes, steps, record=["hidden"])["hidden"].flatten(2).double()
    readout = next(p for p in single.projections if p.target == "racers" and isinstance(p, Convolution))
    evidence = (
        heard.cumsum(dim=0) @ torch.tensor(readout.kernel.reshape(readout.kernel.shape[0], -1), dtype=torch.float64).T
    )
    winners = evidence[-1].amax(dim=1)
    low, high = int(winners.min()), int(evidence.amax())
    margin = (high - low) // 8
    low, high = low - margin, high + margin
    ramp = max(1, (high - low) // rounds)
    threshold = high + ramp * (steps + 1)
    return Race(threshold, ramp, (threshold - low) // ramp + 2)


def racer_membranes(network: SpikingNetwork, spikes: Tensor) -> NDArray[np.int64]:
    """Membranes of the racers for one sample, step by step before any reset, to be looked at.

    Args:
        network: As :func:`to_network` returns it, or a chain that begins with it.
        spikes: ``[T, 1, N, H, W]`` encoded pictures.

    Returns:
        ``[steps, N, K]``, up to the step at which the answer is given; racers that have lost fall out of sight.
    """
    racers = network.population("racers")
    sources = [p for p in network.projections if p.target == "racers"]
    record = simulate(network, spikes, network.latency + 1, record=[p.source for p in sources])
    membrane, courses = racers.initial.astype(np.float64), list[NDArray[np.float64]]()
    fired = np.zeros(racers.size, dtype=bool)
    for t in range(network.latency + 1):
        membrane: NDArray[np.float64] = np.where(fired, 0.0, membrane) + racers.bias.astype(np.float64)
        for projection in sources if t else []:
            membrane += _matrix(projection, network) @ record[projection.source][t - 1, 0].flatten().double().numpy()
        fired = membrane >= racers.threshold
        courses.append(membrane)
    slots = network.input_shape[0]
    return np.stack(courses).astype(np.int64).reshape(len(courses), slots, -1)


def _matrix(projection: Projection, network: SpikingNetwork) -> NDArray[np.float64]:
    """The weights ``[target, source]`` of a projection between populations without extent."""
    sizes = [int(np.prod(network.shape_of(name))) for name in (projection.target, projection.source)]
    matrix = np.zeros(sizes)
    if isinstance(projection, Synapses):
        np.add.at(matrix, (projection.post, projection.pre), projection.weight)
    else:
        groups, kernel = projection.groups, projection.kernel[:, :, 0, 0]
        rows, columns = sizes[0] // groups, sizes[1] // groups
        for group in range(groups):
            own = slice(group * rows, (group + 1) * rows)
            matrix[own, group * columns : (group + 1) * columns] = kernel[own]
    return matrix
