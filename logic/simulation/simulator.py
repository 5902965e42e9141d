"""Simulation of batches by torch, exactly as the reference gives them one by one."""

from collections.abc import Collection

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import conv2d

from ..errors import NetworkError
from ..network import INPUT, Convolution, Population, Projection, SpikingNetwork

_EXACT_FLOAT32 = 2**24  # integers below it are exact in float32
_DENSE_LIMIT = 2**22  # entries of a weight matrix that is kept dense
_ROOM = 2**20  # neurons of the largest population times samples that run at once, so that they stay in the cache


def simulate(
    network: SpikingNetwork, spikes: Tensor, steps: int, record: Collection[str] | None = None
) -> dict[str, Tensor]:
    """Spike trains of a batch, exactly as :func:`logic.simulate_reference` gives them; silent projections cost nothing.

    Args:
        network: What to run.
        spikes: ``[T, B, *input_shape]`` zeros and ones of any type; silence after ``T``.
        steps: How many steps to run.
        record: Names of the populations to keep, ``input`` included; all if not given.

    Returns:
        For each name the spikes ``[steps, B, *shape]``, boolean.

    Raises:
        NetworkError: if the spikes do not fit the input, are not binary, or a name is unknown.

    Example:
        >>> from logic import Line, Synapses
        >>> third = Population("third", (1,), threshold=3, retain=True)  # fires at every third spike
        >>> wire = Synapses("input", "third", [0], [0], weight=1)
        >>> network = SpikingNetwork((1,), (third,), (wire,), np.array([1]), (Line("y"),), np.array([1]))
        >>> simulate(network, torch.ones(6, 1, 1), steps=7)["third"].flatten().int().tolist()
        [0, 0, 0, 1, 0, 0, 1]
    """
    if tuple(spikes.shape[2:]) != network.input_shape:
        raise NetworkError(f"spikes need [T, B, {', '.join(map(str, network.input_shape))}], got {list(spikes.shape)}")
    if spikes.dtype != torch.bool and not bool(((spikes == 0) | (spikes == 1)).all()):
        raise NetworkError("input spikes must be zeros and ones; encode the picture first")
    names = [INPUT, *(population.name for population in network.populations)]
    kept = set(names if record is None else record)
    if unknown := kept - set(names):
        raise NetworkError(f"cannot record {sorted(unknown)}; there are {names}")
    layers = [_Layer(network, population, steps) for population in network.populations]
    sizes = {name: int(np.prod(network.shape_of(name))) for name in names}
    batch, room = spikes.shape[1], max(1, _ROOM // max(sizes.values()))
    found = {name: torch.empty(steps, batch, sizes[name], dtype=torch.bool) for name in names if name in kept}
    for first in range(0, batch, room):
        here = slice(first, first + room)
        given = spikes[:, here].bool().flatten(2)
        _run(network, layers, given, sizes, {name: trains[:, here] for name, trains in found.items()}, steps)
    return {name: trains.reshape(steps, batch, *network.shape_of(name)) for name, trains in found.items()}


def _run(
    network: SpikingNetwork,
    layers: list["_Layer"],
    inputs: Tensor,
    sizes: dict[str, int],
    found: dict[str, Tensor],
    steps: int,
) -> None:
    """Writes the trains ``[steps, B, n]`` of some samples ``[T, B, I]``."""
    silence = {name: torch.zeros(inputs.shape[1], size, dtype=torch.bool) for name, size in sizes.items()}
    trains: dict[str, list[Tensor]] = {name: [] for name in sizes}
    loud: dict[str, list[bool]] = {name: [] for name in sizes}
    horizon = max((int(np.max(p.delay, initial=1)) for p in network.projections), default=1)
    seen = any(isinstance(p, Convolution) and p.source == INPUT for p in network.projections)
    for layer in layers:
        layer.begin(silence[layer.population.name])
    for t in range(steps):
        now = inputs[t] if t < len(inputs) else silence[INPUT]
        if seen and 0 < t < len(inputs) and torch.equal(now, inputs[t - 1]):
            now = trains[INPUT][-1]  # one tensor, so that its convolution sees that it is the same
        fired = [layer.step(trains, loud, t) for layer in layers]  # every delay is >= 1, so the order does not matter
        for name, sent in zip(sizes, (now, *fired), strict=True):
            trains[name].append(sent)
            loud[name].append(bool(sent.numpy().any()))
            if name in found:
                found[name][t] = sent
            if t >= horizon:
                trains[name][t - horizon] = silence[name]  # no longer heard by anyone: free the memory


class _Layer:
    """A population with its membrane and the projections that end in it."""

    def __init__(self, network: SpikingNetwork, population: Population, steps: int) -> None:
        self.population = population
        incoming = [p for p in network.projections if p.target == population.name]
        bound = sum(_largest_drive(p) for p in incoming) + int(np.abs(population.bias).max(initial=0))
        subtracts = population.reset == "subtract"
        if subtracts:  # what a threshold below zero adds at each spike
            bound += int(np.maximum(-population.threshold, 0).max(initial=0))
        bound = bound * (steps if population.retain else 1) + int(np.abs(population.initial).max(initial=0))
        bound = max(bound, int(np.abs(population.threshold).max(initial=0)))
        self.dtype = torch.float32 if bound < _EXACT_FLOAT32 else torch.float64
        self.threshold = torch.tensor(population.threshold, dtype=self.dtype)
        self.bias = torch.tensor(population.bias, dtype=self.dtype)
        self.initial = torch.tensor(population.initial, dtype=self.dtype)
        self.quiet = not subtracts and not population.bias.any() and bool((population.threshold > 0).all())
        self.links = [link for p in incoming for link in _links(network, p, self.dtype)]

    def begin(self, silence: Tensor) -> None:
        """Before the first step of a batch, in which silence ``[B, n]`` is one tensor for all steps."""
        self.silence, self.membrane = silence, self.initial.expand(len(silence), -1)
        self.asleep = 0  # steps in which the membrane only leaked, and that are still to be taken off

    def step(self, trains: dict[str, list[Tensor]], loud: dict[str, list[bool]], t: int) -> Tensor:
        heard = [link for link in self.links if t >= link.delay and loud[link.source][t - link.delay]]
        if self.quiet and not heard and t:  # after step 0 no membrane is at its threshold by itself
            self.asleep += 1
            return self.silence
        drive = self.bias.expand_as(self.membrane)
        for link in heard:
            drive = drive + link.current(trains[link.source][t - link.delay])
        population = self.population
        if population.retain:
            drive = drive + self._leaked()
        fired = drive >= self.threshold
        if population.reset == "subtract":
            self.membrane = drive - self.threshold * fired
        elif population.retain:
            self.membrane = drive * ~fired  # three times as fast as masked_fill
        return fired

    def _leaked(self) -> Tensor:
        """What is left of the membrane after this step and those that were slept through."""
        halvings, self.asleep = self.population.leak * (1 + self.asleep), 0
        return torch.floor(self.membrane * 2.0**-halvings) if halvings else self.membrane


class _Link:
    """The synapses of a projection that share one delay, as a linear map on ``[B, n]``."""

    def __init__(
        self, source: str, delay: int, weight: Tensor, shape: tuple[int, ...] = (), window: Convolution | None = None
    ):
        self.source, self.delay, self.weight = source, delay, weight
        self.shape, self.window = shape, window
        self.last: tuple[Tensor, Tensor] | None = (
            None  # spikes and their current: a picture that is shown stays the same
        )

    def current(self, spikes: Tensor) -> Tensor:
        if self.window is None:
            return (self.weight @ spikes.to(self.weight.dtype).T).T
        if self.last is None or self.last[0] is not spikes:
            stride, padding, groups = self.window.stride, self.window.padding, self.window.groups
            pictures = spikes.to(self.weight.dtype).reshape(-1, *self.shape)
            self.last = spikes, conv2d(pictures, self.weight, None, stride, padding, 1, groups).flatten(1)
        return self.last[1]


def _links(network: SpikingNetwork, projection: Projection, dtype: torch.dtype) -> list[_Link]:
    if isinstance(projection, Convolution):
        kernel, shape = torch.tensor(projection.kernel, dtype=dtype), network.shape_of(projection.source)
        return [_Link(projection.source, projection.delay, kernel, shape, projection)]
    size = (int(np.prod(network.shape_of(projection.target))), int(np.prod(network.shape_of(projection.source))))
    links: list[_Link] = []
    for delay in np.unique(projection.delay).tolist():
        here = projection.delay == delay
        places = torch.tensor(np.stack([projection.post[here], projection.pre[here]]))
        weight = torch.sparse_coo_tensor(
            places, torch.tensor(projection.weight[here], dtype=dtype), size, check_invariants=True
        ).coalesce()
        links.append(
            _Link(projection.source, delay, weight.to_dense() if size[0] * size[1] <= _DENSE_LIMIT else weight)
        )
    return links


def _largest_drive(projection: Projection) -> int:
    """The largest absolute current that one neuron can get through a projection in one step."""
    if isinstance(projection, Convolution):
        return int(np.abs(projection.kernel).sum(axis=(1, 2, 3)).max(initial=0))
    if not len(projection.post):
        return 0
    return int(np.bincount(projection.post, weights=np.abs(projection.weight)).max())
