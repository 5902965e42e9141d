"""Streams of waves: input vectors as spikes, the answers that belong to them, and which answers of a network are wrong.

One wave enters every ``network.period`` steps from step 0 on; before the first and after the last one all lines are
silent.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..circuit import Circuit
from ..errors import NetworkError
from ..evaluation import from_words, run, to_words
from ..network import SpikingNetwork
from ..rails import Line, match_lines
from ..simulation.reference import simulate_reference

Bits = NDArray[np.bool_]
Integers = NDArray[np.int64]


class Stream(NamedTuple):
    """Waves one after the other.

    Args:
        values: ``[T, I]`` the circuit's input vectors.
        judged: The wave whose answer matters.
    """

    values: Bits
    judged: int


def to_counterexample(stream: Stream, names: Sequence[str]) -> dict[str, int]:
    """Input name to value; the values of the wave that comes ``k`` waves after the judged one bear ``name@k``.

    If names hold ``@`` themselves, the sign is repeated until none holds it.
    """
    at = _sign(names)
    return {
        (f"{name}{at}{wave - stream.judged:+d}" if wave != stream.judged else name): int(value)
        for wave, row in enumerate(stream.values)
        for name, value in zip(names, row, strict=True)
    }


def to_stream(counterexample: Mapping[str, int], names: Sequence[str]) -> Stream:
    """The waves of a counterexample.

    Raises:
        NetworkError: if a wave between two others, or the value of an input, is missing.
    """
    waves: dict[int, dict[str, int]] = {}
    sign = _sign(names)
    for key, value in counterexample.items():
        name, at, offset = key.rpartition(sign)
        waves.setdefault(int(offset) if at else 0, {})[name if at else key] = value
    first = min(waves, default=0)
    try:
        rows = [[waves[first + wave][name] for name in names] for wave in range(len(waves))]
    except KeyError as missing:
        raise NetworkError(f"the counterexample lacks {missing}; every wave needs a value for each input") from None
    return Stream(np.array(rows, dtype=np.bool_).reshape(len(rows), len(names)), -first)


def _sign(names: Sequence[str]) -> str:
    """What stands between a name and the number of its wave."""
    sign = "@"
    while any(sign in name for name in names):
        sign += "@"
    return sign


def input_spikes(network: SpikingNetwork, circuit: Circuit, values: Bits) -> Bits:
    """Spikes ``[T * network.period, ..., lines]`` of a stream of input vectors ``[T, ..., I]``."""
    places, negated = match_lines(network.input_lines, circuit.inputs)
    spikes = np.zeros((len(values) * network.period, *values.shape[1:-1], len(places)), np.bool_)
    spikes[:: network.period] = values[..., places] ^ negated
    return spikes


def expected_answers(network: SpikingNetwork, circuit: Circuit, values: Bits) -> Bits:
    """What each output line should say of each wave, ``[T, B, O]`` for ``[T, B, I]``; registers start at their value.

    A register whose first value is not defined starts at 0, as in a compiled network.
    """
    places, negated = match_lines(network.output_lines, circuit.output_names)
    waves, batch = values.shape[:2]
    if circuit.register_names:
        state = np.repeat(circuit.register_initial[None, :] == 1, batch, axis=0)
        words = np.stack([to_words(rows) for rows in values])
        answers = np.stack([from_words(row, batch) for row in run(circuit, words, to_words(state))])
    else:
        words = to_words(values.reshape(waves * batch, -1))
        answers = from_words(run(circuit, words[None])[0], waves * batch).reshape(waves, batch, -1)
    return answers[..., places] ^ negated


def wrong_answers(network: SpikingNetwork, circuit: Circuit, values: Bits) -> Integers:
    """The pairs ``[K, 2]`` of a wave and an output line that are wrong, by the reference simulation.

    Args:
        network: The implementation.
        circuit: The specification.
        values: ``[T, I]`` input vectors.
    """
    steps = len(values) * network.period + network.latency
    trains = simulate_reference(network, input_spikes(network, circuit, values), steps)
    when = np.arange(len(values))[:, None] * network.period + network.latencies
    return np.argwhere(trains[when, network.outputs] != expected_answers(network, circuit, values[:, None])[:, 0])


def search_streams(network: SpikingNetwork, circuit: Circuit, values: Bits) -> tuple[Stream, Line] | None:
    """The first wrong answer among streams ``[T, B, I]``, with its line, by bit-parallel simulation."""
    waves, period = len(values), network.period
    steps = waves * period + network.latency
    lines, which = np.unique(network.outputs, return_inverse=True)
    from ..simulation.bit_simulator import simulate_bits  # most proofs run no wave

    trains = simulate_bits(network, input_spikes(network, circuit, values), steps, lines=lines)
    when = np.arange(waves)[:, None] * period + network.latencies
    found = trains[when, :, which].transpose(0, 2, 1)
    wrong = np.argwhere(found != expected_answers(network, circuit, values))
    if not len(wrong):
        return None
    wave, member, line = wrong[0].tolist()
    until = min(waves, wave + 1 + network.latency // period)  # later waves come after the answer
    return Stream(values[:until, member], wave), network.output_lines[line]
