"""Certificate rows: right ones prove every mapping, and no hint, however wrong, proves anything false."""

import os
from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from numpy.typing import NDArray

from logic import (
    Circuit,
    CircuitBuilder,
    Gate,
    Population,
    SpikingNetwork,
    Synapses,
    compile_certified,
    simulate_reference,
    verify,
)
from logic.formats import read_circuit
from logic.mapping import Certificate
from logic.mapping.compiler import Compiled
from logic.proving import prove_monolithic
from logic.proving.certifying import certified
from logic.proving.rows import check_rows
from logic.proving.slots import assign_slots
from logic.rails import Line
from logic.sweeping.graph import AndGraph
from logic.sweeping.patterns import simulate
from logic.watch import Watch

MAPPINGS = ("logicsnn", "dual-rail", "single-rail", "majority", "fail-silent")
INPUTS = 5
VECTORS = np.array(list(product((False, True), repeat=INPUTS)))
DATA = Path(os.environ.get("NEUROSYM_DATA", "")) / "circuits"

Bits = NDArray[np.bool_]


def random_circuit(seed: int, gates: int = 14) -> Circuit:
    """Gates of all kinds and of up to seven literals."""
    generator = np.random.default_rng(seed)
    make = CircuitBuilder()
    signals = list(make.inputs(*(f"x{i}" for i in range(INPUTS))))
    for _ in range(gates):
        kind = Gate(int(generator.integers(4)))
        width = int(generator.choice([3, 5] if kind is Gate.MAJ else [1, 2, 2, 2, 3, 7 if kind < Gate.XOR else 4]))
        chosen = [signals[i] for i in generator.choice(len(signals), min(width, len(signals)), replace=False)]
        signals.append(make.gate(kind, [~x if generator.integers(2) else x for x in chosen]))
    return make.build(y=signals[-1] ^ signals[-2], z=~signals[-3], same=signals[0])


def values(circuit: Circuit) -> Bits:
    """``[vectors, outputs]``, by the definition of a gate."""
    wires = [np.zeros(len(VECTORS), bool), *VECTORS.T]
    for gate, kind in enumerate(circuit.kinds.tolist()):
        operands = np.array([wires[code >> 1] ^ bool(code & 1) for code in circuit.operands(gate).tolist()])
        count, width = operands.sum(0), len(operands)
        wires.append([count == width, count > 0, count % 2 == 1, 2 * count > width][kind])
    return np.array([wires[code >> 1] ^ bool(code & 1) for code in circuit.outputs.tolist()]).T


def fired(lines: tuple[Line, ...], signals: tuple[str, ...], of: Bits) -> Bits:
    """``[vectors, lines]`` whether each line fires, for the values ``of`` of the signals."""
    columns: list[Bits] = []
    for signal, rail in lines:
        columns.append(of[:, signals.index(signal)] == (rail != 0))
    return np.stack(columns, 1)


def trains(network: SpikingNetwork, circuit: Circuit) -> Bits:
    """Spikes ``[steps, lines and neurons]`` while all vectors follow each other as waves."""
    spikes = fired(network.input_lines, circuit.inputs, VECTORS)
    slots = assign_slots(network.flatten())
    return simulate_reference(network, spikes, len(VECTORS) + int(max(slots.slot.max(), slots.settled.max())) + 1)


def right(network: SpikingNetwork, circuit: Circuit) -> Bits:
    """``[vectors]`` whether the network answers as the circuit."""
    ran, waves = trains(network, circuit), np.arange(len(VECTORS))
    answers = np.stack([ran[waves + t, o] for o, t in zip(network.outputs, network.latencies, strict=True)], 1)
    return (answers == fired(network.output_lines, circuit.output_names, values(circuit))).all(1)


def proved_but_false(network: SpikingNetwork, certificate: Certificate, circuit: Circuit) -> tuple[int, int]:
    """How many neurons the certificate proves, and how many of these fire for something else."""
    graph, flat = AndGraph(), network.flatten()
    slots, inputs = assign_slots(flat), graph.inputs(INPUTS)
    known = certified(graph, flat, slots, network.input_lines, certificate, circuit, inputs, Watch())
    words = np.zeros((len(graph), 1), np.uint64)
    bits = np.uint64(1) << np.arange(len(VECTORS), dtype=np.uint64)
    words[inputs >> 1, 0] = [np.bitwise_or.reduce(bits[column]) for column in VECTORS.T]
    simulate(graph.nodes, words)
    ran, waves, wrong = trains(network, circuit), np.arange(len(VECTORS)), 0
    for neuron in np.flatnonzero(known >= 0):
        said = ((words[known[neuron] >> 1, 0] & bits) != 0) ^ bool(known[neuron] & 1)
        slot = int(slots.slot[flat.inputs + neuron])
        start = int(slots.settled[flat.inputs + neuron]) if slot < 0 else slot
        wrong += bool((ran[waves + start, flat.inputs + neuron] != said).any())
    return int((known >= 0).sum()), wrong


