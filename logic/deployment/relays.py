"""Passes over time: relay neurons where a delay is too long, and starting membranes as a bias that is called back."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..errors import NetworkError
from ..network import SpikingNetwork
from .target_network import Integers, TargetNetwork

MOST_RELAYS = 20_000_000


def with_relays(network: TargetNetwork, longest: int) -> TargetNetwork:
    """No delay above a limit: chains of relays, shared by all synapses of a source, wait in between.

    A relay repeats its source one or more steps later, so every other neuron fires as before, without shift.

    Args:
        network: What to change.
        longest: Of a synapse, in steps, at least 1.

    Raises:
        NetworkError: if more than 20 million relays were needed.
    """
    hops = (network.delay - 1) // longest
    lines = network.inputs + network.neurons
    chain = np.zeros(lines, np.int64)
    np.maximum.at(chain, network.pre, hops)
    total = int(chain.sum())
    if total > MOST_RELAYS:
        raise NetworkError(f"{total:,} relay neurons are needed; use a target with longer delays")
    if not total:
        return network
    first = lines + np.cumsum(chain) - chain
    source = np.repeat(np.arange(lines), chain)
    relay = np.arange(total)
    link = relay + lines - first[source]
    before = np.where(link > 0, lines + relay - 1, source)
    moved = replace(
        network,
        pre=np.where(hops > 0, first[network.pre] + hops - 1, network.pre),
        delay=network.delay - hops * longest,
    )
    ones = np.ones(total, np.int64)
    return moved.grown(ones, (before, network.neurons + relay, ones, np.full(total, longest)))


def neurons_with_relays(network: SpikingNetwork) -> int:
    """How many neurons a network takes where a synapse delays by one step and all answers come at once.

    Args:
        network: With delays, as :func:`logic.compile_circuit` makes it.

    Example:
        >>> from logic import CircuitBuilder, compile_circuit
        >>> make = CircuitBuilder()
        >>> a, b, c = make.inputs("a", "b", "c")
        >>> circuit = make.build(y=(a ^ b) & c)
        >>> relays = compile_circuit(circuit, balance="relays")
        >>> neurons_with_relays(compile_circuit(circuit)) == relays.neurons
        True
    """
    flat = without_initial(TargetNetwork.of(network))
    chain = np.zeros(flat.inputs + flat.neurons, np.int64)
    np.maximum.at(chain, flat.pre, flat.delay - 1)
    if network.period == 1:  # a clocked circuit answers where it stands
        np.maximum.at(chain, network.outputs, max(network.latency, 1) - network.latencies)
    return flat.neurons + int(chain.sum())


def without_initial(network: TargetNetwork) -> TargetNetwork:
    """All membranes start at 0: what a neuron began with is a bias, and a neuron that always fires takes it back.

    ``u[0] = initial + ...`` becomes ``u[0] = bias + ...`` with ``bias = initial``; from step 1 on the inhibition of the
    added neuron, which fires from step 0 on, arrives and cancels the bias. A neuron that hears nothing and fires at
    step 0 never fires again, whether it retains its membrane or not; it then forgets.
    """
    kept = np.where(network.retain, network.initial >> network.leak, 0)
    begin = np.flatnonzero(kept)
    if not len(begin):
        return replace(network, initial=np.zeros_like(network.initial))
    hears = np.zeros(network.neurons, np.bool_)
    hears[network.post] = True
    once = ~hears & (network.bias == 0) & (kept >= network.threshold) & (network.threshold > 0) & ~network.subtract
    changed = replace(
        network,
        initial=np.zeros_like(network.initial),
        bias=network.bias + kept,
        retain=network.retain & ~once,
        leak=np.where(once, 0, network.leak),
    )
    always: Integers = np.zeros(1, np.int64)  # at a threshold of 0 it fires at every step
    source = np.full(len(begin), network.inputs + network.neurons)
    return changed.grown(always, (source, begin, -kept[begin], np.ones(len(begin), np.int64)))


def forgets(network: TargetNetwork) -> bool:
    """Whether no neuron keeps its membrane, but perhaps some that fire once at the start."""
    return not without_initial(network).retain.any()
