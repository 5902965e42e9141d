"""Layers of neurons by name."""

from collections.abc import Callable
from inspect import signature
from typing import Any

from .biophysical import AdEx, Izhikevich
from .graded import IntegerLIF, MultiThresholdLIF
from .layer import Neuron, NeuronError
from .leaky import IntegrateAndFire, LeakyIntegrateAndFire, LearnableSurrogateLIF, ParametricLIF
from .parallel import ParallelSpiking, SlidingParallelSpiking
from .synaptic import CubaLIF

NEURONS: dict[str, Callable[..., Neuron]] = {
    "if": IntegrateAndFire,
    "lif": LeakyIntegrateAndFire,
    "plif": ParametricLIF,
    "lsg": LearnableSurrogateLIF,
    "integer_lif": IntegerLIF,
    "multi_threshold_lif": MultiThresholdLIF,
    "psn": ParallelSpiking,
    "masked_psn": ParallelSpiking,
    "sliding_psn": SlidingParallelSpiking,
    "cuba_lif": CubaLIF,
    "adex": AdEx,
    "izhikevich": Izhikevich,
}


def options_of(name: str) -> tuple[str, ...]:
    """The options of a kind of neuron.

    Raises:
        NeuronError: if there is no such neuron.
    """
    if name not in NEURONS:
        raise NeuronError(f"unknown neuron {name!r}; there are {', '.join(NEURONS)}")
    return tuple(signature(NEURONS[name]).parameters)


def neuron(name: str, **options: Any) -> Neuron:
    """A new layer of neurons.

    Args:
        name: A key of ``NEURONS``; ``masked_psn`` needs the options ``steps`` and ``order``, ``psn`` needs ``steps``.
        options: Arguments of its class.

    Raises:
        NeuronError: if there is no such neuron or it has no such option.
    """
    allowed = options_of(name)
    if name == "masked_psn" and not options.get("order"):
        raise NeuronError("masked_psn needs the option 'order', the number of steps that a neuron sees")
    try:
        return NEURONS[name](**options)
    except TypeError as error:
        raise NeuronError(
            f"neuron {name!r} cannot be built from {options}: {error}; its options are {', '.join(allowed)}"
        ) from error
