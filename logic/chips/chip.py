"""What a chip is for a fit report: limits with their sources, and how neurons are laid on it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

QUANTITIES: Mapping[str, str] = {
    "neurons": "neurons",
    "cores": "cores after packing",
    "neurons_per_core": "neurons of a core",
    "synapses": "synapses",
    "synapses_per_core": "synapses of a core",
    "synapse_bits_per_core": "synapse bits of a core",
    "in_axons": "in-axons of a core",
    "out_axons": "out-axons of a core",
    "fan_in": "fan-in",
    "fan_out": "fan-out",
    "thresholds_per_core": "thresholds of a core",
    "weights_per_neuron": "weights of a neuron",
    "largest_weight": "largest weight",
    "threshold_bits": "bits of a threshold",
    "membrane_bits": "bits of a membrane",
    "longest_delay": "longest delay",
    "bias_neurons": "neurons with a bias",
    "inputs": "input lines",
    "outputs": "output lines",
    "depth": "depth",
    "period": "steps between waves",
    "forgetting_neurons": "neurons that forget",
    "retaining_neurons": "neurons that retain",
    "doubly_driven_neurons": "neurons driven to twice their threshold",
    "reached_neurons": "neurons at inputs or outputs",
    "targets_per_layer": "layers that a layer reaches",
    "channels": "channels of a layer",
    "layers_without_core": "layers that no core can hold",
}
"""What is counted of a network, and how it is called in a report."""

Packing = Literal["cores", "crossbar", "layers", "one"]


@dataclass(frozen=True)
class Limit:
    """The greatest value of a quantity.

    Args:
        value: None if it is not public.
        source: Where it was read.
        date: When it was read, year and month.
    """

    value: int | None
    source: str
    date: str = "2026-11"


@dataclass(frozen=True)
class Chip:
    """A neuromorphic chip.

    Args:
        name: By which it is asked for.
        title: As people call it.
        limits: By quantity; what is not there has no limit of its own.
        packing: ``cores``: neurons fill one core after the other; ``crossbar``: likewise, axons having types;
            ``layers``: a layer a core; ``one``: a single core.
        scale: What weights and thresholds are multiplied by on the chip's grid.
        splits: Whether a large weight may be several parallel synapses.
        raises: Whether a threshold below 1 is raised to 1 and the difference a bias, so that fewer are different.
        current_bits: Bits by which currents are shifted up in a membrane.
        fades: Whether a current halves in each step instead of being gone.
        notes: What a number does not say.
    """

    name: str
    title: str
    limits: Mapping[str, Limit]
    packing: Packing
    scale: int = 1
    splits: bool = False
    raises: bool = False
    current_bits: int = 0
    fades: bool = False
    notes: tuple[str, ...] = ()

    def most(self, quantity: str) -> int | None:
        """The limit of a quantity, if there is one and it is public."""
        limit = self.limits.get(quantity)
        return None if limit is None else limit.value
