"""``auto``: signed neurons by several rules for their thresholds, of which the best on calibration pictures is kept."""

from collections.abc import Callable
from dataclasses import replace

import torch
from torch import Tensor

from .converted import ConvertedNetwork
from .methods import Method


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
        replace(method, rule="squared-error", correction="tuned"),
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
