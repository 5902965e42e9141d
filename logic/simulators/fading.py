"""Neurons whose currents fade over steps and that fire several times a step: when they still compute a gate.

A spike of weight 1 raises a membrane by half a unit in the step in which it arrives, by a quarter in the next, and so
on. With the threshold a sixteenth below ``theta`` halves, a neuron fires once in the right step, and in no other, if
its drive ``D`` stays below twice its threshold, and what earlier waves left behind stays small: waves every ``P`` steps
leave at most ``D / (2^P - 1)`` halves, which must be below 3/4, and what inhibition leaves at most 1/8. (Deployment
notes, 3.6.)
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..deployment import TargetNetwork
from ..errors import NetworkError

_MOST_PERIOD = 16


def period_that_fades(network: TargetNetwork, trains: NDArray[np.bool_], name: str) -> int:
    """Steps from wave to wave with which no neuron mistakes what is left of an earlier wave.

    Args:
        network: With delays of one step, whose neurons forget.
        trains: ``[steps, I + N]`` spikes of all lines under the waves that will be shown, in our semantics.
        name: Of the target, for messages.

    Raises:
        NetworkError: if a neuron is driven to twice its threshold.
    """
    high, low = np.zeros(network.neurons), np.zeros(network.neurons)
    for row in trains:
        active = row[network.pre]
        drive = np.bincount(network.post[active], network.weight[active], network.neurons)
        fear = np.bincount(network.post[active], np.maximum(-network.weight[active], 0), network.neurons)
        high, low = np.maximum(high, drive), np.maximum(low, fear)
    if (high >= 2 * network.threshold).any():
        at = int(np.flatnonzero(high >= 2 * network.threshold)[0])
        raise NetworkError(
            f"{name} cannot carry this network: neuron {at} is driven to {int(high[at])}, twice its threshold "
            f"{network.threshold[at]} or more, and would fire twice; use --mapping logicsnn"
        )
    for period in range(2, _MOST_PERIOD + 1):
        if (high / (2**period - 1) < 0.75).all() and (low / (2**period - 1) <= 0.125).all():
            return period
    raise NetworkError(f"{name} cannot carry this network: waves {_MOST_PERIOD} steps apart still disturb each other")
