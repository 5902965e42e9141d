"""Compiled circuits answer every wave as the circuit does, and the prover finds whatever breaks them."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from logic import (
    INPUT,
    Circuit,
    CircuitBuilder,
    CircuitError,
    Gate,
    Population,
    SpikingNetwork,
    Synapses,
    compile_circuit,
    simulate_reference,
    verify,
)


def evaluate(circuit: Circuit, values: Sequence[int]) -> list[int]:
    """The outputs by plain recursion over the definition of a gate."""
    wires = [0, *values]
    for gate, kind in enumerate(circuit.kinds):
        bits = [wires[code >> 1] ^ (code & 1) for code in circuit.operands(gate).tolist()]
        count = sum(bits)
        wires.append(
            {
                Gate.AND: count == len(bits),
                Gate.OR: count > 0,
                Gate.XOR: count % 2 == 1,
                Gate.MAJ: 2 * count > len(bits),
            }[Gate(int(kind))]
        )
    return [int(wires[code >> 1]) ^ (code & 1) for code in circuit.outputs.tolist()]


@st.composite
def circuits(draw: st.DrawFn) -> Circuit:
    make = CircuitBuilder()
    literals = list(make.inputs(*"abcd"))
    for _ in range(draw(st.integers(1, 8))):
        kind = draw(st.sampled_from(list(Gate)))
        width = draw(st.sampled_from([1, 3] if kind is Gate.MAJ else [1, 2, 3]))
        operands = [draw(st.sampled_from(literals)) for _ in range(width)]
        literals.append(make.gate(kind, [~x if draw(st.booleans()) else x for x in operands]))
    chosen = draw(st.lists(st.sampled_from(literals), min_size=1, max_size=3))
    return make.build_from({f"out{i}": ~x if draw(st.booleans()) else x for i, x in enumerate(chosen)})


def rails(values: Sequence[int]) -> list[bool]:
    return [bool(value == rail) for value in values for rail in (0, 1)]


@settings(max_examples=80, deadline=None)
@given(circuits(), st.sampled_from(["delays", "relays"]))
def test_back_to_back_waves_are_answered_as_the_circuit_does(circuit: Circuit, balance: str) -> None:
    network = compile_circuit(circuit, "dual-rail", balance)
    waves = list(product((0, 1), repeat=4))
    trains = simulate_reference(network, np.array([rails(wave) for wave in waves]), steps=len(waves) + network.latency)
    for start, wave in enumerate(waves):
        found = [bool(trains[start + t, line]) for line, t in zip(network.outputs, network.latencies, strict=True)]
        assert found == rails(evaluate(circuit, wave))
    assert verify(network, circuit).holds


def adder() -> Circuit:
    make = CircuitBuilder()
    a, b, c = make.inputs("a", "b", "c")
    return make.build(sum=a ^ b ^ c, carry=make.gate(Gate.MAJ, (a, b, c)))


def mutants(network: SpikingNetwork) -> list[SpikingNetwork]:
    """Every threshold and every weight changed by one, every synapse removed."""
    changed: list[SpikingNetwork] = []
    for index, population in enumerate(network.populations):
        for neuron, step in product(range(population.size), (-1, 1)):
            threshold = population.threshold.copy()
            threshold[neuron] += step
            others = list(network.populations)
            others[index] = Population(population.name, population.shape, threshold)
            changed.append(replace(network, populations=tuple(others)))
    for index, synapses in enumerate(network.projections):
        assert isinstance(synapses, Synapses)
        for synapse, step in product(range(len(synapses.pre)), (-1, 1)):
            weight = synapses.weight.copy()
            weight[synapse] += step
            links = list(network.projections)
            links[index] = Synapses(
                synapses.source, synapses.target, synapses.pre, synapses.post, weight, synapses.delay
            )
            changed.append(replace(network, projections=tuple(links)))
    return changed


def test_every_mutation_that_matters_is_refuted_with_a_true_counterexample() -> None:
    circuit = adder()
    network = compile_circuit(circuit)
    harmful = 0
    for mutant in mutants(network):
        table = {}
        for wave in product((0, 1), repeat=3):
            trains = simulate_reference(mutant, np.array([rails(wave)]), steps=1 + mutant.latency)
            found = [bool(trains[t, line]) for line, t in zip(mutant.outputs, mutant.latencies, strict=True)]
            table[wave] = found == rails(evaluate(circuit, wave))
        verdict = verify(mutant, circuit)
        assert verdict.holds is all(table.values())
        if verdict.counterexample is not None:
            harmful += 1
            assert not table[tuple(verdict.counterexample[name] for name in "abc")]
    assert harmful > 50


def test_constants_inputs_and_repeated_outputs_compile() -> None:
    make = CircuitBuilder()
    a, b = make.inputs("a", "b")
    circuit = make.build(zero=make.false, one=~make.false, same=a, negated=~a, both=a & b, again=a & b)
    for balance in ("delays", "relays"):
        assert verify(compile_circuit(circuit, "dual-rail", balance), circuit).holds


def test_what_cannot_be_compiled_is_refused() -> None:
    make = CircuitBuilder()
    (a,) = make.inputs("a")
    with pytest.raises(CircuitError, match="complemented"):
        compile_circuit(make.build(out=~a), "positive")
    with pytest.raises(CircuitError, match="unknown mapping"):
        compile_circuit(make.build(out=a), "triple-rail")


def test_paths_of_unequal_delay_and_loops_are_refuted() -> None:
    circuit = adder()
    network = compile_circuit(circuit)
    first = network.projections[0]
    assert isinstance(first, Synapses)
    late = Synapses(first.source, first.target, first.pre, first.post, first.weight, first.delay + (first.pre == 0))
    assert verify(replace(network, projections=(late, network.projections[1])), circuit).holds is False
    loop = Synapses("gates", "gates", [0, 1], [1, 0], 1)
    assert verify(replace(network, projections=(Synapses(INPUT, "gates", [0], [2], 1), loop)), circuit).holds is False
