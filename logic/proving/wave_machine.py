"""A clocked network beside its circuit as one machine that takes a wave at a clock, whose bad output is a wrong answer.

The spikes that a later wave still hears are registers, and all steps of a wave are logic between them, so that nothing
is assumed of slots or of which neuron holds what: whatever the network does, the machine does.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..circuit import Circuit, Gate
from ..errors import NetworkError
from ..network import FlatNetwork, SpikingNetwork
from ..rails import match_lines
from ..roles import Role
from ..sweeping.graph import AndGraph
from ..sweeping.thresholds import threshold

Integers = NDArray[np.int64]
MOST = 200_000  # neurons times steps of a wave
_UNTIL_REST = 256  # steps in which a neuron that hears no one must come to rest


class WaveMachine(NamedTuple):
    """A network and its circuit.

    Args:
        circuit: Its only output is bad: an answer is wrong. Its inputs are the circuit's, and if there is a lag a last
            one, which ends the stream.
        lag: Waves from the wave that is answered wrongly to the one at which bad is true.
    """

    circuit: Circuit
    lag: int


def wave_machine(network: SpikingNetwork, circuit: Circuit) -> WaveMachine:
    """The machine of a network and a circuit with registers.

    A wave of the machine is ``network.period`` steps. A stream may end after any wave; lines are silent then. An open
    first value counts as 0, as in a compiled network.

    Args:
        network: Its neurons retain no membrane, but for those that hear no one and come to rest.
        circuit: The specification.

    Raises:
        NetworkError: if a neuron retains its membrane, or there are too many neurons and steps.
    """
    flat, period = network.flatten(), network.period
    if len(flat.threshold) * period > MOST:
        raise NetworkError(f"{len(flat.threshold)} neurons at {period} steps of a wave are too many for one machine")
    started = _started(flat, period)
    build = _Build(network, flat, circuit, started)
    build.run()
    return build.machine()


def _started(flat: FlatNetwork, period: int) -> dict[int, NDArray[np.bool_]]:
    """The trains ``[waves * period]`` of retaining neurons, which hear no one and are silent afterwards."""
    found: dict[int, NDArray[np.bool_]] = {}
    heard = np.zeros(len(flat.threshold), np.bool_)
    heard[flat.post[flat.weight != 0]] = True
    for neuron in np.flatnonzero(flat.retain).tolist():
        if heard[neuron]:
            raise NetworkError(f"neuron {neuron} retains its membrane and hears others")
        membrane, train, rest = int(flat.initial[neuron]), list[bool](), False
        while not rest:
            driven = (membrane >> int(flat.leak[neuron])) + int(flat.bias[neuron])
            fired = driven >= flat.threshold[neuron]
            after = (driven - int(flat.threshold[neuron]) if flat.subtract[neuron] else 0) if fired else driven
            rest = after == membrane and not fired
            membrane = after
            train.append(bool(fired))
            if len(train) > _UNTIL_REST:
                raise NetworkError(f"neuron {neuron} hears no one and does not come to rest")
        while len(train) > 1 and not train[-1]:
            train.pop()
        found[neuron] = np.array(train + [False] * (-len(train) % period))
    return found


class _Build:
    """The graph of one wave while it is written."""

    def __init__(
        self, network: SpikingNetwork, flat: FlatNetwork, circuit: Circuit, started: dict[int, NDArray[np.bool_]]
    ) -> None:
        self.network, self.flat, self.circuit, self.started = network, flat, circuit, started
        self.period, self.graph = network.period, AndGraph()
        used = flat.weight != 0
        self.depth = np.zeros(flat.inputs + len(flat.threshold), np.int64)  # how long each line is remembered
        np.maximum.at(self.depth, flat.pre[used], flat.delay[used])
        self.lag = network.latency // network.period
        self.values = self.graph.inputs(len(circuit.inputs))
        self.ends = self.graph.inputs(int(self.lag > 0))
        self.registers: dict[int, int] = {}  # literal to number
        self.initial: list[int] = []
        self.following: list[int] = []

    def register(self, initial: int) -> int:
        """The literal of a new register, whose next value is set later."""
        literal = int(self.graph.inputs(1)[0])
        self.registers[literal] = len(self.registers)
        self.initial.append(initial)
        self.following.append(0)
        return literal

    def set(self, register: int, following: int) -> None:
        """Sets a next value."""
        self.following[self.registers[register]] = following

    def chain(self, literal: int, length: int) -> int:
        """A literal as it was so many waves ago; false before the first."""
        for _ in range(length):
            later = self.register(0)
            self.set(later, literal)
            literal = later
        return literal

    def run(self) -> None:
        """Writes the steps of a wave, and what the next one remembers."""
        flat, graph, period = self.flat, self.graph, self.period
        present = 1
        for ends in self.ends.tolist():
            ended = self.register(0)
            present = graph.conjunction(ended ^ 1, ends ^ 1)
            self.set(ended, present ^ 1)
        waves = max((len(train) // period for train in self.started.values()), default=0)
        now = [self.register(int(wave == 0)) for wave in range(waves)]  # which wave it is
        for wave, register in enumerate(now):
            self.set(register, now[wave - 1] if wave else 0)
        before = [[self.register(0) for _ in range(depth)] for depth in self.depth.tolist()]
        matched = match_lines(self.network.input_lines, self.circuit.inputs)
        lines = (self.values[matched.place] ^ matched.negated).tolist()
        spikes = np.zeros((period, len(self.depth)), np.int64)
        spikes[0, : flat.inputs] = [graph.conjunction(present, line) for line in lines]
        order = np.argsort(flat.post, kind="stable")
        begin = np.searchsorted(flat.post[order], np.arange(len(flat.threshold) + 1)).tolist()
        columns = [column[order] for column in (flat.pre, flat.delay, flat.weight)]
        for step in range(period):
            for neuron in range(len(flat.threshold)):
                line = flat.inputs + neuron
                if neuron in self.started:
                    fires = [now[wave] for wave in range(waves) if self.fires(neuron, wave * period + step)]
                    spikes[step, line] = self.any(fires)
                    continue
                own = slice(begin[neuron], begin[neuron + 1])
                pre, delay, weight = (column[own] for column in columns)
                heard = [
                    int(spikes[step - d, source]) if d <= step else before[source][d - step - 1] if w else 0
                    for source, d, w in zip(pre.tolist(), delay.tolist(), weight.tolist(), strict=True)
                ]
                spikes[step, line] = self.threshold(heard, weight, int(flat.threshold[neuron] - flat.bias[neuron]))
        for line, kept in enumerate(before):
            for age, register in enumerate(kept, start=1):
                self.set(register, int(spikes[period - age, line]) if age <= period else kept[age - period - 1])
        self.judge(spikes, present)

    def fires(self, neuron: int, step: int) -> bool:
        """Whether a neuron that hears no one fires at a step."""
        train = self.started[neuron]
        return step < len(train) and bool(train[step])

    def any(self, literals: list[int]) -> int:
        """Their disjunction."""
        found = 1
        for literal in literals:
            found = self.graph.conjunction(found, literal ^ 1)
        return found ^ 1

    def threshold(self, literals: list[int], weights: Integers, need: int) -> int:
        """Whether the weights of those that are true are enough."""
        while True:
            size = len(self.graph)
            self.graph.reserve(64 + 8 * len(literals) ** 2)
            found = threshold(self.graph.nodes, np.array(literals, np.int64), weights.astype(np.int64), need)
            if found >= 0:
                return int(found)
            self.graph.reserve(2 * size)

    def judge(self, spikes: Integers, present: int) -> None:
        """Compares each answer with that of the circuit, as many waves later as it comes."""
        circuit, graph, network = self.circuit, self.graph, self.network
        state = np.array([self.register(max(0, value)) for value in circuit.register_initial.tolist()], np.int64)
        wires = graph.add(circuit, np.concatenate([self.values, state]))
        for register, literal in zip(state.tolist(), circuit.register_next.tolist(), strict=True):
            self.set(register, int(wires[literal >> 1]) ^ (literal & 1))
        matched = match_lines(network.output_lines, circuit.output_names)
        ends = wires[circuit.outputs >> 1] ^ (circuit.outputs & 1)
        expected = (ends[matched.place] ^ matched.negated).tolist()
        asked = self.chain(present, self.lag)
        wrong: list[int] = []
        for line, latency, said in zip(network.outputs.tolist(), network.latencies.tolist(), expected, strict=True):
            lag = latency // self.period
            told = self.chain(int(spikes[latency % self.period, line]), self.lag - lag)
            said = self.chain(said, self.lag)
            wrong += [graph.conjunction(told, said ^ 1), graph.conjunction(told ^ 1, said)]
        self.bad = graph.conjunction(asked, self.any(wrong))

    def machine(self) -> WaveMachine:
        """The graph as a circuit."""
        graph, size = self.graph, len(self.graph)
        sources = [*(np.append(self.values, self.ends) >> 1).tolist(), *(literal >> 1 for literal in self.registers)]
        image = np.zeros(size, np.int64)
        image[sources] = 2 * np.arange(1, len(sources) + 1)
        gates = np.flatnonzero(graph.nodes.first[:size] >= 0)
        image[gates] = 2 * (1 + len(sources) + np.arange(len(gates)))

        def moved(literals: Integers) -> Integers:
            return image[literals >> 1] ^ (literals & 1)

        sides = [moved(side[gates].astype(np.int64)) for side in (graph.nodes.first, graph.nodes.second)]
        found = Circuit(
            inputs=tuple(f"i{at}" for at in range(len(self.values) + len(self.ends))),
            kinds=np.full(len(gates), int(Gate.AND)),
            offsets=2 * np.arange(len(gates) + 1),
            literals=np.stack(sides, axis=1).reshape(-1),
            outputs=moved(np.array([self.bad])),
            output_names=("wrong",),
            one_hot=self.circuit.one_hot,
            register_next=moved(np.array(self.following, np.int64)),
            register_initial=np.array(self.initial, np.int64),
            register_names=tuple(f"r{at}" for at in range(len(self.registers))),
            roles=(Role.BAD,),
        )
        return WaveMachine(found, self.lag)
