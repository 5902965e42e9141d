"""Clocked circuits: the spiking registers answer wave by wave as the circuit does clock by clock."""

import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from numpy.typing import NDArray

from logic import compile_circuit
from logic.circuit import Circuit, CircuitBuilder, Gate
from logic.formats import read_circuit
from logic.simulation.reference import simulate_reference

Bits = NDArray[np.bool_]
DUAL = ("dual-rail", "majority", "logicsnn", "fail-silent")


def clocked(circuit: Circuit, inputs: Bits) -> Bits:
    """Outputs ``[T, O]`` for inputs ``[T, I]``, clock by clock, gate by gate."""
    state = circuit.register_initial == 1
    answers: list[Bits] = []
    for values in inputs:
        wires = np.zeros(circuit.wires, dtype=bool)
        wires[1 : circuit.first_gate] = [*values, *state]
        for gate, kind in enumerate(circuit.kinds):
            codes = circuit.operands(gate)
            count = int((wires[codes >> 1] ^ (codes & 1 == 1)).sum())
            needed = {Gate.AND: len(codes), Gate.OR: 1, Gate.MAJ: len(codes) // 2 + 1}
            wires[circuit.first_gate + gate] = count % 2 if kind == Gate.XOR else count >= needed[Gate(int(kind))]
        answers.append(wires[circuit.outputs >> 1] ^ (circuit.outputs & 1 == 1))
        state = wires[circuit.register_next >> 1] ^ (circuit.register_next & 1 == 1)
    return np.array(answers).reshape(len(inputs), len(circuit.outputs))


def check(circuit: Circuit, mapping: str, clocks: int, max_delay: int | None = None) -> None:
    inputs = np.random.default_rng(1).random((clocks, len(circuit.inputs))) < 0.5
    expected = clocked(circuit, inputs)
    if mapping in DUAL:
        inputs, expected = (np.stack([~v, v], 2).reshape(clocks, -1) for v in (inputs, expected))
    network = compile_circuit(circuit, mapping, max_delay=max_delay)
    period = network.period
    spikes = np.zeros((clocks * period, inputs.shape[1]), dtype=bool)
    spikes[::period] = inputs
    trains = simulate_reference(network, spikes, clocks * period + network.latency)
    when = np.arange(clocks)[:, None] * period + network.latencies
    assert np.array_equal(trains[when, network.outputs], expected)


@st.composite
def machines(draw: st.DrawFn) -> Circuit:
    """Random combinational circuits whose last inputs are made registers."""
    make = CircuitBuilder()
    wires = list(make.inputs(*(f"x{i}" for i in range(5))))
    for _ in range(draw(st.integers(0, 8))):
        kind = draw(st.sampled_from(tuple(Gate)))
        chosen = [draw(st.sampled_from(wires)) for _ in range(3)]
        wires.append(make.gate(kind, [~wire if draw(st.booleans()) else wire for wire in chosen]))
    ends = [draw(st.sampled_from([*wires, make.false])) for _ in range(4)]
    plain = make.build_from({f"y{i}": ~end if draw(st.booleans()) else end for i, end in enumerate(ends)})
    registers = draw(st.integers(1, 3))
    return Circuit(
        inputs=plain.inputs[:-registers],
        kinds=plain.kinds,
        offsets=plain.offsets,
        literals=plain.literals,
        outputs=plain.outputs[registers:],
        output_names=plain.output_names[registers:],
        register_next=plain.outputs[:registers],
        register_initial=np.array([draw(st.sampled_from((0, 1))) for _ in range(registers)]),
        register_names=plain.inputs[-registers:],
    )


@pytest.mark.parametrize("mapping", [*DUAL, "single-rail"])
@settings(max_examples=40, deadline=None)
@given(machine=machines(), max_delay=st.sampled_from((None, 1, 3)))
def test_machines_answer_as_their_circuits(mapping: str, machine: Circuit, max_delay: int | None) -> None:
    check(machine, mapping, 12, max_delay)


@pytest.mark.skipif("NEUROSYM_DATA" not in os.environ, reason="needs the benchmark circuits")
@pytest.mark.parametrize("mapping", ["dual-rail", "single-rail"])
def test_benchmark_machines(mapping: str) -> None:
    folder = Path(os.environ["NEUROSYM_DATA"]) / "circuits"
    found = 0
    for file in (*sorted((folder / "aiger_examples").glob("*.a?g")), folder / "iscas89" / "s27.bench"):
        circuit = read_circuit(file)
        if circuit.register_names:
            check(circuit, mapping, 40)
            found += 1
    assert found >= 6
