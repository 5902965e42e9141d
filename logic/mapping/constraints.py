"""What a target allows of a mapping: synapses of a neuron, bits of a weight, steps of a delay, neurons in all."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ..circuit import Circuit, Gate, Integers
from ..errors import CircuitError
from ..lowering import to_and_inverter
from ..network import SpikingNetwork
from .narrow import narrow


@dataclass(frozen=True)
class Constraints:
    """Bounds on a compiled network, None where there is none.

    Args:
        fan_in: Most synapses into a neuron.
        weight_bits: Of a signed weight in two's complement: ``b`` bits hold ``-2^(b-1) .. 2^(b-1) - 1``.
        max_delay: The longest synaptic delay in steps; relay neurons take over beyond.
        neurons: Of the whole network, relays included.

    Raises:
        CircuitError: if a bound is so small that no neuron could do anything.

    Example:
        >>> Constraints(fan_in=3, weight_bits=4).largest_weight
        7
    """

    fan_in: int | None = None
    weight_bits: int | None = None
    max_delay: int | None = None
    neurons: int | None = None

    def __post_init__(self) -> None:
        for name, least in (("fan_in", 2), ("weight_bits", 2), ("max_delay", 1), ("neurons", 1)):
            if (value := getattr(self, name)) is not None and value < least:
                raise CircuitError(f"{name} = {value} leaves nothing to compute with; give at least {least}")

    @property
    def largest_weight(self) -> int | None:
        """The largest weight that the bits hold."""
        return None if self.weight_bits is None else (1 << (self.weight_bits - 1)) - 1

    def __bool__(self) -> bool:
        return any(bound is not None for bound in (self.fan_in, self.weight_bits, self.max_delay, self.neurons))


def narrowed(circuit: Circuit, mapping: str, bounds: Constraints) -> Circuit:
    """The same circuit with gates whose neurons in a mapping gate by gate keep within the bounds, as far as it can.

    A parity of three takes four synapses in two rails, one of two takes three, with weights up to 2; beyond, and for
    majorities that are too wide, the circuit becomes an and-inverter graph.
    """
    most, weight = bounds.fan_in, bounds.largest_weight
    if mapping not in ("positive", "dual-rail") or (most is None and weight is None):
        return circuit
    widths = np.diff(circuit.offsets)
    if mapping == "dual-rail":
        parity = (weight is not None and weight < 2) or (most is not None and most < 3)
        majority = most is not None and bool((widths[circuit.kinds == Gate.MAJ] > most).any())
        if majority or (parity and bool((circuit.kinds == Gate.XOR).any())):
            circuit = to_and_inverter(circuit)
    if most is None:
        return circuit
    return narrow(circuit, {Gate.AND: most, Gate.OR: most, Gate.XOR: 3 if most > 3 else 2})


def weight_bits(weights: Integers) -> int:
    """The bits of the smallest signed number (two's complement) that holds all weights.

    Example:
        >>> weight_bits(np.array([1, -4])), weight_bits(np.array([4]))
        (3, 4)
    """
    low, high = int(weights.min(initial=0)), int(weights.max(initial=0))
    return 1 + max(high.bit_length(), (-low - 1).bit_length() if low < 0 else 0)


def broken_bound(network: SpikingNetwork, bounds: Constraints) -> str:
    """The bound that a network breaks, in words; nothing if it keeps within all."""
    flat = network.flatten()
    used = flat.weight != 0
    most = int(np.bincount(flat.post[used], minlength=1).max(initial=0))
    if bounds.fan_in is not None and most > bounds.fan_in:
        return f"a neuron has {most} synapses where fan-in {bounds.fan_in} is allowed"
    if bounds.weight_bits is not None and weight_bits(flat.weight) > bounds.weight_bits:
        heavy = int(flat.weight[np.abs(flat.weight).argmax()])
        return f"a weight is {heavy}, which {bounds.weight_bits} signed bits do not hold"
    longest = int(flat.delay[used].max(initial=1))
    if bounds.max_delay is not None and longest > bounds.max_delay:
        return f"a synapse delays by {longest} steps where {bounds.max_delay} are allowed"
    if bounds.neurons is not None and network.neurons > bounds.neurons:
        return f"{network.neurons:,} neurons where {bounds.neurons:,} are allowed"
    return ""


def refusal(
    mapping: str, broken: str, others: tuple[str, ...], compile: Callable[[str], SpikingNetwork], bounds: Constraints
) -> CircuitError:
    """What to say of a mapping that breaks a bound: which other mappings keep within all of them.

    Args:
        mapping: That was asked for.
        broken: The bound, in words.
        others: The mappings that could be taken instead.
        compile: The network of a mapping; may raise a :class:`CircuitError`.
        bounds: All of them.
    """
    fitting: list[str] = []
    for other in others:
        try:
            network = compile(other)
        except CircuitError:
            continue
        if not broken_bound(network, bounds):
            fitting.append(f"{other} ({network.neurons:,} neurons)")
    remedy = f"what fits: {', '.join(fitting)}" if fitting else "no mapping of this circuit keeps within the bounds"
    return CircuitError(f"the mapping {mapping!r} breaks a bound: {broken}; {remedy}")
