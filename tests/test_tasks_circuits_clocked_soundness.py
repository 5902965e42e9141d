"""The prover of clocked networks and an enumeration of their states agree, on right networks and on mutants."""

from collections import Counter

import pytest

from logic import compile_circuit
from logic.proving.induction import prove_machine
from tasks.circuits.clocked_soundness import holds, machines, mutants, outcome
from tasks.circuits.prover_soundness import MAPPINGS


@pytest.mark.parametrize("mapping", MAPPINGS)
def test_compiled_machines_are_proved_and_enumerated(mapping: str) -> None:
    circuits = machines()
    for circuit in circuits.values():
        network = compile_circuit(circuit, mapping)
        assert holds(network, circuit)
        assert prove_machine(network, circuit).holds


def test_mutants_are_judged_as_the_enumeration_judges_them() -> None:
    found = Counter(outcome(network, circuit, 30.0) for _, network, circuit in mutants(80, seed=5))
    assert found["disagreement"] == found["unknown"] == 0
    assert found["refuted"] > 40
    assert found["proved"] > 2
