"""Bounds of a target are kept by the mapping, or the mapping is refused with what fits; either way it is proved."""

from itertools import product

import numpy as np
import pytest

from logic import Circuit, CircuitBuilder, CircuitError, Gate, compile_certified, compile_circuit, verify
from logic.library import ripple_add
from logic.mapping.compiler import MAPPINGS
from logic.mapping.constraints import Constraints, broken_bound


def circuits() -> dict[str, Circuit]:
    """A wide AND, a wide parity, an adder, a majority of five."""
    make = CircuitBuilder()
    leaves = make.inputs(*(f"x{at}" for at in range(40)))
    wide = {"all": make.gate(Gate.AND, leaves), "any": make.gate(Gate.OR, leaves[::2])}
    other = CircuitBuilder()
    parity = {"odd": other.gate(Gate.XOR, other.inputs(*(f"x{at}" for at in range(11))))}
    third = CircuitBuilder()
    a, b = third.inputs(*(f"a{at}" for at in range(4))), third.inputs(*(f"b{at}" for at in range(4)))
    fourth = CircuitBuilder()
    votes = fourth.inputs(*"abcde")
    return {
        "wide": make.build_from(wide),
        "parity": other.build_from(parity),
        "adder": third.build_from({f"s{at}": bit for at, bit in enumerate(ripple_add(a, b))}),
        "majority": fourth.build(most=fourth.majority(*votes)),
    }


CIRCUITS = circuits()


@pytest.mark.parametrize("mapping", MAPPINGS)
@pytest.mark.parametrize("name", CIRCUITS)
def test_bounds_are_kept_or_refused(name: str, mapping: str) -> None:
    circuit, kept = CIRCUITS[name], 0
    for fan_in, weight_bits, max_delay in product((None, 2, 3, 5), (None, 2), (None, 4)):
        bounds = {"fan_in": fan_in, "weight_bits": weight_bits, "max_delay": max_delay}
        try:
            network, certificate = compile_certified(
                circuit, mapping, fan_in=fan_in, weight_bits=weight_bits, max_delay=max_delay
            )
        except CircuitError:
            continue
        kept += 1
        assert not broken_bound(network, Constraints(**bounds))
        flat = network.flatten()
        assert np.bincount(flat.post, minlength=1).max() <= (fan_in or 10**9)
        assert flat.delay.max() <= (max_delay or 10**9)
        assert verify(network, circuit, certificate=certificate).holds
    assert kept or mapping == "positive"
    assert kept == 16 or mapping not in ("dual-rail", "single-rail", "fail-silent")


def test_what_fits_is_named() -> None:
    adder = CIRCUITS["adder"]
    with pytest.raises(
        CircuitError, match=r"a neuron has 3 synapses where fan-in 2 is allowed; what fits: .*single-rail"
    ):
        compile_circuit(adder, "majority", fan_in=2)
    with pytest.raises(CircuitError, match=r"neurons where 9 are allowed; what fits: single-rail \(8 neurons\)"):
        compile_circuit(adder, neurons=9)
    with pytest.raises(CircuitError, match="no mapping of this circuit keeps within the bounds"):
        compile_circuit(adder, neurons=1)
    for bound in ({"fan_in": 1}, {"weight_bits": 1}, {"max_delay": 0}, {"neurons": 0}):
        with pytest.raises(CircuitError, match="leaves nothing to compute with"):
            compile_circuit(adder, **bound)  # pyright: ignore[reportArgumentType]


def test_a_wide_gate_has_no_more_synapses_than_allowed() -> None:
    make = CircuitBuilder()
    circuit = make.build(y=make.gate(Gate.AND, make.inputs(*(f"x{at}" for at in range(5000)))))
    network, certificate = compile_certified(circuit, fan_in=16)
    assert np.bincount(network.flatten().post).max() == 16
    assert verify(network, circuit, certificate=certificate).holds
