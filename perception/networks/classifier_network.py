"""From a trained classifier to one integer network: its layers with rounded weights, and a race that decides.

The layers keep their weights, scaled to 8-bit integers; the readout never becomes neurons of its own, since a race
(:mod:`perception.networks.race`) hears the differences of its weights.
"""

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

from logic import INPUT, Convolution, Domain, Population, Projection, SpikingNetwork, simulate

from .classifier import SpikingClassifier
from .race import EVIDENCE, ROUNDS, race, value_pairs, with_race

Integers = NDArray[np.int64]
_BITS = 8


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


def to_network(
    classifier: SpikingClassifier,
    slots: tuple[int, ...],
    *,
    rounds: int = ROUNDS,
    latency: int | None = None,
    domain: Domain | None = None,
) -> SpikingNetwork:
    """One integer spiking network from the pixels of all slots to one spike for each slot's value.

    Args:
        classifier: Trained; all its thresholds are 1.
        slots: Numbers of the slots, one input channel each.
        rounds: Steps that the race takes after the last evidence.
        latency: Step at which the winners shall fire, instead of ``rounds``.
        domain: Names of the values, if not the classifier's own.

    Returns:
        Input ``[N, H, W]``, outputs named ``digit(0)=3``. Each wave needs a fresh run (membranes at their initial
        values); the answer comes at ``network.latency``.

    Example:
        >>> network = to_network(SpikingClassifier(10, 0), (0, 1))
        >>> network.input_shape, network.output_names[3], network.latency
        ((2, 28, 28), 'class(0)=3', 24)
    """
    count = len(slots)
    shape = (count, classifier.size, classifier.size)
    populations: list[Population] = []
    projections: list[Projection] = []
    source = INPUT
    for name in classifier.layers:
        real, stride = _as_kernel(classifier, name)
        if name == "readout":
            break
        weight, threshold = integer_weights(real)
        height, width = ((side - size) // stride + 1 for side, size in zip(shape[1:], weight.shape[2:], strict=True))
        shape = (count * weight.shape[0], height, width)
        populations.append(Population(name, shape, threshold, retain=True))
        projections.append(Convolution(source, name, np.tile(weight, (count, 1, 1, 1)), stride, groups=count))
        source = name
    kernel = integer_readout(_as_kernel(classifier, "readout")[0])
    evidence = Convolution(source, EVIDENCE, np.tile(kernel, (count, 1, 1, 1)), groups=count)
    decided = race(
        [evidence],
        domain or classifier.domain,
        slots,
        depth=len(populations) + 1,
        steps=classifier.steps,
        rounds=rounds,
        latency=latency,
    )
    return with_race((count, classifier.size, classifier.size), populations, projections, decided)


def _as_kernel(classifier: SpikingClassifier, name: str) -> tuple[NDArray[np.float64], int]:
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
