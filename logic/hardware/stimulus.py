"""Golden spikes: what a network does under random waves, for the testbench of its hardware."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..network import SpikingNetwork
from ..rails import has_two_rails, rail_pairs
from ..simulation.reference import simulate_reference

Bits = NDArray[np.bool_]
WAVES = 64  # of the first try; four times as many if some neuron never changes, up to
MOST_WAVES = 1024
_MOST_EVENTS = 2_000_000  # synapses times steps of a further try


class Golden(NamedTuple):
    """A run of the reference simulation.

    Args:
        spikes: ``[T, I]`` on the input lines.
        trains: ``[T, I + N]`` of all lines and neurons.
    """

    spikes: Bits
    trains: Bits

    @property
    def unseen(self) -> NDArray[np.int64]:
        """The neurons that did the same at every step, so that the run says little of them."""
        neurons = self.trains[:, self.spikes.shape[1] :]
        return np.flatnonzero(neurons.all(axis=0) | ~neurons.any(axis=0))


def random_waves(network: SpikingNetwork, waves: int = WAVES, seed: int = 0) -> Bits:
    """Spikes ``[T, I]`` of waves, one each period; two rails of a signal are always a codeword.

    Example:
        >>> from logic import CircuitBuilder, compile_circuit
        >>> make = CircuitBuilder()
        >>> a, b = make.inputs("a", "b")
        >>> spikes = random_waves(compile_circuit(make.build(y=a & b)), waves=5)
        >>> spikes.shape, spikes.sum(axis=1).tolist()
        ((5, 4), [2, 2, 2, 2, 2])
    """
    inputs = int(np.prod(network.input_shape))
    values = np.random.default_rng(seed).integers(0, 2, (waves, inputs)).astype(np.bool_)
    if has_two_rails(network.input_lines):
        rails = rail_pairs(network.input_lines)
        values[:, rails[:, 0]] = ~values[:, rails[:, 1]]
    spikes = np.zeros((waves * network.period, inputs), np.bool_)
    spikes[:: network.period] = values
    return spikes


def golden_run(network: SpikingNetwork, spikes: Bits | None = None, steps: int | None = None) -> Golden:
    """What the reference simulation does.

    Args:
        network: What to run.
        spikes: ``[T, I]`` on the flattened input lines; random waves if left out.
        steps: How many; if left out, until the last wave is answered.
    """
    if spikes is None:
        return _varied_run(network, steps)
    spikes = np.asarray(spikes, np.bool_)
    steps = len(spikes) + network.latency + 1 if steps is None else steps
    padded = np.zeros((steps, spikes.shape[1]), np.bool_)
    padded[: len(spikes)] = spikes[:steps]
    return Golden(padded, simulate_reference(network, padded, steps))


def _varied_run(network: SpikingNetwork, steps: int | None) -> Golden:
    """Random waves, more of them as long as some neuron has not been seen both to fire and to be silent."""
    waves, synapses = WAVES, len(network.flatten().weight)
    while True:
        golden = golden_run(network, random_waves(network, waves), steps)
        further = 4 * waves * network.period * synapses
        if not len(golden.unseen) or steps is not None or waves >= MOST_WAVES or further > _MOST_EVENTS:
            return golden
        waves *= 4
