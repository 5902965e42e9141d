"""Obligations of compiled networks, and that a network which breaks one is not certified."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from logic import CircuitBuilder, Population, SpikingNetwork, Synapses, compile_circuit
from logic.library import ripple_add
from logic.proving.obligations import (
    losing_spikes,
    prove_delays,
    prove_fail_silent_directly,
    prove_no_overflow,
    prove_obligations,
)
from logic.rails import rail_lines, single_lines
from logic.simulation.faults import inject_faults
from tasks.circuits.fault_injection import majority_adder

NAMES = ("function", "exclusive", "fail-silent", "overflow", "delay")


@pytest.mark.parametrize("inputs", [1, 2, 3, 4])
def test_a_loss_never_makes_a_neuron_fire(inputs: int) -> None:
    assert losing_spikes(inputs).holds is True
    assert losing_spikes(inputs) is losing_spikes(inputs)


def test_dual_rail_networks_keep_every_promise_and_single_rail_ones_some() -> None:
    make = CircuitBuilder()
    a, b = (make.inputs(*(f"{name}{bit}" for bit in range(4))) for name in "ab")
    circuit = make.build_from({f"s{place}": bit for place, bit in enumerate(ripple_add(a, b))})
    for mapping in ("dual-rail", "majority", "logicsnn", "fail-silent"):
        found = prove_obligations(compile_circuit(circuit, mapping), circuit)
        assert [found[name].holds for name in NAMES] == [True] * 5, mapping
    found = prove_obligations(compile_circuit(circuit, "single-rail"), circuit)
    assert [found[name].holds for name in NAMES] == [True, None, None, True, True]


def test_the_32_bit_adder_is_fail_silent_by_direct_proof() -> None:
    network = majority_adder(32)
    assert (network.neurons, len(network.flatten().weight)) == (192, 576)
    assert prove_fail_silent_directly(network).holds is True


def test_inhibition_is_not_certified_and_injection_shows_why() -> None:
    """Y is A in two rails, but rail 0 is 'not rail 1', so that a lost spike makes it fire."""
    network = SpikingNetwork(
        (2,),
        (Population("gates", (2,), [0, 1]),),
        (Synapses("input", "gates", [1, 1], [0, 1], [-1, 1]),),
        np.array([2, 3]),
        rail_lines("y"),
        np.array([1, 1]),
        rail_lines("a"),
    )
    make = CircuitBuilder()
    (a,) = make.inputs("a")
    found = prove_obligations(network, make.build(y=a))
    assert found["function"].holds is True
    assert found["fail-silent"].holds is None
    assert prove_fail_silent_directly(network).holds is False
    assert inject_faults(network, 640, 0, deletion=0.5).wrong > 0


def test_bounds_are_tight() -> None:
    network = majority_adder(2)
    assert [prove_no_overflow(network, bits).holds for bits in (2, 3)] == [False, True]
    longest = int(network.flatten().delay.max())
    assert [prove_delays(network, steps).holds for steps in (longest - 1, longest)] == [False, True]
    biased = replace(
        network, populations=tuple(Population(p.name, p.shape, p.threshold, bias=5) for p in network.populations)
    )
    assert [prove_no_overflow(biased, bits).holds for bits in (4, 5)] == [False, True]


def test_retained_membranes_have_bounds_or_are_shown_to_leave_them() -> None:
    def cell(**options: Any) -> SpikingNetwork:
        cells = (Population("cell", (1,), 10, retain=True, **options),)
        wires = Synapses("input", "cell", [0, 1], [0, 0], [7, -6])
        return SpikingNetwork((2,), cells, (wires,), np.array([2]), single_lines(["y"]), np.array([1]))

    leaky = cell(leak=1)  # -12 .. 11
    assert [prove_no_overflow(leaky, bits).holds for bits in (4, 5)] == [False, True]
    assert "threshold of 10" in prove_no_overflow(leaky, 4).detail
    stronger = replace(leaky, projections=(Synapses("input", "cell", [0, 1], [0, 0], [7, -12]),))
    found = prove_no_overflow(stronger, 5)
    assert found.holds is False
    assert found.counterexample == {"input[0]@6": 1, "input[1]@7": 1, "input[1]@8": 1}
    assert found.detail == "neuron 0 reaches -17"  # floor(floor(7 / 2) - 12 = -9 / 2) - 12
    endless = prove_no_overflow(cell(), 20)
    assert (endless.holds, endless.detail) == (None, "neuron 0 has no bound for all time; give a number of steps")
    assert prove_no_overflow(cell(), 20, steps=50).holds is True
    high = prove_no_overflow(
        SpikingNetwork(
            (1,),
            (Population("a", (1,), 7), Population("b", (1,), 4), Population("c", (1,), 3)),
            (
                Synapses("input", "a", [0], [0], 9),
                Synapses("input", "b", [0], [0], -9),
                Synapses("a", "c", [0], [0], 20),
                Synapses("b", "c", [0], [0], 20),
            ),
            np.array([1]),
            single_lines(["y"]),
            np.array([1]),
        ),
        6,
    )
    assert high.holds is True  # b never fires, so that c hears 20, not 40
