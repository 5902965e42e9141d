"""The pass that makes room in time: every step of the original becomes several steps."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..errors import NetworkError
from .target_network import TargetNetwork


def stretched(network: TargetNetwork, period: int) -> TargetNetwork:
    """Every step becomes ``period`` steps: delays are multiplied, and input spikes come at every ``period``-th step.

    Spikes of the original at step ``t`` come at ``period * t``. In the steps between, neurons that forget do what they
    would do without any input; a neuron that retains its membrane must not notice those steps.

    Args:
        network: What to change.
        period: Steps for one step of the original, at least 1.

    Raises:
        NetworkError: if a retained membrane would change in the steps between.
    """
    if period < 1:
        raise NetworkError(f"a step cannot become {period} steps; give at least 1")
    if period == 1:
        return network
    awake = np.zeros(network.inputs + network.neurons, np.bool_)  # lines that fire without input
    awake[network.inputs :] = (network.bias >= network.threshold) & ~network.retain
    stirred = (network.bias != 0) | (network.leak > 0) | network.subtract | (network.threshold <= 0)
    stirred[network.post[awake[network.pre]]] = True
    stirred &= network.retain
    if stirred.any():
        raise NetworkError(
            f"neuron {int(np.flatnonzero(stirred)[0])} keeps its membrane and changes it without input; time cannot be "
            f"stretched, use a target with delays"
        )
    return replace(network, delay=network.delay * period, period=network.period * period)
