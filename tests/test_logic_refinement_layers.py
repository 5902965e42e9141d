"""Populations against layers in real numbers: equal ones are proved, mutants are shown by spikes that do differ."""

import re
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import torch
import z3
from hypothesis import given, settings, strategies as st

from logic import (
    INPUT,
    Arithmetic,
    Convolution,
    Line,
    NetworkError,
    Population,
    RealLayer,
    RealLink,
    SpikingNetwork,
    Synapses,
    conjunction,
    membrane_bounds,
    prove_layer,
    prove_layers,
    simulate_reference,
)
from logic.network import Integers
from logic.refinement import neuron_lemmas
from logic.refinement.layer_traces import Side, run
from logic.refinement.neuron_lemmas import NeuronKind, floor_lemma, machine_lemma
from tests.networks import random_network

KINDS = [NeuronKind(False)] + [
    NeuronKind(True, leak, reset) for leak in (0, 1, 3, 62) for reset in ("zero", "subtract")
]
SHAPE, UNIT = (2, 5, 5), 1 / 32


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_lemmas_hold_for_every_kind(kind: NeuronKind) -> None:
    assert floor_lemma(kind).holds is True
    assert all(machine_lemma(kind, bits).holds for bits in (2, 9, 24))


def test_the_lemma_is_of_floors_and_of_no_other_rounding(monkeypatch: pytest.MonkeyPatch) -> None:
    def is_ceiling(whole: z3.ArithRef, real: z3.ArithRef) -> z3.BoolRef:
        return conjunction([real <= whole, whole < real + 1])

    floor_lemma.cache_clear()
    monkeypatch.setattr(neuron_lemmas, "_is_floor", is_ceiling)
    assert floor_lemma(NeuronKind(leak=1)).holds is False
    floor_lemma.cache_clear()


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_one_neuron_as_in_fractions_and_as_in_the_reference(seed: int) -> None:
    rng = np.random.default_rng(seed)
    kind = KINDS[rng.integers(len(KINDS))]
    weights, threshold, bias = rng.integers(-9, 10, 5), int(rng.integers(-2, 12)), int(rng.integers(-2, 3))
    spikes = rng.random((12, 5)) < 0.5
    integer = run(Side(weights, kind.decay, True, kind.reset, Fraction(threshold), bias), spikes)
    real = run(Side(weights, kind.decay, False, kind.reset, Fraction(threshold), bias), spikes)
    assert integer.fired == real.fired
    start = 0  # the reference hears a spike one step later: so it starts with a membrane that one step brings to 0
    cell = Population(
        "cell", (1,), threshold, retain=kind.retain, leak=kind.leak, reset=kind.reset, bias=[0], initial=[start]
    )
    wires = Synapses(INPUT, "cell", np.arange(6), np.zeros(6, int), [*weights, bias])
    network = SpikingNetwork((6,), (cell,), (wires,), np.array([6]), (Line("y"),), np.array([1]))
    given_spikes = np.concatenate([spikes, np.ones((12, 1), bool)], axis=1)
    if threshold > 0:
        assert tuple(simulate_reference(network, given_spikes, 13)[1:, 6].tolist()) == integer.fired


def convolutional(rng: np.random.Generator, kind: NeuronKind) -> tuple[SpikingNetwork, RealLayer]:
    """A padded convolution of two channels into three, and the layer that it is, in units of 1/32 and with gain."""
    kernel, threshold = rng.integers(-7, 8, (3, 2, 3, 3)), rng.integers(3, 9, 3)
    cells = Population("map", (3, 3, 3), np.repeat(threshold, 9), retain=kind.retain, leak=kind.leak, reset=kind.reset)
    link = Convolution(INPUT, "map", kernel, stride=2, padding=1)
    network = SpikingNetwork(SHAPE, (cells,), (link,), np.array([50]), (Line("y"),), np.array([1]))
    real = RealLink(INPUT, kernel * UNIT, stride=2, padding=1)
    return network, RealLayer([real], threshold * UNIT / 2, float(kind.decay), kind.reset, gain=0.5, unit=UNIT)


@pytest.mark.parametrize("kind", KINDS[:5], ids=str)
def test_a_convolution_is_its_layer_in_torch(kind: NeuronKind) -> None:
    rng = np.random.default_rng(3)
    network, layer = convolutional(rng, kind)
    bounds = membrane_bounds(network, 9)
    verdict = prove_layer(network, "map", layer, arithmetic=Arithmetic(12, 24, bounds))
    assert verdict.holds, verdict
    assert "fires exactly when the layer's does in real numbers and, for 9 steps, in floating point of 24" in str(
        verdict
    )
    spikes = torch.from_numpy(rng.random((8, *SHAPE)) < 0.5)
    weight, membrane = torch.tensor(layer.links[0].weight, dtype=torch.float32), torch.zeros(1, 3, 3, 3)
    limit = torch.tensor(layer.threshold, dtype=torch.float32)[:, None, None]
    expected: list[torch.Tensor] = []
    for step in spikes:
        current = torch.nn.functional.conv2d(step[None].float(), weight, stride=2, padding=1)
        membrane = layer.decay * membrane + 0.5 * current
        expected.append(membrane >= limit)
        membrane = membrane - limit * expected[-1] if kind.reset == "subtract" else membrane * ~expected[-1]
    found = simulate_reference(network, spikes.reshape(8, -1).numpy(), 9)[1:, 50:]
    np.testing.assert_array_equal(found, torch.stack(expected).reshape(8, -1).numpy())


