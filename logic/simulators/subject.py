"""What is compared: a network in the forms that targets need, and the waves of input that it is shown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from ..circuit import Circuit
from ..errors import CircuitError
from ..evaluation import clock, from_words, random_vectors, to_words, wire_values
from ..mapping.compiler import compile_circuit
from ..network import SpikingNetwork
from ..proving.streams import input_spikes
from ..proving.verifier import prove_equivalent
from ..rails import has_two_rails, rail_pairs

Bits = NDArray[np.bool_]
Integers = NDArray[np.int64]
LEAST_WAVES = 32
_MOST_WAVES = 1024  # until every neuron has been seen to fire and to be silent


@dataclass(frozen=True, eq=False)
class Subject:
    """A network that is compared.

    Args:
        name: For people.
        network: With delays.
        layered: The same with relays in layers; none where there is no such chain.
        circuit: What it computes, if it was compiled from a circuit.
        mapping: How it was compiled.
        spikes: ``[T, B, I]`` input to be used instead of random waves.
    """

    name: str
    network: SpikingNetwork
    layered: SpikingNetwork | None = None
    circuit: Circuit | None = None
    mapping: str = ""
    spikes: Bits | None = None
    _compiled: dict[str, Subject] = field(default_factory=dict[str, "Subject"], repr=False)

    @classmethod
    def of_circuit(cls, name: str, circuit: Circuit, mapping: str = "dual-rail") -> Subject:
        """A circuit, compiled.

        Raises:
            CircuitError: if the mapping is unknown or cannot express the circuit.

        Example:
            >>> from logic import parse_circuit
            >>> Subject.of_circuit("xor", parse_circuit("y = a ^ b", "eqn")).network.neurons
            4
        """
        layered = None if circuit.register_names else compile_circuit(circuit, mapping, "relays", aligned=True)
        return cls(name, compile_circuit(circuit, mapping), layered, circuit, mapping)

    def compiled(self, mapping: str) -> Subject:
        """The same circuit in another mapping; itself if it is no circuit, or cannot be compiled so."""
        if self.circuit is None or mapping in ("", self.mapping):
            return self
        if mapping not in self._compiled:
            try:
                self._compiled[mapping] = Subject.of_circuit(self.name, self.circuit, mapping)
            except CircuitError:
                self._compiled[mapping] = self
        return self._compiled[mapping]


@dataclass(frozen=True, eq=False)
class Stimulus:
    """Input that is shown.

    Args:
        spikes: ``[T, B, I]``.
        steps: That are run, until the last answer.
        waves: How many there are, of each sample.
        unseen: Gates of the circuit that had one value in all waves; where there is no circuit, neurons; where the
            input was given, answers.
        values: ``[W, inputs]`` of the circuit, if there is one.
    """

    spikes: Bits
    steps: int
    waves: int
    unseen: int
    values: Bits | None = None


def stimulus_for(
    subject: Subject,
    layered: bool,
    run: Callable[[Bits, int], Bits],
    waves: int = LEAST_WAVES,
    seed: int = 0,
    period: int = 1,
) -> Stimulus:
    """Random waves, as many as it takes until every gate has had both values, up to 1,024.

    Args:
        subject: What is compared.
        layered: Whether its layered form is.
        run: Gives the spikes ``[steps, B, I + N]`` of all lines of that form for an input; asked for the coverage.
        waves: The least number.
        seed: Of the random numbers; the first waves are the same however many there are.
        period: Least steps from wave to wave.
    """
    network = (subject.layered or subject.network) if layered else subject.network
    rest = network.latency + len(network.populations) + 2
    if subject.spikes is not None:
        spikes, steps = subject.spikes, max(len(subject.spikes), network.latency) + 2
        return Stimulus(spikes, steps, spikes.shape[1], _one_sided(run(spikes, steps)[:, :, network.outputs]))
    spaced = replace(network, period=max(network.period, period))
    while True:
        random = np.random.default_rng(seed)
        values: Bits | None = None
        if subject.circuit is not None:
            values = random_vectors(random, subject.circuit, (waves,))
            if len(values) >= 2 ** values.shape[1] and not subject.circuit.one_hot:  # all inputs, and then at random
                every = np.arange(2 ** values.shape[1])[:, None] >> np.arange(values.shape[1]) & 1
                values[: len(every)] = every
            spikes = input_spikes(spaced, subject.circuit, values[:, None])
            unseen = len(unseen_gates(subject.circuit, values))
        else:
            spikes = _codewords(spaced, random, waves)
            unseen = _one_sided(run(spikes, len(spikes) + rest)[:, :, spikes.shape[2] :])
        if waves >= _MOST_WAVES or not unseen:
            if subject.circuit is not None and values is not None and unseen:
                unseen -= len(constant_gates(subject.circuit, unseen_gates(subject.circuit, values)))
            return Stimulus(spikes, len(spikes) + rest, waves, unseen, values)
        waves = min(2 * waves, _MOST_WAVES)


def unseen_gates(circuit: Circuit, values: Bits) -> Integers:
    """The wires of gates that have one value alone in all waves ``[W, I]``; none where these are all that there are.

    Example:
        >>> from logic import parse_circuit
        >>> circuit = parse_circuit("y = a & b & c", "eqn")
        >>> unseen_gates(circuit, np.array([[True, True, False], [True, False, False]])).tolist()
        [5]
    """
    if not circuit.register_names:
        if len(np.unique(values, axis=0)) == 2 ** len(circuit.inputs):
            return np.zeros(0, np.int64)  # what has one value now has it always
        bits = from_words(wire_values(circuit, to_words(values)), len(values))
    else:
        state = to_words(circuit.register_initial[None] == 1)  # undefined ones start at 0, as in a compiled network
        rows: list[Bits] = []
        for row in values:
            words = to_words(row[None])
            rows.append(from_words(wire_values(circuit, words, state), 1)[0])
            state = clock(circuit, words, state)[1]
        bits = np.array(rows)
    gates = bits[:, circuit.first_gate :]
    return circuit.first_gate + np.flatnonzero(~gates.any(axis=0) | gates.all(axis=0))


def constant_gates(circuit: Circuit, wires: Integers, timeout: float = 10.0) -> Integers:
    """Those of the wires that are proved to have one value whatever the inputs and registers are.

    Args:
        circuit: That has them.
        wires: Numbers of gates.
        timeout: Seconds for each proof; what is not proved by then counts as not constant.

    Example:
        >>> from logic import CircuitBuilder, Gate
        >>> make = CircuitBuilder()
        >>> a, b = make.inputs("a", "b")
        >>> both = a & b
        >>> circuit = make.build(never=both & ~(b & a & make.gate(Gate.OR, (a, b))))
        >>> len(constant_gates(circuit, np.array([circuit.outputs[0] >> 1])))
        1
    """
    inputs = (*circuit.inputs, *circuit.register_names)  # registers as inputs: any state
    proved: list[int] = []
    for wire in wires.tolist():
        for value in (0, 1):
            alone = replace(
                circuit,
                inputs=inputs,
                outputs=np.array([2 * wire]),
                output_names=("gate",),
                register_names=(),
                register_next=np.zeros(0, np.int64),
                register_initial=np.zeros(0, np.int64),
                clock=None,
                roles=(),
                justice=(),
            )
            flat = replace(alone, outputs=np.array([value]))
            if prove_equivalent(alone, flat, timeout=timeout).holds:
                proved.append(wire)
                break
    return np.array(proved, np.int64)


def _one_sided(trains: Bits) -> int:
    """How many lines of ``[..., N]`` were not both on and off."""
    flat = trains.reshape(-1, trains.shape[-1])
    return int((~flat.any(axis=0) | flat.all(axis=0)).sum())


def _codewords(network: SpikingNetwork, random: np.random.Generator, waves: int) -> Bits:
    """Random input lines, each pair of rails a codeword."""
    values = random.integers(0, 2, (waves, int(np.prod(network.input_shape)))).astype(np.bool_)
    if has_two_rails(network.input_lines):
        rails = rail_pairs(network.input_lines)
        values[:, rails[:, 0]] = ~values[:, rails[:, 1]]
    spikes = np.zeros((waves * network.period, 1, values.shape[1]), np.bool_)
    spikes[:: network.period, 0] = values
    return spikes
