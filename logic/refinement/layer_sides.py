"""A population and its layer side by side: synapses, thresholds, biases and their beginning in the same units."""

from collections.abc import Sequence
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from ..errors import NetworkError
from ..network import INPUT, Population, SpikingNetwork
from ..projections import Integers, Projection, write_out
from .layer_traces import Side, Trace
from .neuron_lemmas import NeuronKind
from .real_layers import RealLayer, in_units, per_neuron, written_links


class Sides:
    """A population and its layer, both in units of the population's weights.

    Args:
        network: Of integers.
        population: Of it.
        layer: What it shall compute.
        start: Step at which the layer's time begins.

    Raises:
        NetworkError: if a link does not fit, or a number is no multiple of the layer's unit.
    """

    def __init__(self, network: SpikingNetwork, population: Population, layer: RealLayer, start: int) -> None:
        self.population, self.layer, self.kind = population, layer, NeuronKind.of(population)
        name, unit = population.name, Fraction(layer.unit)
        self.names = [INPUT, *(p.name for p in network.populations)]
        self.shapes = {other: network.shape_of(other) for other in self.names}
        sizes = [int(np.prod(self.shapes[other])) for other in self.names]
        self.first = dict(zip(self.names, np.cumsum([0, *sizes])[:-1].tolist(), strict=True))
        self.lines = sum(sizes)
        self.limits = per_neuron(layer.threshold, population.shape, f"thresholds of '{name}'")
        self.limit_unit = unit * Fraction(layer.gain)
        self.floors, self.whole = in_units(self.limits, self.limit_unit)
        bias = per_neuron(layer.bias, population.shape, f"biases of '{name}'")
        self.biases, exact = in_units(bias, unit)
        if not exact.all():
            raise NetworkError(
                f"the bias {bias[~exact][0]!r} of '{name}' is no multiple of {layer.unit!r}; round it first"
            )
        self.begin, self.early = _silent(population, start)
        ours = [projection for projection in network.projections if projection.target == name]
        theirs = written_links(layer.links, self.shapes, name, unit)
        self.delays = 1 + max((int(np.max(p.delay, initial=1)) for p in (*ours, *theirs)), default=1)
        self.ours, self.theirs = self._table(ours), self._table(theirs)
        self.synapses = len(self.ours[0])

    def _table(self, projections: Sequence[Projection]) -> tuple[Integers, Integers]:
        """Each synapse once: a number for post, line and delay, in rising order, and the weight."""
        parts = [write_out(p, self.shapes[p.source], self.shapes[p.target]) for p in projections]
        nothing = np.zeros(0, np.int64)
        lines = np.concatenate([nothing, *(p.pre + self.first[p.source] for p in parts)])
        post = np.concatenate([nothing, *(p.post for p in parts)])
        delay = np.concatenate([nothing, *(p.delay for p in parts)])
        weight = np.concatenate([nothing, *(p.weight for p in parts)])
        keys, place = np.unique((post * self.lines + lines) * self.delays + delay, return_inverse=True)
        total = np.zeros(len(keys), np.int64)
        np.add.at(total, place, weight)
        return keys[total != 0], total[total != 0]

    def differences(self) -> tuple[list[int], str]:
        """Neurons that may differ, those with the first reason first, and that reason in words; none if it is empty."""
        layer, kind, name = self.layer, self.kind, self.population.name
        everyone = [int(np.argmax(np.bincount(self._posts(self.ours), minlength=self.population.size)))]
        if Fraction(layer.decay) != kind.decay:
            return everyone, f"the layer keeps {layer.decay!r} of a membrane, '{name}' keeps {kind.decay}"
        if kind.retain and layer.reset != kind.reset:
            return everyone, f"the layer's reset is '{layer.reset}', that of '{name}' is '{kind.reset}'"
        wrong = np.flatnonzero(self.early | (self.begin != 0)) if kind.retain else np.flatnonzero(self.early)
        if len(wrong):
            return wrong.tolist(), f"neuron {wrong[0]} of '{name}' does not begin at rest with membrane 0"
        wanted = self.floors + ~self.whole
        wrong = np.flatnonzero((wanted != self.population.threshold) | (~self.whole & (not kind.stays_whole)))
        if len(wrong):
            limit = float(self.limit(int(wrong[0])))
            return wrong.tolist(), (
                f"neuron {wrong[0]} of '{name}' has the threshold {self.population.threshold[wrong[0]]}, the layer's "
                f"is {limit:g} in units of the weights"
            )
        wrong = np.flatnonzero(self.biases != self.population.bias)
        if len(wrong):
            ours, theirs = self.population.bias[wrong[0]], self.biases[wrong[0]]
            return wrong.tolist(), f"neuron {wrong[0]} of '{name}' has the bias {ours}, the layer's is {theirs}"
        return self._unequal_weights()

    def _unequal_weights(self) -> tuple[list[int], str]:
        if all(np.array_equal(ours, theirs) for ours, theirs in zip(self.ours, self.theirs, strict=True)):
            return [], ""
        both = np.union1d(self.ours[0], self.theirs[0])
        ours, theirs = self._weights(self.ours, both), self._weights(self.theirs, both)
        wrong = both[ours != theirs]
        if not len(wrong):
            return [], ""
        at = int(np.flatnonzero(ours != theirs)[0])
        post = int(wrong[0] // (self.lines * self.delays))
        neurons = np.unique(wrong // (self.lines * self.delays)).tolist()
        return neurons, (
            f"neuron {post} of '{self.population.name}' hears {self._source(int(wrong[0]))} with the weight "
            f"{ours[at]}, the layer with {theirs[at]}"
        )

    def _posts(self, table: tuple[Integers, Integers]) -> Integers:
        return table[0] // (self.lines * self.delays)

    def _weights(self, table: tuple[Integers, Integers], keys: Integers) -> Integers:
        """The weights of synapses, 0 where there is none."""
        place = np.minimum(np.searchsorted(table[0], keys), max(0, len(table[0]) - 1))
        return np.where(table[0][place] == keys, table[1][place], 0) if len(table[0]) else np.zeros_like(keys)

    def _source(self, key: int) -> str:
        """The line of a synapse, and its delay where that is more than a step."""
        line, delay = key // self.delays % self.lines, key % self.delays
        name = next(name for name in reversed(self.names) if self.first[name] <= line)
        return f"{name}[{line - self.first[name]}]" + (f" after {delay} steps" if delay > 1 else "")

    def _keys(self, neuron: int) -> Integers:
        """All synapses of a neuron, on either side."""
        span = self.lines * self.delays
        ends = np.array([neuron, neuron + 1]) * span
        return np.union1d(*(keys[slice(*np.searchsorted(keys, ends))] for keys in (self.ours[0], self.theirs[0])))

    def limit(self, neuron: int) -> Fraction:
        """The layer's threshold in units."""
        return Fraction(float(self.limits[neuron])) / self.limit_unit

    def integer(self, neuron: int) -> Side:
        """A neuron of the population."""
        kind, population = self.kind, self.population
        weights = self._weights(self.ours, self._keys(neuron))
        threshold, bias = Fraction(int(population.threshold[neuron])), int(population.bias[neuron])
        return Side(weights, kind.decay, True, kind.reset, threshold, bias, int(self.begin[neuron]))

    def real(self, neuron: int) -> Side:
        """The layer's neuron."""
        weights, layer = self._weights(self.theirs, self._keys(neuron)), self.layer
        return Side(weights, Fraction(layer.decay), False, layer.reset, self.limit(neuron), int(self.biases[neuron]))

    def spikes(self, neuron: int, trace: Trace) -> dict[str, int]:
        """The spikes of a trace by name."""
        keys = self._keys(neuron).tolist()
        steps, synapses = np.nonzero(trace.spikes)
        return {f"{self._source(keys[s])}@{t}": 1 for t, s in zip(steps.tolist(), synapses.tolist(), strict=True)}

    def largest_sums(self) -> Integers:
        """``[n]`` the sum of absolute weights and bias."""
        sums = np.abs(self.biases)
        np.add.at(sums, self._posts(self.ours), np.abs(self.ours[1]))
        return sums


def _silent(population: Population, steps: int) -> tuple[Integers, NDArray[np.bool_]]:
    """Membranes after so many steps in which nothing arrives, and which neurons fired in them."""
    membrane, fired = population.initial, np.zeros(population.size, np.bool_)
    for _ in range(steps):
        driven = (membrane >> population.leak if population.retain else 0) + population.bias
        now = driven >= population.threshold
        fired |= now
        membrane = np.where(now, driven - population.threshold if population.reset == "subtract" else 0, driven)
    return membrane if population.retain else np.zeros_like(membrane), fired
