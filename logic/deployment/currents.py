"""Passes over currents: thresholds as biases, everything scaled to a grid, large weights split; all without shift."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..errors import NetworkError
from .target_network import TargetNetwork


def thresholds_raised(network: TargetNetwork, least: int) -> TargetNetwork:
    """No neuron that forgets has a threshold below a least one; what it is raised by is a bias of every step.

    Args:
        network: What to change.
        least: The lowest threshold; a neuron that forgets and has a lower one gets the difference as bias.
    """
    more = np.where(network.retain, 0, np.maximum(0, least - network.threshold))
    return replace(network, threshold=network.threshold + more, bias=network.bias + more)


def scaled(network: TargetNetwork, factor: int) -> TargetNetwork:
    """All weights, biases, thresholds and starting membranes times a whole number.

    ``u >= theta`` is ``k u >= k theta``. Leaks are followed too: with ``v' >= k v`` and ``floor(v' / k) = v`` at one
    step, ``floor(floor(v' / 2^l) / k) = floor(v / 2^l)``, since nested floors compose, and the same holds at the next.
    """
    if factor < 1:
        raise NetworkError(f"a factor of {factor} changes the signs of currents; use one of at least 1")
    return replace(
        network,
        threshold=factor * network.threshold,
        bias=factor * network.bias,
        initial=factor * network.initial,
        weight=factor * network.weight,
        scale=factor * network.scale,
    )


def weights_split(network: TargetNetwork, most: int) -> TargetNetwork:
    """No weight beyond a greatest amount: parallel synapses whose weights add up stand in its place.

    Args:
        network: What to change.
        most: Greatest absolute weight of one synapse.
    """
    if most < 1:
        raise NetworkError(f"weights of at most {most} carry nothing; give at least 1")
    parts = np.maximum(1, -(-np.abs(network.weight) // most))
    if (parts == 1).all():
        return network
    chosen = np.repeat(np.arange(len(parts)), parts)
    part = np.arange(len(chosen)) - (np.cumsum(parts) - parts)[chosen]
    rest = np.abs(network.weight[chosen]) - part * most
    return replace(
        network,
        pre=network.pre[chosen],
        post=network.post[chosen],
        weight=np.sign(network.weight[chosen]) * np.minimum(rest, most),
        delay=network.delay[chosen],
    )
