"""Circuit to spiking network: choose a mapping, then give every neuron its time."""

from typing import NamedTuple, TypedDict, Unpack

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
from .classes import limited_classes
from .constraints import Constraints, broken_bound, narrowed, refusal

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


class Bounds(TypedDict, total=False):
    """Bounds on a network that are given by name; see :class:`logic.mapping.constraints.Constraints`."""

    fan_in: int | None
    weight_bits: int | None
    max_delay: int | None
    neurons: int | None


def compile_circuit(
    circuit: Circuit,
    mapping: str = "dual-rail",
    balance: str = "delays",
    *,
    aligned: bool = False,
    **bounds: Unpack[Bounds],
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
        bounds: What the target allows: ``fan_in`` synapses into a neuron, ``weight_bits`` of a signed weight,
            ``max_delay`` steps of a synapse (relays take over beyond), ``neurons`` in all. Gates are made narrower, or
            fewer threshold functions used, to keep within.

    Raises:
        CircuitError: if the mapping is unknown, cannot express the circuit, or cannot keep within the bounds; mappings
            that can are named.
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
    return compile_certified(circuit, mapping, balance, aligned=aligned, **bounds).network


def compile_certified(
    circuit: Circuit,
    mapping: str = "dual-rail",
    balance: str = "delays",
    *,
    aligned: bool = False,
    **bounds: Unpack[Bounds],
) -> Compiled:
    """As :func:`compile_circuit`, with the certificate of its neurons."""
    limits = Constraints(**bounds)
    check_circuit(circuit)

    def compiled(mapping: str) -> Compiled:
        netlist = map_circuit(circuit, mapping, limits)
        return Compiled(*to_network(netlist, balance, aligned=aligned, max_delay=limits.max_delay))

    found = compiled(mapping)
    if limits and (broken := broken_bound(found.network, limits)):
        others = tuple(other for other in MAPPINGS if other != mapping)
        raise refusal(mapping, broken, others, lambda other: compiled(other).network, limits)
    return found


def map_circuit(circuit: Circuit, mapping: str, bounds: Constraints | None = None) -> ThresholdNetlist:
    """The neurons of a circuit, without time.

    Args:
        circuit: What to compute.
        mapping: One of ``MAPPINGS``.
        bounds: What the neurons should keep within, as far as the mapping can.

    Raises:
        CircuitError: if the mapping is unknown or cannot express the circuit.
    """
    if mapping not in MAPPINGS:
        raise CircuitError(f"unknown mapping {mapping!r}; use one of {', '.join(MAPPINGS)}")
    if not bounds:
        return MAPPINGS[mapping](circuit)
    if mapping in ("single-rail", "fail-silent"):
        cover = single_rail if mapping == "single-rail" else fail_silent
        return cover(circuit, limited_classes(bounds.fan_in, bounds.largest_weight))
    return MAPPINGS[mapping](narrowed(circuit, mapping, bounds))
