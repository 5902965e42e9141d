"""What each layer of a spiking network hears, beside what it should: weights line by line, and when they arrive."""

from collections.abc import Sequence
from dataclasses import replace
from math import prod
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..errors import NetworkError
from ..network import INPUT, Convolution, Projection, SpikingNetwork, Synapses
from ..projections import Integers, write_out
from .level_codes import LevelCode, sendings
from .level_layers import LevelLayer, LevelNetwork, LevelTerm, ungrouped

Constants = dict[int, Integers]
"""Currents ``[lines]`` of a population by step, from the channel of the input that is on at step 0."""


class Fault(NamedTuple):
    """Why a neuron does not hear what it should.

    Args:
        text: In words.
        source: Whose line has a wrong weight, if that is why.
        line: Of the source.
        by: By how much the weight is too large.
        member: Of the neuron that hears it.
    """

    text: str
    source: str = ""
    line: int = 0
    by: int = 0
    member: int = 0


class Heard(NamedTuple):
    """What the neurons of a layer hear.

    Args:
        faults: Of neurons ``channel * places + place`` that do not hear what they should; one of each.
        constants: Of the population that hears the terms.
        held: Of the relays that hold its spikes, in the code that has them.
    """

    faults: dict[int, Fault]
    constants: Constants
    held: Constants


def hearing(layer: LevelLayer, code: LevelCode) -> str:
    """The population that hears a layer's terms."""
    return f"{layer.name}_first" if code.name == "timed" and layer.unit is not None else layer.name


