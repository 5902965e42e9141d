"""Fit reports: three circuits counted by hand on each chip, limits that are just met and just missed, and proposals."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from logic import NetworkError, Population, SpikingNetwork, Synapses, compile_circuit, single_lines
from logic.chips import CHIPS, FitReport, find_chip, fit_chip, fit_circuit
from logic.chips.chip import QUANTITIES
from logic.chips.driving import doubly_driven
from logic.deployment import TargetNetwork, run_flat, with_relays
from tasks.circuits.deployed import deployed_circuits

CIRCUITS = deployed_circuits()
NAMES = [chip.name for chip in CHIPS]

# full adder, single-rail: carry = a + b + c >= 2 and sum = a + b + c - 2 carry >= 1, which hears a, b, c a step later
FULL = {
    "neurons": 2, "synapses": 7, "fan_in": 4, "fan_out": 2, "weights_per_neuron": 2, "longest_delay": 2, "depth": 2,
    "inputs": 3, "outputs": 2, "bias_neurons": 0, "period": 1,
}  # fmt: skip
# 8-bit adder, single-rail, as the specification counts it
ADDER = {"neurons": 16, "synapses": 67, "fan_in": 6, "longest_delay": 5, "inputs": 16, "outputs": 9}
# c17, minterm blocks: 6 gates of 4 patterns of 2 synapses, and 3 + 1 of them joined by two neurons
C17 = {
    "neurons": 36, "synapses": 72, "fan_in": 3, "weights_per_neuron": 1, "longest_delay": 3, "depth": 6, "inputs": 10,
    "outputs": 4,
}  # fmt: skip
ALIKE = {"full_adder": FULL, "adder8": ADDER, "c17": C17}
MAPPING = {"full_adder": "single-rail", "adder8": "single-rail", "c17": "logicsnn"}
# inputs and heard neurons (36 - 4) are sources of one core; 8 + 10 + 6 bits a synapse; weights are doubled
LOIHI: dict[str, dict[str, int]] = {
    "full_adder": {"cores": 1, "in_axons": 4, "out_axons": 1, "thresholds_per_core": 2, "largest_weight": 4,
                   "synapse_bits_per_core": 7 * 24, "threshold_bits": 2, "membrane_bits": 10},
    "adder8": {"cores": 1, "in_axons": 24, "largest_weight": 8, "synapse_bits_per_core": 67 * 24},
    "c17": {"cores": 1, "in_axons": 42, "out_axons": 32, "largest_weight": 2, "synapse_bits_per_core": 72 * 24},
}  # fmt: skip
PLAIN: dict[str, dict[str, int]] = {
    "full_adder": {"largest_weight": 2, "cores": 1},
    "adder8": {"largest_weight": 4, "cores": 1},
    "c17": {"largest_weight": 1, "cores": 1},
}
BY_HAND: dict[str, dict[str, dict[str, Any]]] = {
    "loihi1": LOIHI,
    "loihi2": LOIHI,
    "spinnaker2": PLAIN,
    "brainscales2": PLAIN,
    "xylo": {  # the inhibition of 2 must fade to an eighth; no drive of a sum exceeds 1, of two rails 2
        "full_adder": {"doubly_driven_neurons": 0, "fits": False, "period": 5},
        "adder8": {"bias_neurons": 7, "fits": False},
        "c17": {"doubly_driven_neurons": 0, "period": 3, "fits": False},
    },
    "xylo-imu": {
        "full_adder": {"reached_neurons": 2, "period": 5},
        "adder8": {"reached_neurons": 16},
        "c17": {"reached_neurons": 16, "period": 3},  # 4 gates hear inputs, with 4 patterns each
    },
    "speck": {  # a layer for each level, of two thresholds nowhere but in a level that mixes patterns and sums
        "full_adder": {"cores": 2, "channels": 1, "thresholds_per_core": 1, "targets_per_layer": 1},
        "adder8": {"cores": 5, "targets_per_layer": 2},
        "c17": {"cores": 6, "thresholds_per_core": 1, "layers_without_core": 0, "channels": 8},
    },
    "truenorth": {  # a, b, c with two delays and the carry; 16 rails of which 6 are heard twice; no weight but 1
        "full_adder": {"in_axons": 7, "neurons": 2, "cores": 1, "weights_per_neuron": 2},
        "adder8": {"cores": 1, "weights_per_neuron": 4, "neurons": 19},
        "c17": {"in_axons": 42, "neurons": 36, "cores": 1},
    },
}


def report_of(chip: str, name: str) -> FitReport:
    return fit_circuit(CIRCUITS[name], chip, MAPPING[name])


@pytest.mark.parametrize("name", MAPPING)
@pytest.mark.parametrize("chip", NAMES)
def test_circuits_are_counted_by_hand(chip: str, name: str) -> None:
    report, expected = report_of(chip, name), ALIKE[name] | BY_HAND[chip][name]
    found = {line.quantity: line.used for line in report.lines} | {"fits": report.fits}
    assert {key: found[key] for key in expected} == expected


def cells(
    pre: Any, post: Any, *, weight: Any = 1, delay: Any = 1, threshold: Any = 1, neurons: int = 1, inputs: int = 1,
    outputs: int = 0, retain: bool = False,
) -> SpikingNetwork:  # fmt: skip
    """One population that hears the input."""
    population = Population("cells", (neurons,), threshold, retain=retain)
    names = single_lines(f"y{at}" for at in range(outputs))
    return SpikingNetwork(
        (inputs,),
        (population,),
        (Synapses("input", "cells", pre, post, weight, delay),),
        inputs + np.arange(outputs) % neurons,
        names,
        np.ones(outputs, np.int64),
        single_lines(f"x{at}" for at in range(inputs)),
    )


def chain(layers: list[int]) -> SpikingNetwork:
    """Layers, each fully joined to the next, of one input line."""
    names = ["input", *(f"layer_{at}" for at in range(len(layers)))]
    sizes = [1, *layers]
    return SpikingNetwork(
        (1,),
        tuple(Population(name, (size,), 1) for name, size in zip(names[1:], layers, strict=True)),
        tuple(
            Synapses.dense(names[at], names[at + 1], np.ones((sizes[at + 1], sizes[at]), np.int64))
            for at in range(len(layers))
        ),
        np.zeros(0, np.int64),
        (),
        np.zeros(0, np.int64),
    )


def wide(count: int, **settings: Any) -> SpikingNetwork:
    """One neuron that hears so many lines."""
    return cells(np.arange(count), np.zeros(count), inputs=count, **settings)


def many(count: int, **settings: Any) -> SpikingNetwork:
    """So many neurons that hear one line."""
    return cells(np.zeros(count), np.arange(count), neurons=count, **settings)


def by_delay(count: int) -> SpikingNetwork:
    """One neuron that hears one line so many times, each time later."""
    return cells(np.zeros(count), np.zeros(count), delay=1 + np.arange(count))


# chip, quantity, a network that just meets the limit and one that just misses it
EDGES: list[tuple[str, str, SpikingNetwork, SpikingNetwork]] = [
    ("loihi1", "in_axons", wide(4096), wide(4097)),
    ("loihi1", "longest_delay", wide(1, delay=63), wide(1, delay=64)),
    ("loihi1", "threshold_bits", wide(1, threshold=65_536), wide(1, threshold=65_537)),
    ("loihi1", "membrane_bits", wide(600, weight=[109] * 599 + [244]), wide(600, weight=[109] * 599 + [245])),
    (
        "loihi1",
        "synapse_bits_per_core",
        wide(4096, weight=1),
        cells([0] * 43_691, [0] * 43_691, delay=range(1, 43_692)),
    ),
    ("loihi2", "longest_delay", wide(1, delay=64), wide(1, delay=65)),
    ("spinnaker2", "longest_delay", wide(1, delay=8), wide(1, delay=9)),
    ("truenorth", "in_axons", wide(256), wide(257)),
    ("truenorth", "weights_per_neuron", wide(4, weight=[1, 3, 9, 27]), wide(5, weight=[1, 3, 9, 27, 81])),
    ("truenorth", "longest_delay", wide(1, delay=15), wide(1, delay=16)),
    ("truenorth", "largest_weight", wide(1, weight=-127), wide(1, weight=-128)),
    ("xylo", "neurons", many(1000), many(1001)),
    ("xylo", "inputs", wide(16, threshold=9), wide(17, threshold=9)),
    ("xylo", "outputs", many(8, outputs=8), many(9, outputs=9)),
    ("xylo", "fan_out", many(64), many(65)),
    ("xylo", "largest_weight", wide(1, weight=63, threshold=63), wide(1, weight=64, threshold=64)),
    ("xylo", "doubly_driven_neurons", wide(3, threshold=2), wide(4, threshold=2)),
    ("xylo", "bias_neurons", wide(1, weight=-1, threshold=1), wide(1, weight=-1, threshold=0)),
    ("xylo", "retaining_neurons", wide(1), wide(1, retain=True)),
    ("xylo-imu", "neurons", many(496), many(497)),
    ("xylo-imu", "reached_neurons", many(128), many(129)),
    ("speck", "cores", chain([1] * 9), chain([1] * 10)),
    ("speck", "channels", chain([1024]), chain([1025])),
    ("speck", "layers_without_core", chain([1, 256, 256, 256]), chain([1, 256, 256, 256, 256])),
    ("speck", "thresholds_per_core", many(2, threshold=3), many(2, threshold=[3, 4])),
    ("brainscales2", "neurons", many(512), many(513)),
    ("brainscales2", "fan_in", wide(256), wide(257)),
]


@pytest.mark.parametrize(
    ("chip", "quantity", "met", "missed"), EDGES, ids=lambda value: value if isinstance(value, str) else ""
)
def test_limits_just_met_and_just_missed(chip: str, quantity: str, met: SpikingNetwork, missed: SpikingNetwork) -> None:
    assert fit_chip(met, chip).line(quantity).state == "fits"
    report = fit_chip(missed, chip)
    assert report.line(quantity).state == "exceeds"
    assert report.fits is False
    assert report.proposal


@pytest.mark.parametrize(
    ("chip", "network", "cores"),
    [
        ("loihi1", many(1024), 1),
        ("loihi1", many(1025), 2),
        ("loihi1", many(8, threshold=np.arange(1, 9)), 1),
        ("loihi1", many(9, threshold=np.arange(1, 10)), 2),
        ("loihi1", many(9, threshold=np.arange(-7, 2)), 1),  # those below 1 become biases
        ("spinnaker2", many(250), 1),
        ("spinnaker2", many(251), 2),
        ("truenorth", many(256), 1),
        ("truenorth", many(257), 2),
        ("truenorth", cells(np.arange(256), np.arange(256) // 128, inputs=256, neurons=2), 1),
        ("truenorth", cells(np.arange(258), np.arange(258) // 129, inputs=258, neurons=2), 2),
    ],
)
def test_cores_are_closed_at_their_limits(chip: str, network: SpikingNetwork, cores: int) -> None:
    assert fit_chip(network, chip).line("cores").used == cores


def test_large_weights_are_split_where_that_can_be() -> None:
    line = fit_chip(wide(2, weight=[127, -128]), "loihi1").line("largest_weight")
    assert (line.used, line.state, line.note) == (254, "fits", "1 synapses split into 2, the largest weight was 256")
    assert fit_chip(wide(2, weight=[127, -300]), "brainscales2").line("fan_in").used == 3 + 5
    assert fit_chip(wide(1, weight=300), "truenorth").line("largest_weight").state == "exceeds"


def test_axons_of_another_type_are_counted() -> None:
    """A line that one neuron hears with the smaller, another with the larger of its weights needs no second axon."""
    crossed = cells([0, 1, 0, 1], [0, 0, 1, 1], weight=[1, 2, 2, 1], inputs=2, neurons=2)
    assert fit_chip(crossed, "truenorth").line("in_axons").used == 2
    # x0 and x1 alike for the first neuron, different for the second
    torn = cells([0, 1, 0, 1], [0, 0, 1, 1], weight=[1, 1, 1, 2], inputs=2, neurons=2)
    line = fit_chip(torn, "truenorth").line("in_axons")
    assert (line.used, line.note) == (3, "1 axons repeat a source with another type or delay")


def test_a_fifth_weight_is_a_sum_on_several_axons() -> None:
    report = fit_chip(wide(5, weight=[1, 2, 3, 4, 5]), "truenorth")
    line = report.line("weights_per_neuron")
    assert (line.used, line.state, line.note) == (4, "fits", "1 neurons hear more, as sums of four")
    assert report.line("in_axons").used == 6  # 5 = 1 + 4 takes two
    assert report.line("in_axons").note == "1 axons repeat a source with another type or delay"


def test_a_source_of_two_axons_is_copied() -> None:
    """A neuron that is heard on two cores stands twice on its own."""
    first, rest = Population("first", (1,), 1), Population("rest", (300,), 1)
    links = (Synapses("input", "first", [0], [0], 1), Synapses("first", "rest", np.zeros(300), np.arange(300), 1))
    none = np.zeros(0, np.int64)
    report = fit_chip(SpikingNetwork((1,), (first, rest), links, none, (), none), "truenorth")
    assert report.line("neurons").used == 302
    assert report.line("neurons").note == "1 of them copies, each for a further axon"
    assert report.line("cores").used == 2


def test_what_is_not_public_is_never_fine() -> None:
    for chip in CHIPS:
        report = fit_chip(wide(1), chip)
        hidden = {name for name, limit in chip.limits.items() if limit.value is None}
        assert {line.quantity for line in report.lines if line.state == "not public"} == hidden
        assert report.fits is (None if hidden else True)
        assert ("keeps all limits that are public" in str(report)) == bool(hidden)
    assert {chip.name for chip in CHIPS if any(limit.value is None for limit in chip.limits.values())} == {
        "loihi2", "spinnaker2", "truenorth", "brainscales2",
    }  # fmt: skip


def test_limits_bear_sources_and_known_names() -> None:
    for chip in CHIPS:
        assert set(chip.limits) <= set(QUANTITIES)
        assert all(limit.source and limit.date for limit in chip.limits.values())
        lines = {line.quantity for line in fit_chip(wide(1), chip).lines}
        assert set(chip.limits) <= lines, "a limit is never looked at"


def test_the_binding_limit_is_the_fullest() -> None:
    assert fit_chip(wide(4097, delay=64), "loihi1").binding == "longest_delay"  # 1.016 of it, against 1.0002
    assert fit_chip(wide(2048), "loihi1").binding == "in_axons"


def test_proposals_hold() -> None:
    network = wide(2, delay=[1, 130])
    report = fit_chip(network, "loihi1")
    assert report.proposal == "relays for delays above 63 (3 neurons on 1 core)"
    flat = TargetNetwork.of(network)
    changed = with_relays(flat, 63)
    spikes = np.random.default_rng(0).random((300, 2)) < 0.5
    assert changed.neurons == 3
    assert np.array_equal(changed.heard(run_flat(changed, spikes, 300)), run_flat(flat, spikes, 300))


def test_other_mappings_are_proposed() -> None:
    report = fit_circuit(CIRCUITS["c17"], "xylo", "dual-rail")
    assert report.fits is False
    words = report.proposal.split()
    found = fit_circuit(CIRCUITS["c17"], "xylo", words[1], max_delay=int(words[3]))
    assert found.fits
    assert report.proposal.endswith(f"({found.line('neurons').used} neurons on 1 core)")
    wide_one = fit_circuit(CIRCUITS["adder8"], "xylo", "dual-rail")
    assert wide_one.proposal.startswith("nothing found")
    assert wide_one.proposal.endswith("no other mapping fits")


def test_drive_beyond_twice_the_threshold_is_decided_by_proof() -> None:
    """A sum over minterms is driven by one at most, which no interval tells; both rails of a signal never fire."""
    for mapping, driven in (("logicsnn", False), ("dual-rail", True)):
        network = compile_circuit(CIRCUITS["c17"], mapping)
        assert (doubly_driven(network)[0] > 0) == driven
        assert doubly_driven(network)[1] == "proved for all waves"
    loop = compile_circuit(CIRCUITS["counter4"], "single-rail")
    assert doubly_driven(loop)[1] == "if all that they hear fires at once"


def test_membranes_that_run_away_have_bits_for_some_steps() -> None:
    network = wide(2, weight=[1, -1], threshold=100, retain=True)
    line = fit_chip(network, "speck", steps=1000).line("membrane_bits")
    assert (line.used, line.note) == (11, "for all inputs, 1,000 steps from a reset")  # -999
    assert fit_chip(wide(2), "speck").line("membrane_bits").note == "for all inputs at all times"


def test_unknown_chips_are_named() -> None:
    with pytest.raises(NetworkError, match=r"did you mean loihi[12]\?"):
        find_chip("loihi")
    assert replace(find_chip("XYLO"), notes=()) == find_chip("xylo")
