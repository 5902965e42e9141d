"""From a trained classifier to one integer network: its layers with rounded weights, and a race that decides.

The layers keep their weights, scaled to 8-bit integers; the readout never becomes neurons of its own, since a race
(:mod:`perception.networks.race`) hears the differences of its weights.
"""

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

from logic import INPUT, Convolution, Population, Projection, SpikingNetwork, simulate, single_lines

from .classifier import SpikingClassifier
from .race import EVIDENCE, ROUNDS, raced, value_pairs

Integers = NDArray[np.int64]
_BITS = 8
_UNREACHED = 2**40  # by any evidence


def integer_weights(weight: NDArray[np.float64], threshold: float = 1.0) -> tuple[Integers, int]:
    """Weights scaled to signed 8-bit integers, and the threshold on the same scale.

    Args:
        weight: Real weights of a layer.
        threshold: The layer's threshold on the scale of the weights.

    Returns:
        ``round(weight * s)`` and ``round(threshold * s)`` with the largest ``s`` for which all weights fit.
    """
    scale = (2 ** (_BITS - 1) - 1) / max(float(np.abs(weight).max()), 1e-12)
    return np.round(weight * scale).astype(np.int64), max(1, round(threshold * scale))


def integer_readout(weight: NDArray[np.float64]) -> Integers:
    """Weights of a readout ``[K, ...]`` scaled so that their differences between two values fit 8 signed bits."""
    widest = float((weight.max(axis=0) - weight.min(axis=0)).max())
    scale = (2 ** (_BITS - 1) - 2) / max(widest, 1e-12)  # rounding may add 1 to a difference
    return np.round((weight - weight.mean(axis=0)) * scale).astype(np.int64)


def to_evidence(classifier: SpikingClassifier, slots: int = 1) -> SpikingNetwork:
    """The integer network from the pixels of all slots to the evidence for each value, whose neurons never fire.

    Args:
        classifier: Trained; all its thresholds are 1.
        slots: Number of pictures that are looked at side by side, ``N``, one input channel each.

    Example:
        >>> to_evidence(SpikingClassifier(10, 0), 2).populations[-1].shape
        (20, 1, 1)
    """
    shape = (slots, classifier.size, classifier.size)
    populations: list[Population] = []
    projections: list[Projection] = []
    source = INPUT
    for name in classifier.layers:
        real, stride = as_kernel(classifier, name)
        weight, threshold = integer_weights(real) if name != "readout" else (integer_readout(real), _UNREACHED)
        height, width = ((side - size) // stride + 1 for side, size in zip(shape[1:], weight.shape[2:], strict=True))
        shape = (slots * weight.shape[0], height, width)
        name = name if name != "readout" else EVIDENCE
        populations.append(Population(name, shape, threshold, retain=True))
        projections.append(Convolution(source, name, np.tile(weight, (slots, 1, 1, 1)), stride, groups=slots))
        source = name
    count = shape[0]
    first = slots * classifier.size**2 + sum(population.size for population in populations[:-1])
    return SpikingNetwork(
        input_shape=(slots, classifier.size, classifier.size),
        populations=tuple(populations),
        projections=tuple(projections),
        outputs=first + np.arange(count),
        output_lines=single_lines(f"evidence{number}" for number in range(count)),
        latencies=np.full(count, len(populations) + classifier.steps - 1),
    )


def to_network(
    classifier: SpikingClassifier, slots: tuple[int, ...], *, rounds: int = ROUNDS, latency: int | None = None
) -> SpikingNetwork:
    """One integer spiking network from the pixels of all slots to one spike for each slot's value.

    Args:
        classifier: Trained; all its thresholds are 1.
        slots: Numbers of the slots, one input channel each.
        rounds: Steps that the race takes after the last evidence.
        latency: Step at which the winners shall fire, instead of ``rounds``.

    Returns:
        Input ``[N, H, W]``, outputs named ``digit(0)=3``. Each wave needs a fresh run (membranes at their initial
        values); the answer comes at ``network.latency``.

    Example:
        >>> network = to_network(SpikingClassifier(10, 0), (0, 1))
        >>> network.input_shape, network.output_names[3], network.latency
        ((2, 28, 28), 'class(0)=3', 24)
    """
    evidence = to_evidence(classifier, len(slots))
    return raced(evidence, classifier.domain, slots, steps=classifier.steps, rounds=rounds, latency=latency)


def as_kernel(classifier: SpikingClassifier, name: str) -> tuple[NDArray[np.float64], int]:
    """Every layer as a convolution ``[C_out, C_in, h, w]`` with its stride; full connection covers the whole map."""
    layer = classifier.layers[name]
    weight = layer.get_parameter("weight").detach().double().cpu().numpy()
    if isinstance(layer, nn.Conv2d):
        return weight, int(layer.stride[0])
    if name == "hidden":
        channels = classifier.channels[1]
        side = round((weight.shape[1] // channels) ** 0.5)
        return weight.reshape(-1, channels, side, side), 1
    return weight.reshape(*weight.shape, 1, 1), 1


def evidence_course(network: SpikingNetwork, spikes: Tensor) -> Integers:
    """How evidence gathers for one sample, step by step, to be looked at; only differences between values count.

    Args:
        network: As :func:`to_network` returns it, or a chain that begins with it.
        spikes: ``[T, 1, N, H, W]`` encoded pictures.

    Returns:
        ``[steps, N, K]``: by how much each value is ahead of the first one, up to the step of the answer.
    """
    (heard,) = (p for p in network.projections if p.target == "pairs" and isinstance(p, Convolution))
    slots = heard.groups
    values = next(k for k in range(2, heard.kernel.shape[0]) if len(value_pairs(k)) * slots == heard.kernel.shape[0])
    record = simulate(network, spikes, network.latency + 1, record=[heard.source])[heard.source]
    trains = record[:, 0].reshape(len(record), slots, -1).numpy().astype(np.int64)
    kernel = heard.kernel.reshape(slots, -1, trains.shape[2])[:, : values - 1]  # the pairs of the first value
    ahead = -np.einsum("tnf,npf->tnp", trains.cumsum(axis=0), kernel)
    return np.concatenate([np.zeros_like(ahead[:, :, :1]), ahead], axis=2)
