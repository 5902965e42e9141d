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
    batch = spikes.shape[1]
    inputs = spikes.bool().reshape(len(spikes), batch, -1)
    silence = {name: torch.zeros(batch, int(np.prod(network.shape_of(name))), dtype=torch.bool) for name in names}
    trains: dict[str, list[Tensor]] = {name: [] for name in names}
    loud: dict[str, list[bool]] = {name: [] for name in names}
    horizon = max((int(np.max(p.delay, initial=1)) for p in network.projections), default=1)
    layers = [_Layer(network, population, batch, steps) for population in network.populations]
    for t in range(steps):
        now = inputs[t] if t < len(inputs) else silence[INPUT]
        trains[INPUT].append(now)
        loud[INPUT].append(bool(now.any()))
        fired = [layer.step(trains, loud, t) for layer in layers]  # every delay is >= 1, so the order does not matter
        for layer, now in zip(layers, fired, strict=True):
            name = layer.population.name
            trains[name].append(now)
            loud[name].append(bool(now.any()))
        for name in names:
            if name not in kept and t >= horizon:
                trains[name][t - horizon] = silence[name]  # no longer heard by anyone: free the memory
    return {
        name: torch.stack(trains[name]).reshape(steps, batch, *network.shape_of(name)) for name in names if name in kept
    }


class _Layer:
    """A population with its membrane and the projections that end in it."""

    def __init__(self, network: SpikingNetwork, population: Population, batch: int, steps: int) -> None:
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
        self.membrane = torch.tensor(population.initial, dtype=self.dtype).expand(batch, -1)
        self.asleep = 0  # steps in which the membrane only leaked, and that are still to be taken off
        quiet = not subtracts and not population.bias.any() and bool((population.threshold > 0).all())
        self.silence = torch.zeros(batch, population.size, dtype=torch.bool) if quiet else None
        self.links = [link for p in incoming for link in _links(network, p, self.dtype)]

    def step(self, trains: dict[str, list[Tensor]], loud: dict[str, list[bool]], t: int) -> Tensor:
        heard = [link for link in self.links if t >= link.delay and loud[link.source][t - link.delay]]
        if self.silence is not None and not heard and t:  # after step 0 no membrane is at its threshold by itself
            self.asleep += 1
            return self.silence
        drive = self.bias.expand_as(self.membrane)
        for link in heard:
            drive = drive + link.current(trains[link.source][t - link.delay].to(self.dtype))
        population = self.population
        if population.retain:
            drive = drive + self._leaked()
        fired = drive >= self.threshold
        if population.reset == "subtract":
            self.membrane = torch.where(fired, drive - self.threshold, drive)
        elif population.retain:
            self.membrane = drive.masked_fill(fired, 0)
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

    def current(self, spikes: Tensor) -> Tensor:
        if self.window is not None:
            stride, padding, groups = self.window.stride, self.window.padding, self.window.groups
            return conv2d(spikes.reshape(-1, *self.shape), self.weight, None, stride, padding, 1, groups).flatten(1)
        return (self.weight @ spikes.T).T


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
