"""The semantics of spiking networks as a plain simulation: to believe in, not for speed."""

import numpy as np
from numpy.typing import NDArray

from ..network import SpikingNetwork


def simulate_reference(network: SpikingNetwork, spikes: NDArray[np.bool_], steps: int) -> NDArray[np.bool_]:
    """The semantics of :mod:`logic.network`, step by step and synapse by synapse.

    Args:
        network: What to run.
        spikes: ``[T, I]`` spikes on the flattened input lines; silence after ``T``.
        steps: How many steps to run.

    Returns:
        ``[steps, I + N]`` spikes of all inputs and neurons, numbered as in ``network.flatten()``.
    """
    flat = network.flatten()
    trains = np.zeros((steps, flat.inputs + len(flat.threshold)), dtype=bool)
    trains[: len(spikes), : flat.inputs] = spikes[:steps]
    membrane = flat.initial.copy()
    for t in range(steps):
        current = flat.bias.copy()
        heard = flat.delay <= t
        np.add.at(
            current, flat.post[heard], flat.weight[heard] * trains[t - flat.delay[heard], flat.pre[heard]].astype(int)
        )
        membrane = np.where(flat.retain, membrane >> flat.leak, 0) + current
        fired = membrane >= flat.threshold
        membrane = np.where(fired, np.where(flat.subtract, membrane - flat.threshold, 0), membrane)
        trains[t, flat.inputs :] = fired
    return trains
