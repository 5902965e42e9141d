"""What a percept costs: firing rates, synaptic operations counted from the spikes, and an estimate of the energy.

The energy counts arithmetic alone, at 45 nm: 0.9 pJ for the addition that one spike causes at one synapse, 4.6 pJ for
a multiplication with addition of a network of graded units, which pays for every synapse of every picture. Memory
traffic, which costs more than arithmetic on most chips, is left out on both sides.

References:
    Horowitz, "Computing's energy problem (and what we can do about it)", ISSCC 2014.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from .classifier import SpikingClassifier
from .percept import Percept

JOULES_PER_ADDITION = 0.9e-12
JOULES_PER_MULTIPLICATION = 4.6e-12


@dataclass(frozen=True)
class LayerActivity:
    """What one layer does for one picture, on average.

    Args:
        name: ``input`` or the layer's name.
        neurons: Number of its neurons.
        spikes: Number of spikes that it sends, over all neurons and steps; 0 for the readout, which never spikes.
        rate: Spikes per neuron and step.
        synaptic_operations: Additions that the spikes it receives cause at its synapses.
        multiplications: What the same layer costs with graded units: one per synapse.
    """

    name: str
    neurons: int
    spikes: float
    rate: float
    synaptic_operations: float
    multiplications: int


@dataclass(frozen=True)
class Activity:
    """The activity of all layers, the input first."""

    layers: tuple[LayerActivity, ...]

    @property
    def spikes(self) -> float:
        """Spikes per picture, those of the input included."""
        return sum(layer.spikes for layer in self.layers)

    @property
    def synaptic_operations(self) -> float:
        """Additions per picture."""
        return sum(layer.synaptic_operations for layer in self.layers)

    @property
    def multiplications(self) -> int:
        """Multiplications per picture of the same network with graded units."""
        return sum(layer.multiplications for layer in self.layers)

    @property
    def spiking_joules(self) -> float:
        """Energy per picture of the spiking network's additions."""
        return JOULES_PER_ADDITION * self.synaptic_operations

    @property
    def analog_joules(self) -> float:
        """Energy per picture of the multiplications of the same network with graded units."""
        return JOULES_PER_MULTIPLICATION * self.multiplications


def fan_out(layer: nn.Module, shape: tuple[int, ...]) -> Tensor:
    """The number of synapses that leave each of a layer's inputs.

    Args:
        layer: ``Conv2d`` without padding, or ``Linear``.
        shape: Of its input, ``(C, H, W)`` or ``(n,)``.

    Returns:
        Whole numbers, of that shape. A pixel at the rim lies in fewer windows than one in the middle.
    """
    weight = layer.get_parameter("weight")
    if not isinstance(layer, nn.Conv2d):
        return torch.full(shape, float(weight.shape[0]))
    windows = functional.conv2d(torch.ones(1, *shape), torch.ones_like(weight), stride=layer.stride)
    rest = [
        (full - kernel) % stride for full, kernel, stride in zip(shape[1:], weight.shape[2:], layer.stride, strict=True)
    ]
    return functional.conv_transpose2d(
        torch.ones_like(windows), torch.ones_like(weight), stride=layer.stride, output_padding=rest
    )[0]


def measure_activity(classifier: SpikingClassifier, percept: Percept) -> Activity:
    """The activity of a classifier in a percept of its own, averaged over the pictures.

    Example:
        >>> classifier = SpikingClassifier(10, 0)
        >>> found = measure_activity(classifier, classifier(torch.ones(2, 1, 1, 28, 28)))
        >>> found.layers[0].rate, found.multiplications, found.layers[-1].spikes
        (1.0, 329216, 0.0)
    """
    signals = {name: spikes.detach() for name, spikes in percept.spikes.items()}
    sent = signals["input"]
    rows = [_row("input", sent, 0.0, 0)]
    for name, layer in classifier.layers.items():
        received = sent.sum(dim=0).mean(dim=0)  # spikes of each input over all steps, a picture's average
        received = received.flatten() if isinstance(layer, nn.Linear) else received
        synapses = fan_out(layer, tuple(received.shape))
        operations, multiplications = float((received * synapses).sum()), int(synapses.sum())
        if name == "readout":
            neurons = layer.get_parameter("weight").shape[0]
            rows.append(LayerActivity(name, neurons, 0.0, 0.0, operations, multiplications))
        else:
            sent = signals[name]
            rows.append(_row(name, sent, operations, multiplications))
    return Activity(tuple(rows))


def _row(name: str, sent: Tensor, operations: float, multiplications: int) -> LayerActivity:
    neurons = sent[0, 0].numel()
    spikes = float(sent.sum()) / sent.shape[1]
    return LayerActivity(name, neurons, spikes, spikes / (neurons * sent.shape[0]), operations, multiplications)