def changed(network: SpikingNetwork, **changes: Any) -> SpikingNetwork:
    old = network.populations[0]
    known: dict[str, Any] = {
        "retain": old.retain,
        "leak": old.leak,
        "reset": old.reset,
        "bias": old.bias,
        "initial": old.initial,
    }
    threshold = changes.pop("threshold", old.threshold)
    return replace(network, populations=(Population("map", old.shape, threshold, **(known | changes)),))


MUTANTS: dict[str, Callable[[SpikingNetwork], SpikingNetwork]] = {
    "threshold": lambda net: changed(net, threshold=net.populations[0].threshold + (np.arange(27) == 4)),
    "leak": lambda net: changed(net, leak=2),
    "no leak": lambda net: changed(net, leak=0),
    "reset": lambda net: changed(net, reset="subtract"),
    "forgets": lambda net: changed(net, retain=False, leak=0),
    "bias": lambda net: changed(net, bias=np.arange(27) == 13),
    "initial": lambda net: changed(net, initial=[*[0] * 20, 4, *[0] * 6]),
    "weight": lambda net: with_kernel(net, lambda kernel: kernel + (np.arange(54).reshape(kernel.shape) == 31)),
    "turned": lambda net: with_kernel(net, lambda kernel: kernel[:, :, ::-1]),
}


def with_kernel(network: SpikingNetwork, change: Callable[[Integers], Integers]) -> SpikingNetwork:
    (link,) = network.projections
    assert isinstance(link, Convolution)
    return replace(network, projections=(replace(link, kernel=change(link.kernel)),))


@pytest.mark.parametrize("mutant", MUTANTS)
def test_mutants_are_refuted_by_spikes_that_do_differ(mutant: str) -> None:
    network, layer = convolutional(np.random.default_rng(1), NeuronKind(leak=1))
    wrong = MUTANTS[mutant](network)
    verdict = prove_layer(wrong, "map", layer)
    assert verdict.holds is False, verdict
    assert verdict.counterexample is not None
    assert "membranes" in verdict.detail
    spikes = np.zeros((8, 50), bool)
    for name in verdict.counterexample:
        match = re.fullmatch(r"input\[(\d+)\]@(\d+)", name)
        assert match is not None, name
        spikes[int(match[2]), int(match[1])] = True
    ours, theirs = simulate_reference(wrong, spikes, 9)[:, 50:], simulate_reference(network, spikes, 9)[:, 50:]
    assert (ours != theirs).any()  # the network before the mutation is the layer


def test_what_is_not_exact_is_refused() -> None:
    network, layer = convolutional(np.random.default_rng(1), NeuronKind(leak=1))
    third = replace(layer, unit=1 / 48)
    with pytest.raises(NetworkError, match=r"input -> map: the weight .* is no multiple of"):
        prove_layer(network, "map", third)
    between = replace(layer, threshold=np.asarray(layer.threshold) + UNIT / 8)
    assert prove_layer(network, "map", between).holds is False  # a real membrane has halves, the integer one has not
    gate, its = convolutional(np.random.default_rng(1), NeuronKind(False))
    assert prove_layer(gate, "map", replace(its, threshold=np.asarray(its.threshold) - UNIT / 8)).holds is True
    few = prove_layer(network, "map", layer, arithmetic=Arithmetic(bits=5))
    assert (few.holds, few.counterexample) == (None, None)
    assert "may need 8 bits, above 5" in few.detail
    endless = prove_layer(network, "map", layer, arithmetic=Arithmetic(mantissa=24))
    assert "give bounds for a number of steps" in endless.detail
    short = prove_layer(network, "map", layer, arithmetic=Arithmetic(mantissa=24, bounds=membrane_bounds(network, 40)))
    assert "binary digits, above 24" in short.detail


