"""Corrections layer by layer: biases or initial potentials, until a layer sends on average what the network gave."""

from torch import Tensor

from .converted import ConvertedNetwork
from .signal_graph import Operation

ROUNDS = 3


def correct(converted: ConvertedNetwork, pictures: Tensor, rounds: int = ROUNDS) -> None:
    """Adds to each layer's bias what its channels send too little on average, in one run, layer by layer.

    Args:
        converted: Is changed.
        pictures: Calibration pictures ``[N, ...]``.
        rounds: Corrections of each layer.
    """
    wanted = converted.analog_layers(pictures)

    def adjust(one: Operation, currents: Tensor) -> Tensor:
        for _ in range(rounds):
            sent = converted.fire(one, currents)
            add_bias(converted, one, wanted[one.name] - converted.code.estimates(sent)[-1])
        return converted.fire(one, currents)

    converted.runner(converted.steps, adjust)(pictures)


def add_bias(converted: ConvertedNetwork, one: Operation, missing: Tensor) -> None:
    """Adds the mean of what is missing in each channel to a layer's bias; potentials are paid once for all steps."""
    axes = [axis for axis in range(missing.dim()) if axis != one.channel_axis]
    unit = converted.unit(one)
    step = missing.mean(axes, keepdim=True)
    if converted.method.correction == "potential":
        step = step * converted.steps
    unit.bias = step if unit.bias is None else unit.bias + step
