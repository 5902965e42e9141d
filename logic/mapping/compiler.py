"""Circuit to spiking network: choose a mapping, then give every neuron its time."""

from typing import NamedTuple

from ..circuit import Circuit, check_circuit
from ..errors import CircuitError
from ..network import SpikingNetwork
from . import (
    Certificate,
    ThresholdNetlist,
    dual_rail,
    fail_silent,
    majority,
    minterm_blocks,
    positive,
    single_rail,
    to_network,
)

MAPPINGS = {
    "positive": positive,
    "dual-rail": dual_rail,
    "majority": majority,
    "logicsnn": minterm_blocks,
    "single-rail": single_rail,
    "fail-silent": fail_silent,
}


class Compiled(NamedTuple):
    """A spiking network and what each of its neurons is claimed to compute."""

    network: SpikingNetwork
    certificate: Certificate


def compile_circuit(
    circuit: Circuit,
    mapping: str = "dual-rail",
    balance: str = "delays",
    *,
    aligned: bool = False,
    max_delay: int | None = None,
) -> SpikingNetwork:
    """A spiking network that answers a wave of input spikes with the circuit's outputs, one wave a step.

    A circuit with registers takes one wave every ``period`` steps; a register whose
    first value is not defined starts at 0.

    Args:
        circuit: What to compute.
        mapping: ``positive`` (no complements; one neuron a gate), ``dual-rail`` (two threshold neurons a gate),
            ``majority`` (dual-rail, unit weights, at most three synapses a neuron), ``logicsnn`` (minterm blocks),
            ``single-rail`` (fewest neurons, signed weights) or ``fail-silent`` (the same cover on two rails).
        balance: Paths are made equally long by synaptic ``delays``, or by ``relays`` in layers (a strict chain).
        aligned: Whether all outputs answer at the same step.
        max_delay: The longest synaptic delay of the target in steps; relays take over beyond.

    Raises:
        CircuitError: if the mapping is unknown or cannot express the circuit.
        NetworkError: if the balance is unknown or impossible.

    Example:
        >>> from logic import CircuitBuilder, simulate
        >>> import torch
        >>> make = CircuitBuilder()
        >>> a, b = make.inputs("a", "b")
        >>> network = compile_circuit(make.build(y=a ^ b), aligned=True)
        >>> network.input_names, network.output_names, network.latency
        (('a=0', 'a=1', 'b=0', 'b=1'), ('y=0', 'y=1'), 2)
    """
    return compile_certified(circuit, mapping, balance, aligned=aligned, max_delay=max_delay).network


def compile_certified(
    circuit: Circuit,
    mapping: str = "dual-rail",
    balance: str = "delays",
    *,
    aligned: bool = False,
    max_delay: int | None = None,
) -> Compiled:
    """As :func:`compile_circuit`, with the certificate of its neurons."""
    netlist = map_circuit(check_circuit(circuit), mapping)
    return Compiled(*to_network(netlist, balance, aligned=aligned, max_delay=max_delay))


def map_circuit(circuit: Circuit, mapping: str) -> ThresholdNetlist:
    """The neurons of a circuit, without time.

    Raises:
        CircuitError: if the mapping is unknown or cannot express the circuit.
    """
    if mapping not in MAPPINGS:
        raise CircuitError(f"unknown mapping {mapping!r}; use one of {', '.join(MAPPINGS)}")
    return MAPPINGS[mapping](circuit)
