"""The spiking network: integer neurons and synapses, with the one semantics that everything else is derived from.

At step ``t = 0, 1, ...`` neuron ``i`` computes, in integers,

    u_i[t] = r_i v_i[t - 1] + b_i + sum over its synapses of w s_pre[t - d]        (v_i[-1] = initial_i)
    s_i[t] = 1 if u_i[t] >= theta_i else 0
    v_i[t] = 0 if s_i[t] else u_i[t]

with weights ``w``, delays ``d >= 1`` steps, threshold ``theta``, bias current ``b`` and ``r = 1`` for a neuron that
retains its membrane (integrate-and-fire) or ``r = 0`` for one that forgets it (a gate). Spikes before step 0 are 0.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .errors import NetworkError
from .rails import Line

if TYPE_CHECKING:
    import networkx as nx

Integers = NDArray[np.int64]
INPUT = "input"  # the name of the source population, as in NIR


def _row(values: ArrayLike, size: int, what: str) -> Integers:
    array = np.array(np.broadcast_to(np.asarray(values), (size,)) if np.ndim(values) == 0 else values)
    if array.size and not np.array_equal(array, array.astype(np.int64)):
        raise NetworkError(f"{what} must be integers")
    if array.shape != (size,):
        raise NetworkError(f"{what} has shape {array.shape}, expected ({size},)")
    array = array.astype(np.int64)
    array.setflags(write=False)
    return array


@dataclass(frozen=True, eq=False)
class Population:
    """Neurons of one kind.

    Args:
        name: Lower-case identifier, not ``input``.
        shape: For example ``(channels, height, width)`` or ``(n,)``.
        threshold: One integer or ``[n]``; a neuron fires at ``u >= threshold``.
        retain: Whether the membrane is kept from step to step.
        bias: Integer current of every step, one or ``[n]``.
        initial: Membrane before step 0, one or ``[n]``.

    Raises:
        NetworkError: if a value is not an integer or a length is wrong.
    """

    name: str
    shape: tuple[int, ...]
    threshold: Integers
    retain: bool
    bias: Integers
    initial: Integers

    def __init__(
        self,
        name: str,
        shape: tuple[int, ...],
        threshold: ArrayLike,
        *,
        retain: bool = False,
        bias: ArrayLike = 0,
        initial: ArrayLike = 0,
    ) -> None:
        size = prod(shape)
        if not (name.isascii() and name.isidentifier() and name.islower()) or name == INPUT:
            raise NetworkError(f"population name {name!r} must be a lower-case identifier other than '{INPUT}'")
        object.__setattr__(self, "name", name)
        object.__setattr__(self, "shape", shape)
        object.__setattr__(self, "threshold", _row(threshold, size, f"threshold of '{name}'"))
        object.__setattr__(self, "retain", retain)
        object.__setattr__(self, "bias", _row(bias, size, f"bias of '{name}'"))
        object.__setattr__(self, "initial", _row(initial, size, f"initial membrane of '{name}'"))

    @property
    def size(self) -> int:
        """The number of neurons."""
        return prod(self.shape)


@dataclass(frozen=True, eq=False)
class Synapses:
    """An explicit list of synapses between two populations.

    Args:
        source: Name of the sending population, or ``input``.
        target: Name of the receiving population.
        pre: ``[S]`` positions in the source.
        post: ``[S]`` positions in the target.
        weight: ``[S]`` integers, or one.
        delay: ``[S]`` integers of at least 1 step, or one.
    """

    source: str
    target: str
    pre: Integers
    post: Integers
    weight: Integers
    delay: Integers

    def __init__(
        self, source: str, target: str, pre: ArrayLike, post: ArrayLike, weight: ArrayLike, delay: ArrayLike = 1
    ) -> None:
        size, link = np.size(pre), f"{source} -> {target}"
        object.__setattr__(self, "source", source)
        object.__setattr__(self, "target", target)
        object.__setattr__(self, "pre", _row(pre, size, f"pre of {link}"))
        object.__setattr__(self, "post", _row(post, size, f"post of {link}"))
        object.__setattr__(self, "weight", _row(weight, size, f"weight of {link}"))
        object.__setattr__(self, "delay", _row(delay, size, f"delay of {link}"))

    @classmethod
    def dense(cls, source: str, target: str, matrix: ArrayLike, delay: int = 1) -> "Synapses":
        """The non-zero entries of an integer matrix ``[target, source]``."""
        matrix = np.asarray(matrix)
        post, pre = np.nonzero(matrix)
        return cls(source, target, pre, post, matrix[post, pre], delay)


@dataclass(frozen=True, eq=False)
class Convolution:
    """Shared weights: a two-dimensional convolution without padding between two ``(C, H, W)`` populations.

    Args:
        source: Name of the sending population, or ``input``.
        target: Name of the receiving population.
        kernel: ``[C_out, C_in / groups, height, width]`` integers.
        stride: Step of the window, in both directions.
        groups: As in ``torch.nn.functional.conv2d``.
        delay: Steps, at least 1.
    """

    source: str
    target: str
    kernel: Integers
    stride: int = 1
    groups: int = 1
    delay: int = 1

    def __post_init__(self) -> None:
        flat = np.asarray(self.kernel)
        if flat.ndim != 4:
            raise NetworkError(f"kernel of {self.source} -> {self.target} needs 4 axes, got shape {flat.shape}")
        kernel = _row(flat.reshape(-1), flat.size, f"kernel of {self.source} -> {self.target}").reshape(flat.shape)
        object.__setattr__(self, "kernel", kernel)


Projection = Synapses | Convolution


class FlatNetwork(NamedTuple):
    """The same network as plain arrays: sources ``0 .. I - 1`` are the inputs, then come all neurons in order."""

    inputs: int
    threshold: Integers  # [N]
    retain: NDArray[np.bool_]  # [N]
    bias: Integers  # [N]
    initial: Integers  # [N]
    pre: Integers  # [S], over inputs and neurons
    post: Integers  # [S], over neurons, from 0
    weight: Integers  # [S]
    delay: Integers  # [S]


@dataclass(frozen=True, eq=False)
class SpikingNetwork:
    """Populations joined by projections; the module's first lines say what it computes.

    Args:
        input_shape: Shape of the source population ``input``.
        populations: In an order in which data flows.
        projections: Synapses between them.
        outputs: ``[O]`` what answers, numbered as in :class:`FlatNetwork` (inputs first, then all neurons).
        output_lines: ``O`` lines; a dual-rail signal has two (see :mod:`logic.rails`).
        latencies: ``[O]`` steps from a wave of input spikes to the answer that belongs to it.
        input_lines: ``I`` lines, or none.
        period: Steps from one wave of input spikes to the next, at least 1; above 1 the network may keep a state.

    Raises:
        NetworkError: if a projection names an unknown population, or does not fit its shape, or an output is unknown.

    Example:
        >>> third = Population("third", (1,), threshold=3, retain=True)  # fires at every third spike
        >>> wire = Synapses("input", "third", [0], [0], weight=1)
        >>> SpikingNetwork((1,), (third,), (wire,), np.array([1]), (Line("y"),), np.array([1]))
        SpikingNetwork: 1 neurons in 1 populations, latency 1, period 1
          input lines   (1,)
          output lines  y
          third         1 neurons, keeps its membrane
    """

    input_shape: tuple[int, ...]
    populations: tuple[Population, ...]
    projections: tuple[Projection, ...]
    outputs: Integers
    output_lines: tuple[Line, ...]
    latencies: Integers
    input_lines: tuple[Line, ...] = ()
    period: int = 1

    def __post_init__(self) -> None:
        names = [population.name for population in self.populations]
        if len(set(names)) < len(names):
            raise NetworkError(f"two populations bear one name: {sorted(names)}")
        sources, count = prod(self.input_shape) + self.neurons, len(self.output_lines)
        object.__setattr__(self, "outputs", _row(self.outputs, count, "outputs"))
        object.__setattr__(self, "latencies", _row(self.latencies, count, "latencies"))
        if count and (self.outputs.min() < 0 or self.outputs.max() >= sources):
            raise NetworkError(f"outputs must lie in 0 .. {sources - 1}, got {self.outputs.tolist()}")
        if self.input_lines and len(self.input_lines) != prod(self.input_shape):
            raise NetworkError(f"{len(self.input_lines)} named lines for {prod(self.input_shape)} input lines")
        if self.period < 1:
            raise NetworkError(f"waves come every {self.period} steps; the period is at least 1")
        for line in (*self.input_lines, *self.output_lines):
            if not isinstance(line, Line) or line.rail not in (None, 0, 1):  # pyright: ignore[reportUnnecessaryIsInstance]
                raise NetworkError(f"{line!r} is no line; give Line(signal), or Line(signal, 0) and Line(signal, 1)")
        for projection in self.projections:
            self._check(projection)

    def _check(self, projection: Projection) -> None:
        source, target = self.shape_of(projection.source), self.shape_of(projection.target)
        link = f"{projection.source} -> {projection.target}"
        if projection.target == INPUT:
            raise NetworkError(f"{link}: nothing projects onto the input")
        if isinstance(projection, Synapses):
            for what, ends, size in (("pre", projection.pre, prod(source)), ("post", projection.post, prod(target))):
                if ends.size and (ends.min() < 0 or ends.max() >= size):
                    raise NetworkError(f"{link}: {what} must lie in 0 .. {size - 1}, got {ends.min()} .. {ends.max()}")
            if projection.delay.size and projection.delay.min() < 1:
                raise NetworkError(f"{link}: a delay is below one step")
        else:
            out, per_group, height, width = projection.kernel.shape
            if len(source) != 3 or len(target) != 3:
                raise NetworkError(f"{link}: a convolution joins (C, H, W) populations, got {source} and {target}")
            expected = (
                out,
                (source[1] - height) // projection.stride + 1,
                (source[2] - width) // projection.stride + 1,
            )
            if target != expected or source[0] != per_group * projection.groups or out % projection.groups:
                raise NetworkError(f"{link}: kernel {projection.kernel.shape} does not map {source} to {target}")
            if projection.delay < 1:
                raise NetworkError(f"{link}: a delay is below one step")

    def population(self, name: str) -> Population:
        """The population of that name.

        Raises:
            NetworkError: if there is none.
        """
        for population in self.populations:
            if population.name == name:
                return population
        raise NetworkError(f"no population '{name}'; there are {[p.name for p in self.populations]}")

    def shape_of(self, name: str) -> tuple[int, ...]:
        """The shape of a population or of the input."""
        return self.input_shape if name == INPUT else self.population(name).shape

    @property
    def neurons(self) -> int:
        """The number of neurons."""
        return sum(population.size for population in self.populations)

    def __repr__(self) -> str:
        from .showing import network_text

        return network_text(self)

    def _repr_svg_(self) -> str | None:
        """A drawing for notebooks, if it is small enough to be looked at."""
        from .showing import MOST_DRAWN

        if prod(self.input_shape) + self.neurons > MOST_DRAWN:
            return None
        from .drawing import draw_network

        return draw_network(self)

    def to_networkx(self) -> "nx.MultiDiGraph[Any]":
        """The network as a graph of networkx; see :func:`logic.graphs.network_graph`."""
        from .graphs import network_graph

        return network_graph(self)

    @property
    def input_names(self) -> tuple[str, ...]:
        """The input lines as they are shown, ``wire`` or ``wire=0``; for display only, since names may hold ``=``."""
        return tuple(map(str, self.input_lines))

    @property
    def output_names(self) -> tuple[str, ...]:
        """The output lines as they are shown, like :attr:`input_names`."""
        return tuple(map(str, self.output_lines))

    @property
    def latency(self) -> int:
        """Steps until every output has answered a wave of input spikes."""
        return int(self.latencies.max(initial=0))

    def flatten(self) -> FlatNetwork:
        """The network as plain arrays; convolutions are written out synapse by synapse."""
        inputs = prod(self.input_shape)
        starts = dict(
            zip(
                [p.name for p in self.populations],
                np.cumsum([0, *(p.size for p in self.populations)])[:-1].tolist(),
                strict=True,
            )
        )
        lists = [_write_out(p, self.shape_of(p.source), self.shape_of(p.target)) for p in self.projections]

        def join(parts: Iterable[Integers]) -> Integers:
            return np.concatenate([np.zeros(0, dtype=np.int64), *parts])

        return FlatNetwork(
            inputs=inputs,
            threshold=join(p.threshold for p in self.populations),
            retain=np.concatenate([np.full(p.size, p.retain) for p in self.populations]),
            bias=join(p.bias for p in self.populations),
            initial=join(p.initial for p in self.populations),
            pre=join(s.pre + (0 if s.source == INPUT else inputs + starts[s.source]) for s in lists),
            post=join(s.post + starts[s.target] for s in lists),
            weight=join(s.weight for s in lists),
            delay=join(s.delay for s in lists),
        )


def _write_out(projection: Projection, source: tuple[int, ...], target: tuple[int, ...]) -> Synapses:
    """The synapses of a projection one by one, zero weights left out."""
    if isinstance(projection, Synapses):
        return projection
    kernel, groups = projection.kernel, projection.groups
    channel, within, row, column = np.nonzero(kernel)
    first_channel = channel // (kernel.shape[0] // groups) * kernel.shape[1]
    y, x = (axis.reshape(-1, 1) for axis in np.indices(target[1:]))
    y, x = y.reshape(-1, 1), x.reshape(-1, 1)
    pre = (
        ((first_channel + within) * source[1] + y * projection.stride + row) * source[2]
        + x * projection.stride
        + column
    )
    post = (channel * target[1] + y) * target[2] + x
    weight = np.broadcast_to(kernel[channel, within, row, column], pre.shape)
    return Synapses(
        projection.source, projection.target, pre.reshape(-1), post.reshape(-1), weight.reshape(-1), projection.delay
    )


def check_network(found: object) -> SpikingNetwork:
    """A spiking network as what it is.

    Raises:
        NetworkError: if it is none.
    """
    if isinstance(found, SpikingNetwork):
        return found
    raise NetworkError(
        f"a {type(found).__name__} is no spiking network; make one of a model by to_spiking_network, of a circuit by "
        f"compile_circuit, or read a .nir file by read_nir"
    )
