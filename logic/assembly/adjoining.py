"""Networks side by side: one input with the channels of all, and the answers of all."""

from collections.abc import Mapping
from dataclasses import replace
from math import prod

import numpy as np

from ..errors import NetworkError
from ..network import INPUT, Convolution, Population, Projection, SpikingNetwork, Synapses


def beside(parts: Mapping[str, SpikingNetwork]) -> SpikingNetwork:
    """The network that does what all parts do, each on channels of its own.

    Args:
        parts: Networks that hear pictures ``(C, H, W)`` of one height and width, or that hear lines ``(n,)``. Names
            of lines must differ between them.

    Returns:
        Its input has the channels of the parts one after the other; its populations are called as their part, an
        underscore and their name. If there is one part only, that part.

    Raises:
        NetworkError: if there is none, or inputs do not fit beside each other.

    Example:
        >>> from logic import Line
        >>> def relay(answer):
        ...     wire = Synapses("input", "relay", [0], [0], weight=1)
        ...     return SpikingNetwork((1,), (Population("relay", (1,), 1),), (wire,), np.array([1]), (Line(answer),),
        ...         np.array([1]))
        >>> both = beside({"left": relay("x"), "right": relay("y")})
        >>> both.input_shape, [population.name for population in both.populations], both.output_names
        ((2,), ['left_relay', 'right_relay'], ('x', 'y'))
    """
    if not parts:
        raise NetworkError("no network to put beside another; give at least one")
    if len(parts) == 1:
        return next(iter(parts.values()))
    shapes = {name: part.input_shape for name, part in parts.items()}
    if len({shape[1:] for shape in shapes.values()}) > 1:
        raise NetworkError(f"inputs of the shapes {shapes} have no channels to put side by side; give them one size")
    if len({part.period for part in parts.values()}) > 1:
        raise NetworkError("the networks take waves at different periods")
    channels = sum(shape[0] for shape in shapes.values())
    whole = (channels, *next(iter(shapes.values()))[1:])
    populations: list[Population] = []
    projections: list[Projection] = []
    outputs: list[np.ndarray[tuple[int], np.dtype[np.int64]]] = []
    channel, neurons = 0, prod(whole)
    for name, part in parts.items():
        own, first = prod(part.input_shape), channel * prod(whole[1:])
        outputs.append(np.where(part.outputs < own, part.outputs + first, part.outputs - own + neurons))
        populations += [replace(one, name=f"{name}_{one.name}") for one in part.populations]
        for projection in part.projections:
            source, target = (f"{name}_{end}" for end in (projection.source, projection.target))
            if projection.source == INPUT:
                projections.append(_between(_widened(projection, channels, channel, first), INPUT, target))
            else:
                projections.append(_between(projection, source, target))
        channel, neurons = channel + part.input_shape[0], neurons + part.neurons
    lines = [part.input_lines for part in parts.values()]
    return SpikingNetwork(
        input_shape=whole,
        populations=tuple(populations),
        projections=tuple(projections),
        outputs=np.concatenate(outputs),
        output_lines=tuple(line for part in parts.values() for line in part.output_lines),
        latencies=np.concatenate([part.latencies for part in parts.values()]),
        input_lines=tuple(line for some in lines for line in some) if all(lines) else (),
        period=next(iter(parts.values())).period,
    )


def _between(projection: Projection, source: str, target: str) -> Projection:
    """The same synapses between populations of other names."""
    if isinstance(projection, Convolution):
        return replace(projection, source=source, target=target)
    return Synapses(source, target, projection.pre, projection.post, projection.weight, projection.delay)


def _widened(projection: Projection, channels: int, channel: int, first: int) -> Projection:
    """A projection from a part's input as one from the whole input, whose channel ``channel`` is the part's first."""
    if isinstance(projection, Synapses):
        return Synapses(
            INPUT, projection.target, projection.pre + first, projection.post, projection.weight, projection.delay
        )
    out, per_group, height, width = projection.kernel.shape
    kernel = np.zeros((out, channels, height, width), np.int64)
    for row in range(out):
        start = channel + row // (out // projection.groups) * per_group
        kernel[row, start : start + per_group] = projection.kernel[row]
    return replace(projection, kernel=kernel, groups=1)
