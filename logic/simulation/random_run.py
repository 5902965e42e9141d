"""Random waves through a network beside its circuit: wrong answers and spikes, block by block in bounded memory."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ..circuit import Circuit
from ..evaluation import clock, evaluate, random_vectors, to_words
from ..kernels import work_time
from ..network import SpikingNetwork
from ..rails import Line, match_lines
from .bit_simulator import Clocked, count_spikes, plan_waves, run_wave_plan
from .faults import random_words
from .word_program import BLOCK, Integers, Words

STREAM = 64  # waves of a stream through a clocked network
_ROOM = 1 << 22  # words of all lines in a block of waves (32 MB)


@dataclass(frozen=True, eq=False)
class RandomRun:
    """What a run of random waves showed.

    Args:
        waves: How many; those of a clocked network fill whole streams.
        wrong: Answers that are not the circuit's, over all waves and output lines.
        seconds: Wall time of the network's evaluation alone.
        spikes: ``[I + N]`` of each input line and neuron, over all waves.
        neuron_steps: Neurons times steps, over all waves.
    """

    waves: int
    wrong: int
    seconds: float
    spikes: Integers
    neuron_steps: int


def run_random_waves(network: SpikingNetwork, circuit: Circuit, waves: int, seed: int = 0) -> RandomRun:
    """Compares a network with its circuit on random waves; memory does not grow with their number.

    A network of a circuit with registers gets its waves in streams of 64 from the first clock on; a first value that
    is not defined counts as 0.

    Args:
        network: The implementation; one without a state has slots.
        circuit: What it shall compute.
        waves: Number of random input vectors.
        seed: Of the vectors.

    Raises:
        NetworkError: if lines cannot be matched, or waves meet in a network without registers.

    Example:
        >>> from logic import CircuitBuilder, compile_circuit
        >>> make = CircuitBuilder()
        >>> a, b = make.inputs("a", "b")
        >>> circuit = make.build(y=a ^ b)
        >>> run = run_random_waves(compile_circuit(circuit), circuit, 1000)
        >>> run.waves, run.wrong
        (1000, 0)
    """
    blocks = _streams if circuit.register_names else _single_waves
    total = RandomRun(0, 0, 0.0, np.zeros(len(network.input_lines) + network.neurons, np.int64), 0)
    for part in blocks(network, circuit, waves, seed):
        total = RandomRun(
            total.waves + part.waves,
            total.wrong + part.wrong,
            total.seconds + part.seconds,
            total.spikes + part.spikes,
            total.neuron_steps + part.neuron_steps,
        )
    return total


def _single_waves(network: SpikingNetwork, circuit: Circuit, waves: int, seed: int) -> Iterator[RandomRun]:
    plan = plan_waves(network)
    lines = 2 * (len(network.input_lines) + len(network.output_lines)) + 1
    room = 64 * BLOCK * max(1, _ROOM // (lines * BLOCK))
    for block, first in enumerate(range(0, waves, room)):
        count = min(room, waves - first)
        words = -(-count // 64)
        values = random_words(_seed(seed, block), 0.5, (len(circuit.inputs), words))
        spikes = said(network.input_lines, circuit.inputs, values)
        start = work_time()
        answers = run_wave_plan(plan, spikes)
        seconds = work_time() - start
        wanted = said(network.output_lines, circuit.output_names, evaluate(circuit, values))
        wrong = _ones((answers ^ wanted) & _mask(count, words))
        yield RandomRun(count, wrong, seconds, count_spikes(plan, spikes, count), count * network.neurons)


def _streams(network: SpikingNetwork, circuit: Circuit, waves: int, seed: int) -> Iterator[RandomRun]:
    """Streams of at most 64 waves, 4,096 side by side."""
    length, period = min(STREAM, waves), network.period
    steps = length * period + network.latency
    streams = -(-waves // length)
    lag, offset = network.latencies // period, network.latencies % period  # of each answer: in waves, and then steps
    for block, first in enumerate(range(0, streams, 64 * BLOCK)):
        batch = min(64 * BLOCK, streams - first)
        words = -(-batch // 64)
        mask, generator = _mask(batch, words), np.random.default_rng(_seed(seed, block))
        state = np.repeat(np.where(circuit.register_initial == 1, ~np.uint64(0), np.uint64(0))[:, None], words, axis=1)
        run, wrong, seconds = Clocked(network, batch, steps), 0, 0.0
        expected: list[Words] = []  # of the waves that are not all answered yet, and of those before them
        for wave in range(length + int(lag.max(initial=0)) + 1):
            spikes, here = np.zeros((len(network.input_lines), words), np.uint64), min(period, steps - wave * period)
            if wave < length:
                values = to_words(random_vectors(generator, circuit, (batch,)))
                answers, state = clock(circuit, values, state)
                spikes = said(network.input_lines, circuit.inputs, values) & mask
                expected.append(said(network.output_lines, circuit.output_names, answers))
            start = work_time()
            found = run.run(spikes, max(0, here))
            seconds += work_time() - start
            answered = wave - lag  # which wave each output answers now
            due = (answered >= 0) & (answered < length) & (offset < here)
            for output in np.flatnonzero(due).tolist():
                wrong += _ones((found[offset[output], output] ^ expected[int(answered[output])][output]) & mask)
        yield RandomRun(length * batch, wrong, seconds, run.spikes, steps * batch * network.neurons)


def said(lines: tuple[Line, ...], signals: tuple[str, ...], values: Words) -> Words:
    """What lines say of values ``[S, W]`` of signals, ``[L, W]``."""
    matched = match_lines(lines, signals)
    return values[matched.place] ^ np.where(matched.negated, ~np.uint64(0), np.uint64(0))[:, None]


def _seed(seed: int, block: int) -> int:
    """The seed of a block; the first block has that of the run."""
    return seed if block == 0 else int(np.random.SeedSequence((seed, block)).generate_state(1, dtype=np.uint64)[0])


def _mask(count: int, words: int) -> Words:
    """``[words]`` ones for the first ``count`` bits."""
    mask = np.full(words, ~np.uint64(0), dtype=np.uint64)
    if count % 64:
        mask[-1] = np.uint64((1 << count % 64) - 1)
    return mask


def _ones(words: Words) -> int:
    return int(np.bitwise_count(words).sum())
