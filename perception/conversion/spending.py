"""What a picture costs a converted network: events, unit spikes, bits, synaptic operations, an estimate of energy."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from ..networks.activity import JOULES_PER_ADDITION, JOULES_PER_MULTIPLICATION
from .interpreting import Run, call
from .operators import family
from .signal_graph import Constant, Operation, Role, SignalGraph
from .units import SpikingUnit


@dataclass(frozen=True)
class SpikeActivity:
    """What one picture costs, on average.

    Args:
        events: Spikes of any value, over all neurons and steps.
        unit_spikes: Spikes of the smallest value that carry the same.
        bits: Bits that tell which spikes they were, ``events`` times those of the alphabet.
        synaptic_operations: Events times the synapses that they reach; pictures and float islands apart.
        multiplications: Of the layers that see the picture itself, and of float islands.
        analog_multiplications: What the network costs that was converted: one per synapse.
        energy: Joules at 45 nm: 0.9 pJ for each shifted addition, one per bit of a spike's size, and 4.6 pJ for each
            multiplication. Memory traffic is left out.
        analog_energy: Joules of the network that was converted.
    """

    events: float
    unit_spikes: float
    bits: float
    synaptic_operations: float
    multiplications: float
    analog_multiplications: float
    energy: float
    analog_energy: float


class Meter:
    """Watches a run and adds up what it costs.

    Args:
        graph: The network.
        constants: Its tensors.
        units: Its neurons by layer.
    """

    def __init__(self, graph: SignalGraph, constants: Mapping[str, Tensor], units: Mapping[str, SpikingUnit]) -> None:
        self.graph, self.constants, self.units = graph, constants, units
        self.events = self.unit_spikes = self.bits = 0.0
        self.operations = self.additions = self.multiplications = self.analog = 0.0
        self._senders = _senders(graph)

    def fired(self, operation: Operation, values: Tensor) -> None:
        """Counts the spikes ``[T, B, ...]`` of a layer."""
        unit = self.units[operation.name]
        events = float((values != 0).sum())
        self.events += events
        self.unit_spikes += float(unit.sizes(values).sum())
        self.bits += events * unit.bits

    def watch(self, operation: Operation, run: Run) -> None:
        """Counts what arrives at an operation with weights."""
        if operation.role is Role.FUNCTION and not all(run.is_still(name) for name in operation.sources):
            signals = [name for name in operation.sources if self.graph.by_name[name].role is not Role.PLAIN]
            self.multiplications += max(run.moving(name).numel() for name in signals)
        if operation.role is not Role.WEIGHTED:
            return
        name = operation.sources[0]
        synapses = fan_out(operation, self.constants, run, name)
        pictures = run.pictures
        self.analog += float(synapses.sum()) * pictures
        if run.is_still(name):
            self.multiplications += float(synapses.sum()) * pictures
            return
        arrived = run.train(name) != run.resting(name)
        counted = float((arrived.to(synapses.dtype) * synapses).sum())
        self.operations += counted
        senders = [self.units[sender].additions for sender in self._senders[name]]
        self.additions += counted * max(senders, default=1)

    def activity(self, pictures: int) -> SpikeActivity:
        """What one of so many pictures costs."""
        energy = JOULES_PER_ADDITION * self.additions + JOULES_PER_MULTIPLICATION * self.multiplications
        figures = (self.events, self.unit_spikes, self.bits, self.operations, self.multiplications, self.analog, energy)
        return SpikeActivity(*(figure / pictures for figure in (*figures, JOULES_PER_MULTIPLICATION * self.analog)))


def fan_out(operation: Operation, constants: Mapping[str, Tensor], run: Run, name: str) -> Tensor:
    """How many synapses leave each element of an operation's input, for one picture.

    It is the gradient of the operation's sum with ones as weights.
    """
    axis = run.graph.by_name[name].batch_axis
    shape = list(run.train(name).shape[1:])
    shape[axis] //= run.pictures
    one = torch.ones(shape, dtype=torch.float64, requires_grad=True)
    weights = {
        key: torch.ones_like(tensor, dtype=torch.float64, device="cpu")
        for key, tensor in constants.items()
        if key in operation.constants
    }

    def resolve(source: str) -> object:
        if source == name:
            return one
        return run.plain_for_one(source)

    with torch.enable_grad():
        total = call(_without_bias(operation), weights, resolve).sum()
        return torch.autograd.grad(total, one)[0].to(run.train(name).device)


def _without_bias(operation: Operation) -> Operation:
    from dataclasses import replace

    if family(operation.target) in ("addmm", "baddbmm"):
        return operation
    arguments = [
        None if place == 2 and isinstance(one, Constant) and family(operation.target) != "einsum" else one
        for place, one in enumerate(operation.arguments)
    ]
    return replace(operation, arguments=tuple(arguments))


def _senders(graph: SignalGraph) -> Mapping[str, frozenset[str]]:
    """The layers of neurons whose spikes a result is made of."""
    found: dict[str, frozenset[str]] = {}
    for one in graph.operations:
        below = frozenset[str]().union(*(found[source] for source in one.sources))
        found[one.name] = frozenset({one.name}) if one.role is Role.NEURON else below
    return found
