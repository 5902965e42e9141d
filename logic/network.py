"""The spiking network: integer neurons and synapses, with the one semantics that everything else is derived from.

At step ``t = 0, 1, ...`` neuron ``i`` computes, in integers,

    u_i[t] = r_i floor(v_i[t - 1] / 2^k_i) + b_i + sum over its synapses of w s_pre[t - d]    (v_i[-1] = initial_i)
    s_i[t] = 1 if u_i[t] >= theta_i else 0
    v_i[t] = u_i[t] if not s_i[t], else 0 (reset "zero") or u_i[t] - theta_i (reset "subtract")

with weights ``w``, delays ``d >= 1`` steps, threshold ``theta``, bias current ``b`` and ``r = 1`` for a neuron that
retains its membrane (integrate-and-fire) or ``r = 0`` for one that forgets it (a gate). The leak ``k`` halves a
retained membrane ``k`` times a step, rounded down (an arithmetic shift). All else being integers, and since nested
floors compose, such a neuron fires exactly when one with a real membrane and the decay ``2^-k`` does. Spikes before
step 0 are 0, and so are those from the padding of a convolution.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .errors import NetworkError
from .projections import Convolution, Integers, Projection, Synapses, integer_row, whole, write_out
from .rails import Line

if TYPE_CHECKING:
    import networkx as nx

Reset = Literal["zero", "subtract"]
RESETS: tuple[Reset, ...] = get_args(Reset)
INPUT = "input"  # the name of the source population, as in NIR
MOST_HALVINGS = 62  # of a membrane in a step; more leave nothing of 63 bits


@dataclass(frozen=True, eq=False)
class Population:
    """Neurons of one kind.

    Args:
        name: Lower-case identifier, not ``input``.
        shape: For example ``(channels, height, width)`` or ``(n,)``.
        threshold: One integer or ``[n]``; a neuron fires at ``u >= threshold``.
        retain: Whether the membrane is kept from step to step.
        leak: How often a retained membrane is halved in a step, rounded down; 0 keeps all of it.
        reset: What a spike leaves of a retained membrane: nothing (``"zero"``), or what is above the threshold
            (``"subtract"``).
        bias: Integer current of every step, one or ``[n]``.
        initial: Membrane before step 0, one or ``[n]``.

    Raises:
        NetworkError: if a value is not an integer or a length is wrong, or a neuron that forgets has a leak or a reset.

    Example:
        >>> cell = Population("cell", (1,), threshold=8, retain=True, leak=1, reset="subtract")
        >>> cell.leak, cell.reset
        (1, 'subtract')
    """

    name: str
    shape: tuple[int, ...]
    threshold: Integers
    retain: bool
    leak: int
    reset: Reset
    bias: Integers
    initial: Integers

    def __init__(
        self,
        name: str,
        shape: tuple[int, ...],
        threshold: ArrayLike,
        *,
        retain: bool = False,
        leak: int = 0,
        reset: Reset = "zero",
        bias: ArrayLike = 0,
        initial: ArrayLike = 0,
    ) -> None:
        size = prod(shape)
        if not (name.isascii() and name.isidentifier() and name.islower()) or name == INPUT:
            raise NetworkError(f"population name {name!r} must be a lower-case identifier other than '{INPUT}'")
        leak = whole(leak, 0, f"leak of '{name}'")
        if reset not in RESETS:
            raise NetworkError(f"reset of '{name}' must be 'zero' or 'subtract', got {reset!r}")
        if leak > MOST_HALVINGS:
            raise NetworkError(f"leak of '{name}' is {leak} halvings a step, at most {MOST_HALVINGS}; use retain=False")
        if not retain and (leak or reset != "zero"):
            raise NetworkError(f"'{name}' forgets its membrane, so it has no leak and no reset; give retain=True")
        object.__setattr__(self, "name", name)
        object.__setattr__(self, "shape", shape)
        object.__setattr__(self, "threshold", integer_row(threshold, size, f"threshold of '{name}'"))
        object.__setattr__(self, "retain", retain)
        object.__setattr__(self, "leak", leak)
        object.__setattr__(self, "reset", reset)
        object.__setattr__(self, "bias", integer_row(bias, size, f"bias of '{name}'"))
        object.__setattr__(self, "initial", integer_row(initial, size, f"initial membrane of '{name}'"))

    @property
    def size(self) -> int:
        """The number of neurons."""
        return prod(self.shape)

    @property
    def memory(self) -> str:
        """What it keeps from step to step, in words."""
        if not self.retain:
            return "forgets"
        leak = f" / {2**self.leak}, rounded down" if self.leak else ""
        return f"keeps its membrane{leak}" + (", less its threshold at a spike" if self.reset == "subtract" else "")


class FlatNetwork(NamedTuple):
    """The same network as plain arrays: sources ``0 .. I - 1`` are the inputs, then come all neurons in order."""

    inputs: int
    threshold: Integers  # [N]
    retain: NDArray[np.bool_]  # [N]
    leak: Integers  # [N] halvings of the membrane in a step
    subtract: NDArray[np.bool_]  # [N] whether a spike takes the threshold off, instead of all
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
        object.__setattr__(self, "outputs", integer_row(self.outputs, count, "outputs"))
        object.__setattr__(self, "latencies", integer_row(self.latencies, count, "latencies"))
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
            if target != (expected := projection.shape_from(source)):
                raise NetworkError(
                    f"{link}: kernel {projection.kernel.shape} maps {source} to {expected}, not {target}"
                )

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
        from . import draw_network  # a door: drawings stand on circuits and networks

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
        sizes = [p.size for p in self.populations]
        starts = dict(
            zip([p.name for p in self.populations], np.cumsum([0, *sizes])[:-1].tolist(), strict=True),
        )
        lists = [write_out(p, self.shape_of(p.source), self.shape_of(p.target)) for p in self.projections]

        def join(parts: Iterable[Integers]) -> Integers:
            return np.concatenate([np.zeros(0, dtype=np.int64), *parts])

        return FlatNetwork(
            inputs=inputs,
            threshold=join(p.threshold for p in self.populations),
            retain=_repeated([p.retain for p in self.populations], sizes).astype(np.bool_),
            leak=_repeated([p.leak for p in self.populations], sizes),
            subtract=_repeated([p.reset == "subtract" for p in self.populations], sizes).astype(np.bool_),
            bias=join(p.bias for p in self.populations),
            initial=join(p.initial for p in self.populations),
            pre=join(s.pre + (0 if s.source == INPUT else inputs + starts[s.source]) for s in lists),
            post=join(s.post + starts[s.target] for s in lists),
            weight=join(s.weight for s in lists),
            delay=join(s.delay for s in lists),
        )


def _repeated(values: list[int], sizes: list[int]) -> Integers:
    """``[N]`` the value of each neuron's population."""
    return np.repeat(np.array(values, np.int64), sizes)


def refuse_beyond(
    network: SpikingNetwork, reader: str, *, leak: bool = False, subtract: bool = False, padding: bool = False
) -> None:
    """For whoever reads a network and does not follow all of its semantics.

    Args:
        network: What is read.
        reader: Who reads it, at the beginning of a sentence.
        leak: Whether the reader follows leaks.
        subtract: Whether it follows the reset that takes the threshold off.
        padding: Whether it follows the padding of convolutions.

    Raises:
        NetworkError: if there is something that the reader does not follow; it names the place.
    """
    for population in network.populations:
        if population.leak and not leak:
            raise NetworkError(f"{reader} cannot follow the leak {population.leak} of population '{population.name}'")
        if population.reset == "subtract" and not subtract:
            raise NetworkError(f"{reader} cannot follow the reset 'subtract' of population '{population.name}'")
    for link in network.projections:
        if isinstance(link, Convolution) and link.padding and not padding:
            raise NetworkError(f"{reader} cannot follow the padding {link.padding} of {link.source} -> {link.target}")


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
