"""Injected faults do what they say, and the reference agrees spike by spike."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from logic.errors import NetworkError
from logic.network import INPUT, Population, SpikingNetwork, Synapses
from logic.rails import rail_lines
from logic.simulation.bit_simulator import Faults, plan_waves, run_wave_plan, simulate_bits
from logic.simulation.faults import draw_faults, inject_faults, inject_weight_noise, random_words
from logic.simulation.word_program import count_bits, pack_bits, unpack_bits
from tests.networks import dual_rail_adder, random_network


def simulate_faulty_reference(network: SpikingNetwork, spikes: np.ndarray, steps: int, faults: Faults) -> np.ndarray:
    """The semantics with faults, for one member of the batch, written out plainly."""
    flat = network.flatten()
    lines = flat.inputs + len(flat.threshold)
    sent = np.zeros((steps, lines), dtype=bool)
    membrane, held = flat.initial.copy(), np.zeros(lines, dtype=bool)
    for t in range(steps):
        current = flat.bias + np.where(flat.retain, membrane >> flat.leak, 0)
        for pre, post, weight, delay in zip(flat.pre, flat.post, flat.weight, flat.delay, strict=True):
            if delay <= t and sent[t - delay, pre]:
                current[post] += weight
        fired = current >= flat.threshold
        membrane = np.where(fired, np.where(flat.subtract, current - flat.threshold, 0), current)
        raw = np.concatenate([spikes[t] if t < len(spikes) else np.zeros(flat.inputs, dtype=bool), fired])
        late = raw & faults.late[t, 0]
        sent[t] = (raw & ~late & ~faults.deleted[t, 0]) | faults.inserted[t, 0] | held
        held = late
    return sent


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1), st.booleans())
def test_faults_in_time_equal_the_reference(seed: int, retain: bool) -> None:
    rng = np.random.default_rng(seed)
    network = random_network(rng, balanced=bool(rng.integers(2)), retain=retain)
    steps, batch = 12, int(rng.integers(1, 70))
    spikes = rng.random((steps, batch, network.input_shape[0])) < 0.5
    faults = draw_faults(network, steps, batch, seed, deletion=0.2, insertion=0.1, late=0.2)
    trains = simulate_bits(network, spikes, steps, faults=faults)
    for member in {0, batch - 1}:
        own = Faults(*(kind[:, member : member + 1] for kind in (faults.deleted, faults.inserted, faults.late)))
        expected = simulate_faulty_reference(network, spikes[:, member], steps, own)
        np.testing.assert_array_equal(trains[:, member], expected)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_faults_of_waves_are_faults_in_time(seed: int) -> None:
    network, waves = dual_rail_adder(2), 20
    rng, lines = np.random.default_rng(seed), 10 + 12
    plan = plan_waves(network, faulty=True)
    steps = waves + network.latency
    spikes, deleted, inserted = (rng.random((rows, waves)) < p for rows, p in ((10, 0.5), (lines, 0.1), (lines, 0.1)))
    answers = run_wave_plan(plan, pack_bits(spikes), deleted=pack_bits(deleted), inserted=pack_bits(inserted))
    in_time = np.zeros((2, steps, 1, lines), dtype=bool)
    for line, slot in enumerate(plan.slots.tolist()):
        in_time[0, slot : slot + waves, 0, line], in_time[1, slot : slot + waves, 0, line] = (
            deleted[line],
            inserted[line],
        )
    trains = simulate_bits(
        network, spikes.T[:, None], steps, faults=Faults(in_time[0], in_time[1], np.zeros_like(in_time[0]))
    )
    late = network.latencies[:, None] + np.arange(waves)
    np.testing.assert_array_equal(unpack_bits(answers, waves), trains[late, 0, network.outputs[:, None]])


def test_deletions_silence_and_never_lie() -> None:
    network = dual_rail_adder(8)
    assert inject_faults(network, 640, 1).right == 640 * 9
    for rate in (0.001, 0.05, 0.5):
        found = inject_faults(network, 20_000, 2, deletion=rate)
        assert found.answers == 20_032 * 9
        assert found.silent > 0
        assert found.wrong == found.torn == 0
    both = inject_faults(network, 20_000, 3, deletion=0.05, insertion=0.05)
    assert both.wrong > 0  # so the zeros above are able to be other than zero
    assert both.torn > 0


def test_weight_noise_on_a_xor_block() -> None:
    patterns, answers = Population("patterns", (4,), 2), Population("answers", (2,), 1)
    to_patterns = [[1, 0, 1, 0], [1, 0, 0, 1], [0, 1, 1, 0], [0, 1, 0, 1]]
    block = SpikingNetwork(
        (4,),
        (patterns, answers),
        (
            Synapses.dense(INPUT, "patterns", to_patterns),
            Synapses.dense("patterns", "answers", [[1, 0, 0, 1], [0, 1, 1, 0]]),
        ),
        np.array([8, 9]),
        rail_lines("o"),
        np.array([2, 2]),
        rail_lines("ab"),
    )
    assert inject_weight_noise(block, 640, 1, 0.0).right == 640
    assert inject_weight_noise(block, 200_000, 1, 0.1).right / 200_000 == pytest.approx(0.9998, abs=2e-4)
    found = inject_weight_noise(block, 200_000, 1, 0.2)
    # The rates of an independent simulation of 400,000 trials.
    rates = [kind / found.answers for kind in (found.right, found.silent, found.torn, found.wrong)]
    np.testing.assert_allclose(rates, [0.944, 0.044, 0.012, 0.00057], atol=2e-3)
    deleted = inject_faults(block, 200_000, 2, insertion=0.01)
    assert deleted.right / deleted.answers == pytest.approx(0.951, abs=3e-3)
    assert deleted.wrong == 0


def test_random_words() -> None:
    for probability in (0.0, 0.001, 0.3, 0.5, 1.0):
        words = random_words(5, probability, (40, 100))
        rate = count_bits(words).sum() / 256_000
        assert rate == pytest.approx(probability, abs=4 * (probability * (1 - probability) / 256_000) ** 0.5)
        np.testing.assert_array_equal(words, random_words(5, probability, (40, 100)))
    assert (random_words(5, 0.5, (10,)) != random_words(6, 0.5, (10,))).all()
    with pytest.raises(NetworkError, match="between 0 and 1"):
        random_words(5, 1.5, (1,))