def mutate(network: SpikingNetwork, generator: np.random.Generator) -> SpikingNetwork:
    """One threshold or one weight changed."""
    populations, projections = list(network.populations), list(network.projections)
    if generator.integers(2):
        at = int(generator.integers(len(populations)))
        threshold = populations[at].threshold.copy()
        threshold[generator.integers(len(threshold))] += generator.choice([-1, 1])
        populations[at] = Population(populations[at].name, populations[at].shape, threshold)
    else:
        at = int(generator.integers(len(projections)))
        links = projections[at]
        assert isinstance(links, Synapses)
        weight = links.weight.copy()
        place = generator.integers(len(weight))
        weight[place] = generator.choice([0, weight[place] + 1, weight[place] - 1, -weight[place]])
        projections[at] = Synapses(links.source, links.target, links.pre, links.post, weight, links.delay)
    return replace(network, populations=tuple(populations), projections=tuple(projections))


def corrupt(certificate: Certificate, generator: np.random.Generator) -> Iterator[Certificate]:
    """Certificates with false literals, false leaves, shifted rows, and shapes that do not fit."""
    top = 2 * certificate.specification.wires
    literal = certificate.literal.copy()
    literal[generator.integers(len(literal))] = generator.integers(-3, top + 3)
    yield replace(certificate, literal=literal)
    yield replace(certificate, literal=certificate.literal ^ (certificate.literal >= 0))
    yield replace(certificate, literal=generator.integers(-1, top, len(literal)))
    yield replace(certificate, literal=np.roll(certificate.literal, 1))
    if len(certificate.leaves):
        leaves = certificate.leaves.copy()
        leaves[generator.integers(len(leaves))] = generator.integers(-2, top)
        yield replace(certificate, leaves=leaves)
        yield replace(certificate, leaves=generator.integers(0, top // 2, len(leaves)))
        yield replace(certificate, leaves=certificate.leaves[:-1])
    yield replace(certificate, leaf_offsets=np.zeros_like(certificate.leaf_offsets))
    yield replace(certificate, leaf_offsets=certificate.leaf_offsets[::-1].copy())
    yield replace(certificate, literal=certificate.literal[:-1])


@pytest.mark.parametrize("mapping", MAPPINGS)
@pytest.mark.parametrize("balance", ["delays", "relays"])
def test_every_row_of_a_compiled_network_holds(mapping: str, balance: str) -> None:
    named = 0
    for seed in range(10):
        circuit = random_circuit(seed)
        compiled = compile_certified(circuit, mapping, balance)
        verdict = verify(compiled.network, circuit, certificate=compiled.certificate)
        assert verdict.holds is True
        claims = int((compiled.certificate.literal >= 0).sum())
        assert proved_but_false(compiled.network, compiled.certificate, circuit) == (claims, 0)
        named += claims
    assert named > 40


@pytest.mark.parametrize("mapping", MAPPINGS)
def test_mutants_are_judged_as_brute_force_does_and_no_false_row_holds(mapping: str) -> None:
    generator, seen = np.random.default_rng(3), set[bool]()
    for seed in range(30):
        circuit = random_circuit(seed % 6)
        network, certificate = compile_certified(circuit, mapping)
        mutant = mutate(network, generator)
        good = right(mutant, circuit)
        verdict = verify(mutant, circuit, certificate=certificate)
        assert verdict.holds is bool(good.all())
        assert prove_monolithic(mutant, circuit).holds is verdict.holds
        if verdict.counterexample is not None:
            vector = [bool(verdict.counterexample[name]) for name in circuit.inputs]
            assert not good[(np.array(vector) == VECTORS).all(axis=1)].any()
        assert proved_but_false(mutant, certificate, circuit)[1] == 0
        seen.add(bool(good.all()))
    assert False in seen


@pytest.mark.parametrize("mapping", ["logicsnn", "dual-rail", "single-rail"])
def test_a_wrong_certificate_changes_no_verdict_and_proves_nothing_false(mapping: str) -> None:
    generator, fewer = np.random.default_rng(5), 0
    for seed in range(6):
        circuit = random_circuit(seed)
        network, certificate = compile_certified(circuit, mapping)
        bad = mutate(network, generator)
        truth = bool(right(bad, circuit).all())
        whole, _ = proved_but_false(network, certificate, circuit)
        for wrong in corrupt(certificate, generator):
            proved, false = proved_but_false(network, wrong, circuit)
            assert false == 0
            fewer += proved < whole
            assert verify(network, circuit, certificate=wrong).holds is True
            assert proved_but_false(bad, wrong, circuit)[1] == 0
            assert verify(bad, circuit, certificate=wrong).holds is truth
    assert fewer > 20


def test_a_certificate_of_another_circuit_is_no_proof() -> None:
    for seed in range(6):
        circuit, other = random_circuit(seed), random_circuit(seed + 100)
        compiled = compile_certified(other)
        same = bool((values(circuit) == values(other)).all())
        assert verify(compiled.network, circuit, certificate=compiled.certificate).holds is same


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from([Gate.AND, Gate.OR, Gate.MAJ]), st.integers(-2, 2), st.integers(1, 3), st.integers(0, 1), st.data()
)
def test_wide_gates_are_counted(kind: Gate, shift: int, weight: int, rail: int, data: st.DataObject) -> None:
    """A gate of nine inputs is no 64-bit table; its row holds exactly when the threshold is the right one."""
    make = CircuitBuilder()
    inputs = make.inputs(*"abcdefghi")
    circuit = make.build(y=make.gate(kind, inputs))
    compiled = compile_certified(circuit)
    (population,) = compiled.network.populations
    (links,) = compiled.network.projections
    assert isinstance(links, Synapses)
    threshold = population.threshold * weight
    threshold[rail] += shift
    odd = data.draw(st.integers(0, 8))
    weights = links.weight * weight
    network = replace(
        compiled.network,
        populations=(Population("gates", (2,), threshold),),
        projections=(Synapses("input", "gates", links.pre, links.post, weights, links.delay),),
    )
    flat = network.flatten()
    lines = np.stack([2 * np.arange(1, 10) + 1, 2 * np.arange(1, 10)], 1).reshape(-1)
    claims, holds = check_rows(compiled.certificate, flat, assign_slots(flat), lines)
    assert claims.tolist() == [2 * 10 + 1, 2 * 10]
    assert holds[1 - rail]
    assert holds[rail] == (-weight < shift <= 0)
    lines[2 * odd : 2 * odd + 2] ^= 1  # one input's rails swapped
    assert not check_rows(compiled.certificate, flat, assign_slots(flat), lines)[1].any()


@pytest.mark.skipif(not DATA.is_dir(), reason="NEUROSYM_DATA/circuits is not at hand")
@pytest.mark.parametrize("mapping", ["logicsnn", "dual-rail", "single-rail"])
def test_benchmarks_that_sweeping_alone_leaves_open_are_proved(mapping: str) -> None:
    for name in ("sin.aig", "voter.aig", "c6288.bench"):
        (file,) = DATA.rglob(name)
        circuit = read_circuit(file)
        compiled = compile_certified(circuit, mapping)
        assert verify(compiled.network, circuit, certificate=compiled.certificate, timeout=20).holds is True
        mutant = mutate(compiled.network, np.random.default_rng(1))
        _confirm(mutant, circuit, compiled)


def _confirm(mutant: SpikingNetwork, circuit: Circuit, compiled: Compiled) -> None:
    """A refutation is a run in which the spikes are wrong; nothing else may be said of a mutant but 'do not know'."""
    verdict = verify(mutant, circuit, certificate=compiled.certificate, timeout=20)
    if verdict.counterexample is None:
        return
    vector = np.array([[bool(verdict.counterexample[name]) for name in circuit.inputs]])
    spikes = fired(mutant.input_lines, circuit.inputs, vector)
    mutated = simulate_reference(mutant, spikes, mutant.latency + 1)[mutant.latencies, mutant.outputs]
    truth = simulate_reference(compiled.network, spikes, mutant.latency + 1)[mutant.latencies, mutant.outputs]
    assert (mutated != truth).any()
