"""Layers of neurons by name; a new kind is a line here beside its file, and all that is true of it stands there."""

from inspect import signature
from typing import Any

from .adapting import AdaptiveLIF, RefractoryLIF
from .biophysical import AdEx, Izhikevich
from .graded import IntegerLIF, MultiThresholdLIF
from .layer import Neuron, NeuronError
from .leaky import IntegrateAndFire, LeakyIntegrateAndFire, LearnableSurrogateLIF, ParametricLIF
from .parallel import MaskedParallelSpiking, ParallelSpiking, SlidingParallelSpiking
from .synaptic import CubaLIF

NEURONS: dict[str, type[Neuron]] = {
    "if": IntegrateAndFire,
    "lif": LeakyIntegrateAndFire,
    "plif": ParametricLIF,
    "lsg": LearnableSurrogateLIF,
    "integer_lif": IntegerLIF,
    "multi_threshold_lif": MultiThresholdLIF,
    "psn": ParallelSpiking,
    "masked_psn": MaskedParallelSpiking,
    "sliding_psn": SlidingParallelSpiking,
    "cuba_lif": CubaLIF,
    "adaptive_lif": AdaptiveLIF,
    "refractory_lif": RefractoryLIF,
    "adex": AdEx,
    "izhikevich": Izhikevich,
}


def kind_of(name: str) -> type[Neuron]:
    """The class of a kind of neuron.

    Raises:
        NeuronError: if there is no such neuron.
    """
    if name not in NEURONS:
        raise NeuronError(f"unknown neuron {name!r}; there are {', '.join(NEURONS)}")
    return NEURONS[name]


def options_of(name: str) -> tuple[str, ...]:
    """The options of a kind of neuron.

    Raises:
        NeuronError: if there is no such neuron.
    """
    return tuple(signature(kind_of(name)).parameters)


def neuron(name: str, **options: Any) -> Neuron:
    """A new layer of neurons.

    Args:
        name: A key of ``NEURONS``; those whose class has a ``sample`` need its options.
        options: Arguments of its class.

    Raises:
        NeuronError: if there is no such neuron or it has no such option.

    Example:
        >>> import torch
        >>> neuron("lif", beta=0.5)(torch.full((4, 1), 0.75)).flatten().tolist()
        [0.0, 1.0, 0.0, 1.0]
    """
    allowed = options_of(name)
    if missing := [option for option in NEURONS[name].sample if option not in options]:
        raise NeuronError(f"{name} needs the option {missing[0]!r}; its options are {', '.join(allowed)}")
    try:
        return NEURONS[name](**options)
    except TypeError as error:
        raise NeuronError(
            f"neuron {name!r} cannot be built from {options}: {error}; its options are {', '.join(allowed)}"
        ) from error
