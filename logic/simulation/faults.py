"""Spikes that get lost, appear or come late, and noisy weights: what they do to the answers of a network.

In dual-rail coding an answer is right, silent (no rail fires), torn (both rails fire, which can be seen) or wrong (only
the wrong rail fires, which cannot). A network of non-negative weights is never wrong under deletions alone.
"""

# pyright: reportMissingParameterType=false, reportUnknownParameterType=false
# The kernels below are typed by numba when they are compiled.

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..errors import NetworkError
from ..kernels import kernel
from ..network import SpikingNetwork
from ..rails import rail_pairs
from .bit_simulator import Faults, plan_waves, run_wave_plan
from .word_program import Integers, Words, count_bits, pack_bits, unpack_bits

_CHUNK = 1 << 16  # waves at a time
_PRECISION = 24  # binary digits of a probability


@dataclass(frozen=True)
class FaultStatistics:
    """How many answers (one for each output wire and wave) were of each kind."""

    right: int
    silent: int
    torn: int
    wrong: int

    @property
    def answers(self) -> int:
        """All answers together."""
        return self.right + self.silent + self.torn + self.wrong

    def __add__(self, other: "FaultStatistics") -> "FaultStatistics":
        return FaultStatistics(
            self.right + other.right, self.silent + other.silent, self.torn + other.torn, self.wrong + other.wrong
        )


def random_words(seed: int, probability: float, shape: tuple[int, ...]) -> Words:
    """Words whose bits are ones independently, with a probability exact to 2 ** -24.

    Args:
        seed: Any integer; equal seeds give equal words.
        probability: Between 0 and 1.
        shape: Of the result.

    Raises:
        NetworkError: if the probability is none.
    """
    if not 0 <= probability <= 1:
        raise NetworkError(f"a probability lies between 0 and 1, got {probability}")
    words = np.empty(int(np.prod(shape)), dtype=np.uint64)
    state = np.random.default_rng(seed).integers(0, 2**64, dtype=np.uint64)
    _draw(words, state, round(probability * (1 << _PRECISION)))
    return words.reshape(shape)


