"""From a trained perception to one integer network that decides: its layers in whole numbers, and a race behind them.

The readout never becomes neurons of its own, since a race (:mod:`perception.networks.race`) hears the differences of
its weights.
"""

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from logic import Convolution, Domain, SpikingNetwork, simulate

from ..integers import EVIDENCE
from .quantised import Layered, WholePerception, quantise
from .race import ROUNDS, race, value_pairs, with_race

Integers = NDArray[np.int64]


def to_network(
    perception: Layered | WholePerception,
    slots: tuple[int, ...],
    *,
    rounds: int = ROUNDS,
    latency: int | None = None,
    domain: Domain | None = None,
) -> SpikingNetwork:
    """One integer spiking network from the pictures of all slots to one spike for each slot's value.

    Args:
        perception: Trained; one that is not in whole numbers becomes so, with weights of eight bits.
        slots: Numbers of the slots.
        rounds: Steps that the race takes after the last evidence.
        latency: Step at which the winners shall fire, instead of ``rounds``.
        domain: Names of the values, if not the perception's own.

    Returns:
        Input as :meth:`QuantisedPerception.input_spikes` makes it, outputs named ``digit(0)=3``. Each wave needs a
        fresh run (membranes at their initial values); the answer comes at ``network.latency``.

    Raises:
        IntegerFormError: if a layer has no integer form.

    Example:
        >>> from perception import SpikingClassifier
        >>> network = to_network(SpikingClassifier(10, 0), (0, 1))
        >>> network.input_shape, network.output_names[3], network.latency
        ((2, 28, 28), 'class(0)=3', 24)
    """
    quantised = perception if isinstance(perception, WholePerception) else quantise(perception)
    layers, (depth, steps) = quantised.to_network(len(slots)), quantised.arrival
    decided = race(
        [projection for projection in layers.projections if projection.target == EVIDENCE],
        domain or quantised.domain,
        slots,
        depth=depth,
        steps=steps,
        rounds=rounds,
        latency=latency,
    )
    before = [projection for projection in layers.projections if projection.target != EVIDENCE]
    return with_race(layers.input_shape, layers.populations[:-1], before, decided)


def evidence_course(network: SpikingNetwork, spikes: Tensor) -> Integers:
    """How evidence gathers for one sample, step by step, to be looked at; only differences between values count.

    Args:
        network: As :func:`to_network` returns it, or a chain that begins with it.
        spikes: ``[T, 1, ...]`` of its input.

    Returns:
        ``[steps, N, K]``: by how much each value is ahead of the first one, up to the step of the answer.
    """
    heard = [projection for projection in network.projections if projection.target == "pairs"]
    slots = next(projection.groups for projection in heard if isinstance(projection, Convolution))
    pairs = network.population("pairs").size // slots
    values = next(k for k in range(2, pairs + 2) if len(value_pairs(k)) == pairs)
    steps = network.latency + 1
    record = simulate(network, spikes, steps, record=[projection.source for projection in heard])
    arriving = np.zeros((steps, slots, pairs), np.int64)
    for projection in heard:
        trains = record[projection.source][:, 0].flatten(1).numpy().astype(np.int64)
        if isinstance(projection, Convolution):  # over the whole map
            by_slot = trains.reshape(steps, slots, -1)
            kernel = projection.kernel.reshape(slots, pairs, -1)
            arriving[projection.delay :] += np.einsum("tnf,npf->tnp", by_slot, kernel)[: -projection.delay]
            continue
        flat = arriving.reshape(steps, -1)
        for delay in np.unique(projection.delay).tolist():
            now = projection.delay == delay
            sent = trains[: steps - delay][:, projection.pre[now]] * projection.weight[now]
            np.add.at(flat[delay:].T, projection.post[now], sent.T)
    ahead = -arriving.cumsum(axis=0)[:, :, : values - 1]  # the pairs of the first value
    return np.concatenate([np.zeros_like(ahead[:, :, :1]), ahead], axis=2)
