"""Clocked networks: compiled ones are proved for ever, mutants are never proved if a stream shows them wrong."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from logic import Circuit, CircuitBuilder, Population, compile_certified
from logic.evaluation import random_vectors
from logic.proving.induction import prove_machine
from logic.proving.streams import search_streams, to_stream, wrong_answers
from tasks.circuits.prover_soundness import KINDS, mutate

MAPPINGS = ("dual-rail", "majority", "logicsnn", "single-rail", "fail-silent")


def counter() -> Circuit:
    """Three bits that count up when asked, with an overflow; the second starts at 1."""
    make = CircuitBuilder()
    up, *bits = make.inputs("up", "r0", "r1", "r2")
    carry, following = up, list[int]()
    for bit in bits:
        following.append((bit ^ carry).code)
        carry = bit & carry
    plain = make.build(over=carry, odd=bits[0], any=bits[1] | bits[2])
    return Circuit(
        inputs=("up",),
        kinds=plain.kinds,
        offsets=plain.offsets,
        literals=plain.literals,
        outputs=plain.outputs,
        output_names=plain.output_names,
        register_next=np.array(following),
        register_initial=np.array([0, 1, 0]),
        register_names=("r0", "r1", "r2"),
    )


@pytest.mark.parametrize("mapping", MAPPINGS)
def test_compiled_machines_are_proved_and_mutants_judged(mapping: str) -> None:
    circuit = counter()
    network, certificate = compile_certified(circuit, mapping)
    verdict = prove_machine(network, circuit, certificate.literal)
    assert verdict.holds is True, verdict
    generator = np.random.default_rng(5)
    refuted = 0
    for turn in range(40):
        mutant = mutate(network, KINDS[turn % 4], generator)
        verdict = prove_machine(mutant, circuit, certificate.literal)
        values = random_vectors(generator, circuit, (30, 64))
        if verdict.holds:
            assert search_streams(mutant, circuit, values) is None
        if verdict.counterexample is not None:
            stream = to_stream(verdict.counterexample, circuit.inputs)
            assert stream.judged in wrong_answers(mutant, circuit, stream.values)[:, 0]
            refuted += 1
    assert refuted > 10


@pytest.mark.parametrize(
    ("start", "proved", "right"),
    [
        ({"threshold": 1, "initial": 1}, True, True),
        ({"threshold": 4, "initial": 9, "leak": 1}, True, True),  # fires at 4, and then has nothing left
        ({"threshold": 50, "initial": 50, "bias": 1}, False, False),  # fires again 50 steps later
        ({"threshold": 4, "initial": 9, "reset": "subtract"}, True, True),  # fires twice, which happens to be harmless
    ],
)
def test_a_start_neuron_must_do_no_harm(start: dict[str, Any], proved: bool, right: bool) -> None:
    circuit = counter()
    network, certificate = compile_certified(circuit, "dual-rail")
    populations = tuple(
        Population("start", (1,), retain=True, **start) if population.name == "start" else population
        for population in network.populations
    )
    mutant = replace(network, populations=populations)
    values = random_vectors(np.random.default_rng(0), circuit, (60, 64))
    assert (search_streams(mutant, circuit, values) is None) == right
    assert (prove_machine(mutant, circuit, certificate.literal).holds is True) == proved
