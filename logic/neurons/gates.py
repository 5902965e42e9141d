"""Gates with a state from AdEx and Izhikevich neurons, beside the same gates from integer neurons.

A latch holds a bit as ongoing firing. An AdEx neuron whose reset lies above its own threshold of firing is bistable:
once fired it goes on, until inhibition pulls it below. An integer neuron does the same by a synapse onto itself.

Inputs arrive in waves; after each wave the output neuron is read for a while, and a bit is true if it fires often
enough there. The noise margin is measured: all synapses are made stronger or weaker by a fraction, in every
combination of signs, and the largest fraction at which every answer stays right is the margin.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..network import INPUT, Population, SpikingNetwork, Synapses
from ..rails import single_lines
from .models import AdEx, Izhikevich, NeuronModel

Bits = NDArray[np.bool_]
Reals = NDArray[np.float64]
Function = Literal["latch", "c-element", "toggle", "burst"]
LINES: dict[Function, tuple[str, ...]] = {
    "latch": ("set", "reset"),
    "c-element": ("a=0", "a=1", "b=0", "b=1"),
    "toggle": ("t",),
    "burst": ("a", "b"),
}


class Connection(NamedTuple):
    """A synapse: sources ``0 .. I - 1`` are the input lines, then come the neurons.

    Args:
        source: Number of the source.
        target: Number of the neuron.
        weight: Jump of the target's synaptic current, in pA (AdEx) or the model's unit (Izhikevich).
        delay_ms: Travelling time.
    """

    source: int
    target: int
    weight: float
    delay_ms: float


@dataclass(frozen=True)
class NeuronGate:
    """A gate of model neurons; each has one synaptic current that decays exponentially.

    Args:
        function: What it computes.
        models: One model a neuron, all with one step; the last neuron is the output.
        connections: Its synapses.
        tau_synapse_ms: Decay of the synaptic current.
        period_ms: From wave to wave.
        read_from_ms: When after a wave the reading begins; it ends with the period.
        least_spikes: How many spikes in the reading make a true answer.
    """

    function: Function
    models: tuple[NeuronModel, ...]
    connections: tuple[Connection, ...]
    tau_synapse_ms: float = 2.0
    period_ms: float = 60.0
    read_from_ms: float = 40.0
    least_spikes: int = 2


@dataclass(frozen=True)
class IntegerGate:
    """The same gate as a spiking network with integer weights.

    Args:
        function: What it computes.
        network: Input lines as in ``LINES``; the last neuron is the output.
        period: Steps from wave to wave.
        read_from: Step after a wave at which the reading begins.
        least_spikes: How many spikes in the reading make a true answer.
    """

    function: Function
    network: SpikingNetwork = field(repr=False)
    period: int
    read_from: int
    least_spikes: int = 1


@dataclass(frozen=True)
class GateFigures:
    """One row of the comparison.

    Args:
        function: What the gate computes.
        neuron: ``integer``, ``AdEx`` or ``Izhikevich``.
        neurons: How many.
        synapses: How many, those from the inputs included.
        latency: From a wave to the first spike of the output it causes.
        unit: Of the latency, ``steps`` or ``ms``.
        margin: Largest fraction by which all weights may be off, in any combination of signs.
    """

    function: Function
    neuron: str
    neurons: int
    synapses: int
    latency: float
    unit: str
    margin: float


def expected_answers(function: Function, waves: Bits) -> Bits:
    """What the gate should say after each wave.

    Args:
        function: What it computes; all but ``burst`` start with a false state.
        waves: ``[W, I]`` which input lines fire, see ``LINES``.

    Returns:
        ``[W]``.
    """
    state, answers = False, np.zeros(len(waves), dtype=bool)
    for place, wave in enumerate(waves.tolist()):
        match function:
            case "latch":
                state = (state or wave[0]) and not wave[1]
            case "c-element":
                state = (state or (wave[1] and wave[3])) and not (wave[0] and wave[2])
            case "toggle":
                state ^= wave[0]
            case "burst":
                state = wave[0] and wave[1]
        answers[place] = state
    return answers


def random_waves(function: Function, count: int, seed: int) -> Bits:
    """``[count, I]`` waves that the gate allows: no set together with reset, one rail of each variable."""
    draw = np.random.default_rng(seed)
    match function:
        case "latch":
            choice = draw.integers(0, 3, count)
            return np.stack([choice == 1, choice == 2], axis=1)
        case "c-element":
            a, b = draw.random((2, count)) < 0.5
            return np.stack([~a, a, ~b, b], axis=1)
        case "toggle" | "burst":
            return draw.random((count, len(LINES[function]))) < 0.5


def integer_gate(function: Function) -> IntegerGate:
    """The gate of memoryless integer neurons with recurrent synapses."""
    match function:
        case "latch":  # fires if set or on, unless reset
            return IntegerGate(function, _network(2, [1], [(0, 0, 1, 1), (1, 0, -2, 1), (2, 0, 1, 1)]), 4, 3)
        case "c-element":  # 5 s + 2 (a1 + b1 - a0 - b0) >= 3
            rails = [(0, 0, -2, 1), (1, 0, 2, 1), (2, 0, -2, 1), (3, 0, 2, 1)]
            return IntegerGate(function, _network(4, [3], [*rails, (4, 0, 5, 1)]), 4, 3)
        case "toggle":  # exclusive or of the state, which comes round every second step, and the input
            synapses = [(0, 0, 1, 1), (2, 0, 1, 1), (0, 1, 2, 2), (2, 1, 2, 2), (1, 1, -5, 1)]
            return IntegerGate(function, _network(1, [2, 2], synapses), 4, 2)
        case "burst":  # three copies of each input, one step apart
            synapses = [(line, 0, 1, delay) for line in (0, 1) for delay in (1, 2, 3)]
            return IntegerGate(function, _network(2, [2], synapses), 6, 1, 3)


def neuron_gate(function: Function) -> NeuronGate:
    """The gate of AdEx neurons, or of a bursting Izhikevich neuron for ``burst``."""
    bistable = AdEx(coupling_ns=0.0, reset_mv=-44.0)
    quick = AdEx(coupling_ns=0.0, leak_ns=40.0, reset_mv=-70.0)
    match function:
        case "latch":
            return NeuronGate(function, (bistable,), (Connection(0, 0, 9000, 1), Connection(1, 0, -6000, 1)))
        case "c-element":
            excite = [Connection(line, 0, 2400, 1) for line in (1, 3)]
            inhibit = [Connection(line, 0, -900, 1) for line in (0, 2)]
            return NeuronGate(function, (bistable,), (*excite, *inhibit))
        case "toggle":
            return NeuronGate(
                function,
                (quick, bistable),
                (
                    Connection(0, 0, 3000, 1),  # the quick neuron fires if the latch is on and the input comes,
                    Connection(2, 0, 425, 1),
                    Connection(0, 1, 5500, 15),  # and then stops what the input would start
                    Connection(1, 1, -9000, 14),
                ),
            )
        case "burst":
            chattering = Izhikevich(c=-50.0, d=2.0)
            inputs = (Connection(0, 0, 6.4, 1), Connection(1, 0, 6.4, 1))
            return NeuronGate(function, (chattering,), inputs, 5.0, 100.0, 0.0, 3)


def answer_waves(gate: NeuronGate | IntegerGate, waves: Bits, scales: Reals) -> Bits:
    """What the gate says after each wave, with its weights scaled.

    Args:
        gate: Which gate.
        waves: ``[W, I]`` which input lines fire.
        scales: ``[B, S]`` factors of the weights, one row a variant.

    Returns:
        ``[W, B]`` answers.
    """
    trains = output_spikes(gate, waves, scales)
    period, start = _timing(gate)
    window = trains.reshape(len(waves), period, -1)[:, start:]
    return window.sum(axis=1) >= gate.least_spikes


def output_spikes(gate: NeuronGate | IntegerGate, waves: Bits, scales: Reals) -> Bits:
    """``[W * period, B]`` spikes of the output neuron, step by step; arguments as in :func:`answer_waves`."""
    period, _ = _timing(gate)
    spikes = np.zeros((len(waves) * period, waves.shape[1]), dtype=bool)
    spikes[::period] = waves
    return _run_neurons(gate, spikes, scales) if isinstance(gate, NeuronGate) else _run_integers(gate, spikes, scales)


def noise_margin(gate: NeuronGate | IntegerGate, waves: Bits, levels: Sequence[float]) -> float:
    """The last of the rising ``levels`` of weight error up to which every answer to ``waves`` is right; 0 if none is.

    Each level is tried in all combinations of signs over the synapses. The inner constants of the neurons are exact.
    """
    corners = np.array(list(product((-1.0, 1.0), repeat=_synapses(gate))))
    scales = np.concatenate([1 + level * corners for level in levels])
    right = (answer_waves(gate, waves, scales) == expected_answers(gate.function, waves)[:, None]).all(axis=0)
    margin = 0.0
    for level, fine in zip(levels, right.reshape(len(levels), -1).all(axis=1), strict=True):
        if not fine:
            break
        margin = level
    return margin


def compare_gates(count: int = 24, seed: int = 0, resolution: float = 0.02) -> list[GateFigures]:
    """Size, latency and noise margin of all four gates, from integer and from model neurons.

    Args:
        count: Number of random waves to which every answer must be right.
        seed: Of the waves.
        resolution: Step of the margin, which is sought up to 0.6.
    """
    levels = np.arange(resolution, 0.6 + resolution / 2, resolution).round(6).tolist()
    rows: list[GateFigures] = []
    for function in LINES:
        waves = random_waves(function, count, seed)
        for gate in (integer_gate(function), neuron_gate(function)):
            rows.append(_figures(gate, noise_margin(gate, waves, levels)))
    return rows


def _figures(gate: NeuronGate | IntegerGate, margin: float) -> GateFigures:
    raising = {"latch": [1, 0], "c-element": [0, 1, 0, 1], "toggle": [1], "burst": [1, 1]}[gate.function]
    train = output_spikes(gate, np.array([raising], dtype=bool), np.ones((1, _synapses(gate))))[:, 0]
    first = int(train.argmax())
    if isinstance(gate, IntegerGate):
        return GateFigures(gate.function, "integer", gate.network.neurons, _synapses(gate), first, "steps", margin)
    model, step = type(gate.models[0]).__name__, gate.models[0].step_ms
    return GateFigures(
        gate.function, model, len(gate.models), len(gate.connections), round(first * step, 6), "ms", margin
    )


def _timing(gate: NeuronGate | IntegerGate) -> tuple[int, int]:
    """Period and begin of the reading, in steps."""
    if isinstance(gate, IntegerGate):
        return gate.period, gate.read_from
    step = gate.models[0].step_ms
    return round(gate.period_ms / step), round(gate.read_from_ms / step)


def _synapses(gate: NeuronGate | IntegerGate) -> int:
    return len(gate.connections) if isinstance(gate, NeuronGate) else len(gate.network.flatten().pre)


def _network(inputs: int, thresholds: list[int], synapses: list[tuple[int, int, int, int]]) -> SpikingNetwork:
    """One population of gate neurons; a synapse is (source, target, weight, delay), sources as in ``Connection``."""

    def link(source: str, first: int, rows: list[tuple[int, int, int, int]]) -> Synapses:
        pre, post, weight, delay = (list(column) for column in zip(*rows, strict=True))
        return Synapses(source, "gate", np.array(pre) - first, post, weight, delay)

    groups = [
        (INPUT, 0, [s for s in synapses if s[0] < inputs]),
        ("gate", inputs, [s for s in synapses if s[0] >= inputs]),
    ]
    return SpikingNetwork(
        input_shape=(inputs,),
        populations=(Population("gate", (len(thresholds),), thresholds),),
        projections=tuple(link(source, first, rows) for source, first, rows in groups if rows),
        outputs=np.array([inputs + len(thresholds) - 1]),
        output_lines=single_lines("y"),
        latencies=np.array([1]),
    )


def _run_neurons(gate: NeuronGate, spikes: Bits, scales: Reals) -> Bits:
    batch, step = len(scales), gate.models[0].step_ms
    states = [model.rest((batch,)) for model in gate.models]
    currents = np.zeros((len(gate.models), batch))
    fade = np.exp(-step / gate.tau_synapse_ms)
    inputs = spikes.shape[1]
    trains = np.zeros((len(spikes), len(gate.models), batch), dtype=bool)
    delays = [round(connection.delay_ms / step) for connection in gate.connections]
    for t in range(len(spikes)):
        for place, connection in _arriving(gate, delays, t):
            then = t - delays[place]
            heard = (
                spikes[then, connection.source]
                if connection.source < inputs
                else trains[then, connection.source - inputs]
            )
            if np.any(heard):
                currents[connection.target] += connection.weight * scales[:, place] * heard
        for neuron, model in enumerate(gate.models):
            states[neuron], trains[t, neuron] = model.step(states[neuron], currents[neuron])
        currents *= fade
    return trains[:, -1]


def _arriving(gate: NeuronGate, delays: list[int], t: int) -> Iterator[tuple[int, Connection]]:
    return ((place, connection) for place, connection in enumerate(gate.connections) if delays[place] <= t)


def _run_integers(gate: IntegerGate, spikes: Bits, scales: Reals) -> Bits:
    """The semantics of :mod:`logic.network` with real weights; thresholds lie halfway between two integers."""
    flat = gate.network.flatten()
    weights = flat.weight * scales
    trains = np.zeros((len(spikes), len(scales), flat.inputs + len(flat.threshold)), dtype=bool)
    trains[:, :, : flat.inputs] = spikes[:, None]
    for t in range(len(spikes)):
        drive = np.zeros((len(scales), len(flat.threshold)))
        for place in np.flatnonzero(flat.delay <= t).tolist():
            heard = trains[t - flat.delay[place], :, flat.pre[place]]
            drive[:, flat.post[place]] += weights[:, place] * heard
        trains[t, :, flat.inputs :] = drive >= flat.threshold - 0.5
    return trains[:, :, -1]
