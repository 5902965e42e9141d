"""Passes over currents: thresholds as biases, everything scaled to a grid, large weights split; all without shift."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..errors import NetworkError
from .target_network import Integers, TargetNetwork

_MOST_UNITED = 4096


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


def common_threshold(thresholds: Integers) -> tuple[int, Integers]:
    """One threshold for neurons of several, and the whole number by which the currents of each are multiplied.

    A neuron fires at ``f u >= T`` exactly when ``u >= theta``, if ``f (theta - 1) < T <= f theta``, ``u`` being whole.
    The least ``T`` is taken for which every neuron has such an ``f``; the square of the highest threshold always does.

    Args:
        thresholds: ``[N]``, at least 1 each.

    Returns:
        The threshold and ``[N]`` factors.

    Raises:
        NetworkError: if a threshold is below 1, or above 4,096 while others differ.

    Example:
        >>> top, factors = common_threshold(np.array([3, 4]))
        >>> top, factors.tolist()
        (7, [3, 2])
    """
    kinds = np.unique(thresholds)
    if len(kinds) == 1:
        return int(kinds[0]), np.ones_like(thresholds)
    if kinds[0] < 1 or kinds[-1] > _MOST_UNITED:
        raise NetworkError(
            f"thresholds from {kinds[0]} to {kinds[-1]} have no common one; they must lie in 1 .. {_MOST_UNITED:,}"
        )
    highest = int(kinds[-1])
    for start in range(highest, highest**2 + 1, 4096):
        tops = np.arange(start, min(start + 4096, highest**2 + 1))
        fits = ((-(-tops[:, None] // kinds)) * (kinds - 1) < tops[:, None]).all(axis=1)
        if fits.any():
            top = int(tops[int(np.argmax(fits))])
            return top, -(-top // thresholds)
    raise NetworkError("no common threshold was found; please report these thresholds")


def thresholds_united(network: TargetNetwork) -> TargetNetwork:
    """All neurons that retain their membrane, have no leak and are reset to zero get one threshold, by factors.

    Raises:
        NetworkError: if their thresholds have no common one.
    """
    chosen = network.retain & (network.leak == 0) & ~network.subtract
    if not chosen.any():
        return network
    top, factors = common_threshold(network.threshold[chosen])
    factor = np.ones(network.neurons, np.int64)
    factor[chosen] = factors
    return replace(
        network,
        threshold=np.where(chosen, top, network.threshold),
        bias=factor * network.bias,
        initial=factor * network.initial,
        weight=factor[network.post] * network.weight,
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
