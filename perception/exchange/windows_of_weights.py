"""Arguments of torch's operators as weights over all channels, with a number for each axis."""

from typing import Any, cast

from torch import Tensor


def filled(given: tuple[Any, ...], usual: tuple[Any, ...]) -> list[Any]:
    """Arguments, with what is usual for those left out."""
    return [*given, *usual[len(given) :]]


def each(value: Any, axes: int, fill: int) -> tuple[int, ...]:
    """A number for each axis; of fewer, those in front are filled up."""
    numbers = [int(one) for one in cast("list[Any]", value)] if isinstance(value, list | tuple) else [int(value)]
    if len(numbers) == 1 and not isinstance(value, list | tuple):
        return (numbers[0],) * axes
    return (fill,) * (axes - len(numbers)) + tuple(numbers)


def ungrouped(weight: Tensor, groups: int) -> Tensor:
    """Weights of a grouped convolution over all channels; readers know no groups."""
    if groups == 1:
        return weight
    outputs, inputs = weight.shape[0] // groups, weight.shape[1]
    full = weight.new_zeros(weight.shape[0], inputs * groups, *weight.shape[2:])
    for group in range(groups):
        rows = slice(group * outputs, (group + 1) * outputs)
        full[rows, group * inputs : (group + 1) * inputs] = weight[rows]
    return full