class Weights:
    """The projections of a spiking network, to be compared with the terms of a network of levels.

    Args:
        wired: With one slot.
        network: Of levels.
        code: How they are sent.

    Raises:
        NetworkError: if a population is missing or has another shape.
    """

    def __init__(self, wired: SpikingNetwork, network: LevelNetwork, code: LevelCode) -> None:
        self.wired, self.network, self.code = wired, network, code
        self.times = sendings(network, code)
        self.names = [INPUT, *(population.name for population in wired.populations)]
        sizes = [prod(wired.shape_of(name)) for name in self.names]
        self.first = dict(zip(self.names, np.cumsum([0, *sizes])[:-1].tolist(), strict=True))
        expected = {INPUT: (network.lines, *network.picture[1:])}
        for layer in network.layers:
            if layer.unit is not None or layer.name in self.names:
                expected |= dict.fromkeys((hearing(layer, code), layer.name), self._shape(layer))
        for name, shape in expected.items():
            if name not in self.names or wired.shape_of(name) != shape:
                there = f"has the shape {wired.shape_of(name)}" if name in self.names else "is missing"
                raise NetworkError(f"population '{name}' {there}, expected {shape}; was it wired in another code?")

    def _shape(self, layer: LevelLayer) -> tuple[int, ...]:
        channels, *sides = self.network.shapes[layer.name]
        passed = self.code.together and layer.unit is not None
        return channels * self._width(layer) + passed, *sides

    def on(self, source: str) -> int | None:
        """The first line of a source's last channel, if that is on when it sends; none if it has no such channel."""
        if source != INPUT and (not self.code.together or source not in self.times):
            return None
        channels, *sides = self.wired.shape_of(source)
        return (channels - 1) * prod(sides)

    def _width(self, layer: LevelLayer) -> int:
        """Lines of one of its neurons."""
        return 1 if layer.unit is None else self.code.width(self.network.levels)

    def of(self, layer: LevelLayer) -> Heard:
        """What a layer hears."""
        target, faults = hearing(layer, self.code), dict[int, Fault]()
        wanted = [self.wanted(layer, term, target) for term in layer.terms]
        ours = [p for p in self.wired.projections if p.target == target]
        late = [
            p
            for p in ours
            if isinstance(p, Convolution) and not self._in_time(layer, p.source, np.array(p.delay)).all()
        ]
        constants = self._compare(layer, [p for p in ours if p not in late], wanted, faults)
        for one in late:
            text = f"hears {one.source} after {one.delay} steps, too late or too early"
            self._blame(layer, self._written(one).post, Fault(text), faults)
        if target == layer.name:
            return Heard(faults, constants, {})
        own = np.arange(prod(self._shape(layer)))
        relays = [Synapses(source, layer.name, own, own, 1) for source in (target, layer.name)]
        ours = [p for p in self.wired.projections if p.target == layer.name]
        return Heard(faults, constants, self._compare(layer, ours, relays, faults))

    def wanted(self, layer: LevelLayer, term: LevelTerm, target: str) -> Convolution:
        """The weights of a term onto a population, line to line: those of levels times what each line is worth."""
        kernel, groups, inside = term.folded(), term.groups, self._width(layer)
        if term.source == INPUT:
            worth, share = 2 ** np.arange(self.network.bits), len(kernel) // groups
            found = np.zeros((len(kernel), inside, self.network.lines, *kernel.shape[2:]), np.int64)
            for channel, row in enumerate(kernel):
                lines = (row[:, None] * worth[:, None, None]).reshape(-1, *kernel.shape[2:])
                first = channel // share * len(lines)
                found[channel, :, first : first + len(lines)] = lines
            groups = 1
        else:
            if self.code.together:
                kernel, groups = ungrouped(kernel, groups), 1
            each = np.ones((self.code.width(self.network.levels), 1, 1), np.int64)
            found = kernel[:, None, :, None] * each
            found = np.broadcast_to(found, (len(kernel), inside, *found.shape[2:]))
        lines = found.reshape(len(kernel) * inside, -1, *kernel.shape[2:])
        if self.code.together:  # what is on is heard apart, and hears no levels
            on = int(layer.unit is not None), int(term.source != INPUT)
            lines = np.pad(lines, ((0, on[0]), (0, on[1]), (0, 0), (0, 0)))
        return Convolution(term.source, target, lines, term.stride * term.pool, groups, 1, term.padding * term.pool)

    def _compare(
        self, layer: LevelLayer, ours: Sequence[Projection], wanted: Sequence[Projection], faults: dict[int, Fault]
    ) -> Constants:
        """Blames neurons whose weights are not those that are wanted; what comes from the line that is on."""
        kernels: dict[tuple[object, ...], tuple[Convolution, Integers]] = {}
        tables: list[tuple[int, Synapses]] = []
        constants: Constants = {}
        for sign, projections in ((1, ours), (-1, wanted)):
            for one in projections:
                on = self.on(one.source)
                if isinstance(one, Synapses) or (on is not None and one.groups > 1):
                    tables.append((sign, self._written(one)))
                    continue
                kernel = one.kernel
                if on is not None and kernel[:, -1].any():
                    kernel = np.concatenate([np.zeros_like(kernel[:, :-1]), kernel[:, -1:]], 1)
                    tables.append((sign, self._written(replace(one, kernel=kernel))))
                    kernel = one.kernel - kernel
                key = one.source, one.stride, one.padding, one.groups, kernel.shape
                kernels[key] = one, sign * kernel + (kernels[key][1] if key in kernels else 0)
        for one, change in kernels.values():
            if change.any():
                late = self.times[layer.name].ready - self.times[one.source].last if one.source in self.times else 1
                tables.append((1, self._written(replace(one, kernel=change, delay=max(1, late)))))
        pre, post, weight = list[Integers](), list[Integers](), list[Integers]()
        for sign, table in tables:
            on = self.on(table.source)
            always = np.full(len(table.pre), False) if on is None else table.pre >= on
            if sign > 0:
                for late in np.unique(table.delay[always]).tolist():
                    now = always & (table.delay == late)
                    step = self.times[table.source].first + late
                    current = constants.setdefault(step, np.zeros(prod(self._shape(layer)), np.int64))
                    np.add.at(current, table.post[now], table.weight[now])
                early = ~always & ~self._in_time(layer, table.source, table.delay) & (table.weight != 0)
                self._blame(layer, table.post[early], Fault(f"hears {table.source} too late or too early"), faults)
            pre.append(table.pre[~always] + self.first[table.source])
            post.append(table.post[~always])
            weight.append(sign * table.weight[~always])
        if tables:
            lines = sum(prod(self.wired.shape_of(name)) for name in self.names)
            keys, place = np.unique(np.concatenate(post) * lines + np.concatenate(pre), return_inverse=True)
            total = np.zeros(len(keys), np.int64)
            np.add.at(total, place, np.concatenate(weight))
            for key, wrong in zip(keys[total != 0].tolist(), total[total != 0].tolist(), strict=True):
                source, line = self._named(key % lines)
                text = (
                    f"hears {source}[{line}] with a weight that is {abs(wrong)} too {'large' if wrong > 0 else 'small'}"
                )
                member = key // lines // prod(self.network.shapes[layer.name][1:]) % self._width(layer)
                self._blame(layer, np.array([key // lines]), Fault(text, source, line, wrong, member), faults)
        return constants

    def _in_time(self, layer: LevelLayer, source: str, delays: Integers) -> NDArray[np.bool_]:
        """Whether spikes of a source come when the layer can use them."""
        if source not in self.times or source == layer.name:  # of a spike that is held
            return delays == 1
        arrival, ready = self.times[source].last + delays, self.times[layer.name].ready
        return arrival == ready if self.code.together and layer.unit is not None else arrival <= ready

    def _written(self, one: Projection) -> Synapses:
        return write_out(one, self.wired.shape_of(one.source), self.wired.shape_of(one.target))

    def _blame(self, layer: LevelLayer, posts: Integers, fault: Fault, faults: dict[int, Fault]) -> None:
        """Gives the neurons of some lines a fault, if they have none."""
        channels, *sides = self.network.shapes[layer.name]
        places, width = prod(sides), self._width(layer)
        for line in np.unique(posts).tolist():
            channel = min(line // (places * width), channels)  # what is on counts as one more channel
            neuron = channel * places + line % places
            faults.setdefault(neuron, fault._replace(text=f"in layer '{layer.name}', neuron {neuron} {fault.text}"))

    def _named(self, line: int) -> tuple[str, int]:
        """The population of a line, and which of its lines it is."""
        name = next(name for name in reversed(self.names) if self.first[name] <= line)
        return name, line - self.first[name]