def draw_faults(
    network: SpikingNetwork,
    steps: int,
    batch: int,
    seed: int,
    *,
    deletion: float = 0,
    insertion: float = 0,
    late: float = 0,
) -> Faults:
    """Random faults in time for :func:`logic.simulation.bit_simulator.simulate_bits`.

    Args:
        network: Whose spikes go wrong.
        steps: Length of the simulation.
        batch: Members of the batch.
        seed: Of all three kinds.
        deletion: Probability that a spike is deleted.
        insertion: Probability of a spike from nowhere, for each line and step.
        late: Probability that a spike comes one step late (jitter).
    """
    lines = int(np.prod(network.input_shape)) + network.neurons
    seeds = np.random.SeedSequence(seed).generate_state(3, dtype=np.uint64).tolist()

    def draw(index: int, rate: float) -> NDArray[np.bool_]:
        words = random_words(seeds[index], rate, (steps, lines, -(-batch // 64)))
        return unpack_bits(words, batch).transpose(0, 2, 1).astype(bool)

    return Faults(draw(0, deletion), draw(1, insertion), draw(2, late))


def inject_faults(
    network: SpikingNetwork, waves: int, seed: int, *, deletion: float = 0, insertion: float = 0, threads: int = 1
) -> FaultStatistics:
    """Answers to random inputs when every spike, also of inputs and outputs, may be lost or come from nowhere.

    Args:
        network: Dual-rail, forgetful and with slots.
        waves: Number of trials, each with an input vector and faults of its own; rounded up to a multiple of 64.
        seed: Of inputs and faults.
        deletion: Probability that a spike is lost.
        insertion: Probability of a spike from nowhere, for each line and wave.
        threads: Workers.

    Raises:
        NetworkError: if the network is not of that kind.
    """
    pairs = rail_pairs(network.output_lines)
    clean, faulty = plan_waves(network, codewords=True, outputs_only=True), plan_waves(network, faulty=True)
    lines, total = len(faulty.lines), FaultStatistics(0, 0, 0, 0)
    words = -(-waves // 64)
    for chunk, start in enumerate(range(0, words, _CHUNK // 64)):
        width = min(_CHUNK // 64, words - start)
        seeds = np.random.SeedSequence((seed, chunk)).generate_state(3, dtype=np.uint64).tolist()
        values = random_words(seeds[0], 0.5, (clean.inputs, width))
        spikes = np.empty((faulty.inputs, width), dtype=np.uint64)
        rails = rail_pairs(network.input_lines)
        spikes[rails[:, 0]], spikes[rails[:, 1]] = ~values, values
        answers = run_wave_plan(
            faulty,
            spikes,
            deleted=random_words(seeds[1], deletion, (lines, width)),
            inserted=random_words(seeds[2], insertion, (lines, width)),
            threads=threads,
        )
        total += _classify(answers, run_wave_plan(clean, values, threads=threads), pairs)
    return total


def inject_weight_noise(network: SpikingNetwork, waves: int, seed: int, sigma: float) -> FaultStatistics:
    """Answers to random inputs when every weight has Gaussian noise of its own in every trial.

    The sum of n noisy active synapses has the noise of one synapse times the root of n, so one normal number is drawn
    for each neuron and trial. Thresholds stand half a unit below the integers, as far from either side.

    Args:
        network: Dual-rail, forgetful and with slots.
        waves: Number of trials; rounded up to a multiple of 64.
        seed: Of inputs and noise.
        sigma: Standard deviation in units of weight.

    Raises:
        NetworkError: if the network is not of that kind.
    """
    pairs, rails = rail_pairs(network.output_lines), rail_pairs(network.input_lines)
    clean, flat = plan_waves(network, codewords=True, outputs_only=True), network.flatten()
    generator, total = np.random.default_rng(seed), FaultStatistics(0, 0, 0, 0)
    order = np.argsort(clean.slots[flat.inputs :], kind="stable").tolist()
    synapses = [np.flatnonzero(flat.post == neuron) for neuron in range(len(flat.threshold))]
    left = -(-waves // 64) * 64
    while left:
        trials = min(left, _CHUNK)
        values = generator.random((clean.inputs, trials)) < 0.5
        fired = np.zeros((flat.inputs + len(flat.threshold), trials), dtype=bool)
        fired[rails[:, 0]], fired[rails[:, 1]] = ~values, values
        for neuron in order:
            heard = fired[flat.pre[synapses[neuron]]]
            noise = sigma * np.sqrt(heard.sum(axis=0)) * generator.standard_normal(trials)
            current = flat.weight[synapses[neuron]] @ heard + flat.bias[neuron] + noise
            fired[flat.inputs + neuron] = current >= flat.threshold[neuron] - 0.5
        answers = pack_bits(fired[network.outputs])
        total += _classify(answers, run_wave_plan(clean, pack_bits(values)), pairs)
        left -= trials
    return total


def _classify(answers: Words, expected: Words, pairs: Integers) -> FaultStatistics:
    truth = expected[pairs[:, 1]]
    good = (answers[pairs[:, 1]] & truth) | (answers[pairs[:, 0]] & ~truth)
    bad = (answers[pairs[:, 1]] & ~truth) | (answers[pairs[:, 0]] & truth)
    right, silent, torn, wrong = (
        int(count_bits(kind).sum()) for kind in (good & ~bad, ~good & ~bad, good & bad, bad & ~good)
    )
    return FaultStatistics(right, silent, torn, wrong)


@kernel(large=2_000, nogil=True)
def _draw(words, state, threshold):
    """Ones with probability threshold / 2 ** 24: compare a random binary fraction digit by digit, 64 at a time.

    The random words are those of SplitMix64 (Steele, Lea and Flood, OOPSLA 2014).
    """
    for index in range(len(words)):
        word = np.uint64(0) - np.uint64(threshold >> 24)
        if 0 < threshold < 1 << 24:
            digit = 0
            while not threshold >> digit & 1:
                digit += 1
            for place in range(digit, 24):
                state += np.uint64(0x9E3779B97F4A7C15)
                mixed = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
                mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
                mixed ^= mixed >> np.uint64(31)
                word = word | mixed if threshold >> place & 1 else word & mixed
        words[index] = word