def test_bytes_as_planes_functions_and_delays() -> None:
    rng = np.random.default_rng(7)
    kernel = rng.integers(-3, 4, (2, 1, 3, 3))
    planes = np.concatenate([kernel * 2**bit for bit in range(8)], axis=1)
    populations = (
        Population("first", (2, 4, 4), 900, retain=True, leak=1),
        Population("pooled", (2, 2, 2), 4, retain=True, leak=1),
    )
    links = (
        Convolution(INPUT, "first", planes, padding=1),
        Convolution("first", "pooled", np.ones((2, 1, 2, 2), int), stride=2, groups=2, delay=2),
        Convolution(INPUT, "pooled", np.repeat(2 ** np.arange(8), 4).reshape(1, 8, 2, 2).repeat(2, 0), 2, delay=3),
    )
    network = SpikingNetwork((8, 4, 4), populations, links, np.array([128]), (Line("y"),), np.array([3]))

    def average(spikes: np.ndarray) -> np.ndarray:
        return torch.nn.functional.avg_pool2d(torch.from_numpy(spikes), 2).numpy()

    bits = [(0, 2**bit) for bit in range(8)]
    layers = {
        "first": RealLayer([RealLink(INPUT, kernel, padding=1, planes=bits)], 450, 0.5, gain=0.5),
        "pooled": RealLayer(
            [
                RealLink("first", average, delay=2),
                RealLink(INPUT, np.full((2, 1, 2, 2), 0.25), 2, delay=3, planes=bits),
            ],
            1,
            0.5,
            unit=0.25,
        ),
    }
    verdict = prove_layers(network, layers, arithmetic=Arithmetic(16))
    assert verdict.holds, verdict
    assert verdict.claim.startswith("whatever the input, each of the 40 neurons of 2 populations fires exactly when")
    late = layers | {
        "pooled": replace(
            layers["pooled"], links=[*layers["pooled"].links[:1], replace(layers["pooled"].links[1], delay=1)]
        )
    }
    with pytest.raises(NetworkError, match=r"links of 'pooled' are late by \[1, 3\] steps"):
        prove_layers(network, late)
    swapped = RealLink(INPUT, kernel, padding=1, planes=bits[::-1])
    assert prove_layers(network, layers | {"first": replace(layers["first"], links=[swapped])}).holds is False
    with pytest.raises(NetworkError, match="a layer hears 'first', which is no layer"):
        prove_layers(network, {"pooled": layers["pooled"]})


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_membranes_stay_within_their_bounds(seed: int) -> None:
    rng = np.random.default_rng(seed)
    network = random_network(rng, balanced=False, retain=rng.random() < 0.8, spread=int(rng.choice([2, 9])))
    flat, steps, shown = network.flatten(), 16, int(rng.integers(0, 17))
    spikes = rng.random((steps, flat.inputs)) < rng.random()
    spikes[shown:] = False
    fired, membrane = simulate_reference(network, spikes, steps), flat.initial
    bounds, always = membrane_bounds(network, steps, shown), membrane_bounds(network)
    assert (bounds.low >= -(1 << bounds.bits - 1)).all()
    assert (bounds.high < 1 << bounds.bits - 1).all()
    for step in range(steps):
        arrived = step - flat.delay
        on = np.where(arrived >= 0, fired[np.maximum(arrived, 0), flat.pre], False)
        driven = np.where(flat.retain, membrane >> flat.leak, 0) + flat.bias
        np.add.at(driven, flat.post, flat.weight * on)
        after = np.where(driven >= flat.threshold, np.where(flat.subtract, driven - flat.threshold, 0), driven)
        for reached in (membrane, driven, after):
            assert (bounds.low <= reached).all()
            assert (reached <= bounds.high).all()
            assert ((always.low <= reached) & (reached <= always.high))[always.bounded].all()
        membrane = after


def test_bounds_are_those_worked_out_by_hand() -> None:
    def cell(**options: Any) -> SpikingNetwork:
        wires = Synapses(INPUT, "cell", [0, 1], [0, 0], [7, -6])
        cells = (Population("cell", (1,), 10, **options), Population("next", (1,), 1))
        links = (wires, Synapses("cell", "next", [0], [0], 1))
        return SpikingNetwork((2,), cells, links, np.array([2]), (Line("y"),), np.array([1]))

    def found(network: SpikingNetwork, steps: int | None = None, shown: int | None = None) -> list[Any]:
        bounds = membrane_bounds(network, steps, shown)
        return [bounds.low[0], bounds.high[0], bool(bounds.bounded[0])]

    assert found(cell()) == [-6, 7, True]
    assert found(cell(retain=True), 4) == [-18, 16, True]  # three arrivals; 9 + 7
    assert found(cell(retain=True), 9, shown=3) == [-18, 16, True]
    assert found(cell(retain=True))[2] is False
    assert found(cell(retain=True, leak=1)) == [-12, 11, True]
    assert found(cell(retain=True, reset="subtract"), 5) == [-24, 16, True]  # what is above 10 is at most 6, and 9 + 7
    assert membrane_bounds(cell()).high[1] == 0  # 7 never reaches 10, so the next neuron hears nothing
    with pytest.raises(NetworkError, match="at least one step"):
        membrane_bounds(cell(), 0)
