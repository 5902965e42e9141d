"""Whether the neurons of a layer are those of its code's lemma; those that are not are run for every accumulator."""

from collections.abc import Sequence
from math import prod

import numpy as np
from numpy.typing import NDArray

from ..network import Population, SpikingNetwork
from ..projections import Integers
from .level_codes import LevelCode, Sending
from .level_layers import LevelLayer, LevelNetwork
from .level_weights import Constants, Heard, hearing

Bits = NDArray[np.bool_]
Ranges = Integers
"""``[R, 2]`` runs of accumulators, both ends included."""

_MOST_RUN = 2**23  # accumulators for which a neuron is run
_TOGETHER = 2**19


class Neurons:
    """The neurons of a layer, as they are wired.

    Args:
        wired: With one slot.
        network: Of levels.
        code: How they are sent.
        layer: Whose neurons they are.
        when: It decides and sends.
        heard: By it.
    """

    def __init__(
        self,
        wired: SpikingNetwork,
        network: LevelNetwork,
        code: LevelCode,
        layer: LevelLayer,
        when: Sending,
        heard: Heard,
    ) -> None:
        self.layer, self.code, self.when, self.heard, self.levels = layer, code, when, heard, network.levels
        self.cells, self.relays = wired.population(hearing(layer, code)), wired.population(layer.name)
        self.channels, self.places = network.shapes[layer.name][0], prod(network.shapes[layer.name][1:])
        self.width = 1 if layer.unit is None else code.width(network.levels)
        self.end = max(wired.latency, when.last)
        low, high = network.accumulators[layer.name]
        self.low, self.high = low, high
        self.rising = np.repeat(high - layer.bias, self.places * self.width)  # the most that arrives, bias aside
        self.falling = np.repeat(layer.bias - low, self.places * self.width)
        courses, size = self._courses(self.cells, heard.constants), len(self.rising)
        self.courses, self._of_on = courses[:, :size], np.diff(courses[:, size:], axis=0, prepend=0)
        self.threshold, self.bias, self.initial = (
            row[:size] for row in (self.cells.threshold, self.cells.bias, self.cells.initial)
        )

    def _courses(self, cells: Population, constants: Constants) -> Integers:
        """``[steps, lines]`` what comes from the line that is on, added up."""
        last = max([self.end, *constants])
        found = np.zeros((last + 1, cells.size), np.int64)
        for step, current in constants.items():
            found[step] += current
        return found.cumsum(0)

    @property
    def bits(self) -> int:
        """Signed bits that hold each membrane and threshold, however the spikes arrive."""
        reach = np.abs(self.initial + self.courses).max(0) + np.maximum(self.rising, self.falling)
        reach = reach if self.layer.unit is None else np.maximum(reach, np.abs(self.threshold))
        return int(reach.max(initial=1)).bit_length() + 1

    def silent(self) -> list[int]:
        """Lines that should pass on that the picture is shown and do not, numbered as one more channel of neurons."""
        trains = _run(self.cells, slice(len(self.rising), None), self._of_on[: self.end + 1])
        wanted = np.zeros_like(trains)
        wanted[self.when.ready] = True
        wrong = np.flatnonzero((trains != wanted).any(0))
        return (self.channels * self.places + wrong).tolist()

    def misfits(self) -> tuple[list[int], str]:
        """Neurons that are not of the form of the lemma, and what the first of them is not."""
        for good, what in self._checks():
            wrong = np.flatnonzero(~good.reshape(self.channels, self.width, self.places).all(1).reshape(-1))
            if len(wrong):
                every = np.ones(self.channels * self.places, np.bool_)
                for other, _ in self._checks():
                    every &= other.reshape(self.channels, self.width, self.places).all(1).reshape(-1)
                return np.flatnonzero(~every).tolist(), what
        return [], ""

    def _checks(self) -> list[tuple[Bits, str]]:
        """What must be true of each line, and what is said if it is not."""
        if self.layer.unit is None:
            return self._of_readout()
        return {"members": self._of_members, "window": self._of_window, "timed": self._of_timed}[self.code.name](
            self.layer.unit
        )

    def _each(self, values: Integers) -> Integers:
        return np.repeat(values, self.places * self.width)

    def _all(self, holds: bool) -> Bits:
        return np.full(len(self.rising), holds)

    def _of_readout(self) -> list[tuple[Bits, str]]:
        cells, total = self.cells, self.initial + self.courses
        return [
            (self._all(cells.retain and not cells.leak) & (self.bias == 0), "it does not add up all that it hears"),
            ((total[self.when.ready :] == self._each(self.layer.bias)).all(0), "it has another bias"),
            (total.max(0) + self.rising < self.threshold, "it can fire"),
        ]

    def _of_members(self, unit: Integers) -> list[tuple[Bits, str]]:
        cells, ready = self.cells, self.when.ready
        currents = np.diff(self.courses, axis=0, prepend=0)
        others = np.delete(currents, ready, axis=0).max(0, initial=0)
        shape = self.channels, self.width, self.places
        needed = np.sort((self.threshold - self.bias - currents[ready]).reshape(shape), axis=1)
        wanted = unit[:, None] * np.arange(1, self.levels + 1) - (unit // 2 + self.layer.bias)[:, None]
        return [
            (self._all(not cells.retain), "its members keep a membrane"),
            ((needed == wanted[:, :, None]).reshape(-1), "its members have other thresholds"),
            (self.bias + others < self.threshold, "its members can fire at other steps"),
        ]

    def _of_window(self, unit: Integers) -> list[tuple[Bits, str]]:
        cells, (ready, _, _) = self.cells, self.when
        end, level = ready + self.levels, self.initial + self.courses
        most = self._each(np.maximum(unit - 1, self.high + unit // 2 - self.levels * unit))  # what a window leaves
        return [
            (self._all(cells.retain and not cells.leak and cells.reset == "subtract"), "it is another kind of neuron"),
            (self.threshold == self._each(unit), "it has another threshold"),
            (self.bias == 0, "it has a bias of every step"),
            *self._gates(unit, end),
            ((level[ready:end] == level[ready]).all(0), "its window is not as long as there are levels"),
            (most + (level[end:] - level[ready]).max(0) < self.threshold, "it can fire after its window"),
        ]

    def _of_timed(self, unit: Integers) -> list[tuple[Bits, str]]:
        cells, relays, ready = self.cells, self.relays, self.when.ready
        end, level = ready + self.levels, self.initial + self.courses
        ramp = np.arange(self.levels)[:, None] * self._each(unit)
        held = self._courses(relays, self.heard.held)
        held = np.diff(held, axis=0, prepend=0)
        stop, others = held[end + 1], np.delete(held, end + 1, axis=0)
        return [
            (self._all(cells.retain and not cells.leak and cells.reset == "zero"), "it is another kind of neuron"),
            (self.threshold == self.levels * self._each(unit), "it has another threshold"),
            (self.bias == 0, "it has a bias of every step"),
            *self._gates(unit, end),
            ((level[ready:end] == level[ready] + ramp).all(0), "its ramp does not rise by a unit a step"),
            ((level[end:] <= level[end - 1]).all(0), "it can fire after its window"),
            (
                self._all(not relays.retain) & (relays.threshold == 1) & (relays.bias == 0),
                "its relay is another neuron",
            ),
            ((stop <= -1) & (others == 0).all(0), "its relay does not end with the window"),
        ]

    def _gates(self, unit: Integers, end: int) -> list[tuple[Bits, str]]:
        """That a neuron begins its window with half a unit, its bias and what it heard, and cannot fire before."""
        level, ready = self.initial + self.courses, self.when.ready
        before = np.concatenate([self.initial[None], level[:ready]]).max(0)
        return [
            (before + self.rising < self.threshold, "it can fire before its window"),
            (level[ready] == self._each(unit // 2 + self.layer.bias), "its window begins with another membrane"),
        ]

    def key(self, neuron: int) -> tuple[object, ...]:
        """What a neuron does, by which equal ones are known."""
        channel, place = divmod(neuron, self.places)
        lines = (channel * self.width + np.arange(self.width)) * self.places + place
        rows = [self.cells.threshold, self.cells.bias, self.cells.initial, *self.courses]
        if self.relays is not self.cells:
            held = self._courses(self.relays, self.heard.held)
            rows += [self.relays.threshold, self.relays.bias, self.relays.initial, *held]
        return (channel, *(row[lines].tobytes() for row in rows))

    def differs(self, neuron: int) -> Ranges | None:
        """Accumulators after which a neuron sends something else; none if that depends on more than its accumulator."""
        channel, place = divmod(neuron, self.places)
        low, high = int(self.low[channel]), int(self.high[channel])
        if self.layer.unit is None or high - low >= _MOST_RUN or not self._by_accumulator(neuron):
            return None
        lines = ((channel * self.width + np.arange(self.width)) * self.places + place).tolist()
        unit = int(self.layer.unit[channel])
        found = list[Ranges]()
        for first in range(low, high + 1, _TOGETHER):
            values = np.arange(first, min(high + 1, first + _TOGETHER))
            trains = [self._train(line, values - self.layer.bias[channel]) for line in lines]
            inside = sum(train[self.when.first : self.when.last + 1].sum(0) for train in trains)
            total = sum(train.sum(0) for train in trains)
            wanted = ((values + unit // 2) // unit).clip(0, self.levels)
            wrong = (inside != wanted) | (total != inside)
            edges = np.flatnonzero(np.diff(np.concatenate([[False], wrong, [False]]).astype(np.int8)))
            found.append(edges.reshape(-1, 2) + np.array([first, first - 1]))
        return np.concatenate(found)

    def _by_accumulator(self, neuron: int) -> bool:
        """Whether nothing can fire before all has arrived, and all of it is kept until then."""
        if self.code.together:
            return True
        cells = self.cells
        if not cells.retain or cells.leak:
            return False
        steps = np.arange(1, self.when.ready + 1)
        course = cells.initial[neuron] + self.courses[: self.when.ready, neuron] + steps * cells.bias[neuron]
        return bool((course + self.rising[neuron] < cells.threshold[neuron]).all())

    def _train(self, line: int, arrived: Integers) -> Bits:
        """``[steps, M]`` what a line sends, if so much has arrived when it decides."""
        drive = np.diff(self.courses[:, line], prepend=0)[:, None] + np.zeros((1, len(arrived)), np.int64)
        drive[self.when.ready] += arrived
        train = _run(self.cells, line, drive[: self.end + 1])
        if self.relays is self.cells:
            return train
        held = self._courses(self.relays, self.heard.held)
        constants = np.diff(held[:, line], prepend=0)
        spikes, found = np.zeros(len(arrived), np.bool_), list[Bits]()
        before, membrane = spikes, np.full(len(arrived), self.relays.initial[line])
        for step in range(self.end + 1):
            current = spikes.astype(np.int64) + before + constants[step]
            spikes, membrane = _step(self.relays, line, membrane, current)
            found.append(spikes)
            before = train[step]
        return np.array(found)


def _run(cells: Population, line: int | slice, drive: Integers) -> Bits:
    """``[T, M]`` spikes of a neuron under ``M`` drives ``[T, M]``, or of ``M`` neurons each under one."""
    membrane, found = np.broadcast_to(cells.initial[line], drive.shape[1:]), list[Bits]()
    for current in drive:
        fired, membrane = _step(cells, line, membrane, current)
        found.append(fired)
    return np.array(found)


def _step(cells: Population, line: int | slice, membrane: Integers, current: Integers) -> tuple[Bits, Integers]:
    driven = (membrane >> cells.leak if cells.retain else 0) + cells.bias[line] + current
    fired = driven >= cells.threshold[line]
    return fired, np.where(fired, driven - cells.threshold[line] if cells.reset == "subtract" else 0, driven)


def differing(neurons: Neurons, places: Sequence[int]) -> dict[int, Ranges | None]:
    """For each of some neurons the accumulators after which it sends something else; equal neurons are run once."""
    known: dict[tuple[object, ...], Ranges | None] = {}
    found: dict[int, Ranges | None] = {}
    for place in places:
        key = neurons.key(place)
        if key not in known:
            known[key] = neurons.differs(place)
        found[place] = known[key]
    return found
