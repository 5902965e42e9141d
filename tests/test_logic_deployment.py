"""Each pass gives other networks whose spikes are those of the original, at the declared steps and at all of them."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from numpy.typing import NDArray

from logic import NetworkError, Population, SpikingNetwork, Synapses, compile_circuit, parse_circuit, simulate_reference
from logic.deployment import (
    TargetNetwork,
    common_threshold,
    fan_in_split,
    fan_out_split,
    forgets,
    neurons_with_relays,
    run_flat,
    scaled,
    stretched,
    thresholds_raised,
    thresholds_united,
    weights_split,
    with_relays,
    without_initial,
)
from logic.rails import single_lines

STEPS = 24


def random_network(seed: int, *, memory: bool = True, quiet: bool = False, delays: int = 4) -> SpikingNetwork:
    """Two populations with loops, delays, biases and low thresholds; memory adds leaks, resets and first membranes."""
    random = np.random.default_rng(seed)
    sizes = random.integers(1, 7, 2).tolist()
    populations: list[Population] = []
    for name, size in zip("ab", sizes, strict=True):
        retain = memory and bool(random.integers(2))
        low, bias = (1, 0) if quiet else (-1, random.integers(-2, 3, size))
        populations.append(
            Population(
                name,
                (size,),
                random.integers(low, 6, size),
                retain=retain,
                leak=int(random.integers(3)) if retain and not quiet else 0,
                reset="subtract" if retain and not quiet and random.integers(2) else "zero",
                bias=bias,
                initial=random.integers(-9, 10, size) if retain and not quiet else 0,
            )
        )
    places = {"input": 3, "a": sizes[0], "b": sizes[1]}
    projections: list[Synapses] = []
    for source in places:
        for target in "ab":
            count = int(random.integers(0, 12))
            pre, post = random.integers(0, places[source], count), random.integers(0, places[target], count)
            weight, delay = random.integers(-5, 8, count), random.integers(1, delays + 1, count)
            projections.append(Synapses(source, target, pre, post, weight, delay))
    lines = single_lines([f"n{n}" for n in range(sum(sizes))])
    outputs = 3 + np.arange(sum(sizes))
    return SpikingNetwork((3,), tuple(populations), tuple(projections), outputs, lines, np.ones(sum(sizes), int))


def spikes_of(seed: int) -> NDArray[np.bool_]:
    return np.random.default_rng(seed).random((STEPS - 4, 3)) < 0.4


def agrees(network: SpikingNetwork, changed: TargetNetwork, spikes: NDArray[np.bool_]) -> bool:
    """Whether every original line fires at every step as declared."""
    expected = simulate_reference(network, spikes, STEPS)
    found = changed.heard(run_flat(changed, changed.stimulus(spikes), STEPS * changed.period))
    return np.array_equal(found, expected)


PASSES: dict[str, Callable[[TargetNetwork], TargetNetwork]] = {
    "nothing": lambda flat: flat,
    "relays, one step": lambda flat: with_relays(flat, 1),
    "relays, two steps": lambda flat: with_relays(flat, 2),
    "no first membranes": without_initial,
    "thresholds from 4": lambda flat: thresholds_raised(flat, 4),
    "times 2": lambda flat: scaled(flat, 2),
    "times 6": lambda flat: scaled(flat, 6),
    "weights of at most 2": lambda flat: weights_split(flat, 2),
    "all at once": lambda flat: with_relays(
        weights_split(scaled(thresholds_raised(without_initial(flat), 1), 2), 3), 1
    ),
}


@pytest.mark.parametrize("name", PASSES)
@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**31))
def test_every_neuron_fires_as_declared(name: str, seed: int) -> None:
    network = random_network(seed)
    assert agrees(network, PASSES[name](TargetNetwork.of(network)), spikes_of(seed))


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**31))
def test_one_threshold_for_all_that_retain(seed: int) -> None:
    network = random_network(seed, quiet=True)
    changed = thresholds_united(TargetNetwork.of(network))
    assert len(set(changed.threshold[changed.retain].tolist())) <= 1
    assert agrees(network, changed, spikes_of(seed))


@given(st.lists(st.integers(1, 60), min_size=1, max_size=8))
def test_a_common_threshold_tells_the_same_sums_apart(thresholds: list[int]) -> None:
    top, factors = common_threshold(np.array(thresholds))
    sums = np.arange(-5, 70)
    assert ((factors[:, None] * sums >= top) == (sums >= np.array(thresholds)[:, None])).all()


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**31), st.integers(2, 4))
def test_stretched_time(seed: int, period: int) -> None:
    for network in (random_network(seed, memory=False), random_network(seed, quiet=True)):
        assert agrees(network, stretched(TargetNetwork.of(network), period), spikes_of(seed))


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**31), st.integers(2, 5))
def test_split_fan_out(seed: int, most: int) -> None:
    network = random_network(seed)
    flat = TargetNetwork.of(network)
    forward = flat.pre < flat.inputs + network.populations[0].size
    forward &= (flat.pre < flat.inputs) | (flat.post >= network.populations[0].size)  # from a to b alone: no loops
    flat = replace(flat, **{name: getattr(flat, name)[forward] for name in ("pre", "post", "weight", "delay")})
    changed = fan_out_split(flat, most)
    assert np.bincount(changed.pre, minlength=1).max(initial=0) <= most
    expected = run_flat(flat, spikes_of(seed), STEPS)
    found = changed.heard(run_flat(changed, changed.stimulus(spikes_of(seed)), STEPS))
    assert np.array_equal(found, expected)


@settings(max_examples=80, deadline=None)
@given(st.integers(0, 2**31), st.integers(3, 6))
def test_split_fan_in(seed: int, most: int) -> None:
    network = random_network(seed, memory=False)
    flat = stretched(TargetNetwork.of(network), 4)
    try:
        changed = fan_in_split(flat, most)
    except NetworkError as error:
        assert "no partial sums mend it" in str(error)  # noqa: PT017 - not every sum is small enough
        return
    assert np.bincount(changed.post, minlength=1).max(initial=0) <= most
    assert agrees(network, changed, spikes_of(seed))


def wide_gate(threshold: int, inputs: int = 12) -> SpikingNetwork:
    gate = Population("gate", (1,), threshold)
    every = Synapses("input", "gate", np.arange(inputs), np.zeros(inputs, int), 1)
    return SpikingNetwork((inputs,), (gate,), (every,), np.array([inputs]), single_lines("y"), np.array([1]))


@pytest.mark.parametrize("threshold", [1, 2, 11, 12])
def test_wide_gates_are_split_into_narrow_ones(threshold: int) -> None:
    network = wide_gate(threshold)
    changed = fan_in_split(stretched(TargetNetwork.of(network), 6), 4)
    assert changed.neurons > 1
    assert np.bincount(changed.post).max() <= 4
    spikes = np.random.default_rng(0).random((60, 12)) < (0.1 if threshold < 6 else 0.9)
    assert 0 < simulate_reference(network, spikes, STEPS)[:, 12].sum() < STEPS
    assert agrees(network, changed, spikes)


def test_a_neuron_that_keeps_its_membrane_is_not_split() -> None:
    network = wide_gate(3)
    network = replace(network, populations=(Population("gate", (1,), 3, retain=True),))
    with pytest.raises(NetworkError, match="neuron 0 hears 12 synapses, above 4"):
        fan_in_split(stretched(TargetNetwork.of(network), 3), 4)


def test_time_that_a_membrane_would_notice_is_not_stretched() -> None:
    network = wide_gate(3)
    network = replace(network, populations=(Population("gate", (1,), 3, retain=True, bias=1),))
    with pytest.raises(NetworkError, match="neuron 0 keeps its membrane and changes it without input"):
        stretched(TargetNetwork.of(network), 2)
    for change in (stretched, scaled, weights_split, fan_out_split):
        with pytest.raises(NetworkError, match=r"at least 1$"):
            change(TargetNetwork.of(wide_gate(1)), 0)


def test_what_fires_once_at_the_start_forgets() -> None:
    circuit = parse_circuit("INPUT(a)\nOUTPUT(q)\nq = DFF(d)\nd = XOR(q, a)\n", "bench")
    network = compile_circuit(circuit)
    assert TargetNetwork.of(network).retain.any()
    assert forgets(TargetNetwork.of(network))
    assert not forgets(TargetNetwork.of(replace(wide_gate(1), populations=(Population("gate", (1,), 3, retain=True),))))
    assert neurons_with_relays(network) == with_relays(without_initial(TargetNetwork.of(network)), 1).neurons


@pytest.mark.parametrize("wrong", [1, -1])
def test_the_comparison_sees_a_threshold_off_by_one(wrong: int) -> None:
    seen = 0
    for seed in range(20):
        network = random_network(seed)
        flat = TargetNetwork.of(network)
        for neuron in range(flat.neurons):
            changed = flat.threshold.copy()
            changed[neuron] += wrong
            seen += not agrees(network, replace(flat, threshold=changed), spikes_of(seed))
    assert seen > 40
