"""Which neurons a network has, as a preset tells it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import torch

from ..neurons import Neuron, kind_of, neuron, options_of
from ..neurons.surrogates import named_surrogate
from .layers import NeuronFactory


@dataclass(frozen=True)
class NeuronPlan:
    """Which neurons a network has.

    Args:
        name: As for :func:`perception.neuron`.
        options: Of the neuron, but for its threshold and surrogate.
        surrogate: Stand-in derivative of its spikes, by name.
        shape: Options of the surrogate.
    """

    name: str = "lif"
    options: Mapping[str, Any] = field(default_factory=dict[str, Any])
    surrogate: str = "sigmoid"
    shape: Mapping[str, float] = field(default_factory=dict[str, float])

    @property
    def kind(self) -> type[Neuron]:
        """The class of these neurons, which tells what is true of them.

        Raises:
            NeuronError: if there is no such neuron.
        """
        return kind_of(self.name)

    def layer(self) -> Neuron:
        """One layer of these neurons without numbers (on the device ``meta``), to be asked what holds for it.

        Raises:
            NeuronError: if there is no such neuron, or it cannot be built so.
        """
        with torch.device("meta"):
            return neuron(self.name, **self.options)

    def factory(self) -> NeuronFactory:
        """Makes layers of these neurons; those that bring a surrogate of their own keep it.

        Raises:
            NeuronError: if there is no such neuron.
        """
        if "surrogate" not in options_of(self.name):
            return partial(neuron, self.name, **self.options)
        return partial(neuron, self.name, surrogate=named_surrogate(self.surrogate, **self.shape), **self.options)
