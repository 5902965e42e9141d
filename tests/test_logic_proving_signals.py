"""Which signals belong together, and which neurons hold registers, for circuits that are written down by hand."""

from dataclasses import replace

import numpy as np
import pytest

from logic import Circuit, CircuitError, Clock, compile_circuit, parse_circuit
from logic.proving.registers import held_registers
from logic.proving.signals import after, by_one_name
from logic.simulation.reference import simulate_reference

COUNTER = """
INPUT(go)
OUTPUT(full)
low = DFF(low_next)
high = DFF(high_next)
low_next = XOR(low, go)
carry = AND(low, go)
high_next = XOR(high, carry)
full = AND(low, high)
"""


def named(inputs: str, outputs: str) -> Circuit:
    """The conjunction of all inputs, once for each output."""
    return parse_circuit(
        f"INORDER = {' '.join(inputs)};\nOUTORDER = {' '.join(outputs)};\n"
        + "".join(f"{name} = {' * '.join(inputs)};\n" for name in outputs),
        "eqn",
    )


@pytest.mark.parametrize(
    ("impl", "spec", "inputs", "outputs", "order", "note"),
    [
        (("ab", "yz"), ("ba", "zy"), ("a", "b"), ("y", "z"), ("b", "a"), ""),  # the same names in another order
        (("ab", "yz"), ("cd", "yz"), ("c", "d"), ("y", "z"), ("a", "b"), ", matched by order"),
        (("ab", "yz"), ("ab", "uv"), ("a", "b"), ("u", "v"), ("a", "b"), ", matched by order"),
    ],
)
def test_names_or_order(
    impl: tuple[str, str],
    spec: tuple[str, str],
    inputs: tuple[str, ...],
    outputs: tuple[str, ...],
    order: tuple[str, ...],
    note: str,
) -> None:
    found = by_one_name(named(*impl), named(*spec))
    assert (found.circuit.inputs, found.circuit.output_names, found.note) == (inputs, outputs, note)
    assert found.circuit.literals.tolist() == named(*impl).literals.tolist()
    assert found.inputs == order


@pytest.mark.parametrize(
    ("impl", "spec", "message"),
    [
        (("ab", "y"), ("abc", "y"), "input 'c' is in one circuit only; they have 2 and 3 inputs"),
        (("ab", "y"), ("ac", "y"), "input 'b' is in one circuit only; name both circuits' inputs alike"),
        (("ab", "yz"), ("ab", "yv"), "output 'v' is in one circuit only"),
    ],
)
def test_what_cannot_be_matched_is_refused(impl: tuple[str, str], spec: tuple[str, str], message: str) -> None:
    with pytest.raises(CircuitError, match=message):
        by_one_name(named(*impl), named(*spec))


def test_clocks_are_one_or_refused() -> None:
    counter = parse_circuit(COUNTER, "bench")
    rising, falling = replace(counter, clock=Clock("clk")), replace(counter, clock=Clock("clk", rising=False))
    with pytest.raises(CircuitError, match="falling edge of 'clk'"):
        by_one_name(rising, falling)
    found = by_one_name(replace(counter, clock=None), rising)
    assert found.circuit.clock == Clock("clk")
    assert found.note == ", both clocked by the rising edge of 'clk', which one of them does not name"


def test_next_values_get_names_of_their_own() -> None:
    assert after(("r", "s"), ("y",)) == {"r": "next r", "s": "next s"}
    assert after(("r",), ("next r",)) == {"r": "next next r"}


@pytest.mark.parametrize("mapping", ["dual-rail", "single-rail"])
def test_neurons_hold_what_they_are_said_to_hold(mapping: str) -> None:
    counter = replace(parse_circuit(COUNTER, "bench"), register_initial=np.zeros(2, dtype=np.int64))
    network = compile_circuit(counter, mapping)
    literals = held_registers(network, counter)
    wires = {2: "low", 3: "high"}  # behind the constant and the input
    assert {wires[code >> 1] for code in literals.tolist() if code >= 0} == {"low", "high"}
    given = np.random.default_rng(0).random(40) < 0.6
    spikes = np.zeros((40 * network.period, len(network.input_lines)), dtype=bool)
    for position, line in enumerate(network.input_lines):
        spikes[:: network.period, position] = given if line.rail != 0 else ~given
    trains = simulate_reference(network, spikes, len(spikes) + 1)[:, len(network.input_lines) :]
    count = np.concatenate([[0], np.cumsum(given)[:-1]])
    for neuron, code in enumerate(literals.tolist()):
        if code >= 0:
            bit = count >> (0 if wires[code >> 1] == "low" else 1) & 1
            np.testing.assert_array_equal(trains[1 :: network.period, neuron][:40], bit ^ (code & 1))
