"""What a run costs: spikes, synaptic events and an estimate of the energy, from exact counts."""

from dataclasses import dataclass

import numpy as np

from ..errors import NetworkError
from ..network import Integers, SpikingNetwork


@dataclass(frozen=True)
class EnergyModel:
    """Energy of the elementary events, in picojoules.

    The defaults are the measured ones of Intel's first Loihi chip at 0.75 V: Davies and others, "Loihi: a neuromorphic
    manycore processor with on-chip learning", IEEE Micro 38(1), 2018, table 2: 23.6 pJ a synaptic operation, 81 pJ an
    update of an active neuron and 1.7 pJ a spike sent to the same tile. Idle neurons, input/output and leakage are
    left out, so the sum compares networks; it is not the bill of a chip.
    """

    synaptic_event: float = 23.6
    neuron_update: float = 81.0
    spike: float = 1.7


@dataclass(frozen=True)
class EventCounts:
    """What happened in a run.

    Args:
        spikes: ``[I + N]`` spikes of each input line and neuron.
        synaptic_events: Spikes that arrived at a synapse whose weight is not zero.
        updates: Pairs of a neuron and a step in which it heard a spike, at most; see :func:`count_events`.
    """

    spikes: Integers
    synaptic_events: int
    updates: int

    def picojoules(self, model: EnergyModel) -> float:
        """The estimate, in picojoules."""
        sent = int(self.spikes.sum())
        return model.synaptic_event * self.synaptic_events + model.neuron_update * self.updates + model.spike * sent


def count_events(network: SpikingNetwork, spikes: Integers, neuron_steps: int) -> EventCounts:
    """Events of a run from the number of spikes of each line.

    Args:
        network: What was run.
        spikes: ``[I + N]`` spikes of each input line and neuron, as from ``count_spikes`` or summed trains.
        neuron_steps: Neurons times steps of the run, over the whole batch. A neuron is updated at most so often, and
            at most once for each synaptic event; what its membrane leaks in between is taken off then.

    Raises:
        NetworkError: if the number of lines is wrong.
    """
    flat = network.flatten()
    lines = flat.inputs + len(flat.threshold)
    if spikes.shape != (lines,):
        raise NetworkError(f"spikes need [{lines}] counts, got {list(spikes.shape)}")
    fan_out = np.bincount(flat.pre[flat.weight != 0], minlength=lines)
    events = int(fan_out @ spikes)
    return EventCounts(spikes, events, min(events, neuron_steps))
