"""One network after another: what the first answers is what the second hears."""

import numpy as np

from ..errors import NetworkError
from ..network import INPUT, Projection, SpikingNetwork, Synapses
from ..rails import by_line


def chain(first: SpikingNetwork, second: SpikingNetwork) -> SpikingNetwork:
    """The network that feeds every output of ``first`` to the input of ``second`` that is the same line.

    Args:
        first: Its outputs are neurons, not input lines; all answer at the same step, so that one wave stays one wave.
        second: Every input line must be an output of ``first``; population names must differ.

    Returns:
        A network from the inputs of ``first`` to the outputs of ``second``; latencies add up.

    Raises:
        NetworkError: if a name is missing, answers come at different steps, or population names clash.

    Example:
        >>> from logic import Line, Population
        >>> def relay(name, source, answer):  # a neuron that passes every spike on, one step later
        ...     return SpikingNetwork(
        ...         (1,), (Population(name, (1,), 1),), (Synapses("input", name, [0], [0], 1),),
        ...         np.array([1]), (Line(answer),), np.array([1]), (Line(source),),
        ...     )
        >>> both = chain(relay("first", "x", "y"), relay("second", "y", "z"))
        >>> both.input_names, both.output_names, both.latency
        (('x',), ('z',), 2)
    """
    position = by_line(first.output_lines, first.outputs.tolist())
    if missing := set(second.input_lines) - set(first.output_lines):
        raise NetworkError(f"the first network does not answer {sorted(map(str, missing))}, which the second one needs")
    if len(set(first.latencies.tolist())) > 1:
        raise NetworkError(f"the first network answers at different steps {sorted(set(first.latencies.tolist()))}")
    inputs = int(np.prod(first.input_shape))
    lines = np.array([position[line] for line in second.input_lines], dtype=np.int64)
    projections: list[Projection] = list(first.projections)
    for projection in second.projections:
        if projection.source != INPUT:
            projections.append(projection)
        elif isinstance(projection, Synapses):
            projections += _moved(first, projection, lines)
        else:
            raise NetworkError("the second network hears its input through a convolution; give explicit synapses")
    shift = first.neurons + inputs - len(lines)
    return SpikingNetwork(
        input_shape=first.input_shape,
        populations=first.populations + second.populations,
        projections=tuple(projections),
        outputs=np.array([lines[o] if o < len(lines) else o + shift for o in second.outputs.tolist()], dtype=np.int64),
        output_lines=second.output_lines,
        latencies=second.latencies + first.latency,
        input_lines=first.input_lines,
    )


def _moved(
    first: SpikingNetwork, projection: Synapses, lines: np.ndarray[tuple[int, ...], np.dtype[np.int64]]
) -> list[Synapses]:
    """Synapses from the second network's input, drawn from the neurons of the first that answer there."""
    moved: list[Synapses] = []
    start = int(np.prod(first.input_shape))
    source = lines[projection.pre]
    if len(source) and source.min() < start:
        raise NetworkError("an output of the first network is one of its input lines; relay it by a neuron first")
    for population in first.populations:
        here = (source >= start) & (source < start + population.size)
        if here.any():
            moved.append(
                Synapses(
                    population.name,
                    projection.target,
                    source[here] - start,
                    projection.post[here],
                    projection.weight[here],
                    projection.delay[here],
                )
            )
        start += population.size
    return moved
