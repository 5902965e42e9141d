"""One semantics: all simulators and a plain one written here agree on random networks; their mutants are caught."""

# pyright: reportPrivateUsage=false
# Rules are changed inside of the simulators.

import inspect
import sys
from collections.abc import Callable
from fractions import Fraction
from math import floor
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings, strategies as st

from logic import (
    INPUT,
    Convolution,
    Projection,
    SpikingNetwork,
    network as network_module,
    simulate,
    simulate_reference,
)
from logic.deployment import TargetNetwork, run_flat
from logic.projections import write_out
from logic.simulation import bit_simulator, reference, simulator, step_plan
from logic.simulation.bit_simulator import simulate_bits
from logic.simulation.step_plan import membrane_bits
from logic.simulation.word_gates import membrane_template
from tests.networks import random_maps

Trains = np.ndarray
Simulator = Callable[[SpikingNetwork, Trains, int], Trains]
SEEDS = st.integers(0, 2**32 - 1)
STEPS = 11


def plain(network: SpikingNetwork, spikes: Trains, steps: int, *, floors: bool = True) -> Trains:
    """The semantics again, on maps and without ``flatten``; membranes are fractions, and stay so without floors."""
    names = [INPUT, *(population.name for population in network.populations)]
    sent = {name: list[Trains]() for name in names}
    zero = np.vectorize(Fraction, otypes=[object])
    membranes = {population.name: zero(population.initial) for population in network.populations}
    for step in range(steps):
        given = spikes[step] if step < len(spikes) else np.zeros(spikes.shape[1], bool)
        fired = {INPUT: given}
        for population in network.populations:
            left = membranes[population.name] * (Fraction(1, 2**population.leak) if population.retain else 0)
            if floors:
                left = np.array([Fraction(floor(value)) for value in left], object)
            total = left + population.bias
            for link in network.projections:
                if link.target == population.name:
                    total = total + arrived(link, network, sent[link.source], step)
            now = (total >= population.threshold).astype(bool)
            rest = total - population.threshold if population.reset == "subtract" else 0 * total
            membranes[population.name] = np.where(now, rest, total)
            fired[population.name] = now
        for name in names:
            sent[name].append(fired[name])
    return np.concatenate([np.stack(sent[name]) for name in names], axis=1)


def arrived(link: Projection, network: SpikingNetwork, sent: list[Trains], step: int) -> Trains:
    """The current of a link at a step, window by window or synapse by synapse."""
    source, target = network.shape_of(link.source), network.shape_of(link.target)
    total = np.zeros(int(np.prod(target)), np.int64)
    if not isinstance(link, Convolution):
        for pre, post, weight, delay in zip(link.pre, link.post, link.weight, link.delay, strict=True):
            total[post] += weight * sent[step - delay][pre] if step >= delay else 0
        return total
    if step < link.delay:
        return total
    edge = link.padding
    picture = np.pad(sent[step - link.delay].reshape(source), ((0, 0), (edge, edge), (edge, edge)))
    out, per_group, height, width = link.kernel.shape
    for channel, row, column in np.ndindex(*target):
        first, y, x = channel // (out // link.groups) * per_group, row * link.stride, column * link.stride
        window = picture[first : first + per_group, y : y + height, x : x + width]
        total[(channel * target[1] + row) * target[2] + column] = (window * link.kernel[channel]).sum()
    return total


def by_torch(network: SpikingNetwork, spikes: Trains, steps: int) -> Trains:
    given_spikes = torch.from_numpy(spikes).reshape(len(spikes), 1, *network.input_shape)
    found = simulator.simulate(network, given_spikes, steps)
    return torch.cat([trains.flatten(1) for trains in found.values()], dim=1).numpy()


def by_bits(network: SpikingNetwork, spikes: Trains, steps: int) -> Trains:
    return simulate_bits(network, spikes[:, None], steps)[:, 0]


SIMULATORS: dict[str, Simulator] = {
    "reference": lambda network, spikes, steps: reference.simulate_reference(network, spikes, steps),
    "torch": by_torch,
    "bits": by_bits,
    "deployed": lambda network, spikes, steps: run_flat(TargetNetwork.of(network), spikes, steps),
}


def case(seed: int) -> tuple[SpikingNetwork, Trains]:
    rng = np.random.default_rng(seed)
    network = random_maps(rng)
    return network, rng.random((7, int(np.prod(network.input_shape)))) < rng.choice([0.03, 0.3, 0.7])


