"""Wiring: populations of memoryless neurons and the synapses between them, gathered bit by bit into a network."""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ..errors import NetworkError
from ..network import INPUT, Integers, Population, SpikingNetwork, Synapses
from ..rails import Line

Ends = tuple[str, int]
"""A neuron: its population and its place in it."""


class Wiring:
    """Neurons and synapses of a network in the making.

    Args:
        inputs: Lines of the source population.

    Example:
        >>> wiring = Wiring(1)
        >>> wiring.add("latch", [1])
        >>> wiring.connect("input", "latch", [0], [0], 1)
        >>> wiring.connect("latch", "latch", [0], [0], 1)
        >>> wiring.finish((Line("set"),), [("latch", 0, Line("q"))]).neurons
        1
    """

    def __init__(self, inputs: int) -> None:
        self._inputs = inputs
        self._populations: dict[str, tuple[Integers, Integers, tuple[int, ...]]] = {}
        self._links: dict[tuple[str, str], list[tuple[Integers, Integers, Integers, Integers]]] = {}

    def copy(self) -> "Wiring":
        """The same, to go on with in another way."""
        made = Wiring(self._inputs)
        made._populations = dict(self._populations)
        made._links = {ends: list(parts) for ends, parts in self._links.items()}
        return made

    def add(self, name: str, thresholds: ArrayLike, bias: ArrayLike = 0, shape: tuple[int, ...] | None = None) -> None:
        """A population of one neuron for each threshold; nothing is added if there is none."""
        threshold = np.asarray(thresholds, np.int64)
        if name in self._populations:
            raise NetworkError(f"population '{name}' is there already")
        if len(threshold):
            full = np.broadcast_to(np.asarray(bias, np.int64), threshold.shape)
            self._populations[name] = threshold, full, shape or (len(threshold),)

    def size(self, name: str) -> int:
        """The neurons of a population, 0 if there is none."""
        return len(self._populations[name][0]) if name in self._populations else 0

    def connect(
        self, source: str, target: str, pre: ArrayLike, post: ArrayLike, weight: ArrayLike, delay: ArrayLike = 1
    ) -> None:
        """Synapses; single numbers stand for as many as the others have."""
        parts = np.broadcast_arrays(*(np.asarray(part, np.int64) for part in (pre, post, weight, delay)))
        if parts[0].size:
            ends = tuple(np.ravel(part) for part in parts)
            self._links.setdefault((source, target), []).append(ends)  # pyright: ignore[reportArgumentType]

    def connect_all(self, source: str, target: str, weight: int, delays: Iterable[int] = (1,)) -> None:
        """Synapses from every neuron of a population to every one of another."""
        many, few = self.size(source), self.size(target)
        for delay in delays:
            self.connect(source, target, np.repeat(np.arange(many), few), np.tile(np.arange(few), many), weight, delay)

    def excitation(self, name: str) -> Integers:
        """What each neuron of a population gets at most: its bias and all positive weights."""
        threshold, bias, _ = self._populations[name]
        found = bias.copy()
        for (_, target), parts in self._links.items():
            if target == name:
                for _, post, weight, _ in parts:
                    found += np.bincount(post, np.maximum(weight, 0), len(threshold)).astype(np.int64)
        return found

    def finish(self, input_lines: Sequence[Line], outputs: Sequence[tuple[str, int, Line]]) -> SpikingNetwork:
        """The network; each output is a population, a place in it and a line."""
        starts, start = {INPUT: 0}, self._inputs
        populations: list[Population] = []
        for name, (threshold, bias, shape) in self._populations.items():
            populations.append(Population(name, shape, threshold, bias=bias))
            starts[name], start = start, start + len(threshold)
        links: list[Synapses] = []
        for (source, target), parts in self._links.items():
            if source in starts and target in starts:
                columns: list[Any] = [np.concatenate(column) for column in zip(*parts, strict=True)]
                links.append(Synapses(source, target, *columns))
        return SpikingNetwork(
            (self._inputs,),
            tuple(populations),
            tuple(links),
            np.array([starts[name] + place for name, place, _ in outputs], np.int64),
            tuple(line for *_, line in outputs),
            np.ones(len(outputs), np.int64),
            tuple(input_lines),
        )
