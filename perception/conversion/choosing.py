"""``auto``: signed neurons whose thresholds are found layer by layer on what they really send; the best is kept."""

from collections.abc import Callable
from dataclasses import replace

import torch
from torch import Tensor

from .converted import ConvertedNetwork
from .correcting import add_bias
from .methods import Method
from .signal_graph import Operation

SHARES = (1.0, 0.85, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2)
"""Of the greatest activation of a channel: the thresholds that are tried."""

_ROUNDS = 2


def choose(build: Callable[[Method], ConvertedNetwork], method: Method, pictures: Tensor) -> ConvertedNetwork:
    """The candidate whose answers are nearest to the network's on calibration pictures, in mean square.

    Args:
        build: Converts by a method.
        method: ``auto``, as its user has set it.
        pictures: Calibration pictures ``[N, ...]``.
    """
    rules = (
        replace(method, rule="quantile", correction=None),
        replace(method, rule="squared-error", correction="bias"),
        replace(method, rule="search", correction="bias"),
    )
    found = [build(rule) for rule in rules]
    errors = [output_error(one, pictures) for one in found]
    best = found[errors.index(min(errors))]
    best.method = replace(best.method, name=method.name)
    return best


def output_error(converted: ConvertedNetwork, pictures: Tensor) -> float:
    """Mean square of the difference between the answers of the two networks."""
    spiking, analog = converted(pictures), converted.analog(pictures)
    pairs = zip(spiking, analog, strict=True) if isinstance(spiking, tuple) else [(spiking, torch.as_tensor(analog))]
    return sum(float((one - other).square().mean()) for one, other in pairs)


def search_thresholds(converted: ConvertedNetwork, pictures: Tensor) -> None:
    """Gives each channel the threshold with which it sends, behind corrected layers, what is nearest to the network.

    Args:
        converted: Is changed; its thresholds are the greatest that are tried.
        pictures: Calibration pictures.
    """
    wanted = converted.analog_layers(pictures)

    def search(one: Operation, currents: Tensor) -> Tensor:
        unit, target = converted.unit(one), wanted[one.name]
        greatest = unit.threshold.clone()
        axes = [axis for axis in range(target.dim()) if axis != one.channel_axis or unit.threshold.dim() == 0]
        for _ in range(_ROUNDS):
            best = torch.full_like(greatest, torch.inf)
            chosen, sent = greatest, currents
            for share in SHARES:
                unit.threshold = greatest * share
                sent = converted.fire(one, currents)
                error = (converted.code.estimates(sent)[-1] - target).square().sum(axes, keepdim=greatest.dim() > 0)
                chosen = torch.where(error < best, unit.threshold, chosen)
                best = torch.minimum(error, best)
            unit.threshold = chosen
            for _ in range(_ROUNDS):
                sent = converted.fire(one, currents)
                add_bias(converted, one, target - converted.code.estimates(sent)[-1])
        return converted.fire(one, currents)

    converted.runner(converted.steps, search)(pictures)
