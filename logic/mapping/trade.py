"""What each way to compile a circuit costs, side by side: neurons, synapses, time, weights, delays and spikes."""

from typing import NamedTuple

import numpy as np

from ..circuit import Circuit
from ..errors import CircuitError
from ..network import SpikingNetwork
from ..simulation.reference import simulate_reference
from .compiler import compile_circuit

WAYS = tuple(
    (mapping, max_delay)
    for mapping in ("positive", "single-rail", "fail-silent", "dual-rail", "majority", "logicsnn")
    for max_delay in (None, 1)
)


class Cost(NamedTuple):
    """Figures of one compiled network.

    Args:
        mapping: As given to :func:`~logic.compiler.compile_circuit`.
        max_delay: As given; None for delays of any length, 1 for relays everywhere.
        neurons: Neurons, relays included.
        synapses: Synapses.
        latency: Steps from a wave to its last answer.
        longest_delay: Of all synapses, in steps.
        weight_bits: Bits of a signed weight.
        fan_in: Most synapses of a neuron.
        spikes: Mean spikes of all neurons a wave, over random waves.
        fail_silent: Whether all weights are positive on two rails, so that lost spikes can only silence.
        best: Whether no other row is at least as good in neurons, synapses, latency, bits, delay, fan-in and spikes.
    """

    mapping: str
    max_delay: int | None
    neurons: int
    synapses: int
    latency: int
    longest_delay: int
    weight_bits: int
    fan_in: int
    spikes: float
    fail_silent: bool
    best: bool


def pareto(circuit: Circuit, waves: int = 20, seed: int = 0) -> tuple[Cost, ...]:
    """One row for each mapping with and without relays; a mapping that cannot express the circuit has none.

    Args:
        circuit: Combinational, of moderate size: the mean number of spikes is measured with the reference simulation.
        waves: Random waves for that mean.
        seed: Of their generator.

    Raises:
        CircuitError: if the circuit has registers.
    """
    if circuit.register_names:
        raise CircuitError("a clocked circuit has no wave a step; compare its combinational part")
    values = np.random.default_rng(seed).random((waves, len(circuit.inputs))) < 0.5
    found: list[Cost] = []
    for mapping, max_delay in WAYS:
        try:
            network = compile_circuit(circuit, mapping, max_delay=max_delay)
        except CircuitError:
            continue
        found.append(_cost(mapping, max_delay, network, values))
    return tuple(row._replace(best=not any(_beats(other, row) for other in found)) for row in found)


def _cost(mapping: str, max_delay: int | None, network: SpikingNetwork, values: np.ndarray) -> Cost:
    flat = network.flatten()
    dual = flat.inputs != values.shape[1]
    lines = np.stack([~values, values], 2).reshape(len(values), -1) if dual else values
    trains = simulate_reference(network, lines, len(values) + network.latency)
    return Cost(
        mapping=mapping,
        max_delay=max_delay,
        neurons=len(flat.threshold),
        synapses=len(flat.weight),
        latency=network.latency,
        longest_delay=int(flat.delay.max(initial=1)),
        weight_bits=int(np.abs(flat.weight).max(initial=1)).bit_length() + 1,
        fan_in=int(np.bincount(flat.post, minlength=1).max()),
        spikes=float(trains[:, flat.inputs :].sum() / len(values)),
        fail_silent=dual and int(flat.weight.min(initial=1)) > 0,
        best=False,
    )


def _beats(one: Cost, other: Cost) -> bool:
    """At least as good in everything, better in something."""
    ours, theirs = (
        (c.neurons, c.synapses, c.latency, c.longest_delay, c.weight_bits, c.fan_in, c.spikes, -c.fail_silent)
        for c in (one, other)
    )
    return ours != theirs and all(a <= b for a, b in zip(ours, theirs, strict=True))