@settings(max_examples=60, deadline=None)
@given(SEEDS)
def test_all_simulators_agree(seed: int) -> None:
    network, spikes = case(seed)
    expected = plain(network, spikes, STEPS)
    for name, run in SIMULATORS.items():
        np.testing.assert_array_equal(run(network, spikes, STEPS), expected, err_msg=name)


@settings(max_examples=60, deadline=None)
@given(SEEDS)
def test_real_membranes_fire_the_same_spikes(seed: int) -> None:
    network, spikes = case(seed)  # thresholds and currents are whole, so that the floor loses nothing
    np.testing.assert_array_equal(
        plain(network, spikes, STEPS, floors=False), simulate_reference(network, spikes, STEPS)
    )


@settings(max_examples=15, deadline=None)
@given(SEEDS)
def test_members_of_a_batch_do_not_meet(seed: int) -> None:
    network, first = case(seed)
    rng = np.random.default_rng(seed)
    spikes = np.stack([first, *(rng.random((66, *first.shape)) < 0.4)], axis=1)
    trains = simulate_bits(network, spikes, STEPS)
    maps = torch.from_numpy(spikes).reshape(len(spikes), -1, *network.input_shape)
    found = torch.cat([part.flatten(2) for part in simulate(network, maps, STEPS).values()], dim=2).numpy()
    np.testing.assert_array_equal(trains, found)
    for member in (0, 66):
        np.testing.assert_array_equal(trains[:, member], simulate_reference(network, spikes[:, member], STEPS))


ONE_SIDE = "conv2d(torch.nn.functional.pad(pictures, (0, 2 * padding) * 2), self.weight, None, stride, 0,"
MUTANTS: dict[str, tuple[str, Callable[..., Any], str, str]] = {
    "reference: ceiling": ("reference", simulate_reference, "membrane >> flat.leak", "-(-membrane >> flat.leak)"),
    "reference: reset to zero": ("reference", simulate_reference, "membrane - flat.threshold", "0"),
    "reference: leaks less": ("reference", simulate_reference, "membrane >> flat.leak", "membrane >> (flat.leak > 0)"),
    "flatten: pads one side": ("reference", write_out, "+ column - projection.padding", "+ column"),
    "flatten: another group": ("reference", write_out, "first_channel + within", "within"),
    "torch: ceiling": ("torch", simulator._Layer, "torch.floor", "torch.ceil"),
    "torch: toward zero": ("torch", simulator._Layer, "torch.floor", "torch.trunc"),
    "torch: reset to zero": ("torch", simulator._Layer, "drive - self.threshold * fired", "drive * ~fired"),
    "torch: leaks not in its sleep": ("torch", simulator._Layer, "* (1 + self.asleep)", ""),
    "torch: pads one side": (
        "torch",
        simulator._Link,
        "conv2d(pictures, self.weight, None, stride, padding,",
        ONE_SIDE,
    ),
    "bits: ceiling": ("bits", membrane_template, "- (offset >> leak)", "- (offset >> leak) + (leak > 0)"),
    "bits: leaks more": ("bits", membrane_template, "min(kind.leak, bits - 1)", "min(2 * kind.leak, bits - 1)"),
    "bits: reset to zero": ("bits", membrane_template, "if kind.subtract:", "if False:"),
    "bits: too few of them": (
        "bits",
        membrane_bits,
        "1 + max(1, value.bit_length())",
        "4",
    ),
}


@pytest.mark.parametrize("name", MUTANTS)
def test_one_wrong_rule_is_caught(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    simulator_name, right, text, wrong_text = MUTANTS[name]
    source = inspect.getsource(right)
    assert text in source, "the rule is written otherwise now; mutate it again"
    names = dict(vars(sys.modules[right.__module__]))
    exec(compile(source.replace(text, wrong_text), name, "exec"), names)
    for user in (network_module, reference, simulator, step_plan, bit_simulator):
        if getattr(user, right.__name__, None) is right:
            monkeypatch.setattr(user, right.__name__, names[right.__name__])
    for seed in range(100):
        network, spikes = case(seed)
        if not np.array_equal(SIMULATORS[simulator_name](network, spikes, STEPS), plain(network, spikes, STEPS)):
            return
    pytest.fail("no network told the mutant from the semantics")
